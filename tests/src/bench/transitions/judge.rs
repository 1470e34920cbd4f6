//! Judges what was seen: for every boundary how long the picture stood still, and which frames never came.

use crate::bench::barcode::Stamp;
use crate::bench::media::Clip;
use crate::bench::screen::{Content, Sight};
use crate::bench::{quantile, sorted, tenths};
use serde_json::{Value, json};

/// What comes before is the player's start, in milliseconds after its first frame.
const SETTLE_MS: f64 = 3_000.0;
/// A boundary answers for pictures that stand still this long before and after it, in milliseconds;
/// together less than two boundaries are apart.
const BEFORE_MS: f64 = 200.0;
const AFTER_MS: f64 = 280.0;
/// After looking away for longer nobody can say what was shown, in milliseconds.
const BLIND_MS: f64 = 20.0;

/// The figures of one run of one player.
#[derive(Debug, Default)]
pub struct Figures {
    pub boundaries: u64,
    /// Boundaries that nobody can judge, for the reader was held up.
    pub unwatched: u64,
    /// Per boundary the longest time without a new frame beyond the nominal one, sorted.
    pub over_ms: Vec<f64>,
    pub lost_tail: u64,
    pub lost_head: u64,
    /// Frames of items that never came.
    pub lost_items: u64,
    /// Frames missing inside items.
    pub missing: u64,
    pub repeated: u64,
    pub black: u64,
    /// Neither black nor a whole frame.
    pub broken: u64,
    /// How much longer than asked stills stood.
    pub still_over_ms: Vec<f64>,
}

impl Figures {
    #[must_use]
    pub const fn lost(&self) -> u64 {
        self.lost_tail + self.lost_head + self.lost_items
    }

    #[must_use]
    pub fn over(&self, share: f64) -> f64 {
        quantile(&self.over_ms, share)
    }

    #[must_use]
    pub fn longer_than(&self, limit_ms: f64) -> usize {
        self.over_ms.iter().filter(|over| **over > limit_ms).count()
    }

    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "boundaries": self.boundaries,
            "unwatched_boundaries": self.unwatched,
            "over_median_ms": tenths(self.over(0.5)),
            "over_p95_ms": tenths(self.over(0.95)),
            "over_max_ms": tenths(self.over(1.0)),
            "lost_frames": self.lost(),
            "lost_tail_frames": self.lost_tail,
            "lost_head_frames": self.lost_head,
            "lost_item_frames": self.lost_items,
            "missing_inside_frames": self.missing,
            "repeated_frames": self.repeated,
            "black_flashes": self.black,
            "broken_pictures": self.broken,
            "still_over_max_ms": tenths(quantile(&self.still_over_ms, 1.0)),
        })
    }
}

/// Judges `sights` of a player that plays `list` again and again.
#[must_use]
pub fn judge(list: &[Clip], sights: &[Sight]) -> Figures {
    let sights = settled(sights);
    let changes = changes(sights);
    let mut figures = Figures::default();
    count_flashes(&mut figures, sights);
    let steps: Vec<Step> = changes
        .windows(2)
        .filter_map(|pair| Some(Step::between(list, *pair.first()?, *pair.get(1)?)))
        .collect();
    for step in &steps {
        figures.count(list, step, &steps);
    }
    figures.over_ms = sorted(std::mem::take(&mut figures.over_ms));
    figures.still_over_ms = sorted(std::mem::take(&mut figures.still_over_ms));
    figures
}

/// How many times another item took over, as far as `sights` tell.
#[must_use]
pub fn boundaries(sights: &[Sight]) -> usize {
    let changes = changes(settled(sights));
    changes
        .windows(2)
        .filter(|pair| match pair {
            [a, b] => a.stamp.item != b.stamp.item,
            _ => false,
        })
        .count()
}

#[derive(Debug, Clone, Copy)]
struct Change {
    at_ms: f64,
    blind_ms: f64,
    stamp: Stamp,
}

/// From one frame to the next that was seen.
#[derive(Debug)]
struct Step {
    from: Change,
    to: Change,
    over_ms: f64,
    after_still: bool,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Inside,
    /// Of the list's items, this many were left out.
    Boundary {
        left_out: usize,
    },
    Back,
}

