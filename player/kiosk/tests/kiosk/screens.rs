//! Every screen in every language, orientation, size of text and theme: nothing is clipped.

use crate::support::World;
use crate::support::browser::{Browser, UPRIGHT, WIDE};
use serde_json::json;

const SCREENS: [(&str, &str); 12] = [
    ("home", "/home"),
    ("search", "/search"),
    ("entry", "/entry/fansipan"),
    ("procedure", "/entry/evisa"),
    ("category", "/category/culture"),
    ("map", "/map"),
    ("procedures", "/procedures?nationality=cn"),
    ("checklist", "/procedures?nationality=cn&purpose=tourism"),
    ("festivals", "/festivals"),
    ("emergency", "/emergency"),
    ("feedback", "/feedback?about=long"),
    ("accessibility", "/accessibility"),
];

/// Every element whose content does not fit it, or that stands outside the page, sideways.
const CLIPPED: &str = r#"
const wrong = [];
const seen = (one) => { const r = one.getBoundingClientRect(); return r.width > 0 && r.height > 0; };
const scrolls = (one) => one.closest('.chips, .candidates');
for (const one of document.body.querySelectorAll('*')) {
  if (!seen(one) || one.closest('svg, .hidden, [hidden]')) continue;
  const name = one.tagName + '.' + one.className + ' ' + (one.innerText || '').slice(0, 40);
  const box = one.getBoundingClientRect();
  if (!scrolls(one) && (box.left < -1 || box.right > innerWidth + 1)) wrong.push('outside ' + name);
  if (!scrolls(one) && one.scrollWidth > one.clientWidth + 2 && one.clientWidth > 0 && getComputedStyle(one).display !== 'inline') wrong.push('wide ' + one.scrollWidth + '>' + one.clientWidth + ' ' + name);
  if (one.matches('button, a, header, footer, .card, .tile, .topic, .staff') && one.scrollHeight > one.clientHeight + 2 && getComputedStyle(one).display !== 'inline') wrong.push('high ' + name);
  if (one.matches('button, footer a, .card, .tile, .topic, .option') && (box.height < 75.5 || box.width < 75.5)) wrong.push('small ' + Math.round(box.width) + 'x' + Math.round(box.height) + ' ' + name);
}
for (const fixed of document.querySelectorAll('header, footer')) {
  const box = fixed.getBoundingClientRect();
  if (box.top < -1 || box.bottom > innerHeight + 1) wrong.push('off the glass ' + fixed.tagName);
}
const main = document.getElementById('main');
if (main.clientHeight < 200) wrong.push('main is ' + main.clientHeight + ' high');
return wrong;
"#;

#[tokio::test]
async fn nothing_is_clipped_on_any_screen_in_any_language_orientation_size_and_theme() {
    let patient = "[visit]\nusual_quiet_s = 600";
    let world = World::with(&crate::support::content(), patient).await;
    let browser = Browser::at(&world, UPRIGHT).await;
    let visit = world.begin("vi").await;
    browser.screen("home").await;
    let mut wrong = Vec::new();
    for (orientation, size) in [("upright", UPRIGHT), ("wide", WIDE)] {
        browser.resize(size).await;
        for language in ["vi", "zh", "en"] {
            let choice = json!({"visit": visit, "choice": {"language": language}});
            world.post("/v1/choose", &choice).await;
            for (name, path) in SCREENS {
                browser.client.goto(&world.url(path)).await.unwrap();
                for (percent, theme) in [
                    ("100", "normal"),
                    ("130", "normal"),
                    ("170", "normal"),
                    ("100", "contrast"),
                    ("130", "contrast"),
                    ("170", "contrast"),
                ] {
                    let script = "document.documentElement.dataset.size = arguments[0]; document.documentElement.dataset.theme = arguments[1];";
                    browser.run(script, &[json!(percent), json!(theme)]).await;
                    let found = browser.run(CLIPPED, &[]).await;
                    let found = found.as_array().unwrap();
                    let what = format!("{name} {language} {orientation} {percent} {theme}");
                    if std::env::var("COTMOC_KIOSK_PICTURES").is_ok() {
                        browser.picture(&what.replace(' ', "-")).await;
                    }
                    wrong.extend(found.iter().map(|one| format!("{what}: {one}")));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} places:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    browser.close().await;
    world.stop().await;
}

/// Every text whose contrast with what is behind it is less than asked: `least` for text, `least_large`
/// for large text.
const FAINT: &str = r#"
const [least, leastLarge] = arguments;
const parse = (c) => { const n = c.match(/[\d.]+/g).map(Number); return { rgb: n.slice(0, 3), a: n.length > 3 ? n[3] : 1 }; };
const light = ([r, g, b]) => {
  const [x, y, z] = [r, g, b].map((v) => { const c = v / 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; });
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
};
const behind = (one) => { for (let at = one; at; at = at.parentElement) { const c = parse(getComputedStyle(at).backgroundColor); if (c.a === 1) return c.rgb; } return [255, 255, 255]; };
const wrong = [];
for (const one of document.body.querySelectorAll('*')) {
  const box = one.getBoundingClientRect();
  const text = [...one.childNodes].filter((node) => node.nodeType === 3 && node.textContent.trim()).map((node) => node.textContent.trim()).join(' ');
  if (!text || box.width === 0 || one.closest('svg, [hidden], :disabled, .hidden')) continue;
  const style = getComputedStyle(one);
  const [a, b] = [light(parse(style.color).rgb), light(behind(one))];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  const size = parseFloat(style.fontSize);
  const isLarge = size >= 24 * 4 / 3 || (size >= 18.66 * 4 / 3 && Number(style.fontWeight) >= 700);
  if (ratio < (isLarge ? leastLarge : least)) wrong.push(ratio.toFixed(2) + ' ' + text.slice(0, 40));
}
return wrong;
"#;

#[tokio::test]
async fn every_text_stands_out_and_more_so_in_high_contrast() {
    let patient = "[visit]\nusual_quiet_s = 600";
    let world = World::with(&crate::support::content(), patient).await;
    let browser = Browser::at(&world, UPRIGHT).await;
    world.begin("vi").await;
    browser.screen("home").await;
    let seen = browser.run(FAINT, &[json!(22), json!(22)]).await;
    assert!(
        seen.as_array().unwrap().len() > 20,
        "it looks at texts: {seen}"
    );
    let mut wrong = Vec::new();
    for (name, path) in SCREENS {
        browser.client.goto(&world.url(path)).await.unwrap();
        for (theme, least, least_large) in [("normal", 4.5, 3.0), ("contrast", 7.0, 7.0)] {
            let script = "document.documentElement.dataset.theme = arguments[0];";
            browser.run(script, &[json!(theme)]).await;
            let found = browser
                .run(FAINT, &[json!(least), json!(least_large)])
                .await;
            let found = found.as_array().unwrap();
            wrong.extend(found.iter().map(|one| format!("{name} {theme}: {one}")));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} places:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    browser.close().await;
    world.stop().await;
}
