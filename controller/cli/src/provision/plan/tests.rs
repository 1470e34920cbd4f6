#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, helpers of a test too"
)]

use super::*;
use crate::provision::found::{Display, FileFound};
use crate::provision::wanted::{Least, Time};
use proptest::prelude::*;

fn wanted() -> Wanted {
    Wanted {
        site: "lao-cai".parse().unwrap(),
        channel: "cua-khau".parse().unwrap(),
        device: "W01".parse().unwrap(),
        controller: "https://10.0.0.1:8443".to_owned(),
        enrol: "https://10.0.0.1:8444".to_owned(),
        server_ca: b"ca".to_vec(),
        root: b"root".to_vec(),
        agent_more: String::new(),
        wall_more: "[audio]\nsink = \"alsa\"\n".to_owned(),
        technician_key: "ssh-ed25519 AAAA ktv".to_owned(),
        time: Time {
            servers: vec!["10.0.0.1".to_owned()],
            nts: false,
        },
        zone: "Asia/Ho_Chi_Minh".to_owned(),
        ssh_from: vec!["10.0.0.0/8".to_owned(), "fd00::/8".to_owned()],
        journal_mib: 200,
        least: Least {
            memory_mib: 900,
            free_mib: 1_000,
        },
        switch_off: vec!["cups.service".to_owned(), "absent.service".to_owned()],
    }
}

fn offered() -> Offered {
    Offered {
        arch: "arm64".to_owned(),
        version: "0.1.0+7".to_owned(),
    }
}

/// A board as it comes from its box.
fn bare() -> Found {
    let unit = UnitFound {
        enabled: "enabled".to_owned(),
        active: "active".to_owned(),
        is_stale: false,
    };
    let units = ["cups.service", "systemd-journald.service"];
    Found {
        is_root: true,
        has_systemd: true,
        arch: "arm64".to_owned(),
        os: "debian".to_owned(),
        os_version: "12".to_owned(),
        memory_mib: 4_000,
        free_mib: 20_000,
        displays: vec![Display {
            connector: "card0-HDMI-A-1".to_owned(),
            driver: "vc4".to_owned(),
            is_connected: true,
            mode: "1280x720".to_owned(),
        }],
        sound: vec!["vc4hdmi".to_owned()],
        gpio: vec!["gpiochip0".to_owned()],
        rtc: vec!["rpi-rtc".to_owned()],
        watchdogs: vec!["Broadcom BCM2835 Watchdog timer".to_owned()],
        clock_s: 1_000,
        zone: "Etc/UTC".to_owned(),
        units: units.map(|name| (name.to_owned(), unit.clone())).into(),
        ssh_ports: vec![22],
        takes_passwords: true,
        ..Found::default()
    }
}

fn key() -> Digest {
    Digest::of(b"device key")
}

/// A board and the controller's record of it.
#[derive(Debug, Clone)]
struct State {
    found: Found,
    registered: Option<Registered>,
}

impl State {
    fn plan(&self, wanted: &Wanted) -> Plan {
        plan(&World {
            wanted,
            offered: &offered(),
            found: &self.found,
            registered: self.registered.as_ref(),
            now_s: 1_000,
        })
    }

    /// What the acting half does, as facts.
    fn apply(&mut self, step: &Step) {
        match step {
            Step::Authorise(key) => drop(self.found.authorised.insert(key.clone())),
            Step::Install(packages) => self.install(packages),
            Step::Write(file) => self.write(file),
            Step::Zone(zone) => self.found.zone.clone_from(zone),
            Step::SwitchOff(unit) => self.unit(unit).enabled = "masked".to_owned(),
            Step::Enable(unit) => self.unit(unit).enabled = "enabled".to_owned(),
            Step::Watch => self.found.is_watched = true,
            Step::MakeKey => self.found.device_key = Some(key()),
            Step::Enrol => {
                self.found.has_certificate = true;
                self.registered = Some(Registered {
                    channel: "cua-khau".parse().unwrap(),
                    is_active: true,
                    is_revoked: false,
                    spki_sha256: self.found.device_key.unwrap(),
                });
            }
            Step::TestCard(mark) => self.found.proven = Some(mark.clone()),
            Step::Start(unit) => {
                self.unit(unit).active = "active".to_owned();
                self.unit(unit).is_stale = false;
            }
            Step::Firewall(file) => {
                self.write(file);
                self.found.has_firewall = true;
                self.unit("nftables.service").enabled = "enabled".to_owned();
            }
            Step::KeysOnly(file) => {
                self.write(file);
                self.found.takes_passwords = false;
            }
        }
    }

