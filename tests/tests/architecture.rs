//! The map in the README, as a test: arrows between our crates, what pure crates may use, where
//! SQL and GStreamer names may stand, and how long files may be.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, helpers of a test too"
)]
use cargo_metadata::{Metadata, MetadataCommand, Package};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Crate, folder, and the crates of ours that it may use outside its tests.
const ARROWS: &[(&str, &str, &[&str])] = &[
    ("cotmoc-proto", "proto", &[]),
    ("cotmoc-lookup", "proto/lookup", &["cotmoc-proto"]),
    ("cotmoc-player-core", "player/core", &["cotmoc-proto"]),
    ("cotmoc-canvas", "player/canvas", &[]),
    ("cotmoc-service", "deploy/service", &[]),
    (
        "cotmoc-gate",
        "player/gate",
        &["cotmoc-proto", "cotmoc-player-core", "cotmoc-service"],
    ),
    (
        "cotmoc-link",
        "player/link",
        &["cotmoc-proto", "cotmoc-player-core", "cotmoc-service"],
    ),
    ("cotmoc-agent", "player/agent", PLAYER),
    ("cotmoc-wall", "player/wall", WALL),
    ("cotmoc-kiosk", "player/kiosk", KIOSK),
    (
        "cotmoc-glass",
        "player/glass",
        &["cotmoc-proto", "cotmoc-player-core", "cotmoc-service"],
    ),
    (
        "cotmoc-controller-core",
        "controller/core",
        &["cotmoc-proto"],
    ),
    (
        "cotmoc-paper",
        "controller/paper",
        &["cotmoc-controller-core", "cotmoc-proto"],
    ),
    ("cotmoc-controller", "controller/daemon", CONTROLLER),
    ("cotmoc-cli", "controller/cli", CLI),
    ("cotmoc-papers", "deploy/papers", PROGRAMS),
];
const CLI: &[&str] = &[
    "cotmoc-controller-core",
    "cotmoc-lookup",
    "cotmoc-paper",
    "cotmoc-proto",
    "cotmoc-service",
];
const CONTROLLER: &[&str] = &[
    "cotmoc-controller-core",
    "cotmoc-paper",
    "cotmoc-proto",
    "cotmoc-service",
];
const PROGRAMS: &[&str] = &[
    "cotmoc-agent",
    "cotmoc-wall",
    "cotmoc-kiosk",
    "cotmoc-glass",
    "cotmoc-controller",
    "cotmoc-cli",
];
const WALL: &[&str] = &[
    "cotmoc-proto",
    "cotmoc-player-core",
    "cotmoc-canvas",
    "cotmoc-gate",
    "cotmoc-link",
    "cotmoc-service",
];
const KIOSK: &[&str] = &[
    "cotmoc-proto",
    "cotmoc-lookup",
    "cotmoc-player-core",
    "cotmoc-gate",
    "cotmoc-link",
    "cotmoc-service",
];
const PLAYER: &[&str] = &[
    "cotmoc-proto",
    "cotmoc-player-core",
    "cotmoc-gate",
    "cotmoc-link",
    "cotmoc-service",
];

/// Outside crates that a crate that decides may use: values, formats, mathematics.
const PURE: &[(&str, &[&str])] = &[
    (
        "cotmoc-proto",
        &[
            "base64",
            "jiff",
            "ring",
            "serde",
            "serde_json",
            "sha2",
            "thiserror",
        ],
    ),
    (
        "cotmoc-lookup",
        &[
            "ferrous-opencc",
            "fst",
            "jiff",
            "levenshtein_automata",
            "miniz_oxide",
            "pinyin",
            "rust-stemmers",
            "serde",
            "serde_json",
            "thiserror",
            "unicode-normalization",
        ],
    ),
    (
        "cotmoc-player-core",
        &["serde", "serde_json", "sha2", "thiserror"],
    ),
    ("cotmoc-canvas", &[]),
    (
        "cotmoc-controller-core",
        &["jiff", "serde", "serde_json", "thiserror"],
    ),
];

/// Folders in which SQL may stand.
const STORES: &[&str] = &["controller/daemon/src/store", "player/agent/src/outbox"];
/// The folder in which GStreamer's elements, properties and types may stand.
const PIPELINE: &str = "player/wall/src/pipeline";

const LONGEST_FILE: usize = 500;

#[test]
fn arrows_between_our_crates_point_down() {
    let metadata = metadata();
    let known: BTreeSet<&str> = ARROWS.iter().map(|(name, ..)| *name).collect();
    for package in metadata.workspace_packages() {
        let test_only = package
            .manifest_path
            .starts_with(root().join("tests").to_str().unwrap());
        assert!(
            test_only || known.contains(package.name.as_str()),
            "{} is not on the map",
            package.name
        );
    }
    for (name, _, allowed) in ARROWS {
        for used in normal_dependencies(package(&metadata, name)) {
            let ours = used.starts_with("cotmoc-");
            assert!(
                !ours || allowed.contains(&used.as_str()),
                "{name} may not use {used}"
            );
        }
    }
}

