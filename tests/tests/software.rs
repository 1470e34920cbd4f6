//! Software of the boards: what builders have signed is admitted, and nothing else is.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use cotmoc_proto::Reject;
use cotmoc_proto::envelope::PayloadType;
use cotmoc_proto::media::Mime;
use cotmoc_proto::software::Software;
use cotmoc_proto::trust::{
    Board, Identity, RoleName, Root, SoftwareState, TrustState, admit_release, admit_software,
    admit_takedown,
};
use cotmoc_test_kit::{Person, Site, media, seal};

struct World {
    site: Site,
    root: Root,
    board: Board,
}

impl World {
    fn new() -> Self {
        let site = Site::new();
        let root = site.root_with_builders();
        assert_eq!(root.check(), Ok(()));
        let board = Board {
            site: site.id.clone(),
            class: "generic-amd64".parse().unwrap(),
        };
        Self { site, root, board }
    }

    fn software(&self, version: u64) -> Software {
        self.site.software(version, b"bundle")
    }

    fn admit(&self, state: &SoftwareState, running: u64, bytes: &[u8]) -> Result<u64, Reject> {
        let admitted = admit_software(&self.root, state, (&self.board, running), bytes)?;
        Ok(admitted.document.version)
    }

    /// The answer to software that `people` have signed.
    fn signed_by(&self, people: &[&Person]) -> Result<u64, Reject> {
        let bytes = seal(PayloadType::Software, &self.software(1), people);
        self.admit(&SoftwareState::default(), 0, &bytes)
    }
}

#[test]
fn u01_software_is_not_taken_from_those_who_sign_content_nor_content_from_builders() {
    let world = World::new();
    let site = &world.site;
    let ([editor, _], [approver, _], [duty, _]) = (&site.editors, &site.approvers, &site.duty);
    let [first, second, _] = &site.builders;
    let is_refused = |people: &[&Person]| {
        let answer = world.signed_by(people);
        assert!(matches!(answer, Err(Reject::Unsigned { .. })), "{answer:?}");
    };
    is_refused(&[editor, approver, duty]);
    is_refused(&[editor, first]);
    is_refused(&site.root_holders.iter().collect::<Vec<_>>());
    assert_eq!(world.signed_by(&[first, second]), Ok(1));

    let state = TrustState::fresh(&world.root);
    let me: Identity = site.identity("W01");
    let slide = media::describe(Mime::Png, &media::png(64, 32, [0, 90, 200]));
    let release = site.release(1, &slide.asset, &[&slide.asset]);
    let release = seal(PayloadType::Release, &release, &[first, second]);
    let answer = admit_release(&world.root, &state, &me, &release);
    assert!(matches!(answer, Err(Reject::Unsigned { .. })), "{answer:?}");
    let takedown = site.takedown(1, 1, &[]);
    let takedown = seal(PayloadType::Takedown, &takedown, &[first, second]);
    let answer = admit_takedown(&world.root, &state, &me, &takedown);
    assert!(matches!(answer, Err(Reject::Unsigned { .. })), "{answer:?}");
}

#[test]
fn u01_a_root_in_which_one_person_signs_content_and_software_is_refused() {
    let world = World::new();
    for name in [RoleName::Release, RoleName::Takedown, RoleName::Override] {
        let mut root = world.root.clone();
        let borrowed = root.roles.0[&name].all[0].keys[0];
        let role = root.roles.0.get_mut(&RoleName::Software).unwrap();
        role.all[0].keys.push(borrowed);
        let answer = root.check();
        assert!(matches!(answer, Err(Reject::BadRoot { .. })), "{answer:?}");
    }
}

#[test]
fn u06_one_builder_alone_or_twice_is_not_enough() {
    let world = World::new();
    let [first, _, third] = &world.site.builders;
    let alone = world.signed_by(&[first]);
    assert!(matches!(
        alone,
        Err(Reject::Unsigned {
            valid: 1,
            needed: 2,
            ..
        })
    ));
    assert_eq!(world.signed_by(&[third, first]), Ok(1));
    let mut root = world.root.clone();
    let clause = &mut root.roles.0.get_mut(&RoleName::Software).unwrap().all[0];
    clause.threshold = 1;
    assert!(matches!(root.check(), Err(Reject::BadRoot { .. })));
}

