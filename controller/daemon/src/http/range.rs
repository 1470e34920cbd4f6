//! Serves a file that never changes, whole or one range of it.

use super::error::{ApiError, ApiResult};
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cotmoc_proto::Digest;
use std::fs::File;
use std::io::{Seek as _, SeekFrom};
use tokio::io::AsyncReadExt as _;
use tokio_util::io::ReaderStream;

const PIECE_BYTES: usize = 64 * 1024;

/// What of a file of known size is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Whole,
    /// First byte and number of bytes.
    Part(u64, u64),
    Impossible,
}

/// Answers with `file`, the blob `sha256` of `size_bytes`, as far as the headers ask for it.
///
/// # Errors
/// [`ApiError`] where the file fails.
pub fn serve_file(
    headers: &HeaderMap,
    sha256: Digest,
    size_bytes: u64,
    mut file: File,
) -> ApiResult<Response> {
    let etag = format!("\"{sha256}\"");
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    if text(header::IF_NONE_MATCH).is_some_and(|known| known.contains(&etag) || known == "*") {
        return Ok((StatusCode::NOT_MODIFIED, fixed_headers(&etag)).into_response());
    }
    let same = text(header::IF_RANGE).is_none_or(|known| known == etag);
    let range = text(header::RANGE).filter(|_| same);
    let (status, first, length) = match range.map_or(Wanted::Whole, |text| wanted(text, size_bytes))
    {
        Wanted::Whole => (StatusCode::OK, 0, size_bytes),
        Wanted::Part(first, length) => (StatusCode::PARTIAL_CONTENT, first, length),
        Wanted::Impossible => return Ok(impossible(size_bytes)),
    };
    file.seek(SeekFrom::Start(first)).map_err(|error| {
        tracing::error!(%error, %sha256, "a blob could not be read");
        ApiError::internal()
    })?;
    let part = tokio::fs::File::from_std(file).take(length);
    let body = Body::from_stream(ReaderStream::with_capacity(part, PIECE_BYTES));
    let mut response = (status, fixed_headers(&etag), body).into_response();
    let out = response.headers_mut();
    out.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    if status == StatusCode::PARTIAL_CONTENT {
        let last = first + length - 1;
        if let Ok(value) = format!("bytes {first}-{last}/{size_bytes}").parse() {
            out.insert(header::CONTENT_RANGE, value);
        }
    }
    Ok(response)
}

fn fixed_headers(etag: &str) -> [(header::HeaderName, String); 5] {
    [
        (header::ETAG, etag.to_owned()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (
            header::CACHE_CONTROL,
            "private, max-age=31536000, immutable".to_owned(),
        ),
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, "attachment".to_owned()),
    ]
}

fn impossible(size_bytes: u64) -> Response {
    let error = ApiError::new(
        StatusCode::RANGE_NOT_SATISFIABLE,
        "range",
        format!("the blob has {size_bytes} bytes"),
    );
    let header = [(header::CONTENT_RANGE, format!("bytes */{size_bytes}"))];
    (header, error).into_response()
}

/// Reads a `Range` header. One that is not understood, or has several ranges, is ignored, as the
/// standard says.
fn wanted(text: &str, size_bytes: u64) -> Wanted {
    let number = |text: &str| -> Option<u64> {
        (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()))
            .then(|| text.parse().unwrap_or(u64::MAX))
    };
    let Some((first, last)) = text
        .strip_prefix("bytes=")
        .and_then(|range| range.trim().split_once('-'))
    else {
        return Wanted::Whole;
    };
    match (number(first), number(last), last.is_empty()) {
        (None, Some(suffix), _) if first.is_empty() => match suffix.min(size_bytes) {
            0 => Wanted::Impossible,
            length => Wanted::Part(size_bytes - length, length),
        },
        (Some(first), None, true) => part(first, u64::MAX, size_bytes),
        (Some(first), Some(last), _) if first <= last => part(first, last, size_bytes),
        _ => Wanted::Whole,
    }
}

fn part(first: u64, last: u64, size_bytes: u64) -> Wanted {
    if first >= size_bytes {
        return Wanted::Impossible;
    }
    Wanted::Part(first, last.min(size_bytes - 1) - first + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        for (text, expected) in [
            ("bytes=0-0", Wanted::Part(0, 1)),
            ("bytes=2-", Wanted::Part(2, 8)),
            ("bytes=-3", Wanted::Part(7, 3)),
            ("bytes=-99", Wanted::Part(0, 10)),
            ("bytes=5-99", Wanted::Part(5, 5)),
            ("bytes=10-", Wanted::Impossible),
            ("bytes=-0", Wanted::Impossible),
            ("bytes=99999999999999999999999-", Wanted::Impossible),
            ("bytes=5-2", Wanted::Whole),
            ("bytes=0-1,3-4", Wanted::Whole),
            ("bytes=+1-2", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("lines=1-2", Wanted::Whole),
            ("", Wanted::Whole),
        ] {
            assert_eq!(wanted(text, 10), expected, "{text}");
        }
        assert_eq!(wanted("bytes=0-", 0), Wanted::Impossible);
    }
}