    fn install(&mut self, packages: &[Package]) {
        for package in packages {
            let version = package.version.clone().unwrap_or_else(|| "1".to_owned());
            if package.name == "cotmoc-player" {
                self.found
                    .packages
                    .insert("cotmoc-common".to_owned(), version.clone());
            }
            self.found.packages.insert(package.name.clone(), version);
        }
    }

    fn write(&mut self, file: &Managed) {
        let there = FileFound {
            sha256: file.sha256(),
            mode: file.mode.to_owned(),
            owner: "root:root".to_owned(),
        };
        self.found.files.insert(file.path.to_owned(), there);
    }

    fn unit(&mut self, name: &str) -> &mut UnitFound {
        let absent = UnitFound {
            enabled: "disabled".to_owned(),
            active: "inactive".to_owned(),
            is_stale: false,
        };
        self.found.units.entry(name.to_owned()).or_insert(absent)
    }
}

fn bare_state() -> State {
    State {
        found: bare(),
        registered: None,
    }
}

/// A step's name, without what it carries.
fn name(step: &Step) -> String {
    match step {
        Step::Write(file) => format!("Write {}", file.path),
        Step::Install(packages) => format!("Install {}", packages.len()),
        Step::SwitchOff(unit) => format!("SwitchOff {unit}"),
        Step::Enable(unit) => format!("Enable {unit}"),
        Step::Start(unit) => format!("Start {unit}"),
        Step::Authorise(_) => "Authorise".to_owned(),
        Step::Zone(_) => "Zone".to_owned(),
        Step::TestCard(_) => "TestCard".to_owned(),
        Step::Firewall(_) => "Firewall".to_owned(),
        Step::KeysOnly(_) => "KeysOnly".to_owned(),
        Step::Watch | Step::MakeKey | Step::Enrol => format!("{step:?}"),
    }
}

fn names(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(name).collect()
}

#[test]
fn a_bare_board_is_set_up_from_its_packages_to_its_locked_doors() {
    let plan = bare_state().plan(&wanted());
    assert_eq!(plan.troubles, []);
    let expected = [
        "Authorise",
        "Install 4",
        "Write /etc/cotmoc/root.dsse",
        "Write /etc/cotmoc/server-ca.pem",
        "Write /etc/cotmoc/agent.toml",
        "Write /etc/cotmoc/wall.toml",
        "Write /etc/chrony/conf.d/50-cotmoc.conf",
        "Write /etc/chrony/sources.d/cotmoc.sources",
        "Write /etc/systemd/journald.conf.d/50-cotmoc.conf",
        "Zone",
        "SwitchOff cups.service",
        "Watch",
        "MakeKey",
        "Enrol",
        "Start systemd-journald.service",
        "Enable chrony.service",
        "Start chrony.service",
        "Enable cotmoc-agent.service",
        "Start cotmoc-agent.service",
        "Enable cotmoc-wall.service",
        "TestCard",
        "Start cotmoc-wall.service",
        "KeysOnly",
        "Firewall",
    ];
    assert_eq!(names(&plan), expected);
}

#[test]
fn a_new_version_of_our_packages_starts_our_services_again_and_shows_the_card() {
    let mut state = done();
    state
        .found
        .packages
        .insert("cotmoc-player".to_owned(), "0.1.0+6".to_owned());
    let expected = [
        "Install 1",
        "Start cotmoc-agent.service",
        "Start cotmoc-wall.service",
    ];
    assert_eq!(names(&state.plan(&wanted())), expected);
    state.found.proven = Some("0.1.0+6 other".to_owned());
    assert!(names(&state.plan(&wanted())).contains(&"TestCard".to_owned()));
}

#[test]
fn a_changed_wall_is_written_tried_and_started_and_nothing_else_is_touched() {
    let mut wanted = wanted();
    wanted.wall_more.push_str("volume_percent = 50\n");
    let expected = [
        "Write /etc/cotmoc/wall.toml",
        "TestCard",
        "Start cotmoc-wall.service",
    ];
    assert_eq!(names(&done().plan(&wanted)), expected);
}

