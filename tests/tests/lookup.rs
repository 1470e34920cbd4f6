//! From an agency's spreadsheet to the cabinet: imported, built, drafted, signed by two, published,
//! fetched by the agent of a kiosk, let in by its gate, opened with its canary queries.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, helpers of a test too"
)]

use cotmoc_kiosk::shelf::{Store, StoreConfig};
use cotmoc_lookup::package::Limits;
use cotmoc_lookup::query::Effort;
use cotmoc_lookup::{Language, Searcher};
use cotmoc_proto::device::EventKind;
use cotmoc_proto::trust::{Clause, Key, Role, RoleName};
use cotmoc_proto::{Digest, TimeMs};
use cotmoc_test_kit::media::png;
use cotmoc_tests::{Board, Lab, bin, eventually};
use rust_xlsxwriter::Workbook;
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;

/// Table, then its lines; cells are separated by `|`.
const SHEETS: &[(&str, &[&str])] = &[
    (
        "cluster",
        &[
            "site|name.vi|name.zh|name.en|address.vi|staff.vi|lat|lon",
            "huu-nghi|Cửa khẩu quốc tế Hữu Nghị|友谊国际口岸|Huu Nghi border gate|Đồng Đăng|Quầy thông tin|21.976|106.713",
        ],
    ),
    (
        "categories",
        &[
            "id|name.vi|name.en|icon",
            "tham-quan|Tham quan|Sights|landmark",
            "thu-tuc|Thủ tục|Procedures|passport",
        ],
    ),
    (
        "entries",
        &[
            "id|kind|category|name.vi|name.zh|name.en|owner|source",
            "nhi-thanh|place|tham-quan|Động Nhị Thanh|二青洞|Nhi Thanh Cave|Sở Du lịch|Sở Du lịch",
            "the-xuat-nhap|procedure|thu-tuc|Cấp giấy thông hành||Border pass|Công an tỉnh|Công an tỉnh",
        ],
    ),
    (
        "procedures",
        &["entry|effective", "the-xuat-nhap|15/08/2025"],
    ),
    (
        "applies",
        &[
            "entry|nationality|purpose",
            "the-xuat-nhap|vn|border_resident",
        ],
    ),
    (
        "steps",
        &["entry|text.vi", "the-xuat-nhap|Nộp tờ khai tại quầy số 2"],
    ),
    (
        "legal",
        &["entry|document", "the-xuat-nhap|Nghị định 34/2023/NĐ-CP"],
    ),
    ("emergency", &["name.vi|number", "Công an|113"]),
];

struct Office {
    lab: Lab,
}

impl Office {
    /// A controller whose root has an editor and an approver with keys of the command line.
    fn open() -> Self {
        let office = Self {
            lab: Lab::start().unwrap(),
        };
        std::fs::write(office.path("pw"), "bốn từ không liên quan\n").unwrap();
        std::fs::write(office.path("root.dsse"), office.lab.factory_root()).unwrap();
        let mut root = office.lab.site.root();
        root.version = 2;
        let clauses = ["editor", "approver"].map(|name| {
            let file = format!("{name}.key");
            office.cotmoc(&format!(
                "keys new --holder {name} --out {file} --passphrase-file pw"
            ));
            let record = std::fs::read(office.path(&format!("{file}.pub"))).unwrap();
            let record: Value = serde_json::from_slice(&record).unwrap();
            let keyid: Digest = serde_json::from_value(record["keyid"].clone()).unwrap();
            let key: Key = serde_json::from_value(serde_json::json!({
                "alg": record["alg"], "spki": record["spki"], "holder": record["holder"],
            }))
            .unwrap();
            root.keys.0.insert(keyid, key);
            Clause {
                name: name.to_owned(),
                keys: [keyid].into(),
                threshold: 1,
            }
        });
        let all = clauses.into();
        root.roles.0.insert(RoleName::Release, Role { all });
        office
            .lab
            .publish(&office.lab.site.seal_root(&root))
            .unwrap();
        office
    }

