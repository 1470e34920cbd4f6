//! The wall's program on a screen of its own is given envelopes, and the screen is read.

use super::courier::Courier;
use super::log::{between, day_time, said_at};
use super::{Delays, FALLBACK_ITEM, Media, ORDERED_ITEM, PROGRAMME_ITEM};
use crate::Process;
use crate::bench::screen::{Content, Reading, SCREEN, Screen, Sight};
use crate::bench::wall::{Show, Wall};
use crate::board::deliver;
use anyhow::Context as _;
use cotmoc_proto::Digest;
use cotmoc_proto::media::Mime;
use cotmoc_proto::override_order::Override;
use std::path::Path;
use std::time::{Duration, SystemTime};

const LONGEST: Duration = Duration::from_secs(60);
/// Longer than anybody looks.
const TEMPLATE_MS: i64 = 600_000;
/// The programme plays so long before the next order, in milliseconds.
const APART_MS: u64 = 407;

/// What is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// The whole programme gives way to the fallback.
    Takedown,
    /// A template that was approved in advance.
    Override,
}

pub fn measure(media: &Media, (act, trials): (Act, u64), folder: &Path) -> anyhow::Result<Delays> {
    let dir = tempfile::tempdir_in(folder)?;
    let show = Show {
        clips: std::slice::from_ref(&media.programme),
        size: SCREEN,
        sink: "window",
        sound: "none",
        overlays: Vec::new(),
        fallback: (Mime::Jpeg, std::fs::read(&media.fallback.path)?),
        template: Some((Mime::Jpeg, std::fs::read(&media.ordered.path)?)),
    };
    let mut wall = show.prepare(dir.path())?;
    let courier = Courier::start(&wall.board.path("link.sock"))?;
    let screen = Screen::start()?;
    let mut command = wall.command();
    command.env("DISPLAY", &screen.display);
    let mut process = Process::start("cotmoc-wall", command, &dir.path().join("wall.log"))?;
    let mut delays = Delays::default();
    let mut looks: Vec<f64> = Vec::new();
    for trial in 0..trials {
        let seq = act.begin(&mut wall, trial)?;
        courier.look();
        watch(&screen, &mut process, |content| is(content, PROGRAMME_ITEM))?;
        std::thread::sleep(Duration::from_millis(APART_MS + trial % 34));
        let seen = process.log().len();
        act.order(&wall, seq)?;
        courier.look();
        let after = watch(&screen, &mut process, |content| is(content, act.item()))?;
        let verified = verified_at(&process, seen, (act, seq))?;
        looks.push(after.reading.look_p99_ms);
        delays.add(&after, verified);
    }
    process.kill();
    delays.look_p99_ms = looks.into_iter().max_by(f64::total_cmp);
    Ok(delays.sorted())
}

impl Act {
    /// What then stands on the screen.
    const fn item(self) -> u8 {
        match self {
            Self::Takedown => FALLBACK_ITEM,
            Self::Override => ORDERED_ITEM,
        }
    }

    /// What the gate says when it has verified it.
    const fn word(self) -> &'static str {
        match self {
            Self::Takedown => "TakedownAccepted",
            Self::Override => "OverrideAccepted",
        }
    }

    /// Brings the programme back on air and returns the number of the order that is to follow.
    fn begin(self, wall: &mut Wall, trial: u64) -> anyhow::Result<u64> {
        match self {
            Self::Takedown => {
                if trial > 0 {
                    wall.next_release()?;
                }
                Ok(trial + 1)
            }
            // Each is ended by an order of its own.
            Self::Override => {
                let seq = 2 * trial;
                if trial > 0 {
                    let end = wall.site.override_end(seq, seq - 1);
                    wall.deliver_override(&end)?;
                }
                Ok(seq + 1)
            }
        }
    }

    fn order(self, wall: &Wall, seq: u64) -> anyhow::Result<()> {
        let inbox = wall.board.path("inbox");
        match self {
            Self::Takedown => {
                let takedown = wall.site.takedown(seq, wall.release.version, &[]);
                let sealed = wall.site.seal_takedown(&takedown);
                deliver(&inbox, &format!("takedown.{seq}.dsse"), &sealed)?;
            }
            Self::Override => {
                let template = wall.release.templates.first().context("no template")?;
                let order = wall.site.override_show(seq, template, TEMPLATE_MS);
                wall.deliver_override(&order)?;
            }
        }
        Ok(())
    }
}

