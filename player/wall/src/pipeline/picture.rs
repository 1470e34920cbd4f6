//! Pictures of what is showing, and the pictures that need no decoder.

use std::io::Cursor;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use gstreamer as gst;
use gstreamer_base::prelude::*;
use gstreamer_video as gst_video;

use super::cue::{Cue, CueId, Medium, MediumKind};
use super::item::{Frame, Item, Workshop};
use super::output::PictureFeed;
use super::shelf::STANDBY;

const STILL_LIMIT: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(2);
const SNAPSHOT_LIMIT: Duration = Duration::from_secs(10);

/// Why no picture can be given.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    #[error("nothing has been presented yet")]
    NothingPresented,
    #[error("the presented frame could not be encoded: {detail}")]
    Encode { detail: String },
    #[error("the presented frame was not encoded in time")]
    TooSlow,
}

/// The frame that the sink presented last, as PNG.
pub(super) fn snapshot(feed: &PictureFeed) -> Result<Vec<u8>, PictureError> {
    let sink = feed.sink().ok_or(PictureError::NothingPresented)?;
    let sample = sink.last_sample().ok_or(PictureError::NothingPresented)?;
    let (done, result) = sync_channel(1);
    let encoding = thread::Builder::new()
        .name("snapshot".to_owned())
        .spawn(move || {
            if done.send(encode(&sample)).is_err() {
                tracing::trace!("Nobody waits for a snapshot any more.");
            }
        });
    if let Err(error) = encoding {
        return Err(PictureError::Encode {
            detail: error.to_string(),
        });
    }
    match result.recv_timeout(SNAPSHOT_LIMIT) {
        Ok(png) => png,
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
            Err(PictureError::TooSlow)
        }
    }
}

fn encode(sample: &gst::Sample) -> Result<Vec<u8>, PictureError> {
    let failed = |detail: String| PictureError::Encode { detail };
    let caps = gst::Caps::new_empty_simple("image/png");
    let limit = gst::ClockTime::from_seconds(SNAPSHOT_LIMIT.as_secs());
    let png =
        gst_video::convert_sample(sample, &caps, Some(limit)).map_err(|e| failed(e.to_string()))?;
    let buffer = png.buffer().ok_or_else(|| failed("no buffer".to_owned()))?;
    let bytes = buffer.map_readable().map_err(|e| failed(e.to_string()))?;
    Ok(bytes.to_vec())
}

/// Decodes one still picture for the zones of `shop`. Gives up when `stopped`.
pub(super) fn decode_still(
    medium: &Medium,
    shop: &Workshop,
    stopped: impl Fn() -> bool,
) -> Result<Frame, String> {
    let item = Item::announce(0, still_cue(medium), shop);
    item.open(shop);
    let begun = Instant::now();
    let result = loop {
        if let Some(frame) = item.pictures.take(0, true).frame {
            break Ok(frame);
        }
        if let Some(fault) = item.fault() {
            break Err(fault.to_string());
        }
        if begun.elapsed() > STILL_LIMIT || stopped() {
            break Err("it was not decoded in time".to_owned());
        }
        thread::sleep(LOOK_EVERY);
    };
    item.release();
    result
}

/// The standby picture as a medium.
pub(super) fn standby_medium(png: &Arc<[u8]>) -> Medium {
    let content = Arc::clone(png);
    Medium {
        label: STANDBY.to_owned(),
        kind: MediumKind::Still,
        key: STANDBY.to_owned(),
        mime: "image/png".to_owned(),
        size_bytes: u64::try_from(png.len()).unwrap_or(u64::MAX),
        open: Arc::new(move || Ok(Box::new(Cursor::new(Arc::clone(&content))))),
    }
}

fn still_cue(medium: &Medium) -> Cue {
    Cue {
        id: CueId(0),
        medium: medium.clone(),
        starts_at_ns: 0,
        ends_at_ns: i64::MAX,
        offset_ns: 0,
        crossfade_ns: 0,
        gain_mdb: 0,
    }
}

/// The picture of darkness.
pub(super) fn black(info: &gst_video::VideoInfo) -> Result<Frame, String> {
    let buffer = gst::Buffer::with_size(info.size()).map_err(|e| e.to_string())?;
    let mut frame = gst_video::VideoFrame::from_buffer_writable(buffer, info)
        .ok()
        .ok_or_else(|| "a black frame cannot be mapped".to_owned())?;
    for (plane, level) in [(0, 16), (1, 128), (2, 128)] {
        let bytes = frame.plane_data_mut(plane).map_err(|e| e.to_string())?;
        bytes.fill(level);
    }
    Ok(Frame {
        at_ns: 0,
        duration_ns: 0,
        buffer: frame.into_buffer(),
        caps: None,
    })
}
