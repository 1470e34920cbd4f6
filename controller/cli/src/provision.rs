//! `cotmoc provision` and `cotmoc deprovision`: a bare Debian board becomes a trusted device over SSH, and is
//! given back. The plan is made from what the board says of itself; a second run finds nothing to do.

mod act;
mod files;
mod found;
mod packages;
mod plan;
mod prove;
mod report;
mod ssh;
mod wanted;
mod words;

use crate::api::Api;
use crate::out::Out;
use crate::settings::{self, Settings};
use crate::{End, clock};
use act::{Card, Hands};
use anyhow::{Context as _, Result, bail};
use found::Found;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use packages::Folder;
use plan::{Offered, Plan, Registered, Step, Trouble, World};
use prove::{Proof, Verdict};
use report::Report;
use serde::Deserialize;
use ssh::{Login, Ssh};
use std::path::PathBuf;
use std::time::Duration;

const PROBE: &str = include_str!("provision/probe.sh");

/// Sets a board up.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    login: Login,
    /// What the board is to be (deploy/config.d/board.toml is a commented example)
    #[arg(long, value_name = "FILE")]
    plan: PathBuf,
    /// Change nothing; tell what differs (exit code 2 if anything does)
    #[arg(long)]
    check: bool,
    /// Write the report for the acceptance file here (Markdown)
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// Gives a board back.
#[derive(Debug, clap::Args)]
pub struct GiveBackArgs {
    #[command(flatten)]
    login: Login,
    /// The device that the board was; its key is revoked at the controller
    #[arg(long)]
    device: cotmoc_proto::DeviceId,
}

#[derive(Debug, Deserialize)]
struct Row {
    channel: cotmoc_proto::ChannelId,
    state: String,
    spki_sha256: cotmoc_proto::Digest,
}

/// What a run works on.
struct Work<'w> {
    out: Out,
    ssh: Ssh,
    api: Api,
    folder: Folder,
    offered: Offered,
    plan: wanted::Plan,
    login: String,
    args: &'w Args,
}

/// `cotmoc provision`
pub async fn run(out: Out, settings: &Settings, args: &Args) -> Result<End> {
    let root = settings.root.as_deref().context(
        "the board needs the root document: give --root FILE, or root in ~/.config/cotmoc/cli.toml",
    )?;
    let plan = wanted::Plan::read(&args.plan, root)?;
    let folder = Folder::open(&plan.packages)?;
    let offered = folder.offered()?;
    let api = Api::new(settings)?;
    let ssh = Ssh::open(&args.login, known_hosts())?;
    let login = ssh.login_name()?;
    let work = Work {
        out,
        ssh,
        api,
        folder,
        offered,
        plan,
        login,
        args,
    };
    work.run().await
}

