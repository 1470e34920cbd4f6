//! Resolver: the figures of a report as words, in Vietnamese and in English, and how the beginning of the
//! law's hour follows from the evidence.

use super::{Report, last_proof};
use crate::incident::{Duty, Incident, State, What};
use crate::saying::{Saying, say};
use cotmoc_proto::time::{HOUR, MINUTE, Millis, SECOND};
use cotmoc_proto::window::Zone;

/// What a figure is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name {
    pub vi: &'static str,
    pub en: &'static str,
}

pub const CAUSE: Name = name("Nguyên nhân", "cause");
pub const OCCURRED: Name = name("Xảy ra lúc", "occurrence");
pub const SOURCE: Name = name("Căn cứ", "source");
pub const DETECTED: Name = name("Phát hiện lúc", "detection");
pub const BEGINS: Name = name("Thời hạn một giờ tính từ", "beginning of the hour");
pub const DEADLINE: Name = name("Thời hạn báo Sở", "deadline");
pub const NOTIFIED: Name = name("Sở nhận được thông báo lúc", "notice");
pub const CONFIRMED: Name = name("Sở xác nhận lúc", "confirmation");
pub const DUTY: Name = name("Nghĩa vụ thông báo", "duty");
pub const RECOVERED: Name = name("Hoạt động trở lại lúc", "recovery");
pub const RESOLVED: Name = name("Khắc phục xong lúc", "resolution");
pub const STATE: Name = name("Tình trạng", "state");
pub const DOWNTIME: Name = name("Thời gian dừng trong giờ hoạt động", "downtime");
pub const TIMES: Name = name("Mốc thời gian", "times");
pub const FORM: Name = name("Bản chính thức hay bản nháp", "final or draft");
/// What has not happened.
pub const NOT_YET: &str = "chưa";

const fn name(vi: &'static str, en: &'static str) -> Name {
    Name { vi, en }
}

/// Where the fault stands.
#[must_use]
pub const fn state(state: State) -> (&'static str, &'static str) {
    match state {
        State::Open => ("đang xảy ra", "open"),
        State::Recovering => ("đang phục hồi", "recovering"),
        State::Resolved => ("đã khắc phục", "resolved"),
        State::Dismissed => ("đã bác bỏ", "dismissed"),
        State::Closed => ("đã kết thúc", "closed"),
    }
}

/// Whether the hour was kept, and why not.
#[must_use]
pub fn duty(duty: &Duty, zone: &Zone) -> Saying {
    match duty {
        Duty::NotDue => say("không phát sinh", "none"),
        Duty::Running { .. } => say("còn trong thời hạn", "the hour is running"),
        Duty::Satisfied { at } => {
            let at = zone.format(*at);
            say(
                format!("đã báo đúng hạn, lúc {at}"),
                format!("kept, at {at}"),
            )
        }
        Duty::Breached {
            deadline,
            late: Some(late),
        } => {
            let by = length(late.since(*deadline));
            say(
                format!("đã báo, quá hạn {}", by.vi),
                format!("broken by {}", by.en),
            )
        }
        Duty::Breached {
            deadline,
            late: None,
        } => {
            let at = zone.format(*deadline);
            say(
                format!("quá hạn từ {at}, chưa báo"),
                format!("broken at {at}, the department does not know"),
            )
        }
    }
}

/// A length of time, to the second.
#[must_use]
pub fn length(length: Millis) -> Saying {
    let length = length.max(0);
    let parts = [
        (length / HOUR, "giờ", "h"),
        (length % HOUR / MINUTE, "phút", "min"),
        (length % MINUTE / SECOND, "giây", "s"),
    ];
    let said = |word: fn(&(Millis, &'static str, &'static str)) -> &'static str| {
        let some = parts.iter().filter(|(count, ..)| *count > 0);
        let some: Vec<String> = some.map(|p| format!("{} {}", p.0, word(p))).collect();
        if some.is_empty() {
            format!("0 {}", word(&parts[2]))
        } else {
            some.join(" ")
        }
    };
    say(said(|part| part.1), said(|part| part.2))
}

