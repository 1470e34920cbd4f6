//! What the kiosk answers, asked politely and otherwise.

use crate::support::{PATIENCE, World, content};
use cotmoc_link::{ScreenMessage, Server, What};
use cotmoc_proto::device::{ScreenKind, ScreenStatus};
use serde_json::{Value, json};

const PAGES: [&str; 14] = [
    "/home",
    "/search",
    "/entry/fansipan",
    "/entry/evisa",
    "/category/border",
    "/map",
    "/map?to=fansipan",
    "/procedures",
    "/procedures?nationality=cn&purpose=tourism",
    "/invest",
    "/notices",
    "/festivals",
    "/emergency",
    "/feedback",
];

#[tokio::test]
async fn every_screen_is_there_in_every_language_and_only_within_a_visit() {
    let world = World::start().await;
    for page in PAGES {
        let answer = world.get(page).await;
        assert_eq!(answer.status, 303, "{page}");
        assert!(answer.head.contains("location: /\r\n"), "{page}");
    }
    for (language, tag) in [("vi", "vi"), ("zh", "zh-Hans"), ("en", "en")] {
        world.begin(language).await;
        for page in PAGES {
            let answer = world.get(page).await;
            assert_eq!(answer.status, 200, "{page}");
            let text = answer.text();
            assert!(text.contains(&format!("<html lang=\"{tag}\"")), "{page}");
            for part in [
                "data-choose=\"language=vi\"",
                "/emergency",
                "/accessibility",
                "class=\"staff\"",
            ] {
                assert!(text.contains(part), "{page}: {part}");
            }
        }
        assert_eq!(world.get("/").await.status, 200);
    }
    world.stop().await;
}

#[tokio::test]
async fn only_the_browser_of_this_board_is_answered() {
    let world = World::start().await;
    let own = world.address;
    let ask = async |head: &str| {
        world
            .raw(format!("{head}\r\nconnection: close\r\n\r\n").as_bytes())
            .await
            .status
    };
    assert_eq!(ask(&format!("GET / HTTP/1.1\r\nhost: {own}")).await, 200);
    assert_eq!(
        ask(&format!("GET / HTTP/1.1\r\nhost: localhost:{}", own.port())).await,
        200
    );
    for host in ["evil.example", "127.0.0.1", "127.0.0.1:1", "[::1]:80"] {
        assert_eq!(
            ask(&format!("GET / HTTP/1.1\r\nhost: {host}")).await,
            421,
            "{host}"
        );
    }
    for origin in ["https://evil.example", "null", "http://127.0.0.1:1"] {
        let head = format!("GET /home HTTP/1.1\r\nhost: {own}\r\norigin: {origin}");
        assert_eq!(ask(&head).await, 403, "{origin}");
    }
    let silent = format!(
        "POST /v1/begin HTTP/1.1\r\nhost: {own}\r\ncontent-type: application/json\r\ncontent-length: 17\r\nconnection: close\r\n\r\n{{\"language\":\"vi\"}}"
    );
    assert_eq!(world.raw(silent.as_bytes()).await.status, 403);
    world.stop().await;
}

#[tokio::test]
async fn nothing_leads_out_and_every_answer_is_strict() {
    let world = World::start().await;
    world.begin("en").await;
    for page in PAGES
        .iter()
        .chain(&["/accessibility", "/", "/assets/kiosk.js", "/nowhere"])
    {
        let answer = world.get(page).await;
        let head = answer.head.to_lowercase();
        for header in [
            "content-security-policy: default-src 'self'",
            "x-content-type-options: nosniff",
            "cache-control: no-",
        ] {
            assert!(head.contains(header), "{page}: {header}");
        }
        let text = answer.text();
        for out in [
            "href=\"http",
            "src=\"http",
            "href=\"//",
            "target=",
            "style=",
            "onclick=",
        ] {
            assert!(!text.contains(out), "{page}: {out}");
        }
        assert!(!head.contains("set-cookie"), "{page}");
        if *page == "/" {
            world.begin("en").await;
        }
    }
    world.stop().await;
}

#[tokio::test]
async fn what_agencies_write_stays_text() {
    let world = World::start().await;
    for language in ["vi", "zh", "en"] {
        world.begin(language).await;
        for page in [
            "/entry/hostile",
            "/category/service",
            "/v1/results?q=quan&full=1",
            "/feedback?about=hostile",
        ] {
            let text = world.get(page).await.text();
            assert!(text.contains("&#"), "{page}");
            for markup in [
                "<script>",
                "<img src=x",
                "<svg onload",
                "<iframe",
                "<b>đậm",
                "{{",
            ] {
                let own = text.matches("<script type=\"module\"").count();
                assert!(
                    !text.contains(markup) || markup == "{{" && text.contains("7*7"),
                    "{page} {own}: {markup}"
                );
            }
        }
    }
    world.stop().await;
}

