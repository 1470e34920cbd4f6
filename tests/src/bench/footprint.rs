//! Memory and processor time of agent, wall and controller, with a still picture and with video.

use super::{Outcome, usage};
use crate::{Process, Programme, eventually};
use cotmoc_proto::media::Mime;
use serde_json::{Map, Value, json};
use std::process::Command;
use std::time::Duration;

const WINDOW: Duration = Duration::from_secs(20);

pub fn run() -> anyhow::Result<Outcome> {
    let programme = Programme::on_air_at("1280", "720")?;
    let still = programme.next(2, &[&programme.red]);
    let mut still = still;
    set_duration(&mut still, 60_000);
    programme.lab.publish_release(&still)?;
    programme.wait_for_release(2);
    let idle = measure(&programme);

    let video = programme
        .lab
        .upload(Mime::Mp4, &sample_video(&programme)?)?;
    let mut playing = programme.next_after(&still, 3, &[&video]);
    set_duration(&mut playing, 30_000);
    programme.lab.publish_release(&playing)?;
    programme.wait_for_release(3);
    eventually("video is on air", || {
        programme
            .lab
            .aired("W01")
            .iter()
            .any(|proof| proof.release == 2)
            .then_some(())
    });
    let busy = measure(&programme);

    let mut rows = Vec::new();
    let mut ours = Map::new();
    for (state, found) in [("still", &idle), ("video 720p30", &busy)] {
        for one in found {
            rows.push((
                format!("{}, {state}", one.name),
                format!(
                    "{:6.1} MiB  {:5.1} % of a core",
                    one.mebibytes, one.cpu_percent
                ),
            ));
            let key = format!("{}_{}", one.name, state.split(' ').next().unwrap_or(state));
            ours.insert(format!("{key}_rss_bytes"), json!(one.bytes));
            ours.insert(format!("{key}_cpu_percent"), json!(one.cpu_percent));
        }
    }
    Ok(Outcome {
        rows,
        aims: Vec::new(),
        ours: Value::Object(ours),
        peers: json!({}),
    })
}

struct Found {
    name: &'static str,
    bytes: u64,
    mebibytes: f64,
    cpu_percent: f64,
}

#[allow(clippy::cast_precision_loss, reason = "memory of one process")]
fn measure(programme: &Programme) -> Vec<Found> {
    let pid = |process: &Option<Process>| process.as_ref().map_or(0, Process::pid);
    let processes = [
        ("agent", pid(&programme.board.agent)),
        ("wall", pid(&programme.board.wall)),
        ("controller", pid(&programme.lab.controller)),
    ];
    let before = processes.map(|(_, pid)| usage(pid));
    std::thread::sleep(WINDOW);
    let after = processes.map(|(_, pid)| usage(pid));
    let pairs = before.into_iter().zip(after).zip(processes);
    pairs
        .filter_map(|((before, after), (name, _))| {
            let ((cpu_before, _), (cpu_after, bytes)) = (before?, after?);
            let cpu_percent = (cpu_after - cpu_before).as_secs_f64() / WINDOW.as_secs_f64() * 100.0;
            Some(Found {
                name,
                bytes,
                mebibytes: bytes as f64 / 1_048_576.0,
                cpu_percent,
            })
        })
        .collect()
}

fn set_duration(release: &mut cotmoc_proto::release::Release, dur_ms: u32) {
    for item in release
        .playlists
        .iter_mut()
        .flat_map(|playlist| &mut playlist.items)
    {
        item.dur_ms = dur_ms;
    }
}

fn sample_video(programme: &Programme) -> anyhow::Result<Vec<u8>> {
    let path = programme.lab.dir().join("sample.mp4");
    let status = Command::new("ffmpeg")
        .args([
            "-y",
            "-loglevel",
            "error",
            "-f",
            "lavfi",
            "-i",
            "testsrc2=s=1280x720:r=30:d=30",
        ])
        .args([
            "-f",
            "lavfi",
            "-i",
            "sine=frequency=440:sample_rate=48000:duration=30",
        ])
        .args([
            "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", "60",
        ])
        .args(["-c:a", "aac", "-movflags", "+faststart"])
        .arg(&path)
        .status()?;
    anyhow::ensure!(status.success(), "ffmpeg could not make the sample video");
    Ok(std::fs::read(path)?)
}
