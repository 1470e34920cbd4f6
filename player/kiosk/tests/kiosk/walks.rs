//! Visitors, from the first touch to what they came for.

use crate::support::browser::{Browser, UPRIGHT, WIDE};
use crate::support::{World, eventually};
use serde_json::{Value, json};

/// The name of the card that stands at this place of the results, once the answer to what is in the
/// field has come.
pub async fn first_result(browser: &Browser) -> String {
    let script = "const root = document.documentElement.dataset; const field = document.getElementById('query');
        const one = document.querySelector('#results .name');
        return field && root.answered === field.value && one ? one.innerText : null";
    eventually("results to what was typed", async || {
        browser.look(script).await?.as_str().map(str::to_owned)
    })
    .await
}

pub async fn press(browser: &Browser, keys: &[&str]) {
    for key in keys {
        browser
            .touch(&format!("#keyboard [data-key='{key}']"))
            .await;
    }
}

/// How many results are whole on the glass while the keyboard is open.
pub async fn whole_results(browser: &Browser) -> u64 {
    let script = "const box = document.getElementById('results').getBoundingClientRect();
        const board = document.getElementById('keyboard').getBoundingClientRect();
        return [...document.querySelectorAll('#results .card')].filter((one) => {
          const r = one.getBoundingClientRect();
          return r.top >= box.top - 1 && r.bottom <= Math.min(box.bottom, innerHeight) + 1 && board.height > 200;
        }).length";
    browser.run(script, &[]).await.as_u64().unwrap()
}

/// Whether a picture that a phone could read is there.
async fn code_is_drawn(browser: &Browser) {
    let script = "const code = document.querySelector('img.code');
        return code !== null && code.complete && code.naturalWidth >= 220 && code.getBoundingClientRect().width >= 220";
    eventually("a code for the phone", async || {
        (browser.look(script).await? == json!(true)).then_some(())
    })
    .await;
}

/// Nothing was kept anywhere, and there is no way back to it.
async fn nothing_is_left(browser: &Browser, words: &[&str]) {
    let script = "return JSON.stringify({ page: document.documentElement.outerHTML, cookie: document.cookie,
        local: {...localStorage}, session: {...sessionStorage}, history: history.length, url: location.href })";
    let left = browser.run(script, &[]).await;
    let left: Value = serde_json::from_str(left.as_str().unwrap()).unwrap();
    assert_eq!(left["cookie"], "");
    assert_eq!((&left["local"], &left["session"]), (&json!({}), &json!({})));
    // The one that the driver itself made, and the kiosk's.
    assert!(
        left["history"].as_u64().unwrap() <= 2,
        "{}",
        left["history"]
    );
    for word in words {
        assert!(!left.to_string().contains(word), "{word}");
    }
}

#[tokio::test]
async fn a_vietnamese_visitor_types_without_marks_and_takes_a_place_along() {
    let world = World::start().await;
    let browser = Browser::at(&world, UPRIGHT).await;
    browser.screen("attract").await;
    browser.picture("attract-upright").await;
    browser.touch("button[data-begin=vi]:not([data-to])").await;
    browser.screen("home").await;
    browser.touch("a.ask").await;
    browser.screen("search").await;
    assert!(whole_results(&browser).await >= 3);
    press(&browser, &["c", "h", "o", "space", "b", "a", "c"]).await;
    assert_eq!(first_result(&browser).await, "Chợ phiên Bắc Hà");
    browser.picture("search-vi-upright").await;
    browser.touch("#results .card").await;
    browser.screen("entry").await;
    code_is_drawn(&browser).await;
    browser.picture("entry-vi-upright").await;
    browser.touch("[data-leave]").await;
    browser.screen("attract").await;
    nothing_is_left(&browser, &["Bắc Hà", "cho bac"]).await;
    browser.close().await;
    world.stop().await;
}

#[tokio::test]
async fn a_chinese_visitor_types_pinyin_chooses_a_name_and_finds_the_way() {
    let world = World::start().await;
    let browser = Browser::at(&world, WIDE).await;
    browser.touch("button[data-begin=zh]").await;
    browser.screen("home").await;
    browser.picture("home-zh-wide").await;
    browser.touch("a.ask").await;
    browser.screen("search").await;
    assert!(whole_results(&browser).await >= 3);
    press(&browser, &["h", "u", "o", "c", "h", "e"]).await;
    assert_eq!(first_result(&browser).await, "老街火车站");
    browser.touch("#keyboard .candidates button").await;
    let field = browser
        .run("return document.getElementById('query').value", &[])
        .await;
    assert_eq!(field, json!("老街火车站"));
    assert_eq!(first_result(&browser).await, "老街火车站");
    browser.touch("#results .card").await;
    browser.screen("entry").await;
    browser.touch("a[href='/map?to=lao-cai-station']").await;
    browser.screen("map").await;
    code_is_drawn(&browser).await;
    browser.picture("map-zh-wide").await;
    browser.close().await;
    world.stop().await;
}