impl Step {
    fn between(list: &[Clip], from: Change, to: Change) -> Self {
        let place = |change: Change| list.iter().position(|clip| clip.item == change.stamp.item);
        let clip = clip_of(list, from.stamp);
        let kind = match (place(from), place(to)) {
            (Some(a), Some(b)) if a == b && to.stamp.frame > from.stamp.frame => Kind::Inside,
            (Some(a), Some(b)) if a != b => {
                let ahead = (b + list.len() - a) % list.len();
                if ahead > list.len().div_ceil(2) {
                    Kind::Back
                } else {
                    Kind::Boundary {
                        left_out: ahead - 1,
                    }
                }
            }
            (Some(_), Some(_)) | (None, _) | (_, None) => Kind::Back,
        };
        Self {
            from,
            to,
            over_ms: to.at_ms - from.at_ms - clip.map_or(0.0, Clip::frame_ms),
            after_still: clip.is_some_and(Clip::is_still),
            kind,
        }
    }

    fn is_seen(&self) -> bool {
        self.from.blind_ms < BLIND_MS && self.to.blind_ms < BLIND_MS
    }

    const fn first(&self) -> u16 {
        self.from.stamp.frame
    }
}

impl Figures {
    fn count(&mut self, list: &[Clip], step: &Step, all: &[Step]) {
        match step.kind {
            Kind::Inside if !step.is_seen() => {}
            Kind::Inside => self.missing += u64::from(step.to.stamp.frame - step.first() - 1),
            Kind::Back => self.repeated += 1,
            Kind::Boundary { left_out } => self.count_boundary(list, step, left_out, all),
        }
    }

    fn count_boundary(&mut self, list: &[Clip], step: &Step, left_out: usize, all: &[Step]) {
        let window = step.to.at_ms - BEFORE_MS..step.to.at_ms + AFTER_MS;
        let around = || all.iter().filter(|one| window.contains(&one.to.at_ms));
        if !around().all(Step::is_seen) {
            self.unwatched += 1;
            return;
        }
        self.boundaries += 1;
        let clip = clip_of(list, step.from.stamp);
        let last = clip.and_then(|clip| clip.frames).unwrap_or(1) - 1;
        self.lost_tail += u64::from(last.saturating_sub(step.first()));
        self.lost_head += u64::from(step.to.stamp.frame);
        self.lost_items += left_out_after(list, step.from.stamp, left_out);
        if step.after_still {
            self.still_over_ms.push(step.over_ms);
        }
        let longest = around()
            .filter(|one| !one.after_still)
            .map(|one| one.over_ms)
            .max_by(f64::total_cmp);
        self.over_ms.extend(longest);
    }
}

fn left_out_after(list: &[Clip], stamp: Stamp, count: usize) -> u64 {
    let after = list
        .iter()
        .cycle()
        .skip_while(|clip| clip.item != stamp.item);
    let left_out = after.skip(1).take(count);
    left_out
        .map(|clip| u64::from(clip.frames.unwrap_or(1)))
        .sum()
}

fn clip_of(list: &[Clip], stamp: Stamp) -> Option<&Clip> {
    list.iter().find(|clip| clip.item == stamp.item)
}

/// Without the player's start and its end.
fn settled(sights: &[Sight]) -> &[Sight] {
    let is_frame = |sight: &Sight| matches!(sight.content, Content::Frame(_));
    let Some(first) = sights.iter().find(|sight| is_frame(sight)) else {
        return &[];
    };
    let begin = sights.partition_point(|sight| sight.at_ms < first.at_ms + SETTLE_MS);
    let end = sights.iter().rposition(is_frame).map_or(0, |last| last + 1);
    sights.get(begin..end).unwrap_or_default()
}

/// Frames that differ from the one before, whatever was seen in between.
fn changes(sights: &[Sight]) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for sight in sights {
        if let Content::Frame(stamp) = sight.content
            && changes.last().is_none_or(|last| last.stamp != stamp)
        {
            changes.push(Change {
                at_ms: sight.at_ms,
                blind_ms: sight.blind_ms,
                stamp,
            });
        }
    }
    changes
}

fn count_flashes(figures: &mut Figures, sights: &[Sight]) {
    for sight in sights {
        match sight.content {
            Content::Frame(_) => {}
            Content::Black => figures.black += 1,
            Content::Other => figures.broken += 1,
        }
    }
}

#[cfg(test)]
mod tests;
