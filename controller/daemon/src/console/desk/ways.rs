//! The ways out for notices, as the desk shows them: what left last, what failed last, what waits.

use super::super::words::{Words, words};
use crate::faults::Fault;
use crate::notices::RouteState;
use cotmoc_proto::window::Zone;

/// One way out, or something else that needs a person.
#[derive(Debug)]
pub(super) struct WayOut {
    pub name: String,
    pub tone: &'static str,
    pub state: Words,
    /// What left last, and what waits.
    pub last: Words,
    /// Why something does not leave.
    pub trouble: String,
}

pub(super) fn lines(states: &[RouteState], faults: &[Fault], zone: &Zone) -> Vec<WayOut> {
    let other = faults
        .iter()
        .filter(|fault| !fault.name.starts_with("modem"));
    let other = other.map(|fault| WayOut {
        name: fault.name.clone(),
        tone: "bad",
        state: words(&fault.vi, &fault.en),
        last: since(zone.format(fault.since_ms)),
        trouble: fault.detail.clone(),
    });
    other
        .chain(states.iter().map(|state| line(state, zone)))
        .collect()
}

fn line(state: &RouteState, zone: &Zone) -> WayOut {
    let (tone, said) = match (state.trouble(), state.times()) {
        (Some(_), _) => ("bad", words("không gửi được", "nothing leaves")),
        (None, (None, None)) => ("rest", words("chưa dùng", "not used yet")),
        (None, (None, Some(_))) => (
            "warn",
            words("chưa gửi được lần nào", "nothing has left yet"),
        ),
        (None, (Some(_), _)) => ("good", words("hoạt động", "works")),
    };
    WayOut {
        name: format!("{} ({})", state.row.route, state.channel),
        tone,
        state: with_signal(said, state),
        last: last(state, zone),
        trouble: match (state.trouble(), &state.row.last_error) {
            (Some(trouble), _) => trouble.to_owned(),
            (None, Some(error)) => {
                let at = state
                    .row
                    .failed_ms
                    .map(|at| zone.format(at))
                    .unwrap_or_default();
                format!("Lỗi gần nhất {at}: {error}")
            }
            (None, None) => String::new(),
        },
    }
}

fn with_signal(said: Words, state: &RouteState) -> Words {
    let link = state.modem.as_ref().filter(|health| health.is_well());
    let Some(health) = link else {
        return said;
    };
    let percent = health
        .signal_percent
        .map_or("?".to_owned(), |percent| percent.to_string());
    words(
        format!("{}, {} sóng {percent} %", said.vi, health.operator),
        format!("{}, signal {percent} %", said.en),
    )
}

fn last(state: &RouteState, zone: &Zone) -> Words {
    let (mut vi, mut en) = match state.row.accepted_ms.map(|at| zone.format(at)) {
        Some(at) => (format!("gửi được lúc {at}"), format!("last left at {at}")),
        None => ("chưa gửi tin nào".to_owned(), "nothing has left".to_owned()),
    };
    if state.row.waiting > 0 {
        let waiting = state.row.waiting;
        vi = format!("{vi}; {waiting} tin đang chờ");
        en = format!("{en}; {waiting} waiting");
    }
    words(vi, en)
}

fn since(at: String) -> Words {
    words(format!("từ {at}"), format!("since {at}"))
}
