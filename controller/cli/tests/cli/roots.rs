use crate::support::Place;
use cotmoc_proto::envelope::{Envelope, Signature};
use cotmoc_proto::trust::{admit_root, factory_root};

fn new_root(place: &Place, extra: &[&str]) -> crate::support::Ran {
    let mut args = vec!["root", "new", "--site", "lang-son", "--out", "new.dsse"];
    args.extend(extra);
    place.run(&args, "")
}

const KEEPERS: [&str; 2] = ["--root-key", "an.key.pub,binh.key.pub,chi.key.pub"];

#[test]
fn two_of_three_make_a_root_that_devices_accept() {
    let place = Place::with_people();
    let root = factory_root(&place.read("root.dsse")).unwrap();
    assert_eq!((root.version, root.epoch, root.keys.0.len()), (1, 1, 4));
    let shown = place.json("root show root.dsse");
    assert_eq!(shown["complete"], true);
    assert_eq!(
        shown["clauses"][0]["signed"],
        serde_json::json!(["an", "chi"])
    );
}

#[test]
fn k06_a_key_record_without_proof_of_possession_enters_no_root() {
    let place = Place::with_people();
    let rest = [
        "--editor",
        "an.key.pub",
        "--approver",
        "binh.key.pub",
        "--duty",
        "dung.key.pub",
    ];
    let original = String::from_utf8(place.read("chi.key.pub")).unwrap();
    // Another person's name on the key, and another person's key with the same proof.
    let renamed = original.replace("\"chi\"", "\"em\"");
    let mut swapped: serde_json::Value = serde_json::from_str(&original).unwrap();
    let other: serde_json::Value = serde_json::from_slice(&place.read("em.key.pub")).unwrap();
    swapped["spki"] = other["spki"].clone();
    swapped["keyid"] = other["keyid"].clone();
    for forged in [renamed, swapped.to_string()] {
        place.write("chi.key.pub", forged.as_bytes());
        new_root(&place, &[&KEEPERS[..], &rest[..]].concat()).refused(&[
            "chi.key.pub cannot be used",
            "proof of possession does not hold",
        ]);
    }
    assert!(!place.path("new.dsse").exists());
}

#[test]
fn s05_s06_a_root_that_one_person_could_fulfil_is_refused() {
    let place = Place::with_people();
    let duty = ["--duty", "dung.key.pub"];
    let two = ["--editor", "an.key.pub", "--approver", "binh.key.pub"];
    let one_person = ["--editor", "an.key.pub", "--approver", "an.key.pub"];
    new_root(&place, &[&KEEPERS[..], &one_person, &duty].concat())
        .refused(&["role release: an would sign twice"]);
    for threshold in ["0", "1", "4"] {
        let with = ["--root-threshold", threshold];
        new_root(&place, &[&KEEPERS[..], &two, &duty, &with].concat()).refused(&["role root"]);
    }
}

#[test]
fn duty_officers_may_show_templates_too_unless_others_are_named_and_old_roots_can_get_the_role() {
    let place = Place::with_people();
    let roles = |file: &str, holder: &str| {
        let shown = place.json(&format!("root show {file}"));
        let keys = shown["keys"].as_array().unwrap();
        let key = keys.iter().find(|key| key["holder"] == holder).unwrap();
        key["roles"].to_string()
    };
    assert_eq!(roles("root.dsse", "dung"), r#"["takedown","override"]"#);
    let two = ["--editor", "an.key.pub", "--approver", "binh.key.pub"];
    let split = ["--duty", "dung.key.pub", "--override", "em.key.pub"];
    new_root(&place, &[&KEEPERS[..], &two, &split].concat()).good();
    assert_eq!(roles("new.dsse", "dung"), r#"["takedown"]"#);
    assert_eq!(roles("new.dsse", "em"), r#"["override"]"#);
    let hours = ["--duty", "dung.key.pub", "--override-hours", "169"];
    std::fs::remove_file(place.path("new.dsse")).unwrap();
    new_root(&place, &[&KEEPERS[..], &two, &hours].concat()).refused(&["limit of 1 s to 7 days"]);
    place
        .line("root next root.dsse --out next.dsse --add-duty em.key.pub")
        .good();
    assert_eq!(roles("next.dsse", "em"), r#"["takedown","override"]"#);
}

#[test]
fn one_person_signs_a_root_once_whichever_of_their_keys() {
    let place = Place::with_people();
    place
        .sign("root sign root.dsse", "an")
        .refused(&["has signed this already"]);
    place
        .sign("root sign root.dsse", "em")
        .refused(&["may not sign this", "root (an, binh, chi)"]);
}

#[test]
fn a_signature_that_does_not_hold_is_dropped_and_takes_nobodys_place() {
    let place = Place::with_people();
    let mut forged = Envelope::unsigned(
        cotmoc_proto::envelope::PayloadType::Root,
        Envelope::parse(&place.read("root.dsse"))
            .unwrap()
            .unverified_payload()
            .to_vec(),
    );
    let keyid = place.json("keys show binh.key")["keyid"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let sig = vec![1; 64];
    forged.add_signature(Signature { keyid, sig }).unwrap();
    place.write("root.dsse", &forged.to_bytes());
    place.sign("root sign root.dsse", "binh").good();
    place.sign("root sign root.dsse", "chi").good();
    assert!(factory_root(&place.read("root.dsse")).is_ok());
}

#[test]
fn the_next_root_needs_the_people_of_both() {
    let place = Place::with_people();
    let keyid = place.json("keys show an.key")["keyid"]
        .as_str()
        .unwrap()
        .to_owned();
    place.ok(&[
        "root",
        "next",
        "root.dsse",
        "--out",
        "root2.dsse",
        "--remove",
        &keyid,
        "--add-root-key",
        "em.key.pub",
        "--add-editor",
        "em.key.pub",
        "--epoch",
    ]);
    place
        .sign("root sign root2.dsse", "chi")
        .refused(&["name that file with --from"]);
    place
        .sign("root sign root2.dsse --from root.dsse", "chi")
        .good();
    place
        .sign("root sign root2.dsse --from root.dsse", "em")
        .good();
    let half = place.json("root show root2.dsse --from root.dsse");
    assert_eq!(half["complete"], false, "chi alone of the old people");
    place
        .sign("root sign root2.dsse --from root.dsse", "binh")
        .good();
    let shown = place.json("root show root2.dsse --from root.dsse");
    assert_eq!(shown["complete"], true);
    let before = factory_root(&place.read("root.dsse")).unwrap();
    let next = admit_root(&before, &place.read("root2.dsse")).unwrap();
    assert_eq!((next.version, next.epoch), (2, 2));
    assert!(!next.keys.0.contains_key(&keyid.parse().unwrap()));
}
