//! How large a picture is, found out before any decoder makes room for it: a file of a few
//! kilobytes can unfold to more memory than the machine has.

use std::io::{self, SeekFrom};
use std::sync::atomic::{AtomicBool, Ordering};

use cotmoc_proto::media::{MAX_PICTURE_PX, MAX_STILL_BYTES};
use gstreamer as gst;
use gstreamer::prelude::*;

use super::cue::{ItemFault, MediaReader, Medium, MediumKind};

/// A still's size stands behind at most this many other segments.
const MAX_SEGMENTS: usize = 1_024;

/// Refuses a still that is too large, or does not say how large it is.
pub(super) fn check_still(medium: &Medium, reader: &mut dyn MediaReader) -> Result<(), ItemFault> {
    if medium.kind != MediumKind::Still {
        return Ok(());
    }
    let refused = |detail: String| Err(ItemFault::Undecodable { detail });
    if medium.size_bytes > MAX_STILL_BYTES {
        return refused(format!("a still of {} bytes", medium.size_bytes));
    }
    let found = match medium.mime.as_str() {
        "image/png" => png(reader),
        "image/jpeg" => jpeg(reader),
        "image/webp" => webp(reader),
        _ => return Ok(()),
    };
    match found {
        Ok(Some((width, height))) if fits(width, height) => Ok(()),
        Ok(Some((width, height))) => refused(format!("{width}x{height} pixels are too many")),
        Ok(None) => refused("it does not say how large it is".to_owned()),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            refused("it ends before its picture begins".to_owned())
        }
        Err(error) => Err(ItemFault::Integrity {
            detail: error.to_string(),
        }),
    }
}

/// Whether a decoder may be given what `caps` describe. What they leave open is allowed.
pub(super) fn caps_fit(caps: &gst::CapsRef) -> bool {
    caps.iter().all(|structure| {
        let edge = |name| {
            let edge = structure.get::<i32>(name).ok();
            edge.and_then(|edge| u32::try_from(edge).ok())
        };
        match (edge("width"), edge("height")) {
            (Some(width), Some(height)) => fits(width, height),
            _ => true,
        }
    })
}

/// Calls `on_refusal` and lets nothing more through once `pad` announces too large a picture.
pub(super) fn guard(pad: &gst::Pad, on_refusal: impl Fn(String) + Send + Sync + 'static) {
    let shut = AtomicBool::new(false);
    let what = gst::PadProbeType::EVENT_DOWNSTREAM | gst::PadProbeType::BUFFER;
    pad.add_probe(what, move |_, info| {
        let is_shut = match &info.data {
            Some(gst::PadProbeData::Event(event)) => {
                let gst::EventView::Caps(caps) = event.view() else {
                    return gst::PadProbeReturn::Ok;
                };
                let fits = caps_fit(caps.caps());
                shut.store(!fits, Ordering::Relaxed);
                if !fits {
                    on_refusal(format!("{} has too many pixels", caps.caps()));
                }
                !fits
            }
            _ => shut.load(Ordering::Relaxed),
        };
        if is_shut {
            gst::PadProbeReturn::Handled
        } else {
            gst::PadProbeReturn::Ok
        }
    });
}

fn fits(width: u32, height: u32) -> bool {
    let pixels = u64::from(width) * u64::from(height);
    (1..=MAX_PICTURE_PX).contains(&pixels)
}

type Size = io::Result<Option<(u32, u32)>>;

fn bytes_at<const N: usize>(reader: &mut dyn MediaReader, at: u64) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    reader.seek(SeekFrom::Start(at))?;
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn png(reader: &mut dyn MediaReader) -> Size {
    let [name, width, height] = [12, 16, 20].map(|at| bytes_at::<4>(reader, at));
    let size = (u32::from_be_bytes(width?), u32::from_be_bytes(height?));
    Ok((name? == *b"IHDR").then_some(size))
}

fn jpeg(reader: &mut dyn MediaReader) -> Size {
    let mut at = 2;
    for _ in 0..MAX_SEGMENTS {
        match bytes_at::<4>(reader, at)? {
            [0xff, 0xff, ..] => at += 1,
            [0xff, 0xc4 | 0xc8 | 0xcc, high, low] => at += after(high, low),
            [0xff, 0xc0..=0xcf, ..] => {
                let [h1, h0, w1, w0] = bytes_at::<4>(reader, at + 5)?;
                let edge = |high, low| u32::from(u16::from_be_bytes([high, low]));
                return Ok(Some((edge(w1, w0), edge(h1, h0))));
            }
            [0xff, 0xda, ..] => return Ok(None),
            [0xff, 0x01 | 0xd0..=0xd9, ..] => at += 2,
            [0xff, _, high, low] => at += after(high, low),
            _ => return Ok(None),
        }
    }
    Ok(None)
}

/// Length of a segment with its marker.
fn after(high: u8, low: u8) -> u64 {
    2 + u64::from(u16::from_be_bytes([high, low]).max(2))
}

