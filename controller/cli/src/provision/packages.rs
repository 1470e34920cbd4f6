//! The folder of packages that goes to a board, and bringing of it what the board lacks.

use super::plan::{OURS, Offered, Package};
use super::ssh::{Ssh, quoted};
use crate::files;
use crate::out::Out;
use anyhow::{Context as _, Result, bail, ensure};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

const MAX_INDEX_BYTES: u64 = 64 << 20;
const PIECE_BYTES: usize = 256 << 10;
/// Where the packages lie on a board while they are installed.
const REMOTE: &str = "/var/cache/cotmoc/packages";

/// A folder that `deploy/package/bundle` made.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    index: Vec<u8>,
    debs: BTreeMap<(String, String), Deb>,
}

#[derive(Debug, Clone)]
struct Deb {
    file: String,
    arch: String,
    bytes: u64,
}

impl Folder {
    /// Reads the folder's index.
    ///
    /// # Errors
    /// If it has none that can be read.
    pub fn open(path: &Path) -> Result<Self> {
        let file = path.join("Packages");
        let index = files::read(&file, MAX_INDEX_BYTES).with_context(|| {
            format!(
                "{} is no folder of packages: make one with deploy/package/bundle",
                path.display()
            )
        })?;
        let text = String::from_utf8_lossy(&index);
        let debs = text.split("\n\n").filter_map(deb).collect();
        Ok(Self {
            path: path.to_owned(),
            debs,
            index,
        })
    }

    /// The version and architecture of our packages in it.
    ///
    /// # Errors
    /// If they are not there, or not one of each.
    pub fn offered(&self) -> Result<Offered> {
        let [player, common] = OURS.map(|name| {
            let mut ours = self.debs.iter().filter(|((of, _), _)| of == name);
            match (ours.next(), ours.next()) {
                (Some(((_, version), deb)), None) => Ok((version, deb)),
                (None, _) => bail!(
                    "{} holds no {name}: make it anew with deploy/package/bundle",
                    self.path.display()
                ),
                (Some(_), Some(_)) => bail!(
                    "{} holds {name} more than once: make it anew with deploy/package/bundle",
                    self.path.display()
                ),
            }
        });
        let ((version, player), (other, _)) = (player?, common?);
        ensure!(
            version == other,
            "{} holds cotmoc-player {version} and cotmoc-common {other}: make it anew",
            self.path.display()
        );
        Ok(Offered {
            arch: player.arch.clone(),
            version: version.clone(),
        })
    }

    /// Sends what `wanted` and its dependencies lack on the board, and installs it.
    ///
    /// # Errors
    /// With what apt said.
    pub fn install(
        &self,
        out: Out,
        ssh: &Ssh,
        wanted: &[Package],
        from_debian: bool,
    ) -> Result<()> {
        let names = wanted.iter().map(|package| match &package.version {
            Some(version) => quoted(&format!("{}={version}", package.name)),
            None => quoted(&package.name),
        });
        let names: Vec<String> = names.collect();
        let names = names.join(" ");
        let script = format!(
            "{}\n{}",
            prelude(from_debian),
            PREPARE.replace("@NAMES@", &names)
        );
        let plan = ssh
            .root(&script, &self.index)
            .with_context(|| unresolved(&self.path))?;
        let sizes = ssh.root(SIZES, b"")?;
        for deb in plan.lines().filter_map(|line| self.planned(line)) {
            let line = format!("{} {}", deb.file, deb.bytes);
            if !sizes.lines().any(|there| there == line) {
                self.send(out, ssh, deb)?;
            }
        }
        let script = format!(
            "{}\n{}",
            prelude(from_debian),
            INSTALL.replace("@NAMES@", &names)
        );
        ssh.root(&script, b"").context(
            "the packages could not be installed; what apt says names the reason, and a second run goes on",
        )?;
        Ok(())
    }

    /// The file of a line "NAME VERSION" of apt's plan; `None` if the board fetches it elsewhere.
    fn planned(&self, line: &str) -> Option<&Deb> {
        let (name, version) = line.split_once(' ')?;
        self.debs.get(&(name.to_owned(), version.to_owned()))
    }

    fn send(&self, out: Out, ssh: &Ssh, deb: &Deb) -> Result<()> {
        let path = self.path.join(&deb.file);
        let mut file = File::open(&path).with_context(|| format!("open {}", path.display()))?;
        let bar = out.bytes_bar(&deb.file, deb.bytes);
        let name = quoted(&deb.file);
        let script = format!("set -e; cd {REMOTE}; cat >{name}.part; mv {name}.part {name}");
        let mut child = ssh.root_child(&script)?;
        let mut stdin = child.stdin.take().context("ssh has no standard input")?;
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let count = file
                .read(&mut piece)
                .with_context(|| path.display().to_string())?;
            if count == 0 {
                break;
            }
            stdin
                .write_all(piece.get(..count).unwrap_or_default())
                .with_context(|| broken(&deb.file))?;
            bar.inc(u64::try_from(count)?);
        }
        drop(stdin);
        let output = child.wait_with_output()?;
        bar.finish_and_clear();
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        ensure!(output.status.success(), "{}\n{said}", broken(&deb.file));
        Ok(())
    }
}

