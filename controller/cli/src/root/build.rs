//! Planner: the next root document from key records. It decides nothing that its signers do not
//! see.

use crate::clock;
use crate::key::PublicRecord;
use anyhow::{Context as _, Result, bail, ensure};
use cotmoc_proto::json::UniqueMap;
use cotmoc_proto::time::{HOUR, Millis};
use cotmoc_proto::trust::{Clause, Key, Role, RoleName, Root};
use cotmoc_proto::{Digest, SiteId, TimeMs};
use jiff::ToSpan as _;
use std::collections::BTreeMap;
use std::path::PathBuf;

const MAX_VALID_MONTHS: u16 = 36;

/// The people of a first root document.
#[derive(Debug, clap::Args)]
pub struct People {
    /// The site: everything signed under this root
    #[arg(long, value_name = "SITE")]
    site: SiteId,
    /// Key records (FILE.pub) of those who sign root documents; two of three, say
    #[arg(long, value_name = "FILES", value_delimiter = ',', required = true)]
    root_key: Vec<PathBuf>,
    /// Key records of the editors
    #[arg(long, value_name = "FILES", value_delimiter = ',', required = true)]
    editor: Vec<PathBuf>,
    /// Key records of the approvers
    #[arg(long, value_name = "FILES", value_delimiter = ',', required = true)]
    approver: Vec<PathBuf>,
    /// Key records of the duty officers, who may take content down
    #[arg(long, value_name = "FILES", value_delimiter = ',', required = true)]
    duty: Vec<PathBuf>,
    /// Key records of those who may show an emergency template [default: the duty officers]
    #[arg(long = "override", value_name = "FILES", value_delimiter = ',')]
    override_keys: Vec<PathBuf>,
    /// How many hours an emergency template may be shown at most
    #[arg(long, value_name = "HOURS", default_value_t = 24)]
    override_hours: u16,
    /// How many of the root keys must sign a root document
    #[arg(long, value_name = "N", default_value_t = 2)]
    root_threshold: u32,
    /// After how many months a renewal is due
    #[arg(long, value_name = "MONTHS", default_value_t = 18)]
    valid_months: u16,
}

/// What the next root document changes.
#[derive(Debug, clap::Args)]
pub struct Changes {
    /// Key records of further signers of root documents
    #[arg(long, value_name = "FILES", value_delimiter = ',')]
    add_root_key: Vec<PathBuf>,
    /// Key records of further editors
    #[arg(long, value_name = "FILES", value_delimiter = ',')]
    add_editor: Vec<PathBuf>,
    /// Key records of further approvers
    #[arg(long, value_name = "FILES", value_delimiter = ',')]
    add_approver: Vec<PathBuf>,
    /// Key records of further duty officers, who may take content down and, where the root has
    /// that role, show an emergency template
    #[arg(long, value_name = "FILES", value_delimiter = ',')]
    add_duty: Vec<PathBuf>,
    /// Key records of further people who may show an emergency template; a root that was made
    /// without that role gets it
    #[arg(long, value_name = "FILES", value_delimiter = ',')]
    add_override: Vec<PathBuf>,
    /// Key ids (or their first digits, eight or more) that lose every role
    #[arg(long, value_name = "KEYIDS", value_delimiter = ',')]
    remove: Vec<String>,
    /// How many of the root keys must sign a root document
    #[arg(long, value_name = "N")]
    root_threshold: Option<u32>,
    /// After how many months a renewal is due
    #[arg(long, value_name = "MONTHS", default_value_t = 18)]
    valid_months: u16,
    /// Begin a new epoch: every counter starts again and every older document is void
    #[arg(long)]
    epoch: bool,
}

/// The first root document of a site.
pub fn first(people: &People) -> Result<Root> {
    let mut keys = BTreeMap::new();
    let mut clause = |name: &str, files: &[PathBuf], threshold| -> Result<Clause> {
        Ok(Clause {
            name: name.to_owned(),
            keys: add(&mut keys, files)?,
            threshold,
        })
    };
    let root = clause("root", &people.root_key, people.root_threshold)?;
    let editor = clause("editor", &people.editor, 1)?;
    let approver = clause("approver", &people.approver, 1)?;
    let duty = clause("duty", &people.duty, 1)?;
    let overriding = if people.override_keys.is_empty() {
        duty.clone()
    } else {
        clause("duty", &people.override_keys, 1)?
    };
    let role = |all| Role { all };
    let roles = [
        (RoleName::Root, role(vec![root])),
        (RoleName::Release, role(vec![editor, approver])),
        (RoleName::Takedown, role(vec![duty])),
        (RoleName::Override, role(vec![overriding])),
    ];
    let (issued_ms, expires_ms) = validity(people.valid_months)?;
    Ok(Root {
        site: people.site.clone(),
        version: 1,
        epoch: 1,
        issued_ms,
        expires_ms,
        keys: UniqueMap(keys),
        roles: UniqueMap(roles.into()),
        override_limit_ms: Millis::from(people.override_hours) * HOUR,
    })
}

