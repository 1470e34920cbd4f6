use super::*;
use crate::content::KindTag;
use crate::content::tests::{read, small, with};
use crate::query::{Effort, Searcher};
use cotmoc_proto::{CategoryId, TimeMs};
use proptest::prelude::*;
use proptest::sample::Index as Any;
use serde_json::{Value, json};

fn content() -> Content {
    read(&small()).unwrap()
}

fn package() -> Package {
    build(&content(), &[]).unwrap()
}

fn open(package: &Package) -> Lookup<&[u8]> {
    Lookup::open(package.files.borrowed()).unwrap()
}

fn category(id: &str) -> CategoryId {
    id.parse().unwrap()
}

fn found(lookup: &Lookup<&[u8]>, typed: &str, within: Option<&CategoryId>) -> Vec<String> {
    let limits = Limits {
        now: TimeMs(1_000),
        count: 10,
        category: within,
        effort: Effort::Full,
    };
    let answer = lookup.search(&mut Searcher::new(), typed, &limits);
    let id = |number| lookup.entry_at(number).unwrap().unwrap().id.to_string();
    answer.hits.iter().map(|hit| id(hit.document)).collect()
}

#[test]
fn the_same_content_gives_the_same_package_whatever_the_order_of_its_entries() {
    let mut turned = content();
    turned.entries.reverse();
    assert_eq!(build(&turned, &[]).unwrap(), package());
}

#[test]
fn a_package_lists_every_file_with_its_size_and_digest() {
    let mut value = with(
        "/entries/0/pictures",
        json!([{"file": "church.webp", "alt": {"vi": "Nhà thờ"}, "credit": "x", "licence": "CC0"}]),
    );
    value["entries"][0]["texts"]["vi"]["audio"] = json!("church-vi.opus");
    let content = read(&value).unwrap();
    let media = [
        "media/church.webp",
        "media/church-vi.opus",
        "media/other.webp",
    ];
    let media = media.map(|path| Listed::of(path, path.as_bytes()));
    let package = build(&content, &media).unwrap();
    let paths: Vec<&str> = package.list.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "canaries.json",
            "content.bin",
            "media/church-vi.opus",
            "media/church.webp",
            "search.idx"
        ]
    );
    assert_eq!(package.list[1], Listed::of(CONTENT, &package.files.content));
    let missing = build(&content, &media[..1]).unwrap_err();
    assert_eq!(
        missing.to_string(),
        "entry church needs church-vi.opus, which is not there"
    );
}

#[test]
fn a_package_gives_back_every_entry_and_the_rest_of_the_content() {
    let (content, package) = (content(), package());
    let lookup = open(&package);
    for entry in &content.entries {
        assert_eq!(lookup.entry(&entry.id).unwrap().as_ref(), Some(entry));
    }
    assert_eq!(lookup.entry(&"nothing".parse().unwrap()).unwrap(), None);
    assert_eq!(lookup.entry_at(2).unwrap(), None);
    assert_eq!(
        (lookup.id_at(1), lookup.id_at(2)),
        (Some("visa".parse().unwrap()), None)
    );
    assert_eq!((lookup.len(), lookup.is_empty()), (2, false));
    assert_eq!(lookup.head().emergency, content.emergency);
    assert_eq!(lookup.head().units, content.units);
    assert_eq!(lookup.run_canaries(), []);
}

#[test]
fn categories_hold_what_is_below_them() {
    let package = package();
    let lookup = open(&package);
    let names = |numbers: Vec<u32>| -> Vec<String> {
        let id = |number| lookup.entry_at(number).unwrap().unwrap().id.to_string();
        numbers.into_iter().map(id).collect()
    };
    let now = TimeMs(1_000);
    assert_eq!(
        names(lookup.in_category(&category("see"), now)),
        ["church", "visa"]
    );
    assert_eq!(
        names(lookup.in_category(&category("papers"), now)),
        ["visa"]
    );
    assert_eq!(
        names(lookup.in_category(&category("gone"), now)),
        Vec::<String>::new()
    );
    assert_eq!(names(lookup.of_kind(KindTag::Procedure, now)), ["visa"]);
    let ids = |parent: Option<&CategoryId>| -> Vec<String> {
        let children = lookup.children(parent).into_iter();
        children.map(|category| category.id.to_string()).collect()
    };
    assert_eq!(ids(Some(&category("see"))), ["papers"]);
    assert_eq!(ids(None), ["see"]);
    assert_eq!(
        lookup.category(&category("see")).unwrap().name.vi,
        "Tham quan"
    );
    assert_eq!(
        found(&lookup, "tham quan", Some(&category("papers"))),
        ["visa"]
    );
}

