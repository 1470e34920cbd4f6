//! Small stills with their transparency, decoded in the caller's own time.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use gstreamer_video as gst_video;
use gstreamer_video::VideoFrameExt;

use super::cue::{ItemFault, Medium};
use super::elements::make;
use super::graveyard::Graveyard;
use super::size;
use super::source::MediaSource;

/// The most pixels: four times those of a full-screen picture.
const MOST_PX: u64 = 8_294_400;
const PATIENCE: Duration = Duration::from_secs(60);
const LEAKED_AFTER: Duration = Duration::from_secs(10);

/// Rows of red, green, blue and opacity without gaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rgba {
    pub width: u32,
    pub height: u32,
    pub bytes: Vec<u8>,
}

type Answer = Result<Rgba, ItemFault>;

/// Decodes a still picture. Blocks its caller; never for ever.
pub(crate) fn decode_rgba(medium: &Medium) -> Answer {
    if medium.size_bytes == 0 {
        return Err(ItemFault::Empty);
    }
    gst::init().map_err(undecodable)?;
    let (answer, answers) = sync_channel(8);
    let graveyard = Graveyard::new(LEAKED_AFTER);
    let reporting = answer.clone();
    let source = MediaSource::start(medium, &graveyard, move |fault| {
        tell(&reporting, Err(fault));
    })?;
    let pipeline = gst::Pipeline::new();
    let built = build(&pipeline, medium, &source, &answer);
    let decoded = built.map_err(undecodable).and_then(|()| {
        pipeline
            .set_state(gst::State::Playing)
            .map_err(undecodable)?;
        wait(&answers)
    });
    drop(source);
    graveyard.bury(pipeline, ());
    decoded
}

fn undecodable(error: impl std::fmt::Display) -> ItemFault {
    ItemFault::Undecodable {
        detail: error.to_string(),
    }
}

fn tell(answers: &SyncSender<Answer>, answer: Answer) {
    if answers.try_send(answer).is_err() {
        tracing::trace!("Nobody waits for a small still any more.");
    }
}

/// The picture or the fault that explains best why there is none: what the reader found comes before what the decoder
/// made of it.
fn wait(answers: &Receiver<Answer>) -> Answer {
    let deadline = Instant::now() + PATIENCE;
    let mut failed: Option<ItemFault> = None;
    loop {
        let left = match &failed {
            None => deadline.saturating_duration_since(Instant::now()),
            Some(_) => Duration::from_millis(50),
        };
        match answers.recv_timeout(left) {
            Ok(Ok(picture)) => return Ok(picture),
            Ok(Err(fault @ ItemFault::Undecodable { .. })) => {
                failed.get_or_insert(fault);
            }
            Ok(Err(fault)) => return Err(fault),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                return Err(failed.unwrap_or(ItemFault::NotReady));
            }
        }
    }
}

fn build(
    pipeline: &gst::Pipeline,
    medium: &Medium,
    source: &MediaSource,
    answer: &SyncSender<Answer>,
) -> Result<(), gst::glib::BoolError> {
    let decoder = make("decodebin")?;
    let caps = gst::Caps::new_empty_simple(medium.mime.as_str());
    decoder.set_property("sink-caps", caps);
    decoder.set_property("force-sw-decoders", true);
    let convert = make("videoconvert")?;
    let sink = sink(answer);
    pipeline.add_many([source.element(), &decoder, &convert, sink.upcast_ref()])?;
    source.element().link(&decoder)?;
    convert.link(&sink)?;
    let pad = convert
        .static_pad("sink")
        .ok_or_else(|| gst::glib::bool_error!("no sink pad"))?;
    let refusing = answer.clone();
    decoder.connect_pad_added(move |_, decoded| {
        let linked = check(decoded).and_then(|()| decoded.link(&pad).map_err(undecodable));
        if let Err(fault) = linked {
            tell(&refusing, Err(fault));
        }
    });
    guard_decoders(pipeline, answer);
    watch(pipeline, answer);
    Ok(())
}

/// What a decoder leaves open is checked when the picture is there.
fn check(pad: &gst::Pad) -> Result<(), ItemFault> {
    match pad.current_caps().filter(|caps| caps.is_fixed()) {
        Some(caps) => info_of(&caps).map(|_| ()),
        None => Ok(()),
    }
}

fn info_of(caps: &gst::CapsRef) -> Result<gst_video::VideoInfo, ItemFault> {
    let info = gst_video::VideoInfo::from_caps(caps).map_err(undecodable)?;
    let (width, height) = (info.width(), info.height());
    if u64::from(width) * u64::from(height) > MOST_PX {
        return Err(undecodable(format!(
            "{width}x{height} pixels are too many for a logo; expected at most {MOST_PX}"
        )));
    }
    Ok(info)
}

fn guard_decoders(pipeline: &gst::Pipeline, answer: &SyncSender<Answer>) {
    let answer = answer.clone();
    pipeline.connect_deep_element_added(move |_, _, element| {
        let factory = element.factory();
        let class = factory
            .as_ref()
            .and_then(|f| f.metadata("klass"))
            .unwrap_or_default();
        if class.contains("Decoder")
            && let Some(pad) = element.static_pad("sink")
        {
            let refusing = answer.clone();
            size::guard(&pad, move |detail| {
                tell(&refusing, Err(undecodable(detail)));
            });
        }
    });
}

fn watch(pipeline: &gst::Pipeline, answer: &SyncSender<Answer>) {
    let Some(bus) = pipeline.bus() else { return };
    let answer = answer.clone();
    bus.set_sync_handler(move |_, message| {
        let view = message.view();
        if let gst::MessageView::Error(error) = view {
            tell(&answer, Err(undecodable(error.error())));
        } else if let gst::MessageView::Eos(_) = view {
            tell(&answer, Err(undecodable("there is no picture in it")));
        }
        gst::BusSyncReply::Drop
    });
}

fn sink(answer: &SyncSender<Answer>) -> gst_app::AppSink {
    let caps = gst::Caps::builder("video/x-raw")
        .field("format", "RGBA")
        .build();
    let sink = gst_app::AppSink::builder()
        .caps(&caps)
        .sync(false)
        .max_buffers(1)
        .enable_last_sample(false)
        .build();
    let answer = answer.clone();
    sink.set_callbacks(
        gst_app::AppSinkCallbacks::builder()
            .new_sample(move |sink| {
                let sample = sink.try_pull_sample(None).ok_or(gst::FlowError::Eos)?;
                tell(&answer, copy(&sample));
                Err(gst::FlowError::Eos)
            })
            .build(),
    );
    sink
}

fn copy(sample: &gst::Sample) -> Answer {
    let (Some(caps), Some(buffer)) = (sample.caps(), sample.buffer()) else {
        return Err(undecodable("the decoder gave no picture"));
    };
    let info = info_of(caps)?;
    let frame =
        gst_video::VideoFrameRef::from_buffer_ref_readable(buffer, &info).map_err(undecodable)?;
    let row_bytes = usize::try_from(info.width()).unwrap_or(0) * 4;
    let stride = frame.plane_stride().first().copied().unwrap_or(0);
    let stride = usize::try_from(stride).unwrap_or(0).max(1);
    let rows = frame.plane_data(0).map_err(undecodable)?.chunks(stride);
    let rows = rows.take(usize::try_from(info.height()).unwrap_or(0));
    let bytes = rows.filter_map(|row| row.get(..row_bytes)).flatten();
    Ok(Rgba {
        width: info.width(),
        height: info.height(),
        bytes: bytes.copied().collect(),
    })
}