fn broken(file: &str) -> String {
    format!(
        "{file} did not arrive: is {REMOTE} full, or the line gone? A second run goes on from here"
    )
}

fn unresolved(folder: &Path) -> String {
    format!(
        "what the board lacks is not all in {}: make the folder for the board's Debian with deploy/package/bundle, \
         or set from_debian = true if the board reaches a Debian mirror",
        folder.display()
    )
}

/// A stanza of the index. What has a name that is no plain file's is passed over.
fn deb(stanza: &str) -> Option<((String, String), Deb)> {
    let field = |name: &str| {
        let mut lines = stanza.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    };
    let file = field("Filename")?.trim_start_matches("./").to_owned();
    let is_plain = file
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '~' | '_' | '-' | ':' | '%'));
    let deb = Deb {
        arch: field("Architecture")?.to_owned(),
        bytes: field("Size")?.parse().ok()?,
        file,
    };
    let name = (field("Package")?.to_owned(), field("Version")?.to_owned());
    (is_plain && !deb.file.starts_with('.')).then_some((name, deb))
}

/// apt with our folder as its source, alone or beside the board's own, and lists of its own.
fn prelude(from_debian: bool) -> String {
    let (others, parts) = if from_debian {
        (
            "cat /etc/apt/sources.list 2>/dev/null",
            "/etc/apt/sources.list.d",
        )
    } else {
        (":", "-")
    };
    format!(
        "set -e\nexport LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin\n\
         others() {{ {others} || true; }}\n\
         get() {{ apt-get -o Dir::Etc::SourceList=/var/cache/cotmoc/packages.list -o Dir::Etc::SourceParts={parts} \
         -o Dir::State::Lists=/var/cache/cotmoc/lists -o APT::Install-Recommends=false -o DPkg::Lock::Timeout=300 \
         -o Dpkg::Options::=--force-confold -o Dpkg::Options::=--force-confdef \"$@\"; }}"
    )
}

/// Takes the index, and prints which packages in which versions would be installed.
const PREPARE: &str = r#"
install -d -m 755 /var/cache/cotmoc /var/cache/cotmoc/packages /var/cache/cotmoc/lists/partial
cat >/var/cache/cotmoc/packages/Packages
{ echo 'deb [trusted=yes] file:/var/cache/cotmoc/packages ./'; others; } >/var/cache/cotmoc/packages.list
dpkg --configure -a >&2
get -qq update >&2
get -s install @NAMES@ >/var/cache/cotmoc/plan
sed -n 's/^Inst \([^ ]*\) \(\[[^]]*\] \)\{0,1\}(\([^ ]*\) .*/\1 \3/p' /var/cache/cotmoc/plan"#;

const SIZES: &str = "cd /var/cache/cotmoc/packages && for deb in *.deb; do \
                     [ -e \"$deb\" ] && stat -c '%n %s' \"$deb\"; done; true";

const INSTALL: &str = r"
get -qq -y install @NAMES@ >&2
rm -rf /var/cache/cotmoc/packages /var/cache/cotmoc/packages.list /var/cache/cotmoc/lists /var/cache/cotmoc/plan";

#[cfg(test)]
mod tests {
    use super::*;

    const INDEX: &str = "Package: cotmoc-player\nVersion: 0.1.0+7\nArchitecture: arm64\nSize: 10\n\
        Filename: ./cotmoc-player_0.1.0+7_arm64.deb\n\nPackage: cotmoc-common\nVersion: 0.1.0+7\n\
        Architecture: all\nSize: 3\nFilename: ./cotmoc-common_0.1.0+7_all.deb\n\n\
        Package: evil\nVersion: 1\nArchitecture: all\nSize: 3\nFilename: ../../etc/passwd\n";

    #[test]
    fn the_index_is_read_and_files_outside_the_folder_are_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("Packages"), INDEX).unwrap();
        let folder = Folder::open(dir.path()).unwrap();
        assert_eq!(folder.debs.len(), 2);
        let offered = folder.offered().unwrap();
        assert_eq!(
            (offered.arch.as_str(), offered.version.as_str()),
            ("arm64", "0.1.0+7")
        );
        assert!(folder.planned("cotmoc-player 0.1.0+7").is_some());
        assert!(folder.planned("libc6 2.36").is_none());
        assert!(Folder::open(&dir.path().join("none")).is_err());
    }
}
