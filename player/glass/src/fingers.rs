//! Fingers on the panel, where the kernel sees them, whether the browser feels them or not. Devices are
//! looked for again and again, as a panel may come late or be plugged anew.

use cotmoc_service::boot;
use evdev::{AbsoluteAxisCode, Device, EventSummary, KeyCode};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::mpsc;

const LOOK_AGAIN: Duration = Duration::from_secs(10);
const MOST_WAITING: usize = 64;

/// The times since the boot at which a finger was put on a panel.
pub type Touches = mpsc::Receiver<u64>;

/// Listens to every touch panel from now on.
pub fn listen() -> Touches {
    let (tell, touches) = mpsc::channel(MOST_WAITING);
    tokio::spawn(async move {
        let (gone, mut closed) = mpsc::channel(MOST_WAITING);
        let mut open = BTreeSet::new();
        loop {
            while let Ok(path) = closed.try_recv() {
                open.remove(&path);
            }
            let found = tokio::task::spawn_blocking(panels)
                .await
                .unwrap_or_default();
            for (path, device) in found {
                if open.insert(path.clone()) {
                    tracing::info!(path = %path.display(), "a touch panel is there");
                    tokio::spawn(follow(path, device, tell.clone(), gone.clone()));
                }
            }
            tokio::select! {
                () = tell.closed() => return,
                () = tokio::time::sleep(LOOK_AGAIN) => {}
            }
        }
    });
    touches
}

fn panels() -> Vec<(PathBuf, Device)> {
    let is_panel = |device: &Device| {
        let axes = device.supported_absolute_axes();
        axes.is_some_and(|axes| axes.contains(AbsoluteAxisCode::ABS_MT_POSITION_X))
            && device
                .supported_keys()
                .is_some_and(|keys| keys.contains(KeyCode::BTN_TOUCH))
    };
    evdev::enumerate()
        .filter(|(_, device)| is_panel(device))
        .collect()
}

async fn follow(
    path: PathBuf,
    device: Device,
    tell: mpsc::Sender<u64>,
    gone: mpsc::Sender<PathBuf>,
) {
    match device.into_event_stream() {
        Err(error) => tracing::warn!(%error, path = %path.display(), "the panel cannot be read"),
        Ok(mut events) => loop {
            let event = tokio::select! {
                () = tell.closed() => break,
                event = events.next_event() => event,
            };
            let Ok(event) = event else {
                tracing::warn!(path = %path.display(), "the touch panel is gone");
                break;
            };
            if let EventSummary::Key(_, KeyCode::BTN_TOUCH, 1) = event.destructure() {
                // Fifty fingers a second that nobody has looked at yet are enough.
                tell.try_send(boot::since_boot_ms()).ok();
            }
        },
    }
    gone.send(path).await.ok();
}