/// The root document that follows `before`.
pub fn next(before: &Root, changes: &Changes) -> Result<Root> {
    let mut root = before.clone();
    root.version += 1;
    root.epoch += u64::from(changes.epoch);
    (root.issued_ms, root.expires_ms) = validity(changes.valid_months)?;
    for prefix in &changes.remove {
        remove(&mut root, prefix)?;
    }
    if !changes.add_override.is_empty() {
        let empty = Clause {
            name: "duty".to_owned(),
            keys: Vec::new(),
            threshold: 1,
        };
        let roles = &mut root.roles.0;
        roles
            .entry(RoleName::Override)
            .or_insert_with(|| Role { all: vec![empty] });
    }
    let has_override = root.roles.0.contains_key(&RoleName::Override);
    let also: &[PathBuf] = if has_override { &changes.add_duty } else { &[] };
    let additions = [
        (RoleName::Root, "root", changes.add_root_key.as_slice()),
        (RoleName::Release, "editor", changes.add_editor.as_slice()),
        (
            RoleName::Release,
            "approver",
            changes.add_approver.as_slice(),
        ),
        (RoleName::Takedown, "duty", changes.add_duty.as_slice()),
        (RoleName::Override, "duty", changes.add_override.as_slice()),
        (RoleName::Override, "duty", also),
    ];
    for (role, name, files) in additions {
        let new = add(&mut root.keys.0, files)?;
        if new.is_empty() {
            continue;
        }
        let keys = &mut clause_mut(&mut root, role, name)?.keys;
        for key in new {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
    }
    if let Some(threshold) = changes.root_threshold {
        clause_mut(&mut root, RoleName::Root, "root")?.threshold = threshold;
    }
    Ok(root)
}

/// Reads key records, each with a proof of possession, into `keys`.
fn add(keys: &mut BTreeMap<Digest, Key>, files: &[PathBuf]) -> Result<Vec<Digest>> {
    files
        .iter()
        .map(|file| {
            let record = PublicRecord::open(file)?;
            if let Some(known) = keys.get(&record.keyid) {
                ensure!(
                    known.holder == record.holder,
                    "{}: key {} is held by {} already",
                    file.display(),
                    record.keyid.short(),
                    known.holder
                );
            }
            keys.insert(record.keyid, record.to_key());
            Ok(record.keyid)
        })
        .collect()
}

fn remove(root: &mut Root, prefix: &str) -> Result<()> {
    let matching: Vec<Digest> = root
        .keys
        .0
        .keys()
        .filter(|keyid| prefix.len() >= 8 && keyid.to_string().starts_with(prefix))
        .copied()
        .collect();
    let [keyid] = matching.as_slice() else {
        bail!(
            "--remove {prefix}: {} keys begin so; give the key id as `cotmoc root show` prints it, \
             without spaces",
            matching.len()
        );
    };
    root.keys.0.remove(keyid);
    for role in root.roles.0.values_mut() {
        for clause in &mut role.all {
            clause.keys.retain(|key| key != keyid);
        }
    }
    Ok(())
}

fn clause_mut<'r>(root: &'r mut Root, role: RoleName, name: &str) -> Result<&'r mut Clause> {
    root.roles
        .0
        .get_mut(&role)
        .and_then(|role| role.all.iter_mut().find(|clause| clause.name == name))
        .with_context(|| format!("this root has no clause {name}"))
}

fn validity(months: u16) -> Result<(TimeMs, TimeMs)> {
    ensure!(
        (1..=MAX_VALID_MONTHS).contains(&months),
        "--valid-months {months}: expected 1 to {MAX_VALID_MONTHS}"
    );
    let issued = clock::now();
    let expires = issued
        .to_timestamp()
        .context("the clock of this computer is wrong")?
        .to_zoned_datetime(jiff::tz::TimeZone::UTC)
        .checked_add(i64::from(months).months())
        .context("the clock of this computer is wrong")?;
    Ok((issued, TimeMs(expires.timestamp().as_millisecond())))
}
