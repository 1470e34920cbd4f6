//! A folder of one's own with people, keys and media, and the binary to run in it.

use crate::film;
use cotmoc_test_kit::media::png;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use tempfile::TempDir;

pub const PASSPHRASE: &str = "bốn từ không liên quan";

/// A folder, and whatever is made in it.
pub struct Place {
    folder: TempDir,
}

/// What a run came to.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Place {
    /// An empty folder with a passphrase file.
    pub fn new() -> Self {
        let place = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        place.write("pw", format!("{PASSPHRASE}\n").as_bytes());
        place
    }

    /// Five people with keys, and a root of trust signed by two of them: an edits, binh approves,
    /// dung is on duty; an, binh and chi keep the root. em has a key and no role. Keys take time
    /// to protect: they are made once, and every place gets a copy of its own.
    pub fn with_people() -> Self {
        static PEOPLE: OnceLock<Place> = OnceLock::new();
        let place = Self::new();
        for entry in std::fs::read_dir(PEOPLE.get_or_init(Self::people).dir()).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), place.dir().join(entry.file_name())).unwrap();
        }
        place
    }

    /// Another five people of the same names.
    pub fn people() -> Self {
        let place = Self::new();
        for holder in ["an", "binh", "chi", "dung", "em"] {
            place.key(holder);
        }
        let mut new: Vec<&str> = "root new --site lang-son --out root.dsse"
            .split(' ')
            .collect();
        new.extend(["--root-key", "an.key.pub,binh.key.pub,chi.key.pub"]);
        new.extend(["--editor", "an.key.pub", "--approver", "binh.key.pub"]);
        new.extend(["--duty", "dung.key.pub"]);
        place.ok(&new);
        place.sign("root sign root.dsse", "an").good();
        place.sign("root sign root.dsse", "chi").good();
        place
    }

    /// The same with a programme of two stills, a film and a fallback.
    pub fn with_programme() -> Self {
        let place = Self::with_people();
        place.write("a.png", &png(320, 180, [200, 0, 0]));
        place.write("b.png", &png(320, 180, [0, 200, 0]));
        place.write("phim.mp4", &film::mp4(320, 180, 4_000));
        place.write("du-phong.png", &png(320, 180, [0, 0, 200]));
        place.write("chuong-trinh.toml", PROGRAMME.as_bytes());
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn dir(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// Makes the key `holder.key`.
    pub fn key(&self, holder: &str) {
        let out = format!("{holder}.key");
        self.ok(&[
            "keys",
            "new",
            "--holder",
            holder,
            "--out",
            &out,
            "--passphrase-file",
            "pw",
        ]);
    }

    /// A command that signs, with a person's key.
    pub fn sign(&self, command: &str, holder: &str) -> Ran {
        let key = format!("{holder}.key");
        let mut args: Vec<&str> = command.split(' ').collect();
        args.extend(["--key", &key, "--passphrase-file", "pw"]);
        self.run(&args, "")
    }

    /// Runs a command that must succeed; what it printed.
    pub fn ok(&self, args: &[&str]) -> String {
        self.run(args, "").good().out
    }

    /// Runs a command given as one line without quotes.
    pub fn line(&self, line: &str) -> Ran {
        self.run(&line.split(' ').collect::<Vec<_>>(), "")
    }

    /// Runs a command whose JSON is wanted.
    pub fn json(&self, line: &str) -> serde_json::Value {
        let ran = self.line(&format!("{line} --json")).good();
        serde_json::from_str(&ran.out).unwrap()
    }

    /// Runs the binary in the folder with `input` on standard input.
    pub fn run(&self, args: &[&str], input: &str) -> Ran {
        use std::io::Write as _;
        let mut child = Command::new(env!("CARGO_BIN_EXE_cotmoc"))
            .args(args)
            .current_dir(self.dir())
            .env_clear()
            .env("HOME", self.dir())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that reads nothing may have ended already.
        child.stdin.take().unwrap().write_all(input.as_bytes()).ok();
        let Output {
            status,
            stdout,
            stderr,
        } = child.wait_with_output().unwrap();
        Ran {
            code: status.code().unwrap(),
            out: String::from_utf8(stdout).unwrap(),
            err: String::from_utf8(stderr).unwrap(),
        }
    }
}

impl Ran {
    /// The run, which must have succeeded.
    #[track_caller]
    pub fn good(self) -> Self {
        assert_eq!(self.code, 0, "{}\n{}", self.out, self.err);
        self
    }

    /// The complaint, which must be there and hold each of `words`.
    #[track_caller]
    pub fn refused(self, words: &[&str]) -> String {
        assert_eq!(self.code, 1, "{}\n{}", self.out, self.err);
        for word in words {
            assert!(self.err.contains(word), "{word:?} is not in:\n{}", self.err);
        }
        self.err
    }
}

/// 24/11/2026 03:00 at the border gate.
pub const ISSUED_MS: &str = "1795464000000";

pub const OFFLINE: &str = "--offline --root root.dsse --media-dir media";

const PROGRAMME: &str = r#"
channel = "hall"
devices = ["W01", "W02"]
note = "tháng 11"

[layout]
width_px = 320
height_px = 180

[[daypart]]
id = "sang"
from = "07:00"
to = "11:00"

[[playlist]]
id = "chinh"

[[playlist.item]]
id = "chao-mung"
file = "phim.mp4"
title = "Chào mừng đến cửa khẩu Hữu Nghị"
languages = ["vi", "en"]
source = "Sở VHTTDL"

[[playlist.item]]
id = "le-hoi"
file = "a.png"
title = "边境口岸欢迎您"
languages = ["zh"]
to = "2026-11-24 15:00"

[[playlist]]
id = "buoi-sang"
priority = 1
dayparts = ["sang"]

[[playlist.item]]
id = "thu-tuc"
file = "b.png"
title = "Thủ tục buổi sáng"
languages = ["vi"]
dur_s = 15

[fallback]
id = "du-phong"
file = "du-phong.png"
title = "Dự phòng"
languages = ["none"]
"#;
