use super::changes::between;
use super::finding::{Finding, Findings};
use super::sheets::{Key, Sheet};
use super::tables::Tables;
use super::{csv, parse, rows, template, workbook};
use cotmoc_lookup::Content;
use cotmoc_proto::TimeMs;
use proptest::prelude::*;
use rust_xlsxwriter::{Format, Formula, Workbook};

const CREATED: TimeMs = TimeMs(1_795_366_800_000);

const TABLES: [(&str, &str); 12] = [
    (
        "cluster",
        "site,name.vi,name.en,address.vi,staff.vi,lat,lon\n\
         lao-cai,Cửa khẩu quốc tế Lào Cai,Lao Cai border gate,Phường Lào Cai,\"Quầy thông tin, tầng 1\",22.506,103.966\n",
    ),
    (
        "categories",
        "id,parent,name.vi,name.zh,icon\n\
         see,,Tham quan,景点,landmark\npapers,see,Thủ tục,,passport\n",
    ),
    (
        "units",
        "code,name.vi,old_names\n02647,Phường Lào Cai,Phường Duyên Hải; Phường Cốc Lếu\n",
    ),
    (
        "entries",
        "id,kind,category,name.vi,name.zh,pinyin,name.en,unit,lat,lon,popularity,wheelchair,owner,source,verified\n\
         church,place,see,Nhà thờ đá Sa Pa,沙坝石头教堂,sha ba shi tou jiao tang,Sa Pa Stone Church,02647,22.335,103.841,900,partial,Sở Du lịch,Sở Du lịch,23/11/2026\n\
         visa,procedure,papers,Thị thực điện tử,,,,,,,,,Công an tỉnh,Cổng dịch vụ công,\n\
         feast,festival,see,Lễ hội đền Thượng,,,,,,,,,Sở Du lịch,Sở Du lịch,\n\
         storm,notice,see,Tạm dừng thông quan,,,,,,,,,Ban quản lý,Ban quản lý,\n",
    ),
    (
        "aliases",
        "entry,text,kind\nchurch,Chapa church,transliteration\n",
    ),
    (
        "phones",
        "entry,number,label.vi\nchurch,0214 387 1222,Lễ tân\n",
    ),
    (
        "hours",
        "entry,day,opens,closes\nchurch,daily,08:00,11:30\nchurch,mon,13:30,17:00\n",
    ),
    (
        "exceptions",
        "entry,date,note.vi\nchurch,06/02/2027,Nghỉ Tết\n",
    ),
    ("procedures", "entry,effective\nvisa,15/08/2025\n"),
    (
        "applies",
        "entry,nationality,purpose\nvisa,cn,tourism\nvisa,other,all\n",
    ),
    ("events", "entry,first,last\nfeast,20/02/2027,21/02/2027\n"),
    (
        "notices",
        "entry,severity,from,until\nstorm,urgent,23/11/2026 07:00,24/11/2026 07:00\n",
    ),
];

const MORE: [(&str, &str); 5] = [
    ("steps", "entry,text.vi\nvisa,Điền tờ khai\n"),
    (
        "documents",
        "entry,name.vi,required\nvisa,Hộ chiếu còn hạn,yes\n",
    ),
    (
        "fees",
        "entry,name.vi,amount,currency\nvisa,Lệ phí,2500,usd\n",
    ),
    (
        "legal",
        "entry,document,clause\nvisa,Luật 47/2014/QH13,Điều 19a\n",
    ),
    ("emergency", "name.vi,number\nCông an,113\n"),
];

fn read(name: &str, text: &str, findings: &Findings) -> Tables {
    let sheet = Sheet::named(name).unwrap();
    let source = super::tables::Source {
        file: format!("{name}.csv"),
        sheet: name.to_owned(),
    };
    let (lines, _) = csv::read(name, text.as_bytes()).unwrap();
    let mut tables = Tables::default();
    let rows = csv::table(sheet, &source, lines, findings);
    tables.sheets.insert(sheet.key, rows);
    tables
}

fn tables() -> Tables {
    let findings = Findings::default();
    let mut all = Tables::default();
    for (name, text) in TABLES.into_iter().chain(MORE) {
        all.sheets.extend(read(name, text, &findings).sheets);
    }
    assert_eq!(findings.into_list(), []);
    all
}

