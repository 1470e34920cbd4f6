//! What the desk's pages show, ready to be written.

pub(super) use super::ways::WayOut;

use super::super::frame::Frame;
use super::super::incidents::{self, Line};
use super::super::session::SignedIn;
use super::super::words::{Words, words};
use crate::app::Shared;
use crate::incidents::{Case, Desk, Group};
use crate::overview::DeviceView;
use crate::status;
use crate::store::{MaintenanceRow, NoticeRow, NoticeState, ReportRow};
use askama::Template;
use cotmoc_controller_core::incident::{Duty, Proposal, State, What};
use cotmoc_controller_core::liveness::Phase;
use cotmoc_controller_core::role::Right;
use cotmoc_controller_core::saying::{self, Saying};
use cotmoc_proto::device::ScreenKind;
use cotmoc_proto::time::MINUTE;
use cotmoc_proto::window::{OperatingWindow, Zone};
use cotmoc_proto::{ClusterId, Digest, TimeMs};
use std::collections::BTreeMap;

#[derive(Debug, Template)]
#[template(path = "incidents.html")]
pub(super) struct ListPage {
    pub frame: Frame,
    /// How many incidents nobody has taken on.
    pub alarm: usize,
    pub waiting: Vec<Line>,
    pub clusters: Vec<Cluster>,
    pub ways: Vec<WayOut>,
    pub others: Vec<Line>,
}

#[derive(Debug)]
pub(super) struct Cluster {
    name: String,
    place: String,
    unit: String,
    tone: &'static str,
    /// What happens to it now, if anything does.
    state: Option<(String, Words)>,
    parts: Vec<Component>,
    maintenance: Option<String>,
}

#[derive(Debug)]
struct Component {
    device: String,
    kind: Words,
    tone: &'static str,
    status: Words,
    /// Until when it must stay well, while it stops again and again.
    flapping: Option<String>,
}

#[derive(Debug, Template)]
#[template(path = "incident.html")]
pub(super) struct Page {
    frame: Frame,
    line: Line,
    /// The deadline, while the hour runs.
    running: Option<i64>,
    maintenance: Option<String>,
    log: Vec<Said>,
    figures: Vec<(Words, String)>,
    notices: Vec<Notice>,
    /// For whoever may take the evidence away.
    evidence: Option<Evidence>,
    deeds: Deeds,
    /// For how many minutes reminders may rest.
    longest: i64,
}

/// What the evidence is worth, and what it is checked with.
#[derive(Debug)]
pub(super) struct Evidence {
    /// When the final report was made, and its digest; `None`: there are only drafts yet.
    kept: Option<(String, String)>,
    key: String,
}

#[derive(Debug)]
struct Said {
    at: String,
    tone: &'static str,
    words: Saying,
}

#[derive(Debug)]
struct Notice {
    at: String,
    stage: Saying,
    to: String,
    route: String,
    tone: &'static str,
    fate: Words,
    error: String,
}

/// What this person can do now.
#[derive(Debug)]
struct Deeds {
    open: Vec<&'static str>,
    agree: Option<Proposal>,
    countersign: Option<Proposal>,
}

impl Deeds {
    fn may(&self, deed: &str) -> bool {
        self.open.contains(&deed)
    }
}

/// Every cluster with its components; what needs somebody stands first.
pub(super) fn clusters(
    groups: &BTreeMap<ClusterId, Group<'_>>,
    desk: &Desk,
    zone: &Zone,
    now: TimeMs,
) -> Vec<Cluster> {
    let mut groups: Vec<&Group<'_>> = groups.values().collect();
    groups.sort_by_key(|group| std::cmp::Reverse((is_stopped(group, desk), gravest(group))));
    let clusters = groups.into_iter().map(|group| {
        let id = &group.cluster.id;
        let state = desk
            .cases()
            .find(|case| case.cluster == *id && case.is_under_way());
        let about = &group.cluster.about;
        Cluster {
            name: about.name.clone(),
            place: about.place.clone(),
            unit: about.unit.clone(),
            tone: state.map_or_else(
                || worst(group),
                |case| incidents::line(case, zone, now).tone,
            ),
            state: state.map(|case| (case.id.clone(), incidents::line(case, zone, now).state)),
            parts: group
                .views
                .iter()
                .map(|view| component(group, view, desk, zone))
                .collect(),
            maintenance: desk
                .maintenance(id, now)
                .map(|row| zone.format(row.maintenance.until_ms)),
        }
    });
    clusters.collect()
}

