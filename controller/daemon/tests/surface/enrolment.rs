//! How a device comes to be trusted, and how it stops.

use crate::device::{Device, client, csr, enrol, tls};
use crate::world::{World, eventually};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, PublicKeyData as _};
use std::sync::Arc;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

#[tokio::test]
async fn e01_e02_e09_a_wrong_token_another_key_or_another_device_is_refused() {
    let world = World::start("").await;
    let mut device = Device::new(&world, "W01");
    let token = device.register(&world).await;
    let other = Device::new(&world, "W02");
    let other_token = other.register(&world).await;
    device
        .enrol(&world, "not-the-token")
        .await
        .refused(403, "bad-token");
    enrol(&world, "W01", &token, &other.csr())
        .await
        .refused(403, "bad-token");
    enrol(&world, "W02", &token, &device.csr())
        .await
        .refused(403, "bad-token");
    enrol(&world, "W01", &other_token, &device.csr())
        .await
        .refused(403, "bad-token");
    device.enrol(&world, &token).await.expect(200);
    device.sync(1, &[]).await.expect(200);
}

#[tokio::test]
async fn e03_a_token_is_good_once_and_a_new_one_makes_the_old_one_void() {
    let world = World::start("").await;
    let mut device = Device::new(&world, "W01");
    let old = device.register(&world).await;
    let token = device.register(&world).await;
    device.enrol(&world, &old).await.refused(403, "bad-token");
    device.enrol(&world, &token).await.expect(200);
    // Another device's token keeps the port open.
    Device::new(&world, "W02").register(&world).await;
    device
        .enrol(&world, &token)
        .await
        .refused(409, "token-used");
}

#[tokio::test]
async fn e04_a_request_without_proof_of_its_key_is_refused() {
    let world = World::start("").await;
    let device = Device::new(&world, "W01");
    let token = device.register(&world).await;
    let good = device.csr();
    let mut der = rustls::pki_types::pem::PemObject::from_pem_slice(good.as_bytes())
        .map(|der: rustls::pki_types::CertificateSigningRequestDer<'_>| der.to_vec())
        .unwrap();
    *der.last_mut().unwrap() ^= 1;
    let body = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &der);
    let broken =
        format!("-----BEGIN CERTIFICATE REQUEST-----\n{body}\n-----END CERTIFICATE REQUEST-----\n");
    for bad in [broken.as_str(), "", "nonsense"] {
        enrol(&world, "W01", &token, bad)
            .await
            .refused(403, "bad-csr");
    }
    enrol(&world, "W01", &token, &good).await.expect(200);
}

#[tokio::test]
async fn e05_what_a_request_wishes_for_is_not_granted() {
    let world = World::start("").await;
    let device = Device::new(&world, "W01");
    let token = device.register(&world).await;
    let mut wishes = CertificateParams::new(vec!["controller.example".to_owned()]).unwrap();
    wishes
        .distinguished_name
        .push(DnType::CommonName, "operator");
    wishes.is_ca = IsCa::NoCa;
    let answer = enrol(&world, "W01", &token, &csr(&device.key, wishes)).await;
    let pem = answer.expect(200).json()["certificate_pem"]
        .as_str()
        .unwrap()
        .to_owned();
    let (_, pem) = x509_parser::pem::parse_x509_pem(pem.as_bytes()).unwrap();
    let certificate = pem.parse_x509().unwrap();
    assert_eq!(certificate.subject().to_string(), "CN=W01");
    assert!(!certificate.is_ca());
    let names = certificate.subject_alternative_name().unwrap().unwrap();
    let names: Vec<_> = names
        .value
        .general_names
        .iter()
        .map(|n| n.to_string())
        .collect();
    assert_eq!(names, ["URI(cotmoc://huu-nghi/W01)"]);
    let usage = certificate.extended_key_usage().unwrap().unwrap();
    assert!(usage.value.client_auth && !usage.value.server_auth && !usage.value.any);
    let validity = certificate.validity();
    let days = (validity.not_after.timestamp() - validity.not_before.timestamp()) / 86_400;
    assert_eq!(days, 400);
    assert!(validity.is_valid());
}

