//! Planner: which media to evict, check and fetch, and whether a release fits the device at all.

use cotmoc_proto::media::Asset;
use cotmoc_proto::{Digest, Reject};
use std::collections::{BTreeMap, BTreeSet};

/// What a file of the media folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileKind {
    /// A whole blob.
    Blob,
    /// The beginning of a blob that is being fetched.
    Part,
}

/// One file of the media folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    pub digest: Digest,
    pub kind: FileKind,
    pub bytes: u64,
    /// Whether its content is known to have its digest.
    pub checked: bool,
}

/// How much the media may take, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Free on the disk now.
    pub free_bytes: u64,
    /// Of that, never to be used.
    pub reserve_bytes: u64,
    /// The most that all media may take together.
    pub quota_bytes: u64,
}

/// What should be there and what is.
#[derive(Debug, Clone, Copy)]
pub struct World<'a> {
    /// Assets of the release that is to come; empty where there is none.
    pub wanted: &'a [Asset],
    /// Assets of the releases that run: never evicted, fetched again where they are missing.
    pub running: &'a [Asset],
    /// Assets of their predecessors: never evicted.
    pub kept: &'a [Asset],
    pub found: &'a [Found],
    pub space: Space,
    /// `false` where it is not known what a screen runs: then no blob is evicted.
    pub may_evict: bool,
}

/// One thing to do. The order of a plan is the order to do it in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Remove a file that nothing needs.
    Evict { digest: Digest, kind: FileKind },
    /// Hash a blob; remove it if it is not what its name says.
    Verify { digest: Digest },
    /// Fetch the chunk list and the blob of an asset, as far as they are not there.
    Fetch(Asset),
}

/// What to do, and why the release that is to come cannot, if it cannot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub steps: Vec<Step>,
    pub refused: Option<Reject>,
}

/// Plans the media of a device. A release that does not fit is refused before anything of it is
/// fetched; the plan then goes on without it.
#[must_use]
pub fn plan(world: &World<'_>) -> Plan {
    let refused = quota(world);
    let wanted = if refused.is_some() { &[] } else { world.wanted };
    let disk = Disk::of(world.found);
    let needed = sizes([wanted, world.running, world.kept]);
    let evict = world
        .found
        .iter()
        .filter(|file| match file.kind {
            FileKind::Blob => !needed.contains_key(&file.digest),
            FileKind::Part => needed
                .get(&file.digest)
                .is_none_or(|bytes| disk.blobs.get(&file.digest) == Some(bytes)),
        })
        .filter(|file| world.may_evict || file.kind == FileKind::Part)
        .map(|file| Step::Evict {
            digest: file.digest,
            kind: file.kind,
        });
    let verify = needed
        .iter()
        .filter(|(digest, bytes)| disk.unchecked.get(digest) == Some(bytes))
        .map(|(digest, _)| Step::Verify { digest: *digest });
    let mut seen = BTreeSet::new();
    let fetch = world
        .running
        .iter()
        .chain(wanted)
        .filter(|asset| !disk.has(asset))
        .filter(|asset| seen.insert((asset.sha256, asset.chunks_sha256)))
        .map(|asset| Step::Fetch(asset.clone()));
    Plan {
        steps: evict.chain(verify).chain(fetch).collect(),
        refused,
    }
}

/// The blobs of the media folder by digest.
struct Disk {
    blobs: BTreeMap<Digest, u64>,
    unchecked: BTreeMap<Digest, u64>,
}

impl Disk {
    fn of(found: &[Found]) -> Self {
        let blobs = found.iter().filter(|file| file.kind == FileKind::Blob);
        let unchecked = blobs.clone().filter(|file| !file.checked);
        Self {
            blobs: blobs.map(|file| (file.digest, file.bytes)).collect(),
            unchecked: unchecked.map(|file| (file.digest, file.bytes)).collect(),
        }
    }

    fn has(&self, asset: &Asset) -> bool {
        pieces(asset)
            .iter()
            .all(|(digest, bytes)| self.blobs.get(digest) == Some(bytes))
    }
}

/// The blobs of an asset with their sizes.
fn pieces(asset: &Asset) -> [(Digest, u64); 2] {
    [
        (asset.chunks_sha256, asset.chunk_list_bytes()),
        (asset.sha256, asset.size_bytes),
    ]
}

