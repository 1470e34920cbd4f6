//! A hostile world: processes killed, the disk full, the clock wrong, state files damaged,
//! configuration mistaken. The wall shows approved pictures all the while.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, helpers of a test too"
)]
use cotmoc_proto::device::{ClockQuality, EventKind, ScreenReport, ScreenStatus, Showing};
use cotmoc_proto::media::Mime;
use cotmoc_proto::time::DAY;
use cotmoc_test_kit as kit;
use cotmoc_tests::programme::{BLUE, short};
use cotmoc_tests::{Board, Lab, Programme, bin, eventually};
use std::path::Path;
use std::process::Command;

#[test]
fn with_the_controller_gone_for_good_the_wall_plays_on() {
    let mut programme = Programme::on_air().unwrap();
    programme.lab.controller.as_mut().unwrap().kill();
    let seen = cotmoc_tests::programme::pictures(&programme.board).len();
    eventually("four more items are presented", || {
        (cotmoc_tests::programme::pictures(&programme.board).len() >= seen + 4).then_some(())
    });
    assert!(programme.board.agent.as_mut().unwrap().is_running());
    assert!(programme.board.wall.as_mut().unwrap().is_running());
}

#[test]
fn a_killed_agent_costs_the_wall_nothing_and_what_happened_meanwhile_is_told_later() {
    let mut programme = Programme::on_air().unwrap();
    programme.board.agent.as_mut().unwrap().kill();
    let unsigned = kit::seal(
        cotmoc_proto::envelope::PayloadType::Release,
        &programme.next(2, &[&programme.red]),
        &[],
    );
    programme.smuggle("release.dsse", &unsigned);
    eventually("the wall has refused it", || {
        programme.board.wall_log().contains("Refused").then_some(())
    });
    let seen = cotmoc_tests::programme::pictures(&programme.board).len();
    eventually("two more items are presented", || {
        (cotmoc_tests::programme::pictures(&programme.board).len() >= seen + 2).then_some(())
    });
    programme.board.start_agent().unwrap();
    programme
        .lab
        .wait_for_event("W01", &EventKind::ReleaseRefused, "unsigned");
    programme.assert_still_on_air(1);
}

#[test]
fn a_wall_killed_in_mid_frame_is_back_on_air_by_itself() {
    let mut programme = Programme::on_air().unwrap();
    programme.board.wall.as_mut().unwrap().stop();
    programme.board.start_supervised_wall().unwrap();
    for _ in 0..3 {
        programme.assert_still_on_air(1);
        programme.board.kill_running_wall();
    }
    programme.assert_still_on_air(1);
}

#[test]
fn b11_media_that_do_not_fit_are_refused_before_the_download() {
    let programme = Programme::on_air().unwrap();
    let media = programme.board.path("media");
    let disk = SmallDisk::over(&media, 2);
    let large = programme.lab.upload(Mime::Mp4, &large_video()).unwrap();
    let next = programme.next(2, &[&large, &programme.red]);
    programme.lab.publish_release(&next).unwrap();
    programme
        .lab
        .wait_for_event("W01", &EventKind::ReleaseRefused, "quota");
    programme.assert_still_on_air(1);
    drop(disk);
}

#[test]
fn b09_a_disk_that_is_full_keeps_the_running_release_and_is_reported() {
    let programme = Programme::on_air().unwrap();
    let own = programme.board.path("wall");
    let disk = SmallDisk::over(&own, 1);
    let filler = std::fs::write(own.join("filler"), vec![0_u8; 2 << 20]);
    assert!(filler.is_err(), "the disk is full");
    let next = programme.next(2, &[&programme.green]);
    programme.lab.publish_release(&next).unwrap();
    programme
        .lab
        .wait_for_event("W01", &EventKind::StorageFault, "not-kept");
    programme.assert_still_on_air(1);
    std::fs::remove_file(own.join("filler")).unwrap();
    programme.wait_for_release(2);
    drop(disk);
}