#[test]
fn synonyms_aliases_units_and_categories_find_an_entry() {
    let mut value = with(
        "/entries/0/texts/en/name",
        json!("Currency exchange counter"),
    );
    value["synonyms"] =
        json!([{"words": ["换钱", "money exchange", "đổi tiền", "currency exchange"]}]);
    let package = build(&read(&value).unwrap(), &[]).unwrap();
    let lookup = open(&package);
    for typed in [
        "换钱",
        "huanqian",
        "hq",
        "money exchange",
        "doi tien",
        "đổi tiền",
        "doiti",
        "duyen hai",
        "景点",
        "jingdian",
        "sights",
        "chapa church",
        "換錢",
        "mony exchange",
    ] {
        assert_eq!(
            found(&lookup, typed, None).first().unwrap(),
            "church",
            "{typed}"
        );
    }
}

#[test]
fn no_package_is_built_of_a_content_with_defects_or_canaries_that_find_nothing() {
    let defects = build(&read(&with("/emergency", json!([]))).unwrap(), &[]).unwrap_err();
    assert!(matches!(&defects, BuildError::Defects(found) if found.len() == 1));
    let canary = json!({"query": "zzzzzz", "expect": ["visa", "church"]});
    let failed = build(&read(&with("/canaries/0", canary)).unwrap(), &[]).unwrap_err();
    let BuildError::Canaries(failures) = failed else {
        panic!("{failed}");
    };
    assert_eq!(failures[0].query, "zzzzzz");
    assert_eq!(failures[0].missing.len(), 2);
}

#[test]
fn suggested_canaries_are_names_in_turn_that_find_their_entry() {
    let mut content = content();
    content.canaries = suggested_canaries(&content).unwrap();
    let told: Vec<(&str, &str)> = content
        .canaries
        .iter()
        .map(|canary| (canary.query.as_str(), canary.expect[0].as_str()))
        .collect();
    assert_eq!(
        told,
        [("Nhà thờ đá Sa Pa", "church"), ("Thị thực điện tử", "visa")]
    );
    assert!(build(&content, &[]).is_ok());
}

#[test]
fn canaries_of_an_old_package_still_find_entries_that_are_over() {
    let old = read(&with("/entries/0/valid_until", json!(5))).unwrap();
    let package = build(&old, &[]).unwrap();
    let lookup = open(&package);
    assert_eq!(lookup.run_canaries(), []);
    assert_eq!(found(&lookup, "nha tho da", None), Vec::<String>::new());
}

#[test]
fn a_bundle_is_the_package_and_media_are_spread_by_their_digest() {
    let package = package();
    let lookup = Lookup::of_bundle(&package.bundle()).unwrap();
    assert_eq!(lookup.run_canaries(), []);
    assert_eq!(lookup.entries().filter_map(Result::ok).count(), 2);
    assert_eq!(package.media(), Vec::<Vec<&Listed>>::new());
    let mut other = package.clone();
    other.files.index = build(&content(), &[]).unwrap().files.content;
    let error = Lookup::of_bundle(&other.bundle()).unwrap_err();
    assert!(matches!(error, BadPackage::Index(_)), "{error}");
    let listed = Listed::of("media/a.webp", b"a");
    assert!(bundle::number(&listed) < bundle::MAX_MEDIA_BUNDLES);
}

#[test]
fn a_place_is_found_in_the_map_or_is_outside_of_it() {
    let position = |lat, lon| json!({"lat_microdeg": lat, "lon_microdeg": lon});
    let map = json!({
        "picture": {"file": "map.webp", "alt": {"vi": "Bản đồ"}, "credit": "x", "licence": "CC0"},
        "north_west": position(22_600_000, 103_900_000),
        "south_east": position(22_400_000, 104_100_000),
    });
    let mut value = small();
    value["map"] = map;
    let content = read(&value).unwrap();
    assert_eq!(content.defects(), []);
    let place = |lat, lon| crate::content::Position::new(lat, lon).unwrap();
    let map = content.map.clone().unwrap();
    assert_eq!(map.locate(place(22_500_000, 103_950_000)), Some((250, 500)));
    assert_eq!(map.locate(place(22_700_000, 103_950_000)), None);
    assert_eq!(map.locate(place(22_500_000, 104_100_000)), None);
    let missing = build(&content, &[]).unwrap_err();
    assert_eq!(
        missing.to_string(),
        "the map needs map.webp, which is not there"
    );
    value["map"]["south_east"] = position(22_700_000, 104_100_000);
    let defects = read(&value).unwrap().defects();
    assert!(matches!(defects.as_slice(), [one] if one.place.field == "south_east"));
}

