//! A sheet to print, for when nothing else gets through: a file in a folder, and a command that prints
//! it where there is a printer.

use super::{Letter, Sent, chain};
use crate::settings::Sheet;
use anyhow::Context as _;
use askama::Template as _;
use cotmoc_proto::window::OperatingWindow;
use cotmoc_service::file;
use std::path::PathBuf;
use std::process::Stdio;
use tokio::process::Command;

/// A folder of sheets.
#[derive(Debug)]
pub struct Printer {
    folder: PathBuf,
    command: Vec<String>,
}

#[derive(Debug, askama::Template)]
#[template(path = "sheet.html")]
struct Page<'l> {
    subject: &'l str,
    body: &'l str,
    created: String,
    key: &'l str,
}

impl Printer {
    pub fn open(settings: &Sheet) -> anyhow::Result<Self> {
        let folder = settings.folder.clone();
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
        Ok(Self {
            folder,
            command: settings.command.clone(),
        })
    }

    pub async fn send(&self, letter: &Letter<'_>) -> Sent {
        let page = Page {
            subject: &letter.notice.subject,
            body: &letter.body,
            created: OperatingWindow::default()
                .zone
                .format(letter.notice.created_ms),
            key: &letter.notice.key,
        };
        let html = match page.render() {
            Ok(html) => html,
            Err(error) => return Sent::never(error),
        };
        let path = self.folder.join(format!("{}.html", letter.notice.key));
        let target = path.clone();
        let writing =
            tokio::task::spawn_blocking(move || file::write_durably(&target, html.as_bytes()));
        match writing.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Sent::later(chain(&error)),
            Err(error) => return Sent::later(error),
        }
        match self.print(&path).await {
            Ok(()) => Sent::Accepted {
                reference: Some(path.display().to_string()),
            },
            Err(error) => Sent::later(format!("{error:#}")),
        }
    }

    async fn print(&self, path: &std::path::Path) -> anyhow::Result<()> {
        let Some((program, arguments)) = self.command.split_first() else {
            return Ok(());
        };
        let output = Command::new(program)
            .args(arguments)
            .arg(path)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .with_context(|| format!("{program} cannot be started"))?;
        let said = String::from_utf8_lossy(&output.stderr);
        anyhow::ensure!(
            output.status.success(),
            "{program}: {}: {said}",
            output.status
        );
        Ok(())
    }
}