impl Wall {
    /// Delivers the next release, with the same programme, which no takedown so far is about.
    fn next_release(&mut self) -> anyhow::Result<()> {
        let payload = serde_json::to_vec(&self.release)?;
        self.release.prev = Some(Digest::of(&payload));
        self.release.version += 1;
        self.deliver_release()
    }

    fn deliver_override(&self, order: &Override) -> anyhow::Result<()> {
        let name = format!("override.{}.dsse", order.seq);
        let sealed = self.site.seal_override(order);
        Ok(deliver(&self.board.path("inbox"), &name, &sealed)?)
    }
}

/// What was read, and the time of day at which the reading began, in milliseconds.
struct Watched {
    reading: Reading,
    began: f64,
}

fn watch(
    screen: &Screen,
    process: &mut Process,
    is_it: impl Fn(Content) -> bool,
) -> anyhow::Result<Watched> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let mut failed = false;
    let reading = screen.read(|elapsed, sights| {
        failed = elapsed > LONGEST || !process.is_running();
        failed || sights.last().is_some_and(|sight| is_it(sight.content))
    })?;
    anyhow::ensure!(
        !failed,
        "the wall does not show what it should:\n{}",
        process.log()
    );
    Ok(Watched {
        reading,
        began: day_time(since.as_secs_f64() * 1e3),
    })
}

fn verified_at(process: &Process, seen: usize, (act, seq): (Act, u64)) -> anyhow::Result<f64> {
    let number = format!("seq: {seq}");
    let said = || said_at(&process.log(), seen, &[act.word(), &number]);
    // The picture can be there before the log is.
    let start = std::time::Instant::now();
    loop {
        if let Some(at) = said() {
            return Ok(at);
        }
        anyhow::ensure!(
            start.elapsed() < LONGEST,
            "the wall does not say that it verified order {seq}"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

impl Delays {
    fn add(&mut self, after: &Watched, verified: f64) {
        let at = |sight: &Sight| between(verified, after.began + sight.at_ms);
        let sights = &after.reading.sights;
        self.on_ms.extend(sights.last().map(at));
        let gone = sights
            .iter()
            .rev()
            .take_while(|s| !is(s.content, PROGRAMME_ITEM));
        let gone: Vec<&Sight> = gone.collect();
        self.off_ms.extend(gone.last().map(|sight| at(sight)));
        self.between += u64::try_from(gone.len().saturating_sub(1)).unwrap_or(0);
    }
}

fn is(content: Content, item: u8) -> bool {
    matches!(content, Content::Frame(stamp) if stamp.item == item)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::barcode::Stamp;

    fn sight(at_ms: f64, item: Option<u8>) -> Sight {
        Sight {
            at_ms,
            blind_ms: 3.0,
            content: item.map_or(Content::Other, |item| {
                Content::Frame(Stamp { item, frame: 7 })
            }),
        }
    }

    #[test]
    fn the_old_picture_leaves_before_the_new_one_comes_if_something_is_between() {
        let programme = Some(PROGRAMME_ITEM);
        let sights = vec![
            sight(5.0, programme),
            sight(120.0, programme),
            sight(130.0, None),
            sight(170.0, Some(FALLBACK_ITEM)),
        ];
        let after = Watched {
            reading: Reading {
                sights,
                look_p99_ms: 4.0,
            },
            began: 1_000.0,
        };
        let mut delays = Delays::default();
        delays.add(&after, 1_110.0);
        assert!((delays.on_ms[0] - 60.0).abs() < 1e-9);
        assert!((delays.off_ms[0] - 20.0).abs() < 1e-9);
        assert_eq!(delays.between, 1);
    }
}