#[test]
fn files_of_two_packages_are_not_opened_together() {
    let mut value = small();
    value["entries"].as_array_mut().unwrap().pop();
    value["canaries"].as_array_mut().unwrap().pop();
    let other = build(&read(&value).unwrap(), &[]).unwrap();
    let mixed = Files {
        index: other.files.index,
        ..package().files
    };
    let error = Lookup::open(mixed).unwrap_err();
    assert_eq!(
        error,
        BadPackage::Mixed {
            indexed: 1,
            entries: 2
        }
    );
}

#[test]
fn hostile_text_in_every_field_is_carried_as_it_is() {
    const SCRIPT: &str = "<script>alert('\"&`${1}')</script>";
    let mut value = small();
    value["entries"][0]["texts"]["vi"] = json!({"name": SCRIPT, "short": SCRIPT, "body": SCRIPT});
    value["entries"][0]["owner"] = Value::from(SCRIPT);
    value["canaries"][0]["query"] = Value::from(SCRIPT);
    let package = build(&read(&value).unwrap(), &[]).unwrap();
    let entry = open(&package)
        .entry(&"church".parse().unwrap())
        .unwrap()
        .unwrap();
    assert_eq!(entry.texts.vi.body, SCRIPT);
}

/// Where the sealed part of a content file ends.
fn sealed(content: &[u8]) -> usize {
    let field = |at: usize| u32::from_le_bytes(content[at..at + 4].try_into().unwrap()) as usize;
    32 + 24 * field(12) + field(16) + field(20)
}

proptest! {
    #[test]
    fn a_cut_file_is_refused(at in any::<Any>(), which in 0..3) {
        let mut files = package().files;
        let file = match which {
            0 => &mut files.content,
            1 => &mut files.index,
            _ => &mut files.canaries,
        };
        file.truncate(at.index(file.len()));
        prop_assert!(Lookup::open(files).is_err());
    }

    #[test]
    fn a_flipped_bit_is_refused_at_once_or_costs_the_one_entry_it_is_in(
        at in any::<Any>(), bit in 0..8_u8, which in any::<bool>(),
    ) {
        let good = content();
        let mut files = package().files;
        let file = if which { &mut files.index } else { &mut files.content };
        let at = at.index(file.len());
        file[at] ^= 1 << bit;
        let in_an_entry = !which && at >= sealed(&package().files.content) + 32;
        let Ok(lookup) = Lookup::open(files.borrowed()) else {
            prop_assert!(!in_an_entry);
            return Ok(());
        };
        prop_assert!(in_an_entry);
        let entries = good.entries.iter().map(|entry| (lookup.entry(&entry.id), entry));
        let (whole, broken): (Vec<_>, Vec<_>) = entries.partition(|(read, _)| read.is_ok());
        prop_assert!(broken.len() == 1 && broken[0].0 == Err(BadEntry::Checksum));
        prop_assert!(whole.iter().all(|(read, entry)| read.as_ref().unwrap().as_ref() == Some(*entry)));
    }

    #[test]
    fn nonsense_under_a_right_checksum_is_an_error_or_another_entry_never_a_panic(
        changes in prop::collection::vec((any::<Any>(), any::<u8>()), 1..10),
    ) {
        let mut files = package().files;
        let end = sealed(&files.content);
        for (at, byte) in changes {
            files.content[32 + at.index(end - 32)] = byte;
        }
        let digest = Digest::of(&files.content[..end]);
        files.content[end..end + 32].copy_from_slice(digest.as_bytes());
        if let Ok(lookup) = Lookup::open(files.borrowed()) {
            for number in 0..3 {
                let _either = lookup.entry_at(number);
            }
            let _either = lookup.entry(&"church".parse().unwrap());
            prop_assert!(lookup.run_canaries().len() <= 2);
        }
    }
}