/// How the beginning of the law's hour follows from what is known, step by step.
#[must_use]
pub fn derivation(report: &Report, incident: &Incident) -> Vec<Saying> {
    let zone = &incident.window().zone;
    let mut steps = Vec::new();
    if let Some(proof) = last_proof(&report.log) {
        let at = zone.format(proof);
        steps.push(say(
            format!("Lần cuối có bằng chứng cụm hoạt động: {at}."),
            format!("last proof that it worked: {at}"),
        ));
    }
    let claims = report.log.iter().filter_map(|entry| {
        if let What::Evidence {
            source,
            occurred_ms: Some(at),
            ..
        } = entry.what
        {
            Some((source, at))
        } else {
            None
        }
    });
    for (source, at) in claims {
        let ((vi, en), at) = (source.words(), zone.format(at));
        steps.push(say(
            format!("Theo {vi}: xảy ra lúc {at}."),
            format!("{en}: occurred at {at}"),
        ));
    }
    if let Some(at) = incident.stopped() {
        let at = zone.format(at);
        steps.push(say(
            format!(
                "Bằng chứng đầu tiên cho thấy đã dừng: {at}; thời điểm xảy ra không thể muộn hơn."
            ),
            format!("first proof that it had stopped: {at}; it cannot have occurred later"),
        ));
    }
    let occurred = zone.format(incident.occurred());
    let (vi, en) = incident.source().words();
    steps.push(say(
        format!("Thời điểm xảy ra được lấy là {occurred}, theo {vi} (căn cứ mạnh nhất hiện có)."),
        format!("taken as occurrence: {occurred}, by {en}, the strongest there is"),
    ));
    steps.push(begins(incident, zone));
    steps
}

fn begins(incident: &Incident, zone: &Zone) -> Saying {
    let (from, until) = (
        zone.format(incident.begins()),
        zone.format(incident.deadline()),
    );
    let window = incident.window();
    let (opens, closes) = (window.opens, window.closes);
    if incident.cause().is_security() {
        say(
            format!(
                "Sự cố an toàn thông tin: thời hạn một giờ tính ngày và đêm, từ {from}, đến {until}."
            ),
            format!("security: the hour runs day and night, from {from} to {until}"),
        )
    } else if incident.begins() == incident.occurred() {
        say(
            format!(
                "Trong giờ hoạt động {opens}–{closes}: thời hạn một giờ tính từ {from}, đến {until}."
            ),
            format!(
                "within the operating window {opens}–{closes}: the hour runs from {from} to {until}"
            ),
        )
    } else {
        say(
            format!(
                "Ngoài giờ hoạt động {opens}–{closes}: thời hạn một giờ tính từ lúc phải mở lại, {from}, đến {until}."
            ),
            format!(
                "outside the operating window {opens}–{closes}: the hour runs from its opening, {from}, to {until}"
            ),
        )
    }
}

/// Why the hour was broken, if it was.
#[must_use]
pub fn breach(report: &Report) -> Option<Saying> {
    let Duty::Breached { deadline, .. } = report.figures.duty else {
        return None;
    };
    let fired = |stages: &[&str]| {
        report.log.iter().any(|entry| {
            entry.at_ms <= deadline
                && matches!(&entry.what, What::Fired { stage } if stages.contains(&stage.as_str()))
        })
    };
    let (vi, en) = if report.figures.detected_ms > deadline {
        (
            "Lý do quá hạn: sự cố chỉ được phát hiện sau khi đã hết thời hạn.",
            "broken because it was detected only after the hour",
        )
    } else if fired(&["department", "last-resort"]) {
        (
            "Lý do quá hạn: thông báo cho Sở đã được lập trước thời hạn, nhưng không đường gửi nào chuyển được kịp.",
            "broken because no route delivered the department's notice in time",
        )
    } else {
        (
            "Lý do quá hạn: không có thông báo nào cho Sở được lập trước thời hạn.",
            "broken because no notice to the department was made in time",
        )
    };
    Some(say(vi, en))
}
