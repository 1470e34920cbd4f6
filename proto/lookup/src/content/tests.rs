use super::*;
use cotmoc_proto::json::parse_strict;
use serde_json::{Value, json};

pub(crate) fn small() -> Value {
    json!({
        "site": "lao-cai",
        "created": 1_795_366_800_000_i64,
        "cluster": {
            "name": {"vi": "Cửa khẩu quốc tế Lào Cai", "zh": "老街国际口岸", "en": "Lao Cai border gate"},
            "address": {"vi": "Phường Lào Cai"},
            "staff": {"vi": "Quầy thông tin, tầng 1"},
            "position": {"lat_microdeg": 22_506_000, "lon_microdeg": 103_966_000},
            "window": {"zone": "Asia/Ho_Chi_Minh", "opens": "07:00", "closes": "22:00", "quota_min": 840}
        },
        "categories": [
            {"id": "see", "name": {"vi": "Tham quan", "zh": "景点", "en": "Sights"}, "icon": "landmark"},
            {"id": "papers", "parent": "see", "name": {"vi": "Thủ tục"}, "icon": "passport"}
        ],
        "units": [{"code": "02647", "name": {"vi": "Phường Lào Cai"}, "old_names": ["Phường Duyên Hải"]}],
        "entries": [
            {
                "id": "church", "kind": "place", "category": "see",
                "texts": {
                    "vi": {"name": "Nhà thờ đá Sa Pa"},
                    "zh": {"name": "沙坝石头教堂", "pinyin": "sha ba shi tou jiao tang"},
                    "en": {"name": "Sa Pa Stone Church", "short": "Built in 1895."}
                },
                "aliases": [{"text": "Chapa church", "kind": "transliteration"}],
                "unit": "02647",
                "hours": {"week": {"mon": [{"opens": "08:00", "closes": "17:00"}]}},
                "phones": [{"number": "+842143871222"}],
                "access": {"wheelchair": "partial"},
                "popularity": 900, "owner": "Sở Du lịch", "source": "Sở Du lịch"
            },
            {
                "id": "visa", "category": "papers",
                "kind": {"procedure": {
                    "applies": [{"nationality": "cn", "purpose": "tourism"}],
                    "steps": [{"vi": "Điền tờ khai"}],
                    "legal_basis": [{"document": "Luật 47/2014/QH13", "clause": "Điều 12"}],
                    "effective": "2025-08-15"
                }},
                "texts": {"vi": {"name": "Thị thực điện tử"}},
                "aliases": [{"text": "e-visa", "kind": "abbreviation"}],
                "owner": "Công an tỉnh", "source": "Cổng dịch vụ công"
            }
        ],
        "synonyms": [{"words": ["换钱", "money exchange", "đổi tiền"]}],
        "canaries": [
            {"query": "nha tho da", "expect": ["church"]},
            {"query": "visa", "expect": ["visa"]}
        ],
        "emergency": [{"name": {"vi": "Công an"}, "number": "113"}]
    })
}

pub(crate) fn read(value: &Value) -> Result<Content, serde_json::Error> {
    parse_strict(value.to_string().as_bytes())
}

pub(crate) fn with(pointer: &str, new: Value) -> Value {
    let mut value = small();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = value.pointer_mut(parent).unwrap();
    match key.parse::<usize>() {
        Ok(index) => parent[index] = new,
        Err(_) => parent[key] = new,
    }
    value
}

#[test]
fn a_good_content_has_no_defect_and_reads_back_as_it_was_written() {
    let content = read(&small()).unwrap();
    assert_eq!(content.defects(), []);
    let text = serde_json::to_vec(&content).unwrap();
    assert_eq!(parse_strict::<Content>(&text).unwrap(), content);
}

#[test]
fn what_cannot_be_meant_is_not_read() {
    for (pointer, new) in [
        ("/entries/0/kind", json!("shop")),
        ("/entries/0/kind", json!({"place": {}})),
        ("/entries/1/kind", json!("procedure")),
        ("/entries/0/colour", json!("red")),
        ("/entries/0/id", json!("../church")),
        ("/entries/0/phones/0/number", json!("0214 387")),
        ("/entries/0/popularity", json!(-1)),
        (
            "/entries/0/position",
            json!({"lat_microdeg": 91_000_000, "lon_microdeg": 0}),
        ),
        (
            "/entries/0/position",
            json!({"lat_microdeg": 22.5, "lon_microdeg": 103.9}),
        ),
        (
            "/entries/0/pictures",
            json!([{"file": "../a.webp", "alt": {"vi": "x"}, "credit": "x", "licence": "x"}]),
        ),
        ("/entries/0/hours/week/mon/0/opens", json!("25:00")),
        ("/entries/0/hours/week/day", json!([])),
        ("/entries/1/kind/procedure/effective", json!("15/08/2025")),
        ("/entries/0/texts", json!({"en": {"name": "Only English"}})),
        ("/categories/0/icon", json!("📍")),
    ] {
        assert!(
            read(&with(pointer, new.clone())).is_err(),
            "{pointer} {new}"
        );
    }
}

