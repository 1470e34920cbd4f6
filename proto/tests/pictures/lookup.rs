//! The content package in a release: written as ever, refused where it could not be shown, fetched
//! by those who show it.

use crate::samples::{self, asset};
use crate::{read, text};
use cotmoc_proto::device::ScreenKind;
use cotmoc_proto::json::parse_strict;
use cotmoc_proto::media::{Asset, Mime};
use cotmoc_proto::release::{LookupPart, MAX_LOOKUP_BYTES, Release};
use cotmoc_proto::{Digest, Reject};

fn part(name: &str) -> Asset {
    asset(name, Mime::Lookup)
}

fn release() -> Release {
    Release {
        lookup: Some(LookupPart {
            content: part("noi-dung"),
            media: vec![part("hinh-0"), part("hinh-1")],
        }),
        ..samples::release()
    }
}

fn refused(change: impl FnOnce(&mut LookupPart)) -> String {
    let mut release = release();
    change(release.lookup.as_mut().unwrap());
    match release.check() {
        Err(Reject::BadRelease { detail }) => detail,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_release_with_a_content_package_is_written_and_read_byte_by_byte_as_ever() {
    let release = release();
    assert_eq!(release.check(), Ok(()));
    let golden = String::from_utf8(read("golden/release.lookup.json")).unwrap();
    assert_eq!(text(&release), golden);
    assert_eq!(parse_strict::<Release>(golden.as_bytes()).unwrap(), release);
    let unknown = golden.replace("\"lookup\":{", "\"lookup\":{\"index\":1,");
    assert!(parse_strict::<Release>(unknown.as_bytes()).is_err());
}

#[test]
fn each_kind_of_screen_has_its_own_assets_and_signers_check_all_of_them() {
    let release = release();
    let names = |assets: Vec<&Asset>| -> Vec<Digest> {
        assets.into_iter().map(|asset| asset.sha256).collect()
    };
    let has = |names: &[Digest], name: &str| names.contains(&Digest::of(name.as_bytes()));
    let wall = names(release.assets_for(ScreenKind::Wall));
    let kiosk = names(release.assets_for(ScreenKind::Kiosk));
    let all = names(release.assets());
    assert!(!has(&wall, "noi-dung") && has(&wall, "phim"));
    assert!(has(&kiosk, "hinh-1") && has(&kiosk, "du-phong") && !has(&kiosk, "phim"));
    assert_eq!(all.len(), wall.len() + 3);
    assert!(kiosk.iter().chain(&wall).all(|digest| all.contains(digest)));
}

#[test]
fn what_a_kiosk_could_not_open_is_refused() {
    let film = refused(|lookup| lookup.content.mime = Mime::Webm);
    assert_eq!(film, "lookup: an asset of type video/webm");
    let huge = refused(|lookup| lookup.content.size_bytes = MAX_LOOKUP_BYTES + 1);
    assert!(huge.contains("more than 134217728 bytes"), "{huge}");
    let many = refused(|lookup| lookup.media = vec![part("hinh"); 17]);
    assert!(many.contains("more than 16"), "{many}");
    let empty = refused(|lookup| lookup.content.size_bytes = 0);
    assert_eq!(empty, "lookup: size 0");
    let mut item = release();
    item.playlists[0].items[0].asset = part("noi-dung");
    let error = item.check().unwrap_err().to_string();
    assert!(error.contains("no wall plays"), "{error}");
}
