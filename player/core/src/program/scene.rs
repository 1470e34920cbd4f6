//! Scenes of a plan: how the canvas is divided, what is drawn over it, and what each zone shows.

use super::CuePlan;
use cotmoc_proto::layout::{Layout, Message, Overlay, Ticker};
use cotmoc_proto::plan::EBU_TARGET_MLUFS;
use cotmoc_proto::release::Release;
use cotmoc_proto::resolve::{Moment, Picture, Resolution, ScreenState, ZoneShow};
use cotmoc_proto::style::Area;
use cotmoc_proto::{TimeMs, ZoneId};

/// A stretch of time in which the canvas is divided in one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenePlan {
    /// The canvas in pixels; `None` without a release: as large as the screen.
    pub size_px: Option<(u32, u32)>,
    /// What is drawn over the zones now; nothing over a canvas that is dark, or that the fallback
    /// or the built-in slide fills. A logo that was taken down or is damaged is not in the list;
    /// with a clock that is not trusted, clocks and messages with dates are not.
    pub overlays: Vec<Overlay>,
    /// When the scene begins; of the first one: the moment planned at.
    pub from: TimeMs,
    /// When the next scene begins, or, of the last one, when to ask again at the latest.
    pub until: TimeMs,
    /// Back to front, never empty.
    pub zones: Vec<ZonePlan>,
}

/// What one zone of a scene shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZonePlan {
    /// `None`: the only zone of its scene, and it fills the canvas.
    pub zone: Option<ZoneId>,
    /// Where it is on the canvas; `None`: all of it.
    pub area: Option<Area>,
    /// In order, without a gap, never empty.
    pub cues: Vec<CuePlan>,
}

impl ScenePlan {
    /// Whether `other` divides the canvas in the same way and draws the same over it.
    #[must_use]
    pub fn is_same_stage(&self, other: &Self) -> bool {
        let places = |scene: &Self| -> Vec<(Option<ZoneId>, Option<Area>)> {
            let zones = scene.zones.iter();
            zones.map(|zone| (zone.zone.clone(), zone.area)).collect()
        };
        self.size_px == other.size_px
            && self.overlays == other.overlays
            && places(self) == places(other)
    }

    pub(super) fn of(
        answer: Resolution<'_>,
        (release, state): (Option<&Release>, &ScreenState),
        now: Moment,
    ) -> Self {
        let target = release.map_or(EBU_TARGET_MLUFS, |release| release.sound.target_mlufs);
        let layout = release.map(|release| &release.layout);
        let cue = |shown: &ZoneShow<'_>| CuePlan::of(shown, target, now.at);
        let divided = layout.filter(|layout| !is_plain(layout));
        let (zones, overlays) = match (answer.picture, divided) {
            (Picture::Dark, _) => {
                let dark = CuePlan::dark(now.at, answer.until);
                (vec![ZonePlan::whole(dark)], Vec::new())
            }
            (Picture::Lit(shown), Some(layout)) if shown.iter().all(|one| one.zone.is_some()) => (
                shown
                    .iter()
                    .map(|one| ZonePlan::within(layout, cue(one)))
                    .collect(),
                overlays(layout, state, now),
            ),
            (Picture::Lit(shown), _) => (
                shown.iter().map(|one| ZonePlan::whole(cue(one))).collect(),
                Vec::new(),
            ),
        };
        Self {
            size_px: layout.map(|layout| (layout.width_px, layout.height_px)),
            overlays,
            from: now.at,
            until: answer.until,
            zones,
        }
    }

    /// Takes in `next`, the same stage at the end of this one.
    pub(super) fn go_on(&mut self, next: Self) {
        self.until = next.until;
        for (zone, more) in self.zones.iter_mut().zip(next.zones) {
            more.cues.into_iter().for_each(|cue| zone.append(cue));
        }
    }

    /// Whether some zone's next cue is known.
    pub(super) fn has_next(&self) -> bool {
        self.zones.iter().any(|zone| zone.cues.len() > 1)
    }
}

impl ZonePlan {
    fn whole(cue: CuePlan) -> Self {
        Self {
            zone: None,
            area: None,
            cues: vec![cue],
        }
    }

    fn within(layout: &Layout, cue: CuePlan) -> Self {
        let zone = layout
            .zones
            .iter()
            .find(|zone| Some(&zone.id) == cue.zone.as_ref());
        Self {
            zone: cue.zone.clone(),
            area: zone.map(cotmoc_proto::layout::Zone::area),
            cues: vec![cue],
        }
    }

    fn append(&mut self, next: CuePlan) {
        match self.cues.last_mut() {
            Some(last) if last.goes_on_as(&next) => last.until = next.until,
            Some(_) | None => self.cues.push(next),
        }
    }
}

/// Whether the layout is one zone over the whole canvas and nothing on it.
fn is_plain(layout: &Layout) -> bool {
    let whole = Area::whole(layout.width_px, layout.height_px);
    layout.overlays.is_empty() && matches!(layout.zones.as_slice(), [zone] if zone.area() == whole)
}

/// What may be drawn over the zones.
fn overlays(layout: &Layout, state: &ScreenState, now: Moment) -> Vec<Overlay> {
    layout
        .overlays
        .iter()
        .filter_map(|overlay| match overlay {
            Overlay::Logo(logo) => {
                (!state.unavailable.contains(&logo.asset.sha256)).then(|| overlay.clone())
            }
            Overlay::Clock(_) => now.trusted.then(|| overlay.clone()),
            Overlay::Ticker(_) if now.trusted => Some(overlay.clone()),
            Overlay::Ticker(ticker) => undated(ticker).map(Overlay::Ticker),
        })
        .collect()
}

/// The ticker with those messages alone that may be shown at any time.
fn undated(ticker: &Ticker) -> Option<Ticker> {
    let is_undated = |message: &&Message| message.from_ms.is_none() && message.to_ms.is_none();
    let messages: Vec<Message> = ticker.messages.iter().filter(is_undated).cloned().collect();
    (!messages.is_empty()).then(|| Ticker {
        messages,
        ..ticker.clone()
    })
}

#[cfg(test)]
mod tests;
