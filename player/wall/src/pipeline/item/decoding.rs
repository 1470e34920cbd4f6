//! The disposable pipeline of one item: media source, decoders, conversion to the zone's format, and our queues.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Weak};

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;

use super::pictures::{CAPACITY, Frame};
use super::{Item, Note};
use crate::pipeline::clock::{SECOND_NS, from_ns, to_ns};
use crate::pipeline::cue::{ItemFault, MediumKind};
use crate::pipeline::elements::{make, sound_caps, take_as_it_is};
use crate::pipeline::graveyard::Graveyard;
use crate::pipeline::size;
use crate::pipeline::source::MediaSource;

/// Shown for this long when neither the buffer nor its caps say.
const FRAME_NS: i64 = 40_000_000;
/// Buffers that an output and its display hold on to, beside those that wait in the queue.
const HELD_BUFFERS: usize = 4;

/// Notes of one decoding attempt; those of an earlier attempt are recognised and ignored.
#[derive(Clone, Debug)]
pub(super) struct Notebook {
    pub generation: u64,
    pub notes: Sender<(u64, Note)>,
}

impl Notebook {
    fn write(&self, note: Note) {
        if self.notes.send((self.generation, note)).is_err() {
            tracing::trace!("A note came after the end of its item.");
        }
    }
}

/// A running item pipeline.
#[derive(Debug)]
pub(super) struct Decoding {
    pipeline: gst::Pipeline,
    source: MediaSource,
}

/// Where an attempt begins and with which decoders.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt {
    pub join_ns: i64,
    pub software_only: bool,
}

impl Decoding {
    /// Builds the pipeline; it does not run yet.
    pub(super) fn build(
        item: &Arc<Item>,
        attempt: Attempt,
        notebook: &Notebook,
        graveyard: &Graveyard,
    ) -> Result<Self, ItemFault> {
        let reporting = notebook.clone();
        let source = MediaSource::start(&item.cue.medium, graveyard, move |fault| {
            reporting.write(Note::Source(fault));
        })?;
        let pipeline = gst::Pipeline::new();
        let decoder = make("decodebin").map_err(undecodable)?;
        decoder.set_property("force-sw-decoders", attempt.software_only);
        if let Some(caps) = container_caps(&item.cue.medium.mime) {
            decoder.set_property("sink-caps", caps);
        }
        pipeline
            .add_many([source.element(), &decoder])
            .map_err(undecodable)?;
        source.element().link(&decoder).map_err(undecodable)?;
        if item.cue.medium.kind == MediumKind::Sound {
            leave_pictures_alone(&decoder);
        }
        watch_decoders(&pipeline, item, notebook);
        watch_bus(&pipeline, notebook);
        connect_pads(&decoder, &pipeline, item, notebook);
        Ok(Self { pipeline, source })
    }

    pub(super) fn pause(&self) -> Result<(), ItemFault> {
        self.set_state(gst::State::Paused)
    }

    pub(super) fn play(&self) -> Result<(), ItemFault> {
        self.set_state(gst::State::Playing)
    }

    /// Moves to the frame at `join_ns`, if the medium lets us. Returns the medium's time of the first frame to come.
    pub(super) fn seek(&self, join_ns: i64) -> i64 {
        let mut seeking = gst::query::Seeking::new(gst::Format::Time);
        if !self.pipeline.query(&mut seeking) || !seeking.result().0 {
            return 0;
        }
        let last_ns = self
            .duration_ns()
            .map_or(join_ns, |d| (d - SECOND_NS).max(0));
        let to_ns = join_ns.min(last_ns);
        let flags = gst::SeekFlags::FLUSH | gst::SeekFlags::ACCURATE;
        match self.pipeline.seek_simple(flags, from_ns(to_ns)) {
            Ok(()) => to_ns,
            Err(_) => 0,
        }
    }

    pub(super) fn duration_ns(&self) -> Option<i64> {
        self.pipeline.query_duration::<gst::ClockTime>().map(to_ns)
    }

    pub(super) fn bury(self, graveyard: &Graveyard) {
        drop(self.source);
        graveyard.bury(self.pipeline, ());
    }

    fn set_state(&self, state: gst::State) -> Result<(), ItemFault> {
        self.pipeline
            .set_state(state)
            .map(|_| ())
            .map_err(undecodable)
    }
}

/// Known types are taken at their word, so that no other parser ever sees the bytes; the rest is detected.
fn container_caps(mime: &str) -> Option<gst::Caps> {
    let name = match mime {
        "video/mp4" | "video/quicktime" => "video/quicktime",
        "video/webm" => "video/webm",
        "image/jpeg" => "image/jpeg",
        "image/png" => "image/png",
        "image/webp" => "image/webp",
        "audio/ogg" => "application/ogg",
        "audio/wav" => "audio/x-wav",
        _ => return None,
    };
    Some(gst::Caps::new_empty_simple(name))
}

fn undecodable(error: impl std::fmt::Display) -> ItemFault {
    ItemFault::Undecodable {
        detail: error.to_string(),
    }
}

