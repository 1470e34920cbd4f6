//! The units that are installed: systemd understands them, they expose little, their folders are those
//! of the shipped settings, and the programs behind them tell the service manager how they are.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, helpers of a test too"
)]

use cotmoc_test_kit as kit;
use cotmoc_tests::board::Board;
use cotmoc_tests::{Process, bin, eventually};
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What `systemd-analyze security` may say at most, in tenths.
const MOST_EXPOSED: u32 = 25;

fn deploy(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../deploy")
        .join(path)
}

/// Every unit under the name that it has when it runs.
fn units() -> Vec<(String, PathBuf)> {
    let files = std::fs::read_dir(deploy("systemd")).unwrap();
    let units = files.filter_map(|file| {
        let path = file.unwrap().path();
        let name = path.file_name()?.to_str()?.to_owned();
        let is_unit = name.ends_with(".service") || name.ends_with(".timer");
        is_unit.then(|| (name.replace('@', "@cotmoc-wall"), path))
    });
    units.collect()
}

fn write_program(path: &Path) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, "#!/bin/sh\n").unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn said(output: &Output) -> String {
    let streams = [&output.stdout, &output.stderr];
    streams.map(|text| String::from_utf8_lossy(text)).concat()
}

#[test]
fn systemd_understands_every_unit() {
    let root = tempfile::tempdir().unwrap();
    let into = root.path().join("usr/lib/systemd/system");
    std::fs::create_dir_all(&into).unwrap();
    for file in std::fs::read_dir("/usr/lib/systemd/system").unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|end| end == "target") && path.is_file() {
            std::fs::copy(&path, into.join(path.file_name().unwrap())).unwrap();
        }
    }
    for program in [
        "usr/bin/cotmoc-agent",
        "usr/bin/cotmoc-wall",
        "usr/bin/cotmoc-kiosk",
        "usr/bin/cotmoc-glass",
        "usr/bin/cotmoc-controller",
        "usr/lib/cotmoc/needs-person",
        "bin/rm",
        "bin/systemctl",
    ] {
        write_program(&root.path().join(program));
    }
    let mut command = Command::new("systemd-analyze");
    command
        .args(["verify", "--man=no", "--root"])
        .arg(root.path());
    for (name, path) in units() {
        std::fs::copy(&path, into.join(path.file_name().unwrap())).unwrap();
        command.arg(name);
    }
    let output = command.output().unwrap();
    // It ends well whatever it found.
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(said(&output).trim(), "");
}

#[test]
fn no_unit_is_more_exposed_than_two_and_a_half() {
    let folder = tempfile::tempdir().unwrap();
    let mut looked = 0;
    for (name, path) in units().iter().filter(|(name, _)| name.ends_with("service")) {
        let copy = folder.path().join(name);
        std::fs::copy(path, &copy).unwrap();
        let output = Command::new("systemd-analyze")
            .args(["security", "--offline=true", "--no-pager"])
            .arg(format!("--threshold={MOST_EXPOSED}"))
            .arg(&copy)
            .output()
            .unwrap();
        assert!(output.status.success(), "{name}\n{}", said(&output));
        looked += 1;
    }
    assert!(looked >= 4);
}

#[test]
fn with_a_modem_a_unit_sees_serial_lines_only_and_is_not_much_more_exposed() {
    let drop_in = std::fs::read_to_string(deploy("systemd/modem.conf")).unwrap();
    let allowed: Vec<&str> = values(&drop_in, "DeviceAllow=").collect();
    assert_eq!(allowed, ["char-ttyUSB", "rw", "char-ttyACM", "rw"]);
    assert!(drop_in.contains("\nDevicePolicy=closed\n"));
    let (_, more) = drop_in.split_once("[Service]\n").unwrap();
    let folder = tempfile::tempdir().unwrap();
    for name in ["cotmoc-controller.service", "cotmoc-witness.service"] {
        let unit = std::fs::read_to_string(deploy(&format!("systemd/{name}"))).unwrap();
        let merged = unit.replace("\n[Install]", &format!("\n{more}\n[Install]"));
        let path = folder.path().join(name);
        std::fs::write(&path, merged).unwrap();
        let output = Command::new("systemd-analyze")
            .args(["security", "--offline=true", "--no-pager"])
            .arg(format!("--threshold={MOST_EXPOSED}"))
            .arg(&path)
            .output()
            .unwrap();
        assert!(output.status.success(), "{name}\n{}", said(&output));
    }
}

