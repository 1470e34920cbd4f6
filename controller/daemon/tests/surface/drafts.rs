//! Drafts collect signatures.

use crate::world::{World, answer};
use cotmoc_proto::envelope::{Envelope, PayloadType};
use cotmoc_test_kit::seal;
use reqwest::Method;

#[tokio::test]
async fn signatures_made_apart_are_put_together_and_the_draft_ends_when_it_is_published() {
    let world = World::start("").await;
    let release = world.release(1, None).await;
    let site = &world.site;
    let with = |people: &[_]| seal(PayloadType::Release, &release, people);
    let digest = Envelope::parse(&with(&[])).unwrap().payload_digest();
    let path = format!("/api/v1/drafts/{digest}");
    world.put(&path, with(&[])).await.expect(201);
    world
        .put(&path, with(&[&site.editors[0]]))
        .await
        .expect(200);
    let merged = world
        .put(&path, with(&[&site.approvers[0]]))
        .await
        .expect(200);
    let names: Vec<_> = merged.json()["signatures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["holder"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["editor.dung", "approver.giang"]);
    let list = world
        .get("/api/v1/drafts?channel=hall")
        .await
        .expect(200)
        .json();
    assert_eq!(list["drafts"][0]["payload_sha256"], digest.to_string());
    let draft = world.get(&path).await.expect(200).body;
    world.publish(&draft).await.expect(201);
    world.get(&path).await.refused(404, "not-found");
}

#[tokio::test]
async fn a_bad_signature_cannot_take_the_place_of_a_good_one() {
    let world = World::start("").await;
    let release = world.release(1, None).await;
    let mut other = release.clone();
    other.note = "khác".to_owned();
    let editor = &world.site.editors[0];
    let good = seal(PayloadType::Release, &release, &[editor]);
    let foreign = Envelope::parse(&seal(PayloadType::Release, &other, &[editor])).unwrap();
    let mut envelope = Envelope::parse(&seal(PayloadType::Release, &release, &[])).unwrap();
    envelope
        .add_signature(foreign.signatures()[0].clone())
        .unwrap();
    let path = format!("/api/v1/drafts/{}", envelope.payload_digest());
    world
        .put(&path, envelope.to_bytes())
        .await
        .refused(422, "bad-signature");
    let stranger = cotmoc_test_kit::Person::new("stranger");
    let strange = seal(PayloadType::Release, &release, &[&stranger]);
    world.put(&path, strange).await.refused(422, "unknown-key");
    world.put(&path, good.clone()).await.expect(201);
    let elsewhere = format!("/api/v1/drafts/{}", foreign.payload_digest());
    world
        .put(&elsewhere, good)
        .await
        .refused(422, "digest-mismatch");
    answer(world.request(Method::DELETE, &path))
        .await
        .expect(204);
    answer(world.request(Method::DELETE, &path))
        .await
        .expect(204);
    world.get(&path).await.refused(404, "not-found");
}

#[tokio::test]
async fn a_first_root_can_collect_its_signatures_here_too() {
    let world = World::empty("").await;
    let root = world.site.root();
    let [first, second, _] = &world.site.root_holders;
    let by = |person| seal(PayloadType::Root, &root, &[person]);
    let digest = Envelope::parse(&by(first)).unwrap().payload_digest();
    let path = format!("/api/v1/drafts/{digest}");
    world.put(&path, by(first)).await.expect(201);
    let half = world.get(&path).await.expect(200).body;
    world.publish(&half).await.refused(422, "unsigned");
    world.put(&path, by(second)).await.expect(200);
    let whole = world.get(&path).await.expect(200).body;
    world.publish(&whole).await.expect(201);
}
