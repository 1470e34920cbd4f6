//! What may be published.

use crate::world::World;
use cotmoc_proto::Digest;
use cotmoc_proto::envelope::{Envelope, PayloadType};
use cotmoc_proto::media::Mime;
use cotmoc_test_kit::{media, seal};

#[tokio::test]
async fn what_two_people_signed_is_published_once_and_read_back_byte_for_byte() {
    let world = World::start("").await;
    let release = world.release(1, None).await;
    let envelope = world.site.seal_release(&release);
    let first = world.publish(&envelope).await.expect(201).json();
    assert_eq!(first["kind"], "release");
    assert_eq!(first["number"], 1);
    assert_eq!(first["revision"], 2);
    assert_eq!(first["envelope_sha256"], Digest::of(&envelope).to_string());
    let again = world.publish(&envelope).await.expect(200).json();
    assert_eq!(again["envelope_sha256"], first["envelope_sha256"]);
    let newest = world.get("/api/v1/channels/hall/release").await.expect(200);
    assert!(newest.body == envelope);
    let path = format!("/api/v1/envelopes/{}", Digest::of(&envelope));
    assert!(world.get(&path).await.expect(200).body == envelope);
    let root = world.get("/api/v1/roots/1").await.expect(200);
    let payload = |bytes: &[u8]| Envelope::parse(bytes).unwrap().payload_digest();
    assert_eq!(payload(&root.body), payload(&world.site.factory_root()));
}

#[tokio::test]
async fn s01_s02_s03_unsigned_half_signed_and_one_sided_releases_are_refused() {
    let world = World::start("").await;
    let release = world.release(1, None).await;
    let site = &world.site;
    for people in [
        vec![],
        vec![&site.editors[0]],
        vec![&site.approvers[0]],
        vec![&site.editors[0], &site.editors[1]],
        vec![&site.approvers[0], &site.approvers[1]],
        vec![&site.root_holders[0], &site.duty[0]],
    ] {
        let envelope = seal(PayloadType::Release, &release, &people);
        world.publish(&envelope).await.refused(422, "unsigned");
    }
    world
        .get("/api/v1/channels/hall/release")
        .await
        .refused(404, "not-found");
}

#[tokio::test]
async fn r01_r07_r08_older_skipping_and_rival_versions_are_refused() {
    let world = World::start("").await;
    let digests = world.publish_releases(2).await;
    let seal = |release: &_| world.site.seal_release(release);
    let old = world.release(1, None).await;
    world.publish(&seal(&old)).await.refused(409, "rollback");
    let rival = world.release(2, None).await;
    world
        .publish(&seal(&rival))
        .await
        .refused(409, "equivocation");
    let skipping = world.release(4, Some(digests[1])).await;
    world
        .publish(&seal(&skipping))
        .await
        .refused(409, "version-gap");
    let far = world.release(20_000, Some(digests[1])).await;
    world.publish(&seal(&far)).await.refused(409, "jump");
    for wrong in [None, Some(digests[0])] {
        let orphan = world.release(3, wrong).await;
        world
            .publish(&seal(&orphan))
            .await
            .refused(409, "wrong-prev");
    }
    let next = world.release(3, Some(digests[1])).await;
    world.publish(&seal(&next)).await.expect(201);
}

#[tokio::test]
async fn media_that_are_missing_or_are_not_what_is_stated_stop_the_publication() {
    let world = World::start("").await;
    let bytes = media::noise(9, 150_000);
    let described = media::describe(Mime::Png, &bytes);
    let sealed = |asset: &_| {
        world
            .site
            .seal_release(&world.site.release(1, asset, &[asset]))
    };
    let publish = async |asset: &_| world.publish(&sealed(asset)).await;
    publish(&described.asset)
        .await
        .refused(409, "media-missing");
    world.put_blob(&bytes).await.expect(201);
    publish(&described.asset)
        .await
        .refused(409, "media-missing");
    world.put_blob(&described.chunk_list).await.expect(201);
    let mut wrong = described.asset.clone();
    wrong.size_bytes += 1;
    publish(&wrong).await.refused(422, "wrong-asset");
    let mut wrong = described.asset.clone();
    let other: Vec<u8> = described.chunk_list.iter().rev().copied().collect();
    world.put_blob(&other).await.expect(201);
    wrong.chunks_sha256 = Digest::of(&other);
    publish(&wrong).await.refused(422, "wrong-asset");
    publish(&described.asset).await.expect(201);
}

