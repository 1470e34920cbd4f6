//! The incidents that somebody must still do something about, ready to be written.

use super::words::{Words, words};
use crate::incidents::{Case, Desk};
use cotmoc_controller_core::cause::Cause;
use cotmoc_controller_core::incident::{Duty, State};
use cotmoc_proto::time::{MINUTE, Millis};
use cotmoc_proto::window::Zone;
use cotmoc_proto::{DeviceId, TimeMs};
use std::collections::BTreeSet;

/// One incident.
#[derive(Debug)]
pub(super) struct Line {
    pub id: String,
    pub cluster: String,
    /// The components that do not work.
    pub down: String,
    pub tone: &'static str,
    pub state: Words,
    pub cause: Words,
    pub occurred: String,
    pub duty: Words,
    pub duty_tone: &'static str,
    /// Who has taken it on, while reminders rest.
    pub with: String,
}

/// Every incident that is open, or of which the department does not know; the newest first.
pub(super) fn lines(desk: &Desk, zone: &Zone, now: TimeMs) -> Vec<Line> {
    let waiting = desk.cases().filter(|case| {
        let is_open = matches!(case.incident.state(), State::Open | State::Recovering);
        let is_told = matches!(
            case.incident.duty(now),
            Duty::NotDue | Duty::Satisfied { .. }
        );
        is_open || (case.incident.state() == State::Resolved && !is_told)
    });
    waiting.map(|case| line(case, zone, now)).collect()
}

pub(super) fn line(case: &Case, zone: &Zone, now: TimeMs) -> Line {
    let incident = &case.incident;
    let (state, tone) = match incident.state() {
        State::Open if incident.is_fault() => (words("Hỏng, cụm vẫn chạy", "a fault"), "warn"),
        State::Open => (words("Đang xảy ra", "open"), "bad"),
        State::Recovering => (words("Đang phục hồi", "recovering"), "warn"),
        State::Resolved => (words("Đã khắc phục", "resolved"), "good"),
        State::Dismissed => (words("Đã bác bỏ", "dismissed"), "rest"),
        State::Closed => (words("Đã kết thúc", "closed"), "rest"),
    };
    let (duty, duty_tone) = duty(incident.duty(now), zone, now);
    Line {
        id: case.id.clone(),
        cluster: case.about().full(),
        down: names(incident.down()),
        tone,
        state,
        cause: cause(incident.cause()),
        occurred: zone.format(incident.occurred()),
        duty,
        duty_tone,
        with: incident.acknowledged_by(now).unwrap_or_default().to_owned(),
    }
}

fn names(down: Option<&BTreeSet<DeviceId>>) -> String {
    let names = down.into_iter().flatten().map(DeviceId::as_str);
    names.collect::<Vec<_>>().join(", ")
}

/// Whether it waits for somebody to take it on.
pub(super) fn rings(case: &Case, now: TimeMs) -> bool {
    !case.incident.is_fault()
        && case.incident.state() == State::Open
        && !case.incident.is_acknowledged(now)
}

fn duty(duty: Duty, zone: &Zone, now: TimeMs) -> (Words, &'static str) {
    match duty {
        Duty::NotDue => (words("không phải báo Sở", "no duty to notify"), "rest"),
        Duty::Running { deadline } => {
            let at = zone.format(deadline);
            let left = minutes(deadline.since(now));
            let vi = format!("báo Sở trước {at}, còn {left} phút");
            let en = format!("the department must know by {at}, {left} min left");
            (words(vi, en), "warn")
        }
        Duty::Satisfied { at } => {
            let at = zone.format(at);
            let en = format!("the department knows since {at}");
            (words(format!("Sở đã nhận lúc {at}"), en), "good")
        }
        Duty::Breached { deadline, late } => {
            let at = zone.format(deadline);
            let (vi, en) = match late.map(|at| zone.format(at)) {
                Some(late) => (
                    format!("QUÁ HẠN từ {at}; Sở nhận lúc {late}"),
                    format!("overdue since {at}; the department knows since {late}"),
                ),
                None => (
                    format!("QUÁ HẠN từ {at}, Sở chưa nhận"),
                    format!("overdue since {at}, the department does not know"),
                ),
            };
            (words(vi, en), "bad")
        }
    }
}

/// Full minutes, never more than there are.
fn minutes(left: Millis) -> Millis {
    left.max(0) / MINUTE
}

pub(super) fn cause(cause: Cause) -> Words {
    let (vi, en) = cause.words();
    words(vi, en)
}
