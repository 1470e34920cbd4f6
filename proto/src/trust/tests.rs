//! Rules that need no signature: what a root may say, and what counters and takedowns add up to.

use super::*;
use crate::crypto::{Algorithm, p256_spki};
use crate::digest::Digest;
use crate::id::Holder;
use crate::json::UniqueMap;
use crate::layout::Layout;
use crate::media::{Asset, Mime};
use crate::override_order::{Action, Override, Template};
use crate::plan::{LightPlan, SoundPlan};
use crate::playlist::Item;
use crate::reject::Reject;
use crate::release::{OnStale, Release};
use crate::takedown::Takedown;
use crate::time::{DAY, TimeMs};
use crate::window::OperatingWindow;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::num::NonZeroU32;

/// A key of the right shape that nobody holds.
fn spki(seed: u8) -> Vec<u8> {
    p256_spki(&[&[4], [seed; 64].as_slice()].concat())
}

fn keyid(seed: u8) -> Digest {
    Digest::of(&spki(seed))
}

fn key(seed: u8, holder: &str) -> (Digest, Key) {
    let holder: Holder = holder.parse().unwrap();
    let key = Key::new(Algorithm::EcdsaP256Sha256, &spki(seed), holder);
    (keyid(seed), key)
}

fn clause(name: &str, seeds: &[u8], threshold: u32) -> Clause {
    Clause {
        name: name.to_owned(),
        keys: seeds.iter().map(|seed| keyid(*seed)).collect(),
        threshold,
    }
}

fn root() -> Root {
    let role = |all: Vec<Clause>| Role { all };
    let release = vec![clause("editor", &[4], 1), clause("approver", &[5], 1)];
    let people = ["a", "b", "c", "editor", "approver", "duty"];
    Root {
        site: "huu-nghi".parse().unwrap(),
        version: 1,
        epoch: 1,
        issued_ms: TimeMs(0),
        expires_ms: TimeMs(500 * DAY),
        keys: UniqueMap((1..).zip(people).map(|(n, name)| key(n, name)).collect()),
        roles: UniqueMap(
            [
                (RoleName::Root, role(vec![clause("root", &[1, 2, 3], 2)])),
                (RoleName::Release, role(release)),
                (RoleName::Takedown, role(vec![clause("duty", &[6], 1)])),
            ]
            .into(),
        ),
        override_limit_ms: DAY,
    }
}

/// Why the root is refused after `change`.
fn refused(change: impl Fn(&mut Root)) -> String {
    let mut root = root();
    assert_eq!(root.check(), Ok(()));
    change(&mut root);
    let Err(Reject::BadRoot { detail }) = root.check() else {
        panic!("accepted: {root:?}");
    };
    detail
}

fn role(root: &mut Root, name: RoleName) -> &mut Vec<Clause> {
    &mut root.roles.0.get_mut(&name).unwrap().all
}

#[test]
fn s05_a_threshold_of_zero_or_beyond_the_keys_and_empty_or_missing_roles_are_refused() {
    for name in [RoleName::Root, RoleName::Release, RoleName::Takedown] {
        refused(|root| role(root, name)[0].threshold = 0);
        refused(|root| role(root, name)[0].threshold = 4);
        refused(|root| role(root, name)[0].keys.clear());
        refused(|root| role(root, name).clear());
        let detail = refused(|root| {
            root.roles.0.remove(&name);
        });
        assert!(detail.contains("missing"), "{detail}");
    }
    refused(|root| role(root, RoleName::Root)[0].threshold = 1);
    refused(|root| {
        role(root, RoleName::Release).pop();
    });
    refused(|root| role(root, RoleName::Release)[0].keys.push(keyid(99)));
}

#[test]
fn s06_one_person_with_two_keys_cannot_be_both_editor_and_approver() {
    let detail = refused(|root| {
        let (id, key) = key(7, "editor");
        root.keys.0.insert(id, key);
        role(root, RoleName::Release)[1].keys.push(id);
    });
    assert!(detail.contains("editor would sign twice"), "{detail}");
}

#[test]
fn k03_one_key_cannot_be_both_editor_and_approver() {
    refused(|root| role(root, RoleName::Release)[1].keys.push(keyid(4)));
    refused(|root| role(root, RoleName::Release)[0].keys.push(keyid(4)));
}

