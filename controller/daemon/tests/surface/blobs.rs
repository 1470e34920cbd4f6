//! Blobs: stored by digest, read in ranges, never outside their folder.

use crate::world::{World, answer};
use cotmoc_proto::Digest;
use cotmoc_test_kit::media;
use reqwest::{Method, StatusCode, header};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

#[tokio::test]
async fn a_blob_is_stored_once_and_read_whole_or_in_ranges() {
    let world = World::empty("").await;
    let bytes = media::noise(1, 3_000_000);
    let path = format!("/api/v1/blobs/{}", Digest::of(&bytes));
    answer(world.request(Method::HEAD, &path)).await.expect(404);
    world.put_blob(&bytes).await.expect(201);
    world.put_blob(&bytes).await.expect(200);
    let head = answer(world.request(Method::HEAD, &path)).await.expect(200);
    assert_eq!(head.headers[header::CONTENT_LENGTH], "3000000");
    let whole = world.get(&path).await.expect(200);
    assert!(whole.body == bytes);
    assert_eq!(whole.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    assert_eq!(whole.headers[header::CONTENT_DISPOSITION], "attachment");
    let ranged = async |range: &str| {
        let request = world.request(Method::GET, &path);
        answer(request.header(header::RANGE, range)).await
    };
    let part = ranged("bytes=1048576-1048585").await.expect(206);
    assert_eq!(part.body, bytes[1_048_576..1_048_586]);
    assert_eq!(
        part.headers[header::CONTENT_RANGE],
        "bytes 1048576-1048585/3000000"
    );
    assert_eq!(
        ranged("bytes=-5").await.expect(206).body,
        bytes[2_999_995..]
    );
    let beyond = ranged("bytes=3000000-").await.refused(416, "range");
    assert_eq!(beyond.headers[header::CONTENT_RANGE], "bytes */3000000");
    let etag = whole.headers[header::ETAG].clone();
    let known = world
        .request(Method::GET, &path)
        .header(header::IF_NONE_MATCH, etag);
    answer(known).await.expect(304);
}

#[tokio::test]
async fn bytes_of_another_digest_leave_nothing_behind() {
    let world = World::empty("").await;
    let wrong = Digest::of(b"something else");
    let path = format!("/api/v1/blobs/{wrong}");
    world
        .put(&path, media::noise(2, 2_000_000))
        .await
        .refused(422, "digest-mismatch");
    world.get(&path).await.refused(404, "not-found");
    let arriving = world.data().join("blobs/arriving");
    assert_eq!(arriving.read_dir().unwrap().count(), 0);
}

#[tokio::test]
async fn a_blob_over_the_limit_and_a_full_disk_are_said_so() {
    let world = World::empty("[blobs]\nmax_bytes = 100000\n").await;
    let big = media::noise(3, 100_001);
    world.put_blob(&big).await.refused(413, "too-big");
    let path = format!("/api/v1/blobs/{}", Digest::of(&big));
    let pieces: Vec<Result<Vec<u8>, std::io::Error>> =
        big.chunks(10_000).map(|piece| Ok(piece.to_vec())).collect();
    let unannounced = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
    world.put(&path, unannounced).await.refused(413, "too-big");
    world.put_blob(&big[..100_000]).await.expect(201);
    let full = World::empty("[blobs]\nkeep_free_bytes = 1125899906842624\n").await;
    full.put_blob(b"small").await.refused(507, "disk-full");
}

#[tokio::test]
async fn w03_no_path_leads_out_of_the_folder_of_the_blobs() {
    let world = World::empty("").await;
    let digest = Digest::of(b"x").to_string();
    let upper = digest.to_uppercase();
    for trick in [
        "../operator.token",
        "..%2foperator.token",
        "%2e%2e/operator.token",
        "%2e%2e%2foperator.token",
        "..\\operator.token",
        "..%5coperator.token",
        "%00",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "....//operator.token",
        "%252e%252e%252foperator.token",
        "%ff%fe",
        &upper,
        "abcdef",
        "",
    ] {
        for method in ["GET", "PUT", "HEAD"] {
            let status = raw(&world, method, &format!("/api/v1/blobs/{trick}")).await;
            assert!(
                matches!(status, 400 | 404 | 405),
                "{method} {trick}: {status}"
            );
        }
    }
    let stored = world.data().join("blobs").read_dir().unwrap().count();
    assert_eq!(stored, 1, "only the folder of what is arriving");
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing_and_can_be_repeated() {
    let world = World::empty("").await;
    let bytes = media::noise(4, 2_500_000);
    let digest = Digest::of(&bytes);
    let mut socket = tokio::net::TcpStream::connect(world.address("console"))
        .await
        .unwrap();
    let head = format!(
        "PUT /api/v1/blobs/{digest} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
         Content-Length: 2500000\r\n\r\n",
        world.token()
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(&bytes[..1_500_000]).await.unwrap();
    drop(socket);
    let arriving = world.data().join("blobs/arriving");
    crate::world::eventually("the rest is removed", async || {
        (arriving.read_dir().unwrap().count() == 0).then_some(())
    })
    .await;
    world.put_blob(&bytes).await.expect(201);
}

/// The status of a request whose path is sent as it stands.
async fn raw(world: &World, method: &str, path: &str) -> u16 {
    let mut socket = tokio::net::TcpStream::connect(world.address("console"))
        .await
        .unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
         Content-Length: 0\r\nConnection: close\r\n\r\n",
        world.token()
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.unwrap();
    let text = String::from_utf8_lossy(&answer);
    let status = text.split(' ').nth(1).unwrap().parse().unwrap();
    assert!(!text.contains(&world.token()));
    assert_ne!(status, StatusCode::OK.as_u16());
    status
}
