use crate::support::{OFFLINE, Place};
use cotmoc_proto::Digest;
use cotmoc_proto::trust::{Identity, factory_root, verify_release};

/// A place with an unsigned draft `r.dsse`.
fn with_draft() -> Place {
    let place = Place::with_programme();
    draft(&place, "r.dsse", "");
    place
}

fn draft(place: &Place, out: &str, more: &str) {
    let line = format!("release draft chuong-trinh.toml --out {out} {OFFLINE}{more}");
    place.line(&line).good();
}

fn sign(place: &Place, file: &str, holder: &str) -> crate::support::Ran {
    place.sign(&format!("release sign {file} --yes {OFFLINE}"), holder)
}

fn accepted(place: &Place, file: &str) -> Result<Digest, String> {
    let root = factory_root(&place.read("root.dsse")).unwrap();
    let me = Identity {
        site: "lang-son".parse().unwrap(),
        channel: "hall".parse().unwrap(),
        device: "W02".parse().unwrap(),
    };
    match verify_release(&root, &me, &place.read(file)) {
        Ok(admitted) => Ok(admitted.digest),
        Err(reject) => Err(reject.code().to_owned()),
    }
}

#[test]
fn an_editor_and_an_approver_make_a_release_that_walls_accept() {
    let place = with_draft();
    assert_eq!(accepted(&place, "r.dsse"), Err("unsigned".to_owned()));
    let first = sign(&place, "r.dsse", "an").good();
    assert!(first.out.contains("approver 0/1"), "{}", first.out);
    assert_eq!(accepted(&place, "r.dsse"), Err("unsigned".to_owned()));
    let second = sign(&place, "r.dsse", "binh").good();
    assert!(second.out.contains("Đã đủ chữ ký"), "{}", second.out);
    assert!(accepted(&place, "r.dsse").is_ok());
}

#[test]
fn the_signer_can_open_exactly_the_bytes_that_were_checked() {
    let place = with_draft();
    let line = format!("release sign r.dsse --yes {OFFLINE} --json");
    let ran = place.sign(&line, "an").good();
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let media = report["media"].as_object().unwrap();
    assert_eq!(media.len(), 4);
    for (digest, path) in media {
        let bytes = place.read(path.as_str().unwrap());
        assert_eq!(Digest::of(&bytes).to_string(), *digest);
    }
    assert!(
        ran.err.contains("Chiếu gì, lúc nào"),
        "people read on standard error"
    );
}

#[test]
fn k03_nobody_signs_twice_and_nobody_without_the_role() {
    let place = with_draft();
    sign(&place, "r.dsse", "an").good();
    let signed = place.read("r.dsse");
    sign(&place, "r.dsse", "an").refused(&["has signed this already"]);
    for stranger in ["chi", "dung", "em"] {
        sign(&place, "r.dsse", stranger).refused(&[
            "may not sign this",
            "editor (an)",
            "approver (binh)",
        ]);
    }
    assert_eq!(place.read("r.dsse"), signed);
}

#[test]
fn without_a_yes_nothing_is_signed() {
    let place = with_draft();
    let before = place.read("r.dsse");
    let line = format!("release sign r.dsse {OFFLINE} --key an.key --passphrase-file pw");
    let args: Vec<&str> = line.split(' ').collect();
    for answer in ["no\n", "y\n", ""] {
        place
            .run(&args, answer)
            .refused(&["not signed: the answer was not yes"]);
    }
    assert_eq!(place.read("r.dsse"), before);
    place.run(&args, "yes\n").good();
}

#[test]
fn media_that_are_not_what_the_release_says_are_not_signed() {
    let place = with_draft();
    let before = place.read("r.dsse");
    let digest = Digest::of(&place.read("a.png"));
    let kept = format!("media/{digest}.png");
    place.write(&kept, &cotmoc_test_kit::media::png(320, 180, [1, 2, 3]));
    sign(&place, "r.dsse", "an")
        .refused(&["nothing was signed", "has other bytes than its name says"]);
    std::fs::remove_file(place.path(&kept)).unwrap();
    sign(&place, "r.dsse", "an").refused(&["nothing was signed", &digest.short(), "--media-dir"]);
    assert_eq!(place.read("r.dsse"), before);
}

