//! Ends what may refuse to end: pipelines are stopped and readers awaited away from every thread that matters.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use gstreamer as gst;
use gstreamer::prelude::*;

/// Shared list of threads that work for one item or output and must end when that does.
#[derive(Clone, Debug)]
pub(super) struct Graveyard {
    plots: Arc<Mutex<Plots>>,
    leaked_after: Duration,
}

#[derive(Debug, Default)]
struct Plots {
    next: u64,
    /// `Some` since when the thread should be ending.
    ending: HashMap<u64, Option<Instant>>,
}

/// Held by a tracked thread; its drop is the thread's end.
#[derive(Debug)]
pub(super) struct Ending {
    plots: Arc<Mutex<Plots>>,
    number: u64,
}

/// Says from outside that a tracked thread should now end.
#[derive(Debug)]
pub(super) struct Marker {
    plots: Arc<Mutex<Plots>>,
    number: u64,
}

impl Graveyard {
    pub(super) fn new(leaked_after: Duration) -> Self {
        Self {
            plots: Arc::default(),
            leaked_after,
        }
    }

    /// Runs `work` on a tracked thread.
    pub(super) fn spawn(
        &self,
        name: &str,
        work: impl FnOnce(Ending) + Send + 'static,
    ) -> io::Result<Marker> {
        let number = {
            let mut plots = lock(&self.plots);
            plots.next += 1;
            let number = plots.next;
            plots.ending.insert(number, None);
            number
        };
        let ending = Ending {
            plots: Arc::clone(&self.plots),
            number,
        };
        let marker = Marker {
            plots: Arc::clone(&self.plots),
            number,
        };
        thread::Builder::new()
            .name(name.chars().take(15).collect())
            .spawn(move || work(ending))?;
        Ok(marker)
    }

    /// Stops a pipeline for good. Returns at once.
    pub(super) fn bury(&self, pipeline: gst::Pipeline, keep: impl Send + 'static) {
        if let Some(bus) = pipeline.bus() {
            bus.unset_sync_handler();
        }
        let buried = self.spawn("bury", move |ending| {
            if pipeline.set_state(gst::State::Null).is_err() {
                tracing::warn!(pipeline = %pipeline.name(), "A pipeline refused to stop.");
            }
            drop(keep);
            drop(pipeline);
            drop(ending);
        });
        match buried {
            Ok(marker) => marker.should_end(),
            Err(error) => tracing::error!(%error, "No thread could be started to stop a pipeline."),
        }
    }

    /// Threads that should have ended long ago.
    pub(super) fn leaked(&self) -> usize {
        lock(&self.plots)
            .ending
            .values()
            .flatten()
            .filter(|since| since.elapsed() > self.leaked_after)
            .count()
    }

    /// Threads that have not ended yet.
    pub(super) fn remaining(&self) -> usize {
        lock(&self.plots).ending.len()
    }
}

impl Marker {
    pub(super) fn should_end(&self) {
        if let Some(since) = lock(&self.plots).ending.get_mut(&self.number) {
            since.get_or_insert_with(Instant::now);
        }
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        lock(&self.plots).ending.remove(&self.number);
    }
}

fn lock(plots: &Mutex<Plots>) -> MutexGuard<'_, Plots> {
    plots.lock().unwrap_or_else(PoisonError::into_inner)
}