#[test]
fn s12_keys_that_are_weak_of_another_shape_or_misnamed_are_refused() {
    let ed25519_identity = [
        &[
            0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00, 1,
        ][..],
        &[0; 31],
    ]
    .concat();
    let mut compressed = spki(8);
    compressed.truncate(26 + 33);
    let mut trailing = spki(8);
    trailing.push(0);
    let short_rsa = [&[0x30, 0x82, 0x00, 0x10][..], &[0; 16]].concat();
    for (alg, der) in [
        (Algorithm::EcdsaP256Sha256, ed25519_identity),
        (Algorithm::EcdsaP256Sha256, compressed),
        (Algorithm::EcdsaP256Sha256, trailing),
        (Algorithm::RsaPssSha256, short_rsa),
        (Algorithm::RsaPkcs1Sha256, spki(8)),
        (Algorithm::EcdsaP256Sha256, Vec::new()),
    ] {
        let detail = refused(|root| {
            let key = Key::new(alg, &der, "x".parse().unwrap());
            root.keys.0.insert(Digest::of(&der), key);
        });
        assert!(detail.contains("not a key of its algorithm"), "{detail}");
    }
    let detail = refused(|root| {
        root.keys.0.insert(keyid(9), key(8, "x").1);
    });
    assert!(detail.contains("not the digest"), "{detail}");
    let named = r#""alg":"ecdsa-p256-sha256""#;
    let text = serde_json::to_string(&root()).unwrap();
    for other in ["ed25519", "none", "rsa-sha1"] {
        let bad = text.replace(named, &format!(r#""alg":"{other}""#));
        assert!(crate::json::parse_strict::<Root>(bad.as_bytes()).is_err());
    }
}

fn asset(seed: u8) -> Digest {
    Digest::of(&[seed])
}

fn release(version: u64, lifts_takedown: u64) -> Release {
    let asset = Asset {
        sha256: asset(0),
        size_bytes: 1,
        mime: Mime::Png,
        chunk_bytes: NonZeroU32::MIN,
        chunks_sha256: asset(0),
        loudness: None,
    };
    Release {
        site: "huu-nghi".parse().unwrap(),
        channel: "hall".parse().unwrap(),
        devices: vec!["W01".parse().unwrap()],
        epoch: 1,
        version,
        prev: None,
        issued_ms: TimeMs(0),
        refresh_by_ms: TimeMs(DAY),
        expires_ms: TimeMs(DAY),
        offline_grace_ms: DAY,
        on_stale: OnStale::Keep,
        window: OperatingWindow::default(),
        layout: Layout::full_screen(64, 64),
        dayparts: Vec::new(),
        playlists: Vec::new(),
        fallback: Item {
            id: "fallback".parse().unwrap(),
            title: String::new(),
            languages: Vec::new(),
            source: String::new(),
            credit: String::new(),
            asset,
            dur_ms: 1_000,
            from_ms: None,
            to_ms: None,
        },
        templates: Vec::new(),
        sound: SoundPlan::default(),
        light: LightPlan::default(),
        announcements: Vec::new(),
        lookup: None,
        lifts_takedown,
        note: String::new(),
    }
}

fn takedown(seq: u64, max_release: u64, seed: u8) -> Takedown {
    Takedown {
        site: "huu-nghi".parse().unwrap(),
        channel: "hall".parse().unwrap(),
        epoch: 1,
        seq,
        issued_ms: TimeMs(0),
        max_release,
        assets: [asset(seed)].into(),
        whole: seed == 0,
        reason: String::new(),
    }
}

#[test]
fn time_that_is_proven_only_grows() {
    let mut root = root();
    let mut state = TrustState::fresh(&root);
    state.powered_ms = 10;
    assert_eq!(state.earliest_now(), TimeMs(10));
    (root.version, root.issued_ms) = (2, TimeMs(5));
    state.on_root(&root);
    assert_eq!(state.earliest_now(), TimeMs(10));
    (root.version, root.issued_ms) = (3, TimeMs(50));
    state.on_root(&root);
    assert_eq!(state.earliest_now(), TimeMs(50));
}

#[test]
fn an_expired_release_replaces_nothing_but_may_be_a_devices_first() {
    let mut state = TrustState::fresh(&root());
    state.powered_ms = 2 * DAY;
    let old = release(1, 0);
    assert_eq!(state.check_release(&old, asset(1)), Ok(()));
    state.on_release(&old, asset(1));
    assert_eq!(state.check_release(&old, asset(1)), Ok(()));
    assert_eq!(
        state.check_release(&release(2, 0), asset(2)),
        Err(Reject::Expired {
            expired: TimeMs(DAY)
        })
    );
    state.powered_ms -= 1;
    assert_eq!(state.check_release(&release(2, 0), asset(2)), Ok(()));
}

/// Takedowns and releases as a channel sends them: each release knows the takedowns before it.
fn history() -> impl Strategy<Value = (Vec<Release>, Vec<Takedown>)> {
    prop::collection::vec((any::<bool>(), any::<bool>(), 0_u8..4), 1..14).prop_map(|sent| {
        let (mut releases, mut takedowns) = (vec![release(1, 0)], Vec::new());
        for (is_release, lifts, seed) in sent {
            let newest: &Release = releases.last().unwrap();
            let (version, seq) = (newest.version, takedowns.len() as u64);
            if is_release {
                let lifted = if lifts { seq } else { newest.lifts_takedown };
                releases.push(release(version + 1, lifted));
            } else {
                takedowns.push(takedown(seq + 1, version, seed));
            }
        }
        (releases, takedowns)
    })
}

fn template(duration_ms: i64) -> Template {
    Template {
        item: "emergency".parse().unwrap(),
        asset: asset(0),
        min_release: 1,
        max_release: 1,
        duration_ms,
    }
}

fn order(seq: u64, action: Action) -> Override {
    Override {
        site: "huu-nghi".parse().unwrap(),
        channel: "hall".parse().unwrap(),
        epoch: 1,
        seq,
        issued_ms: TimeMs(0),
        action,
        reason: String::new(),
    }
}

fn show(seq: u64, duration_ms: i64) -> Override {
    order(seq, Action::Show(template(duration_ms)))
}

#[test]
fn a_root_without_the_override_role_is_good_and_one_that_has_it_must_have_it_right() {
    assert_eq!(root().check(), Ok(()));
    assert!(!root().roles.0.contains_key(&RoleName::Override));
    let add = |root: &mut Root, clauses: Vec<Clause>| {
        root.roles
            .0
            .insert(RoleName::Override, Role { all: clauses });
    };
    let mut with = root();
    add(&mut with, vec![clause("duty", &[6], 1)]);
    assert_eq!(with.check(), Ok(()));
    refused(|root| add(root, vec![]));
    refused(|root| add(root, vec![clause("duty", &[6], 0)]));
    refused(|root| add(root, vec![clause("duty", &[6], 2)]));
    refused(|root| add(root, vec![clause("duty", &[99], 1)]));
    for limit_ms in [0, -1, 999, 7 * DAY + 1] {
        refused(|root| root.override_limit_ms = limit_ms);
    }
}

#[test]
fn the_usual_limit_is_not_written_so_that_older_readers_understand_the_root() {
    let text = serde_json::to_string(&root()).unwrap();
    assert!(!text.contains("override"), "{text}");
    let read: Root = crate::json::parse_strict(text.as_bytes()).unwrap();
    assert_eq!(read.override_limit_ms, DAY);
    let mut shorter = root();
    shorter.override_limit_ms = 60_000;
    let text = serde_json::to_string(&shorter).unwrap();
    let read: Root = crate::json::parse_strict(text.as_bytes()).unwrap();
    assert_eq!(read, shorter);
    let state = serde_json::to_string(&TrustState::fresh(&root())).unwrap();
    assert!(!state.contains("override"), "{state}");
}

/// What happens to a device that duty officers give orders.
#[derive(Debug, Clone)]
enum Step {
    Show(u64, i64),
    End(u64, u64),
    Powered(i64),
    Restarted,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1_u64..12, 1_000_i64..100_000).prop_map(|(seq, ms)| Step::Show(seq, ms)),
        (2_u64..12, 1_u64..11).prop_map(|(seq, ends)| Step::End(seq, ends)),
        (0_i64..60_000).prop_map(Step::Powered),
        Just(Step::Restarted),
    ]
}

