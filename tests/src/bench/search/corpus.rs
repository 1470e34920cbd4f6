//! A province's worth of entries in three languages: real places and communes, and houses, offices
//! and sights with made-up names in them. The Chinese names of the communes are transcriptions.

use super::dice::Dice;
use anyhow::Context as _;
use cotmoc_lookup::{Content, Entry};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const PLACES: &str = include_str!("places.txt");
const COMMUNES: &str = include_str!("communes.txt");
const SYLLABLES: &str = include_str!("syllables.txt");
const TEMPLATES: &str = include_str!("templates.txt");
const SEED: u64 = 20_261_124;
const CANARIES: usize = 60;

/// What a person types for a real place.
pub struct Typed {
    pub query: String,
    pub entry: String,
}

pub struct Corpus {
    pub content: Content,
    pub typed: Vec<Typed>,
}

/// The three names of an entry.
struct Names {
    vi: String,
    zh: String,
    en: String,
}

pub fn make(count: usize) -> anyhow::Result<Corpus> {
    let (mut entries, typed) = places()?;
    let mut dice = Dice::new(SEED);
    let communes = communes();
    let mut taken = BTreeSet::new();
    while entries.len() < count {
        let number = entries.len();
        let (kind, category, names) = made_up(&mut dice, &communes)?;
        if taken.insert(names.vi.clone()) {
            let unit = dice.below(communes.len());
            let facts = json!({
                "unit": format!("{unit:05}"),
                "popularity": dice.below(30) * dice.below(30),
                "phones": [{"number": format!("+84214{:07}", dice.below(10_000_000))}],
                "hours": {"week": {"mon": [{"opens": "07:00", "closes": "21:30"}], "sat": [{"opens": "08:00", "closes": "12:00"}]}},
                "position": {"lat_microdeg": 21_900_000 + dice.below(900_000), "lon_microdeg": 103_500_000 + dice.below(900_000)},
            });
            entries.push(entry(
                &format!("e{number:05}"),
                json!(kind),
                category,
                &names,
                facts,
            )?);
        }
    }
    let step = entries.len() / CANARIES;
    let canaries: Vec<Value> = entries
        .iter()
        .step_by(step.max(1))
        .map(|entry| json!({"query": entry.texts.vi.name.chars().take(80).collect::<String>(), "expect": [entry.id]}))
        .collect();
    let mut content: Content = serde_json::from_value(frame(&communes, &canaries))?;
    content.entries = entries;
    Ok(Corpus { content, typed })
}

fn places() -> anyhow::Result<(Vec<Entry>, Vec<Typed>)> {
    let (mut entries, mut typed) = (Vec::new(), Vec::new());
    for (number, line) in lines(PLACES).enumerate() {
        let cells: Vec<&str> = line.split('|').collect();
        let [kind, category, vi, zh, en, aliases, queries] = cells.as_slice() else {
            anyhow::bail!("places.txt: {line}");
        };
        let id = format!("p{number:05}");
        let names = Names {
            vi: (*vi).to_owned(),
            zh: (*zh).to_owned(),
            en: (*en).to_owned(),
        };
        let aliases: Vec<Value> = aliases
            .split(';')
            .filter(|text| !text.is_empty())
            .map(|text| json!({"text": text, "kind": "transliteration"}))
            .collect();
        let facts = json!({"popularity": 950, "aliases": aliases});
        entries.push(entry(&id, kind_of(kind), category, &names, facts)?);
        typed.extend(
            queries
                .split(';')
                .filter(|query| !query.is_empty())
                .map(|query| Typed {
                    query: query.to_owned(),
                    entry: id.clone(),
                }),
        );
    }
    Ok((entries, typed))
}

fn kind_of(word: &str) -> Value {
    match word {
        "procedure" => json!({"procedure": {
            "applies": [{"nationality": "cn", "purpose": "tourism"}],
            "steps": [{"vi": "Chuẩn bị giấy tờ"}, {"vi": "Nộp tại quầy"}],
            "legal_basis": [{"document": "Luật Xuất cảnh, nhập cảnh"}],
            "effective": "2025-08-15"
        }}),
        "festival" => {
            json!({"festival": {"dates": [{"first": "2027-02-20", "last": "2027-02-22"}]}})
        }
        other => json!(other),
    }
}

fn made_up(
    dice: &mut Dice,
    communes: &[(&str, &str)],
) -> anyhow::Result<(&'static str, &'static str, Names)> {
    let templates: Vec<&'static str> = lines(TEMPLATES).collect();
    let syllables: Vec<(&str, &str)> = lines(SYLLABLES)
        .filter_map(|line| line.split_once(' '))
        .collect();
    let cells: Vec<&'static str> = dice.pick(&templates)?.split('|').collect();
    let [kind, category, vi, zh, en] = cells.as_slice() else {
        anyhow::bail!("templates.txt: five cells on each line");
    };
    let (first, first_zh) = *dice.pick(&syllables)?;
    let (second, second_zh) = *dice.pick(&syllables)?;
    let (commune, commune_zh) = *dice.pick(communes)?;
    let names = Names {
        vi: format!("{vi} {first} {second} {commune}"),
        zh: format!("{commune_zh}{first_zh}{second_zh}{zh}"),
        en: format!("{} {} {en} {}", plain(first), plain(second), plain(commune)),
    };
    Ok((kind, category, names))
}

