//! What a board must show at the end: its programs run, the controller hears it, and it holds the release
//! that was published.

use super::found::Found;
use super::wanted::Wanted;
use crate::api::Api;
use crate::clock;
use anyhow::Result;
use cotmoc_proto::device::ScreenReport;
use cotmoc_proto::{DeviceId, TimeMs};
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// How long a first heartbeat and a release may take to come.
const PATIENCE: Duration = Duration::from_secs(180);
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How one thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Good,
    /// Not now, for a reason that is no fault of the board.
    Remark,
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, Clone, Serialize)]
pub struct Proof {
    pub verdict: Verdict,
    pub vi: String,
    pub en: String,
}

impl Proof {
    pub fn new(verdict: Verdict, vi: impl Into<String>, en: impl Into<String>) -> Self {
        let (vi, en) = (vi.into(), en.into());
        Self { verdict, vi, en }
    }
}

#[derive(Debug, Deserialize)]
struct Status {
    devices: Vec<Wall>,
}

#[derive(Debug, Deserialize)]
struct Wall {
    device: DeviceId,
    last_seen_ms: Option<TimeMs>,
    report: Option<ScreenReport>,
    #[serde(default)]
    release_published: u64,
}

/// Looks until everything is good, or time is up.
///
/// # Errors
/// If the controller cannot be asked.
pub async fn prove(api: &Api, wanted: &Wanted, since: TimeMs, found: &Found) -> Result<Vec<Proof>> {
    let begun = Instant::now();
    loop {
        let status: Status = api.get("/api/v1/status").await?;
        let wall = status
            .devices
            .iter()
            .find(|wall| wall.device == wanted.device);
        let proofs = [heartbeat(wall, since), release(wall)];
        let is_bad = proofs.iter().any(|proof| proof.verdict == Verdict::Bad);
        if !is_bad || begun.elapsed() > PATIENCE {
            let mut proofs = proofs.to_vec();
            proofs.extend(services(found));
            proofs.push(time(found));
            return Ok(proofs);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn heartbeat(wall: Option<&Wall>, since: TimeMs) -> Proof {
    let heard = wall
        .and_then(|wall| wall.last_seen_ms)
        .filter(|at| *at >= since);
    match heard {
        Some(at) => {
            let s = clock::now().since(at) / 1_000;
            Proof::new(
                Verdict::Good,
                format!("Máy chủ nghe được thiết bị, lần cuối {s} giây trước"),
                format!("The controller hears the device, last {s} s ago"),
            )
        }
        None => Proof::new(
            Verdict::Bad,
            "Máy chủ không nghe được thiết bị: chạy \"journalctl -u cotmoc-agent\" trên máy",
            "The controller does not hear the device: run \"journalctl -u cotmoc-agent\" on the board",
        ),
    }
}

fn release(wall: Option<&Wall>) -> Proof {
    let published = wall.map_or(0, |wall| wall.release_published);
    let running = wall
        .and_then(|wall| wall.report.as_ref())
        .map(|report| report.release);
    match (published, running) {
        (0, Some(_)) => Proof::new(
            Verdict::Remark,
            "Kênh chưa có bản phát hành nào: màn hình chiếu hình dự phòng",
            "The channel has no release yet: the wall shows its fallback slide",
        ),
        (published, Some(running)) if published == running => Proof::new(
            Verdict::Good,
            format!("Màn hình đã kiểm chữ ký và đang phát bản v{running}"),
            format!("The wall verified release v{running} and plays it"),
        ),
        (published, Some(running)) => Proof::new(
            Verdict::Bad,
            format!(
                "Màn hình ở bản v{running}, đã phát hành v{published}: chạy \"cotmoc events --device\" để xem vì sao bị từ chối"
            ),
            format!(
                "The wall is at release v{running}, published is v{published}: \"cotmoc events --device\" tells why it was refused"
            ),
        ),
        (_, None) => Proof::new(
            Verdict::Bad,
            "Chưa nghe màn hình báo gì: chạy \"journalctl -u cotmoc-wall\" trên máy",
            "No word of the wall yet: run \"journalctl -u cotmoc-wall\" on the board",
        ),
    }
}

fn services(found: &Found) -> impl Iterator<Item = Proof> {
    ["cotmoc-agent.service", "cotmoc-wall.service"]
        .into_iter()
        .map(|name| {
            let active = found
                .units
                .get(name)
                .is_some_and(|unit| unit.active == "active");
            if active {
                Proof::new(
                    Verdict::Good,
                    format!("{name} đang chạy"),
                    format!("{name} runs"),
                )
            } else {
                Proof::new(
                    Verdict::Bad,
                    format!("{name} không chạy: \"systemctl status {name}\" trên máy"),
                    format!("{name} does not run: \"systemctl status {name}\" on the board"),
                )
            }
        })
}

fn time(found: &Found) -> Proof {
    if found.is_synchronised {
        return Proof::new(
            Verdict::Good,
            "Đồng hồ đã đồng bộ",
            "The clock is synchronised",
        );
    }
    Proof::new(
        Verdict::Remark,
        "Đồng hồ chưa đồng bộ: \"chronyc sources\" trên máy; màn hình tin RTC cho đến lúc đó",
        "The clock is not synchronised yet: \"chronyc sources\" on the board; until then the wall trusts its RTC",
    )
}