impl Work<'_> {
    async fn run(&self) -> Result<End> {
        for fingerprint in self.ssh.fingerprints() {
            self.out.say(self.out.either(
                &format!(
                    "Khoá máy chủ SSH của {}: {fingerprint}",
                    self.args.login.board
                ),
                &format!("SSH host key of {}: {fingerprint}", self.args.login.board),
            ));
        }
        let since = clock::now();
        let found = self.look()?;
        let Plan { troubles, steps } = self.plan(&found).await?;
        self.show_troubles(&troubles);
        if self.args.check {
            return self.check(&troubles, &steps);
        }
        if troubles.iter().any(|trouble| trouble.stops) {
            bail!(self.out.either(
                "Máy chưa sẵn sàng, chưa thay đổi gì: khắc phục các điểm nêu trên rồi chạy lại",
                "the board is not ready and nothing was changed: mend what is named above, then run this again",
            ));
        }
        let card = self.carry_out(&steps).await?;
        self.finish(since, &steps, &troubles, card).await
    }

    /// What the board says of itself now.
    fn look(&self) -> Result<Found> {
        look(&self.ssh, &self.plan.wanted.switch_off, &self.login)
    }

    async fn plan(&self, found: &Found) -> Result<Plan> {
        let registered = self.registered().await?;
        Ok(plan::plan(&World {
            wanted: &self.plan.wanted,
            offered: &self.offered,
            found,
            registered: registered.as_ref(),
            now_s: clock::now().0 / 1_000,
        }))
    }

    async fn registered(&self) -> Result<Option<Registered>> {
        let path = format!("/api/v1/devices/{}", self.plan.wanted.device);
        let Some(answer) = self.api.find_bytes(&path, 1 << 20).await? else {
            return Ok(None);
        };
        let row: Row = serde_json::from_slice(&answer).context(path)?;
        Ok(Some(Registered {
            channel: row.channel,
            is_active: row.state == "active",
            is_revoked: row.state == "revoked",
            spki_sha256: row.spki_sha256,
        }))
    }

    fn show_troubles(&self, troubles: &[Trouble]) {
        for trouble in troubles {
            let mark = if trouble.stops { "✗" } else { "!" };
            self.out.note(format!(
                "{mark} {}",
                self.out.either(&trouble.vi, &trouble.en)
            ));
        }
    }

    fn check(&self, troubles: &[Trouble], steps: &[Step]) -> Result<End> {
        let mut names = Vec::new();
        for step in steps {
            let (vi, en) = words::step(step);
            self.out.say(format!("· {}", self.out.either(&vi, &en)));
            names.push(en);
        }
        let stops = troubles.iter().any(|trouble| trouble.stops);
        let remarks: Vec<&str> = troubles.iter().map(|one| one.en.as_str()).collect();
        self.out.document(
            &serde_json::json!({ "differs": names, "remarks": remarks, "ready": !stops }),
        )?;
        if steps.is_empty() && !stops {
            self.out.say(self.out.either(
                "Không khác gì: máy đúng như tệp nói",
                "No difference: the board is as the file says",
            ));
            return Ok(End::Done);
        }
        Ok(End::Differs)
    }

    async fn carry_out(&self, steps: &[Step]) -> Result<Option<Card>> {
        let hands = Hands {
            out: self.out,
            ssh: &self.ssh,
            api: &self.api,
            folder: &self.folder,
            wanted: &self.plan.wanted,
            from_debian: self.plan.from_debian,
            login: self.login.clone(),
        };
        let mut card = None;
        for (number, step) in steps.iter().enumerate() {
            let (vi, en) = words::step(step);
            let what = self.out.either(&vi, &en);
            let bar = spinner(&format!("[{}/{}] {what}", number + 1, steps.len()));
            let done = hands.carry_out(step).await;
            bar.finish_and_clear();
            let mark = if done.is_ok() { "✓" } else { "✗" };
            self.out
                .say(format!("{mark} [{}/{}] {what}", number + 1, steps.len()));
            if let Some(shown) = done.with_context(|| en.clone())? {
                let (vi, en) = report::words(&shown);
                self.out.say(format!("  {}", self.out.either(&vi, &en)));
                card = Some(shown);
            }
        }
        Ok(card)
    }

    async fn finish(
        &self,
        since: cotmoc_proto::TimeMs,
        steps: &[Step],
        troubles: &[Trouble],
        card: Option<Card>,
    ) -> Result<End> {
        if steps.is_empty() {
            self.out
                .say(self.out.either("Không có gì phải làm", "Nothing to do"));
        }
        let bar = spinner(&self.out.either(
            "Chờ màn hình tự chứng tỏ",
            "Waiting for the board to prove itself",
        ));
        let found = self.look()?;
        let mut proofs = prove::prove(&self.api, &self.plan.wanted, since, &found).await?;
        bar.finish_and_clear();
        proofs.push(self.is_settled(&found).await?);
        for proof in &proofs {
            self.show(proof);
        }
        let done: Vec<_> = steps.iter().map(words::step).collect();
        let host_keys = self.ssh.fingerprints();
        let report = Report {
            wanted: &self.plan.wanted,
            found: &found,
            board: &self.args.login.board,
            host_keys: &host_keys,
            at: clock::now(),
            done: &done,
            troubles,
            card: card.as_ref(),
            proofs: &proofs,
        };
        if let Some(path) = &self.args.report {
            crate::files::replace(path, report.text().as_bytes())?;
            self.out.fact(crate::text::WROTE, path.display());
        }
        self.out.document(&report.json())?;
        if report.is_good() {
            return Ok(End::Done);
        }
        bail!(self.out.either(
            "Máy đã cài xong nhưng chưa chứng tỏ được như nêu trên: khắc phục rồi chạy lại",
            "the board is set up, but did not prove itself as named above: mend that, then run this again",
        ))
    }

    /// Whether another run would find nothing to do.
    async fn is_settled(&self, found: &Found) -> Result<Proof> {
        let left = self.plan(found).await?.steps;
        let names: Vec<String> = left.iter().map(|step| words::step(step).1).collect();
        Ok(if left.is_empty() {
            Proof::new(
                Verdict::Good,
                "Máy đúng như tệp nói",
                "The board is as the file says",
            )
        } else {
            let left = names.join("; ");
            Proof::new(
                Verdict::Bad,
                format!("Máy vẫn khác với tệp: {left}"),
                format!("The board still differs from the file: {left}"),
            )
        })
    }

    fn show(&self, proof: &Proof) {
        let mark = match proof.verdict {
            Verdict::Good => "✓",
            Verdict::Remark => "!",
            Verdict::Bad => "✗",
        };
        self.out
            .say(format!("{mark} {}", self.out.either(&proof.vi, &proof.en)));
    }
}

