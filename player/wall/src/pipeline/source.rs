//! A seekable source element in front of the demuxer, fed from a `MediaReader` on a thread of its own.
//!
//! The element never reads: it asks, and waits in a way that a state change can interrupt. A reader that
//! blocks for ever therefore costs a thread, never a pipeline.

use std::io::{self, SeekFrom};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use gstreamer as gst;
use gstreamer::glib;

use super::cue::{ItemFault, MediaReader, Medium};
use super::graveyard::{Graveyard, Marker};
use super::size::check_still;

/// Pages that a pushing consumer gets at a time.
const BLOCK_BYTES: u32 = 64 * 1024;

/// Read at once for a demuxer, which asks picture by picture: asking a thread costs more than bytes.
const AHEAD_BYTES: usize = 64 * 1024;

/// Requests from the element, answers from the reading thread.
#[derive(Debug)]
struct Desk {
    size_bytes: u64,
    counter: Mutex<Counter>,
    changed: Condvar,
    ahead: Mutex<Ahead>,
}

/// Bytes that were read before they were asked for.
#[derive(Debug, Default)]
struct Ahead {
    offset: u64,
    bytes: Vec<u8>,
}

impl Ahead {
    fn get(&self, offset: u64, length: usize) -> Option<Vec<u8>> {
        let from = usize::try_from(offset.checked_sub(self.offset)?).ok()?;
        let wanted = self.bytes.get(from..from.checked_add(length)?)?;
        Some(wanted.to_vec())
    }
}

#[derive(Debug, Default)]
struct Counter {
    ticket: u64,
    request: Option<Request>,
    answer: Option<(u64, Answer)>,
    flushing: bool,
    closed: bool,
}

#[derive(Clone, Copy, Debug)]
struct Request {
    ticket: u64,
    offset: u64,
    length: usize,
}

#[derive(Debug)]
enum Answer {
    Bytes(Vec<u8>),
    Refused,
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, Counter> {
        self.counter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, counter: MutexGuard<'a, Counter>) -> MutexGuard<'a, Counter> {
        self.changed
            .wait(counter)
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn fetch(&self, offset: u64, length: usize) -> Result<Vec<u8>, gst::FlowError> {
        if length >= AHEAD_BYTES {
            return self.ask(offset, length);
        }
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bytes) = ahead.get(offset, length) {
            return Ok(bytes);
        }
        let bytes = self.ask(offset, AHEAD_BYTES)?;
        *ahead = Ahead { offset, bytes };
        let there = length.min(ahead.bytes.len());
        ahead.get(offset, there).ok_or(gst::FlowError::Error)
    }

    fn ask(&self, offset: u64, length: usize) -> Result<Vec<u8>, gst::FlowError> {
        let mut counter = self.lock();
        counter.ticket += 1;
        let ticket = counter.ticket;
        counter.request = Some(Request {
            ticket,
            offset,
            length,
        });
        self.changed.notify_all();
        loop {
            if counter.flushing || counter.closed {
                return Err(gst::FlowError::Flushing);
            }
            match counter.answer.take() {
                Some((to, Answer::Bytes(bytes))) if to == ticket => return Ok(bytes),
                Some((to, Answer::Refused)) if to == ticket => return Err(gst::FlowError::Error),
                Some(_) | None => counter = self.wait(counter),
            }
        }
    }

    fn next_request(&self) -> Option<Request> {
        let mut counter = self.lock();
        loop {
            if counter.closed {
                return None;
            }
            if let Some(request) = counter.request.take() {
                return Some(request);
            }
            counter = self.wait(counter);
        }
    }

    fn answer(&self, ticket: u64, answer: Answer) {
        self.lock().answer = Some((ticket, answer));
        self.changed.notify_all();
    }

    fn set_flushing(&self, flushing: bool) {
        self.lock().flushing = flushing;
        self.changed.notify_all();
    }

    fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }
}

/// The element and the thread behind it. Dropping it tells the thread to end.
#[derive(Debug)]
pub(super) struct MediaSource {
    element: gst::Element,
    desk: Arc<Desk>,
    reading: Marker,
}

impl MediaSource {
    /// `on_fault` is called from the reading thread, at most once.
    pub(super) fn start(
        medium: &Medium,
        graveyard: &Graveyard,
        on_fault: impl FnOnce(ItemFault) + Send + 'static,
    ) -> Result<Self, ItemFault> {
        let desk = Arc::new(Desk {
            size_bytes: medium.size_bytes,
            counter: Mutex::default(),
            changed: Condvar::new(),
            ahead: Mutex::default(),
        });
        let reading = Arc::clone(&desk);
        let what = medium.clone();
        let marker = graveyard
            .spawn(&format!("read {}", medium.label), move |ending| {
                let fault = (what.open)()
                    .map_err(|e| ItemFault::Unreadable {
                        detail: e.to_string(),
                    })
                    .and_then(|mut reader| {
                        check_still(&what, reader.as_mut())?;
                        serve(&reading, reader.as_mut())
                    });
                if let Err(fault) = fault {
                    on_fault(fault);
                    refuse_all(&reading);
                }
                drop(ending);
            })
            .map_err(|e| ItemFault::Unreadable {
                detail: e.to_string(),
            })?;
        let element: element::MediaSrc = glib::Object::new();
        element.open(Arc::clone(&desk));
        Ok(Self {
            element: glib::object::Cast::upcast(element),
            desk,
            reading: marker,
        })
    }

