//! The evidence of an incident: a draft while it goes on, the same bytes for ever after its end, and whoever
//! has the controller's key finds out what somebody changed.

use crate::console::Browser;
use crate::world::{World, eventually};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cotmoc_controller_core::report::{Fault, Report, Seal, examine};
use cotmoc_proto::envelope::{Envelope, PayloadType};
use reqwest::header::CONTENT_DISPOSITION;
use serde_json::{Value, json};

/// The key that a witness has been given.
fn key(world: &World) -> Vec<u8> {
    let text = std::fs::read_to_string(world.data().join("beacon.pub")).unwrap();
    STANDARD.decode(text.trim()).unwrap()
}

/// While the incident goes on, every report is a draft, and its paper says so.
pub async fn are_drafts(world: &World, id: &str) {
    let path = format!("/api/v1/incidents/{id}/report");
    let answer = world.get(&path).await.expect(200);
    let name = answer.headers[CONTENT_DISPOSITION].to_str().unwrap();
    assert!(name.contains("-draft.json"), "{name}");
    let examined = examine(&answer.body, Some(&key(world))).unwrap();
    assert!(!examined.report.is_final);
    assert_eq!(examined.faults, []);
    let link = format!("/v/{}", examined.digest);
    world.get(&link).await.expect(404);
    world.get(&format!("{path}?form=odt")).await.expect(400);
}

/// After its end, what was made then is what everybody gets, whatever is asked for first.
pub async fn are_final(world: &mut World, id: &str) {
    let api = format!("/api/v1/incidents/{id}/report");
    let auditor = Browser::signed_in(world, "kiemtra").await;
    let mut kept = Vec::new();
    for (form, begins) in [("pdf", b"%PDF".as_slice()), ("json", b"{"), ("docx", b"PK")] {
        let path = format!("/incidents/{id}/report/{form}");
        let bytes = auditor.get(&path).await.expect(200).body;
        assert!(bytes.starts_with(begins), "{form}");
        kept.push((form, bytes));
    }
    let page = auditor.page(&format!("/incidents/{id}")).await;
    assert!(page.contains("Bản chính thức, lập lúc"), "{page}");
    for (account, status) in [("truc1", 200), ("kythuat", 403), ("quantri", 403)] {
        let browser = Browser::signed_in(world, account).await;
        let answer = browser.get(&format!("/incidents/{id}/report/pdf")).await;
        answer.expect(status);
    }
    Browser::new(world)
        .get(&format!("/incidents/{id}/report/pdf"))
        .await
        .expect(303);

    let key = key(world);
    let signed = &kept[1].1;
    let examined = examine(signed, Some(&key)).unwrap();
    assert!(
        matches!(examined.seal, Seal::Holds { .. }),
        "{:?}",
        examined.seal
    );
    assert_eq!(
        (examined.faults.as_slice(), examined.report.is_final),
        ([].as_slice(), true)
    );
    let known = world
        .get(&format!("/v/{}", examined.digest))
        .await
        .expect(200);
    let known = String::from_utf8(known.body).unwrap();
    assert!(
        known.contains(id) && known.contains("Biên bản chính thức"),
        "{known}"
    );
    let served = world.get("/api/v1/report-key").await.expect(200).body;
    assert_eq!(STANDARD.decode(served.trim_ascii()).unwrap(), key);
    are_found_out(signed, &key);

    // The department's word comes after the end; the log goes on, the report does not.
    let told = json!({ "by": "Đ/c Hoa" });
    world
        .post(&format!("/api/v1/incidents/{id}/told"), &told)
        .await
        .expect(200);
    world.restart_after_kill().await;
    for (form, before) in kept {
        let again = world
            .get(&format!("{api}?form={form}"))
            .await
            .expect(200)
            .body;
        assert_eq!(again, before, "{form} is not what it was");
    }
}

/// Whatever is changed is named.
fn are_found_out(signed: &[u8], key: &[u8]) {
    let envelope = Envelope::parse_within(signed, usize::MAX).unwrap();
    let payload: Value = serde_json::from_slice(envelope.unverified_payload()).unwrap();
    let resealed = |payload: &Value| {
        let payload = serde_json::to_vec(payload).unwrap();
        let mut other = Envelope::unsigned(PayloadType::Report, payload);
        other
            .add_signature(envelope.signatures()[0].clone())
            .unwrap();
        other.to_bytes()
    };
    let faults = |bytes: &[u8], key| examine(bytes, key).unwrap().faults;

    let mut better = payload.clone();
    better["figures"]["duty"] = json!({ "satisfied": { "at": 1 } });
    let found = faults(&resealed(&better), Some(key));
    assert_eq!(found[0], Fault::Signature);
    assert!(
        matches!(&found[1], Fault::Differs(what) if what.of.en == "duty"),
        "{found:?}"
    );

    let mut shorter = payload.clone();
    shorter["log"].as_array_mut().unwrap().remove(0);
    let found = faults(&resealed(&shorter), None);
    assert!(matches!(found[0], Fault::Log { line: 1, .. }), "{found:?}");

    let stranger = cotmoc_test_kit::Person::new("em").spki();
    let found = faults(signed, Some(&stranger));
    assert!(matches!(found[0], Fault::OtherKey { .. }), "{found:?}");

    let report: Report = serde_json::from_value(payload).unwrap();
    let bare = serde_json::to_vec(&report).unwrap();
    assert_eq!(faults(&bare, Some(key)), [Fault::Unsigned]);
    let unsigned = examine(&bare, None).unwrap();
    assert_eq!((unsigned.seal, unsigned.faults), (Seal::None, vec![]));
    assert!(examine(b"{}", Some(key)).is_err());
}

/// The report of an incident that ended while nobody was there to make it is made at the next start.
#[tokio::test]
async fn a_report_that_was_not_made_at_the_end_is_made_after_a_restart() {
    let mut world = World::start("[reports]\nfonts = \"/nowhere\"\n").await;
    let id = crate::incidents::closed(&world).await;
    let path = format!("/api/v1/incidents/{id}/report");
    eventually("the report is final without its fonts", async || {
        let body = world.get(&path).await.expect(200).body;
        examine(&body, None).unwrap().report.is_final.then_some(())
    })
    .await;
    let signed = world.get(&path).await.expect(200).body;
    world
        .get(&format!("{path}?form=pdf"))
        .await
        .refused(503, "no-fonts");
    world.kill();
    let file = world.folder.path().join("controller.toml");
    let settings = std::fs::read_to_string(&file).unwrap();
    std::fs::write(
        &file,
        settings.replace("\"/nowhere\"", "\"/usr/share/fonts/truetype/liberation2\""),
    )
    .unwrap();
    world.restart().await;
    let pdf = world
        .get(&format!("{path}?form=pdf"))
        .await
        .expect(200)
        .body;
    assert!(pdf.starts_with(b"%PDF"));
    assert_eq!(world.get(&path).await.expect(200).body, signed);
}
