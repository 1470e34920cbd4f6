//! A touch cabinet with a real compositor and a real browser: what visitors see is read back from the
//! glass, and a browser that freezes or ends comes back.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, helpers of a test too"
)]

use cotmoc_lookup::Content;
use cotmoc_lookup::package::{self, CANARIES, CONTENT, INDEX};
use cotmoc_proto::json::parse_strict;
use cotmoc_tests::{Process, bin, eventually};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Who the browser runs as, so that its sandbox is the one of a cabinet.
const NOBODY: u32 = 65_534;

/// A kiosk with its glass.
struct Cabinet {
    folder: TempDir,
    address: String,
    kiosk: Process,
    glass: Option<Process>,
}

impl Cabinet {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let (address, kiosk) = start_kiosk(folder.path());
        let mut cabinet = Self {
            folder,
            address,
            kiosk,
            glass: None,
        };
        cabinet.glass = Some(cabinet.start_glass());
        cabinet
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// With the policies that are shipped, which only root can lay over those of this machine.
    fn start_glass(&self) -> Process {
        let glass = self.path("glass");
        for name in ["data", "run"] {
            std::fs::create_dir_all(glass.join(name)).unwrap();
            std::os::unix::fs::chown(glass.join(name), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let policies = deploy("kiosk/policies.json").replace("127.0.0.1:8720", &self.address);
        std::fs::write(glass.join("policies.json"), policies).unwrap();
        let config = format!(
            "kiosk = \"{}\"\ndata = \"data\"\nruntime = \"run\"\n[look]\nevery_s = 1\n\
             [remedy]\nboard = []\n[development]\nheadless = \"540x960\"\n",
            self.address
        );
        std::fs::write(glass.join("glass.toml"), config).unwrap();
        // Where the programs are built, nobody else may be allowed to look.
        std::fs::copy(bin("cotmoc-glass"), glass.join("cotmoc-glass")).unwrap();
        let script = "mkdir -p /etc/chromium/policies && mount -t tmpfs none /etc/chromium/policies && \
                      mkdir /etc/chromium/policies/managed && cp policies.json /etc/chromium/policies/managed/ && \
                      chmod -R a+rX /etc/chromium/policies && \
                      exec setpriv --reuid=65534 --regid=65534 --clear-groups \"$0\" --config glass.toml";
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "sh", "-ec", script])
            .arg(glass.join("cotmoc-glass"))
            .current_dir(&glass)
            .env("HOME", glass.join("run"));
        let mut process = Process::start("cotmoc-glass", command, &glass.join("log")).unwrap();
        process.expect_errors();
        process
    }

    /// What the kiosk says of its glass.
    fn said(&self) -> Option<Value> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        let host = &self.address;
        write!(stream, "GET /v1/glass HTTP/1.0\r\nHost: {host}\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (_, body) = answer.split_once("\r\n\r\n")?;
        serde_json::from_str(body).ok()
    }

    /// How many looks at the glass have found the page that was painted.
    fn right_looks(&self) -> u64 {
        self.said()
            .and_then(|said| said["right_looks"].as_u64())
            .unwrap_or(0)
    }

    /// Waits until the glass was found right after now, twice.
    fn shows_the_pages(&self, what: &str) {
        let before = self.right_looks();
        eventually(&format!("the glass is right, {what}"), || {
            (self.right_looks() >= before + 2).then_some(())
        });
    }

    /// The processes of this cabinet whose command line holds all of `words`.
    fn processes(&self, words: &[&str]) -> Vec<u32> {
        let own = self.path("glass/run").display().to_string();
        let all = std::fs::read_dir("/proc").unwrap().flatten();
        let of = all.filter_map(|entry| {
            let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
            let line = std::fs::read(entry.path().join("cmdline")).ok()?;
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            let is_it = line.contains(&own) && words.iter().all(|word| line.contains(word));
            is_it.then_some(pid)
        });
        of.collect()
    }
}

fn deploy(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../deploy")
        .join(name);
    std::fs::read_to_string(path).unwrap()
}

fn start_kiosk(folder: &Path) -> (String, Process) {
    let content =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../player/kiosk/tests/kiosk/content.json");
    let mut content: Value = serde_json::from_slice(&std::fs::read(content).unwrap()).unwrap();
    content["cluster"]["window"]["opens"] = json!("00:00");
    content["cluster"]["window"]["closes"] = json!("24:00");
    let mut content: Content = parse_strict(content.to_string().as_bytes()).unwrap();
    content.canaries = package::suggested_canaries(&content).unwrap();
    let files = package::build(&content, &[]).unwrap().files;
    let into = folder.join("package");
    std::fs::create_dir_all(&into).unwrap();
    std::fs::write(into.join(CONTENT), files.content).unwrap();
    std::fs::write(into.join(INDEX), files.index).unwrap();
    std::fs::write(into.join(CANARIES), files.canaries).unwrap();
    let config = "site = \"s\"\nchannel = \"c\"\ndevice = \"K01\"\nfactory_root = \"root.dsse\"\n\
                  data = \"data\"\ninbox = \"inbox\"\nmedia = \"media\"\nlink = \"link.sock\"\n\
                  listen = \"127.0.0.1:0\"\nclock.source = \"system\"\n\
                  [development]\nunsigned_package = \"package\"\n";
    std::fs::create_dir_all(folder.join("data")).unwrap();
    std::fs::write(folder.join("kiosk.toml"), config).unwrap();
    let mut command = Command::new(bin("cotmoc-kiosk"));
    command.arg("--config").arg(folder.join("kiosk.toml"));
    let mut kiosk = Process::start("cotmoc-kiosk", command, &folder.join("kiosk.log")).unwrap();
    kiosk.expect_errors();
    let address = eventually("the kiosk serves its pages", || {
        let log = kiosk.log();
        let (_, rest) = log.split_once("address=")?;
        Some(rest.split_whitespace().next()?.to_owned())
    });
    (address, kiosk)
}

#[test]
fn what_visitors_see_is_read_back_and_comes_back_when_it_freezes_or_ends() {
    let mut cabinet = Cabinet::start();
    cabinet.shows_the_pages("after the start");
    let frozen = cabinet.processes(&["--type=renderer"]);
    assert!(!frozen.is_empty());
    for pid in &frozen {
        signal(*pid, "STOP");
    }
    eventually("the frozen browser is ended", || {
        let now = cabinet.processes(&["--type=renderer"]);
        frozen.iter().all(|pid| !now.contains(pid)).then_some(())
    });
    cabinet.shows_the_pages("after the browser froze");
    for pid in cabinet.processes(&["sway", "--config"]) {
        signal(pid, "KILL");
    }
    cabinet.shows_the_pages("after the compositor was killed");
    let log = cabinet.glass.as_ref().unwrap().log();
    assert!(log.contains("browser-mute"), "{log}");
    cabinet.glass.take().unwrap().stop();
    assert_eq!(
        cabinet.processes(&[]),
        Vec::<u32>::new(),
        "nothing is left behind"
    );
    cabinet.kiosk.stop();
}

fn signal(pid: u32, name: &str) {
    let status = Command::new("kill")
        .arg(format!("-{name}"))
        .arg(pid.to_string())
        .status();
    assert!(status.unwrap().success());
}
