use super::*;
use crate::content::KindTag;
use crate::index::{Document, Name, build};
use crate::language::Language;
use proptest::prelude::*;
use std::sync::LazyLock;

const NOW: TimeMs = TimeMs(1_000);

/// Vietnamese, Chinese, English name; popularity.
const PLACES: &[(&str, &str, &str, u16)] = &[
    (
        "Nhà thờ đá Sa Pa",
        "沙坝石头教堂",
        "Sa Pa Stone Church",
        900,
    ),
    ("Xã Sa Pả", "沙帕社", "Sa Pa commune", 100),
    ("Phường Sa Pa", "沙坝坊", "Sa Pa ward", 500),
    (
        "Cửa khẩu quốc tế Lào Cai",
        "老街国际口岸",
        "Lao Cai International Border Gate",
        1000,
    ),
    ("Chợ Cốc Lếu", "谷柳市场", "Coc Leu Market", 800),
    ("Ga Lào Cai", "老街火车站", "Lao Cai Railway Station", 700),
    ("Chợ phiên Bắc Hà", "北河集市", "Bac Ha Sunday Market", 850),
    ("Đỉnh Fansipan", "番西邦峰", "Fansipan Peak", 950),
    (
        "Ngân hàng Nông nghiệp",
        "农业银行",
        "Bank for Agriculture",
        300,
    ),
    ("Động Thủy Tiên", "水仙洞", "Thuy Tien Cave", 200),
    ("Đồng Thùy Tiên", "", "", 200),
];

fn document((vi, zh, en, popularity): &(&str, &str, &str, u16)) -> Document {
    let name = |language, text: &str| Name {
        text: text.to_owned(),
        language: Some(language),
        weight: 200,
        own: true,
        pinyin: None,
    };
    Document {
        names: vec![
            name(Language::Vi, vi),
            name(Language::Zh, zh),
            name(Language::En, en),
        ],
        popularity: *popularity,
        kind: KindTag::Place,
        category: u16::from(vi.starts_with("Chợ")),
        from: TimeMs(0),
        until: TimeMs::MAX,
    }
}

static INDEX: LazyLock<Index<Vec<u8>>> = LazyLock::new(|| {
    let documents: Vec<Document> = PLACES.iter().map(document).collect();
    Index::open(build(&documents).unwrap()).unwrap()
});

fn wanted() -> Wanted {
    Wanted {
        now: Some(NOW),
        limit: 10,
        categories: None,
        effort: Effort::Full,
    }
}

fn found(typed: &str, wanted: &Wanted) -> Vec<&'static str> {
    let answer = Searcher::new().search(&INDEX, typed, wanted);
    let name = |hit: &Hit| PLACES[hit.document as usize].0;
    answer.hits.iter().map(name).collect()
}

#[test]
fn every_way_to_type_a_name_finds_it_first() {
    for (name, ways) in [
        (
            "Nhà thờ đá Sa Pa",
            "Nhà thờ đá Sa Pa|nha tho da sa pa|nhaf thowf ddas|nha2 tho72 d9a1|nhathoda|nhà thờ|沙坝石头教堂|石头教堂|沙壩石頭教堂|shabashitou|sha ba shi tou jiao tang|sbstjt|sabasitou|stone churches|church sapa|stome church|nha tho dq sapa",
        ),
        (
            "Cửa khẩu quốc tế Lào Cai",
            "cua khau|cuar khaaur|cua khau quoc te|国际口岸|laojieguojikouan|ljgjka|guojikouan|international border gate|the border gate in lao cai|ｃｕａ ｋｈａｕ|老街國際口岸|cuakhauquocte|border gaet",
        ),
        (
            "Chợ Cốc Lếu",
            "coc leu|cốc lếu|cocleu|谷柳|guliushichang|gu liu|coc leu markets|coclue",
        ),
        (
            "Đỉnh Fansipan",
            "fansipan|fanxipan peak|fan si pan|fansi|番西邦|đỉnh fan",
        ),
        (
            "Ngân hàng Nông nghiệp",
            "银行|yinhang|nongyeyinhang|nyyh|ngan hang|bank",
        ),
        ("Ga Lào Cai", "火车站|huochezhan|ga lao|railway|hcz"),
    ] {
        for way in ways.split('|') {
            let found = found(way, &wanted());
            assert_eq!(found.first(), Some(&name), "{way}: {found:?}");
        }
    }
}