#[test]
fn a_board_of_another_key_or_a_revoked_one_is_not_touched_and_the_remedy_is_named() {
    let row = |is_active: bool, key: &[u8]| Registered {
        channel: "cua-khau".parse().unwrap(),
        is_active,
        is_revoked: !is_active,
        spki_sha256: Digest::of(key),
    };
    let mut other = done();
    other.registered = Some(row(true, b"another"));
    let [trouble] = &other.plan(&wanted()).troubles[..] else {
        panic!("one trouble");
    };
    assert!(trouble.stops && trouble.en.contains("cotmoc device revoke W01"));
    let mut revoked = done();
    revoked.registered = Some(row(false, b"device key"));
    let [trouble] = &revoked.plan(&wanted()).troubles[..] else {
        panic!("one trouble");
    };
    assert!(trouble.stops && trouble.en.contains("deprovision"));
}

#[test]
fn everything_that_stands_in_the_way_is_told_at_once() {
    let mut state = bare_state();
    state.found.is_root = false;
    state.found.arch = "amd64".to_owned();
    state.found.os_version = "10".to_owned();
    state.found.memory_mib = 100;
    state.found.free_mib = 10;
    state.found.storage_faults = vec!["mmcblk0: worn out".to_owned()];
    state.found.displays.clear();
    state.found.clock_s = 90_000;
    let troubles = state.plan(&wanted()).troubles;
    assert_eq!(troubles.iter().filter(|one| one.stops).count(), 6);
    assert_eq!(troubles.iter().filter(|one| !one.stops).count(), 2);
}

#[test]
fn the_firewall_lets_ssh_in_from_where_it_may_on_every_port_it_has() {
    let text = String::from_utf8(files::firewall(&wanted(), &[22, 2222]).content).unwrap();
    assert!(text.contains("ip saddr { 10.0.0.0/8 } tcp dport { 22, 2222 } accept"));
    assert!(text.contains("ip6 saddr { fd00::/8 } tcp dport { 22, 2222 } accept"));
    let open = Wanted {
        ssh_from: Vec::new(),
        ..wanted()
    };
    let text = String::from_utf8(files::firewall(&open, &[22]).content).unwrap();
    assert!(text.contains("\n    tcp dport { 22 } accept\n"));
}

/// A board on which everything was done.
fn done() -> State {
    let mut state = bare_state();
    for step in state.plan(&wanted()).steps {
        state.apply(&step);
    }
    state
}

proptest! {
    /// However far a run came before it broke off, and whatever was undone behind our back: the next
    /// run does the rest, and the one after that nothing.
    #[test]
    fn a_plan_that_was_carried_out_leaves_nothing_to_do(
        reached in 0_usize..30,
        lost in proptest::collection::vec(0_usize..12, 0..4),
    ) {
        let wanted = wanted();
        let mut state = bare_state();
        for step in state.plan(&wanted).steps.iter().take(reached) {
            state.apply(step);
        }
        for undone in lost {
            undo(&mut state, undone);
        }
        for step in state.plan(&wanted).steps {
            state.apply(&step);
        }
        prop_assert_eq!(names(&state.plan(&wanted)), Vec::<String>::new());
    }

    /// Nothing shuts a door before a login by the technician's key was seen, and the firewall is last.
    #[test]
    fn doors_are_shut_last(reached in 0_usize..30) {
        let wanted = wanted();
        let mut state = bare_state();
        for step in state.plan(&wanted).steps.iter().take(reached) {
            state.apply(step);
        }
        let steps = names(&state.plan(&wanted));
        if let Some(shut) = steps.iter().position(|name| name == "KeysOnly") {
            prop_assert!(!steps[shut..].contains(&"Authorise".to_owned()));
            prop_assert!(steps[shut + 1..].iter().all(|name| name == "Firewall"));
        }
    }
}

/// Somebody undoes something on the board.
fn undo(state: &mut State, what: usize) {
    let found = &mut state.found;
    match what {
        0 => found.files.clear(),
        1 => found.takes_passwords = true,
        2 => found.has_firewall = false,
        3 => found.proven = None,
        4 => found.has_certificate = false,
        5 => found.is_watched = false,
        6 => found.packages.clear(),
        7 => found.zone.clear(),
        8 => found.authorised.clear(),
        9 => state.unit("cotmoc-wall.service").is_stale = true,
        10 => state.unit("cotmoc-agent.service").active = "failed".to_owned(),
        _ => state.unit("nftables.service").enabled = "disabled".to_owned(),
    }
}