    fn path(&self, name: &str) -> PathBuf {
        self.lab.dir().join(name)
    }

    /// Runs the people's command line; what it printed.
    fn cotmoc(&self, line: &str) -> String {
        let (is_good, said) = self.try_cotmoc(line);
        assert!(is_good, "{line}\n{said}");
        said
    }

    fn try_cotmoc(&self, line: &str) -> (bool, String) {
        let console = &self.lab.addresses().console;
        let output = Command::new(bin("cotmoc"))
            .args(["--controller", &format!("http://{console}")])
            .args(["--token-file", "controller/operator.token"])
            .args(["--root", "root.dsse"])
            .args(line.split(' '))
            .current_dir(self.lab.dir())
            .env("HOME", self.lab.dir())
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(said).unwrap())
    }

    fn workbook(&self, name: &str, sheets: &[(&str, &[&str])]) {
        let mut book = Workbook::new();
        for (sheet, lines) in sheets {
            let page = book.add_worksheet();
            page.set_name(*sheet).unwrap();
            for (row, line) in (0..).zip(*lines) {
                for (column, text) in (0..).zip(line.split('|')) {
                    if !text.is_empty() {
                        page.write_string(row, column, text).unwrap();
                    }
                }
            }
        }
        book.save(self.path(name)).unwrap();
    }

    /// A programme of one still with the package, drafted, signed by two and published.
    fn publish(&self, number: u32) -> [String; 2] {
        std::fs::write(self.path("a.png"), png(320, 180, [0, 90, 0])).unwrap();
        let programme = "channel = \"hall\"\ndevices = [\"W01\"]\n\
                         [layout]\nwidth_px = 320\nheight_px = 180\n\
                         [[playlist]]\nid = \"loop\"\n\
                         [[playlist.item]]\nid = \"a\"\nfile = \"a.png\"\ntitle = \"A\"\nlanguages = [\"vi\"]\n\
                         [fallback]\nid = \"f\"\nfile = \"a.png\"\ntitle = \"F\"\nlanguages = [\"none\"]\n\
                         [lookup]\npackage = \"goi\"\n";
        std::fs::write(self.path("chuong-trinh.toml"), programme).unwrap();
        let file = format!("ban-{number}.dsse");
        let drafted = self.cotmoc(&format!("release draft chuong-trinh.toml --out {file}"));
        let signed = ["editor", "approver"].map(|name| {
            self.cotmoc(&format!(
                "release sign {file} --key {name}.key --passphrase-file pw --yes"
            ))
        });
        self.cotmoc(&format!("release publish {file}"));
        let [_, approver] = signed;
        [drafted, approver]
    }
}

/// The agent of a kiosk, and the store of its daemon.
fn kiosk(office: &Office) -> (Board, Store) {
    let me = office.lab.site.identity("W01");
    let mut board = Board::new(&office.lab, me.clone()).unwrap();
    let config = board.path("agent.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("screens = [\"kiosk\"]\n{text}")).unwrap();
    board.enrol(&office.lab).unwrap();
    board.start_agent().unwrap();
    let (store, events) = Store::open(StoreConfig {
        me,
        data: board.path("kiosk"),
        inbox: board.path("inbox"),
        media: board.path("media"),
        factory_root: office.lab.factory_root(),
    })
    .unwrap();
    assert_eq!(events, []);
    (board, store)
}

fn wait_for(store: &mut Store, version: u64) {
    eventually("the release comes into use at the kiosk", || {
        let refused = store
            .look()
            .into_iter()
            .find(|event| event.kind == EventKind::ReleaseRefused);
        assert_eq!(refused, None);
        let current = store.current();
        let package = current.borrow().package.clone()?;
        (package.release == version).then_some(())
    });
}