#[tokio::test]
async fn whatever_is_typed_is_answered() {
    let world = World::start().await;
    world.begin("vi").await;
    let encoded = |text: &str| {
        text.bytes()
            .map(|byte| format!("%{byte:02X}"))
            .collect::<String>()
    };
    for typed in [
        "x".repeat(4_096),
        "\u{202e}fansipan\u{200f}".to_owned(),
        "\u{0}\u{7}\u{1b}[2J".to_owned(),
        "😀🇻🇳👨‍👩‍👧".to_owned(),
        "' OR 1=1 --".to_owned(),
        "<script>".to_owned(),
        "%".repeat(200),
        " ".repeat(300),
    ] {
        let answer = world
            .get(&format!("/v1/results?full=1&q={}", encoded(&typed)))
            .await;
        assert_eq!(answer.status, 200, "{typed:?}");
    }
    let found = world
        .get("/v1/results?q=%E2%80%AEfansipan&full=1")
        .await
        .text();
    assert!(found.contains("/entry/fansipan"));
    for bad in [
        "/v1/results?q=%FF%FE",
        "/entry/..%2F..%2Fetc",
        "/category/%00",
        "/media/..%2Fx",
        "/qr/entry/%3Cx%3E.svg",
        "/map?view=99999999999999999999",
        "/procedures?nationality=xx",
    ] {
        let status = world.get(bad).await.status;
        assert!((200..500).contains(&status), "{bad}: {status}");
    }
    world.stop().await;
}

#[tokio::test]
async fn fifty_touches_a_second_are_one_visit() {
    let world = World::start().await;
    let visit = world.begin("en").await;
    for _ in 0..100 {
        let told = world.post("/v1/touch", &json!({"visit": visit})).await;
        assert_eq!(told.json(), json!({"visit": visit}));
    }
    // A page of an earlier visit wakes nobody.
    world.get("/").await;
    let told = world.post("/v1/touch", &json!({"visit": visit})).await;
    assert_eq!(told.json(), json!({"visit": 0}));
    let told = world.post("/v1/touch", &json!({"visit": 0})).await;
    assert_eq!(told.json(), json!({"visit": 0}));
    assert_eq!(world.begin("en").await, visit + 1);
    world.stop().await;
}

#[tokio::test]
async fn a_visit_is_forgotten_with_all_that_was_typed_and_chosen() {
    let world = World::start().await;
    let visit = world.begin("en").await;
    let choice =
        json!({"visit": visit, "choice": {"size": "170", "theme": "contrast", "reach": "low"}});
    world.post("/v1/choose", &choice).await;
    world.get("/v1/results?q=fansipan&category=nature").await;
    let page = world.get("/search").await.text();
    assert!(page.contains("value=\"fansipan\"") && page.contains("data-size=\"170\""));
    world.post("/v1/leave", &json!({"visit": visit})).await;
    world.begin("en").await;
    let page = world.get("/search").await.text();
    assert!(
        !page.contains("value=\"fansipan\"")
            && !page.contains("170")
            && page.contains("data-size=\"100\"")
    );
    assert!(page.contains("data-theme=\"normal\"") && page.contains("data-reach=\"whole\""));
    world.stop().await;
}

