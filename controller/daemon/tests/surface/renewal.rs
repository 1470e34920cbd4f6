//! How a device's key is renewed: the new one beside the old one until it is used, then alone.

use crate::device::{Device, csr};
use crate::enrolment::{device_authority, leaf};
use crate::world::{Answer, World, answer};
use rcgen::{CertificateParams, KeyPair};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn e16_the_old_key_is_good_until_the_new_one_is_used_and_then_it_is_dead() {
    let world = World::start("").await;
    let old = world.device("W01").await;
    let mut new = Device::new(&world, "W01");
    let answer = renew(&old, &new.key).await;
    take(&world, &mut new, answer);
    old.sync(1, &[]).await.expect(200);
    let shown = show(&world).await;
    assert_eq!(shown["spki_sha256"], json!(old.spki_sha256()));
    assert_eq!(shown["next_spki_sha256"], json!(new.spki_sha256()));
    new.sync(2, &[]).await.expect(200);
    old.sync(3, &[]).await.refused(403, "not-active");
    let another = KeyPair::generate().unwrap();
    renew(&old, &another).await.refused(403, "not-active");
    new.sync(4, &[]).await.expect(200);
    let shown = show(&world).await;
    assert_eq!(shown["spki_sha256"], json!(new.spki_sha256()));
    assert_eq!(shown["previous_spki_sha256"], json!(old.spki_sha256()));
    assert!(shown.get("next_spki_sha256").is_none());
    assert_eq!(world.events("W01", "device-key-replaced").await.len(), 1);
    renew(&new, &old.key).await.refused(409, "key-in-use");
    let again = old.registration(&world);
    let again = world.post("/api/v1/devices", &again).await;
    again.refused(409, "key-revoked");
}

#[tokio::test]
async fn e16_old_and_new_key_in_a_race_end_with_the_new_one_alone() {
    let world = World::start("").await;
    let old = world.device("W01").await;
    let mut new = Device::new(&world, "W01");
    let answer = renew(&old, &new.key).await;
    take(&world, &mut new, answer);
    let (a, b, c, d) = tokio::join!(
        old.sync(1, &[]),
        new.sync(2, &[]),
        new.sync(3, &[]),
        old.sync(4, &[])
    );
    b.expect(200);
    c.expect(200);
    for one in [a, d] {
        assert!(one.status == 200 || one.code() == "not-active");
    }
    old.sync(5, &[]).await.refused(403, "not-active");
    assert_eq!(world.events("W01", "device-key-replaced").await.len(), 1);
}

#[tokio::test]
async fn e16_a_lost_answer_is_asked_for_again_and_another_new_key_replaces_an_unused_one() {
    let mut world = World::start("").await;
    let old = world.device("W01").await;
    let (mut lost, mut new) = (Device::new(&world, "W01"), Device::new(&world, "W01"));
    renew(&old, &lost.key).await.expect(200);
    let second = renew(&old, &lost.key).await;
    take(&world, &mut lost, second);
    assert_eq!(world.events("W01", "device-key-offered").await.len(), 1);
    let third = renew(&old, &new.key).await;
    take(&world, &mut new, third);
    lost.sync(1, &[]).await.refused(403, "not-active");
    old.sync(2, &[]).await.expect(200);
    world.kill();
    world.restart().await;
    let (mut old, pem) = (old.moved(&world), new.certificate.clone().unwrap());
    let certificate = old.certificate.clone().unwrap();
    old.use_certificate(&world, certificate);
    let mut new = new.moved(&world);
    new.use_certificate(&world, pem);
    old.sync(3, &[]).await.expect(200);
    new.sync(4, &[]).await.expect(200);
    old.sync(5, &[]).await.refused(403, "not-active");
}

#[tokio::test]
async fn e16_an_expired_certificate_renews_and_does_nothing_else_and_a_revoked_one_not_even_that() {
    let world = World::start("").await;
    let mut old = world.device("W01").await;
    let ended = leaf(2025).signed_by(&old.key, &device_authority(&world));
    old.use_certificate(&world, ended.unwrap().pem());
    old.sync(1, &[]).await.refused(403, "certificate-expired");
    for path in ["/d/v1/wait?revision=0", "/d/v1/renew/", "/d/v1/blob/0"] {
        let answer = old.get(path).await;
        assert!([403, 404].contains(&answer.status.as_u16()), "{path}");
    }
    let mut new = Device::new(&world, "W01");
    let answer = renew(&old, &new.key).await;
    take(&world, &mut new, answer);
    old.sync(2, &[]).await.refused(403, "certificate-expired");
    world
        .post("/api/v1/devices/W01/revoke", &json!({}))
        .await
        .expect(200);
    for device in [&old, &new] {
        let another = KeyPair::generate().unwrap();
        renew(device, &another).await.refused(403, "not-active");
        device.sync(3, &[]).await.refused(403, "not-active");
    }
    for device in [&old, &new] {
        let again = device.registration(&world);
        let again = world.post("/api/v1/devices", &again).await;
        again.refused(409, "key-revoked");
    }
}

#[tokio::test]
async fn e16_receipts_of_the_old_key_still_hold_after_the_switch() {
    let world = World::start("").await;
    let old = world.device("W01").await;
    let (first, digest) = old.receipt(1, None);
    let mut new = Device::new(&world, "W01");
    let answer = renew(&old, &new.key).await;
    take(&world, &mut new, answer);
    let (second, _) = new.receipt(2, Some(digest));
    let record = |seq: u64, receipt: String| {
        json!({
            "boot": "boot-1", "seq": seq, "mono_ms": seq, "wall_ms": 1_795_400_000_000_i64,
            "clock": "synchronised", "body": { "receipt": receipt },
        })
    };
    let records = [record(1, first), record(2, second)];
    new.sync(1, &records).await.expect(200);
    let rows = world.get("/api/v1/receipts?device=W01").await.expect(200);
    let rows = rows.json()["receipts"].as_array().unwrap().clone();
    assert_eq!(rows.len(), 2);
    assert!(
        rows.iter().all(|row| row["verdict"] == "signed"),
        "{rows:?}"
    );
    assert!(world.events("W01", "receipt-gap").await.is_empty());
}

#[tokio::test]
async fn e16_nobody_renews_for_another_or_takes_anothers_key() {
    let world = World::start("").await;
    let (one, other) = (world.device("W01").await, world.device("W02").await);
    let new = KeyPair::generate().unwrap();
    let body = json!({ "device": "W02", "csr_pem": csr(&new, CertificateParams::default()) });
    post(&one, &body).await.refused(403, "wrong-device");
    renew(&one, &other.key).await.refused(409, "key-in-use");
    renew(&one, &one.key).await.refused(409, "key-in-use");
    renew(&one, &new).await.expect(200);
    renew(&other, &new).await.refused(409, "key-in-use");
    let body = json!({ "device": "W01", "csr_pem": "nonsense" });
    post(&one, &body).await.refused(403, "bad-csr");
}

async fn renew(by: &Device, new: &KeyPair) -> Answer {
    let request = csr(new, CertificateParams::default());
    post(by, &json!({ "device": by.name, "csr_pem": request })).await
}

async fn post(by: &Device, body: &Value) -> Answer {
    let request = by.request(Method::POST, "/d/v1/renew");
    answer(request.body(body.to_string())).await
}

fn take(world: &World, new: &mut Device, answer: Answer) {
    let pem = answer.expect(200).json()["certificate_pem"].clone();
    new.use_certificate(world, pem.as_str().unwrap().to_owned());
}

async fn show(world: &World) -> Value {
    world.get("/api/v1/devices/W01").await.expect(200).json()
}