#[test]
fn crates_that_decide_use_no_clock_disk_or_network_of_others() {
    let metadata = metadata();
    for (name, allowed) in PURE {
        for used in normal_dependencies(package(&metadata, name)) {
            let ours = used.starts_with("cotmoc-");
            assert!(
                ours || allowed.contains(&used.as_str()),
                "{name} may not use {used}"
            );
        }
        let folder = package(&metadata, name)
            .manifest_path
            .parent()
            .unwrap()
            .to_owned();
        let bans = std::fs::read_to_string(folder.join(".clippy.toml")).unwrap();
        for ban in [
            "Instant::now",
            "SystemTime::now",
            "fs::File",
            "env::var",
            "HashMap",
        ] {
            assert!(
                bans.contains(ban),
                "{name}: .clippy.toml does not ban {ban}"
            );
        }
    }
}

#[test]
fn sql_stands_in_stores_only() {
    let statements = [
        "SELECT ",
        "INSERT ",
        "UPDATE ",
        "DELETE FROM",
        "CREATE TABLE",
        "PRAGMA ",
    ];
    for file in sources() {
        let text = std::fs::read_to_string(root().join(&file)).unwrap();
        let has_sql = statements.iter().any(|s| text.contains(s)) || text.contains("rusqlite::");
        let is_store = STORES
            .iter()
            .any(|store| file.with_extension("").starts_with(store));
        let is_test = is_test_file(&file);
        assert!(
            !has_sql || is_store || is_test,
            "{}: SQL outside a store",
            file.display()
        );
    }
}

#[test]
fn gstreamer_stands_in_the_pipeline_folder_only() {
    for file in sources() {
        let text = std::fs::read_to_string(root().join(&file)).unwrap();
        let uses = ["gstreamer", "gst::", "gst_app", "gst_video", "gst_audio"];
        let hit = uses.iter().find(|name| text.contains(**name));
        let allowed = file.starts_with(PIPELINE)
            || file.as_path() == Path::new("player/wall/src/pipeline.rs")
            || is_test_file(&file);
        assert!(
            hit.is_none() || allowed,
            "{}: {} outside {PIPELINE}",
            file.display(),
            hit.unwrap()
        );
    }
}

#[test]
fn no_file_is_too_long_and_no_module_is_called_mod() {
    for file in sources() {
        let lines = std::fs::read_to_string(root().join(&file))
            .unwrap()
            .lines()
            .count();
        assert!(lines <= LONGEST_FILE, "{}: {lines} lines", file.display());
        assert_ne!(file.file_name().unwrap(), "mod.rs", "{}", file.display());
    }
}

#[test]
fn the_readme_shows_every_folder_of_the_map_and_no_other() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    for (_, folder, _) in ARROWS {
        assert!(
            readme.contains(&format!("{folder}/")),
            "README.md does not show {folder}/"
        );
    }
    let map = readme
        .split("```text map")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .unwrap();
    for line in map.lines().filter(|line| !line.trim().is_empty()) {
        let path = line.split_whitespace().next().unwrap();
        assert!(
            root().join(path).exists(),
            "README.md shows {path}, which does not exist"
        );
    }
}

#[test]
fn nothing_in_the_tree_speaks_of_another_place() {
    let banned = ["/root/", "/farm/", "crates.io", "pypi.org", "npmjs.org"];
    for file in tracked_files()
        .into_iter()
        .filter(|file| !file.ends_with("Cargo.lock"))
    {
        let Ok(text) = std::fs::read_to_string(root().join(&file)) else {
            continue;
        };
        if file.ends_with("architecture.rs") {
            continue;
        }
        for word in banned {
            assert!(!text.contains(word), "{}: {word}", file.display());
        }
    }
}

fn is_test_file(file: &Path) -> bool {
    file.starts_with("tests")
        || file.components().any(|part| part.as_os_str() == "tests")
        || file.file_stem().is_some_and(|stem| stem == "tests")
}

fn sources() -> Vec<PathBuf> {
    tracked_files()
        .into_iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

fn tracked_files() -> Vec<PathBuf> {
    let output = std::process::Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root())
        .output()
        .expect("git lists the files of the tree");
    String::from_utf8_lossy(&output.stdout)
        .split('\0')
        .filter(|path| !path.is_empty() && root().join(path).is_file())
        .map(PathBuf::from)
        .collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .unwrap()
}

fn package<'m>(metadata: &'m Metadata, name: &str) -> &'m Package {
    metadata
        .packages
        .iter()
        .find(|package| package.name.as_str() == name)
        .unwrap()
}

fn normal_dependencies(package: &Package) -> Vec<String> {
    package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind == cargo_metadata::DependencyKind::Normal)
        .map(|dependency| dependency.name.clone())
        .collect()
}
