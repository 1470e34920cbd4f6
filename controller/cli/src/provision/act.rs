//! Carries out one step of the plan on the board. Nothing is decided here.

use super::files::{self, Managed};
use super::packages::Folder;
use super::plan::Step;
use super::ssh::{Ssh, quoted};
use super::wanted::Wanted;
use crate::api::Api;
use crate::out::Out;
use anyhow::{Context as _, Result, bail, ensure};
use cotmoc_proto::Digest;
use serde::{Deserialize, Serialize};
use std::time::Duration;

const AGENT: &str =
    "runuser -u cotmoc-agent -g cotmoc -- cotmoc-agent --config /etc/cotmoc/agent.toml";
/// How often a new login is tried after the doors were shut.
const LOGIN_TRIES: u32 = 5;
/// How long the test card stands.
pub const CARD_S: u32 = 8;

/// What the steps work with.
#[derive(Debug)]
pub struct Hands<'h> {
    pub out: Out,
    pub ssh: &'h Ssh,
    pub api: &'h Api,
    pub folder: &'h Folder,
    pub wanted: &'h Wanted,
    pub from_debian: bool,
    pub login: String,
}

/// What the wall says of its test card.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Card {
    pub picture: bool,
    pub frames: u64,
    pub width: u32,
    pub height: u32,
    /// `None`: the wall has no sound.
    pub sound: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct Token {
    token: String,
}

impl Hands<'_> {
    /// Does `step`; a test card tells what came of it.
    ///
    /// # Errors
    /// With what failed and what to do about it.
    pub async fn carry_out(&self, step: &Step) -> Result<Option<Card>> {
        match step {
            Step::Authorise(key) => self.authorise(key)?,
            Step::Install(packages) => {
                let folder = self.folder;
                folder.install(self.out, self.ssh, packages, self.from_debian)?;
            }
            Step::Write(file) => self.write(file)?,
            Step::Zone(zone) => {
                self.do_so(&format!("timedatectl set-timezone {}", quoted(zone)))?
            }
            Step::SwitchOff(unit) => {
                let unit = quoted(unit);
                self.do_so(&format!(
                    "systemctl disable --now {unit} 2>/dev/null; systemctl mask {unit}"
                ))?;
            }
            Step::Enable(unit) => self.do_so(&format!("systemctl enable {}", quoted(unit)))?,
            Step::Watch => self.do_so("systemctl daemon-reexec")?,
            Step::MakeKey => drop(self.key()?),
            Step::Enrol => self.enrol().await?,
            Step::TestCard(mark) => return self.test_card(mark).map(Some),
            Step::Start(unit) => self.start(unit)?,
            Step::Firewall(file) => self.firewall(file)?,
            Step::KeysOnly(file) => self.keys_only(file)?,
        }
        Ok(None)
    }

    fn do_so(&self, script: &str) -> Result<()> {
        self.ssh
            .root(&format!("export LC_ALL=C\n{script}"), b"")
            .map(drop)
    }

    fn authorise(&self, key: &str) -> Result<()> {
        let script = AUTHORISE.replace("@LOGIN@", &quoted(&self.login));
        self.ssh.root(&script, format!("{key}\n").as_bytes())?;
        self.ssh.prove_key_login().context(
            "the technician's key is on the board, but a login with it does not get through: give its private half \
             with --identity FILE. The board takes passwords as before",
        )
    }

    fn write(&self, file: &Managed) -> Result<()> {
        let script = WRITE
            .replace("@PATH@", &quoted(file.path))
            .replace("@MODE@", file.mode);
        self.ssh
            .root(&script, &file.content)
            .map(drop)
            .with_context(|| format!("write {} on the board", file.path))
    }

    fn key(&self) -> Result<Digest> {
        let said = self.ssh.root(&format!("{AGENT} key"), b"").context(
            "the device's key could not be made: a mistake in agent_more shows in the next lines",
        )?;
        let last = said.lines().last().unwrap_or_default();
        last.trim()
            .parse()
            .context("the agent did not print its key's digest")
    }

    /// The token goes from the controller's answer to the agent's standard input.
    async fn enrol(&self) -> Result<()> {
        let spki = self.key()?;
        let (device, channel) = (&self.wanted.device, &self.wanted.channel);
        let body = serde_json::json!({ "device": device, "channel": channel, "spki_sha256": spki });
        let token: Token = self.api.post("/api/v1/devices", &body).await?;
        let script = format!("{AGENT} enrol --token -");
        self.ssh
            .root(&script, format!("{}\n", token.token).as_bytes())
            .map(drop)
            .with_context(|| {
                format!(
                    "the board could not enrol at {}: can it reach that address, and is the controller's certificate \
                     for it (names in controller.toml)?",
                    self.wanted.enrol
                )
            })
    }

    fn test_card(&self, mark: &str) -> Result<Card> {
        let script = TEST_CARD.replace("@SECONDS@", &CARD_S.to_string());
        let output = self.ssh.root_output(&script, b"")?;
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        let printed = String::from_utf8_lossy(&output.stdout);
        let card = printed
            .lines()
            .find_map(|line| serde_json::from_str::<Card>(line).ok());
        let Some(card) = card else {
            bail!("the test card could not be shown; the wall says:\n{said}");
        };
        ensure!(
            card.picture,
            "the display did not take the test card: check the cable, then kms_driver, kms_connector, width and \
             height in wall_more (modes: cat /sys/class/drm/*/modes)\n{said}"
        );
        ensure!(
            card.sound != Some(false),
            "the sound card did not take the tone: check [audio] device in wall_more (devices: aplay -L)\n{said}"
        );
        let script = "install -d -m 755 /var/lib/cotmoc && cat >/var/lib/cotmoc/proven";
        self.ssh.root(script, mark.as_bytes())?;
        Ok(card)
    }

    fn start(&self, unit: &str) -> Result<()> {
        let unit = quoted(unit);
        self.do_so(&format!(
            "systemctl reset-failed {unit} 2>/dev/null; systemctl restart {unit} || {{ \
             journalctl --unit={unit} --lines=20 --no-pager --output=cat >&2; exit 1; }}"
        ))
        .with_context(|| format!("{unit} does not start; its last words follow"))
    }

    /// Written, checked and loaded, with a rescue that opens everything again if nobody gets in.
    fn firewall(&self, file: &Managed) -> Result<()> {
        self.do_so("nft --version >/dev/null")?;
        self.ssh
            .root(FIREWALL, &file.content)
            .context("the firewall was refused by nft; nothing is changed")?;
        self.prove("nft delete table inet cotmoc")?;
        self.do_so("systemctl stop cotmoc-rescue.timer; systemctl enable nftables.service")
    }

    fn keys_only(&self, file: &Managed) -> Result<()> {
        self.ssh
            .prove_key_login()
            .context("a login by key does not get through: passwords stay. Give the key with --identity FILE")?;
        let script = KEYS_ONLY.replace("@PATH@", file.path);
        self.ssh
            .root(&script, &file.content)
            .context("the SSH server refuses its new configuration; the old one holds")?;
        self.prove(&format!("rm -f {}; systemctl reload ssh", file.path))?;
        self.do_so("systemctl stop cotmoc-rescue.timer")
    }

    /// A new login must get through, else `undo` is done, by us or by the board itself.
    fn prove(&self, undo: &str) -> Result<()> {
        let mut proof = Ok(());
        for _ in 0..LOGIN_TRIES {
            proof = self.ssh.prove_key_login();
            if proof.is_ok() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_secs(1));
        }
        // If even the open connection is gone, the board undoes it within two minutes.
        self.do_so(undo).ok();
        proof.context("no new login got through after this step, so it was undone")
    }
}

