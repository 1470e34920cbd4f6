//! Machine: a telephone call, from dialling to its end.

use super::at::{CallState, Ended, News};
use std::time::Duration;

/// How long it may ring and last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    pub ring: Duration,
    pub talk: Duration,
}

/// A call that is under way. Times are since it began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    patience: Patience,
    answered: Option<Duration>,
    key: Option<char>,
    ended: Option<Ended>,
}

/// What came of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Somebody, or an answering machine, took it.
    Answered,
    /// Somebody pressed 1.
    Confirmed,
    Unanswered(Option<Ended>),
}

impl Call {
    #[must_use]
    pub const fn new(patience: Patience) -> Self {
        Self {
            patience,
            answered: None,
            key: None,
            ended: None,
        }
    }

    /// What the modem said by itself.
    pub const fn hear(&mut self, news: &News) {
        match news {
            News::Key(key) if self.answered.is_some() => self.key = Some(*key),
            News::Ended(how) => self.ended = Some(*how),
            News::Key(_) | News::Stored | News::Report(_) | News::Other => {}
        }
    }

    /// How far it is `at` this time; whether it was answered just now.
    pub const fn look(&mut self, state: CallState, at: Duration) -> bool {
        match state {
            CallState::Active if self.answered.is_none() => {
                self.answered = Some(at);
                true
            }
            CallState::Gone if self.ended.is_none() => {
                self.ended = Some(Ended::NoCarrier);
                false
            }
            CallState::Active | CallState::Waiting | CallState::Gone => false,
        }
    }

    /// What came of it, once it is over or has lasted long enough.
    #[must_use]
    pub fn outcome(&self, at: Duration) -> Option<Outcome> {
        if self.key == Some('1') {
            return Some(Outcome::Confirmed);
        }
        match (self.answered, self.ended) {
            (Some(_), Some(_)) => Some(Outcome::Answered),
            (Some(since), None) => {
                (at.saturating_sub(since) >= self.patience.talk).then_some(Outcome::Answered)
            }
            (None, Some(how)) => Some(Outcome::Unanswered(Some(how))),
            (None, None) => (at >= self.patience.ring).then_some(Outcome::Unanswered(None)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn call() -> Call {
        Call::new(Patience {
            ring: s(45),
            talk: s(20),
        })
    }

    #[test]
    fn nobody_picks_up() {
        let mut call = call();
        assert!(!call.look(CallState::Waiting, s(1)));
        assert_eq!(call.outcome(s(44)), None);
        assert_eq!(call.outcome(s(45)), Some(Outcome::Unanswered(None)));
        call.hear(&News::Ended(Ended::Busy));
        assert_eq!(
            call.outcome(s(3)),
            Some(Outcome::Unanswered(Some(Ended::Busy)))
        );
    }

    #[test]
    fn a_call_that_is_taken_is_answered_and_confirmed_only_by_the_key_1() {
        let mut call = call();
        call.hear(&News::Key('1'));
        assert_eq!(call.outcome(s(2)), None, "a key before the answer is noise");
        let mut call = self::call();
        assert!(call.look(CallState::Active, s(10)) && !call.look(CallState::Active, s(11)));
        call.hear(&News::Key('5'));
        assert_eq!(call.outcome(s(29)), None);
        assert_eq!(call.outcome(s(30)), Some(Outcome::Answered));
        call.hear(&News::Key('1'));
        assert_eq!(call.outcome(s(12)), Some(Outcome::Confirmed));
        let mut short = self::call();
        short.look(CallState::Active, s(1));
        short.look(CallState::Gone, s(3));
        assert_eq!(short.outcome(s(3)), Some(Outcome::Answered));
    }
}