fn content() -> Content {
    understood(&tables())
}

fn understood(tables: &Tables) -> Content {
    let findings = Findings::default();
    let content = parse::content(tables, CREATED, &findings);
    let list = findings.into_list();
    assert!(list.is_empty(), "{list:#?}");
    content.unwrap()
}

/// What is said about the sample when these tables come into it.
fn said(tables_in: &[(&str, &str)]) -> Vec<Finding> {
    let findings = Findings::default();
    let mut all = tables();
    for (name, text) in tables_in {
        all.merge(read(name, text, &findings));
    }
    assert!(parse::content(&all, CREATED, &findings).is_none());
    findings.into_list()
}

#[test]
fn every_kind_of_table_becomes_part_of_the_content() {
    let content = content();
    let json = serde_json::to_value(&content).unwrap();
    let at = |pointer: &str| json.pointer(pointer).unwrap().clone();
    assert_eq!(at("/entries/0/phones/0/number"), "02143871222");
    assert_eq!(at("/entries/0/position/lat_microdeg"), 22_335_000);
    assert_eq!(
        at("/entries/0/hours/week/mon").as_array().map(Vec::len),
        Some(2)
    );
    assert_eq!(
        at("/entries/0/hours/week/sun").as_array().map(Vec::len),
        Some(1)
    );
    assert_eq!(at("/entries/0/hours/exceptions/0/date"), "2027-02-06");
    assert_eq!(at("/units/0/old_names/1"), "Phường Cốc Lếu");
    let applies = at("/entries/1/kind/procedure/applies");
    assert_eq!(applies.as_array().map(Vec::len), Some(10));
    assert_eq!(at("/entries/1/kind/procedure/fees/0/currency"), "USD");
    assert_eq!(at("/entries/2/kind/festival/dates/0/last"), "2027-02-21");
    // 23/11/2026 07:00 in Asia/Ho_Chi_Minh.
    assert_eq!(at("/entries/3/kind/notice/from"), 1_795_392_000_000_i64);
}

#[test]
fn a_content_comes_back_from_the_workbook_it_was_exported_to() {
    let content = content();
    let bytes = template::workbook(&rows::of(&content, "content.json"), false).unwrap();
    let findings = Findings::default();
    let tables = workbook::read("x.xlsx", &bytes, &findings).unwrap();
    assert_eq!(findings.into_list(), []);
    assert_eq!(understood(&tables), content);
}

#[test]
fn the_template_has_every_table_and_imports_as_nothing() {
    let bytes = template::workbook(&Tables::default(), true).unwrap();
    let findings = Findings::default();
    let tables = workbook::read("x.xlsx", &bytes, &findings).unwrap();
    assert_eq!(findings.into_list(), []);
    assert_eq!(tables.sheets.len(), super::sheets::SHEETS.len());
    assert!(tables.sheets.values().all(Vec::is_empty));
}

#[test]
fn an_import_changes_what_it_is_about_and_nothing_else() {
    let old = content();
    let mut all = rows::of(&old, "content.json");
    let findings = Findings::default();
    let entries = "id,kind,category,name.vi,owner,source\n\
                   church,place,see,Nhà thờ đá cổ Sa Pa,Sở Du lịch,Sở Du lịch\n\
                   cable,transport,see,Cáp treo Fansipan,Sở Du lịch,Sở Du lịch\n";
    let mut file = read("entries", entries, &findings);
    file.merge(read(
        "phones",
        "entry,number\ncable,0214123456\n",
        &findings,
    ));
    all.merge(file.clone());
    let new = understood(&all);
    let changes = between(Some(&old), &new);
    assert_eq!(changes.counts(), [1, 1, 0]);
    assert_eq!(changes.others, []);
    let what: Vec<&str> = changes.changed[0]
        .fields
        .iter()
        .map(|field| field.what.as_str())
        .collect();
    assert!(what.contains(&"texts.vi.name") && what.contains(&"phones.1.number"));
    assert!(
        !what.iter().any(|name| name.starts_with("hours")),
        "{what:?}"
    );
    let mut again = rows::of(&new, "content.json");
    again.merge(file);
    assert_eq!(understood(&again), new);
}