fn sizes<const N: usize>(sets: [&[Asset]; N]) -> BTreeMap<Digest, u64> {
    sets.into_iter().flatten().flat_map(pieces).collect()
}

/// Why the wanted assets do not fit beside what must stay, if they do not.
fn quota(world: &World<'_>) -> Option<Reject> {
    let Space {
        free_bytes,
        reserve_bytes,
        quota_bytes,
    } = world.space;
    let wanted = sizes([world.wanted]);
    let staying = sizes([world.running, world.kept]);
    let beside: u64 = staying
        .iter()
        .filter(|(digest, _)| !wanted.contains_key(digest))
        .map(|(_, bytes)| *bytes)
        .fold(0, u64::saturating_add);
    let is_ours = |digest: &Digest| wanted.contains_key(digest) || staying.contains_key(digest);
    let reusable = world
        .found
        .iter()
        .filter(|file| world.may_evict || file.kind == FileKind::Part || is_ours(&file.digest))
        .map(|file| file.bytes)
        .fold(0, u64::saturating_add);
    let room = free_bytes
        .saturating_add(reusable)
        .saturating_sub(reserve_bytes);
    let available_bytes = room.min(quota_bytes).saturating_sub(beside);
    let needed_bytes = wanted.values().copied().fold(0, u64::saturating_add);
    let missing = wanted.iter().any(|(digest, bytes)| {
        !world.found.iter().any(|file| {
            file.kind == FileKind::Blob && file.digest == *digest && file.bytes == *bytes
        })
    });
    (missing && needed_bytes > available_bytes).then_some(Reject::Quota {
        needed_bytes,
        available_bytes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use cotmoc_proto::media::Mime;
    use proptest::prelude::*;
    use std::num::NonZeroU32;

    const PLENTY: Space = Space {
        free_bytes: 1 << 40,
        reserve_bytes: 0,
        quota_bytes: 1 << 40,
    };

    fn asset(n: u8, size_bytes: u64) -> Asset {
        Asset {
            sha256: Digest::of(&[n]),
            size_bytes,
            mime: Mime::Mp4,
            chunk_bytes: NonZeroU32::new(1 << 20).unwrap(),
            chunks_sha256: Digest::of(&[n, n]),
            loudness: None,
        }
    }

    fn blobs(asset: &Asset, checked: bool) -> Vec<Found> {
        let found = |(digest, bytes)| Found {
            digest,
            kind: FileKind::Blob,
            bytes,
            checked,
        };
        pieces(asset).map(found).into()
    }

    fn world<'a>(wanted: &'a [Asset], found: &'a [Found], space: Space) -> World<'a> {
        World {
            wanted,
            running: &[],
            kept: &[],
            found,
            space,
            may_evict: true,
        }
    }

    #[test]
    fn what_is_missing_is_fetched_and_what_nothing_needs_is_evicted() {
        let (new, old) = (asset(1, 5_000_000), asset(2, 7));
        let part = Found {
            digest: Digest::of(b"other"),
            kind: FileKind::Part,
            bytes: 3,
            checked: false,
        };
        let found = [blobs(&old, true), vec![part]].concat();
        let plan = plan(&world(std::slice::from_ref(&new), &found, PLENTY));
        assert_eq!(plan.refused, None);
        assert_eq!(plan.steps.len(), 4);
        assert_eq!(plan.steps[3], Step::Fetch(new));
        assert!(
            plan.steps[..3]
                .iter()
                .all(|step| matches!(step, Step::Evict { .. }))
        );
    }

    #[test]
    fn a_release_that_does_not_fit_is_refused_before_anything_is_fetched() {
        let huge = asset(1, 50_000_000_000);
        let space = Space {
            free_bytes: 10_000_000_000,
            reserve_bytes: 1_000_000_000,
            quota_bytes: u64::MAX,
        };
        let plan = plan(&world(std::slice::from_ref(&huge), &[], space));
        assert_eq!(plan.steps, []);
        let available_bytes = 9_000_000_000;
        let needed_bytes = huge.size_bytes + huge.chunk_list_bytes();
        let quota = Reject::Quota {
            needed_bytes,
            available_bytes,
        };
        assert_eq!(plan.refused, Some(quota));
    }

    #[test]
    fn a_release_that_fits_only_in_place_of_the_old_media_fits() {
        let (new, old) = (asset(1, 900), asset(2, 900));
        let found = blobs(&old, true);
        let space = Space {
            free_bytes: 100,
            reserve_bytes: 0,
            quota_bytes: 1_000,
        };
        assert_eq!(
            plan(&world(std::slice::from_ref(&new), &found, space)).refused,
            None
        );
        let kept = std::slice::from_ref(&old);
        let beside = World {
            kept,
            ..world(std::slice::from_ref(&new), &found, space)
        };
        assert!(plan(&beside).refused.is_some());
    }

    #[test]
    fn while_it_is_unknown_what_runs_no_blob_is_evicted() {
        let found = blobs(&asset(2, 900), true);
        let unknown = World {
            may_evict: false,
            ..world(&[], &found, PLENTY)
        };
        assert_eq!(plan(&unknown).steps, []);
    }

    #[test]
    fn a_blob_of_the_wrong_size_is_fetched_again_and_an_unchecked_one_is_checked() {
        let one = asset(1, 900);
        let mut found = blobs(&one, false);
        found[1].bytes = 899;
        let steps = plan(&world(std::slice::from_ref(&one), &found, PLENTY)).steps;
        let verify = Step::Verify {
            digest: one.chunks_sha256,
        };
        assert_eq!(steps, [verify, Step::Fetch(one)]);
    }

    fn assets() -> impl Strategy<Value = Vec<Asset>> {
        proptest::collection::vec(
            (0_u8..12).prop_map(|n| asset(n, 1_000 * (1 + u64::from(n)))),
            0..6,
        )
    }

    fn files() -> impl Strategy<Value = Vec<Found>> {
        let file = (0_u8..24, any::<bool>(), 1_u64..20, any::<bool>());
        proptest::collection::btree_map((0_u8..24, any::<bool>()), file, 0..20).prop_map(|files| {
            let found = |((n, whole), (_, _, size, checked))| Found {
                digest: if n < 12 {
                    Digest::of(&[n])
                } else {
                    Digest::of(&[n - 12, n - 12])
                },
                kind: if whole {
                    FileKind::Blob
                } else {
                    FileKind::Part
                },
                bytes: if n < 12 { size * 1_000 } else { 32 },
                checked,
            };
            files.into_iter().map(found).collect()
        })
    }

    /// Does what the plan says, on a disk where every content is good.
    fn apply(steps: &[Step], found: &mut Vec<Found>) {
        for step in steps {
            match step {
                Step::Evict { digest, kind } => {
                    found.retain(|file| file.digest != *digest || file.kind != *kind);
                }
                Step::Verify { digest } => found
                    .iter_mut()
                    .filter(|file| file.digest == *digest && file.kind == FileKind::Blob)
                    .for_each(|file| file.checked = true),
                Step::Fetch(asset) => {
                    for whole in blobs(asset, true) {
                        found.retain(|file| file.digest != whole.digest);
                        found.push(whole);
                    }
                }
            }
        }
    }

    proptest! {
        #[test]
        fn planning_again_after_the_plan_was_applied_gives_nothing_to_do(
            wanted in assets(), running in assets(), kept in assets(), found in files(),
            may_evict: bool, quota_bytes in 0_u64..100_000,
        ) {
            let mut found = found;
            let space = Space { free_bytes: 1 << 30, reserve_bytes: 0, quota_bytes };
            let steps = {
                let world = World { wanted: &wanted, running: &running, kept: &kept, found: &found, space, may_evict };
                plan(&world).steps
            };
            apply(&steps, &mut found);
            let world = World { wanted: &wanted, running: &running, kept: &kept, found: &found, space, may_evict };
            let again = plan(&world).steps;
            prop_assert_eq!(again, []);
        }

        #[test]
        fn nothing_that_runs_or_ran_before_is_ever_evicted(
            wanted in assets(), running in assets(), kept in assets(), found in files(),
            quota_bytes in 0_u64..100_000,
        ) {
            let space = Space { free_bytes: 0, reserve_bytes: 0, quota_bytes };
            let world = World { wanted: &wanted, running: &running, kept: &kept, found: &found, space, may_evict: true };
            let safe = sizes([&running, &kept]);
            for step in plan(&world).steps {
                if let Step::Evict { digest, kind: FileKind::Blob } = step {
                    prop_assert!(!safe.contains_key(&digest));
                }
            }
        }
    }
}
