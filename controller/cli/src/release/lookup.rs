//! What kiosks let visitors look up, for those who sign a release: how much of what, and every entry
//! that is added, changed or removed.

use crate::api::Api;
use crate::lookup::{Changes, Package, between, content_of, show_changes, summary};
use crate::media::{MediaDir, Verified};
use crate::out::Out;
use crate::text::Text;
use anyhow::{Context as _, Result};
use cotmoc_lookup::Content;
use cotmoc_proto::Digest;
use cotmoc_proto::release::{LookupPart, Release};
use std::collections::BTreeMap;

const LOOKUP: Text = Text {
    vi: "Nội dung tra cứu của tủ",
    en: "What kiosks let visitors look up",
};

/// The package of a release whose media were all checked here, after everything that a kiosk tries.
pub fn verified(release: &Release, media: &BTreeMap<Digest, Verified>) -> Result<Option<Content>> {
    let Some(part) = &release.lookup else {
        return Ok(None);
    };
    let path = |digest: &Digest| media.get(digest).map(|found| found.path.clone());
    let content = path(&part.content.sha256).context("the content package was not checked")?;
    let package = Package {
        content,
        media: part.media.iter().filter_map(|a| path(&a.sha256)).collect(),
    };
    let lookup = package
        .verified()
        .context("the content package must not be signed")?;
    content_of(&lookup).map(Some)
}

/// The content of a release, if this computer or the controller has it; its every byte is checked.
pub async fn content(
    out: Out,
    folder: &MediaDir,
    api: Option<&Api>,
    part: Option<&LookupPart>,
) -> Option<Content> {
    let part = part?;
    let found = folder.verified(out, api, &part.content).await;
    let found = found.and_then(|found| {
        let package = Package {
            content: found.path,
            media: Vec::new(),
        };
        content_of(&package.open()?)
    });
    found
        .map_err(|error| out.note(format_args!("{error:#}")))
        .ok()
}

/// What whoever decides must know of a content.
pub fn show(out: Out, release: &Release, content: Option<&Content>) {
    if release.lookup.is_none() {
        return;
    }
    out.heading(LOOKUP);
    match content {
        Some(content) => summary(out, content),
        None => out.say(out.either(
            "không có ở máy này, mở khi ký",
            "not on this computer; it is shown at signing",
        )),
    }
}

/// What the release changes of the content before it.
pub fn changes(
    out: Out,
    (old, before): (Option<&Release>, Option<&Content>),
    (new, after): (&Release, Option<&Content>),
) -> Option<Changes> {
    let part = |release: Option<&Release>| release.and_then(|release| release.lookup.clone());
    let (old_part, new_part) = (part(old), part(Some(new)));
    if old_part.is_none() && new_part.is_none() {
        return None;
    }
    out.heading(LOOKUP);
    if old_part.as_ref().map(|part| part.content.sha256)
        == new_part.as_ref().map(|part| part.content.sha256)
    {
        out.say(out.either("Không thay đổi.", "Nothing changes."));
        return None;
    }
    if new_part.is_none() {
        out.say(out.either(
            "BỎ toàn bộ nội dung tra cứu",
            "ALL of the content is REMOVED",
        ));
        return None;
    }
    if old_part.is_some() && before.is_none() {
        out.say(out.either(
            "Không có nội dung trước ở đây để so sánh: mọi mục hiện ra là mới",
            "The content before is not here to compare with: every entry is shown as added",
        ));
    }
    let changes = between(before, after?);
    show_changes(out, before.is_some(), &changes);
    Some(changes)
}