/// Covers and films in a medium of sound are not decoded at all.
fn leave_pictures_alone(decoder: &gst::Element) {
    decoder.connect("autoplug-continue", false, |values| {
        let caps = values.get(2).and_then(|v| v.get::<gst::Caps>().ok());
        let name = caps.as_ref().and_then(|c| c.structure(0)).map(|s| s.name());
        let picture = name.is_some_and(|n| n.starts_with("image/") || is_film(n));
        Some((!picture).to_value())
    });
}

/// Containers are called films too; they have to be opened to find the sound.
fn is_film(name: &str) -> bool {
    const CONTAINERS: [&str; 5] = ["quicktime", "webm", "x-matroska", "ogg", "mpegts"];
    name.strip_prefix("video/")
        .is_some_and(|kind| !CONTAINERS.contains(&kind))
}

fn watch_decoders(pipeline: &gst::Pipeline, item: &Arc<Item>, notebook: &Notebook) {
    let (item, notebook) = (Arc::downgrade(item), notebook.clone());
    pipeline.connect_deep_element_added(move |_, _, element| {
        let factory = element.factory();
        let class = factory
            .as_ref()
            .and_then(|f| f.metadata("klass"))
            .unwrap_or_default();
        if !class.contains("Decoder") {
            return;
        }
        if let Some(pad) = element.static_pad("sink") {
            let refusing = notebook.clone();
            size::guard(&pad, move |detail| refusing.write(Note::Broken(detail)));
        }
        if class.contains("Hardware")
            && let Some(item) = item.upgrade()
        {
            item.hardware.store(true, Ordering::Relaxed);
        }
    });
}

fn watch_bus(pipeline: &gst::Pipeline, notebook: &Notebook) {
    let Some(bus) = pipeline.bus() else { return };
    let notebook = notebook.clone();
    let top = pipeline.downgrade();
    bus.set_sync_handler(move |_, message| {
        if let Some(note) = note_of(message, &top) {
            notebook.write(note);
        }
        gst::BusSyncReply::Drop
    });
}

fn note_of(message: &gst::Message, top: &gst::glib::WeakRef<gst::Pipeline>) -> Option<Note> {
    let from_top = || {
        let top = top.upgrade();
        top.is_some_and(|top| message.src() == Some(top.upcast_ref::<gst::Object>()))
    };
    let view = message.view();
    if let gst::MessageView::Error(error) = view {
        Some(Note::Broken(error.error().to_string()))
    } else if let gst::MessageView::Eos(_) = view {
        Some(Note::Ended)
    } else if let gst::MessageView::AsyncDone(_) = view {
        from_top().then_some(Note::Prerolled)
    } else {
        message
            .structure()
            .filter(|s| s.name() == "missing-plugin")
            .and_then(|s| s.get::<String>("name").ok())
            .map(Note::Missing)
    }
}

fn connect_pads(
    decoder: &gst::Element,
    pipeline: &gst::Pipeline,
    item: &Arc<Item>,
    notebook: &Notebook,
) {
    let seen_video = Arc::new(AtomicBool::new(false));
    let seen_audio = Arc::new(AtomicBool::new(false));
    let sound_only = item.cue.medium.kind == MediumKind::Sound;
    let (weak_pipeline, weak_item) = (pipeline.downgrade(), Arc::downgrade(item));
    let (adding, had_video) = (notebook.clone(), Arc::clone(&seen_video));
    let had_audio = Arc::clone(&seen_audio);
    decoder.connect_pad_added(move |_, pad| {
        let (Some(pipeline), Some(item)) = (weak_pipeline.upgrade(), weak_item.upgrade()) else {
            return;
        };
        let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
        let media = caps
            .structure(0)
            .map_or("", |s| s.name().as_str())
            .to_owned();
        let film = media.starts_with("video/") && !sound_only;
        let linked = if film && !had_video.swap(true, Ordering::Relaxed) {
            link_video(&pipeline, pad, &item, &adding)
        } else if media.starts_with("audio/") && !had_audio.swap(true, Ordering::Relaxed) {
            link_audio(&pipeline, pad, &item, &adding)
        } else {
            Ok(())
        };
        if let Err(error) = linked {
            adding.write(Note::Broken(error.to_string()));
        }
    });
    let ending = notebook.clone();
    decoder.connect_no_more_pads(move |_| {
        if sound_only && !seen_audio.load(Ordering::Relaxed) {
            ending.write(Note::NoSound);
        } else if !sound_only && !seen_video.load(Ordering::Relaxed) {
            ending.write(Note::NoPicture);
        }
    });
}

