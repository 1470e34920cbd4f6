//! Media as the signer gets them: downloaded, or kept from an earlier time, but hashed on this
//! computer to the last byte before anything is said about them.

use super::hash::Hasher;
use super::look::Look;
use super::{Described, describe_in_chunks};
use crate::api::Api;
use crate::files;
use crate::out::Out;
use anyhow::{Context as _, Result, bail, ensure};
use cotmoc_proto::Digest;
use cotmoc_proto::media::{Asset, CHUNK_BYTES, MAX_ASSET_BYTES, Mime};
use futures_util::StreamExt as _;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use tokio::io::AsyncWriteExt as _;

/// A folder of media named by digest, for the signer to open.
#[derive(Debug)]
pub struct MediaDir(PathBuf);

/// An asset whose every byte was hashed here.
#[derive(Debug, Clone)]
pub struct Verified {
    pub path: PathBuf,
    pub look: Look,
}

impl MediaDir {
    /// Opens the folder, making it if it is not there.
    pub fn open(path: PathBuf) -> Result<Self> {
        std::fs::create_dir_all(&path).with_context(|| format!("create {}", path.display()))?;
        Ok(Self(path))
    }

    /// The asset's file, after everything the release says about it has been checked against
    /// its bytes. Without a controller it must lie in the folder already.
    pub async fn verified(&self, out: Out, api: Option<&Api>, asset: &Asset) -> Result<Verified> {
        let path = self.path(&asset.sha256, asset.mime);
        if path.exists() {
            match check(out, &path, asset) {
                Ok(verified) => {
                    super::cache::touch(&path);
                    return Ok(verified);
                }
                Err(error) => {
                    let Some(_api) = api else { return Err(error) };
                    out.note(format_args!("{error:#}; it is fetched anew"));
                }
            }
        }
        let Some(api) = api else {
            bail!(
                "asset {} is not in {}: give the folder that holds it with --media-dir, or let the \
                 controller be asked (without --offline)",
                asset.sha256.short(),
                self.0.display()
            );
        };
        let part = self
            .download(out, api, &asset.sha256, asset.size_bytes)
            .await?;
        let checked = check(out, &part, asset).with_context(|| {
            format!(
                "the controller's asset {} is not what the release says",
                asset.sha256.short()
            )
        });
        match checked {
            Ok(verified) => {
                std::fs::rename(&part, &path)
                    .with_context(|| format!("rename to {}", path.display()))?;
                Ok(Verified { path, ..verified })
            }
            Err(error) => {
                std::fs::remove_file(&part).ok();
                Err(error)
            }
        }
    }

    /// An asset that is known by its digest alone: downloaded and described.
    pub async fn describe(
        &self,
        out: Out,
        api: &Api,
        sha256: Digest,
    ) -> Result<(PathBuf, Described)> {
        let part = self.download(out, api, &sha256, MAX_ASSET_BYTES).await?;
        let chunk = NonZeroU32::new(CHUNK_BYTES).expect("the chunk length is not zero");
        let described = describe_in_chunks(out, &part, chunk)?;
        ensure!(
            described.asset.sha256 == sha256,
            "the controller sent other bytes for asset {}",
            sha256.short()
        );
        let path = self.path(&sha256, described.asset.mime);
        std::fs::rename(&part, &path).with_context(|| format!("rename to {}", path.display()))?;
        Ok((path, described))
    }

    /// Keeps a copy of a described file.
    pub fn keep(&self, from: &Path, asset: &Asset) -> Result<PathBuf> {
        let path = self.path(&asset.sha256, asset.mime);
        if !path.exists() {
            let part = files::with_suffix(&path, ".part");
            std::fs::copy(from, &part)
                .and_then(|_length| std::fs::rename(&part, &path))
                .with_context(|| format!("copy {} to {}", from.display(), path.display()))?;
        }
        Ok(path)
    }

    fn path(&self, sha256: &Digest, mime: Mime) -> PathBuf {
        let extension = match mime {
            Mime::Png => "png",
            Mime::Jpeg => "jpg",
            Mime::Webp => "webp",
            Mime::Mp4 => "mp4",
            Mime::Webm => "webm",
            Mime::Slide => "json",
            Mime::Ogg => "ogg",
            Mime::Mp3 => "mp3",
            Mime::Wav => "wav",
            Mime::Lookup => "lookup",
        };
        self.0.join(format!("{sha256}.{extension}"))
    }

    /// Downloads a blob to a file of its own, at most `limit` bytes, and checks its digest.
    async fn download(&self, out: Out, api: &Api, sha256: &Digest, limit: u64) -> Result<PathBuf> {
        let part = self.0.join(format!("{sha256}.{}.part", std::process::id()));
        let fetched = fetch(out, api, (sha256, limit), &part).await;
        if fetched.is_err() {
            std::fs::remove_file(&part).ok();
        }
        fetched.map(|()| part)
    }
}

async fn fetch(out: Out, api: &Api, (sha256, limit): (&Digest, u64), part: &Path) -> Result<()> {
    let answer = api
        .blob(sha256)
        .await
        .with_context(|| format!("download asset {}", sha256.short()))?;
    let total = answer.content_length().unwrap_or(limit).min(limit);
    let bar = out.bytes_bar(&format!("↓ {}", sha256.short()), total);
    let chunk = NonZeroU32::new(CHUNK_BYTES).expect("the chunk length is not zero");
    let mut hasher = Hasher::new(chunk);
    let mut file = tokio::fs::File::create(part)
        .await
        .with_context(|| format!("create {}", part.display()))?;
    let mut body = answer.bytes_stream();
    while let Some(piece) = body.next().await {
        let piece = piece.with_context(|| format!("download asset {}", sha256.short()))?;
        hasher.update(&piece);
        ensure!(
            hasher.length() <= limit,
            "asset {}: the controller sends more than {limit} bytes",
            sha256.short()
        );
        file.write_all(&piece)
            .await
            .with_context(|| format!("write {}", part.display()))?;
        bar.set_position(hasher.length());
    }
    file.flush()
        .await
        .with_context(|| format!("write {}", part.display()))?;
    bar.finish_and_clear();
    ensure!(
        hasher.finish().whole == *sha256,
        "the controller sent other bytes for asset {}",
        sha256.short()
    );
    Ok(())
}

/// Hashes the file and compares everything that the release states.
fn check(out: Out, path: &Path, asset: &Asset) -> Result<Verified> {
    let described = describe_in_chunks(out, path, asset.chunk_bytes)?;
    let found = &described.asset;
    let shown = path.display();
    ensure!(
        found.sha256 == asset.sha256,
        "{shown} has other bytes than its name says"
    );
    ensure!(
        found.size_bytes == asset.size_bytes,
        "{shown} has {} bytes, the release says {}",
        found.size_bytes,
        asset.size_bytes
    );
    ensure!(
        found.mime == asset.mime,
        "{shown} is {}, the release says {}",
        found.mime.as_str(),
        asset.mime.as_str()
    );
    ensure!(
        found.chunks_sha256 == asset.chunks_sha256,
        "{shown}: the release names a wrong chunk list"
    );
    Ok(Verified {
        path: path.to_owned(),
        look: described.look,
    })
}
