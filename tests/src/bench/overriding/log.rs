//! When the wall said something, from its log.

const DAY_MS: f64 = 86_400_000.0;

/// The time of day, in milliseconds, of the first line after `seen` bytes of `log` that has all of
/// `words`.
#[must_use]
pub fn said_at(log: &str, seen: usize, words: &[&str]) -> Option<f64> {
    let fresh = log.get(seen..)?;
    // The last line may not have been written to its end.
    let whole = fresh.get(..=fresh.rfind('\n')?)?;
    let line = whole
        .lines()
        .find(|line| words.iter().all(|word| line.contains(word)))?;
    time_of_day(line.split_whitespace().next()?)
}

/// How much later in the day `later` is than `earlier`, midnight in between or not.
#[must_use]
pub fn between(earlier: f64, later: f64) -> f64 {
    let apart = (later - earlier).rem_euclid(DAY_MS);
    if apart > DAY_MS / 2.0 {
        apart - DAY_MS
    } else {
        apart
    }
}

/// Of milliseconds since the epoch.
#[must_use]
pub fn day_time(since_epoch_ms: f64) -> f64 {
    since_epoch_ms.rem_euclid(DAY_MS)
}

/// From `2026-11-23T23:50:00.123456Z`.
fn time_of_day(stamp: &str) -> Option<f64> {
    let (_, time) = stamp.strip_suffix('Z')?.split_once('T')?;
    let mut parts = time.split(':');
    let mut next = || parts.next()?.parse::<f64>().ok();
    Some(((next()? * 60.0 + next()?) * 60.0 + next()?) * 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "2026-11-23T23:59:59.500000Z  INFO the gate has read the inbox outcome=ReleaseAccepted { version: 7 }\n\
        2026-11-24T00:00:00.250000Z  INFO the gate has read the inbox outcome=TakedownAccepted { seq: 7 }\n\
        2026-11-24T00:00:09.000000Z  INFO half a li";

    #[test]
    fn the_line_that_says_it_all_is_found_and_half_a_line_is_not() {
        let at = said_at(LOG, 0, &["TakedownAccepted", "seq: 7"]).unwrap();
        assert!((at - 250.0).abs() < 0.001);
        assert_eq!(said_at(LOG, 0, &["TakedownAccepted", "seq: 8"]), None);
        assert_eq!(said_at(LOG, 0, &["half"]), None);
        assert_eq!(said_at(LOG, LOG.len(), &["TakedownAccepted"]), None);
    }

    #[test]
    fn midnight_is_no_jump() {
        let late = said_at(LOG, 0, &["ReleaseAccepted"]).unwrap();
        let early = said_at(LOG, 0, &["TakedownAccepted"]).unwrap();
        assert!((between(late, early) - 750.0).abs() < 0.001);
        assert!((between(early, late) + 750.0).abs() < 0.001);
        assert!((day_time(86_400_000.0 * 20_000.0 + 5.0) - 5.0).abs() < 0.001);
    }
}