fn entry(
    id: &str,
    kind: Value,
    category: &str,
    names: &Names,
    facts: Value,
) -> anyhow::Result<Entry> {
    let Names { vi, zh, en } = names;
    let mut entry = json!({
        "id": id, "kind": kind, "category": category,
        "owner": "Sở Du lịch", "source": "Cơ sở dữ liệu du lịch",
        "texts": {
            "vi": {"name": vi, "short": format!("{vi}: mở cửa hằng ngày, đón khách trong và ngoài nước."), "body": format!("{vi} nằm cách trung tâm không xa, thuận tiện đi lại bằng xe buýt, taxi hoặc xe máy.\n\nKhách có thể liên hệ trước qua điện thoại; nhân viên nói được tiếng Việt, tiếng Trung và tiếng Anh.")},
            "zh": {"name": zh, "short": format!("{zh}，每日开放。"), "body": format!("{zh}距离中心不远，可乘公交车、出租车或摩托车前往。")},
            "en": {"name": en, "short": format!("{en}: open every day."), "body": format!("{en} is not far from the centre and easily reached by bus, taxi or motorbike.")},
        },
    });
    let (Some(entry_map), Value::Object(facts)) = (entry.as_object_mut(), facts) else {
        anyhow::bail!("an entry is an object");
    };
    entry_map.extend(facts);
    serde_json::from_value(entry).with_context(|| format!("entry {id}"))
}

fn frame(communes: &[(&str, &str)], canaries: &[Value]) -> Value {
    let category = |id: &str, icon: &str, vi: &str, zh: &str, en: &str| json!({"id": id, "icon": icon, "name": {"vi": vi, "zh": zh, "en": en}});
    let units: Vec<Value> = communes
        .iter()
        .enumerate()
        .map(|(number, (vi, zh))| json!({"code": format!("{number:05}"), "name": {"vi": vi, "zh": zh, "en": plain(vi)}}))
        .collect();
    json!({
        "site": "lao-cai",
        "created": 1_795_366_800_000_i64,
        "cluster": {
            "name": {"vi": "Cửa khẩu quốc tế Lào Cai"},
            "address": {"vi": "Phường Lào Cai"},
            "staff": {"vi": "Quầy thông tin, tầng 1"},
            "position": {"lat_microdeg": 22_506_000, "lon_microdeg": 103_966_000},
            "window": {"zone": "Asia/Ho_Chi_Minh", "opens": "07:00", "closes": "22:00", "quota_min": 840}
        },
        "categories": [
            category("gate", "border", "Cửa khẩu", "口岸", "Border gates"),
            category("stay", "bed", "Lưu trú", "住宿", "Accommodation"),
            category("eat", "food", "Ăn uống", "餐饮", "Food and drink"),
            category("see", "landmark", "Tham quan", "景点", "Sights"),
            category("shop", "market", "Mua sắm", "购物", "Shopping"),
            category("go", "bus", "Đi lại", "交通", "Transport"),
            category("help", "service", "Dịch vụ", "服务", "Services"),
            category("papers", "passport", "Thủ tục", "手续", "Procedures"),
            category("invest", "invest", "Đầu tư", "投资", "Investment"),
        ],
        "units": units,
        "entries": [],
        "synonyms": [
            {"words": ["đổi tiền", "thu đổi ngoại tệ", "货币兑换", "换钱", "currency exchange", "money exchange", "change money"]},
            {"words": ["ga lào cai", "train station", "railway station", "火车站", "ga tàu"]},
            {"words": ["thác", "waterfall", "falls", "瀑布"]},
            {"words": ["bến xe", "bus station", "汽车站", "bus stop"]},
            {"words": ["nhà vệ sinh", "toilet", "wc", "restroom", "厕所", "洗手间"]},
            {"words": ["bệnh viện", "hospital", "医院", "cấp cứu"]},
            {"words": ["công an", "police", "警察", "公安"]},
            {"words": ["thị thực", "visa", "签证"]},
            {"words": ["cửa khẩu", "border gate", "border crossing", "口岸"]},
            {"words": ["cây rút tiền", "rút tiền", "atm", "取款机", "cash machine"]},
        ],
        "canaries": canaries,
        "emergency": [{"name": {"vi": "Công an"}, "number": "113"}],
    })
}

fn communes() -> Vec<(&'static str, &'static str)> {
    lines(COMMUNES)
        .filter_map(|line| line.split_once('|'))
        .collect()
}

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// As Vietnamese names are written in English: without marks, each word with a capital.
fn plain(name: &str) -> String {
    let words = cotmoc_lookup::fold::fold(name);
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| {
            first.to_uppercase().chain(letters).collect()
        })
    };
    words.split(' ').map(capital).collect::<Vec<_>>().join(" ")
}