#[tokio::test]
async fn an_english_visitor_goes_through_the_procedures_to_a_list_to_take_along() {
    let world = World::start().await;
    let browser = Browser::at(&world, UPRIGHT).await;
    browser.touch("button[data-begin=en]").await;
    browser.screen("home").await;
    browser.picture("home-en-upright").await;
    browser.touch("a[href='/procedures']").await;
    browser
        .touch("a[href='/procedures?nationality=other']")
        .await;
    browser
        .touch("a[href='/procedures?nationality=other&purpose=tourism']")
        .await;
    code_is_drawn(&browser).await;
    let list = browser.text("main").await;
    for part in [
        "Electronic visa",
        "Passport valid for at least 6 months",
        "25.00 USD",
        "Pay the fee",
    ] {
        assert!(list.contains(part), "{part}: {list}");
    }
    browser.picture("checklist-en-upright").await;
    browser.touch("[data-choose='language=zh']").await;
    eventually("the same page in Chinese", async || {
        browser
            .text("main")
            .await
            .contains("电子签证")
            .then_some(())
    })
    .await;
    browser.touch("footer a.alarm").await;
    browser.screen("emergency").await;
    assert!(browser.text("main").await.contains("113"));
    nothing_is_left(&browser, &["purpose=tourism"]).await;
    browser.close().await;
    world.stop().await;
}

#[tokio::test]
async fn an_elderly_visitor_makes_the_text_larger_and_it_really_is() {
    let world = World::start().await;
    let browser = Browser::at(&world, UPRIGHT).await;
    browser.touch("button[data-to='/accessibility']").await;
    browser.screen("accessibility").await;
    let size = async || {
        let script =
            "return parseFloat(getComputedStyle(document.querySelector('main h1')).fontSize)";
        browser.run(script, &[]).await.as_f64().unwrap()
    };
    let normal = size().await;
    for (percent, factor) in [("130", 1.3), ("170", 1.7), ("100", 1.0)] {
        browser
            .touch(&format!("[data-choose='size={percent}']"))
            .await;
        eventually("the text has its size", async || {
            let now = size().await;
            ((now / normal - factor).abs() < 0.01).then_some(())
        })
        .await;
    }
    browser.touch("[data-choose='size=170']").await;
    browser.touch("[data-choose='theme=contrast']").await;
    eventually("high contrast", async || {
        let script = "return document.documentElement.dataset.theme + getComputedStyle(document.body).backgroundColor";
        (browser.look(script).await? == json!("contrastrgb(0, 0, 0)")).then_some(())
    })
    .await;
    browser.picture("accessibility-vi-upright").await;
    browser.touch("a[href='/home']").await;
    browser.screen("home").await;
    browser.touch("a.ask").await;
    browser.screen("search").await;
    browser.picture("search-170-upright").await;
    assert!(whole_results(&browser).await >= 3);
    browser.resize(WIDE).await;
    browser.picture("search-170-wide").await;
    assert!(whole_results(&browser).await >= 3);
    browser.close().await;
    world.stop().await;
}