    pub(super) fn element(&self) -> &gst::Element {
        &self.element
    }
}

impl Drop for MediaSource {
    fn drop(&mut self) {
        self.desk.close();
        self.reading.should_end();
    }
}

fn serve(desk: &Desk, reader: &mut dyn MediaReader) -> Result<(), ItemFault> {
    let mut position = None;
    while let Some(request) = desk.next_request() {
        let bytes = read_at(reader, &mut position, request, desk.size_bytes).map_err(|e| {
            ItemFault::Integrity {
                detail: e.to_string(),
            }
        })?;
        desk.answer(request.ticket, Answer::Bytes(bytes));
    }
    Ok(())
}

fn refuse_all(desk: &Desk) {
    while let Some(request) = desk.next_request() {
        desk.answer(request.ticket, Answer::Refused);
    }
}

fn read_at(
    reader: &mut dyn MediaReader,
    position: &mut Option<u64>,
    request: Request,
    size_bytes: u64,
) -> io::Result<Vec<u8>> {
    if *position != Some(request.offset) {
        reader.seek(SeekFrom::Start(request.offset))?;
    }
    *position = None;
    let left = size_bytes.saturating_sub(request.offset);
    let length = request
        .length
        .min(usize::try_from(left).unwrap_or(usize::MAX));
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes)?;
    *position = Some(request.offset + u64::try_from(length).unwrap_or(0));
    Ok(bytes)
}

#[allow(
    unsafe_code,
    reason = "registering an element class expands to unsafe trait impls; no unsafe code is written here"
)]
mod element {
    use std::sync::{Arc, LazyLock, OnceLock};

    use gstreamer as gst;
    use gstreamer::glib;
    use gstreamer::subclass::prelude::*;
    use gstreamer_base as gst_base;
    use gstreamer_base::prelude::*;
    use gstreamer_base::subclass::base_src::CreateSuccess;
    use gstreamer_base::subclass::prelude::*;

    use super::Desk;

    #[derive(Debug, Default)]
    pub struct MediaSrcClass {
        desk: OnceLock<Arc<Desk>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for MediaSrcClass {
        const NAME: &'static str = "CotmocMediaSrc";
        type Type = MediaSrc;
        type ParentType = gst_base::BaseSrc;
    }

    glib::wrapper! {
        pub struct MediaSrc(ObjectSubclass<MediaSrcClass>)
            @extends gst_base::BaseSrc, gst::Element, gst::Object;
    }

    impl MediaSrc {
        pub(super) fn open(&self, desk: Arc<Desk>) {
            self.set_format(gst::Format::Bytes);
            self.set_blocksize(super::BLOCK_BYTES);
            if self.imp().desk.set(desk).is_err() {
                tracing::error!("A media source was opened twice.");
            }
        }
    }

    impl ObjectImpl for MediaSrcClass {}
    impl GstObjectImpl for MediaSrcClass {}

    impl ElementImpl for MediaSrcClass {
        fn pad_templates() -> &'static [gst::PadTemplate] {
            static TEMPLATES: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| {
                gst::PadTemplate::new(
                    "src",
                    gst::PadDirection::Src,
                    gst::PadPresence::Always,
                    &gst::Caps::new_any(),
                )
                .into_iter()
                .collect()
            });
            &TEMPLATES
        }
    }

    impl BaseSrcImpl for MediaSrcClass {
        fn is_seekable(&self) -> bool {
            true
        }

        fn size(&self) -> Option<u64> {
            self.desk.get().map(|desk| desk.size_bytes)
        }

        fn unlock(&self) -> Result<(), gst::ErrorMessage> {
            if let Some(desk) = self.desk.get() {
                desk.set_flushing(true);
            }
            Ok(())
        }

        fn unlock_stop(&self) -> Result<(), gst::ErrorMessage> {
            if let Some(desk) = self.desk.get() {
                desk.set_flushing(false);
            }
            Ok(())
        }

        fn create(
            &self,
            offset: u64,
            _buffer: Option<&mut gst::BufferRef>,
            length: u32,
        ) -> Result<CreateSuccess, gst::FlowError> {
            let desk = self.desk.get().ok_or(gst::FlowError::NotSupported)?;
            if offset >= desk.size_bytes {
                return Err(gst::FlowError::Eos);
            }
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            let bytes = desk.fetch(offset, length)?;
            let end = offset + u64::try_from(bytes.len()).unwrap_or(0);
            let mut buffer = gst::Buffer::from_mut_slice(bytes);
            if let Some(buffer) = buffer.get_mut() {
                buffer.set_offset(offset);
                buffer.set_offset_end(end);
            }
            Ok(CreateSuccess::NewBuffer(buffer))
        }
    }
}