fn is_stopped(group: &Group<'_>, desk: &Desk) -> bool {
    let is_of_it = |case: &Case| case.cluster == group.cluster.id;
    let mut cases = desk.cases();
    cases.any(|case| is_of_it(case) && case.is_under_way() && !case.incident.is_fault())
}

fn gravest(group: &Group<'_>) -> u8 {
    let statuses = group.views.iter().filter_map(|view| view.status);
    statuses.map(status::gravity).max().unwrap_or_default()
}

/// How grave it is, by its components.
fn worst(group: &Group<'_>) -> &'static str {
    let statuses = group.views.iter().filter_map(|view| view.status);
    let worst = statuses.max_by_key(|one| status::gravity(*one));
    worst.map_or("rest", super::super::words::tone)
}

fn component(group: &Group<'_>, view: &DeviceView, desk: &Desk, zone: &Zone) -> Component {
    let device = &view.row.device;
    let said = view.status.map(|status| {
        let said = words(status.vi(), status.en());
        (super::super::words::tone(status), said)
    });
    let (tone, status) = match (desk.phase(device), said) {
        // Its last heartbeat may have been good.
        (Some(Phase::Stopped(stop)), Some(("good" | "rest", _))) if stop.stopped.is_none() => {
            ("bad", words("mất liên lạc", "no contact"))
        }
        (Some(Phase::Suspected), Some(("good" | "rest", _))) => (
            "warn",
            words("nghi mất liên lạc", "no contact for a moment"),
        ),
        (_, Some(said)) => said,
        (_, None) => ("rest", words("không rõ", "unknown")),
    };
    Component {
        device: device.to_string(),
        kind: match group.kind_of(view) {
            ScreenKind::Wall => words("màn hình", "wall"),
            ScreenKind::Kiosk => words("tủ tra cứu", "kiosk"),
        },
        tone,
        status,
        flapping: desk.flapping_until(device).map(|until| zone.format(until)),
    }
}

pub(super) fn evidence(app: &Shared, kept: Option<&ReportRow>) -> Evidence {
    let zone = OperatingWindow::default().zone;
    Evidence {
        kept: kept.map(|row| (zone.format(row.made_ms), row.payload.to_string())),
        key: Digest::of(app.voice.public()).to_string(),
    }
}

/// The page of one incident, for `who`.
pub(super) fn page(
    (frame, evidence): (Frame, Option<Evidence>),
    (case, notices): (&Case, &[NoticeRow]),
    (who, maintained): (&SignedIn, Option<&MaintenanceRow>),
    now: TimeMs,
) -> Page {
    let zone = OperatingWindow::default().zone;
    let said = case.log.iter().rev().map(|entry| Said {
        at: zone.format(entry.at_ms),
        tone: tone(&entry.what),
        words: saying::of(&entry.what, &zone),
    });
    Page {
        frame,
        line: incidents::line(case, &zone, now),
        running: match case.incident.duty(now) {
            Duty::Running { deadline } => Some(deadline.0),
            Duty::NotDue | Duty::Satisfied { .. } | Duty::Breached { .. } => None,
        },
        maintenance: maintained.map(|row| zone.format(row.maintenance.until_ms)),
        log: said.collect(),
        figures: figures(case, &zone),
        notices: notices.iter().map(|row| notice(row, &zone)).collect(),
        evidence,
        deeds: deeds(case, who),
        longest: case.incident.law().longest_ack_ms / MINUTE,
    }
}

/// How grave a line of the log is.
const fn tone(what: &What) -> &'static str {
    match what {
        What::Opened(_) | What::Relapsed => "bad",
        What::DismissalProposed { .. } | What::Failed { .. } => "warn",
        What::Acknowledged { .. }
        | What::Recovered
        | What::Restored { .. }
        | What::Resolved
        | What::Accepted
        | What::Confirmed { .. }
        | What::Closed { .. } => "good",
        What::Evidence { .. }
        | What::Fired { .. }
        | What::Joined { .. }
        | What::Dismissed { .. }
        | What::ClosingProposed { .. } => "rest",
    }
}

