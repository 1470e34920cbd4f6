//! The sign that pages are painted: what the browser says of itself, and the number that it must show
//! on the glass next. Whoever looks at the glass compares.

use ring::rand::{SecureRandom as _, SystemRandom};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// What a page says every few seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beat {
    /// The number that it paints now; empty before it was given one.
    pub nonce: String,
    /// Frames since the page was opened.
    pub frames: u64,
    pub visible: bool,
    pub screen: String,
    pub width: u32,
    pub height: u32,
    pub visit: u64,
    /// Since the last pointer went down; nothing if none has yet.
    pub pointer_ms: Option<u64>,
    /// From a key to its results on the glass, the slowest of the last twenty but one.
    pub key_paint_ms: Option<u64>,
    /// Errors of scripts.
    pub errors: u32,
}

/// What a page is told in return.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// 64 bits in hexadecimal, painted as 8×8 cells.
    pub nonce: String,
}

/// The last sign, and when it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    pub beat: Beat,
    /// Since the boot.
    pub at_ms: u64,
    /// Frames of all pages since the process started.
    pub frames: u64,
    /// The number that is to be seen now, and the one before it.
    pub nonces: [String; 2],
}

/// A handle to the last sign.
#[derive(Debug, Clone)]
pub struct Beats {
    heard: watch::Sender<Option<Heard>>,
}

impl Default for Beats {
    fn default() -> Self {
        Self::new()
    }
}

impl Beats {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            heard: watch::Sender::new(None),
        }
    }

    /// The last sign.
    #[must_use]
    pub fn last(&self) -> Option<Heard> {
        self.heard.borrow().clone()
    }

    /// Takes a sign in; nothing without a source of random numbers.
    pub fn take(&self, beat: Beat, at_ms: u64) -> Option<Answer> {
        let nonce = nonce()?;
        self.heard.send_modify(|heard| {
            let before = heard.take();
            let (seen, shown) = before.map_or((0, String::new()), |before| {
                let same_page = before.beat.frames <= beat.frames
                    && before.beat.screen == beat.screen
                    && before.beat.visit == beat.visit;
                let since = if same_page { before.beat.frames } else { 0 };
                let [shown, _] = before.nonces;
                (before.frames.saturating_sub(since), shown)
            });
            *heard = Some(Heard {
                frames: seen.saturating_add(beat.frames),
                beat: bounded(beat),
                at_ms,
                nonces: [nonce.clone(), shown],
            });
        });
        Some(Answer { nonce })
    }
}

fn bounded(mut beat: Beat) -> Beat {
    beat.nonce = beat.nonce.chars().take(16).collect();
    beat.screen = beat.screen.chars().take(40).collect();
    beat
}

fn nonce() -> Option<String> {
    let mut bytes = [0; 8];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beat(screen: &str, frames: u64) -> Beat {
        Beat {
            nonce: String::new(),
            frames,
            visible: true,
            screen: screen.to_owned(),
            width: 1080,
            height: 1920,
            visit: 1,
            pointer_ms: None,
            key_paint_ms: None,
            errors: 0,
        }
    }

    #[test]
    fn frames_add_up_over_pages_and_every_sign_gets_another_number() {
        let beats = Beats::new();
        let mut given = Vec::new();
        for (screen, frames, total) in [
            ("home", 100, 100),
            ("home", 250, 250),
            ("search", 10, 260),
            ("search", 300, 550),
            ("home", 5, 555),
        ] {
            given.push(beats.take(beat(screen, frames), 7).unwrap().nonce);
            let heard = beats.last().unwrap();
            assert_eq!((heard.frames, heard.at_ms), (total, 7));
            assert_eq!(heard.nonces[0], *given.last().unwrap());
        }
        assert_eq!(beats.last().unwrap().nonces[1], given[3]);
        given.sort();
        given.dedup();
        assert_eq!(given.len(), 5);
        assert!(given.iter().all(|nonce| nonce.len() == 16));
    }
}