#[test]
fn what_an_agency_wrote_in_a_spreadsheet_is_found_at_the_kiosk_after_two_have_signed() {
    let office = Office::open();
    office.workbook("bang.xlsx", SHEETS);
    let tried = office.cotmoc("lookup import bang.xlsx --into noi-dung");
    assert!(tried.contains("Chưa ghi gì") && !office.path("noi-dung").exists());
    office.cotmoc("lookup import bang.xlsx --into noi-dung --apply");
    let again = office.cotmoc("lookup import bang.xlsx --into noi-dung --apply");
    assert!(again.contains("Không có gì mới"), "{again}");
    office.cotmoc("lookup build noi-dung --out goi");
    let found = office.cotmoc("lookup search goi dong nhi thanh");
    assert!(found.contains("nhi-thanh"), "{found}");
    let [drafted, approved] = office.publish(1);
    assert!(drafted.contains("Mục tra cứu · Entries: 2"), "{drafted}");
    assert!(approved.contains("Nội dung tra cứu"), "{approved}");

    let (board, mut store) = kiosk(&office);
    wait_for(&mut store, 1);
    let package = store.current().borrow().package.clone().unwrap();
    assert_eq!(package.lookup.run_canaries(), []);
    let limits = Limits {
        now: TimeMs(1_795_366_800_000),
        count: 5,
        category: None,
        effort: Effort::Full,
    };
    for typed in [
        "二青洞",
        "erqingdong",
        "nhi thanh cave",
        "ddoongj nhij thanh",
    ] {
        let answer = package.lookup.search(&mut Searcher::new(), typed, &limits);
        let entry = package.lookup.entry_at(answer.hits[0].document);
        let entry = entry.unwrap().unwrap();
        assert_eq!(entry.name(Language::Zh).value, "二青洞", "{typed}");
    }
    drop(package);

    office.workbook(
        "sua.xlsx",
        &[(
            "entries",
            &[
                "id|kind|category|name.vi|name.zh|name.en|owner|source",
                "nhi-thanh|place|tham-quan|Động Nhị Thanh và chùa Tam Giáo|二青洞|Nhi Thanh Cave|Sở Du lịch|Sở Du lịch",
                "cho-dong-kinh|place|tham-quan|Chợ Đông Kinh||Dong Kinh market|Sở Du lịch|Sở Du lịch",
            ],
        )],
    );
    office.cotmoc("lookup import sua.xlsx --into noi-dung --apply");
    office.cotmoc("lookup build noi-dung --out goi");
    let [_, approved] = office.publish(2);
    for words in [
        "1 added, 1 changed, 0 removed",
        "cho-dong-kinh",
        "texts.vi.name",
        "Động Nhị Thanh và chùa Tam Giáo",
    ] {
        assert!(approved.contains(words), "{words}\n{approved}");
    }
    wait_for(&mut store, 2);
    let package = store.current().borrow().package.clone().unwrap();
    assert_eq!(package.lookup.len(), 3);
    drop(board);
}

#[test]
fn a_spreadsheet_with_mistakes_changes_nothing_and_tells_all_of_them() {
    let office = Office {
        lab: Lab::start().unwrap(),
    };
    std::fs::write(office.path("root.dsse"), office.lab.factory_root()).unwrap();
    office.workbook(
        "sai.xlsx",
        &[(
            "entries",
            &[
                "id|kind|category|name.vi|owner|source",
                "a|shop|tham-quan|A|Sở|Sở",
                "b|place|tham-quan||Sở|Sở",
            ],
        )],
    );
    let (is_good, said) = office.try_cotmoc("lookup import sai.xlsx --into noi-dung --apply");
    assert!(!is_good && !office.path("noi-dung").exists(), "{said}");
    for words in [
        "sai.xlsx · entries · dòng/row 2 · cột/column B (kind)",
        "sai.xlsx · entries · dòng/row 3 · cột/column D (name.vi)",
        "đang để trống, hãy điền vào",
        "fill in the table cluster",
        "Nothing was changed",
    ] {
        assert!(said.contains(words), "{words}\n{said}");
    }
}