#[test]
fn marks_that_were_typed_tell_names_apart() {
    for (typed, first) in [
        ("sa pả", "Xã Sa Pả"),
        ("sa pa", "Phường Sa Pa"),
        ("động thủy", "Động Thủy Tiên"),
        ("đồng thùy tiên", "Đồng Thùy Tiên"),
    ] {
        let all = found(typed, &wanted());
        let place = |name: &str| all.iter().position(|found| *found == name);
        assert!(place(first).is_some(), "{typed}: {all:?}");
        let rival = match first {
            "Xã Sa Pả" => "Phường Sa Pa",
            "Phường Sa Pa" => "Xã Sa Pả",
            "Động Thủy Tiên" => "Đồng Thùy Tiên",
            _ => "Động Thủy Tiên",
        };
        assert!(
            place(first) < place(rival) || place(rival).is_none(),
            "{typed}: {all:?}"
        );
    }
}

#[test]
fn an_entry_that_has_every_word_comes_before_a_more_popular_one_that_has_most() {
    let names = [
        ("Điểm ngắm ruộng bậc thang Tâm Điệp Bắc Hà", "", "", 0),
        ("Điểm ngắm ruộng bậc thang Tâm Thác Bắc Hà", "", "", 1_000),
    ];
    let documents: Vec<Document> = names.iter().map(document).collect();
    let index = Index::open(build(&documents).unwrap()).unwrap();
    let typed = "d9ie6m3 nga8m1 ruo6ng5 ba6c5 thang ta6m d9ie6p5 ba8c1 ha2";
    let answer = Searcher::new().search(&index, typed, &wanted());
    let order: Vec<u32> = answer.hits.iter().map(|hit| hit.document).collect();
    assert_eq!(order, [0, 1]);
}

#[test]
fn nothing_to_look_for_finds_nothing() {
    for typed in [
        "",
        " ",
        "\u{202e}\u{200b}",
        "🙂🙃",
        "!?…",
        "\u{0}\u{7}",
        "<>'\"--",
    ] {
        assert_eq!(found(typed, &wanted()), Vec::<&str>::new(), "{typed:?}");
    }
    assert_eq!(found("qqqqqqqq", &wanted()), Vec::<&str>::new());
}

#[test]
fn hidden_characters_do_not_hide_the_rest() {
    for typed in [
        "\u{202e}cốc\u{200b} lếu",
        "coc\u{7}leu",
        "🛍 coc leu 🛍",
        "\u{feff}谷柳\u{0}",
    ] {
        assert_eq!(
            found(typed, &wanted()).first(),
            Some(&"Chợ Cốc Lếu"),
            "{typed:?}"
        );
    }
    let long = "coc leu ".repeat(512);
    assert_eq!(found(&long, &wanted()).first(), Some(&"Chợ Cốc Lếu"));
}

#[test]
fn an_exact_search_says_that_slips_may_find_more() {
    let exact = Wanted {
        effort: Effort::Exact,
        ..wanted()
    };
    let mut searcher = Searcher::new();
    let answer = searcher.search(&INDEX, "coclue", &exact);
    assert_eq!((answer.hits.len(), answer.more), (0, true));
    let answer = searcher.search(&INDEX, "Chợ Cốc Lếu", &exact);
    assert!(!answer.hits.is_empty() && !answer.more);
    assert!(!searcher.search(&INDEX, "coclue", &wanted()).more);
}

#[test]
fn answers_keep_to_the_time_the_category_and_the_limit() {
    let markets = Wanted {
        categories: Some(BTreeSet::from([1])),
        ..wanted()
    };
    assert_eq!(found("c", &markets), ["Chợ Cốc Lếu", "Chợ phiên Bắc Hà"]);
    let one = Wanted {
        limit: 1,
        ..wanted()
    };
    assert_eq!(found("sa pa", &one).len(), 1);
    let before = Wanted {
        now: Some(TimeMs(-1)),
        ..wanted()
    };
    assert_eq!(found("sa pa", &before).len(), 0);
}

proptest! {
    #[test]
    fn whatever_is_typed_there_is_an_answer_and_always_the_same(typed in any::<String>()) {
        let mut searcher = Searcher::new();
        let first = searcher.search(&INDEX, &typed, &wanted());
        prop_assert!(first.hits.len() <= 10);
        prop_assert_eq!(searcher.search(&INDEX, &typed, &wanted()), first);
    }

    #[test]
    fn half_typed_names_are_found(place in 0..PLACES.len(), share in 60_usize..=100) {
        let name = PLACES[place].0;
        let typed: String = name.chars().take(name.chars().count() * share / 100).collect();
        prop_assert!(found(&typed, &wanted()).contains(&name), "{}", typed);
    }
}