fn link_video(
    pipeline: &gst::Pipeline,
    pad: &gst::Pad,
    item: &Arc<Item>,
    notebook: &Notebook,
) -> Result<(), gst::glib::BoolError> {
    let decoded = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
    let direct = item.route.direct_caps(&item.cue, &decoded);
    let is_direct = direct.is_some();
    // On the direct path nothing passes through it but what the outputs would refuse.
    let convert = make("videoconvertscale")?;
    convert.set_property("n-threads", 1u32);
    convert.set_property("add-borders", true);
    convert.set_property("qos", false);
    let sink = queue_sink(direct.as_ref().unwrap_or(&item.caps));
    if is_direct {
        take_as_it_is(&sink, u32::try_from(CAPACITY + HELD_BUFFERS).unwrap_or(0));
    }
    let (samples, ended) = (Arc::downgrade(item), Arc::downgrade(item));
    let (pushing, ending) = (notebook.clone(), notebook.clone());
    sink.set_callbacks(
        gst_app::AppSinkCallbacks::builder()
            .new_sample(move |sink| receive_video(sink, &samples, (is_direct, &pushing)))
            .eos(move |_| {
                if let Some(item) = ended.upgrade() {
                    item.pictures.end(ending.generation);
                }
            })
            .build(),
    );
    link_chain(pipeline, pad, &[convert, sink.upcast()])
}

fn link_audio(
    pipeline: &gst::Pipeline,
    pad: &gst::Pad,
    item: &Arc<Item>,
    notebook: &Notebook,
) -> Result<(), gst::glib::BoolError> {
    let sink = queue_sink(&sound_caps());
    let (samples, ended) = (Arc::downgrade(item), Arc::downgrade(item));
    let generation = notebook.generation;
    sink.set_callbacks(
        gst_app::AppSinkCallbacks::builder()
            .new_sample(move |sink| receive_audio(sink, &samples, generation))
            .eos(move |_| {
                if let Some(item) = ended.upgrade() {
                    item.sound.end(generation);
                }
            })
            .build(),
    );
    let chain = [make("audioconvert")?, make("audioresample")?, sink.upcast()];
    link_chain(pipeline, pad, &chain)
}

fn queue_sink(caps: &gst::Caps) -> gst_app::AppSink {
    gst_app::AppSink::builder()
        .caps(caps)
        .sync(false)
        .max_buffers(1)
        .enable_last_sample(false)
        .build()
}

fn link_chain(
    pipeline: &gst::Pipeline,
    pad: &gst::Pad,
    chain: &[gst::Element],
) -> Result<(), gst::glib::BoolError> {
    pipeline.add_many(chain)?;
    gst::Element::link_many(chain)?;
    for element in chain.iter().rev() {
        element.sync_state_with_parent()?;
    }
    let first = chain.first().and_then(|e| e.static_pad("sink"));
    let first = first.ok_or_else(|| gst::glib::bool_error!("no sink pad"))?;
    pad.link(&first)
        .map(|_| ())
        .map_err(|e| gst::glib::bool_error!("{e}"))
}

fn receive_video(
    sink: &gst_app::AppSink,
    item: &Weak<Item>,
    (is_direct, notebook): (bool, &Notebook),
) -> Result<gst::FlowSuccess, gst::FlowError> {
    let sample = sink.try_pull_sample(None).ok_or(gst::FlowError::Eos)?;
    let item = item.upgrade().ok_or(gst::FlowError::Flushing)?;
    let buffer = sample.buffer_owned().ok_or(gst::FlowError::Error)?;
    let frame = Frame {
        at_ns: media_ns(&sample, &buffer).unwrap_or(0) + item.seeked_ns(),
        duration_ns: buffer
            .duration()
            .map(to_ns)
            .or_else(|| frame_ns(&sample))
            .unwrap_or(FRAME_NS),
        buffer,
        caps: is_direct.then(|| sample.caps_owned()).flatten(),
    };
    item.pictures.push(notebook.generation, frame)?;
    if item.cue.medium.kind.is_still() {
        notebook.write(Note::Picture);
    }
    Ok(gst::FlowSuccess::Ok)
}

fn receive_audio(
    sink: &gst_app::AppSink,
    item: &Weak<Item>,
    generation: u64,
) -> Result<gst::FlowSuccess, gst::FlowError> {
    let sample = sink.try_pull_sample(None).ok_or(gst::FlowError::Eos)?;
    let item = item.upgrade().ok_or(gst::FlowError::Flushing)?;
    let buffer = sample.buffer().ok_or(gst::FlowError::Error)?;
    let at_ns = media_ns(&sample, buffer).map(|ns| ns + item.seeked_ns());
    let bytes = buffer.map_readable().ok().ok_or(gst::FlowError::Error)?;
    let (pairs, _) = bytes.as_chunks::<2>();
    let samples = pairs.iter().map(|pair| i16::from_le_bytes(*pair)).collect();
    item.sound.push(generation, at_ns, samples)?;
    Ok(gst::FlowSuccess::Ok)
}

/// Running time, not the timestamp: media with reordered frames begin at a timestamp above zero.
fn media_ns(sample: &gst::Sample, buffer: &gst::BufferRef) -> Option<i64> {
    let segment = sample.segment()?.downcast_ref::<gst::ClockTime>()?;
    segment.to_running_time(buffer.pts()?).map(to_ns)
}

fn frame_ns(sample: &gst::Sample) -> Option<i64> {
    let rate = sample
        .caps()?
        .structure(0)?
        .get::<gst::Fraction>("framerate")
        .ok()?;
    (rate.numer() > 0).then(|| SECOND_NS * i64::from(rate.denom()) / i64::from(rate.numer()))
}
