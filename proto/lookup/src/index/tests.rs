use super::*;
use crate::content::KindTag;
use crate::language::Language;
use crate::query::{Effort, Searcher, Wanted};
use proptest::prelude::*;
use proptest::sample::Index as Any;

fn documents() -> Vec<Document> {
    let names = ["Chợ Cốc Lếu", "Ga Lào Cai", "老街口岸", "Sa Pa", "银行"];
    let document = |(number, text): (u16, &str)| Document {
        names: vec![Name {
            text: text.to_owned(),
            language: Some(Language::Vi),
            weight: 200,
            own: true,
            pinyin: None,
        }],
        popularity: number,
        kind: KindTag::Food,
        category: number % 2,
        from: TimeMs(-5),
        until: TimeMs(5),
    };
    (10..).zip(names).map(document).collect()
}

#[test]
fn the_same_documents_give_the_same_bytes_and_read_back() {
    let bytes = build(&documents()).unwrap();
    assert_eq!(build(&documents()).unwrap(), bytes);
    let index = Index::open(bytes).unwrap();
    assert_eq!(index.len(), 5);
    let view = index.view().unwrap();
    let record = view.record(1).unwrap();
    assert_eq!(
        (record.popularity, record.category, record.words),
        (11, 1, 3)
    );
    assert_eq!(record.kind, KindTag::Food as u8);
    assert_eq!((record.from, record.until), (TimeMs(-5), TimeMs(5)));
    assert_eq!(record.names, "\nga lào cai");
    assert_eq!(view.record(5), None);
    let term = view.map.get("sa").unwrap();
    assert_eq!(view.postings(term).collect::<Vec<_>>(), [(3, 200)]);
    assert_eq!(view.postings(u64::MAX).len(), 0);
}

#[test]
fn pinyin_that_an_editor_gave_replaces_the_usual_reading() {
    let mut documents = documents();
    documents[4].names[0].pinyin = Some("yín xíng".to_owned());
    let index = Index::open(build(&documents).unwrap()).unwrap();
    let map = &index.view().unwrap().map;
    assert!(map.contains_key("+yinxing") && !map.contains_key("+yinhang"));
}

#[test]
fn an_index_without_entries_is_an_index() {
    let index = Index::open(build(&[]).unwrap()).unwrap();
    assert!(index.is_empty());
    let answer = Searcher::new().search(&index, "sa pa", &wanted());
    assert_eq!(answer.hits, []);
}

#[test]
fn other_files_and_other_formats_are_named() {
    let good = build(&documents()).unwrap();
    assert_eq!(
        Index::open(&b"SQLite format 3\0"[..]).unwrap_err(),
        BadIndex::Magic
    );
    assert_eq!(Index::open(&b""[..]).unwrap_err(), BadIndex::Magic);
    let mut newer = good.clone();
    newer[8] = 2;
    assert_eq!(Index::open(newer).unwrap_err(), BadIndex::Format(2));
    let mut huge = good.clone();
    huge[12..32].fill(0xFF);
    assert!(matches!(
        Index::open(huge).unwrap_err(),
        BadIndex::Length { .. }
    ));
    let mut flipped = good;
    flipped[100] ^= 1;
    assert_eq!(Index::open(flipped).unwrap_err(), BadIndex::Checksum);
}

fn wanted() -> Wanted {
    Wanted {
        now: Some(TimeMs(0)),
        limit: 10,
        categories: None,
        effort: Effort::Full,
    }
}

proptest! {
    #[test]
    fn a_flipped_bit_anywhere_is_refused(at in any::<Any>(), bit in 0..8_u8) {
        let mut bytes = build(&documents()).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(Index::open(bytes).is_err());
    }

    #[test]
    fn a_cut_or_lengthened_index_is_refused(at in any::<Any>(), more in prop::collection::vec(any::<u8>(), 1..50)) {
        let bytes = build(&documents()).unwrap();
        prop_assert!(Index::open(&bytes[..at.index(bytes.len())]).is_err());
        let longer: Vec<u8> = bytes.into_iter().chain(more).collect();
        prop_assert!(Index::open(longer).is_err());
    }

    #[test]
    fn postings_and_records_of_nonsense_under_a_right_checksum_are_read_without_a_panic(
        changes in prop::collection::vec((any::<Any>(), any::<u8>()), 1..20),
    ) {
        let good = Index::open(build(&documents()).unwrap()).unwrap();
        let mut bytes = good.bytes.clone();
        let before_transducer = HEADER_BYTES..good.layout.transducer;
        for (at, byte) in changes {
            bytes[HEADER_BYTES + at.index(before_transducer.len())] = byte;
        }
        let end = good.layout.end;
        let digest = Digest::of(&bytes[..end]);
        bytes[end..].copy_from_slice(digest.as_bytes());
        let index = Index::open(bytes).unwrap();
        for typed in ["sa pa", "lao", "银行", "cocleu", "yinhnag"] {
            prop_assert!(Searcher::new().search(&index, typed, &wanted()).hits.len() <= 10);
        }
    }
}