fn deeds(case: &Case, who: &SignedIn) -> Deeds {
    let incident = &case.incident;
    let state = incident.state();
    let is_over = matches!(state, State::Closed | State::Dismissed);
    let handles = who.role.may(Right::Handle) && !is_over;
    let judges = who.role.may(Right::Judge) && !is_over;
    let is_open = matches!(state, State::Open | State::Recovering);
    let is_told = incident.accepted().is_some() || incident.is_fault();
    let can_close = judges && state == State::Resolved && is_told;
    let can_dismiss = judges && !incident.cause().is_security();
    let open = [
        ("acknowledge", handles && is_open),
        (
            "told",
            handles && !incident.is_fault() && incident.confirmed().is_none(),
        ),
        ("propose-dismissal", can_dismiss),
        ("propose-closing", can_close),
    ];
    let of_another = |proposal: &&Proposal| proposal.by != who.label();
    let closing = incident.closing().filter(of_another);
    let dismissal = incident.dismissal().filter(of_another);
    Deeds {
        open: open
            .into_iter()
            .filter(|(_, may)| *may)
            .map(|(deed, _)| deed)
            .collect(),
        agree: dismissal.filter(|_| can_dismiss).cloned(),
        countersign: closing.filter(|_| can_close).cloned(),
    }
}

fn figures(case: &Case, zone: &Zone) -> Vec<(Words, String)> {
    let incident = &case.incident;
    let time = |at: Option<TimeMs>| at.map_or_else(|| "—".to_owned(), |at| zone.format(at));
    let (source_vi, source_en) = incident.source().words();
    vec![
        (
            words("Xảy ra", "occurred"),
            zone.format(incident.occurred()),
        ),
        (
            words("Căn cứ", "founded on"),
            format!("{source_vi} · {source_en}"),
        ),
        (
            words("Phát hiện", "detected"),
            zone.format(incident.detected()),
        ),
        (
            words("Bắt đầu tính giờ", "the hour begins"),
            zone.format(incident.begins()),
        ),
        (
            words("Hạn báo Sở", "deadline"),
            zone.format(incident.deadline()),
        ),
        (
            words("Sở nhận được", "department notified"),
            time(incident.accepted()),
        ),
        (
            words("Sở xác nhận", "confirmed"),
            time(incident.confirmed()),
        ),
        (
            words("Hoạt động lại", "recovered"),
            time(incident.recovered()),
        ),
        (
            words("Khắc phục xong", "resolved"),
            time(incident.resolved()),
        ),
    ]
}

fn notice(row: &NoticeRow, zone: &Zone) -> Notice {
    let at = |at: Option<TimeMs>| at.map(|at| zone.format(at)).unwrap_or_default();
    let tries = row.attempts;
    let (fate, tone) = match row.state {
        NoticeState::Queued | NoticeState::Leased => (
            words(
                format!("đang gửi, đã thử {tries} lần"),
                format!("on its way, {tries} attempts"),
            ),
            "warn",
        ),
        NoticeState::Accepted => (
            match row.delivered_ms {
                Some(delivered) => words(
                    format!("đã đến máy nhận lúc {}", zone.format(delivered)),
                    "delivered, as the network reports",
                ),
                None => words(
                    format!("đã chuyển lúc {}", at(row.accepted_ms)),
                    "taken over by the provider",
                ),
            },
            "good",
        ),
        NoticeState::Confirmed => (
            words(
                format!("đã xác nhận lúc {}", at(row.confirmed_ms)),
                "confirmed",
            ),
            "good",
        ),
        NoticeState::Dead => (words("không gửi được", "cannot be delivered"), "bad"),
    };
    Notice {
        at: zone.format(row.created_ms),
        stage: saying::stage(&row.stage),
        to: row.recipient.clone(),
        route: format!("{} {}", row.route, row.address).trim().to_owned(),
        tone,
        fate,
        error: row.last_error.clone().unwrap_or_default(),
    }
}