#[test]
fn with_the_clock_in_1970_the_wall_shows_what_needs_no_clock() {
    let mut programme = Programme::on_air().unwrap();
    programme.board.agent.as_mut().unwrap().stop();
    programme.board.wall.as_mut().unwrap().stop();
    let clock = FakeClock::at(&programme.board.path("clock"), "1970-01-01 00:10:00");
    programme.board.env = clock.environment();
    programme.board.distrust_wall_clock();
    programme.board.start_agent().unwrap();
    programme.board.start_wall().unwrap();
    let report = eventually("the wall says that its clock cannot be believed", || {
        let fresh = |r: &ScreenReport| {
            let lit = r.showing.iter().any(|s| matches!(s, Showing::Item { .. }));
            lit && r.at_ms.0 < DAY && r.clock == ClockQuality::Untrusted
        };
        programme.lab.report("W01").filter(fresh)
    });
    assert_ne!(report.status, ScreenStatus::StandbyByPlan);
    programme.assert_presents_more(2);
}

#[test]
fn a_clock_that_jumps_over_closing_time_and_back_does_not_darken_the_wall() {
    let mut programme = Programme::on_air().unwrap();
    programme.board.wall.as_mut().unwrap().stop();
    let clock = FakeClock::at(&programme.board.path("clock"), "2026-11-24 14:30:00");
    let mut day = programme.next(2, &[&programme.red, &programme.green]);
    day.window = cotmoc_proto::window::OperatingWindow::default();
    programme.lab.publish_release(&day).unwrap();
    programme.board.env = clock.environment();
    programme.board.start_wall().unwrap();
    programme.wait_for_release(2);
    // 21:30 at the border gate; the clock says 22:30 for a while, then 21:30 again.
    clock.set("+1h");
    programme
        .lab
        .wait_for_event_kind("W01", &EventKind::ClockStep);
    programme.assert_presents_more(3);
    clock.set("+0");
    programme.assert_presents_more(2);
    let report = programme.lab.report("W01").unwrap();
    assert_ne!(report.status, ScreenStatus::StandbyByPlan);
}

#[test]
fn a_corrupt_newest_state_slot_changes_nothing_on_the_wall() {
    let mut programme = Programme::on_air().unwrap();
    programme.board.wall.as_mut().unwrap().kill();
    let trust = programme.board.path("wall/trust");
    for slot in ["state.a", "state.b"] {
        let path = trust.join(slot);
        let Ok(mut bytes) = std::fs::read(&path) else {
            continue;
        };
        if let Some(last) = bytes.last_mut() {
            *last ^= 1;
        }
        std::fs::write(&path, bytes).unwrap();
    }
    programme.board.start_wall().unwrap();
    programme
        .lab
        .wait_for_event_kind("W01", &EventKind::IntegrityFault);
    programme.wait_for_release(1);
    programme.assert_presents_more(2);
}

#[test]
fn deleted_state_slots_are_noticed_and_the_verified_release_stays_on_air() {
    let mut programme = Programme::on_air().unwrap();
    programme.board.wall.as_mut().unwrap().kill();
    for slot in ["state.a", "state.b"] {
        let gone = std::fs::remove_file(programme.board.path("wall/trust").join(slot));
        assert!(gone.is_ok() || slot == "state.b");
    }
    programme.board.start_wall().unwrap();
    programme
        .lab
        .wait_for_event_kind("W01", &EventKind::IntegrityFault);
    programme.wait_for_release(1);
    programme.assert_presents_more(2);
    let next = programme.next(2, &[&programme.green]);
    programme.lab.publish_release(&next).unwrap();
    programme.wait_for_release(2);
}

#[test]
fn five_mistakes_in_a_configuration_are_reported_all_at_once() {
    for (program, text, expected) in [
        (
            "cotmoc-wall",
            "site = \"a b\"\ndevice = \"W01\"\ncolour = 1\n[output]\nsink = \"oled\"\nfps = 900\n",
            ["site", "channel", "colour", "output.sink", "output.fps"],
        ),
        (
            "cotmoc-agent",
            "site = \"a b\"\ndevice = \"W01\"\ncolour = 1\nsync_ms = \"often\"\ncontroller = \"http://x\"\n",
            ["site", "channel", "colour", "sync_ms", "controller"],
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().join("mistaken.toml");
        std::fs::write(&config, text).unwrap();
        let output = Command::new(bin(program))
            .arg("--config")
            .arg(&config)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(64), "{program}: {said}");
        for key in expected {
            let line = said
                .lines()
                .find(|l| l.contains("mistaken.toml") && l.contains(key));
            assert!(line.is_some(), "{program}: nothing said of {key}:\n{said}");
        }
    }
}

