//! The folder that an agency's content is kept in: `content.json`, and the media beside it.

use crate::files;
use anyhow::{Context as _, Result};
use cotmoc_lookup::Content;
use cotmoc_proto::json::parse_strict;
use std::path::{Path, PathBuf};

const MAX_CONTENT_BYTES: u64 = 512 << 20;

/// A content folder.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Its name, for people.
    pub fn shown(&self) -> String {
        self.0.display().to_string()
    }

    pub fn media(&self) -> PathBuf {
        self.0.join("media")
    }

    /// The content in it; none yet if the folder is new.
    pub fn load(&self) -> Result<Option<Content>> {
        let path = self.path();
        if !path.exists() {
            return Ok(None);
        }
        let bytes = files::read(&path, MAX_CONTENT_BYTES)?;
        let content = parse_strict(&bytes).with_context(|| {
            format!(
                "{} is not a content: it is written by `cotmoc lookup import`, not by hand",
                path.display()
            )
        })?;
        Ok(Some(content))
    }

    /// The content in it.
    pub fn content(&self) -> Result<Content> {
        self.load()?.with_context(|| {
            format!(
                "{} holds no content yet: `cotmoc lookup import FILE --into {0} --apply` makes it",
                self.shown()
            )
        })
    }

    /// Puts `content` in place of what is there, whole or not at all.
    pub fn save(&self, content: &Content) -> Result<()> {
        let media = self.media();
        std::fs::create_dir_all(&media).with_context(|| format!("create {}", media.display()))?;
        let mut text = serde_json::to_vec_pretty(content)?;
        text.push(b'\n');
        files::replace(&self.path(), &text)
    }

    fn path(&self) -> PathBuf {
        self.0.join("content.json")
    }
}