#[test]
fn u03_older_software_is_refused_whatever_runs_and_so_is_another_of_the_same_number() {
    let world = World::new();
    let third = world.site.seal_software(&world.software(3));
    let board = (&world.board, 2);
    let fresh = SoftwareState::default();
    let admitted = admit_software(&world.root, &fresh, board, &third).unwrap();
    let state = SoftwareState::after(&admitted);
    assert_eq!(world.admit(&state, 2, &third), Ok(3), "the same again");
    let second = world.site.seal_software(&world.software(2));
    let answer = world.admit(&state, 1, &second);
    assert_eq!(answer, Err(Reject::Rollback { have: 3, got: 2 }));
    let other = world.site.software(3, b"another bundle");
    let answer = world.admit(&state, 2, &world.site.seal_software(&other));
    assert_eq!(answer, Err(Reject::Equivocation { version: 3 }));
    let far = world.site.seal_software(&world.software(20_000));
    let answer = world.admit(&state, 3, &far);
    assert!(matches!(answer, Err(Reject::Jump { .. })), "{answer:?}");
}

#[test]
fn u03_the_counter_starts_again_with_the_next_epoch_only() {
    let world = World::new();
    let state = SoftwareState {
        epoch: 1,
        version: 9,
        sha256: None,
    };
    let mut software = world.software(1);
    software.epoch = 2;
    let bytes = world.site.seal_software(&software);
    let answer = world.admit(&state, 9, &bytes);
    assert_eq!(answer, Err(Reject::WrongEpoch { have: 1, got: 2 }));
    let mut root = world.root.clone();
    root.epoch = 2;
    let admitted = admit_software(&root, &state, (&world.board, 9), &bytes).unwrap();
    assert_eq!(admitted.document.version, 1);
}

#[test]
fn software_for_another_class_or_site_or_after_a_version_that_does_not_run_here_is_refused() {
    let world = World::new();
    let fresh = SoftwareState::default();
    let mut other = world.software(1);
    other.class = "raspberry-pi-5".parse().unwrap();
    let answer = world.admit(&fresh, 0, &world.site.seal_software(&other));
    assert!(matches!(
        answer,
        Err(Reject::NotForUs {
            what: "board class",
            ..
        })
    ));
    let mut step = world.software(5);
    step.min_version = 4;
    let bytes = world.site.seal_software(&step);
    let needs = Reject::NeedsStep {
        version: 5,
        min: 4,
        running: 3,
    };
    assert_eq!(world.admit(&fresh, 3, &bytes), Err(needs));
    assert_eq!(world.admit(&fresh, 4, &bytes), Ok(5));
}

#[test]
fn software_that_breaks_a_rule_of_its_own_is_refused_and_so_is_all_under_a_root_without_builders() {
    let world = World::new();
    let refused = |change: fn(&mut Software)| {
        let mut software = world.software(2);
        change(&mut software);
        let bytes = world.site.seal_software(&software);
        let answer = world.admit(&SoftwareState::default(), 1, &bytes);
        assert!(
            matches!(answer, Err(Reject::BadSoftware { .. })),
            "{answer:?}"
        );
    };
    refused(|s| s.version = 0);
    refused(|s| s.min_version = 2);
    refused(|s| s.label.clear());
    refused(|s| s.bundle.size_bytes = 0);
    refused(|s| s.bundle.size_bytes = u64::from(u32::MAX) * 4);
    refused(|s| s.health_timeout_s = 29);
    let bytes = world.site.seal_software(&world.software(1));
    let root = world.site.root();
    let answer = admit_software(&root, &SoftwareState::default(), (&world.board, 0), &bytes);
    assert!(matches!(answer, Err(Reject::Unsigned { .. })), "{answer:?}");
}
