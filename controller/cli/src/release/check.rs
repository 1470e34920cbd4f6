//! Resolver: what forbids signing a release, all of it at once.

use cotmoc_proto::TimeMs;
use cotmoc_proto::release::Release;
use cotmoc_proto::time::{DAY, HOUR, Millis};
use cotmoc_proto::trust::{Admitted, Root};

/// The longest time from issue to expiry that people sign.
const MAX_EXPIRES_MS: Millis = 31 * DAY;
/// The longest grace after expiry that people sign.
const MAX_GRACE_MS: Millis = 90 * DAY;
/// How far the drafting computer's clock may be ahead.
const MAX_AHEAD_MS: Millis = HOUR;

/// Why `release` must not be signed at `now`, after `last` was published.
pub fn objections(
    release: &Release,
    root: &Root,
    last: Option<&Admitted<Release>>,
    now: TimeMs,
) -> Vec<String> {
    let mut all = Vec::new();
    if let Err(reject) = release.check() {
        all.push(reject.to_string());
    }
    if release.site != root.site {
        all.push(format!(
            "it is for site {}, the root of trust is of {}",
            release.site, root.site
        ));
    }
    if release.epoch != root.epoch {
        all.push(format!(
            "it is of epoch {}, the root of trust of {}: draft it again",
            release.epoch, root.epoch
        ));
    }
    place(release, root, last, &mut all);
    dates(release, now, &mut all);
    all
}

fn place(release: &Release, root: &Root, last: Option<&Admitted<Release>>, all: &mut Vec<String>) {
    let last = last.filter(|last| last.document.epoch == root.epoch);
    if last.is_some_and(|last| last.document == *release) {
        // It is signed anew, before a root takes one of its signers' keys away.
        return;
    }
    let expected = last.map_or(0, |last| last.document.version) + 1;
    if release.version != expected {
        all.push(format!(
            "it is version {}, but the next version of channel {} is {expected}: draft it again",
            release.version, release.channel
        ));
    }
    if release.prev != last.map(|last| last.digest) {
        all.push(
            "it does not follow the release that was published last: draft it again".to_owned(),
        );
    }
    if let Some(last) = last
        && last.document.channel != release.channel
    {
        all.push(format!(
            "it is for channel {}, the release before it for {}",
            release.channel, last.document.channel
        ));
    }
    if let Some(last) = last
        && release.lifts_takedown < last.document.lifts_takedown
    {
        all.push("it brings back takedowns that were lifted already: draft it again".to_owned());
    }
}

fn dates(release: &Release, now: TimeMs, all: &mut Vec<String>) {
    let lasts = release.expires_ms.since(release.issued_ms);
    if lasts > MAX_EXPIRES_MS {
        all.push(format!(
            "it expires {} days after its issue; at most {} are signed (expires_days)",
            lasts / DAY,
            MAX_EXPIRES_MS / DAY
        ));
    }
    if release.offline_grace_ms > MAX_GRACE_MS {
        all.push(format!(
            "its grace for walls without network is {} days; at most {} are signed \
             (offline_grace_days)",
            release.offline_grace_ms / DAY,
            MAX_GRACE_MS / DAY
        ));
    }
    if release.expires_ms <= now {
        all.push("it has expired: draft it again".to_owned());
    }
    if release.issued_ms.since(now) > MAX_AHEAD_MS {
        all.push(
            "it was issued in the future: the clock of this computer or of the editor's is wrong"
                .to_owned(),
        );
    }
}