const AUTHORISE: &str = r#"
set -eu
umask 077
home=$(getent passwd @LOGIN@ | cut -d: -f6)
group=$(id -g @LOGIN@)
install -d -m 700 -o @LOGIN@ -g "$group" "$home/.ssh"
key=$(cat)
file=$home/.ssh/authorized_keys
touch "$file"
[ -z "$(tail -c 1 "$file")" ] || echo >>"$file"
grep -qxF -- "$key" "$file" || printf '%s\n' "$key" >>"$file"
chown @LOGIN@:"$group" "$file"
chmod 600 "$file"
sync "$file"
"#;

const WRITE: &str = r#"
set -eu
umask 077
path=@PATH@
mkdir -p -m 755 "$(dirname "$path")"
cat >"$path.cotmoc-new"
chown root:root "$path.cotmoc-new"
chmod @MODE@ "$path.cotmoc-new"
sync "$path.cotmoc-new"
mv -f "$path.cotmoc-new" "$path"
sync "$(dirname "$path")"
"#;

/// As the wall's unit runs it: the same user, groups and folders.
const TEST_CARD: &str = r"
export LC_ALL=C
systemctl stop cotmoc-wall.service 2>/dev/null
systemctl stop getty@tty1.service 2>/dev/null
systemd-run --quiet --pipe --wait --collect --unit=cotmoc-test-card \
  --property=User=cotmoc-wall --property='SupplementaryGroups=cotmoc video render audio' \
  --property=StateDirectory=cotmoc/wall --property=StateDirectoryMode=0700 \
  --property=CacheDirectory=cotmoc/wall --property=CacheDirectoryMode=0700 \
  --setenv=HOME=/var/cache/cotmoc/wall --setenv=XDG_CACHE_HOME=/var/cache/cotmoc/wall \
  --setenv=GST_REGISTRY=/var/cache/cotmoc/wall/gst-registry.bin \
  cotmoc-wall --config /etc/cotmoc/wall.toml test-card --seconds @SECONDS@
";

const FIREWALL: &str = r"
set -eu
cat >/etc/nftables.conf.cotmoc-new
nft --check --file /etc/nftables.conf.cotmoc-new || { rm -f /etc/nftables.conf.cotmoc-new; exit 1; }
chmod 644 /etc/nftables.conf.cotmoc-new
systemctl stop cotmoc-rescue.timer 2>/dev/null || true
systemd-run --quiet --unit=cotmoc-rescue --on-active=120 nft delete table inet cotmoc
mv -f /etc/nftables.conf.cotmoc-new /etc/nftables.conf
sync /etc
nft --file /etc/nftables.conf
";

const KEYS_ONLY: &str = r"
set -eu
path=@PATH@
mkdir -p -m 755 /etc/ssh/sshd_config.d
cat >$path
chmod 644 $path
sync $path
sshd -t || { rm -f $path; exit 1; }
systemctl stop cotmoc-rescue.timer 2>/dev/null || true
systemd-run --quiet --unit=cotmoc-rescue --on-active=120 sh -c 'rm -f @PATH@; systemctl reload ssh'
systemctl reload ssh
sshd -T | grep -qx 'passwordauthentication no' || { rm -f $path; systemctl reload ssh
  echo 'another file of /etc/ssh/sshd_config.d or sshd_config.d comes first and lets passwords in' >&2; exit 1; }
";

/// The files whose state decides about the plan.
pub const WATCHED_FILES: [&str; 9] = [
    files::ROOT,
    files::SERVER_CA,
    files::AGENT,
    files::WALL,
    files::CHRONY,
    files::TIME_SOURCES,
    files::JOURNAL,
    files::FIREWALL,
    files::SSH,
];
