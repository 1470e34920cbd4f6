//! The check at upload: what will not play is refused, and how loud the rest is gets measured.

use super::inspect::{self, Depth, Inspection, inspect, verdict_words};
use super::{Described, describe, loudness};
use crate::out::Out;
use crate::preflight::{Board, Verdict};
use crate::text;
use anyhow::{Result, bail};
use std::path::Path;

/// How strictly media are taken.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct AdmitArgs {
    /// The board it is to play on [default: generic-amd64]
    #[arg(long, value_name = "NAME|FILE")]
    pub board: Option<String>,
    /// Take media that will not play; the walls will skip them
    #[arg(long)]
    pub accept_unplayable: bool,
}

/// What media must play on.
#[derive(Debug, Clone)]
pub struct Admission {
    pub board: Board,
    pub accept_unplayable: bool,
}

impl AdmitArgs {
    /// The board of the flag, else `otherwise` (a name or the file of a profile), else the usual.
    pub fn admission(&self, otherwise: Option<&str>) -> Result<Admission> {
        Ok(Admission {
            board: inspect::board(self.board.as_deref().or(otherwise))?,
            accept_unplayable: self.accept_unplayable,
        })
    }
}

impl Admission {
    /// Checks the file in `path`, then describes it with its loudness. Remarks go to people.
    pub fn admit(&self, out: Out, path: &Path) -> Result<Described> {
        let found = self.look(out, path)?;
        let mut media = describe(out, path)?;
        if let Some(channels) = found.as_ref().and_then(Inspection::channels) {
            let what = (&media.asset.sha256, media.asset.mime);
            let length_ms = found
                .and_then(|found| found.probe.length_ms)
                .unwrap_or_default();
            let bar = out.time_bar(&out.words(text::LOUDNESS), length_ms);
            let measured = loudness::of(path, what, channels, &bar);
            bar.finish_and_clear();
            media.asset.loudness = match measured {
                Err(error) if self.accept_unplayable => {
                    out.note(format_args!("{error:#}"));
                    None
                }
                measured => measured?,
            };
        }
        Ok(media)
    }

    /// What was found, unless nobody needs it.
    fn look(&self, out: Out, path: &Path) -> Result<Option<Inspection>> {
        let found = match inspect(out, path, &self.board, Depth::Quick) {
            Err(error) if self.accept_unplayable => {
                out.note(format_args!("{error:#}"));
                return Ok(None);
            }
            found => found?,
        };
        if found.verdict == Verdict::Plays {
            return Ok(Some(found));
        }
        let words = out.words(verdict_words(found.verdict));
        let mut said = vec![format!("{}: {words} ({})", path.display(), self.board.name)];
        said.extend(found.lines(out, &self.board));
        if found.verdict == Verdict::WillNotPlay && !self.accept_unplayable {
            bail!("{}", said.join("\n"));
        }
        for line in said {
            out.note(line);
        }
        Ok(Some(found))
    }
}
