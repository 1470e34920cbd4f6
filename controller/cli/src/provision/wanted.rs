//! What one board is to be: the technician's file, read and checked as a whole.
//! `deploy/config.d/board.toml` documents it.

use crate::files;
use anyhow::{Context as _, Result};
use cotmoc_proto::envelope::MAX_ENVELOPE_BYTES;
use cotmoc_proto::{ChannelId, DeviceId, SiteId, trust};
use cotmoc_service::config::{Mistakes, Reader};
use std::path::{Path, PathBuf};

const NAME: &str = "a name of letters, digits, '.', '_' or '-'";
const HTTPS: &str = "an address such as https://controller.example:8443";
const MAX_TEXT_BYTES: u64 = 1 << 20;
/// What a bare Debian may have running that a wall has no use for.
const SWITCHED_OFF: [&str; 12] = [
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "unattended-upgrades.service",
    "avahi-daemon.socket",
    "avahi-daemon.service",
    "bluetooth.service",
    "cups.socket",
    "cups.service",
    "cups-browsed.service",
    "ModemManager.service",
    "rpcbind.socket",
    "triggerhappy.service",
];

/// A board as the technician wants it.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub site: SiteId,
    pub channel: ChannelId,
    pub device: DeviceId,
    pub controller: String,
    pub enrol: String,
    /// Bytes of the certificate that the controller's certificate is signed with.
    pub server_ca: Vec<u8>,
    /// Bytes of the root document that is trusted.
    pub root: Vec<u8>,
    /// More of `agent.toml` and `wall.toml`, as it stands.
    pub agent_more: String,
    pub wall_more: String,
    /// One line of `authorized_keys`.
    pub technician_key: String,
    /// The time servers.
    pub time: Time,
    pub zone: String,
    /// Who may come by SSH: networks; none: anybody with the key.
    pub ssh_from: Vec<String>,
    pub journal_mib: u64,
    pub least: Least,
    /// Units that are not needed.
    pub switch_off: Vec<String>,
}

/// Where a board has its time from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Time {
    pub servers: Vec<String>,
    /// Whether they are asked with authentication (NTS).
    pub nts: bool,
}

/// The least that a board must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Least {
    pub memory_mib: u64,
    pub free_mib: u64,
}

/// The technician's file: the board, and where its packages lie.
#[derive(Debug)]
pub struct Plan {
    pub wanted: Wanted,
    /// A folder that `deploy/package/bundle` made.
    pub packages: PathBuf,
    /// Whether the board may fetch what the folder lacks from its own Debian sources.
    pub from_debian: bool,
}

/// What the file names, before the files that it names were read.
struct Named {
    ids: (SiteId, ChannelId, DeviceId),
    addresses: (String, String),
    paths: Paths,
}

struct Paths {
    server_ca: PathBuf,
    technician_key: PathBuf,
    packages: PathBuf,
    agent: Option<PathBuf>,
    wall: Option<PathBuf>,
}

