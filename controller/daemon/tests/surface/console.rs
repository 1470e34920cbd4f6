//! The console's pages behind the sign-in.

use crate::device::{Device, record};
use crate::reports;
use crate::world::{Answer, World, answer, eventually};
use reqwest::Client;
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use serde_json::json;

const PASSWORD: &str = "bốn chữ đủ dài";

/// A browser: it keeps the cookie and sends the forms that it was shown.
pub struct Browser {
    http: Client,
    base: String,
    cookie: String,
}

impl Browser {
    pub fn new(world: &World) -> Self {
        let policy = reqwest::redirect::Policy::none();
        let http = Client::builder().no_proxy().redirect(policy).build();
        Self {
            http: http.unwrap(),
            base: format!("http://{}", world.address("console")),
            cookie: String::new(),
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        let request = self.http.get(format!("{}{path}", self.base));
        answer(request.header(COOKIE, &self.cookie)).await
    }

    pub async fn page(&self, path: &str) -> String {
        String::from_utf8(self.get(path).await.expect(200).body).unwrap()
    }

    /// What the forms of this session carry.
    async fn csrf(&self) -> String {
        let page = self.page("/account").await;
        let (_, rest) = page.split_once("name=\"csrf\" value=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    }

    pub async fn send(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = self.http.post(format!("{}{path}", self.base));
        let request = request.header(COOKIE, &self.cookie).form(fields);
        let answer = answer(request).await;
        if let Some(cookie) = answer.headers.get(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"));
            cookie
                .split(';')
                .next()
                .unwrap()
                .clone_into(&mut self.cookie);
        }
        answer
    }

    pub async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = self.csrf().await;
        let fields = [&[("csrf", csrf.as_str())], fields].concat();
        self.send(path, &fields).await
    }

    pub async fn signed_in(world: &World, account: &str) -> Self {
        let mut browser = Self::new(world);
        let fields = [("account", account), ("password", PASSWORD), ("next", "")];
        browser.send("/sign-in", &fields).await.expect(303);
        browser
    }
}

fn place(answer: &Answer) -> &str {
    answer.headers[LOCATION].to_str().unwrap()
}

/// The first administrator, by the code in the data folder.
async fn administrator(world: &World) -> Browser {
    let code = std::fs::read_to_string(world.data().join("first-run.code")).unwrap();
    let mut browser = Browser::new(world);
    let fields = [
        ("code", code.trim()),
        ("name", "Quản trị viên"),
        ("account", "quantri"),
        ("password", PASSWORD),
    ];
    let answer = browser.send("/first-run", &fields).await.expect(303);
    assert_eq!(place(&answer), "/accounts");
    browser
}

/// An account for each of the other roles, two operators.
pub async fn staff(world: &World) -> Browser {
    let mut admin = administrator(world).await;
    for (account, name, role) in [
        ("truc1", "Nguyễn Văn A", "operator"),
        ("truc2", "Trần Thị B", "operator"),
        ("kythuat", "Lê Văn C", "technician"),
        ("kiemtra", "Phạm Thị D", "auditor"),
    ] {
        let fields = [
            ("account", account),
            ("name", name),
            ("role", role),
            ("password", PASSWORD),
        ];
        admin.submit("/accounts", &fields).await.expect(303);
    }
    admin
}

#[tokio::test]
async fn nobody_has_an_account_until_the_code_in_the_data_folder_makes_the_first() {
    let mut world = World::start("").await;
    let code = world.data().join("first-run.code");
    let mode = std::os::unix::fs::PermissionsExt::mode(&code.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let mut browser = Browser::new(&world);
    let page = browser.page("/sign-in").await;
    assert!(page.contains("Tạo tài khoản quản trị đầu tiên"), "{page}");
    let fields = |code, password| {
        [
            ("code", code),
            ("name", "X"),
            ("account", "quantri"),
            ("password", password),
        ]
    };
    let wrong = fields("wrong", PASSWORD);
    browser.send("/first-run", &wrong).await.expect(401);
    let text = std::fs::read_to_string(&code).unwrap();
    let weak = fields(text.trim(), "ngắn");
    browser.send("/first-run", &weak).await.expect(400);
    administrator(&world).await;
    assert!(!code.exists(), "the code is of no more use");
    let again = fields(text.trim(), PASSWORD);
    browser.send("/first-run", &again).await.expect(401);
    world.kill();
    world.restart().await;
    assert!(!code.exists());
    let browser = Browser::signed_in(&world, "quantri").await;
    browser.page("/accounts").await;
}

#[tokio::test]
async fn every_page_and_every_deed_asks_who_it_is_and_whether_the_role_allows_it() {
    let world = World::start("").await;
    staff(&world).await;
    let pages = [
        "/incidents",
        "/incidents/x",
        "/maintenance",
        "/account",
        "/accounts",
    ];
    for path in pages {
        let answer = Browser::new(&world).get(path).await.expect(303);
        assert_eq!(place(&answer), format!("/sign-in?next={path}"));
    }
    // 404: it would be done if there were such an incident.
    let allowed = |role: &str, right: &str| match right {
        "judge" => role.starts_with("truc"),
        "handle" | "maintain" => role.starts_with("truc") || role == "kythuat",
        _ => role == "quantri",
    };
    for role in ["truc1", "kythuat", "kiemtra", "quantri"] {
        let mut browser = Browser::signed_in(&world, role).await;
        for (path, right, done) in [
            ("/incidents/x/acknowledge", "handle", 404),
            ("/incidents/x/told", "handle", 404),
            ("/incidents/x/propose-dismissal", "judge", 404),
            ("/incidents/x/dismiss", "judge", 404),
            ("/incidents/x/propose-closing", "judge", 404),
            ("/incidents/x/close", "judge", 404),
            ("/maintenance/1/end", "maintain", 303),
            ("/accounts/nobody/disable", "administer", 409),
        ] {
            let expected = if allowed(role, right) { done } else { 403 };
            let answer = browser
                .submit(path, &[("text", "x"), ("minutes", "5")])
                .await;
            assert_eq!(answer.status, expected, "{role} {path}");
            let answer = browser.send(path, &[("text", "x")]).await;
            assert_eq!(
                answer.status, 400,
                "without proof of the page: {role} {path}"
            );
            let forged = [("csrf", "0123"), ("text", "x")];
            assert_eq!(
                browser.send(path, &forged).await.status,
                403,
                "{role} {path}"
            );
        }
        let accounts = browser.get("/accounts").await.status;
        assert_eq!(
            accounts,
            if role == "quantri" { 200 } else { 403 },
            "{role}"
        );
        browser.page("/incidents").await;
        browser.page("/maintenance").await;
    }
}

#[tokio::test]
async fn what_another_page_sends_and_a_password_that_is_guessed_come_to_nothing() {
    let world = World::start("").await;
    let admin = staff(&world).await;
    let csrf = admin.csrf().await;
    let foreign = admin
        .http
        .post(format!("{}/accounts/truc1/disable", admin.base))
        .header(COOKIE, &admin.cookie)
        .header("sec-fetch-site", "cross-site")
        .form(&[("csrf", csrf.as_str())]);
    answer(foreign).await.expect(403);

    let mut guesser = Browser::new(&world);
    for account in ["truc1", "khong-ai"] {
        for _ in 0..5 {
            let fields = [("account", account), ("password", "sai mật khẩu")];
            guesser.send("/sign-in", &fields).await.expect(401);
        }
        let fields = [("account", account), ("password", PASSWORD)];
        let slowed = guesser.send("/sign-in", &fields).await.expect(429);
        assert!(slowed.headers.get(SET_COOKIE).is_none(), "{account}");
    }
    // Others are not slowed, and nobody is locked out for good.
    Browser::signed_in(&world, "truc2").await;
    eventually("signing in again", async || {
        let fields = [("account", "truc1"), ("password", PASSWORD)];
        (guesser.send("/sign-in", &fields).await.status == 303).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_session_ends_with_signing_out_another_password_or_a_shut_account() {
    let world = World::start("").await;
    let mut admin = staff(&world).await;
    let mut browser = Browser::signed_in(&world, "truc1").await;
    let stolen = browser.cookie.clone();
    browser.submit("/sign-out", &[]).await.expect(303);
    browser.cookie = stolen;
    browser.get("/incidents").await.expect(303);

    let old = Browser::signed_in(&world, "truc1").await;
    let mut browser = Browser::signed_in(&world, "truc1").await;
    let wrong = [
        ("current", "sai mật khẩu"),
        ("password", "một mật khẩu khác"),
    ];
    browser
        .submit("/account/password", &wrong)
        .await
        .expect(401);
    let right = [("current", PASSWORD), ("password", "một mật khẩu khác")];
    browser
        .submit("/account/password", &right)
        .await
        .expect(303);
    old.get("/incidents").await.expect(303);

    let other = Browser::signed_in(&world, "truc2").await;
    admin
        .submit("/accounts/truc2/disable", &[])
        .await
        .expect(303);
    other.get("/incidents").await.expect(303);
    let mut shut = Browser::new(&world);
    let fields = [("account", "truc2"), ("password", PASSWORD)];
    shut.send("/sign-in", &fields).await.expect(401);
    admin
        .submit("/accounts/quantri/disable", &[])
        .await
        .expect(409);
    admin.page("/accounts").await;
}

/// A cabinet that was opened half a minute ago, and the first operator who sees that at the desk.
async fn opened(world: &World) -> (Device, Browser, String) {
    let device = world.device("W01").await;
    let now = cotmoc_service::boot::wall_ms();
    let opened = json!({ "event": { "kind": "door-opened", "detail": {
        "line": "door", "since_ms": (now - 30_000).to_string(),
    }}});
    device.sync(1, &[record(1, &opened)]).await.expect(200);
    let first = Browser::signed_in(world, "truc1").await;
    let id = eventually("the incident is at the desk", async || {
        let page = first.page("/incidents").await;
        let (_, rest) = page.split_once("href=\"/incidents/")?;
        assert!(page.contains("data-alarm=\"1\""), "{page}");
        Some(rest.split('"').next()?.to_owned())
    })
    .await;
    (device, first, id)
}

#[tokio::test]
async fn an_incident_is_taken_on_told_and_closed_by_two_at_the_desk() {
    let mut world = World::start("").await;
    staff(&world).await;
    let (device, mut first, id) = opened(&world).await;
    reports::are_drafts(&world, &id).await;
    let path = |deed: &str| format!("/incidents/{id}/{deed}");
    let show = format!("/incidents/{id}");
    let page = first.page(&show).await;
    for expected in [
        "bị truy cập trái phép",
        "data-deadline=",
        "Phát hiện sự cố",
        "Nhận xử lý",
    ] {
        assert!(page.contains(expected), "{expected} in {page}");
    }
    first
        .submit(&path("acknowledge"), &[("minutes", "16")])
        .await
        .expect(409);
    first
        .submit(&path("acknowledge"), &[("minutes", "10")])
        .await
        .expect(303);
    let page = first.page("/incidents").await;
    assert!(
        page.contains("data-alarm=\"0\"") && page.contains("Nguyễn Văn A (truc1)"),
        "{page}"
    );
    first
        .submit(&path("told"), &[("text", "  ")])
        .await
        .expect(400);
    first
        .submit(&path("told"), &[("text", "Đ/c Hoa <b>")])
        .await
        .expect(303);
    first
        .submit(&path("propose-dismissal"), &[("text", "nhầm")])
        .await
        .expect(409);
    first
        .submit(&path("propose-closing"), &[("text", "x")])
        .await
        .expect(409);
    ended(&mut world, &device, (first, &id)).await;
}

/// The cabinet is shut again, and two operators sign the incident's end.
async fn ended(world: &mut World, device: &Device, (mut first, id): (Browser, &str)) {
    let now = cotmoc_service::boot::wall_ms();
    let cut = json!({ "event": { "kind": "power-lost", "detail": {
        "after_ms": (now - 60_000).to_string(), "before_ms": (now - 50_000).to_string(),
    }}});
    let path = |deed: &str| format!("/incidents/{id}/{deed}");
    let show = format!("/incidents/{id}");
    let closed = json!({ "event": { "kind": "door-closed", "detail": { "line": "door" } } });
    device
        .sync(2, &[record(2, &closed), record(3, &cut)])
        .await
        .expect(200);
    eventually("it is resolved", async || {
        first
            .page(&show)
            .await
            .contains("Đã khắc phục, ổn định")
            .then_some(())
    })
    .await;
    let mut second = Browser::signed_in(world, "truc2").await;
    second.submit(&path("close"), &[]).await.expect(400);
    first
        .submit(&path("propose-closing"), &[("text", "Thay khoá tủ")])
        .await
        .expect(303);
    first.submit(&path("close"), &[]).await.expect(409);
    let refused = second.submit(&path("close"), &[]).await.expect(409);
    let said = String::from_utf8(refused.body).unwrap();
    assert!(said.contains("cùng một quản trị viên"), "{said}");
    a_day_later(world).await;
    let mut second = Browser::signed_in(world, "truc2").await;
    second.submit(&path("close"), &[]).await.expect(303);
    let page = second.page(&show).await;
    for expected in [
        "Kết thúc: Thay khoá tủ; Nguyễn Văn A (truc1) ký, Trần Thị B (truc2) xác nhận",
        "Sở xác nhận: Đ/c Hoa &#60;b&#62;; Nguyễn Văn A (truc1)",
        "Đã kết thúc",
    ] {
        assert!(page.contains(expected), "{expected} in {page}");
    }
    reports::are_final(world, id).await;
}

/// Every account has been its person's own for a day.
async fn a_day_later(world: &mut World) {
    world.kill();
    let database = rusqlite::Connection::open(world.data().join("controller.db")).unwrap();
    let day = 24 * 3_600 * 1_000;
    database
        .execute("UPDATE account SET handed_ms = handed_ms - ?1", [day])
        .unwrap();
    drop(database);
    world.restart().await;
}

#[tokio::test]
async fn announced_maintenance_is_shown_and_can_be_ended() {
    let world = World::start("").await;
    staff(&world).await;
    let channel = world.site.channel.to_string();
    let mut technician = Browser::signed_in(&world, "kythuat").await;
    let page = technician.page("/maintenance").await;
    let value = |name: &str| {
        let (_, rest) = page.split_once(&format!("name=\"{name}\"")).unwrap();
        let (_, rest) = rest.split_once("value=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    let (date, time) = (value("date"), value("time"));
    let fields = |minutes: &'static str, reason: &'static str| {
        [
            ("cluster", channel.clone()),
            ("date", date.clone()),
            ("time", time.clone()),
            ("minutes", minutes.to_owned()),
            ("reason", reason.to_owned()),
        ]
    };
    for (minutes, reason) in [
        ("60", " "),
        ("1441", "Thay nguồn"),
        ("-5", "Thay nguồn"),
        ("x", "Thay nguồn"),
    ] {
        let fields = fields(minutes, reason);
        let fields: Vec<_> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let answer = technician.submit("/maintenance", &fields).await;
        assert_eq!(answer.status, 400, "{minutes} {reason}");
    }
    let good = fields("60", "Thay nguồn");
    let good: Vec<_> = good.iter().map(|(n, v)| (*n, v.as_str())).collect();
    technician.submit("/maintenance", &good).await.expect(303);
    world.device("W01").await;
    let page = technician.page("/maintenance").await;
    assert!(
        page.contains("đang diễn ra") && page.contains("Lê Văn C (kythuat)"),
        "{page}"
    );
    let desk = technician.page("/incidents").await;
    assert!(desk.contains("bảo trì đến"), "{desk}");
    technician
        .submit("/maintenance/1/end", &[])
        .await
        .expect(303);
    assert!(
        technician
            .page("/maintenance")
            .await
            .contains("kết thúc sớm")
    );
    assert!(!technician.page("/incidents").await.contains("bảo trì đến"));
}
