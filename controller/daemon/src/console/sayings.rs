//! The lines of an incident's log, as sentences.

use super::incidents::cause;
use super::words::{Words, words};
use cotmoc_controller_core::cause::Source;
use cotmoc_controller_core::incident::What;
use cotmoc_proto::TimeMs;
use cotmoc_proto::window::Zone;

/// What a line says, and how grave it is.
pub(super) fn of(what: &What, zone: &Zone) -> (Words, &'static str) {
    match what {
        What::Opened {
            cause: because,
            last_proof_ms,
            ..
        } => {
            let (because, at) = (cause(*because), zone.format(*last_proof_ms));
            let vi = format!(
                "Phát hiện sự cố: {}; còn hoạt động lần cuối lúc {at}",
                because.vi
            );
            let en = format!("detected: {}; last known to work at {at}", because.en);
            (words(vi, en), "bad")
        }
        What::Evidence {
            source: by,
            cause: because,
            occurred_ms,
            stopped_ms,
        } => (
            evidence(*by, because.map(cause), (*occurred_ms, *stopped_ms), zone),
            "rest",
        ),
        What::Recovered => (words("Hoạt động trở lại", "works again"), "good"),
        What::Resolved => (
            words("Đã khắc phục, ổn định", "resolved and stable"),
            "good",
        ),
        What::Relapsed => (words("Lại dừng", "stopped again"), "bad"),
        What::Fired { stage } => {
            let stage = self::stage(stage);
            let vi = format!("Lập thông báo: {}", stage.vi);
            (words(vi, format!("notices: {}", stage.en)), "rest")
        }
        What::Accepted => (
            words(
                "Thông báo cho Sở đã được chuyển",
                "the department's notice was taken over",
            ),
            "good",
        ),
        What::Acknowledged { .. }
        | What::Confirmed { .. }
        | What::DismissalProposed { .. }
        | What::Dismissed { .. }
        | What::ClosingProposed { .. }
        | What::Closed { .. } => deed(what, zone),
    }
}

/// What somebody did.
fn deed(what: &What, zone: &Zone) -> (Words, &'static str) {
    match what {
        What::Acknowledged { by, until_ms } => {
            let until = zone.format(*until_ms);
            let vi = format!("{by} nhận xử lý, lời nhắc ngừng đến {until}");
            (
                words(vi, format!("taken on; reminders rest until {until}")),
                "good",
            )
        }
        What::Confirmed { by } => (
            words(format!("Sở xác nhận: {by}"), "confirmed by the department"),
            "good",
        ),
        What::DismissalProposed { by, proof } => (
            words(
                format!("{by} đề nghị bác bỏ: {proof}"),
                "dismissal proposed",
            ),
            "warn",
        ),
        What::Dismissed { by } => (words(format!("{by} đồng ý bác bỏ"), "dismissed"), "rest"),
        What::ClosingProposed { by, remedy } => (
            words(
                format!("{by} đề nghị kết thúc: {remedy}"),
                "closing proposed",
            ),
            "rest",
        ),
        What::Closed {
            by,
            countersigned,
            remedy,
        } => {
            let vi = format!("Kết thúc: {remedy}; {by} ký, {countersigned} xác nhận");
            (words(vi, "closed, signed by two"), "good")
        }
        What::Opened { .. }
        | What::Evidence { .. }
        | What::Recovered
        | What::Resolved
        | What::Relapsed
        | What::Fired { .. }
        | What::Accepted => (words("", ""), "rest"),
    }
}

/// A step of the escalation; one of the settings' own keeps its name.
pub(super) fn stage(id: &str) -> Words {
    match id {
        "operator" => words("báo đơn vị vận hành", "the operating unit"),
        "department" => words("báo Sở", "the department"),
        "last-resort" => words("báo Sở bằng mọi đường", "the department, by every way"),
        "breach" => words("báo đã quá hạn", "the hour is over"),
        "province" => words("báo UBND tỉnh", "the province"),
        "recovered" => words("báo đã khắc phục", "it is over"),
        _ if id.starts_with("remind") || id.starts_with("repeat") => {
            words("nhắc lại", "a reminder")
        }
        other => words(other, ""),
    }
}

/// Who says when it happened.
pub(super) fn source(source: Source) -> Words {
    match source {
        Source::Silence => words("lần cuối còn tín hiệu", "last sign of life"),
        Source::Neighbour => words("thiết bị khác tại chỗ", "another device of the site"),
        Source::Operator => words("người trực", "person on duty"),
        Source::Device => words("nhật ký của thiết bị", "the device's own journal"),
    }
}

fn evidence(
    by: Source,
    because: Option<Words>,
    (occurred, stopped): (Option<TimeMs>, Option<TimeMs>),
    zone: &Zone,
) -> Words {
    let by = source(by);
    let (mut vi, mut en) = (
        format!("Chứng cứ ({})", by.vi),
        format!("evidence ({})", by.en),
    );
    if let Some(at) = occurred.map(|at| zone.format(at)) {
        vi.push_str(&format!(": xảy ra lúc {at}"));
        en.push_str(&format!(": occurred at {at}"));
    }
    if let Some(at) = stopped.map(|at| zone.format(at)) {
        vi.push_str(&format!("; chắc chắn đã dừng lúc {at}"));
        en.push_str(&format!("; certainly stopped at {at}"));
    }
    if let Some(because) = because {
        vi.push_str(&format!("; nguyên nhân: {}", because.vi));
        en.push_str(&format!("; cause: {}", because.en));
    }
    words(vi, en)
}
