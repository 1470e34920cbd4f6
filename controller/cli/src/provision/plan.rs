//! A planner: what must be done to a board, from what is wanted and what was found there. Nothing is done here.

#[cfg(test)]
mod tests;
mod trouble;

use super::files::{self, Managed};
use super::found::{Found, UnitFound};
use super::wanted::Wanted;
use cotmoc_proto::{ChannelId, Digest};

pub use trouble::Trouble;

/// What a board needs from packages, beside what those need themselves.
pub const PACKAGES: [&str; 4] = ["cotmoc-player", "polkitd", "chrony", "nftables"];
/// The packages of ours, whose version is the folder's.
pub const OURS: [&str; 2] = ["cotmoc-player", "cotmoc-common"];
/// What runs on a board, and the files that each reads at its start.
pub const SERVICES: [(&str, &[&str]); 4] = [
    ("systemd-journald.service", &[files::JOURNAL]),
    ("chrony.service", &[files::CHRONY, files::TIME_SOURCES]),
    (
        "cotmoc-agent.service",
        &[files::AGENT, files::ROOT, files::SERVER_CA],
    ),
    ("cotmoc-wall.service", &[files::WALL, files::ROOT]),
];

/// One thing to be done to a board. Each may be done twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The technician's key may log in; and a login by key alone is seen before anything else is done.
    Authorise(String),
    /// These packages in these versions; what they need comes along.
    Install(Vec<Package>),
    Write(Managed),
    Zone(String),
    /// The unit is stopped and does not start again.
    SwitchOff(String),
    /// The unit starts with the board.
    Enable(String),
    /// The service manager feeds the board's watchdog from now on.
    Watch,
    /// The device makes its own key; it never leaves it.
    MakeKey,
    /// A one-time token goes from the controller to the device.
    Enrol,
    /// The test card on the real outputs; the mark says with what.
    TestCard(String),
    /// The unit is started, or started again.
    Start(String),
    /// Only SSH comes in. Taken back by itself unless a new login gets through.
    Firewall(Managed),
    /// SSH by key only. Taken back unless a new login gets through.
    KeysOnly(Managed),
}

/// A package that is to be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    pub name: String,
    /// `None`: any.
    pub version: Option<String>,
}

/// What the folder of packages holds of ours.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offered {
    pub arch: String,
    /// The version of our packages.
    pub version: String,
}

/// What the controller has of the device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    pub channel: ChannelId,
    pub is_active: bool,
    pub is_revoked: bool,
    pub spki_sha256: Digest,
}

/// Everything that is known before anything is done.
#[derive(Debug, Clone)]
pub struct World<'w> {
    pub wanted: &'w Wanted,
    pub offered: &'w Offered,
    pub found: &'w Found,
    pub registered: Option<&'w Registered>,
    /// Seconds since 1970, by the technician's machine.
    pub now_s: i64,
}

/// What stands in the way, and what is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub troubles: Vec<Trouble>,
    pub steps: Vec<Step>,
}

/// The plan for one board: in order, and empty where nothing differs.
#[must_use]
pub fn plan(world: &World<'_>) -> Plan {
    let mut steps = Vec::new();
    steps.extend(authorise(world));
    let packages = packages(world);
    let written = written(world);
    let installs = !packages.is_empty();
    if installs {
        steps.push(Step::Install(packages));
    }
    let touched: Vec<&str> = written.iter().map(|file| file.path).collect();
    steps.extend(written.iter().cloned().map(Step::Write));
    if world.found.zone != world.wanted.zone {
        steps.push(Step::Zone(world.wanted.zone.clone()));
    }
    steps.extend(switched_off(world));
    if !world.found.is_watched && !world.found.watchdogs.is_empty() {
        steps.push(Step::Watch);
    }
    steps.extend(identity(world));
    let card = test_card(world);
    let mut again = Vec::new();
    if installs {
        again.extend(["cotmoc-agent.service", "cotmoc-wall.service"]);
    }
    if card.is_some() {
        again.push("cotmoc-wall.service");
    }
    steps.extend(services(world, &touched, &again));
    if let Some(card) = card {
        let before_wall = steps
            .iter()
            .position(|step| matches!(step, Step::Start(unit) if unit == "cotmoc-wall.service"));
        steps.insert(before_wall.unwrap_or(steps.len()), card);
    }
    steps.extend(closed(world));
    Plan {
        troubles: trouble::troubles(world),
        steps,
    }
}