#[tokio::test]
async fn s10_s14_documents_for_others_or_of_odd_form_are_refused() {
    let world = World::empty("").await;
    let release = cotmoc_test_kit::Site::new();
    let slide = media::describe(Mime::Png, &media::png(4, 4, [1, 2, 3])).asset;
    let stranger = release.seal_release(&release.release(1, &slide, &[&slide]));
    world.publish(&stranger).await.refused(409, "no-root");
    world.publish(&world.site.factory_root()).await.expect(201);
    world.publish(&stranger).await.refused(422, "unsigned");
    let own = world.release(1, None).await;
    let sealed = world.site.seal_release(&own);
    world.publish(&sealed).await.refused(409, "unknown-channel");
    world.publish(b"{}").await.refused(422, "malformed");
    world.publish(b"").await.refused(422, "malformed");
    let mut changed = sealed.clone();
    changed.push(b'x');
    world.publish(&changed).await.refused(422, "malformed");
    let mut other_site = own.clone();
    other_site.site = "elsewhere".parse().unwrap();
    world
        .publish(&world.site.seal_release(&other_site))
        .await
        .refused(422, "not-for-us");
    world
        .publish(&vec![b' '; 600 * 1024])
        .await
        .refused(413, "too-big");
    let receipt = seal(PayloadType::Receipt, &own, &[]);
    world.publish(&receipt).await.refused(422, "unknown-type");
}

#[tokio::test]
async fn roots_follow_one_another_and_a_new_epoch_starts_the_numbers_again() {
    let world = World::start("").await;
    let digests = world.publish_releases(1).await;
    let mut gap = world.site.root();
    gap.version = 3;
    world
        .publish(&world.site.seal_root(&gap))
        .await
        .refused(409, "root-gap");
    let mut second = world.site.root();
    (second.version, second.epoch) = (2, 2);
    let sealed = world.site.seal_root(&second);
    world.publish(&sealed).await.expect(201);
    world.publish(&sealed).await.expect(200);
    world.publish(&world.site.factory_root()).await.expect(200);
    let old_epoch = world.release(2, Some(digests[0])).await;
    world
        .publish(&world.site.seal_release(&old_epoch))
        .await
        .refused(422, "wrong-epoch");
    let mut fresh = world.release(1, None).await;
    fresh.epoch = 2;
    world
        .publish(&world.site.seal_release(&fresh))
        .await
        .expect(201);
    let roots = world.get("/api/v1/roots").await.expect(200).json();
    assert_eq!(roots["roots"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn d03_takedowns_need_a_duty_officer_and_follow_one_another() {
    let world = World::start("").await;
    let release = world.release(1, None).await;
    let asset = release.fallback.asset.sha256;
    world
        .publish(&world.site.seal_release(&release))
        .await
        .expect(201);
    let first = world.site.takedown(1, 1, &[asset]);
    let by_editor = seal(PayloadType::Takedown, &first, &[&world.site.editors[0]]);
    world.publish(&by_editor).await.refused(422, "unsigned");
    let sealed = world.site.seal_takedown(&first);
    world.publish(&sealed).await.expect(201);
    world.publish(&sealed).await.expect(200);
    let third = world.site.takedown(3, 1, &[asset]);
    world
        .publish(&world.site.seal_takedown(&third))
        .await
        .refused(409, "version-gap");
    let mut rival = world.site.takedown(1, 1, &[]);
    rival.reason = "khác".to_owned();
    world
        .publish(&world.site.seal_takedown(&rival))
        .await
        .refused(409, "equivocation");
    let list = world
        .get("/api/v1/channels/hall/takedowns")
        .await
        .expect(200);
    assert_eq!(list.json()["takedowns"].as_array().unwrap().len(), 1);
}
