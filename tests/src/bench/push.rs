//! From publishing a release to its first frame at the sink.

use super::{Outcome, quantile, sorted};
use crate::{Programme, eventually};
use cotmoc_proto::TimeMs;
use cotmoc_proto::release::Release;
use serde_json::json;

const RUNS: u64 = 20;

pub fn run() -> anyhow::Result<Outcome> {
    let mut programme = Programme::on_air()?;
    let mut samples = Vec::new();
    for version in 2..2 + RUNS {
        let asset = if version % 2 == 0 {
            &programme.green
        } else {
            &programme.red
        };
        let release = programme.next(version, &[asset]);
        samples.push(push(&programme, &release)?);
        programme.release = release;
    }
    let samples = sorted(samples);
    let (p50, p99) = (quantile(&samples, 0.5), quantile(&samples, 0.99));
    let last = samples.last().copied().unwrap_or_default();
    Ok(Outcome {
        rows: vec![
            ("runs".into(), format!("{RUNS}")),
            (
                "publish to first frame presented: median".into(),
                format!("{p50:.0} ms"),
            ),
            (
                "publish to first frame presented: p99".into(),
                format!("{p99:.0} ms"),
            ),
            ("slowest".into(), format!("{last:.0} ms")),
        ],
        aims: vec![("p99 within 2 s", p99 <= 2_000.0)],
        ours: json!({ "runs": RUNS, "p50_ms": p50, "p99_ms": p99, "max_ms": last }),
        peers: json!({}),
    })
}

#[allow(clippy::cast_precision_loss, reason = "milliseconds of a few seconds")]
fn push(programme: &Programme, release: &Release) -> anyhow::Result<f64> {
    let published = now();
    programme.lab.publish_release(release)?;
    let first = eventually("proof that the release was on air", || {
        let aired = programme.lab.aired("W01");
        aired
            .iter()
            .find(|proof| proof.release == release.version)
            .map(|proof| proof.first_ms)
    });
    Ok(first.since(published) as f64)
}

fn now() -> TimeMs {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    TimeMs(
        since
            .ok()
            .and_then(|since| i64::try_from(since.as_millis()).ok())
            .unwrap_or_default(),
    )
}
