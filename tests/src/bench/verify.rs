//! How long a wall takes to check a release, and how fast it reads verified media.

use super::{Outcome, mebibytes_per_s, quantile, sorted};
use cotmoc_gate::{MediaShelf, VerifiedReader};
use cotmoc_proto::media::Mime;
use cotmoc_proto::trust::verify_release;
use cotmoc_test_kit as kit;
use serde_json::json;
use std::io::Read as _;
use std::process::Command;
use std::time::{Duration, Instant};

const MEDIA_BYTES: usize = 512 << 20;

pub fn run() -> anyhow::Result<Outcome> {
    let envelope = envelope_of_60_items()?;
    let dir = tempfile::tempdir()?;
    let bytes = kit::media::noise(11, MEDIA_BYTES);
    let asset = kit::media::put(dir.path(), Mime::Mp4, &bytes);
    let size = asset.size_bytes;
    drop(bytes);
    let path = kit::media::blob_path(dir.path(), asset.sha256);
    let shelf = MediaShelf::new(dir.path().to_owned());

    let (mut ours, mut peer) = (Duration::MAX, Duration::MAX);
    for _ in 0..3 {
        let start = Instant::now();
        let status = Command::new("sha256sum")
            .arg(&path)
            .stdout(std::process::Stdio::null())
            .status()?;
        anyhow::ensure!(status.success(), "sha256sum failed");
        peer = peer.min(start.elapsed());
        let start = Instant::now();
        let read = drain(shelf.open(&asset)?)?;
        anyhow::ensure!(read == size, "read {read} of {size} bytes");
        ours = ours.min(start.elapsed());
    }
    let (reader, sha256sum) = (mebibytes_per_s(size, ours), mebibytes_per_s(size, peer));
    Ok(Outcome {
        rows: vec![
            (
                "release of 60 items, two signatures: median".into(),
                format!("{:.0} µs", envelope.p50),
            ),
            (
                "release of 60 items, two signatures: p99".into(),
                format!("{:.0} µs", envelope.p99),
            ),
            ("envelope".into(), format!("{} bytes", envelope.bytes)),
            ("verifying reader".into(), format!("{reader:.0} MiB/s")),
            (
                "sha256sum on the same file".into(),
                format!("{sha256sum:.0} MiB/s"),
            ),
        ],
        aims: vec![
            ("release checked within 1 ms", envelope.p50 < 1_000.0),
            ("reader at least as fast as sha256sum", reader >= sha256sum),
        ],
        ours: json!({
            "release_p50_us": envelope.p50, "release_p99_us": envelope.p99,
            "envelope_bytes": envelope.bytes, "reader_mib_per_s": reader,
        }),
        peers: json!({ "sha256sum_mib_per_s": sha256sum }),
    })
}

struct Checked {
    p50: f64,
    p99: f64,
    bytes: usize,
}

fn envelope_of_60_items() -> anyhow::Result<Checked> {
    let site = kit::Site::new();
    let root = cotmoc_proto::trust::factory_root(&site.factory_root())?;
    let assets: Vec<_> = (0..60_u64)
        .map(|n| kit::media::describe(Mime::Png, &kit::media::noise(n, 1_000)).asset)
        .collect();
    let fallback = kit::media::describe(Mime::Png, b"fallback").asset;
    let release = site.release(1, &fallback, &assets.iter().collect::<Vec<_>>());
    let envelope = site.seal_release(&release);
    let me = site.identity("W01");
    let mut samples = Vec::new();
    for _ in 0..2_000 {
        let start = Instant::now();
        let admitted = verify_release(&root, &me, &envelope)?;
        samples.push(start.elapsed().as_secs_f64() * 1e6);
        anyhow::ensure!(admitted.document == release, "another release came out");
    }
    let samples = sorted(samples);
    Ok(Checked {
        p50: quantile(&samples, 0.5),
        p99: quantile(&samples, 0.99),
        bytes: envelope.len(),
    })
}

fn drain(mut reader: VerifiedReader) -> std::io::Result<u64> {
    let mut buffer = vec![0; 1 << 16];
    let mut total = 0;
    loop {
        let count = reader.read(&mut buffer)?;
        if count == 0 {
            return Ok(total);
        }
        total += u64::try_from(count).unwrap_or_default();
    }
}