#[tokio::test]
async fn a_visitor_in_a_wheelchair_reaches_every_control_of_every_screen() {
    // A tall panel that hangs high: 1220 mm of reach are 36 of 100 parts of it.
    let panel = "[panel]\nheight_mm = 1_150\nbottom_mm = 700\nreach_mm = 1_220";
    let world = World::with(&crate::support::content(), panel).await;
    let browser = Browser::at(&world, UPRIGHT).await;
    browser.touch("button[data-to='/accessibility']").await;
    browser.touch("[data-choose='reach=low']").await;
    let reach = 520.0 / 1_150.0;
    for path in [
        "/home",
        "/search",
        "/entry/fansipan",
        "/map",
        "/procedures",
        "/emergency",
        "/feedback",
        "/accessibility",
    ] {
        browser.client.goto(&world.url(path)).await.unwrap();
        let script = "return [...document.querySelectorAll('a[href], button, input, textarea')].filter((one) => one.offsetParent !== null)
            .map((one) => one.getBoundingClientRect().top / innerHeight).reduce((a, b) => Math.min(a, b), 1)";
        let highest = browser.run(script, &[]).await.as_f64().unwrap();
        assert!(
            1.0 - highest <= reach + 0.01,
            "{path}: a control at {:.0} mm",
            700.0 + (1.0 - highest) * 1_150.0
        );
        browser
            .picture(&format!("low{}", path.replace('/', "-")))
            .await;
    }
    browser.client.goto(&world.url("/search")).await.unwrap();
    press(&browser, &["f", "a", "n", "fold"]).await;
    assert_eq!(first_result(&browser).await, "Đỉnh Fansipan");
    browser.touch("#clear").await;
    eventually("three whole results where the keys were", async || {
        let script = "const box = document.getElementById('results').getBoundingClientRect();
            return [...document.querySelectorAll('#results .card')].filter((one) => one.getBoundingClientRect().bottom <= box.bottom + 1).length";
        (browser.look(script).await?.as_u64()? >= 3).then_some(())
    })
    .await;
    browser.picture("low-search-folded").await;
    browser.close().await;
    world.stop().await;
}

#[tokio::test]
async fn a_blind_visitor_hears_what_has_the_focus_and_gets_everywhere_by_keypad() {
    let world = World::start().await;
    let browser = Browser::at(&world, UPRIGHT).await;
    let visit = world.begin("en").await;
    world
        .post(
            "/v1/choose",
            &json!({"visit": visit, "choice": {"speech": "on"}}),
        )
        .await;
    for path in [
        "/home",
        "/search",
        "/entry/fansipan",
        "/procedures",
        "/emergency",
        "/feedback",
        "/accessibility",
    ] {
        browser.client.goto(&world.url(path)).await.unwrap();
        let nameless = browser.run(
            "return [...document.querySelectorAll('a[href], button, input, textarea, [tabindex=\"0\"]')].filter((one) => one.offsetParent !== null)
              .filter((one) => !(one.getAttribute('aria-label') || one.innerText || one.labels?.length) || !one.dataset.say).map((one) => one.outerHTML)",
            &[],
        )
        .await;
        assert_eq!(nameless, json!([]), "{path}");
        // Every stop has words behind its name.
        let names = browser.run("return [...new Set([...document.querySelectorAll('[data-say]')].map((one) => one.dataset.say))]", &[]).await;
        for say in names.as_array().unwrap() {
            let say = say.as_str().unwrap();
            let is_key =
                say.starts_with("k:") && !say.chars().nth(2).is_some_and(char::is_alphanumeric);
            let path = format!("/speech?say={}", say.replace(' ', "%20"));
            assert!(is_key || world.get(&path).await.status == 200, "{say}");
        }
    }
    browser.client.goto(&world.url("/home")).await.unwrap();
    browser.screen("home").await;
    let body = browser
        .client
        .find(fantoccini::Locator::Css("body"))
        .await
        .unwrap();
    let down = fantoccini::key::Key::Down;
    let mut heard = Vec::new();
    for _ in 0..40 {
        browser.run("return document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true, cancelable: true }))", &[]).await;
        let said = browser
            .run("return document.documentElement.dataset.said || ''", &[])
            .await;
        heard.push(said.as_str().unwrap().to_owned());
    }
    for wanted in [
        "w:search w:search_hint",
        "w:procedures",
        "w:map",
        "w:emergency",
        "w:finish",
        "g:border",
    ] {
        assert!(
            heard.iter().any(|said| said == wanted),
            "{wanted}: {heard:?}"
        );
    }
    drop((body, down));
    browser.close().await;
    world.stop().await;
}