#[tokio::test]
async fn e05_a_request_for_an_authority_gives_none() {
    let world = World::start("").await;
    let device = Device::new(&world, "W01");
    let token = device.register(&world).await;
    let mut wishes = CertificateParams::default();
    wishes.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let Ok(request) = wishes.serialize_request(&device.key) else {
        return;
    };
    let answer = enrol(&world, "W01", &token, &request.pem().unwrap()).await;
    if answer.status == 200 {
        let json = answer.json();
        let pem = json["certificate_pem"].as_str().unwrap();
        let (_, pem) = x509_parser::pem::parse_x509_pem(pem.as_bytes()).unwrap();
        assert!(!pem.parse_x509().unwrap().is_ca());
    } else {
        answer.refused(403, "bad-csr");
    }
}

#[tokio::test]
async fn e06_e08_no_certificate_a_look_alike_authority_an_expired_one_or_an_unknown_key_is_refused()
{
    let world = World::start("").await;
    let mut known = world.device("W01").await;
    let url = format!(
        "https://localhost:{}/d/v1/wait?revision=0",
        world.address("device").port()
    );
    let ca = world.data().join("ca/server-ca.pem");
    assert!(client(&ca, None).get(&url).send().await.is_err());

    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
        .distinguished_name
        .push(DnType::CommonName, "Cot Moc device CA");
    let look_alike = rcgen::Issuer::new(params, KeyPair::generate().unwrap());
    let forged = leaf(2049).signed_by(&key, &look_alike).unwrap().pem();
    let forged = client(&ca, Some((&forged, &key)));
    assert!(forged.get(&url).send().await.is_err());

    let authority = device_authority(&world);
    let expired = leaf(2025).signed_by(&known.key, &authority).unwrap().pem();
    let expired = client(&ca, Some((&expired, &known.key)));
    let response = expired.get(&url).send().await.unwrap();
    assert_eq!(response.status(), 403);
    assert!(
        response
            .text()
            .await
            .unwrap()
            .contains("certificate-expired")
    );

    let unknown = leaf(2049).signed_by(&key, &authority).unwrap().pem();
    let unknown = client(&ca, Some((&unknown, &key)));
    let response = unknown.get(&url).send().await.unwrap();
    assert_eq!(response.status(), 403);

    let fresh = leaf(2049).signed_by(&known.key, &authority).unwrap().pem();
    known.use_certificate(&world, fresh);
    known.sync(1, &[]).await.expect(200);
}

#[tokio::test]
async fn e07_a_revoked_device_is_refused_at_once_on_an_open_connection_and_its_key_for_ever() {
    let world = World::start("").await;
    let mut device = world.device("W01").await;
    device.sync(1, &[]).await.expect(200);
    let revision = world.get("/api/v1/channels").await.json()["channels"][0]["revision"].clone();
    let waiting = format!("/d/v1/wait?revision={revision}");
    let (held, revoked) = tokio::join!(device.get(&waiting), async {
        device.sync(2, &[]).await.expect(200);
        world
            .post("/api/v1/devices/W01/revoke", &serde_json::json!({}))
            .await
    });
    revoked.expect(200);
    held.refused(403, "not-active");
    device.sync(3, &[]).await.refused(403, "not-active");
    let registration = device.registration(&world);
    world
        .post("/api/v1/devices", &registration)
        .await
        .refused(409, "key-revoked");
    device.key = KeyPair::generate().unwrap();
    let token = device.register(&world).await;
    device.enrol(&world, &token).await.expect(200);
    device.sync(4, &[]).await.expect(200);
}

#[tokio::test]
async fn e10_a_device_does_not_talk_to_an_impostor() {
    let world = World::start("").await;
    let impostor = World::start("").await;
    let device = world.device("W01").await;
    let ca = world.data().join("ca/server-ca.pem");
    let pem = device.certificate.as_deref().unwrap();
    let careful = client(&ca, Some((pem, &device.key)));
    let url = format!(
        "https://localhost:{}/d/v1/wait?revision=0",
        impostor.address("device").port()
    );
    assert!(careful.get(&url).send().await.is_err());
}

