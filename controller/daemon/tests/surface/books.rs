//! The pages of obligations, of the on-air ledger and of the incident book.

use crate::console::{Browser, staff};
use crate::ledger::seeded;
use crate::obligations::{first, this_month, yesterday};
use crate::world::World;
use cotmoc_proto::time::MINUTE;
use cotmoc_proto::window::OperatingWindow;

const EVIL: &str = "=cmd <script>alert(1)</script>";

/// Date and time as forms take them, so long ago.
fn ago(minutes: i64) -> (String, String) {
    let now = crate::obligations::now().plus(-minutes * MINUTE);
    let said = OperatingWindow::default().zone.format(now);
    let (date, time) = said.split_once(' ').unwrap();
    (date.to_owned(), time.chars().take(5).collect())
}

#[tokio::test]
async fn what_was_done_long_ago_waits_on_the_page_for_a_second_person() {
    let world = World::start(&this_month("before_hours = 1")).await;
    staff(&world).await;
    let id = first(&world, "bao.").await["obligation"].clone();
    let id = id.as_str().unwrap();
    let stranger = world
        .http
        .get(format!("http://{}/obligations", world.address("console")));
    let asked = crate::world::answer(stranger).await;
    assert!(!String::from_utf8_lossy(&asked.body).contains("Báo Lào Cai"));

    let mut auditor = Browser::signed_in(&world, "kiemtra").await;
    let page = auditor.page("/obligations").await;
    assert!(
        page.contains("Báo Lào Cai") && page.contains("cung cấp nội dung"),
        "{page}"
    );
    assert!(!page.contains("Ghi nhận việc đã làm"));
    let (date, time) = ago(20);
    let fields = [
        ("obligation", id),
        ("reference", EVIL),
        ("date", date.as_str()),
        ("time", time.as_str()),
    ];
    auditor.submit("/obligations", &fields).await.expect(403);

    let mut one = Browser::signed_in(&world, "truc1").await;
    one.send("/obligations", &fields).await.expect(400);
    one.submit("/obligations", &fields).await.expect(303);
    let page = one.page("/obligations").await;
    assert!(page.contains("chờ người thứ hai"), "{page}");
    assert!(page.contains("&#60;script&#62;") && !page.contains("<script>alert"));
    let agree = format!("/obligations/{id}/agree");
    assert!(!page.contains(&agree), "nobody agrees with themselves");
    one.submit(&agree, &[]).await.expect(409);
    let mut two = Browser::signed_in(&world, "truc2").await;
    assert!(two.page("/obligations").await.contains(&agree));
    two.submit(&agree, &[]).await.expect(303);
    let page = two.page("/obligations").await;
    assert!(
        page.contains("hoàn thành lúc") && page.contains("Trần Thị B"),
        "{page}"
    );
    let withdraw = format!("/obligations/{id}/withdraw");
    two.submit(&withdraw, &[("reason", " ")]).await.expect(409);
    two.submit(&withdraw, &[("reason", "nhầm")])
        .await
        .expect(303);
    assert!(
        two.page("/obligations")
            .await
            .contains("Ghi nhận việc đã làm")
    );
    two.submit("/obligations/none/agree", &[]).await.expect(404);
}

#[tokio::test]
async fn the_ledger_and_the_book_are_pages_and_tables_without_formulas() {
    let cluster = "[[clusters]]\nid = \"c1\"\nname = \"=Cụm quốc môn\"\nwalls = [\"W01\"]\n";
    let world = World::start(cluster).await;
    staff(&world).await;
    seeded(&world).await;
    let browser = Browser::signed_in(&world, "kiemtra").await;
    let day = OperatingWindow::default().zone.format(yesterday().from_ms);
    let day: String = day.chars().take(10).collect();
    let asked = format!("?cluster=c1&from={day}&to={day}");
    let page = browser.page(&format!("/ledger{asked}")).await;
    for expected in [
        "Cụm quốc môn",
        "12 giờ 30 phút",
        "chưa xác định",
        "20:00:00–22:00:00",
    ] {
        assert!(page.contains(expected), "{expected}: {page}");
    }
    assert!(
        page.contains("<rect class=\"unknown\" x=\"780\" width=\"120\""),
        "{page}"
    );
    let table = browser
        .get(&format!("/ledger.csv{asked}"))
        .await
        .expect(200);
    assert!(
        table.headers["content-disposition"]
            .to_str()
            .unwrap()
            .contains("so-phat-song.csv")
    );
    let text = String::from_utf8(table.body).unwrap();
    let line = text.lines().nth(1).unwrap();
    let begins = format!("\"'=Cụm quốc môn\",\"{day}\",\"900\",\"750\",\"30\",\"0\",\"120\"");
    assert!(line.starts_with(&begins), "{line}");
    let book = browser.page(&format!("/book{asked}")).await;
    assert!(
        book.contains("mất điện") && book.contains("30 phút"),
        "{book}"
    );
    let text = browser.page(&format!("/book.csv{asked}")).await;
    assert!(text.contains("\"mất điện\",\"1\",\"30 phút\""), "{text}");
    for bad in [
        "?from=31/02/2026",
        "?from=02/01/2026&to=01/01/2026",
        "?cluster=a b",
    ] {
        browser.get(&format!("/ledger{bad}")).await.expect(400);
    }
}