impl Plan {
    /// Reads the file `path`, and the files that it names; `root` is the root document.
    ///
    /// # Errors
    /// Every mistake of the file at once; else the first of its files that cannot be used.
    pub fn read(path: &Path, root: &Path) -> Result<Self> {
        let mut reader = Reader::open(path);
        let named = named(&mut reader);
        let time = Time {
            servers: hosts(&mut reader, "time", "a host name or an address"),
            nts: reader.optional("time_nts", false, "true or false"),
        };
        let zone = reader.optional(
            "zone",
            "Asia/Ho_Chi_Minh".to_owned(),
            "a time zone's name such as Asia/Ho_Chi_Minh",
        );
        let ssh_from = hosts(&mut reader, "ssh_from", "an address or a network");
        let journal_mib = reader.within("journal_mib", 200, 16..=100_000);
        let least = Least {
            memory_mib: reader.within("least_memory_mib", 900, 64..=1_048_576),
            free_mib: reader.within("least_free_mib", 1_000, 64..=1_048_576),
        };
        let switch_off = switched_off(&mut reader);
        let from_debian = reader.optional("from_debian", false, "true or false");
        let Named {
            ids: (site, channel, device),
            addresses: (controller, enrol),
            paths,
        } = finish(reader, named)?;
        let root_bytes = files::read(root, u64::try_from(MAX_ENVELOPE_BYTES)?)?;
        check_root(&root_bytes, root, &site)?;
        let wanted = Wanted {
            site,
            channel,
            device,
            controller,
            enrol,
            server_ca: files::read(&paths.server_ca, MAX_TEXT_BYTES)?,
            root: root_bytes,
            agent_more: more(paths.agent.as_deref())?,
            wall_more: more(paths.wall.as_deref())?,
            technician_key: technician_key(&paths.technician_key)?,
            time,
            zone,
            ssh_from,
            journal_mib,
            least,
            switch_off,
        };
        Ok(Self {
            wanted,
            packages: paths.packages,
            from_debian,
        })
    }
}

fn finish(reader: Reader, named: Option<Named>) -> Result<Named, Mistakes> {
    reader.finish_with(named)
}

fn named(reader: &mut Reader) -> Option<Named> {
    let site = reader.required("site", NAME);
    let channel = reader.required("channel", NAME);
    let device = reader.required("device", NAME);
    let controller = https(reader, "controller");
    let enrol = https(reader, "enrol");
    let server_ca = reader.required_path("server_ca", "the controller's file ca/server-ca.pem");
    let technician_key = reader.required_path("technician_key", "the public half of an SSH key");
    let packages = reader.required_path("packages", "the folder that deploy/package/bundle made");
    let agent = reader.maybe_path("agent_more");
    let wall = reader.maybe_path("wall_more");
    Some(Named {
        ids: (site?, channel?, device?),
        addresses: (controller?, enrol?),
        paths: Paths {
            server_ca: server_ca?,
            technician_key: technician_key?,
            packages: packages?,
            agent,
            wall,
        },
    })
}

fn https(reader: &mut Reader, key: &str) -> Option<String> {
    let address: String = reader.required(key, HTTPS)?;
    let plain = address
        .strip_prefix("https://")
        .is_some_and(|rest| !rest.is_empty() && rest.chars().all(is_of_an_address));
    if !plain {
        reader.mistake(key, Some(address), HTTPS);
        return None;
    }
    Some(address)
}

/// Names that go into files of other programs: nothing in them may mean something there.
fn hosts(reader: &mut Reader, key: &str, expected: &str) -> Vec<String> {
    let hosts: Vec<String> = reader.list(key, expected);
    for host in &hosts {
        let fits = host.chars().all(|c| is_of_an_address(c) || c == '/');
        if host.is_empty() || !fits {
            reader.mistake(key, Some(host.clone()), expected);
        }
    }
    hosts
}

fn is_of_an_address(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '-' | '[' | ']')
}

fn switched_off(reader: &mut Reader) -> Vec<String> {
    let units: Vec<String> = reader.list("switch_off", "a unit such as cups.service");
    if reader.has("switch_off") {
        units
    } else {
        SWITCHED_OFF.map(str::to_owned).to_vec()
    }
}

fn check_root(bytes: &[u8], path: &Path, site: &SiteId) -> Result<()> {
    let root = trust::factory_root(bytes).with_context(|| {
        format!(
            "{} is no root document that holds: give the site's with --root",
            path.display()
        )
    })?;
    anyhow::ensure!(
        root.site == *site,
        "{} is of site {}, the board's file says {site}: correct one of them",
        path.display(),
        root.site
    );
    Ok(())
}

fn more(path: Option<&Path>) -> Result<String> {
    path.map_or_else(
        || Ok(String::new()),
        |path| files::read_text(path, MAX_TEXT_BYTES),
    )
}

