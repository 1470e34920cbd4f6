//! `cotmoc media convert`: a file in the format that walls play best. The same file gives the same
//! bytes on every run of the same ffmpeg; its digest is what gets signed.

mod plan;

use super::decode::progress_ms;
use super::inspect::{self, Depth, inspect};
use super::probing;
use super::tool::{Ended, Line, Run, Tool};
use super::{check, describe};
use crate::out::Out;
use crate::preflight::{Board, Probe, Verdict};
use crate::text;
use anyhow::{Context as _, Result, bail, ensure};
use plan::{Target, Wanted, plan};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// Longer than any conversion.
const LIMIT: Duration = Duration::from_secs(7 * 86_400);
/// The result is decoded once from end to end.
const CHECK_LIMIT: Duration = Duration::from_secs(3_600);

#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    file: PathBuf,
    /// Where to write it: .mp4 for a film, .png or .jpg for a still, .ogg or .wav for a sound; it
    /// must not exist
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The board it is to play on [default: generic-amd64]
    #[arg(long, value_name = "NAME|FILE")]
    board: Option<String>,
    /// In pixels; with --height the picture is fitted in and the rest is black
    #[arg(long, value_name = "PX", value_parser = clap::value_parser!(u32).range(16..=16_384))]
    width: Option<u32>,
    /// In pixels
    #[arg(long, value_name = "PX", value_parser = clap::value_parser!(u32).range(16..=16_384))]
    height: Option<u32>,
    /// Frames per second [default: the usual rate that is nearest]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=120))]
    fps: Option<u32>,
}

/// A half file: it goes when its owner goes, unless it got its name.
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        // It may never have been begun, or have got its name.
        std::fs::remove_file(&self.0).ok();
    }
}

/// Converts, checks the result and prints its digest.
pub async fn run(out: Out, args: &Args) -> Result<()> {
    let stop = Arc::new(AtomicBool::new(false));
    let mut work = {
        let (args, stop) = (args.clone(), Arc::clone(&stop));
        tokio::task::spawn_blocking(move || convert(out, &args, &stop))
    };
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut ended = signal(SignalKind::terminate())?;
    tokio::select! {
        result = &mut work => return result?,
        _ = interrupted.recv() => {}
        _ = ended.recv() => {}
    }
    stop.store(true, Ordering::Relaxed);
    work.await?
}

fn convert(out: Out, args: &Args, stop: &AtomicBool) -> Result<()> {
    let board = inspect::board(args.board.as_deref())?;
    refuse_to_overwrite(&args.out)?;
    let extension = args.out.extension().unwrap_or_default().to_string_lossy();
    let target = Target::named(&extension.to_ascii_lowercase()).with_context(|| {
        format!(
            "--out {}: cần đuôi .mp4, .png, .jpg, .ogg hoặc .wav · expected a name that ends in \
             .mp4, .png, .jpg, .ogg or .wav",
            args.out.display()
        )
    })?;
    let probe = probing::probe_anything(&args.file)?;
    let wanted = Wanted {
        width_px: args.width,
        height_px: args.height,
        fps: args.fps,
    };
    let shown = args.file.display();
    let orders = plan(&probe, target, wanted, &board).with_context(|| format!("{shown}"))?;
    let part = Part(part_beside(&args.out));
    transcode(out, args, (&probe, &orders), &part, stop)?;
    check_result(out, args, (&part, target), &board)?;
    ensure!(!stop.load(Ordering::Relaxed), "{INTERRUPTED}");
    put_in_place(&part, &args.out)?;
    report(out, &args.out)
}

const INTERRUPTED: &str = "đã dừng, không để lại tệp nào · stopped; no file was left";

fn refuse_to_overwrite(path: &Path) -> Result<()> {
    ensure!(
        !path.exists(),
        "{0} đã có: hãy chọn tên khác · {0} exists: choose another name",
        path.display()
    );
    Ok(())
}

/// The half file lies beside the whole one, so that it only needs its name in the end.
fn part_beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.part", std::process::id()))
}

fn transcode(
    out: Out,
    args: &Args,
    (probe, orders): (&Probe, &[String]),
    part: &Part,
    stop: &AtomicBool,
) -> Result<()> {
    let shown = args.file.display();
    let bar = out.time_bar(&shown.to_string(), probe.length_ms.unwrap_or_default());
    let mut complaint = None;
    let mut before = vec!["-hide_banner", "-nostats", "-nostdin", "-v", "error", "-n"];
    before.extend(["-progress", "pipe:1", "-stats_period", "0.25"]);
    if probe.mime.is_some_and(cotmoc_proto::media::Mime::is_still) {
        // The plan turns stills itself: newer ffmpeg would turn them once more.
        before.push("-noautorotate");
    }
    let ended = Run::new(Tool::Ffmpeg, &before)
        .input(&args.file, probe.mime)
        .args(orders)
        .output(&part.0)
        .within(LIMIT)
        .until(stop)
        .lines(|line| match line {
            Line::Result(line) => {
                if let Some(at_ms) = progress_ms(&line) {
                    bar.set_position(at_ms);
                }
            }
            Line::Complaint(line) => complaint = Some(probing::plain(&line, &args.file)),
        });
    bar.finish_and_clear();
    match ended? {
        Ended::Well => {
            if let Some(complaint) = complaint {
                out.note(format_args!("{shown}: {complaint}"));
            }
            Ok(())
        }
        Ended::Stopped | Ended::OutOfTime => bail!("{INTERRUPTED}"),
        Ended::Badly if stop.load(Ordering::Relaxed) => bail!("{INTERRUPTED}"),
        Ended::Badly => bail!(
            "không chuyển được {shown} · {shown} cannot be converted: {}",
            complaint.unwrap_or_default()
        ),
    }
}

fn check_result(
    out: Out,
    args: &Args,
    (part, target): (&Part, Target),
    board: &Board,
) -> Result<()> {
    let mut found = inspect(out, &part.0, board, Depth::Full(CHECK_LIMIT))?;
    let is_right = found.probe.mime == Some(target.mime());
    found.reasons.retain(|reason| !reason.is_about_the_name());
    found.verdict = Verdict::of(&found.reasons);
    let loudness = check::loudness_of(out, &found)?;
    found.file.clone_from(&args.out);
    check::show(out, &found, loudness, board);
    ensure!(
        is_right && found.verdict != Verdict::WillNotPlay,
        "kết quả không phát được, không giữ lại · the result would not play; it was not kept\n{}",
        found.lines(out, board).join("\n")
    );
    Ok(())
}

/// Gives the whole file its name; a file that came to be there meanwhile stays.
fn put_in_place(part: &Part, path: &Path) -> Result<()> {
    std::fs::File::open(&part.0)
        .and_then(|file| file.sync_all())
        .and_then(|()| std::fs::hard_link(&part.0, path))
        .or_else(|_error| {
            // Not every file system knows links.
            refuse_to_overwrite(path)?;
            std::fs::rename(&part.0, path).with_context(|| format!("rename to {}", path.display()))
        })
}

fn report(out: Out, path: &Path) -> Result<()> {
    let media = describe(out, path)?;
    out.say("");
    out.fact(text::WROTE, path.display());
    out.fact(text::SIZE, crate::format::bytes(media.asset.size_bytes));
    out.fact(text::DIGEST, media.asset.sha256);
    out.document(&serde_json::json!({
        "file": path,
        "sha256": media.asset.sha256,
        "size_bytes": media.asset.size_bytes,
        "mime": media.asset.mime.as_str(),
        "look": media.look,
    }))?;
    Ok(())
}
