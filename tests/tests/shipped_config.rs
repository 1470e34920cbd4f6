//! The commented configuration files are the documentation: every key in them is one the program
//! knows, with a value it takes.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, helpers of a test too"
)]

use cotmoc_tests::{Process, bin, eventually};
use std::path::Path;
use std::process::Command;

#[test]
fn every_key_of_the_shipped_files_is_known_to_its_program() {
    for program in ["wall", "agent"] {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("../deploy/config.d/{program}.toml"));
        let text = std::fs::read_to_string(shipped).unwrap();
        let all: Vec<&str> = text.lines().map(uncommented).collect();
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().join(format!("{program}.toml"));
        // The root document is not there: once the file is read, that is what the program says.
        let absent = dir.path().join("absent.dsse").display().to_string();
        std::fs::write(
            &config,
            all.join("\n").replace("/etc/cotmoc/root.dsse", &absent),
        )
        .unwrap();
        let mut command = Command::new(bin(&format!("cotmoc-{program}")));
        command.arg("--config").arg(&config);
        let mut process = Process::start(program, command, &dir.path().join("log")).unwrap();
        process.expect_errors();
        let said = eventually("the program has read its file", || {
            let said = process.log();
            let has_read = ["absent.dsse", "the configuration cannot be used"];
            has_read
                .iter()
                .any(|text| said.contains(text))
                .then_some(said)
        });
        assert!(
            !said.contains("the configuration cannot be used"),
            "{program}: {said}"
        );
    }
}

/// The line with its key in force: `#key = value` shows a default.
fn uncommented(line: &str) -> &str {
    match line.strip_prefix('#') {
        Some(setting) if setting.starts_with(|c: char| c.is_ascii_lowercase()) => setting,
        Some(_) | None => line,
    }
}

#[test]
fn a_token_that_begins_with_a_dash_is_a_token() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("agent.toml");
    std::fs::write(&config, "site = \"s\"\nchannel = \"c\"\ndevice = \"W01\"\n").unwrap();
    let output = Command::new(bin("cotmoc-agent"))
        .arg("--config")
        .arg(&config)
        .args([
            "enrol",
            "--token",
            "-QQb0r77w5KOUT9t3WDOXbkJNPw11WRXVxMHBd8Dejs",
        ])
        .output()
        .unwrap();
    // 64, as the configuration lacks an address; 2 would be a mistaken command line.
    assert_eq!(
        output.status.code(),
        Some(64),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