/// Table | its lines | the place | part of the remedy.
const WRONG: &str = r#"
entries | id,kind,category,name.vi,owner,source\nx y,place,see,X,a,b | entries · dòng/row 2 · cột/column A (id) | chữ cái không dấu
entries | id,kind,category,name.vi,owner,source\nx,shop,see,X,a,b | cột/column B (kind) | choose one of: place, hotel
entries | id,kind,category,name.vi,owner,source\nx,place,eat,X,a,b | cột/column C (category) | không có "eat"
entries | id,kind,category,name.vi,owner,source\nx,place,see,,a,b | cột/column D (name.vi) | is empty
entries | id,kind,category,name.vi,owner,source\nx,place,see,X,,b | cột/column E (owner) | đang để trống
entries | id,kind,category,name.vi,owner,source\nx,notice,see,X,a,b | cột/column B (kind) | table notices
entries | id,kind,category,name.vi,owner,source\nx,place,see,X,a,b\nx,place,see,Y,a,b | dòng/row 3 · cột/column A (id) | trùng với dòng 2
entries | id,kind,category,name.vi,owner,source,lat\nx,place,see,X,a,b,22.5 | (lon) | is empty
entries | id,kind,category,name.vi,owner,source,lat,lon\nx,place,see,X,a,b,103.9,22.5 | cột/column G (lat) | đổi chỗ
entries | id,kind,category,name.vi,owner,source,popularity\nx,place,see,X,a,b,nhiều | cột/column G (popularity) | whole number
entries | id,kind,category,name.vi,owner,source,popularity\nx,place,see,X,a,b,2000 | cột/column G (popularity) | không quá 1000
entries | id,kind,category,name.vi,owner,source,website\nx,place,see,X,a,b,http://x.vn | cột/column G (website) | https://
entries | id,kind,category,name.vi,owner,source,verified\nx,place,see,X,a,b,31/02/2026 | cột/column G (verified) | 23/11/2026
entries | id,kind,category,name.vi,owner,source,colour\nx,place,see,X,a,b,red | entries.csv · entries | no column "colour"
entries | id,kind,category,owner,source\nx,place,see,a,b | entries.csv · entries | column name.vi is missing
entries | id,kind,category,name.vi,owner,source\nx,place,see,Đền \u202e Thượng,a,b | cột/column D (name.vi) | U+202E
phones | entry,number\nchurch,02 | phones · dòng/row 2 | 3
phones | entry,number\nnowhere,0214123456 | cột/column A (entry) | không có "nowhere"
hours | entry,day,opens,closes\nchurch,thứ hai,08:00,17:00 | cột/column B (day) | daily
hours | entry,day,opens,closes\nchurch,mon,25:00,17:00 | cột/column C (opens) | 24:00
exceptions | entry,date,opens\nchurch,06/02/2027,08:00 | (closes) | is empty
pictures | entry,file,alt.vi,credit,licence\nchurch,Hình 1.jpg,X,a,b | cột/column B (file) | ffmpeg
categories | id,parent,name.vi,icon\nsee,papers,Tham quan,landmark | categories · dòng/row 2 | ancestor of itself
canaries | query,expect\nnhà,không đâu | cột/column B (expect) | no id
"#;

#[test]
fn every_mistake_is_told_with_its_place_and_its_remedy() {
    for line in WRONG.lines().filter(|line| !line.is_empty()) {
        let parts: Vec<&str> = line.split(" | ").collect();
        let [table, text, place, remedy] = parts.as_slice() else {
            panic!("{line}");
        };
        let text = text.replace("\\n", "\n").replace("\\u202e", "\u{202e}");
        let found = said(&[(table, &text)]);
        assert!(
            found.iter().any(|one| {
                one.to_string().contains(place) && format!("{} {}", one.vi, one.en).contains(remedy)
            }),
            "{line}\n{found:#?}"
        );
    }
}

