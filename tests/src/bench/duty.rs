//! The hour to notify, over thousands of simulated incidents: whether a notice is ever lost or late
//! while the controller is killed, providers fail and the wall clock jumps. Beside it, the same
//! stories for a controller that believes the wall clock.

mod story;

use super::{Outcome, from_env};
use cotmoc_proto::time::{MINUTE, Millis};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use story::{Clock, Dice, Fate, Story};

const INCIDENTS_KEY: &str = "COTMOC_BENCH_INCIDENTS";
const INCIDENTS: u64 = 10_000;
/// Room for the first attempt of a sender, and for one that failed.
const ATTEMPT_MS: Millis = MINUTE;
/// What silence and the grace after a start take, at most.
const DETECTION_MS: Millis = 4 * MINUTE;

pub fn run() -> anyhow::Result<Outcome> {
    let count = from_env(INCIDENTS_KEY, INCIDENTS, 100)?;
    let ours = Sum::over(count, Clock::Trusted)?;
    let wall = Sum::over(count, Clock::Wall)?;
    let mut rows = vec![ours.row("ours"), wall.row("believing the wall clock")];
    for (class, (number, example)) in &ours.late {
        rows.push((format!("late: {class}"), format!("{number}; {example}")));
    }
    Ok(Outcome {
        rows,
        aims: vec![
            ("no notice lost", ours.lost == 0),
            ("every incident detected", ours.undetected == 0),
            (
                "none late that could have been told in time",
                !ours.late.contains_key(UNEXPLAINED),
            ),
        ],
        ours: ours.to_json(),
        peers: json!({ "believing_the_wall_clock": wall.to_json() }),
    })
}

const UNEXPLAINED: &str = "though it could have been told in time";

#[derive(Default)]
struct Sum {
    incidents: u64,
    notices: usize,
    lost: usize,
    duplicates: usize,
    early: usize,
    kills: usize,
    undetected: usize,
    in_time: usize,
    /// Why, how many, and one of them.
    late: BTreeMap<&'static str, (usize, String)>,
}

impl Sum {
    fn over(count: u64, clock: Clock) -> anyhow::Result<Self> {
        let mut sum = Self::default();
        for seed in 0..count {
            let story = Story::draw(&mut Dice(seed));
            let fate = story.live(clock)?;
            sum.add(seed, &story, &fate);
        }
        Ok(sum)
    }

    fn add(&mut self, seed: u64, story: &Story, fate: &Fate) {
        self.incidents += 1;
        self.notices += fate.notices;
        self.lost += fate.lost;
        self.duplicates += fate.duplicates;
        self.early += fate.early;
        self.kills += fate.kills;
        self.undetected += usize::from(fate.detected.is_none());
        if fate.told.is_some_and(|at| at <= story.deadline) {
            self.in_time += 1;
            return;
        }
        let since = |at: Option<Millis>| {
            at.map_or("never".to_owned(), |at| {
                format!("{} min after it", (at - story.begin) / MINUTE)
            })
        };
        let example = format!(
            "incident {seed}: {:?}, detected {}, told {}, due {} min after it",
            story.cause,
            since(fate.detected),
            since(fate.told),
            (story.deadline - story.begin) / MINUTE
        );
        let class = self.late.entry(why(story)).or_insert((0, example));
        class.0 += 1;
    }

    fn row(&self, name: &str) -> (String, String) {
        let late: usize = self.late.values().map(|(number, _)| number).sum();
        let unexplained = self.late.get(UNEXPLAINED).map_or(0, |(number, _)| *number);
        (
            name.to_owned(),
            format!(
                "{} incidents, {} starts after a kill, {} notices: lost {}, twice {}; in time {}, late {late}, of these {unexplained} though they could have been told in time",
                self.incidents, self.kills, self.notices, self.lost, self.duplicates, self.in_time
            ),
        )
    }

    fn to_json(&self) -> Value {
        let late = self.late.iter();
        let late: serde_json::Map<String, Value> = late
            .map(|(class, (number, example))| {
                (
                    (*class).to_owned(),
                    json!({ "count": number, "example": example }),
                )
            })
            .collect();
        json!({
            "incidents": self.incidents,
            "restarts": self.kills,
            "notices": self.notices,
            "lost": self.lost,
            "duplicates": self.duplicates,
            "before_the_fault": self.early,
            "undetected": self.undetected,
            "in_time": self.in_time,
            "late": late,
        })
    }
}

/// Why nobody could have told the department in time, by the story alone.
fn why(story: &Story) -> &'static str {
    let margin = if story.cause.is_security() { 60 } else { 15 } * MINUTE;
    let from = (story.deadline - margin).max(story.seen + DETECTION_MS);
    let last = story.deadline - ATTEMPT_MS;
    let any = |is: &dyn Fn(Millis) -> bool| (from..=last).step_by(10_000).any(is);
    let is_known = |at: Millis| {
        let mut lately = (at - DETECTION_MS..=at).step_by(10_000);
        lately.all(|at| story.is_up(at))
    };
    if from > last {
        "its traces could not be seen before the hour was out"
    } else if !any(&|at| story.is_up(at)) {
        "the controller was away until the hour was out"
    } else if !any(&|at| story.is_reachable(at)) {
        "no way to the department worked until the hour was out"
    } else if !any(&|at| is_known(at) && story.is_reachable(at)) {
        "the controller and the ways to the department were never there together for long enough"
    } else {
        UNEXPLAINED
    }
}
