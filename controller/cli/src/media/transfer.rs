//! Uploading an asset: the file and its chunk list, unless the controller has them.

use super::Described;
use crate::api::Api;
use crate::out::Out;
use anyhow::{Context as _, Result};
use cotmoc_proto::Digest;
use futures_util::StreamExt as _;
use reqwest::Body;
use std::path::Path;
use tokio_util::io::ReaderStream;

/// Uploads the described file; `false` if the controller had all of it.
pub async fn upload(out: Out, api: &Api, path: &Path, media: &Described) -> Result<bool> {
    let mut sent = false;
    if !api.has_blob(&media.asset.sha256).await? {
        send_file(out, api, path, media).await?;
        sent = true;
    }
    let list = Digest::of(&media.chunk_list);
    if !api.has_blob(&list).await? {
        let bytes = media.chunk_list.clone();
        let length = u64::try_from(bytes.len()).unwrap_or_default();
        api.put_blob(&list, length, Body::from(bytes))
            .await
            .with_context(|| format!("upload the chunk list of {}", path.display()))?;
        sent = true;
    }
    Ok(sent)
}

async fn send_file(out: Out, api: &Api, path: &Path, media: &Described) -> Result<()> {
    let file = tokio::fs::File::open(path)
        .await
        .with_context(|| format!("open {}", path.display()))?;
    let bar = out.bytes_bar(&format!("↑ {}", path.display()), media.asset.size_bytes);
    let counter = bar.clone();
    let stream = ReaderStream::with_capacity(file, 256 * 1024).inspect(move |piece| {
        if let Ok(bytes) = piece {
            counter.inc(u64::try_from(bytes.len()).unwrap_or_default());
        }
    });
    let sent = api
        .put_blob(
            &media.asset.sha256,
            media.asset.size_bytes,
            Body::wrap_stream(stream),
        )
        .await;
    bar.finish_and_clear();
    sent.with_context(|| {
        format!(
            "upload {} (if the file changed meanwhile, start again)",
            path.display()
        )
    })
}
