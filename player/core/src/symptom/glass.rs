//! Machine: what a screen's reports say for and against troubles of its picture.

use super::{Sign, Trouble};
use cotmoc_proto::device::{ScreenReport, ScreenStatus};

/// Reports that come closer together say nothing about whether the picture moves.
const LEAST_MS: u64 = 2_000;

/// The reports of one screen.
#[derive(Debug, Clone, Copy, Default)]
pub struct Glass {
    /// Frames presented, and when that was said, since the boot.
    baseline: Option<(u64, u64)>,
}

impl Glass {
    /// What `report`, heard at `now_ms` since the boot, is a sign of. A picture stands still where a
    /// screen that is lit has presented no frame since an earlier report.
    pub fn observe(&mut self, report: &ScreenReport, now_ms: u64) -> Vec<(Trouble, Sign)> {
        let status = report.status;
        let mut signs = vec![
            (Trouble::Screen, Sign::Absent),
            (
                Trouble::Picture,
                Sign::when(status == ScreenStatus::OnlineNotLit),
            ),
            (
                Trouble::Integrity,
                Sign::when(status == ScreenStatus::IntegrityFault),
            ),
        ];
        signs.extend(self.movement(report, now_ms));
        signs
    }

    fn movement(&mut self, report: &ScreenReport, now_ms: u64) -> Option<(Trouble, Sign)> {
        let presented = report.output.presented;
        if !is_lit(report.status) {
            self.baseline = None;
            return Some((Trouble::Frozen, Sign::Absent));
        }
        let Some((before, at_ms)) = self.baseline else {
            self.baseline = Some((presented, now_ms));
            return None;
        };
        let moves = presented != before;
        if !moves && now_ms.saturating_sub(at_ms) < LEAST_MS {
            return None;
        }
        self.baseline = Some((presented, now_ms));
        Some((Trouble::Frozen, Sign::when(!moves)))
    }
}

const fn is_lit(status: ScreenStatus) -> bool {
    match status {
        ScreenStatus::OnAir | ScreenStatus::Degraded | ScreenStatus::ClockUntrusted => true,
        ScreenStatus::StandbyByPlan
        | ScreenStatus::OfflineShouldBeOnAir
        | ScreenStatus::OnlineNotLit
        | ScreenStatus::IntegrityFault => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cotmoc_proto::TimeMs;
    use cotmoc_proto::device::{ClockQuality, OutputHealth, ScreenKind};

    fn report(status: ScreenStatus, presented: u64) -> ScreenReport {
        ScreenReport {
            kind: ScreenKind::Wall,
            at_ms: TimeMs(0),
            status,
            clock: ClockQuality::Held,
            showing: Vec::new(),
            root_version: 1,
            release: 1,
            release_sha256: None,
            takedown: 0,
            override_seq: 0,
            output: OutputHealth {
                presented,
                ..OutputHealth::default()
            },
            display: None,
            on_air_today_ms: 0,
            quota_ms: 0,
        }
    }

    fn frozen(signs: &[(Trouble, Sign)]) -> Option<Sign> {
        let found = signs.iter().find(|(of, _)| *of == Trouble::Frozen);
        found.map(|(_, sign)| *sign)
    }

    #[test]
    fn a_picture_stands_still_where_no_frame_came_for_a_while_and_not_between_two_quick_reports() {
        let mut glass = Glass::default();
        let on_air = ScreenStatus::OnAir;
        let said: Vec<_> = [(0, 7), (1, 7), (2_000, 7), (2_001, 8), (2_002, 8)]
            .map(|(now_ms, presented)| frozen(&glass.observe(&report(on_air, presented), now_ms)))
            .into();
        let (present, absent) = (Some(Sign::Present), Some(Sign::Absent));
        assert_eq!(said, [None, None, present, absent, None]);
        let dark = report(ScreenStatus::StandbyByPlan, 8);
        assert_eq!(frozen(&glass.observe(&dark, 60_000)), absent);
    }

    #[test]
    fn a_report_says_that_its_screen_is_there_and_what_is_wrong_with_it() {
        for status in [
            ScreenStatus::OnAir,
            ScreenStatus::OnlineNotLit,
            ScreenStatus::IntegrityFault,
            ScreenStatus::Degraded,
        ] {
            let signs = Glass::default().observe(&report(status, 1), 0);
            let sign = |of| signs.iter().find(|(trouble, _)| *trouble == of).unwrap().1;
            assert_eq!(sign(Trouble::Screen), Sign::Absent);
            let unlit = status == ScreenStatus::OnlineNotLit;
            assert_eq!(sign(Trouble::Picture), Sign::when(unlit));
            let unsound = status == ScreenStatus::IntegrityFault;
            assert_eq!(sign(Trouble::Integrity), Sign::when(unsound));
        }
    }
}
