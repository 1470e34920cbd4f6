//! `cotmoc root`: the document that says whose keys may do what. Made from key records with proof
//! of possession, signed by its holders one after the other, away from the controller.

mod build;

use crate::api::Api;
use crate::chain::{Chain, read_envelope};
use crate::files;
use crate::key::fingerprint;
use crate::out::Out;
use crate::settings::Settings;
use crate::signing::{self, ClauseState, KeyArgs};
use crate::table::Table;
use crate::text;
use anyhow::{Context as _, Result, ensure};
use build::{Changes, People};
use cotmoc_proto::Digest;
use cotmoc_proto::envelope::{Envelope, PayloadType};
use cotmoc_proto::json::parse_strict;
use cotmoc_proto::trust::{RoleName, Root, admit_root, factory_root};
use cotmoc_proto::window::OperatingWindow;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Make the first root document of a site from key records (unsigned)
    New {
        #[command(flatten)]
        people: People,
        /// Where to write the draft
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Make the root document that follows FROM: other people, or a new epoch (unsigned)
    Next {
        /// The signed root document that is in force
        from: PathBuf,
        #[command(flatten)]
        changes: Changes,
        /// Where to write the draft
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Add your signature to a root document
    Sign {
        file: PathBuf,
        /// The root document that this one follows (needed from version 2 on)
        #[arg(long, value_name = "FILE")]
        from: Option<PathBuf>,
        #[command(flatten)]
        key: KeyArgs,
    },
    /// Show who may do what, and who signed
    Show {
        file: PathBuf,
        /// The root document that this one follows
        #[arg(long, value_name = "FILE")]
        from: Option<PathBuf>,
    },
    /// Hand a fully signed root document to the controller
    Publish { file: PathBuf },
}

pub async fn run(out: Out, settings: &Settings, command: Command) -> Result<()> {
    match command {
        Command::New { people, out: file } => write_draft(out, &build::first(&people)?, &file),
        Command::Next {
            from,
            changes,
            out: file,
        } => {
            let before = factory_root(&read_envelope(&from)?)
                .with_context(|| format!("{} is not a signed root document", from.display()))?;
            write_draft(out, &build::next(&before, &changes)?, &file)
        }
        Command::Sign { file, from, key } => sign(out, &file, from.as_deref(), &key),
        Command::Show { file, from } => {
            let opened = Opened::read(&file, from.as_deref())?;
            show(out, &opened, &file)
        }
        Command::Publish { file } => publish(out, settings, &file).await,
    }
}

/// A root document that is being signed, and the one it follows.
struct Opened {
    envelope: Envelope,
    root: Root,
    before: Option<Root>,
}

impl Opened {
    fn read(file: &Path, from: Option<&Path>) -> Result<Self> {
        let envelope = Envelope::parse(&read_envelope(file)?)
            .with_context(|| format!("{} is not an envelope", file.display()))?;
        ensure!(
            envelope.payload_type() == PayloadType::Root,
            "{} is not a root document",
            file.display()
        );
        let root: Root = parse_strict(envelope.unverified_payload())
            .with_context(|| format!("{}: the root document is malformed", file.display()))?;
        root.check()?;
        let before = from
            .map(|from| {
                factory_root(&read_envelope(from)?)
                    .with_context(|| format!("{} is not a signed root document", from.display()))
            })
            .transpose()?;
        if let Some(before) = &before {
            ensure!(
                before.version + 1 == root.version && before.site == root.site,
                "root {} of {} does not follow root {} of {}",
                root.version,
                root.site,
                before.version,
                before.site
            );
        }
        Ok(Self {
            envelope,
            root,
            before,
        })
    }

    /// The roots whose root keys must sign: the new one and the one it follows.
    fn authorities(&self) -> Vec<&Root> {
        self.before.iter().chain([&self.root]).collect()
    }

    fn clauses(&self) -> Vec<ClauseState> {
        self.authorities()
            .into_iter()
            .flat_map(|root| {
                signing::clause_states(&self.envelope, root, RoleName::Root)
                    .into_iter()
                    .map(|state| ClauseState {
                        clause: format!("{} v{}", state.clause, root.version),
                        ..state
                    })
            })
            .collect()
    }

    fn is_complete(&self) -> bool {
        let bytes = self.envelope.to_bytes();
        match &self.before {
            Some(before) => admit_root(before, &bytes).is_ok(),
            None => self.root.version == 1 && factory_root(&bytes).is_ok(),
        }
    }
}

fn write_draft(out: Out, root: &Root, file: &Path) -> Result<()> {
    root.check()?;
    let envelope = Envelope::unsigned(PayloadType::Root, serde_json::to_vec(root)?);
    files::create(file, 0o644, &envelope.to_bytes())?;
    out.fact(text::WROTE, file.display());
    let opened = Opened {
        envelope,
        root: root.clone(),
        before: None,
    };
    show(out, &opened, file)
}

fn sign(out: Out, file: &Path, from: Option<&Path>, key: &KeyArgs) -> Result<()> {
    let opened = Opened::read(file, from)?;
    ensure!(
        opened.root.version == 1 || opened.before.is_some(),
        "root {} is signed by the people of the root it follows too: name that file with --from",
        opened.root.version
    );
    key.check_record(&opened.envelope, &opened.authorities(), RoleName::Root)?;
    let key = key.unlock()?;
    let envelope = signing::sign(
        &opened.envelope,
        &opened.authorities(),
        RoleName::Root,
        &key,
    )?;
    files::replace(file, &envelope.to_bytes())?;
    let opened = Opened { envelope, ..opened };
    out.fact(text::SIGNED, file.display());
    signing::show_clauses(out, &opened.clauses());
    report(out, &opened, file)
}

fn show(out: Out, opened: &Opened, file: &Path) -> Result<()> {
    let root = &opened.root;
    let zone = OperatingWindow::default().zone;
    out.fact(text::SITE, &root.site);
    out.fact(text::VERSION, root.version);
    out.fact(text::EPOCH, root.epoch);
    out.fact(text::ISSUED, zone.format(root.issued_ms));
    out.fact(text::EXPIRES, zone.format(root.expires_ms));
    out.heading(text::ROLES);
    let mut table = Table::new([
        out.words(text::HOLDER),
        out.words(text::ROLES),
        out.words(text::FINGERPRINT),
    ]);
    for (keyid, key) in &root.keys.0 {
        table.row([
            key.holder.to_string(),
            roles_of(root, keyid).join(", "),
            fingerprint(keyid),
        ]);
    }
    out.table(&table);
    out.heading(text::SIGNED_BY);
    signing::show_clauses(out, &opened.clauses());
    report(out, opened, file)
}

fn report(out: Out, opened: &Opened, file: &Path) -> Result<()> {
    let root = &opened.root;
    out.document(&serde_json::json!({
        "file": file,
        "site": root.site,
        "version": root.version,
        "epoch": root.epoch,
        "issued_ms": root.issued_ms,
        "expires_ms": root.expires_ms,
        "payload_sha256": opened.envelope.payload_digest(),
        "clauses": opened.clauses(),
        "complete": opened.is_complete(),
        "keys": root.keys.0.iter().map(|(keyid, key)| serde_json::json!({
            "keyid": keyid,
            "holder": key.holder,
            "roles": roles_of(root, keyid),
        })).collect::<Vec<_>>(),
    }))?;
    Ok(())
}

fn roles_of(root: &Root, keyid: &Digest) -> Vec<String> {
    root.roles
        .0
        .iter()
        .flat_map(|(name, role)| {
            role.all
                .iter()
                .filter(|clause| clause.keys.contains(keyid))
                .map(|clause| match name {
                    RoleName::Release => clause.name.clone(),
                    RoleName::Root
                    | RoleName::Takedown
                    | RoleName::Override
                    | RoleName::Beacon
                    | RoleName::Software => name.as_str().to_owned(),
                })
        })
        .collect()
}

async fn publish(out: Out, settings: &Settings, file: &Path) -> Result<()> {
    let bytes = read_envelope(file)?;
    let opened = Opened::read(file, None)?;
    let api = Api::new(settings)?;
    if opened.root.version == 1 {
        factory_root(&bytes).with_context(|| format!("{} is not complete", file.display()))?;
    } else {
        let chain = Chain::load(settings, &[], Some(&api)).await?;
        if chain.current().version < opened.root.version {
            admit_root(chain.current(), &bytes)
                .with_context(|| format!("{} is not complete", file.display()))?;
        }
    }
    let answer = api.publish(bytes).await?;
    out.fact(
        text::PUBLISHED,
        format_args!("root {}", opened.root.version),
    );
    out.document(&answer)?;
    Ok(())
}