/// Where | what is put there | the place that is told | the remedy that is told.
const DEFECTS: &str = r#"
/entries/1/id | "church" | entries 2 (church), id | same as line 1
/entries/0/category | "eat" | entries 1 (church), category | "eat"
/entries/0/unit | "99" | entries 1 (church), unit | "99"
/entries/0/texts/vi/name | " " | entries 1 (church), name.vi | fill it in
/entries/0/texts/en/short | "a\u202eb" | short.en | U+202E
/entries/0/texts/vi/body | "a\r\nb" | body.vi | U+000D
/entries/0/texts/zh/pinyin | "sha ba" | pinyin.zh | 2 syllables for 6
/entries/0/texts/en/pinyin | "sha" | pinyin.en | delete it
/entries/0/website | "http://a.vn" | website | https://
/entries/0/popularity | 1001 | popularity | 1000 at most
/entries/0/valid_until | -1 | valid_until | correct the times
/entries/0/kind | {"festival": {"dates": [{"first": "2026-02-10", "last": "2026-02-09"}]}} | entries 1 (church), dates | correct the times
/entries/0/kind | {"notice": {"severity": "info", "from": 5, "until": 5}} | until | correct the times
/entries/0/hours/exceptions | [{"date": "2026-02-10"}, {"date": "2026-02-10"}] | hours.exceptions 2026-02-10 | same as line 1
/entries/1/kind/procedure/steps | [] | steps | give 1 at least
/entries/1/kind/procedure/legal_basis | [] | legal_basis | give 1
/categories/1/parent | "nowhere" | categories 2 (papers), parent | nowhere
/categories/0/parent | "papers" | categories 1 (see), parent | ancestor
/synonyms/0/words | ["bank"] | synonyms 1, words | give 2
/canaries/0/expect | ["gone"] | canaries 1, expect | gone
/canaries | [] | canaries 0 | give 2
/emergency | [] | emergency 0 | give 1
/cluster/window/closes | "06:00" | cluster 0, window | correct the times
"#;

#[test]
fn every_defect_names_its_line_its_field_and_the_remedy() {
    for row in DEFECTS.lines().filter(|row| !row.is_empty()) {
        let mut cells = row.split(" | ");
        let mut cell = || cells.next().unwrap();
        let (pointer, new, place, remedy) = (cell(), cell(), cell(), cell());
        let mut value = with(pointer, serde_json::from_str(new).unwrap());
        if pointer.ends_with("valid_until") {
            value["entries"][0]["valid_from"] = json!(0);
        }
        let told: Vec<String> = read(&value)
            .unwrap()
            .defects()
            .iter()
            .map(ToString::to_string)
            .collect();
        let found = told
            .iter()
            .any(|line| line.contains(place) && line.contains(remedy));
        assert!(found, "{pointer}: {told:?}");
    }
    let long = read(&with("/entries/0/texts/en/name", json!("x".repeat(161)))).unwrap();
    assert!(long.defects()[0].to_string().contains("cut it to 160"));
}

#[test]
fn an_entry_is_valid_from_its_first_to_before_its_last_moment() {
    let mut value = with("/entries/0/valid_from", json!(100));
    value["entries"][0]["valid_until"] = json!(200);
    value["entries"][1]["kind"] =
        json!({"notice": {"severity": "urgent", "from": 50, "until": 60}});
    let content = read(&value).unwrap();
    let valid = |index: usize, now| content.entries[index].is_valid(TimeMs(now));
    for (index, now, want) in [
        (0, 99, false),
        (0, 100, true),
        (0, 199, true),
        (0, 200, false),
        (1, 49, false),
        (1, 50, true),
        (1, 60, false),
    ] {
        assert_eq!(valid(index, now), want, "{index} {now}");
    }
}

#[test]
fn a_procedure_applies_to_those_it_names_and_an_event_tells_its_next_date() {
    let content = read(&small()).unwrap();
    let Kind::Procedure(procedure) = &content.entries[1].kind else {
        panic!("the second entry is a procedure");
    };
    assert!(procedure.applies_to(Nationality::Cn, Purpose::Tourism));
    assert!(!procedure.applies_to(Nationality::Vn, Purpose::Tourism));
    assert!(!procedure.applies_to(Nationality::Cn, Purpose::Work));
    let span = |first: &str, last: &str| DateSpan {
        first: first.parse().unwrap(),
        last: last.parse().unwrap(),
    };
    let event = Event {
        dates: vec![
            span("2027-02-06", "2027-02-08"),
            span("2026-02-17", "2026-02-19"),
        ],
    };
    let next = |today: &str| event.next(today.parse().unwrap());
    assert_eq!(next("2026-02-19"), Some(span("2026-02-17", "2026-02-19")));
    assert_eq!(next("2026-02-20"), Some(span("2027-02-06", "2027-02-08")));
    assert_eq!(next("2027-02-09"), None);
}

#[test]
fn distances_within_the_province_are_good_to_one_in_a_hundred() {
    let gate = Position::new(22_506_000, 103_966_000).unwrap();
    let sa_pa = Position::new(22_335_600, 103_843_800).unwrap();
    let metres = gate.metres_to(sa_pa);
    assert!((22_700.0..22_900.0).contains(&metres), "{metres}");
}
