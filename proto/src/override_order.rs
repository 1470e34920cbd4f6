//! An override: one duty officer shows a template that an editor and an approver have approved in
//! advance, over the whole canvas, for a limited time, and ends it early. It brings no content of
//! its own.
//!
//! The newest override of a channel says what holds: a template, or nothing. Its time is counted
//! in powered-on milliseconds of each device from the moment the device accepted it, so that
//! nobody who moves a clock can shorten or lengthen it. Proven time, which only root documents and
//! powered-on time move, ends it too, a day late: an order that was recorded long ago is of no use.

use crate::digest::Digest;
use crate::id::{ChannelId, ItemId, SiteId};
use crate::playlist::Item;
use crate::reject::Reject;
use crate::release::Release;
use crate::time::{DAY, Millis, TimeMs};
use serde::{Deserialize, Serialize};

/// How long an override may last where the root document says nothing else, in milliseconds.
pub const DEFAULT_LIMIT_MS: Millis = DAY;
/// The longest limit that a root document may set, in milliseconds.
pub const MAX_LIMIT_MS: Millis = 7 * DAY;
/// The shortest override, in milliseconds.
pub const MIN_DURATION_MS: Millis = 1_000;
/// How far the clocks of the offices in which documents are dated may differ, in milliseconds.
pub const CLOCK_SLACK_MS: Millis = DAY;
/// The most releases that one override may be for.
pub const MAX_RELEASES: u64 = 100;

/// Shows a template on every wall of a channel, or ends that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Override {
    pub site: SiteId,
    pub channel: ChannelId,
    pub epoch: u64,
    /// Counts up by one with every override of the channel, an end included.
    pub seq: u64,
    pub issued_ms: TimeMs,
    pub action: Action,
    pub reason: String,
}

/// What an override does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Action {
    /// Shows a template.
    Show(Template),
    /// Ends every override up to the sequence number `ends`.
    End { ends: u64 },
}

/// Which template, in which releases, for how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    pub item: ItemId,
    /// The media of the item, so that no later release can change what was ordered.
    pub asset: Digest,
    /// The oldest release in which it is shown.
    pub min_release: u64,
    /// Later releases are not touched, so that a recorded override cannot be used again.
    pub max_release: u64,
    /// Powered-on time of the device for which it is shown, in milliseconds.
    pub duration_ms: Millis,
}

impl Override {
    /// Checks the rules that an override must keep by itself. How long it may last is for the root
    /// document to say.
    ///
    /// # Errors
    /// [`Reject::BadOverride`].
    pub fn check(&self) -> Result<(), Reject> {
        let defect = if self.seq == 0 {
            Some("sequence number 0".to_owned())
        } else if self.reason.len() > 2_000 {
            Some("too long a reason".to_owned())
        } else {
            self.action.defect(self.seq)
        };
        defect.map_or(Ok(()), |detail| Err(Reject::BadOverride { detail }))
    }

    /// When, at the latest, it is over by proven time: as it was dated, for what it lasts, and as
    /// much more as the clocks of two offices may differ. `None` if it ends one.
    #[must_use]
    pub fn over_by(&self) -> Option<TimeMs> {
        let template = self.template()?;
        Some(template.over_by(self.issued_ms))
    }

    /// The template it shows, if it does not end one.
    #[must_use]
    pub const fn template(&self) -> Option<&Template> {
        match &self.action {
            Action::Show(template) => Some(template),
            Action::End { .. } => None,
        }
    }
}

impl Action {
    fn defect(&self, seq: u64) -> Option<String> {
        match self {
            Self::Show(template) => template.defect(),
            Self::End { ends } => (*ends == 0 || *ends >= seq)
                .then(|| format!("it ends override {ends}, which is not before it")),
        }
    }
}

impl Template {
    /// The approved item of `release` that this is.
    ///
    /// # Errors
    /// [`Reject::OtherRelease`] if the override is not for this release, [`Reject::NoSuchTemplate`]
    /// if the release has no template of this name with this content.
    pub fn find<'r>(&self, release: &'r Release) -> Result<&'r Item, Reject> {
        let (min, max) = (self.min_release, self.max_release);
        if !(min..=max).contains(&release.version) {
            let release = release.version;
            return Err(Reject::OtherRelease { release, min, max });
        }
        let is_it = |item: &&Item| item.id == self.item && item.digest() == self.asset;
        let no_such = || Reject::NoSuchTemplate {
            release: release.version,
            template: self.item.clone(),
        };
        release.templates.iter().find(is_it).ok_or_else(no_such)
    }

    /// When, at the latest, it is over by proven time, ordered at `issued`.
    #[must_use]
    pub fn over_by(&self, issued: TimeMs) -> TimeMs {
        issued.plus(self.duration_ms).plus(CLOCK_SLACK_MS)
    }

    /// Why it is not shown where no release is in force.
    #[must_use]
    pub const fn without_release(&self) -> Reject {
        Reject::OtherRelease {
            release: 0,
            min: self.min_release,
            max: self.max_release,
        }
    }

    fn defect(&self) -> Option<String> {
        if self.min_release == 0 || self.max_release < self.min_release {
            return Some("releases: expected 1 <= first <= last".to_owned());
        }
        if self.max_release - self.min_release >= MAX_RELEASES {
            return Some(format!("it is for more than {MAX_RELEASES} releases"));
        }
        (self.duration_ms < MIN_DURATION_MS)
            .then(|| format!("it lasts {} ms; expected 1 s or more", self.duration_ms))
    }
}