/// `cotmoc deprovision`
pub async fn give_back(out: Out, settings: &Settings, args: &GiveBackArgs) -> Result<()> {
    let api = Api::new(settings)?;
    let ssh = Ssh::open(&args.login, known_hosts())?;
    let path = format!("/api/v1/devices/{}", args.device);
    if api.find_bytes(&path, 1 << 20).await?.is_some() {
        let _row: serde_json::Value = api
            .post(&format!("{path}/revoke"), &serde_json::json!({}))
            .await?;
        out.fact(crate::text::REVOKED, &args.device);
    }
    ssh.root(GIVE_BACK, b"").context(
        "the device's key is revoked, but its programs could not be removed from the board",
    )?;
    out.say(out.either(
        "Đã gỡ phần mềm, khoá, nội dung và tường lửa khỏi máy; SSH vẫn chỉ bằng khoá",
        "Programs, keys, media and firewall are gone from the board; SSH stays by key only",
    ));
    Ok(out.document(&serde_json::json!({ "device": args.device, "revoked": true }))?)
}

/// Everything of ours goes. SSH stays shut for passwords: a board that is given back must not become easier to enter.
const GIVE_BACK: &str = r"
set -eu
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
rm -f /etc/cotmoc/keep-data
if dpkg-query -W cotmoc-player >/dev/null 2>&1; then
  apt-get -qq -y -o DPkg::Lock::Timeout=300 purge cotmoc-player cotmoc-common >&2
fi
rm -f /etc/chrony/conf.d/50-cotmoc.conf /etc/chrony/sources.d/cotmoc.sources /etc/systemd/journald.conf.d/50-cotmoc.conf
nft delete table inet cotmoc 2>/dev/null || true
if grep -qs 'Written by .cotmoc provision' /etc/nftables.conf; then
  systemctl disable nftables.service >/dev/null 2>&1 || true
  rm -f /etc/nftables.conf
fi
rm -rf /var/lib/cotmoc /var/cache/cotmoc /etc/cotmoc
systemctl try-restart chrony.service systemd-journald.service
";

fn look(ssh: &Ssh, switch_off: &[String], login: &str) -> Result<Found> {
    let services = plan::SERVICES
        .iter()
        .map(|(name, reads)| format!("{name}:{}", reads.join(",")));
    let others = switch_off.iter().map(|unit| format!("{unit}:"));
    let units: Vec<String> = services
        .chain(others)
        .chain(["nftables.service:".to_owned()])
        .collect();
    let packages: Vec<&str> = plan::PACKAGES.into_iter().chain(plan::OURS).collect();
    let script = format!(
        "paths={}\nunits={}\npackages={}\nlogin={}\n{PROBE}",
        ssh::quoted(&act::WATCHED_FILES.join(" ")),
        ssh::quoted(&units.join(" ")),
        ssh::quoted(&packages.join(" ")),
        ssh::quoted(login),
    );
    let output = ssh.root_output(&script, b"")?;
    let said = String::from_utf8_lossy(&output.stdout);
    let found = Found::parse(&said);
    if !Found::is_whole(&said) {
        let complaint = String::from_utf8_lossy(&output.stderr);
        if complaint.contains("sudo") {
            // The plan says what to do about it.
            return Ok(found);
        }
        bail!("the board did not answer to its end: {}", complaint.trim());
    }
    Ok(found)
}

fn spinner(what: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}") {
        bar.set_style(style);
    }
    bar.set_message(what.to_owned());
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

/// The boards' host keys of this person, apart from those of other machines.
fn known_hosts() -> PathBuf {
    settings::data_dir().join("known_hosts")
}