#[test]
fn only_the_successor_of_the_last_release_is_signed() {
    let place = with_draft();
    for holder in ["an", "binh"] {
        sign(&place, "r.dsse", holder).good();
    }
    draft(&place, "again.dsse", "");
    draft(&place, "next.dsse", " --previous r.dsse");
    let after = |file: &str| {
        place.sign(
            &format!("release sign {file} --yes {OFFLINE} --previous r.dsse"),
            "an",
        )
    };
    after("again.dsse").refused(&[
        "version 1, but the next version of channel hall is 2",
        "does not follow",
    ]);
    after("next.dsse").good();
    sign(&place, "next.dsse", "binh")
        .refused(&["version 2, but the next version of channel hall is 1"]);
}

#[test]
fn a_release_before_it_must_have_been_signed_by_the_right_people() {
    let place = with_draft();
    sign(&place, "r.dsse", "an").good();
    place
        .line(&format!(
            "release draft chuong-trinh.toml --out x.dsse {OFFLINE} --previous r.dsse"
        ))
        .refused(&["not signed by the people the root of trust names"]);
}

#[test]
fn dates_beyond_what_people_sign_are_refused_all_at_once() {
    let place = Place::with_programme();
    let text = String::from_utf8(place.read("chuong-trinh.toml")).unwrap();
    let dates = "[dates]\nexpires_days = 60\noffline_grace_days = 100\n\n[layout]";
    place.write(
        "chuong-trinh.toml",
        text.replace("[layout]", dates).as_bytes(),
    );
    draft(&place, "long.dsse", " --issued-ms 1577836800000");
    sign(&place, "long.dsse", "an").refused(&[
        "this release is not to be signed",
        "it expires 60 days after its issue; at most 31",
        "is 100 days; at most 90",
        "it has expired",
    ]);
}

#[test]
fn the_root_of_trust_decides_and_never_comes_from_elsewhere() {
    let place = with_draft();
    let line = "release sign r.dsse --yes --offline --media-dir media";
    place
        .sign(line, "an")
        .refused(&["no root of trust: give --root FILE"]);
    let elsewhere = Place::people();
    place.write("root.dsse", &elsewhere.read("root.dsse"));
    sign(&place, "r.dsse", "an").refused(&["may not sign this"]);
}

#[test]
fn a_file_that_is_something_else_is_named_as_such() {
    let place = Place::with_programme();
    sign(&place, "root.dsse", "an").refused(&["root.dsse is not a release"]);
    sign(&place, "a.png", "an").refused(&["a.png is not an envelope"]);
    sign(&place, "gone.dsse", "an").refused(&["open gone.dsse"]);
}

#[test]
fn the_difference_names_every_change_and_nothing_else() {
    let place = with_draft();
    let text = String::from_utf8(place.read("chuong-trinh.toml")).unwrap();
    let edited = text
        .replace("\"W02\"", "\"W03\"")
        .replace("Thủ tục buổi sáng", "Thủ tục mới")
        .replace("dur_s = 15", "dur_s = 20");
    place.write("chuong-trinh.toml", edited.as_bytes());
    draft(&place, "new.dsse", "");
    let changes = place.json("release diff new.dsse r.dsse");
    let what: Vec<&str> = changes["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["what"].as_str().unwrap())
        .collect();
    let expected = [
        "device W02",
        "device W03",
        "item thu-tuc · length",
        "item thu-tuc · title",
    ];
    assert_eq!(what, expected);
    let same = place.line("release diff r.dsse r.dsse").good().out;
    assert!(same.contains("No difference"), "{same}");
}