#[tokio::test]
async fn at_night_and_without_content_the_numbers_to_call_are_there_in_three_languages() {
    let mut closed = content();
    // Whatever the time is, this window has not begun or is over.
    let now = jiff::Timestamp::now()
        .to_zoned_datetime(jiff::tz::TimeZone::get("Asia/Ho_Chi_Minh").unwrap());
    let (opens, closes) = if now.hour() < 12 {
        ("20:00", "21:00")
    } else {
        ("01:00", "02:00")
    };
    closed["cluster"]["window"] =
        json!({"zone": "Asia/Ho_Chi_Minh", "opens": opens, "closes": closes, "quota_min": 30});
    let world = World::with(&closed, "").await;
    let page = world.get("/").await.text();
    for part in [
        "Tủ tra cứu đang nghỉ",
        "查询机休息中",
        "The kiosk is resting",
        opens,
        "113",
        "114",
        "115",
        "Ambulance",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert_eq!(world.begin("vi").await, 0);
    world.stop().await;
    let world = World::empty().await;
    let page = world.get("/").await.text();
    for part in [
        "tạm thời chưa phục vụ",
        "暂停服务",
        "out of service",
        "113",
        "114",
        "115",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert_eq!(world.begin("vi").await, 0);
    assert_eq!(
        (
            world.get("/healthz").await.status,
            world.get("/readyz").await.status
        ),
        (200, 503)
    );
    world.stop().await;
}

#[tokio::test]
async fn an_urgent_notice_is_seen_before_anything_else_and_help_even_before_that() {
    let mut content = content();
    let notice = json!({
        "id": "flood", "category": "papers", "kind": {"notice": {"severity": "urgent", "from": 1_795_366_800_000_i64}},
        "texts": {
            "vi": {"name": "Lũ quét: đóng quốc lộ 4D", "body": "Không đi Sa Pa."},
            "zh": {"name": "山洪：4D国道封闭"}, "en": {"name": "Flash flood: road 4D is closed"}
        },
        "owner": "x", "source": "x"
    });
    content["entries"].as_array_mut().unwrap().push(notice);
    let world = World::with(&content, "").await;
    let page = world.get("/").await.text();
    for part in ["Lũ quét", "山洪", "Flash flood", "Không đi Sa Pa."] {
        assert!(page.contains(part), "{part}");
    }
    let visit = world.begin("zh").await;
    assert!(world.get("/home").await.head.contains("location: /urgent"));
    assert_eq!(world.get("/emergency").await.status, 200);
    assert!(world.get("/urgent").await.text().contains("已知晓"));
    world
        .post("/v1/read", &json!({"visit": visit, "notice": "flood"}))
        .await;
    assert_eq!(world.get("/home").await.status, 200);
    world.stop().await;
}

#[tokio::test]
async fn codes_hold_what_a_phone_needs_and_only_what_is_shown() {
    let world = World::start().await;
    world.begin("zh").await;
    for code in [
        "/qr/entry/fansipan.svg",
        "/qr/route/fansipan.svg",
        "/qr/website/fansipan.svg",
        "/qr/checklist/cn/tourism.svg",
        "/qr/entry/evisa.svg",
    ] {
        let answer = world.get(code).await;
        assert_eq!(answer.status, 200, "{code}");
        assert!(
            answer.head.contains("image/svg+xml") && answer.text().contains("<svg"),
            "{code}"
        );
    }
    for code in [
        "/qr/entry/none.svg",
        "/qr/route/evisa.svg",
        "/qr/website/coc-leu.svg",
        "/qr/checklist/cn/none.svg",
        "/qr/feedback.svg",
    ] {
        assert_eq!(world.get(code).await.status, 404, "{code}");
    }
    world.stop().await;
}

#[tokio::test]
async fn what_is_shown_is_read_aloud_in_its_language_and_nothing_else_is() {
    let world = World::start().await;
    world.begin("en").await;
    for say in [
        "w:home",
        "e:fansipan:all",
        "e:only-vi:name",
        "g:border",
        "c:staff",
        "n:0",
        "l:zh",
        "k:a",
        "w:home%20w:back",
    ] {
        let answer = world.get(&format!("/speech?say={say}")).await;
        assert_eq!(answer.status, 200, "{say}");
        assert!(
            answer.body.starts_with(b"RIFF") && answer.body.len() > 5_000,
            "{say}: {}",
            answer.body.len()
        );
    }
    for say in [
        "hello",
        "w:no-such-word",
        "e:none:all",
        "k:hello",
        "x:y",
        "",
        "n:99",
    ] {
        assert_eq!(
            world.get(&format!("/speech?say={say}")).await.status,
            404,
            "{say}"
        );
    }
    world.stop().await;
}

#[tokio::test]
async fn the_agent_hears_that_the_kiosk_is_there_and_whether_it_is_lit() {
    let world = World::start().await;
    let mut agent = Server::bind(&world.link(), "test").await.unwrap();
    let mut statuses = Vec::new();
    while statuses.len() < 2 {
        let heard = tokio::time::timeout(PATIENCE, agent.next());
        let What::Said(ScreenMessage::Report(report)) = heard.await.unwrap().unwrap().what else {
            continue;
        };
        assert_eq!(report.kind, ScreenKind::Kiosk);
        if statuses.last() != Some(&report.status) {
            statuses.push(report.status);
        }
        world.post("/v1/ui/beat", &beat()).await;
    }
    // Lit, but with a package that nobody signed.
    let wanted = [ScreenStatus::OnlineNotLit, ScreenStatus::Degraded];
    assert_eq!(statuses, wanted);
    world.stop().await;
}

fn beat() -> Value {
    json!({"nonce": "", "frames": 3, "visible": true, "screen": "home", "width": 1080, "height": 1920,
        "visit": 0, "pointer_ms": null, "key_paint_ms": null, "errors": 0})
}

#[tokio::test]
async fn the_browser_s_sign_gets_a_new_number_each_time() {
    let world = World::start().await;
    let beat = beat();
    let first = world.post("/v1/ui/beat", &beat).await.json()["nonce"].clone();
    let second = world.post("/v1/ui/beat", &beat).await.json()["nonce"].clone();
    assert_ne!(first, second);
    assert_eq!(first.as_str().unwrap().len(), 16);
    world.stop().await;
}