#[tokio::test]
async fn feedback_is_a_face_reasons_and_a_note_typed_on_the_glass_once_a_visit() {
    let world = World::start().await;
    let browser = Browser::at(&world, UPRIGHT).await;
    browser.touch("button[data-begin=vi]:not([data-to])").await;
    browser.screen("home").await;
    browser.touch("a[href='/feedback']").await;
    browser.screen("feedback").await;
    browser.touch("button[type=submit]").await;
    assert!(!browser.text("#said").await.is_empty());
    browser.touch("[data-face=poor]").await;
    browser.touch("[data-reason=old]").await;
    browser.touch("#note").await;
    press(&browser, &["s", "a", "i", "space", "g", "i", "o", "w", "f"]).await;
    let note = browser
        .run("return document.getElementById('note').value", &[])
        .await;
    assert_eq!(note, json!("sai giờ"));
    browser.picture("feedback-typing-vi-upright").await;
    // Nobody has read anything within the first five seconds.
    eventually("the feedback is taken", async || {
        browser.look("const send = document.querySelector('button[type=submit]'); if (send.offsetParent) send.click()").await?;
        let thanks = "return !document.getElementById('thanks').hidden";
        (browser.look(thanks).await? == json!(true)).then_some(())
    })
    .await;
    browser.client.goto(&world.url("/feedback")).await.unwrap();
    assert!(browser.text("main").await.contains("đã được nhận"));
    let told = world.told().await;
    let detail = &told["detail"];
    assert_eq!(
        (&detail["face"], &detail["reasons"], &detail["note"]),
        (&json!("poor"), &json!("old"), &json!("sai giờ"))
    );
    browser.close().await;
    world.stop().await;
}

#[tokio::test]
async fn a_hostile_visitor_gets_nowhere() {
    let world = World::start().await;
    let browser = Browser::at(&world, WIDE).await;
    browser.touch("button[data-begin=en]").await;
    browser.screen("home").await;
    browser
        .client
        .goto(&world.url("/entry/hostile"))
        .await
        .unwrap();
    browser.screen("entry").await;
    let script = "return [document.title !== 'owned', window.owned === undefined, document.querySelectorAll('main script, iframe, main svg[onload]').length,
        [...document.querySelectorAll('a[href]')].every((one) => one.origin === location.origin)]";
    assert_eq!(browser.run(script, &[]).await, json!([true, true, 0, true]));
    // Nothing from elsewhere, no script in the page, no other window.
    let script = "
        const image = new Image();
        const loaded = new Promise((done) => { image.onload = () => done('loaded'); image.onerror = () => done('stopped'); });
        image.src = 'http://127.0.0.1:9/x.png';
        const inline = document.createElement('script'); inline.textContent = 'window.owned = 1'; document.body.append(inline);
        return loaded.then((picture) => [picture, window.owned === undefined])";
    assert_eq!(browser.run(script, &[]).await, json!(["stopped", true]));
    browser.client.goto(&world.url("/search")).await.unwrap();
    browser.screen("search").await;
    // Fifty touches a second, all over the glass.
    let script = "for (let i = 0; i < 500; i += 1) {
          const one = document.elementFromPoint((i * 97) % innerWidth, (i * 61) % innerHeight);
          if (one && !one.closest('footer, header, a')) one.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true, cancelable: true, pointerId: i }));
        }
        const menu = new MouseEvent('contextmenu', { bubbles: true, cancelable: true });
        document.body.dispatchEvent(menu);
        const field = document.getElementById('query');
        return [menu.defaultPrevented, [...field.value].length <= 80, location.pathname]";
    assert_eq!(
        browser.run(script, &[]).await,
        json!([true, true, "/search"])
    );
    browser.close().await;
    world.stop().await;
}

#[tokio::test]
async fn a_visitor_who_walks_away_is_asked_and_then_forgotten() {
    let world = World::with(
        &crate::support::content(),
        "[visit]\nusual_quiet_s = 10\nusual_question_s = 20",
    )
    .await;
    let browser = Browser::at(&world, UPRIGHT).await;
    browser.touch("button[data-begin=en]").await;
    browser.screen("home").await;
    browser.touch("a.ask").await;
    browser.screen("search").await;
    press(&browser, &["f", "a", "n", "s", "i"]).await;
    assert_eq!(first_result(&browser).await, "Fansipan summit");
    let asked =
        "return document.getElementById('question') && !document.getElementById('question').hidden";
    eventually("the question", async || {
        (browser.look(asked).await? == json!(true)).then_some(())
    })
    .await;
    browser.picture("question-en-upright").await;
    browser.touch("#question-answer").await;
    eventually("the question is gone", async || {
        (browser.look(asked).await? == json!(false)).then_some(())
    })
    .await;
    // What was typed is still there: the visitor was.
    assert_eq!(first_result(&browser).await, "Fansipan summit");
    browser.screen("attract").await;
    nothing_is_left(&browser, &["fansi", "Fansipan"]).await;
    world.begin("en").await;
    assert!(
        !world
            .get("/search")
            .await
            .text()
            .contains("value=\"fansi\"")
    );
    browser.close().await;
    world.stop().await;
}
