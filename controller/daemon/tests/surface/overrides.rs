//! Overrides as the controller checks, lists and hands them out; and documents that are published
//! again with more signatures.

use crate::device::Device;
use crate::world::{World, eventually};
use cotmoc_proto::Digest;
use cotmoc_proto::envelope::{Envelope, PayloadType};
use cotmoc_proto::playlist::Item;
use cotmoc_proto::time::{HOUR, SECOND};
use cotmoc_proto::trust::{RoleName, Root, factory_root};
use cotmoc_test_kit::{item, seal};
use serde_json::Value;

/// A controller with a release of `W01` that has one template.
async fn with_template() -> (World, Item) {
    let world = World::start("").await;
    let asset = world.asset(b"template").await;
    let template = item("evacuate", &asset, 10_000);
    let mut release = world.release(1, None).await;
    release.templates = vec![template.clone()];
    let sealed = world.site.seal_release(&release);
    world.publish(&sealed).await.expect(201);
    (world, template)
}

async fn desired(device: &Device) -> Value {
    device.sync(1, &[]).await.expect(200).json()["desired"].clone()
}

async fn numbers(device: &Device) -> Vec<u64> {
    let desired = desired(device).await;
    let overrides = desired["overrides"].as_array().cloned().unwrap_or_default();
    let number = |one: &Value| one["number"].as_u64().unwrap();
    overrides.iter().map(number).collect()
}

#[tokio::test]
async fn d05_d08_only_what_walls_would_show_is_published_and_by_duty_officers_alone() {
    let (world, template) = with_template().await;
    let site = &world.site;
    let order = site.override_show(1, &template, HOUR);
    let by_editor = seal(PayloadType::Override, &order, &[&site.editors[0]]);
    world.publish(&by_editor).await.refused(422, "unsigned");
    let other = item("other", &template.asset, 10_000);
    for (order, status, code) in [
        (site.override_show(1, &other, HOUR), 422, "no-such-template"),
        (
            site.override_show(1, &template, 25 * HOUR),
            422,
            "bad-override",
        ),
        (site.override_show(2, &template, HOUR), 409, "version-gap"),
        (site.override_end(2, 1), 409, "version-gap"),
    ] {
        let sealed = site.seal_override(&order);
        world.publish(&sealed).await.refused(status, code);
    }
    let mut later = order.clone();
    if let cotmoc_proto::override_order::Action::Show(template) = &mut later.action {
        (template.min_release, template.max_release) = (2, 3);
    }
    let sealed = site.seal_override(&later);
    world.publish(&sealed).await.refused(422, "other-release");
    let sealed = site.seal_override(&order);
    world.publish(&sealed).await.expect(201);
    world.publish(&sealed).await.expect(200);
    let mut rival = order.clone();
    rival.reason = "khác".to_owned();
    let rival = site.seal_override(&rival);
    world.publish(&rival).await.refused(409, "equivocation");
    let takedown = site.takedown(1, 1, &[template.digest()]);
    let sealed = site.seal_takedown(&takedown);
    world.publish(&sealed).await.expect(201);
    let again = site.seal_override(&site.override_show(2, &template, HOUR));
    world.publish(&again).await.refused(422, "taken-down");
    let list = world.get("/api/v1/channels/hall/overrides").await;
    let list = list.expect(200).json();
    assert_eq!(list["overrides"].as_array().unwrap().len(), 1);
    let page = world.get("/").await.expect(200);
    let page = String::from_utf8(page.body).unwrap();
    assert!(page.contains("evacuate: cháy ở bãi xe"), "{page}");
}

#[tokio::test]
async fn a_device_is_told_what_holds_and_nothing_whose_time_is_past() {
    let (world, template) = with_template().await;
    let device = world.device("W01").await;
    let publish = async |order| {
        let sealed = world.site.seal_override(&order);
        world.publish(&sealed).await.expect(201);
    };
    assert_eq!(numbers(&device).await, [0; 0]);
    publish(world.site.override_show(1, &template, HOUR)).await;
    assert_eq!(numbers(&device).await, [1]);
    let reference = desired(&device).await["overrides"][0].clone();
    let path = format!(
        "/d/v1/envelope/{}",
        reference["envelope_sha256"].as_str().unwrap()
    );
    device.get(&path).await.expect(200);
    publish(world.site.override_end(2, 1)).await;
    assert_eq!(numbers(&device).await, [2]);
    publish(world.site.override_show(3, &template, HOUR)).await;
    assert_eq!(numbers(&device).await, [3]);
    publish(world.site.override_end(4, 2)).await;
    assert_eq!(numbers(&device).await, [3, 4], "it does not end the third");
    publish(world.site.override_show(5, &template, 2 * SECOND)).await;
    eventually("its time is past", async || {
        numbers(&device).await.is_empty().then_some(())
    })
    .await;
}

