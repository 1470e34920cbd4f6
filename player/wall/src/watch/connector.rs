//! What the kernel says of the connector that a display hangs on.

use crate::pipeline::{OutputConfig, SinkKind};
use cotmoc_proto::device::Display;
use std::fs;
use std::path::{Path, PathBuf};

/// Where to look for what the first output leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisplaySource {
    root: PathBuf,
    sink: Option<SinkKind>,
}

impl DisplaySource {
    #[must_use]
    pub fn of(outputs: &[OutputConfig]) -> Self {
        Self {
            root: PathBuf::from("/sys/class/drm"),
            sink: outputs.first().map(|output| output.sink.clone()),
        }
    }

    /// What it leads to now.
    #[must_use]
    pub fn look(&self) -> Option<Display> {
        let without = |name: &str| Display {
            connector: name.to_owned(),
            connected: true,
            mode: None,
        };
        match self.sink.as_ref()? {
            SinkKind::Headless => Some(without("headless")),
            SinkKind::Window => Some(without("window")),
            SinkKind::Custom { .. } => Some(without("custom")),
            SinkKind::Kms(plane) => find(&self.root, plane.connector_id),
        }
    }
}

/// The connector of that number below `root` (`/sys/class/drm`); without a number, or on a kernel that does not say
/// numbers, the first one that is in use, else the first one that something hangs on.
fn find(root: &Path, id: Option<i32>) -> Option<Display> {
    let mut folders: Vec<PathBuf> = fs::read_dir(root)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|folder| folder.join("status").is_file())
        .collect();
    folders.sort();
    let wanted = id.map(|id| id.to_string());
    let numbered = folders
        .iter()
        .find(|folder| wanted.is_some() && word(folder, "connector_id") == wanted);
    if let Some(folder) = numbered {
        return connector(folder);
    }
    let connected = |folder: &&PathBuf| word(folder, "status").as_deref() == Some("connected");
    let enabled = |folder: &&PathBuf| word(folder, "enabled").as_deref() == Some("enabled");
    let in_use = folders
        .iter()
        .find(|folder| connected(folder) && enabled(folder));
    let found = in_use.or_else(|| folders.iter().find(connected));
    connector(found.or(folders.first())?)
}

fn connector(folder: &Path) -> Option<Display> {
    let name = folder.file_name()?.to_str()?;
    // "card0-HDMI-A-1"
    let (_, name) = name.split_once('-')?;
    Some(Display {
        connector: name.to_owned(),
        connected: word(folder, "status").as_deref() == Some("connected"),
        mode: word(folder, "modes"),
    })
}

/// The first line of a file in the folder, if it says anything.
fn word(folder: &Path, name: &str) -> Option<String> {
    let text = fs::read_to_string(folder.join(name)).ok()?;
    let line = text.lines().next()?.trim();
    (!line.is_empty()).then(|| line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(root: &Path, name: &str, files: &[(&str, &str)]) {
        let folder = root.join(name);
        fs::create_dir(&folder).unwrap();
        for (file, text) in files {
            fs::write(folder.join(file), text).unwrap();
        }
    }

    #[test]
    fn the_connector_of_a_number_is_found_and_without_one_the_one_in_use() {
        let root = tempfile::tempdir().unwrap();
        add(root.path(), "card0", &[]);
        add(
            root.path(),
            "card0-HDMI-A-1",
            &[
                ("status", "disconnected\n"),
                ("enabled", "disabled\n"),
                ("modes", ""),
                ("connector_id", "32\n"),
            ],
        );
        add(
            root.path(),
            "card0-HDMI-A-2",
            &[
                ("status", "connected\n"),
                ("enabled", "enabled\n"),
                ("modes", "1280x720\n1920x1080\n"),
                ("connector_id", "42\n"),
            ],
        );
        let second = find(root.path(), None).unwrap();
        assert_eq!(second.connector, "HDMI-A-2");
        assert_eq!(second.mode.as_deref(), Some("1280x720"));
        assert!(second.connected);
        let first = find(root.path(), Some(32)).unwrap();
        assert_eq!((first.connector.as_str(), first.mode), ("HDMI-A-1", None));
        assert!(!first.connected);
        assert_eq!(find(root.path(), Some(99)), Some(second));
        assert_eq!(find(Path::new("/nowhere"), None), None);
    }
}
