//! The files that make a Debian machine a board: what stands in each, from what is wanted.

use super::wanted::Wanted;
use cotmoc_proto::Digest;
use std::fmt::Write as _;

pub const AGENT: &str = "/etc/cotmoc/agent.toml";
pub const WALL: &str = "/etc/cotmoc/wall.toml";
pub const ROOT: &str = "/etc/cotmoc/root.dsse";
pub const SERVER_CA: &str = "/etc/cotmoc/server-ca.pem";
pub const CHRONY: &str = "/etc/chrony/conf.d/50-cotmoc.conf";
pub const TIME_SOURCES: &str = "/etc/chrony/sources.d/cotmoc.sources";
pub const JOURNAL: &str = "/etc/systemd/journald.conf.d/50-cotmoc.conf";
pub const FIREWALL: &str = "/etc/nftables.conf";
/// Before what a cloud's image may have put there: the first word on a key counts.
pub const SSH: &str = "/etc/ssh/sshd_config.d/10-cotmoc.conf";

const NOTE: &str = "# Written by \"cotmoc provision\"; it writes this again.\n";

/// A file as it should stand on a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Managed {
    pub path: &'static str,
    pub mode: &'static str,
    pub content: Vec<u8>,
}

impl Managed {
    fn text(path: &'static str, content: String) -> Self {
        Self {
            path,
            mode: "644",
            content: content.into_bytes(),
        }
    }

    /// What the probe says of it where it is right.
    #[must_use]
    pub fn sha256(&self) -> String {
        Digest::of(&self.content).to_string()
    }
}

/// The files that are written as they are.
#[must_use]
pub fn plain(wanted: &Wanted) -> Vec<Managed> {
    let bytes = |path, content: &[u8]| Managed {
        path,
        mode: "644",
        content: content.to_vec(),
    };
    vec![
        bytes(ROOT, &wanted.root),
        bytes(SERVER_CA, &wanted.server_ca),
        Managed::text(AGENT, agent(wanted)),
        wall(wanted),
        Managed::text(CHRONY, chrony()),
        Managed::text(TIME_SOURCES, time_sources(wanted)),
        Managed::text(JOURNAL, journal(wanted)),
    ]
}

/// The wall's configuration.
#[must_use]
pub fn wall(wanted: &Wanted) -> Managed {
    Managed::text(WALL, format!("{NOTE}{}\n{}", who(wanted), wanted.wall_more))
}

/// The SSH server's part, written only once a login by key was seen.
#[must_use]
pub fn ssh() -> Managed {
    let text = "PasswordAuthentication no\nKbdInteractiveAuthentication no\n\
                PermitEmptyPasswords no\nPermitRootLogin prohibit-password\nX11Forwarding no\n";
    Managed::text(SSH, format!("{NOTE}{text}"))
}

/// The firewall: SSH comes in, from where it may, and nothing else.
#[must_use]
pub fn firewall(wanted: &Wanted, ssh_ports: &[u16]) -> Managed {
    let ports: Vec<String> = ssh_ports.iter().map(ToString::to_string).collect();
    let ports = ports.join(", ");
    let mut ssh = String::new();
    let (v6, v4): (Vec<&String>, Vec<&String>) =
        wanted.ssh_from.iter().partition(|from| from.contains(':'));
    for (family, from) in [("ip", v4), ("ip6", v6)] {
        if !from.is_empty() {
            let list: Vec<&str> = from.into_iter().map(String::as_str).collect();
            let list = list.join(", ");
            // A String takes everything.
            writeln!(
                ssh,
                "    {family} saddr {{ {list} }} tcp dport {{ {ports} }} accept"
            )
            .ok();
        }
    }
    if wanted.ssh_from.is_empty() {
        writeln!(ssh, "    tcp dport {{ {ports} }} accept").ok();
    }
    let text = format!(
        "#!/usr/sbin/nft -f\n{NOTE}\
         table inet cotmoc\n\
         delete table inet cotmoc\n\
         table inet cotmoc {{\n\
         \x20 chain input {{\n\
         \x20   type filter hook input priority filter; policy drop;\n\
         \x20   ct state established,related accept\n\
         \x20   ct state invalid drop\n\
         \x20   iif lo accept\n\
         \x20   # ICMP and ICMPv6, by number: a bare Debian does not know their names.\n\
         \x20   meta l4proto {{ 1, 58 }} limit rate 20/second accept\n\
         \x20   udp sport {{ 67, 547 }} udp dport {{ 68, 546 }} accept\n\
         {ssh}\
         \x20 }}\n\
         \x20 chain forward {{\n\
         \x20   type filter hook forward priority filter; policy drop;\n\
         \x20 }}\n\
         }}\n"
    );
    Managed::text(FIREWALL, text)
}

fn agent(wanted: &Wanted) -> String {
    format!(
        "{NOTE}{}controller = \"{}\"\nenrol = \"{}\"\n\n{}",
        who(wanted),
        wanted.controller,
        wanted.enrol,
        wanted.agent_more
    )
}

fn who(wanted: &Wanted) -> String {
    format!(
        "site = \"{}\"\nchannel = \"{}\"\ndevice = \"{}\"\n",
        wanted.site, wanted.channel, wanted.device
    )
}

fn chrony() -> String {
    format!(
        "{NOTE}# A board may have been without power for months: any step is right, at any time.\nmakestep 1 -1\nrtcsync\n"
    )
}

fn time_sources(wanted: &Wanted) -> String {
    let nts = if wanted.time.nts { " nts" } else { "" };
    let mut text = String::new();
    for server in &wanted.time.servers {
        writeln!(text, "server {server} iburst{nts}").ok();
    }
    text
}

fn journal(wanted: &Wanted) -> String {
    format!(
        "{NOTE}[Journal]\nStorage=persistent\nSystemMaxUse={}M\nSystemKeepFree=500M\n\
         RateLimitIntervalSec=30s\nRateLimitBurst=2000\n",
        wanted.journal_mib
    )
}
