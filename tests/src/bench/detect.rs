//! From a fault to the first notice that a mail server has taken over: the wall's process killed, the
//! wall frozen, the whole board silent. Real processes, a real SMTP server, the default heartbeat.

use super::{Outcome, from_env, quantile, sorted, tenths};
use crate::{Process, Programme, eventually};
use serde_json::{Map, Value, json};
use std::net::TcpListener;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

const TRIALS_KEY: &str = "COTMOC_BENCH_TRIALS";
const TRIALS: u64 = 20;
const FROZEN_SHARE: u64 = 4;
const SILENCES: u64 = 2;
/// What the agent's own file of the lab says, and the default.
const QUICK: &str = "sync_ms = 500";
const USUAL: &str = "sync_ms = 20000";
const EXPLICIT_MS: f64 = 3_000.0;
const SILENT_MS: f64 = 150_000.0;

pub fn run() -> anyhow::Result<Outcome> {
    let trials = from_env(TRIALS_KEY, TRIALS, 1)?;
    let mut ward = Ward::start()?;
    let killed = (0..trials)
        .map(|_| ward.trial(Fault::Killed))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let frozen = (0..trials.div_ceil(FROZEN_SHARE))
        .map(|_| ward.trial(Fault::Frozen))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let silent = (0..SILENCES)
        .map(|_| ward.trial(Fault::Silent))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let mut rows = Vec::new();
    let mut ours = Map::new();
    let mut slowest = |name: &'static str, found: &[Times]| {
        let opened = sorted(found.iter().map(|times| times.opened_ms).collect());
        let accepted = sorted(found.iter().map(|times| times.accepted_ms).collect());
        for (what, samples) in [("incident open", &opened), ("mail accepted", &accepted)] {
            let [p50, p99] = [0.5, 0.99].map(|q| tenths(quantile(samples, q)));
            let line = format!("p50 {p50:8.0} ms  p99 {p99:8.0} ms  of {}", samples.len());
            rows.push((format!("{name}: {what}"), line));
            let key = format!("{name}_{}", what.replace(' ', "_"));
            ours.insert(format!("{key}_p50_ms"), json!(p50));
            ours.insert(format!("{key}_p99_ms"), json!(p99));
        }
        quantile(&opened, 0.99)
    };
    let explicit = slowest("killed", &killed);
    slowest("frozen", &frozen);
    let silence = slowest("silent", &silent);
    Ok(Outcome {
        rows,
        aims: vec![
            ("killed: p99 within 3 s", explicit <= EXPLICIT_MS),
            ("silent: p99 within 150 s", silence <= SILENT_MS),
        ],
        ours: Value::Object(ours),
        peers: json!({}),
    })
}

#[derive(Debug, Clone, Copy)]
enum Fault {
    /// The wall's process is gone, and nobody starts it again.
    Killed,
    /// The wall's process is there and does nothing.
    Frozen,
    /// The board says nothing any more.
    Silent,
}

struct Times {
    opened_ms: f64,
    accepted_ms: f64,
}

struct Ward {
    programme: Programme,
    _mail: Process,
}