#[tokio::test]
async fn e12_older_tls_and_plain_http_are_refused() {
    let world = World::start("").await;
    let device = world.device("W01").await;
    let address = world.address("device");
    let url = format!("http://localhost:{}/d/v1/wait?revision=0", address.port());
    assert!(world.http.get(&url).send().await.is_err());
    let ca = world.data().join("ca/server-ca.pem");
    let pem = device.certificate.as_deref().unwrap();
    let mut old = tls(&ca, Some((pem, &device.key)));
    old.alpn_protocols.clear();
    let provider = Arc::clone(old.crypto_provider());
    let mut roots = rustls::RootCertStore::empty();
    let ca = rustls::pki_types::pem::PemObject::from_pem_file(&ca).unwrap();
    roots.add(ca).unwrap();
    let only_12 = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let socket = TcpStream::connect(address).await.unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(only_12));
    let name = "localhost".try_into().unwrap();
    let error = connector.connect(name, socket).await.unwrap_err();
    assert!(error.to_string().contains("ProtocolVersion"), "{error}");
}

#[tokio::test]
async fn e13_fifty_idle_handshakes_do_not_keep_a_fresh_device_out() {
    let world = World::start("").await;
    let mut device = world.device("W01").await;
    let mut idle = Vec::new();
    for _ in 0..50 {
        idle.push(TcpStream::connect(world.address("device")).await.unwrap());
    }
    let pem = device.certificate.clone().unwrap();
    device.use_certificate(&world, pem);
    device.sync(1, &[]).await.expect(200);
    // The idle ones are cut off in the end.
    for socket in &mut idle {
        let mut rest = Vec::new();
        let read = tokio::time::timeout(crate::world::PATIENCE, socket.read_to_end(&mut rest));
        drop(read.await.expect("an idle handshake is cut off"));
    }
}

#[tokio::test]
async fn e14_guessing_is_slowed_down_even_for_who_has_the_right_token() {
    let world = World::start("").await;
    let mut device = Device::new(&world, "W01");
    let token = device.register(&world).await;
    for n in 0..10 {
        let guess = format!("guess-{n}");
        device.enrol(&world, &guess).await.refused(403, "bad-token");
    }
    let slowed = device.enrol(&world, &token).await;
    let slowed = slowed.refused(429, "too-many-attempts");
    assert!(slowed.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn e15_the_enrolment_port_is_open_only_while_a_token_waits() {
    let world = World::start("").await;
    let address = world.address("enrol");
    let closed = async || TcpStream::connect(address).await.is_err().then_some(());
    assert!(closed().await.is_some(), "closed before any token");
    let mut device = Device::new(&world, "W01");
    let token = device.register(&world).await;
    device.enrol(&world, &token).await.expect(200);
    eventually("closed after the token was used", closed).await;
    let again = Device::new(&world, "W02");
    again.register(&world).await;
    let open = async || TcpStream::connect(address).await.ok();
    drop(eventually("open for the next token", open).await);
    world
        .post("/api/v1/devices/W02/revoke", &serde_json::json!({}))
        .await
        .expect(200);
    eventually("closed after the device was revoked", closed).await;
}

#[tokio::test]
async fn a_registration_that_cannot_be_right_is_refused() {
    let world = World::start("").await;
    let device = world.device("W01").await;
    let mut registration = device.registration(&world);
    registration["device"] = "W02".into();
    let post = async |body: &serde_json::Value| world.post("/api/v1/devices", body).await;
    post(&registration).await.refused(409, "key-in-use");
    let other = Device::new(&world, "W01").registration(&world);
    post(&other).await.refused(409, "active-with-other-key");
    let mut nowhere = Device::new(&world, "W03").registration(&world);
    nowhere["channel"] = "nowhere".into();
    post(&nowhere).await.refused(409, "unknown-channel");
    nowhere["device"] = "../W03".into();
    post(&nowhere).await.refused(400, "bad-request");
    let shown = world.get("/api/v1/devices/W01").await.expect(200).json();
    assert_eq!(shown["state"], "active");
    let spki = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        device.key.subject_public_key_info(),
    );
    assert_eq!(shown["spki"], spki);
}

pub fn leaf(end: i32) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.not_before = rcgen::date_time_ymd(2024, 1, 1);
    params.not_after = rcgen::date_time_ymd(end, 1, 1);
    params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    params
}

pub fn device_authority(world: &World) -> rcgen::Issuer<'static, KeyPair> {
    let read = |name: &str| std::fs::read_to_string(world.data().join("ca").join(name)).unwrap();
    let key = KeyPair::from_pem(&read("device-ca.key")).unwrap();
    rcgen::Issuer::from_ca_cert_pem(&read("device-ca.pem"), key).unwrap()
}
