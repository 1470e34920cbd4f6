//! Resolver: what the kiosk reports about itself, from what the gate knows and the browser says.

use crate::beat::Heard;
use crate::shelf::Verified;
use cotmoc_player_core::clock::Belief;
use cotmoc_proto::device::{ClockQuality, OutputHealth, ScreenKind, ScreenReport, ScreenStatus};
use cotmoc_proto::window::Phase;

/// A browser that said nothing for as long lights nothing.
const STALE_MS: u64 = 15_000;

/// Whether the browser said lately that it paints.
pub fn is_fresh(heard: Option<&Heard>, now_ms: u64) -> bool {
    heard.is_some_and(|heard| heard.beat.visible && now_ms.saturating_sub(heard.at_ms) <= STALE_MS)
}

/// The report at the time that is believed.
pub fn make(
    verified: &Verified,
    belief: &Belief,
    (heard, is_wrong): (Option<&Heard>, bool),
) -> ScreenReport {
    let trust = &verified.trust;
    ScreenReport {
        kind: ScreenKind::Kiosk,
        at_ms: belief.now,
        status: status(verified, belief, (heard, is_wrong)),
        clock: belief.quality,
        showing: Vec::new(),
        root_version: trust.root_version,
        release: trust.release,
        release_sha256: trust.release_sha256,
        takedown: trust.takedown,
        override_seq: trust.override_seq,
        output: OutputHealth {
            presented: heard.map_or(0, |heard| heard.frames),
            late: 0,
            dropped: 0,
            configured_sink: heard.is_some(),
            last_second: None,
        },
        display: None,
        on_air_today_ms: 0,
        quota_ms: 0,
    }
}

fn status(
    verified: &Verified,
    belief: &Belief,
    (heard, is_wrong): (Option<&Heard>, bool),
) -> ScreenStatus {
    if !verified.trust.is_whole {
        return ScreenStatus::IntegrityFault;
    }
    // Whatever the browser says, visitors see something else.
    if is_wrong || !is_fresh(heard, belief.mono_ms) {
        return ScreenStatus::OnlineNotLit;
    }
    if belief.quality == ClockQuality::Untrusted {
        return ScreenStatus::ClockUntrusted;
    }
    let Some(package) = verified.package.as_ref() else {
        return ScreenStatus::Degraded;
    };
    let window = &package.lookup.head().cluster.window;
    match window.phase(belief.now) {
        Phase::Closed { .. } => ScreenStatus::StandbyByPlan,
        // What nobody signed is never all right.
        Phase::Open { .. } if package.release == 0 => ScreenStatus::Degraded,
        Phase::Open { .. } => ScreenStatus::OnAir,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::beat::Beat;
    use cotmoc_proto::TimeMs;

    fn heard(at_ms: u64, visible: bool) -> Heard {
        Heard {
            beat: Beat {
                nonce: String::new(),
                frames: 9,
                visible,
                screen: "home".to_owned(),
                width: 1080,
                height: 1920,
                visit: 1,
                pointer_ms: None,
                key_paint_ms: None,
                errors: 0,
            },
            at_ms,
            frames: 9,
            nonces: [String::new(), String::new()],
        }
    }

    fn told(heard: Option<&Heard>, quality: ClockQuality, is_whole: bool) -> ScreenStatus {
        told_of((heard, false), quality, is_whole)
    }

    fn told_of(
        (heard, is_wrong): (Option<&Heard>, bool),
        quality: ClockQuality,
        is_whole: bool,
    ) -> ScreenStatus {
        let mut verified = Verified::nothing();
        verified.trust.is_whole = is_whole;
        let belief = Belief {
            mono_ms: 100_000,
            now: TimeMs(1_795_366_800_000),
            quality,
        };
        make(&verified, &belief, (heard, is_wrong)).status
    }

    #[test]
    fn a_kiosk_is_lit_only_by_a_browser_that_says_so_and_right_only_with_a_package() {
        let held = ClockQuality::Held;
        let fresh = heard(90_000, true);
        assert_eq!(told(None, held, true), ScreenStatus::OnlineNotLit);
        let stale = heard(84_999, true);
        assert_eq!(told(Some(&stale), held, true), ScreenStatus::OnlineNotLit);
        let hidden = heard(99_999, false);
        assert_eq!(told(Some(&hidden), held, true), ScreenStatus::OnlineNotLit);
        assert_eq!(told(Some(&fresh), held, true), ScreenStatus::Degraded);
        let wrong = told_of((Some(&fresh), true), held, true);
        assert_eq!(wrong, ScreenStatus::OnlineNotLit);
        let lost = ClockQuality::Untrusted;
        assert_eq!(told(Some(&fresh), lost, true), ScreenStatus::ClockUntrusted);
        assert_eq!(
            told(Some(&fresh), held, false),
            ScreenStatus::IntegrityFault
        );
    }
}