impl Ward {
    fn start() -> anyhow::Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let settings = format!(
            "[[notices.routes]]\nname = \"mail\"\nchannel = \"mail\"\nserver = \"127.0.0.1\"\n\
             port = {port}\nsecurity = \"none\"\nfrom = \"cotmoc@example.vn\"\n\
             to = [\"truc@example.vn\"]\n[incidents]\nstable_s = 1\ngrace_s = 1\n[[incidents.people]]\n\
             name = \"Trực ban\"\nroles = [\"operator\"]\nvia = [\"mail=truc@example.vn\"]\n"
        );
        let mut programme = Programme::on_air_with(&settings)?;
        let mut command = Command::new("/usr/bin/python3");
        let box_of = programme.lab.dir().join("mailbox");
        command
            .args(["-m", "aiosmtpd", "-n", "-l"])
            .arg(format!("127.0.0.1:{port}"))
            .args(["-c", "aiosmtpd.handlers.Mailbox"])
            .arg(box_of);
        let mail = Process::start("mail", command, &programme.lab.dir().join("mail.log"))?;
        eventually("the mail server listens", || {
            std::net::TcpStream::connect(("127.0.0.1", port)).ok()
        });
        let settings = programme.board.path("agent.toml");
        let text = std::fs::read_to_string(&settings)?;
        anyhow::ensure!(text.contains(QUICK), "agent.toml has no {QUICK}");
        std::fs::write(&settings, text.replace(QUICK, USUAL))?;
        if let Some(agent) = &mut programme.board.agent {
            agent.kill();
        }
        programme.board.start_agent()?;
        let ward = Self {
            programme,
            _mail: mail,
        };
        ward.settle();
        Ok(ward)
    }

    /// One fault, from its moment on; then everything is well again and the incident closed.
    fn trial(&mut self, fault: Fault) -> anyhow::Result<Times> {
        self.start_afresh()?;
        let before = self.incidents().len();
        let board = &mut self.programme.board;
        let began = now_ms();
        match fault {
            Fault::Killed => board.wall.iter_mut().for_each(Process::kill),
            Fault::Frozen => board.wall.iter().for_each(|wall| wall.signal("STOP")),
            Fault::Silent => board.agent.iter_mut().for_each(Process::kill),
        }
        let (id, detected) = eventually_long("the incident is open", || {
            let all = self.incidents();
            let newest = all.first().filter(|_| all.len() > before)?;
            let id = newest.get("incident")?.as_str()?.to_owned();
            Some((id, newest.get("detected_ms")?.as_f64()?))
        });
        let accepted = eventually("its mail is accepted", || {
            let path = format!("/api/v1/notices?incident={id}&limit=10");
            let answer = self.programme.lab.request("GET", &path, None).ok()?;
            let answer = answer.json().ok()?;
            let notices = answer.get("notices")?.as_array()?.clone();
            notices
                .iter()
                .find_map(|one| one.get("accepted_ms")?.as_f64())
        });
        let board = &mut self.programme.board;
        match fault {
            Fault::Killed => board.start_wall()?,
            Fault::Frozen => board.wall.iter().for_each(|wall| wall.signal("CONT")),
            Fault::Silent => board.start_agent()?,
        }
        self.close(&id)?;
        self.settle();
        Ok(Times {
            opened_ms: detected - began,
            accepted_ms: accepted - began,
        })
    }

    /// A controller that has not seen the stops before: three within an hour would be one.
    fn start_afresh(&mut self) -> anyhow::Result<()> {
        let lab = &mut self.programme.lab;
        lab.controller.iter_mut().for_each(Process::kill);
        lab.restart_controller()?;
        eventually("the wall is heard of again", || {
            let before = now_ms() - 2_000.0;
            let heard = self.heard_ms()?;
            (heard > before).then_some(())
        });
        self.settle();
        Ok(())
    }

    /// When the controller heard of the wall's board last.
    fn heard_ms(&self) -> Option<f64> {
        let answer = self.programme.lab.request("GET", "/api/v1/status", None);
        let devices = answer.ok()?.json().ok()?;
        let device = devices.get("devices")?.as_array()?.first()?.clone();
        device.get("last_seen_ms")?.as_f64()
    }

    /// The incidents, the newest first.
    fn incidents(&self) -> Vec<Value> {
        let answer = self.programme.lab.request("GET", "/api/v1/incidents", None);
        let answer = answer.and_then(|answer| answer.json()).unwrap_or_default();
        let all = answer.get("incidents").and_then(Value::as_array).cloned();
        all.unwrap_or_default()
    }

    /// Two persons close it: the next stop is an incident of its own.
    fn close(&self, id: &str) -> anyhow::Result<()> {
        let lab = &self.programme.lab;
        eventually_long("the incident is resolved", || {
            let all = self.incidents();
            let one = all
                .iter()
                .find(|one| one.get("incident") == Some(&json!(id)))?;
            (one.get("state") == Some(&json!("resolved"))).then_some(())
        });
        let told = json!({ "by": "Lan" }).to_string();
        lab.post(&format!("/api/v1/incidents/{id}/told"), told.as_bytes())?;
        let signed = json!({ "by": "Minh", "countersigned": "Lan", "remedy": "khởi động lại" });
        let path = format!("/api/v1/incidents/{id}/close");
        lab.post(&path, signed.to_string().as_bytes())?;
        Ok(())
    }

    /// Waits until the wall is on air, as the controller knows it.
    fn settle(&self) {
        eventually("the wall is on air", || {
            let report = self.programme.lab.report("W01")?;
            let is_on_air = report.status == cotmoc_proto::device::ScreenStatus::OnAir;
            is_on_air.then_some(())
        });
    }
}

/// Silence takes longer to be believed than anything that tests wait for.
fn eventually_long<T>(what: &str, probe: impl FnMut() -> Option<T>) -> T {
    crate::within(std::time::Duration::from_secs(300), what, probe)
}

#[allow(
    clippy::cast_precision_loss,
    reason = "milliseconds since 1970 are exact"
)]
fn now_ms() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0.0, |since| since.as_millis() as f64)
}