proptest! {
    #[test]
    fn an_order_is_shown_once_and_no_longer_than_it_lasts_whatever_comes(
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let mut state = TrustState::fresh(&root());
        let mut shown_ms = std::collections::BTreeMap::<u64, i64>::new();
        let mut over = BTreeSet::<u64>::new();
        for step in steps {
            let before = state.clone();
            let order = match step {
                Step::Powered(ms) => {
                    if let Some(order) = &state.override_in_force {
                        let left = order.template.duration_ms - order.used_ms;
                        *shown_ms.entry(order.seq).or_default() += ms.min(left);
                    }
                    state.on_powered(ms);
                    None
                }
                Step::Restarted => {
                    state.spend_override(1_000);
                    None
                }
                Step::Show(seq, ms) => Some(show(seq, ms)),
                Step::End(seq, ends) => Some(order(seq, Action::End { ends })),
            };
            if let Some(order) = order {
                let digest = Digest::of(&serde_json::to_vec(&order).unwrap());
                match state.check_override(&order, digest) {
                    Ok(()) => {
                        state.on_override(&order, digest);
                        prop_assert!(state.override_seq >= before.override_seq);
                        prop_assert_eq!(state.override_seq, order.seq);
                    }
                    Err(_) => prop_assert!(order.seq <= state.override_seq),
                }
                if order.seq <= before.override_seq {
                    prop_assert_eq!(&state, &before);
                }
            }
            let now = state.override_in_force.as_ref().map(|order| order.seq);
            let was = before.override_in_force.as_ref().map(|order| order.seq);
            over.extend(was.filter(|was| now != Some(*was)));
            if let Some(order) = &state.override_in_force {
                prop_assert!(!over.contains(&order.seq), "what is over comes back");
                prop_assert!(order.used_ms < order.template.duration_ms);
                prop_assert!(shown_ms.get(&order.seq).copied().unwrap_or(0) <= order.used_ms);
            }
        }
    }

    #[test]
    fn proven_time_refuses_and_ends_what_was_ordered_long_before(
        lasts in 1_000..DAY,
        late in -DAY..DAY,
    ) {
        let mut state = TrustState::fresh(&root());
        state.powered_ms = lasts + DAY + late;
        let checked = state.check_override(&show(1, lasts), asset(1));
        prop_assert_eq!(checked.is_ok(), late < 0);
        state.powered_ms = 0;
        state.on_override(&show(1, lasts), asset(1));
        let mut root = root();
        (root.version, root.issued_ms) = (2, TimeMs(lasts + DAY + late));
        state.on_root(&root);
        prop_assert_eq!(state.override_in_force.is_some(), late < 0);
    }

    #[test]
    fn whatever_order_takedowns_and_releases_arrive_in_the_same_is_denied(
        (releases, takedowns) in history(),
        order in any::<prop::sample::Index>(),
        skipped in any::<u16>(),
        twice in any::<bool>(),
    ) {
        let mut in_order = TrustState::fresh(&root());
        takedowns.iter().for_each(|t| in_order.on_takedown(t));
        releases.iter().for_each(|r| in_order.on_release(r, asset(1)));
        let mut other = TrustState::fresh(&root());
        let split = order.index(takedowns.len() + 1);
        takedowns[split..].iter().rev().for_each(|t| other.on_takedown(t));
        let last = releases.len() - 1;
        for (n, release) in releases.iter().enumerate() {
            if n == last || skipped >> n & 1 == 0 {
                other.on_release(release, asset(1));
            }
        }
        takedowns[..split].iter().for_each(|t| other.on_takedown(t));
        if twice {
            takedowns.iter().for_each(|t| other.on_takedown(t));
        }
        for release in &releases {
            prop_assert_eq!(in_order.denied_in(release), other.denied_in(release));
            prop_assert_eq!(in_order.is_down(release), other.is_down(release));
        }
        let newest = &releases[last];
        let before = other.denied_in(newest);
        other.forget_lifted(newest.version);
        prop_assert_eq!(other.denied_in(newest), before);
    }

    #[test]
    fn no_release_lifts_a_takedown_that_was_made_for_it(version in 1_u64..50, lifts in any::<u64>()) {
        let mut state = TrustState::fresh(&root());
        let greedy = release(version, lifts);
        state.on_release(&greedy, asset(1));
        state.on_takedown(&takedown(1, version, 2));
        prop_assert!(state.denied_in(&greedy).contains(&asset(2)));
    }

    #[test]
    fn counters_take_no_step_back_and_none_too_far(have in 1_u64..1 << 40, got in any::<u64>()) {
        let mut state = TrustState::fresh(&root());
        (state.release, state.release_sha256) = (have, Some(asset(1)));
        let checked = state.check_release(&release(got, 0), asset(1));
        prop_assert_eq!(checked.is_ok(), (have..=have + MAX_STEP).contains(&got));
    }
}