#[test]
fn the_folders_of_the_shipped_settings_are_the_units_own() {
    for program in ["agent", "wall", "kiosk", "glass", "controller", "witness"] {
        let unit = deploy(&format!("systemd/cotmoc-{program}.service"));
        let unit = std::fs::read_to_string(unit).unwrap();
        let settings = deploy(&format!("config.d/{program}.toml"));
        let settings = std::fs::read_to_string(settings).unwrap();
        let mut given: BTreeSet<&str> = values(&unit, "StateDirectory=").collect();
        given.extend(match program {
            // The agent's, which a screen reads.
            "wall" | "kiosk" => &["cotmoc/inbox", "cotmoc/media"][..],
            _ => &[],
        });
        let asked: BTreeSet<&str> = settings
            .split('"')
            .filter_map(|text| text.strip_prefix("/var/lib/"))
            .collect();
        assert!(!asked.is_empty(), "{program}");
        for folder in asked {
            let is_given = given.iter().any(|own| Path::new(folder).starts_with(own));
            assert!(is_given, "{program}: {folder} is not in {given:?}");
        }
        let config = format!("--config /etc/cotmoc/{program}.toml");
        assert!(unit.contains(&config), "{program}");
    }
}

fn values<'u>(unit: &'u str, key: &'static str) -> impl Iterator<Item = &'u str> {
    unit.lines()
        .filter_map(move |line| line.strip_prefix(key))
        .flat_map(str::split_whitespace)
}

#[test]
fn only_a_wall_has_no_network_and_it_hears_of_displays() {
    let wall = std::fs::read_to_string(deploy("systemd/cotmoc-wall.service")).unwrap();
    let families: Vec<&str> = values(&wall, "RestrictAddressFamilies=").collect();
    assert_eq!(families, ["AF_UNIX", "AF_NETLINK"]);
}

#[test]
fn every_daemon_says_that_it_is_ready_and_feeds_its_watchdog() {
    let dir = tempfile::tempdir().unwrap();
    let site = kit::Site::new();
    let board = Board::alone(dir.path(), site.identity("W01"), &site.factory_root()).unwrap();
    let (site, channel) = (&board.me.site, &board.me.channel);
    let agent = format!(
        "site = \"{site}\"\nchannel = \"{channel}\"\ndevice = \"W01\"\n\
                 controller = \"https://127.0.0.1:9\"\nenrol = \"https://127.0.0.1:9\"\n\
                 factory_root = \"root.dsse\"\ndata = \"agent\"\ninbox = \"inbox\"\n\
                 media = \"media\"\nlink = \"link.sock\"\n"
    );
    std::fs::write(board.path("agent.toml"), agent).unwrap();
    let controller = "data = \"controller\"\n[listen]\ndevice = \"127.0.0.1:0\"\n\
                      enrol = \"127.0.0.1:0\"\nconsole = \"127.0.0.1:0\"\n";
    std::fs::write(board.path("controller.toml"), controller).unwrap();
    let kiosk = format!(
        "site = \"{site}\"\nchannel = \"{channel}\"\ndevice = \"K01\"\nlisten = \"127.0.0.1:0\"\n\
         factory_root = \"root.dsse\"\ndata = \"kiosk\"\ninbox = \"inbox\"\n\
         media = \"media\"\nlink = \"link.sock\"\n"
    );
    std::fs::write(board.path("kiosk.toml"), kiosk).unwrap();
    for program in ["agent", "wall", "kiosk", "controller"] {
        assert_tells(&board.dir, program, program);
    }
    let key = std::fs::read_to_string(board.path("controller/beacon.pub")).unwrap();
    let witness = format!(
        "data = \"witness\"\nlisten = \"127.0.0.1:0\"\ncontroller_key = \"{}\"\n\
         [[notices.routes]]\nname = \"sheet\"\nchannel = \"sheet\"\nfolder = \"sheets\"\n",
        key.trim()
    );
    std::fs::write(board.path("witness.toml"), witness).unwrap();
    assert_tells(&board.dir, "controller", "witness");
}

/// The program, started as the service manager starts `role`, says that it is ready and lives.
fn assert_tells(dir: &Path, program: &str, role: &str) {
    let socket = dir.join(format!("{role}.notify"));
    let manager = UnixDatagram::bind(&socket).unwrap();
    manager.set_nonblocking(true).unwrap();
    let mut command = Command::new(bin(&format!("cotmoc-{program}")));
    if role != program {
        command.arg(role);
    }
    command
        .arg("--config")
        .arg(dir.join(format!("{role}.toml")))
        .env("NOTIFY_SOCKET", &socket);
    let log = dir.join(format!("{role}.log"));
    let mut process = Process::start(role, command, &log).unwrap();
    process.expect_errors();
    for awaited in ["READY=1", "WATCHDOG=1"] {
        eventually(&format!("{role} says {awaited}"), || {
            let mut message = [0; 512];
            let length = manager.recv(&mut message).ok()?;
            (message.get(..length)? == awaited.as_bytes()).then_some(())
        });
    }
    let status = process.stop().unwrap();
    assert!(status.success(), "{role}: {status}");
}
