use crate::support::{ISSUED_MS, OFFLINE, Place};
use cotmoc_proto::Digest;

/// What an approver sees, column by column.
const SHOWN: &str = include_str!("shown.txt");

fn shown(place: &Place, more: &str) -> String {
    if !place.path("r.dsse").exists() {
        let line = format!(
            "release draft chuong-trinh.toml --out r.dsse --issued-ms {ISSUED_MS} {OFFLINE}"
        );
        place.line(&line).good();
    }
    place
        .line(&format!("release show r.dsse {more}"))
        .good()
        .out
}

#[test]
fn a_day_is_shown_as_a_table_that_lines_up_in_every_script() {
    let place = Place::with_programme();
    let out = shown(&place, "--day 2026-11-24 --lang vi --root root.dsse");
    let films = place.read("phim.mp4");
    let all = ["a.png", "b.png", "phim.mp4", "du-phong.png"];
    // With the list of its one chunk each.
    let bytes: usize = all.iter().map(|name| place.read(name).len() + 32).sum();
    let expected = SHOWN
        .replace("{film------}", &Digest::of(&films).short().to_string())
        .replace(
            "{size}",
            &format!("{}.{:02} kB", bytes / 1_000, bytes % 1_000 / 10),
        );
    assert_eq!(out, expected, "\n{out}");
}

#[test]
fn a_day_on_which_less_applies_shows_less() {
    let place = Place::with_programme();
    let out = shown(&place, "--day 2026-11-25 --lang en");
    let programme = out.split_once("What plays when").unwrap().1;
    assert!(programme.contains("11:00–22:00  chinh"), "{out}");
    assert!(!programme.contains("le-hoi"), "{out}");
    assert!(out.contains("Signatures not checked: give --root"), "{out}");
}

#[test]
fn a_day_that_is_no_date_is_refused() {
    let place = Place::with_programme();
    shown(&place, "--day 2026-11-24");
    place
        .line("release show r.dsse --day 24-11-2026")
        .refused(&["expected YYYY-MM-DD"]);
}

#[test]
fn a_title_cannot_write_over_what_the_signer_reads() {
    let place = Place::with_programme();
    let text = String::from_utf8(place.read("chuong-trinh.toml")).unwrap();
    let evil = text.replace("Thủ tục buổi sáng", "\\u001b[2Khidden\\u202e");
    place.write("chuong-trinh.toml", evil.as_bytes());
    let out = shown(&place, "--day 2026-11-24");
    assert!(
        !out.contains('\u{1b}') && !out.contains('\u{202e}'),
        "{out:?}"
    );
}
