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
    for program in ["wall", "kiosk", "agent"] {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("../deploy/config.d/{program}.toml"));
        let text = std::fs::read_to_string(shipped).unwrap();
        let (one, several) = readings(&text);
        assert_is_known(program, &one);
        assert_is_known(program, &several);
    }
}

/// The program takes the file `text`.
fn assert_is_known(program: &str, text: &str) {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join(format!("{program}.toml"));
    // The root document is not there: once the file is read, that is what the program says.
    let absent = dir.path().join("absent.dsse").display().to_string();
    std::fs::write(&config, text.replace("/etc/cotmoc/root.dsse", &absent)).unwrap();
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
        "{program}: {said}\n{text}"
    );
}

/// The file with every key in force that `#key = value` shows: once with what is offered instead of
/// a table (`#[[table]]` and the keys below it) left out, once with that in the table's place.
fn readings(text: &str) -> (String, String) {
    let (mut one, mut several) = (Vec::new(), Vec::new());
    let (mut table, mut instead) = ("", "");
    for line in text.lines() {
        let said = uncommented(line);
        if let Some(name) = said.strip_prefix("[[") {
            instead = name.trim_end_matches(']');
            several.retain(|(of, _)| *of != instead);
        } else if let Some(name) = line.strip_prefix('[') {
            (table, instead) = (name.trim_end_matches(']'), "");
        }
        if instead.is_empty() {
            one.push(said);
        }
        several.push((if instead.is_empty() { table } else { "" }, said));
    }
    let several: Vec<&str> = several.into_iter().map(|(_, line)| line).collect();
    (one.join("\n"), several.join("\n"))
}

/// The line with its key in force: `#key = value` shows a default, `#[[table]]` another form.
fn uncommented(line: &str) -> &str {
    let is_setting = |c: char| c.is_ascii_lowercase() || c == '[';
    match line.strip_prefix('#') {
        Some(setting) if setting.starts_with(is_setting) => setting,
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