fn webp(reader: &mut dyn MediaReader) -> Size {
    let [a, b, c, d, e, f, g, h, i, j] = bytes_at::<10>(reader, 20)?;
    let low14 = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
    let edge24 = |a, b, c| u32::from_le_bytes([a, b, c, 0]) + 1;
    Ok(match &bytes_at::<4>(reader, 12)? {
        b"VP8 " if [d, e, f] == [0x9d, 0x01, 0x2a] => Some((low14(g, h), low14(i, j))),
        b"VP8L" if a == 0x2f => {
            let bits = u32::from_le_bytes([b, c, d, e]);
            Some(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1))
        }
        b"VP8X" => Some((edge24(e, f, g), edge24(h, i, j))),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;
    use std::sync::Arc;

    fn verdict(mime: &str, bytes: &[u8]) -> Result<(), ItemFault> {
        let medium = Medium {
            label: "still".to_owned(),
            kind: MediumKind::Still,
            key: String::new(),
            mime: mime.to_owned(),
            size_bytes: u64::try_from(bytes.len()).unwrap(),
            open: Arc::new(|| Err(io::ErrorKind::NotFound.into())),
        };
        check_still(&medium, &mut Cursor::new(bytes.to_vec()))
    }

    fn png_of(width: u32, height: u32) -> Vec<u8> {
        let head = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        [
            head,
            width.to_be_bytes().to_vec(),
            height.to_be_bytes().to_vec(),
        ]
        .concat()
    }

    fn jpeg_of(width: u16, height: u16) -> Vec<u8> {
        let mut bytes =
            b"\xff\xd8\xff\xe1\0\x06Exif\xff\xff\xc4\0\x04ab\xff\xc2\0\x11\x08".to_vec();
        bytes.extend(height.to_be_bytes());
        bytes.extend(width.to_be_bytes());
        bytes
    }

    fn webp_of(kind: &[u8; 4], rest: &[u8]) -> Vec<u8> {
        [b"RIFF\0\0\0\0WEBP", kind.as_slice(), b"\0\0\0\0", rest].concat()
    }

    /// What comes through a guard of what `caps` describe: refusals and buffers.
    fn through_a_guard(caps: &str) -> (usize, usize) {
        use std::sync::atomic::AtomicUsize;
        gst::init().unwrap();
        let line = format!("videotestsrc num-buffers=2 ! {caps} ! identity name=i ! fakesink");
        let pipeline = gst::parse::launch(&line).unwrap();
        let identity = pipeline
            .downcast_ref::<gst::Bin>()
            .unwrap()
            .by_name("i")
            .unwrap();
        let counts = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
        let (refused, passed) = (Arc::clone(&counts), Arc::clone(&counts));
        guard(&identity.static_pad("sink").unwrap(), move |_| {
            refused[0].fetch_add(1, Ordering::Relaxed);
        });
        let out = identity.static_pad("src").unwrap();
        out.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
            passed[1].fetch_add(1, Ordering::Relaxed);
            gst::PadProbeReturn::Ok
        });
        pipeline.set_state(gst::State::Playing).unwrap();
        let ended = pipeline.bus().unwrap().timed_pop_filtered(
            gst::ClockTime::from_seconds(60),
            &[gst::MessageType::Eos, gst::MessageType::Error],
        );
        assert!(ended.is_some());
        pipeline.set_state(gst::State::Null).unwrap();
        (
            counts[0].load(Ordering::Relaxed),
            counts[1].load(Ordering::Relaxed),
        )
    }

    #[test]
    fn nothing_of_a_film_that_is_too_large_reaches_its_decoder() {
        let caps = |size| format!("video/x-raw,format=GRAY8,{size}");
        assert_eq!(through_a_guard(&caps("width=640,height=360")), (0, 2));
        assert_eq!(through_a_guard(&caps("width=9000,height=8000")), (1, 0));
    }

    #[test]
    fn a_still_of_any_kind_is_measured_by_its_own_header() {
        let good = [
            ("image/png", png_of(7_680, 8_640)),
            ("image/jpeg", jpeg_of(7_680, 8_640)),
            (
                "image/webp",
                webp_of(b"VP8 ", b"\0\0\0\x9d\x01\x2a\x00\x1e\x00\x1e"),
            ),
            (
                "image/webp",
                webp_of(b"VP8L", b"\x2f\xff\x00\x00\x00\0\0\0\0\0"),
            ),
            (
                "image/webp",
                webp_of(b"VP8X", b"\0\0\0\0\xff\x1d\0\xff\x1d\0"),
            ),
        ];
        for (mime, bytes) in good {
            assert_eq!(verdict(mime, &bytes), Ok(()), "{mime} {bytes:?}");
        }
        let bombs = [
            ("image/png", png_of(30_000, 30_000)),
            ("image/png", png_of(u32::MAX, u32::MAX)),
            ("image/png", png_of(0, 10)),
            ("image/jpeg", jpeg_of(u16::MAX, u16::MAX)),
            ("image/jpeg", b"\xff\xd8\xff\xda\0\x02".to_vec()),
            ("image/jpeg", b"\xff\xd8\xff\xe0\0".to_vec()),
            (
                "image/webp",
                webp_of(b"VP8 ", b"\0\0\0\x9d\x01\x2a\xff\x3f\xff\x3f"),
            ),
            (
                "image/webp",
                webp_of(b"VP8L", b"\x2f\xff\xff\xff\xff\0\0\0\0\0"),
            ),
            (
                "image/webp",
                webp_of(b"VP8X", b"\0\0\0\0\xff\xff\xff\xff\xff\xff"),
            ),
            ("image/webp", webp_of(b"ANIM", &[0; 10])),
        ];
        for (mime, bytes) in bombs {
            assert!(
                matches!(verdict(mime, &bytes), Err(ItemFault::Undecodable { .. })),
                "{mime} {bytes:?}"
            );
        }
    }
}