#[tokio::test]
async fn under_a_root_without_the_role_overrides_are_refused_and_nothing_else() {
    let world = World::empty("").await;
    let mut root = world.site.root();
    root.roles.0.remove(&RoleName::Override);
    world
        .publish(&world.site.seal_root(&root))
        .await
        .expect(201);
    let channel = serde_json::json!({ "channel": "hall" });
    world.post("/api/v1/channels", &channel).await.expect(201);
    let asset = world.asset(b"template").await;
    let template = item("evacuate", &asset, 10_000);
    let mut release = world.release(1, None).await;
    release.templates = vec![template.clone()];
    let sealed = world.site.seal_release(&release);
    world.publish(&sealed).await.expect(201);
    let order = world.site.override_show(1, &template, HOUR);
    let sealed = world.site.seal_override(&order);
    world.publish(&sealed).await.refused(422, "unsigned");
    let takedown = world.site.takedown(1, 1, &[]);
    let sealed = world.site.seal_takedown(&takedown);
    world.publish(&sealed).await.expect(201);
}

/// The next root, in which the first editor and the first duty officer have no part.
fn without_the_first(world: &World) -> Root {
    let mut root = world.site.root();
    root.version = 2;
    let gone = [world.site.editors[0].keyid(), world.site.duty[0].keyid()];
    for role in root.roles.0.values_mut() {
        for clause in &mut role.all {
            clause.keys.retain(|key| !gone.contains(key));
        }
    }
    root
}

#[tokio::test]
async fn what_others_sign_anew_is_served_with_both_signatures_and_outlives_the_first_signers() {
    let (world, template) = with_template().await;
    let device = world.device("W01").await;
    let order = world.site.override_show(1, &template, HOUR);
    let sealed = world.site.seal_override(&order);
    world.publish(&sealed).await.expect(201);
    let mut release = world.release(1, None).await;
    release.templates = vec![template.clone()];
    let same_people = world.site.seal_release(&release);
    world.publish(&same_people).await.expect(200);
    let before = desired(&device).await;

    let [_, editor] = &world.site.editors;
    let [approver, _] = &world.site.approvers;
    let [_, duty] = &world.site.duty;
    let release_anew = seal(PayloadType::Release, &release, &[editor, approver]);
    let order_anew = seal(PayloadType::Override, &order, &[duty]);
    for anew in [&release_anew, &order_anew] {
        world.publish(anew).await.expect(201);
        world.publish(anew).await.expect(200);
    }
    let half = seal(PayloadType::Release, &release, &[editor]);
    world.publish(&half).await.refused(422, "unsigned");

    let after = desired(&device).await;
    let first = factory_root(&world.site.factory_root()).unwrap();
    let next = without_the_first(&world);
    for (now, was, role) in [
        (&after["release"], &before["release"], RoleName::Release),
        (
            &after["overrides"][0],
            &before["overrides"][0],
            RoleName::Override,
        ),
    ] {
        assert_eq!(now["number"], was["number"]);
        assert_ne!(now["envelope_sha256"], was["envelope_sha256"]);
        let path = |one: &Value| {
            let sha256 = one["envelope_sha256"].as_str().unwrap();
            format!("/d/v1/envelope/{sha256}")
        };
        device.get(&path(was)).await.expect(200);
        let bytes = device.get(&path(now)).await.expect(200).body;
        let envelope = Envelope::parse(&bytes).unwrap();
        assert_eq!(first.verify(role, &envelope), Ok(()));
        assert_eq!(next.verify(role, &envelope), Ok(()), "after the rotation");
    }
    let newest = world.get("/api/v1/channels/hall/release").await.expect(200);
    let named = after["release"]["envelope_sha256"].as_str().unwrap();
    assert_eq!(Digest::of(&newest.body).to_string(), named);
    let blob = format!("/d/v1/blob/{}", template.asset.sha256);
    device.get(&blob).await.expect(200);
}