fn technician_key(path: &Path) -> Result<String> {
    let text = files::read_text(path, MAX_TEXT_BYTES)?;
    let line = text.trim();
    let is_key = ["ssh-", "ecdsa-", "sk-"]
        .iter()
        .any(|kind| line.starts_with(kind));
    anyhow::ensure!(
        is_key && line.lines().count() == 1,
        "{} is no public SSH key: it is one line that begins with its kind, such as ssh-ed25519 \
         (make one with: ssh-keygen -t ed25519)",
        path.display()
    );
    Ok(line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use cotmoc_test_kit as kit;

    const SHIPPED: &str = include_str!("../../../../deploy/config.d/board.toml");

    /// A technician's folder with everything that the shipped file names.
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let put =
            |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
        put("server-ca.pem", b"-----BEGIN CERTIFICATE-----\n");
        put("technician.pub", b"ssh-ed25519 AAAA ktv\n");
        put("agent-more.toml", b"");
        put("wall-more.toml", b"");
        put("root.dsse", &kit::Site::new().factory_root());
        folder
    }

    fn read(folder: &tempfile::TempDir, text: &str) -> Result<Plan> {
        let path = folder.path().join("board.toml");
        std::fs::write(&path, text).unwrap();
        Plan::read(&path, &folder.path().join("root.dsse"))
    }

    #[test]
    fn the_shipped_file_is_taken_as_it_is_and_with_every_example_in_force() {
        let folder = folder();
        let site = kit::Site::new().id.to_string();
        let shipped = SHIPPED.replace("\"lao-cai\"", &format!("\"{site}\""));
        let plan = read(&folder, &shipped).unwrap();
        assert_eq!(plan.wanted.zone, "Asia/Ho_Chi_Minh");
        assert!(!plan.from_debian && plan.wanted.switch_off.len() > 5);
        let is_key = |c: char| c.is_ascii_lowercase();
        let lines = shipped.lines().map(|line| match line.strip_prefix('#') {
            Some(setting) if setting.starts_with(is_key) => setting,
            Some(_) | None => line,
        });
        let all: Vec<&str> = lines.collect();
        let plan = read(&folder, &all.join("\n")).unwrap();
        assert_eq!(plan.wanted.switch_off, ["cups.service"]);
        assert_eq!(plan.wanted.ssh_from, ["10.20.0.0/16"]);
    }

    #[test]
    fn what_would_mean_something_in_another_programs_file_is_refused_with_everything_else() {
        let text = SHIPPED
            .replace(
                "https://controller.example:8443",
                "http://controller.example",
            )
            .replace("\"vn.pool.ntp.org\"", "\"a\\nlocal stratum 1\"")
            .replace(
                "#ssh_from = [\"10.20.0.0/16\"]",
                "ssh_from = [\"10.0.0.0/8 } accept\"]",
            );
        let error = read(&folder(), &text).unwrap_err();
        let Mistakes(mistakes) = error.downcast_ref::<Mistakes>().unwrap();
        let keys: Vec<&str> = mistakes
            .iter()
            .map(|mistake| mistake.key.as_str())
            .collect();
        assert_eq!(keys, ["controller", "time", "ssh_from"]);
    }

    #[test]
    fn a_root_of_another_site_and_a_private_key_are_refused() {
        let folder = folder();
        let error = read(&folder, &SHIPPED.replace("\"lao-cai\"", "\"elsewhere\"")).unwrap_err();
        assert!(
            error.to_string().contains("correct one of them"),
            "{error:#}"
        );
        let site = kit::Site::new().id.to_string();
        let private = "-----BEGIN OPENSSH PRIVATE KEY-----\n";
        std::fs::write(folder.path().join("technician.pub"), private).unwrap();
        let shipped = SHIPPED.replace("\"lao-cai\"", &format!("\"{site}\""));
        assert!(
            read(&folder, &shipped)
                .unwrap_err()
                .to_string()
                .contains("ssh-keygen")
        );
    }
}