#[test]
fn a_wall_that_never_heard_of_a_release_shows_the_factory_slide() {
    let lab = Lab::start().unwrap();
    let mut board = Board::new(&lab, lab.site.identity("W01")).unwrap();
    board.enrol(&lab).unwrap();
    board.start_agent().unwrap();
    // Noon at the border gate: without a release the window of the regulation holds.
    board.env = FakeClock::at(&board.path("clock"), "2026-11-24 05:00:00").environment();
    board.start_wall().unwrap();
    let report = eventually("the wall reports", || lab.report("W01"));
    assert_eq!(report.release, 0);
    let picture = eventually("a picture", || {
        cotmoc_tests::programme::pictures(&board).first().cloned()
    });
    let [red, _, blue] = cotmoc_tests::programme::colour(&picture);
    assert!(blue > red, "the factory slide is blue");
    assert!(board.wall.as_mut().unwrap().is_running());
    let blue = lab
        .upload(Mime::Png, &kit::media::png(64, 64, BLUE))
        .unwrap();
    lab.publish_release(&short(lab.site.release(1, &blue, &[&blue])))
        .unwrap();
    eventually("the first release is on air", || {
        lab.report("W01").filter(|r| r.release == 1)
    });
}

fn large_video() -> Vec<u8> {
    let mut bytes = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom".to_vec();
    bytes.extend(kit::media::noise(3, 8 << 20));
    bytes
}

/// A folder's content moved onto a small disk of its own, until dropped.
struct SmallDisk<'p> {
    folder: &'p Path,
}

impl<'p> SmallDisk<'p> {
    fn over(folder: &'p Path, mebibytes: u32) -> Self {
        let keep = folder.with_extension("keep");
        copy_all(folder, &keep);
        run(
            "mount",
            &[
                "-t",
                "tmpfs",
                "-o",
                &format!("size={mebibytes}m"),
                "tmpfs",
                &text(folder),
            ],
        );
        copy_all(&keep, folder);
        Self { folder }
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        run("umount", &["-l", &text(self.folder)]);
    }
}

fn copy_all(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    run("cp", &["-a", &format!("{}/.", text(from)), &text(to)]);
}

fn run(program: &str, arguments: &[&str]) {
    let as_root = String::from_utf8_lossy(&Command::new("id").arg("-u").output().unwrap().stdout)
        .trim()
        .eq("0");
    let mut command = if as_root || program == "cp" {
        Command::new(program)
    } else {
        let mut command = Command::new("sudo");
        command.args(["-n", program]);
        command
    };
    let output = command.args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {said}");
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// A wall clock that processes started with its environment see; their monotonic clock is real.
struct FakeClock {
    file: std::path::PathBuf,
    base: String,
}

impl FakeClock {
    fn at(file: &Path, utc: &str) -> Self {
        let clock = Self {
            file: file.to_owned(),
            base: utc.to_owned(),
        };
        clock.set("+0");
        clock
    }

    /// Moves the clock: `+1h` is one hour later than it would be.
    fn set(&self, offset: &str) {
        let shift = match offset {
            "+1h" => 3_600,
            _ => 0,
        };
        let started = date(&["-u", "-d", &format!("{} UTC", self.base), "+%s"]);
        let now = date(&["-u", "+%s"]);
        let mark = self.file.with_extension("start");
        if !mark.exists() {
            std::fs::write(&mark, now.to_string()).unwrap();
        }
        let began: i64 = std::fs::read_to_string(&mark).unwrap().parse().unwrap();
        // As an offset from real time, so that it runs on from one setting to the next.
        std::fs::write(&self.file, format!("{:+}\n", started - began + shift)).unwrap();
    }

    fn environment(&self) -> Vec<(String, String)> {
        let library = ["x86_64-linux-gnu", "aarch64-linux-gnu"]
            .iter()
            .map(|arch| format!("/usr/lib/{arch}/faketime/libfaketime.so.1"))
            .find(|path| Path::new(path).exists())
            .expect("libfaketime is installed by deploy/packages");
        [
            ("LD_PRELOAD", library),
            ("FAKETIME_TIMESTAMP_FILE", text(&self.file)),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }
}

fn date(arguments: &[&str]) -> i64 {
    let output = Command::new("date").args(arguments).output().unwrap();
    String::from_utf8_lossy(&output.stdout)
        .trim()
        .parse()
        .unwrap()
}
