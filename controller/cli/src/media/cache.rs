//! The folder of checked media is kept within bounds: what was used longest ago goes first.

use crate::settings::{Settings, default_media_dir};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What was used so recently stays: somebody may be looking at it before signing.
const IN_USE: Duration = Duration::from_secs(3_600);
/// A download that nothing was added to for so long is not going on.
const ABANDONED: Duration = Duration::from_secs(86_400);

/// A file in the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Kept {
    path: PathBuf,
    bytes: u64,
    /// How long it was not used.
    unused: Duration,
}

/// Brings the folder of this person's checked media within its bound.
pub fn trim(settings: &Settings) {
    for path in plan(list(&default_media_dir()), settings.media_cache_bytes) {
        // Another command may have been faster.
        std::fs::remove_file(path).ok();
    }
}

/// Notes that `path` was used now.
pub fn touch(path: &Path) {
    let noted = std::fs::File::open(path).and_then(|file| file.set_modified(SystemTime::now()));
    // A folder that cannot be written keeps its order.
    noted.ok();
}

/// The files that go so that the rest is at most `limit` bytes.
fn plan(mut found: Vec<Kept>, limit: u64) -> Vec<PathBuf> {
    found.sort_by_key(|kept| std::cmp::Reverse(kept.unused));
    let mut left: u64 = found.iter().map(|kept| kept.bytes).sum();
    let mut gone = Vec::new();
    for kept in found {
        let is_part = kept
            .path
            .extension()
            .is_some_and(|extension| extension == "part");
        let goes = match is_part {
            true => kept.unused > ABANDONED,
            false => left > limit && kept.unused > IN_USE,
        };
        if goes {
            left = left.saturating_sub(kept.bytes);
            gone.push(kept.path);
        }
    }
    gone
}

fn list(folder: &Path) -> Vec<Kept> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let now = SystemTime::now();
    entries
        .filter_map(|entry| {
            let about = entry.metadata().ok().filter(std::fs::Metadata::is_file)?;
            let used = about.modified().ok()?;
            Some(Kept {
                path: entry.path(),
                bytes: about.len(),
                unused: now.duration_since(used).unwrap_or_default(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(name: &str, bytes: u64, hours: u64) -> Kept {
        Kept {
            path: PathBuf::from(name),
            bytes,
            unused: Duration::from_secs(hours * 3_600 + 1),
        }
    }

    #[test]
    fn what_was_used_longest_ago_goes_first_and_what_is_in_use_stays() {
        let all = vec![
            kept("b.mp4", 40, 5),
            kept("a.mp4", 40, 9),
            kept("now.mp4", 100, 0),
            kept("c.mp4", 40, 2),
            kept("old.part", 1, 30),
            kept("new.part", 500, 0),
        ];
        let all: Vec<Kept> = all
            .into_iter()
            .map(|one| match one.path.starts_with("now.mp4") {
                true => Kept {
                    unused: Duration::ZERO,
                    ..one
                },
                false => one,
            })
            .collect();
        let named = |names: &[&str]| names.iter().map(PathBuf::from).collect::<Vec<_>>();
        assert_eq!(plan(all.clone(), 10_000), named(&["old.part"]));
        assert_eq!(
            plan(all.clone(), 650),
            named(&["old.part", "a.mp4", "b.mp4"])
        );
        assert_eq!(
            plan(all, 0),
            named(&["old.part", "a.mp4", "b.mp4", "c.mp4"])
        );
    }

    #[test]
    fn trimming_what_is_trimmed_takes_nothing() {
        let all: Vec<Kept> = (1..20)
            .map(|n| kept(&format!("{n}.mp4"), n * 7, n))
            .collect();
        let gone = plan(all.clone(), 300);
        let rest: Vec<Kept> = all
            .into_iter()
            .filter(|one| !gone.contains(&one.path))
            .collect();
        assert!(rest.iter().map(|one| one.bytes).sum::<u64>() <= 300);
        assert_eq!(plan(rest, 300), Vec::<PathBuf>::new());
    }
}
