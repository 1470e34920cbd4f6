//! Resolver: the lines of an incident's log as sentences, in Vietnamese and in English, as the desk shows
//! them and the report is read.

use crate::cause::Cause;
use crate::incident::{Extent, Opening, What};
use cotmoc_proto::TimeMs;
use cotmoc_proto::window::Zone;

/// One sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saying {
    pub vi: String,
    pub en: String,
}

/// What a line says; times are local times of `zone`.
#[must_use]
pub fn of(what: &What, zone: &Zone) -> Saying {
    match what {
        What::Opened(opening) => opened(opening, zone),
        What::Evidence {
            source,
            cause,
            occurred_ms,
            stopped_ms,
            device,
        } => {
            let said = evidence(source.words(), *cause, (*occurred_ms, *stopped_ms), zone);
            device.iter().fold(said, |said, device| Saying {
                vi: format!("{device}: {}", said.vi),
                en: format!("{device}: {}", said.en),
            })
        }
        What::Failed {
            device,
            cause,
            last_proof_ms,
        } => {
            let ((vi, en), at) = (cause.words(), zone.format(*last_proof_ms));
            let vi = format!("{device}: {vi}; còn hoạt động lần cuối lúc {at}");
            say(vi, format!("{device}: {en}; last known to work at {at}"))
        }
        What::Restored { device } => say(
            format!("{device} hoạt động trở lại"),
            format!("{device} works again"),
        ),
        What::Joined { incident } => say(
            format!("Trở thành một phần của sự cố {incident}"),
            format!("is part of the incident {incident} now"),
        ),
        What::Recovered => say("Hoạt động trở lại", "works again"),
        What::Resolved => say("Đã khắc phục, ổn định", "resolved and stable"),
        What::Relapsed => say("Lại dừng", "stopped again"),
        What::Fired { stage: id } => {
            let stage = stage(id);
            let (vi, en) = (stage.vi, stage.en);
            say(format!("Lập thông báo: {vi}"), format!("notices: {en}"))
        }
        What::Accepted => say(
            "Thông báo cho Sở đã được chuyển",
            "the department's notice was taken over",
        ),
        What::Acknowledged { by, until_ms } => {
            let until = zone.format(*until_ms);
            let vi = format!("{by} nhận xử lý, lời nhắc ngừng đến {until}");
            say(vi, format!("taken on; reminders rest until {until}"))
        }
        What::Confirmed { by } => say(format!("Sở xác nhận: {by}"), "confirmed by the department"),
        What::DismissalProposed { by, proof } => say(
            format!("{by} đề nghị bác bỏ: {proof}"),
            "dismissal proposed",
        ),
        What::Dismissed { by } => say(format!("{by} đồng ý bác bỏ"), "dismissed"),
        What::ClosingProposed { by, remedy } => say(
            format!("{by} đề nghị kết thúc: {remedy}"),
            "closing proposed",
        ),
        What::Closed {
            by,
            countersigned,
            remedy,
        } => {
            let vi = format!("Kết thúc: {remedy}; {by} ký, {countersigned} xác nhận");
            say(vi, "closed, signed by two")
        }
    }
}

/// A step of the escalation; one of the settings' own keeps its name.
#[must_use]
pub fn stage(id: &str) -> Saying {
    match id {
        "operator" => say("báo đơn vị vận hành", "the operating unit"),
        "power" => say("báo đơn vị bảo đảm nguồn điện", "the power unit"),
        "fault" => say("báo kỹ thuật viên", "the technician"),
        "department" => say("báo Sở", "the department"),
        "last-resort" => say("báo Sở bằng mọi đường", "the department, by every way"),
        "breach" => say("báo đã quá hạn", "the hour is over"),
        "province" => say("báo UBND tỉnh", "the province"),
        "recovered" => say("báo đã khắc phục", "it is over"),
        _ if id.starts_with("remind") || id.starts_with("repeat") => say("nhắc lại", "a reminder"),
        other => say(other, other),
    }
}

fn opened(opening: &Opening, zone: &Zone) -> Saying {
    let ((vi, en), at) = (opening.cause.words(), zone.format(opening.last_proof_ms));
    let parts = opening.scope.iter().flat_map(|scope| &scope.parts);
    let down = parts.filter(|part| part.down_ms.is_some());
    let down: Vec<&str> = down.map(|part| part.device.as_str()).collect();
    let of = if down.is_empty() {
        String::new()
    } else {
        format!(" ({})", down.join(", "))
    };
    let is_fault = opening
        .scope
        .as_ref()
        .is_some_and(|scope| scope.extent == Extent::Fault);
    let (found_vi, found_en) = if is_fault {
        (
            "Phát hiện hỏng hóc, cụm vẫn hoạt động",
            "a fault, the cluster goes on",
        )
    } else {
        ("Phát hiện sự cố", "detected")
    };
    say(
        format!("{found_vi}: {vi}{of}; còn hoạt động lần cuối lúc {at}"),
        format!("{found_en}: {en}{of}; last known to work at {at}"),
    )
}

fn evidence(
    (by_vi, by_en): (&str, &str),
    cause: Option<Cause>,
    (occurred, stopped): (Option<TimeMs>, Option<TimeMs>),
    zone: &Zone,
) -> Saying {
    let mut vi = format!("Chứng cứ ({by_vi})");
    let mut en = format!("evidence ({by_en})");
    if let Some(at) = occurred.map(|at| zone.format(at)) {
        vi = format!("{vi}: xảy ra lúc {at}");
        en = format!("{en}: occurred at {at}");
    }
    if let Some(at) = stopped.map(|at| zone.format(at)) {
        vi = format!("{vi}; chắc chắn đã dừng lúc {at}");
        en = format!("{en}; certainly stopped at {at}");
    }
    if let Some((because_vi, because_en)) = cause.map(Cause::words) {
        vi = format!("{vi}; nguyên nhân: {because_vi}");
        en = format!("{en}; cause: {because_en}");
    }
    say(vi, en)
}

pub(crate) fn say(vi: impl Into<String>, en: impl Into<String>) -> Saying {
    Saying {
        vi: vi.into(),
        en: en.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cause::Source;
    use cotmoc_proto::window::OperatingWindow;

    #[test]
    fn a_line_says_who_did_what_and_when() {
        let zone = OperatingWindow::default().zone;
        let noon = TimeMs(1_795_496_400_000);
        let taken = What::Acknowledged {
            by: "Nguyễn Văn A".to_owned(),
            until_ms: noon,
        };
        let said = "Nguyễn Văn A nhận xử lý, lời nhắc ngừng đến 24/11/2026 12:00:00";
        assert_eq!(of(&taken, &zone).vi, said);
        let known = What::Evidence {
            source: Source::Device,
            cause: Some(Cause::Power),
            occurred_ms: Some(noon),
            stopped_ms: None,
            device: None,
        };
        let said = "Chứng cứ (nhật ký của thiết bị): xảy ra lúc 24/11/2026 12:00:00; nguyên nhân: mất điện";
        assert_eq!(of(&known, &zone).vi, said);
        assert_eq!(stage("remind-15").vi, "nhắc lại");
        assert_eq!(stage("own").vi, "own");
    }
}
