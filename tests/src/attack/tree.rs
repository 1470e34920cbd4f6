//! Finds the numbered tests of the tree, in the programs that the tests were built into and in the
//! sources, and runs them.

use super::Numbered;
use anyhow::{Context as _, ensure};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// A numbered test in a built test program.
#[derive(Debug)]
pub(super) struct Found {
    pub test: Numbered,
    program: PathBuf,
    /// The folder of its crate, in which it runs.
    folder: PathBuf,
}

/// Builds all tests of the tree and asks each program which tests it has.
pub(super) fn numbered_tests(root: &Path) -> anyhow::Result<Vec<Found>> {
    let mut found = Vec::new();
    for (program, folder) in test_programs(root)? {
        let list = Command::new(&program)
            .args(["--list", "--format", "terse"])
            .current_dir(&folder)
            .output()
            .with_context(|| format!("listing the tests of {}", program.display()))?;
        ensure!(
            list.status.success(),
            "{} lists no tests",
            program.display()
        );
        let place = folder.strip_prefix(root).unwrap_or(&folder);
        let tests = String::from_utf8_lossy(&list.stdout)
            .lines()
            .filter_map(|line| line.strip_suffix(": test"))
            .filter_map(|name| Numbered::parse(name, &place.display().to_string()))
            .collect::<Vec<_>>();
        found.extend(tests.into_iter().map(|test| Found {
            test,
            program: program.clone(),
            folder: folder.clone(),
        }));
    }
    Ok(found)
}

/// Test programs with the folders of their crates.
fn test_programs(root: &Path) -> anyhow::Result<Vec<(PathBuf, PathBuf)>> {
    let build = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["test", "--workspace", "--locked", "--no-run"])
        .arg("--message-format=json-render-diagnostics")
        .current_dir(root)
        .stderr(Stdio::inherit())
        .output()
        .context("building the tests")?;
    ensure!(build.status.success(), "the tests do not build");
    let artifact = |line: &str| {
        let message: Value = serde_json::from_str(line).ok()?;
        let is_test = message.pointer("/profile/test")?.as_bool()?;
        let program = PathBuf::from(message.get("executable")?.as_str()?);
        let manifest = PathBuf::from(message.get("manifest_path")?.as_str()?);
        is_test.then(|| Some((program, manifest.parent()?.to_owned())))?
    };
    let output = String::from_utf8_lossy(&build.stdout);
    Ok(output.lines().filter_map(artifact).collect())
}

/// Runs all of them, as many at a time as there are processors, and says of each whether it
/// passed. `tell` hears of each as it ends, with its output if it failed.
pub(super) fn run_all(found: &[Found], tell: impl Fn(&str, Option<&str>) + Sync) -> Vec<bool> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(vec![false; found.len()]);
    let lock = || results.lock().unwrap_or_else(PoisonError::into_inner);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(test) = found.get(at) else { break };
                    let (passed, output) = run(test);
                    let word = if passed { "ok" } else { "FAILED" };
                    let line = format!("{}/{} {} {word}", at + 1, found.len(), test.test.name);
                    tell(&line, (!passed).then_some(output.as_str()));
                    if let Some(result) = lock().get_mut(at) {
                        *result = passed;
                    }
                }
            });
        }
    });
    lock().clone()
}

/// Runs one; it passed if its program says that just this one did.
fn run(found: &Found) -> (bool, String) {
    let output = Command::new(&found.program)
        .args(["--exact", &found.test.name])
        .current_dir(&found.folder)
        .env("CARGO_MANIFEST_DIR", &found.folder)
        .stdin(Stdio::null())
        .output();
    match output {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            let passed = output.status.success() && said.contains("test result: ok. 1 passed");
            (passed, said + &String::from_utf8_lossy(&output.stderr))
        }
        Err(error) => (false, format!("{}: {error}", found.program.display())),
    }
}

/// The numbered tests in the sources of the tree, with their files.
pub(super) fn in_sources(root: &Path) -> anyhow::Result<Vec<(PathBuf, Numbered)>> {
    let listed = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
            "*.rs",
        ])
        .current_dir(root)
        .output()
        .context("listing the files of the tree")?;
    ensure!(
        listed.status.success(),
        "git does not list the files of the tree"
    );
    let mut found = Vec::new();
    for file in String::from_utf8_lossy(&listed.stdout).split_terminator('\0') {
        let path = root.join(file);
        if path.is_file() {
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("reading {}", path.display()))?;
            found.extend(tests_in(&text, file).map(|test| (PathBuf::from(file), test)));
        }
    }
    Ok(found)
}

/// Functions that stand under an attribute of tests.
fn tests_in<'t>(text: &'t str, place: &'t str) -> impl Iterator<Item = Numbered> + 't {
    let mut marked = false;
    text.lines().map(str::trim_start).filter_map(move |line| {
        marked = marked || line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        let declared = line.strip_prefix("async ").unwrap_or(line);
        let name = declared.strip_prefix("fn ")?.split(['(', '<']).next()?;
        std::mem::take(&mut marked).then(|| Numbered::parse(name, place))?
    })
}
