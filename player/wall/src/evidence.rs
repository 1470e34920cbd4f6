//! Evidence pictures: a PNG of each item as the sink really presented it, the last few kept.

use crate::pipeline::{Engine, PictureError};
use crate::settings::PictureSettings;
use cotmoc_proto::TimeMs;
use std::path::{Path, PathBuf};

/// Takes pictures of what is showing, one at a time, a moment after each item has begun.
#[derive(Debug)]
pub struct Evidence {
    settings: PictureSettings,
    due: Option<Due>,
}

#[derive(Debug)]
struct Due {
    at: TimeMs,
    name: String,
}

/// Why a picture was not kept.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    #[error("taking the picture")]
    Take(#[source] PictureError),
    #[error("writing {}", path.display())]
    Write {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
}

impl Evidence {
    /// Pictures go to the settings' folder, which is made if need be.
    ///
    /// # Errors
    /// If the folder cannot be made.
    pub fn new(settings: PictureSettings) -> std::io::Result<Self> {
        std::fs::create_dir_all(&settings.folder)?;
        Ok(Self {
            settings,
            due: None,
        })
    }

    /// Something called `label` began at `began`: take its picture at `at`.
    pub fn plan(&mut self, label: &str, began: TimeMs, at: TimeMs) {
        self.due = Some(Due {
            at,
            name: format!("{:013}-{label}.png", began.0),
        });
    }

    /// Takes the picture that is due.
    ///
    /// # Errors
    /// If it cannot be taken or written; nothing else is affected.
    pub fn take_due(&mut self, now: TimeMs, engine: &Engine) -> Result<(), EvidenceError> {
        let Some(due) = self.due.take_if(|due| due.at <= now) else {
            return Ok(());
        };
        let picture = engine.picture().map_err(EvidenceError::Take)?;
        let path = self.settings.folder.join(&due.name);
        let part = path.with_extension("part");
        let written = std::fs::write(&part, picture).and_then(|()| std::fs::rename(&part, &path));
        written.map_err(|source| {
            drop(std::fs::remove_file(&part));
            EvidenceError::Write { path, source }
        })?;
        self.forget_oldest();
        Ok(())
    }

    fn forget_oldest(&self) {
        let mut all = pictures_in(&self.settings.folder);
        all.sort();
        let surplus = all.len().saturating_sub(self.settings.keep);
        for path in all.iter().take(surplus) {
            if let Err(error) = std::fs::remove_file(path) {
                tracing::warn!(path = %path.display(), %error, "an old picture cannot be removed");
            }
        }
    }
}

fn pictures_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "png"))
        .collect()
}
