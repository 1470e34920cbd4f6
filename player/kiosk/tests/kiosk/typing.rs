//! Vietnamese on the keyboard of the glass.

use crate::support::World;
use crate::support::browser::{Browser, WIDE};
use crate::walks::{first_result, press, whole_results};
use serde_json::json;

/// Keys, and the word that they mean.
const TELEX: &[(&str, &str)] = &[
    ("chowj", "chợ"),
    ("phowr", "phở"),
    ("truwowngf", "trường"),
    ("truongwf", "trường"),
    ("dduwowngf", "đường"),
    ("ddieenj", "điện"),
    ("nguyeenx", "nguyễn"),
    ("vieetj", "việt"),
    ("hoaf", "hoà"),
    ("hoangf", "hoàng"),
    ("quaanf", "quần"),
    ("giaf", "già"),
    ("gif", "gì"),
    ("thuyr", "thuỷ"),
    ("muaf", "mùa"),
    ("muaanf", "muần"),
    ("khuyeens", "khuyến"),
    ("ddoongf", "đồng"),
    ("nguwowif", "người"),
    ("ass", "as"),
    ("aaa", "aa"),
    ("aww", "aw"),
    ("dddd", "ddd"),
    ("bacs", "bác"),
    ("bacsf", "bàc"),
    ("toans", "toán"),
    ("hoijf", "hòi"),
    ("gas", "gá"),
    ("xe", "xe"),
    ("fansipan", "fansipan"),
    ("hotels", "hotels"),
    ("wifi", "wifi"),
    ("Sa", "Sa"),
    ("DDoong", "Đông"),
    ("luuw", "lưu"),
    ("muaw", "mưa"),
    ("quawn", "quăn"),
    ("huwowu", "hươu"),
    ("cuar", "của"),
    ("tieengs", "tiếng"),
];

#[tokio::test]
async fn vietnamese_is_composed_while_it_is_typed_by_telex_and_by_tone_keys() {
    let world = World::start().await;
    let browser = Browser::at(&world, WIDE).await;
    world.begin("vi").await;
    browser.client.goto(&world.url("/search")).await.unwrap();
    browser.screen("search").await;
    for (typed, wanted) in TELEX {
        let script =
            "return import('/assets/telex.js').then(({ compose }) => compose(arguments[0]))";
        let got = browser.run(script, &[json!(typed)]).await;
        assert_eq!(got, json!(wanted), "{typed}");
    }
    for (word, tone, wanted) in [
        ("pho", 3, "phỏ"),
        ("phở", 3, "phơ"),
        ("truong", 2, "truòng"),
        ("việt", 1, "viết"),
        ("", 1, ""),
        ("b", 1, "b"),
    ] {
        let script = "return import('/assets/telex.js').then(({ applyTone }) => applyTone(arguments[0], arguments[1]))";
        assert_eq!(
            browser.run(script, &[json!(word), json!(tone)]).await,
            json!(wanted),
            "{word} {tone}"
        );
    }
    press(
        &browser,
        &[
            "c", "h", "ơ", "tone5", "space", "c", "o", "c", "erase", "erase", "ô", "c",
        ],
    )
    .await;
    let field = browser
        .run("return document.getElementById('query').value", &[])
        .await;
    assert_eq!(field, json!("chợ cốc".replace('ố', "ô")));
    assert_eq!(first_result(&browser).await, "Chợ Cốc Lếu");
    assert!(whole_results(&browser).await >= 1);
    browser.picture("search-vi-wide").await;
    browser.close().await;
    world.stop().await;
}