#[test]
fn formulas_merged_cells_errors_and_lost_zeros_are_named() {
    let mut book = Workbook::new();
    let page = book.add_worksheet();
    page.set_name("phones").unwrap();
    for (at, heading) in (0..).zip(["entry", "number", "label.vi"]) {
        page.write_string(0, at, heading).unwrap();
    }
    page.write_string(1, 0, "church").unwrap();
    page.write_number(1, 1, 2_143_871_222.0).unwrap();
    page.write_formula(2, 0, Formula::new("A2").set_result("church"))
        .unwrap();
    page.write_string(2, 1, "113").unwrap();
    page.merge_range(3, 0, 4, 0, "church", &Format::new())
        .unwrap();
    let page = book.add_worksheet();
    page.set_name("khách").unwrap();
    page.write_string(0, 0, "x").unwrap();
    let bytes = book.save_to_buffer().unwrap();
    let findings = Findings::default();
    let mut all = tables();
    all.merge(workbook::read("x.xlsx", &bytes, &findings).unwrap());
    assert!(parse::content(&all, CREATED, &findings).is_none());
    let told: Vec<String> = findings
        .into_list()
        .iter()
        .map(|one| format!("{one}: {} / {}", one.vi, one.en))
        .collect();
    for wanted in [
        "cell A3 holds a formula (=A2)",
        "the cells A4:A5 are merged",
        "lost its leading 0",
        "no table is called so",
    ] {
        assert!(
            told.iter().any(|line| line.contains(wanted)),
            "{wanted}: {told:#?}"
        );
    }
}

#[test]
fn dates_that_a_spreadsheet_made_numbers_of_are_dates_again() {
    let mut book = Workbook::new();
    let page = book.add_worksheet();
    page.set_name("events").unwrap();
    for (at, heading) in (0..).zip(["entry", "first", "last"]) {
        page.write_string(0, at, heading).unwrap();
    }
    page.write_string(1, 0, "feast").unwrap();
    page.write_number(1, 1, 46_438.0).unwrap();
    let date = Format::new().set_num_format("dd/mm/yyyy");
    page.write_number_with_format(1, 2, 46_439.0, &date)
        .unwrap();
    let bytes = book.save_to_buffer().unwrap();
    let findings = Findings::default();
    let mut all = tables();
    all.merge(workbook::read("x.xlsx", &bytes, &findings).unwrap());
    let json = serde_json::to_value(understood(&all)).unwrap();
    let dates = json.pointer("/entries/2/kind/festival/dates/0").unwrap();
    assert_eq!(dates["first"], "2027-02-20");
    assert_eq!(dates["last"], "2027-02-21");
}

#[test]
fn twenty_thousand_entries_are_read_and_written() {
    use std::fmt::Write as _;
    let mut text = "id,kind,category,name.vi,owner,source\n".to_owned();
    for number in 0..20_000 {
        writeln!(text, "e-{number},place,see,Địa điểm số {number},Sở,Sở").unwrap();
    }
    let findings = Findings::default();
    let mut all = tables();
    all.merge(read("entries", &text, &findings));
    let parsed = parse::content(&all, CREATED, &findings);
    // Whatever else is wrong, it is not the rows: the sample has no canary queries of its own.
    assert_eq!(findings.into_list(), []);
    assert_eq!(parsed.map(|content| content.entries.len()), Some(20_004));
    assert_eq!(all.rows(Key::Entries).len(), 20_004);
}

proptest! {
    #[test]
    fn script_and_whatever_else_people_paste_is_carried_as_it_is_or_named(
        text in "\\PC{1,40}", column in 0..3_usize,
    ) {
        prop_assume!(!text.trim().is_empty() && !text.trim_start().starts_with('#'));
        let heading = ["name.vi", "owner", "source"][column];
        let mut all = tables();
        let mut rows = all.rows(Key::Entries).to_vec();
        let cell = super::tables::Cell::Text(csv::composed(&text));
        rows[0].cells.insert(heading.to_owned(), cell);
        all.sheets.insert(Key::Entries, rows);
        let findings = Findings::default();
        if let Some(content) = parse::content(&all, CREATED, &findings) {
            let entry = &content.entries[0];
            let found = [&entry.texts.vi.name, &entry.owner, &entry.source][column].clone();
            prop_assert_eq!(found, csv::composed(&text).trim().to_owned());
            let again = rows::of(&content, "content.json");
            prop_assert_eq!(parse::content(&again, CREATED, &findings), Some(content));
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let findings = Findings::default();
        let _either = workbook::read("x.xlsx", &bytes, &findings);
        if let Ok((lines, _)) = csv::read("x.csv", &bytes) {
            let source = super::tables::Source { file: "x".into(), sheet: "entries".into() };
            let _rows = csv::table(Sheet::of(Key::Entries), &source, lines, &findings);
        }
    }
}