fn authorise(world: &World<'_>) -> Option<Step> {
    let key = &world.wanted.technician_key;
    let is_there = world.found.authorised.contains(key);
    (!is_there).then(|| Step::Authorise(key.clone()))
}

fn packages(world: &World<'_>) -> Vec<Package> {
    let version = &world.offered.version;
    let ours = OURS
        .iter()
        .any(|name| world.found.packages.get(*name) != Some(version));
    let lacking = PACKAGES.iter().filter(|name| {
        let is_ours = OURS.contains(name);
        if is_ours {
            ours
        } else {
            !world.found.packages.contains_key(**name)
        }
    });
    lacking
        .map(|name| Package {
            name: (*name).to_owned(),
            version: OURS.contains(name).then(|| version.clone()),
        })
        .collect()
}

/// The plain files that do not stand there as they should.
fn written(world: &World<'_>) -> Vec<Managed> {
    let files = files::plain(world.wanted).into_iter();
    files.filter(|file| !stands(world.found, file)).collect()
}

fn stands(found: &Found, file: &Managed) -> bool {
    found.files.get(file.path).is_some_and(|there| {
        there.sha256 == file.sha256() && there.mode == file.mode && there.owner == "root:root"
    })
}

fn switched_off(world: &World<'_>) -> impl Iterator<Item = Step> {
    let units = world.wanted.switch_off.iter();
    units.filter_map(|name| {
        let unit = world.found.units.get(name)?;
        (unit.enabled != "masked").then(|| Step::SwitchOff(name.clone()))
    })
}

/// The device's own key, and the certificate for it.
fn identity(world: &World<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    if world.found.device_key.is_none() {
        steps.push(Step::MakeKey);
    }
    let knows = world.registered.is_some_and(|row| {
        row.is_active
            && row.channel == world.wanted.channel
            && Some(row.spki_sha256) == world.found.device_key
    });
    if !(knows && world.found.has_certificate) {
        steps.push(Step::Enrol);
    }
    steps
}

/// The test card, if it was not shown with this configuration and these programs.
fn test_card(world: &World<'_>) -> Option<Step> {
    let config = files::wall(world.wanted).sha256();
    let mark = format!("{} {config}", world.offered.version);
    (world.found.proven.as_ref() != Some(&mark)).then_some(Step::TestCard(mark))
}

/// `touched`: files that are written before; `again`: units that must be started again in any case.
fn services(world: &World<'_>, touched: &[&str], again: &[&str]) -> Vec<Step> {
    let mut steps = Vec::new();
    for (name, reads) in SERVICES {
        let unit = world.found.units.get(name);
        let is_journal = name == "systemd-journald.service";
        if !is_journal && unit.is_none_or(|unit| unit.enabled != "enabled") {
            steps.push(Step::Enable(name.to_owned()));
        }
        let changed = reads.iter().any(|path| touched.contains(path));
        if changed || again.contains(&name) || unit.is_none_or(|unit| !runs(unit)) {
            steps.push(Step::Start(name.to_owned()));
        }
    }
    steps
}

fn runs(unit: &UnitFound) -> bool {
    unit.active == "active" && !unit.is_stale
}

/// What shuts doors comes last, once everything else has gone through them.
fn closed(world: &World<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    let ssh = files::ssh();
    if world.found.takes_passwords || !stands(world.found, &ssh) {
        steps.push(Step::KeysOnly(ssh));
    }
    let firewall = files::firewall(world.wanted, &world.found.ssh_ports);
    let is_loaded = world.found.has_firewall
        && world
            .found
            .units
            .get("nftables.service")
            .is_some_and(|unit| unit.enabled == "enabled");
    if !is_loaded || !stands(world.found, &firewall) {
        steps.push(Step::Firewall(firewall));
    }
    steps
}
