//! Frames: a length (u32, big-endian) and that many bytes of JSON, at most 64 KiB.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::Read;
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// The largest frame, in bytes, without its length.
pub const MAX_FRAME_BYTES: usize = 64 * 1024;

/// Why a frame could not be written or read. The connection is of no use afterwards.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    #[error("a frame of {bytes} bytes; at most 65536 are allowed")]
    TooBig { bytes: usize },
    #[error("the message could not be written as JSON")]
    Encode(#[source] serde_json::Error),
    #[error("not a message of this link")]
    Decode(#[source] serde_json::Error),
    #[error("the connection ended inside a frame")]
    Cut,
    #[error("the connection failed")]
    Io(#[source] std::io::Error),
}

/// The frame that carries `message`.
///
/// # Errors
/// [`FrameError::TooBig`] or [`FrameError::Encode`].
pub fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>, FrameError> {
    let mut frame = vec![0; 4];
    serde_json::to_writer(&mut frame, message).map_err(FrameError::Encode)?;
    let bytes = frame.len().saturating_sub(4);
    let length = u32::try_from(bytes)
        .ok()
        .filter(|_| bytes <= MAX_FRAME_BYTES)
        .ok_or(FrameError::TooBig { bytes })?;
    if let Some(head) = frame.first_chunk_mut::<4>() {
        *head = length.to_be_bytes();
    }
    Ok(frame)
}

/// Reads one message; `None` where the connection ended between frames.
///
/// # Errors
/// [`FrameError`]; nothing beyond the limit is read or kept.
pub fn read<T: DeserializeOwned>(source: &mut impl Read) -> Result<Option<T>, FrameError> {
    let mut head = [0; 4];
    let (first, rest) = head.split_at_mut(1);
    loop {
        match source.read(first) {
            Ok(0) => return Ok(None),
            Ok(_) => break,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(FrameError::Io(error)),
        }
    }
    source.read_exact(rest).map_err(cut)?;
    let mut body = vec![0; checked_length(head)?];
    source.read_exact(&mut body).map_err(cut)?;
    decode(&body).map(Some)
}

/// Waits for the first byte of a frame; `None` where the connection ended between frames.
///
/// # Errors
/// [`FrameError::Io`].
pub async fn first_byte<S: AsyncRead + Unpin>(source: &mut S) -> Result<Option<u8>, FrameError> {
    let mut first = [0; 1];
    let count = source.read(&mut first).await.map_err(FrameError::Io)?;
    let [byte] = first;
    Ok((count == 1).then_some(byte))
}

/// Reads the rest of the message whose frame begins with `first`.
///
/// # Errors
/// [`FrameError`]; nothing beyond the limit is read or kept.
pub async fn rest<S, T>(source: &mut S, first: u8) -> Result<T, FrameError>
where
    S: AsyncRead + Unpin,
    T: DeserializeOwned,
{
    let mut more = [0; 3];
    source.read_exact(&mut more).await.map_err(cut)?;
    let [second, third, fourth] = more;
    let mut body = vec![0; checked_length([first, second, third, fourth])?];
    source.read_exact(&mut body).await.map_err(cut)?;
    decode(&body)
}

fn checked_length(head: [u8; 4]) -> Result<usize, FrameError> {
    let bytes = usize::try_from(u32::from_be_bytes(head)).unwrap_or(usize::MAX);
    if bytes > MAX_FRAME_BYTES {
        return Err(FrameError::TooBig { bytes });
    }
    Ok(bytes)
}

fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, FrameError> {
    serde_json::from_slice(body).map_err(FrameError::Decode)
}

fn cut(error: std::io::Error) -> FrameError {
    if error.kind() == std::io::ErrorKind::UnexpectedEof {
        FrameError::Cut
    } else {
        FrameError::Io(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::AgentMessage;

    #[test]
    fn a_message_reads_back_and_the_end_between_frames_is_no_error() {
        let frame = encode(&AgentMessage::Stored { id: 7 }).unwrap();
        let mut source = frame.as_slice();
        let message = read::<AgentMessage>(&mut source).unwrap();
        assert_eq!(message, Some(AgentMessage::Stored { id: 7 }));
        assert!(read::<AgentMessage>(&mut source).unwrap().is_none());
    }

    #[test]
    fn cut_long_and_foreign_frames_are_refused() {
        let frame = encode(&AgentMessage::Look).unwrap();
        for length in 1..frame.len() {
            let error = read::<AgentMessage>(&mut &frame[..length]).unwrap_err();
            assert!(matches!(error, FrameError::Cut), "{error}");
        }
        let error = read::<AgentMessage>(&mut &b"\xff\xff\xff\xff{}"[..]).unwrap_err();
        assert!(matches!(error, FrameError::TooBig { .. }));
        let error = read::<AgentMessage>(&mut &b"\0\0\0\x02{}"[..]).unwrap_err();
        assert!(matches!(error, FrameError::Decode(_)));
        let long = "x".repeat(MAX_FRAME_BYTES);
        assert!(matches!(encode(&long), Err(FrameError::TooBig { .. })));
    }
}
