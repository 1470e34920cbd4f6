//! Fetches one asset: its chunk list, then the blob, each chunk checked before it is kept. After a
//! cut it goes on after the last good chunk on the disk.

use crate::api::{self, Api};
use crate::shelf::{blob_path, finish, part_path};
use anyhow::Context as _;
use bytes::Bytes;
use cotmoc_proto::Digest;
use cotmoc_proto::media::{Asset, ChunkList};
use cotmoc_service::file::{self, FileError};
use reqwest::{Response, StatusCode, header};
use ring::digest::{Context, SHA256};
use rustix::fs::{FlockOperation, Mode, OFlags};
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Checked chunks that wait for the disk.
const MAX_AHEAD: usize = 4;
/// A body slower than this is given up.
const LEAST_BYTES_PER_S: u64 = 1_024;

/// Why an asset could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error("the network failed")]
    Network(#[source] anyhow::Error),
    #[error("the controller is busy or broken ({status})")]
    Busy { status: StatusCode },
    #[error("the body comes too slowly")]
    Slow,
    #[error("the controller does not give it ({status})")]
    Unavailable { status: StatusCode },
    #[error("the body is encoded")]
    Encoded,
    #[error("another range came than was asked for")]
    WrongRange,
    #[error("the body is announced with another length")]
    WrongLength,
    #[error("the chunk list is not the one that was signed")]
    WrongList,
    #[error("chunk {chunk} is not the one that was signed")]
    WrongChunk { chunk: u64 },
    #[error("the chunks are right and the whole is not: the description contradicts itself")]
    WrongWhole,
    #[error("the disk failed")]
    Disk(#[source] FileError),
}

impl FetchError {
    /// The stable code under which events report this reason.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Network(_) => "network",
            Self::Busy { .. } => "busy",
            Self::Slow => "slow",
            Self::Unavailable { .. } => "unavailable",
            Self::Encoded => "encoded",
            Self::WrongRange => "wrong-range",
            Self::WrongLength => "wrong-length",
            Self::WrongList => "wrong-chunk-list",
            Self::WrongChunk { .. } => "wrong-chunk",
            Self::WrongWhole => "wrong-digest",
            Self::Disk(_) => "disk",
        }
    }

    /// Whether what came was not what was signed, rather than nothing.
    #[must_use]
    pub const fn is_refusal(&self) -> bool {
        match self {
            Self::Network(_) | Self::Busy { .. } | Self::Slow | Self::Disk(_) => false,
            Self::Unavailable { .. }
            | Self::Encoded
            | Self::WrongRange
            | Self::WrongLength
            | Self::WrongList
            | Self::WrongChunk { .. }
            | Self::WrongWhole => true,
        }
    }
}

/// Puts the chunk list and the blob of `asset` into `folder`.
///
/// # Errors
/// [`FetchError`]. What was good of it stays for the next try.
pub async fn fetch(api: &Api, folder: &Path, asset: &Asset) -> Result<(), FetchError> {
    let list = chunk_list(api, folder, asset).await?;
    let already = blob_path(folder, asset.sha256);
    if already
        .symlink_metadata()
        .is_ok_and(|m| m.is_file() && m.len() == asset.size_bytes)
    {
        return Ok(());
    }
    let (place, what) = (folder.to_owned(), asset.clone());
    let part = blocking(move || Part::open(&place, what, list)).await?;
    let part = if part.rest() == 0 {
        part
    } else {
        transfer(api, part).await?
    };
    blocking(move || part.into_blob()).await
}

/// The chunk list of `asset`, from the folder if it is there, else from the controller.
async fn chunk_list(api: &Api, folder: &Path, asset: &Asset) -> Result<ChunkList, FetchError> {
    let path = blob_path(folder, asset.chunks_sha256);
    if let Ok(bytes) = file::read_at_most(&path, asset.chunk_list_bytes())
        && let Some(list) = ChunkList::parse(asset, &bytes)
    {
        return Ok(list);
    }
    let response = answered(api, asset.chunks_sha256, 0).await?;
    check_head(&response, 0, asset.chunk_list_bytes())?;
    let limit = usize::try_from(asset.chunk_list_bytes()).unwrap_or(usize::MAX);
    let mut body = Body::new(response, api.patience().idle);
    let mut bytes = Vec::new();
    while let Some(piece) = body.next().await? {
        if bytes.len().saturating_add(piece.len()) > limit {
            return Err(FetchError::WrongList);
        }
        bytes.extend_from_slice(&piece);
    }
    let list = ChunkList::parse(asset, &bytes).ok_or(FetchError::WrongList)?;
    blocking(move || file::write_durably_with_mode(&path, &bytes, 0o444).map_err(FetchError::Disk))
        .await?;
    Ok(list)
}

/// Brings the rest of `part` from the controller onto the disk.
async fn transfer(api: &Api, part: Part) -> Result<Part, FetchError> {
    let (offset, size) = (part.offset, part.asset.size_bytes);
    let (chunk_bytes, rest) = (part.asset.chunk_bytes.get(), part.rest());
    let response = answered(api, part.asset.sha256, offset).await?;
    check_head(&response, offset, size)?;
    let (chunks, received) = mpsc::channel(MAX_AHEAD);
    let writer = tokio::task::spawn_blocking(move || part.write(received));
    let mut cutter = Cutter {
        chunk_bytes: usize::try_from(chunk_bytes).unwrap_or(usize::MAX),
        rest,
        chunk: Vec::new(),
        chunks,
    };
    let mut body = Body::new(response, api.patience().idle);
    let ended = cutter.take_all(&mut body).await;
    drop(cutter);
    let part = writer
        .await
        .map_err(|error| FetchError::Network(error.into()))??;
    ended?;
    if part.rest() > 0 {
        return Err(FetchError::Network(anyhow::anyhow!("the body ended early")));
    }
    Ok(part)
}

async fn answered(api: &Api, digest: Digest, offset: u64) -> Result<Response, FetchError> {
    let response = api
        .blob(digest, offset)
        .await
        .map_err(FetchError::Network)?;
    let status = response.status();
    if status.is_success() {
        Ok(response)
    } else if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        Err(FetchError::Busy { status })
    } else {
        Err(FetchError::Unavailable { status })
    }
}

/// Checks that the body to come is the bytes from `offset` to `size`, as far as the head says.
fn check_head(response: &Response, offset: u64, size: u64) -> Result<(), FetchError> {
    if api::is_encoded(response) {
        return Err(FetchError::Encoded);
    }
    let range = response.headers().get(header::CONTENT_RANGE);
    let expected = format!("bytes {offset}-{}/{size}", size.saturating_sub(1));
    let fits = match response.status() {
        StatusCode::PARTIAL_CONTENT => range.is_some_and(|range| range == expected.as_str()),
        StatusCode::OK => offset == 0,
        _ => false,
    };
    if !fits {
        return Err(FetchError::WrongRange);
    }
    match response.content_length() {
        Some(length) if length != size.saturating_sub(offset) => Err(FetchError::WrongLength),
        Some(_) | None => Ok(()),
    }
}

/// A body that must keep coming.
struct Body {
    response: Response,
    idle: Duration,
    window_began: Instant,
    window_bytes: u64,
}

impl Body {
    fn new(response: Response, idle: Duration) -> Self {
        Self {
            response,
            idle,
            window_began: Instant::now(),
            window_bytes: 0,
        }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, FetchError> {
        let Ok(piece) = tokio::time::timeout(self.idle, self.response.chunk()).await else {
            return Err(FetchError::Slow);
        };
        let piece = piece
            .context("the body was cut")
            .map_err(FetchError::Network)?;
        let length = piece.as_ref().map_or(0, Bytes::len);
        self.window_bytes += u64::try_from(length).unwrap_or(0);
        if self.window_began.elapsed() > self.idle {
            if self.window_bytes < LEAST_BYTES_PER_S.saturating_mul(self.idle.as_secs()) {
                return Err(FetchError::Slow);
            }
            (self.window_began, self.window_bytes) = (Instant::now(), 0);
        }
        Ok(piece)
    }
}

/// Cuts a body into chunks. An incomplete chunk is dropped.
struct Cutter {
    chunk_bytes: usize,
    rest: u64,
    chunk: Vec<u8>,
    chunks: mpsc::Sender<Bytes>,
}

impl Cutter {
    async fn take_all(&mut self, body: &mut Body) -> Result<(), FetchError> {
        while self.rest > 0 {
            let Some(mut piece) = body.next().await? else {
                return Ok(());
            };
            while self.rest > 0 && !piece.is_empty() {
                if !self.take(&mut piece).await {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Takes what fits into the current chunk; `false`: nobody wants chunks any more.
    async fn take(&mut self, piece: &mut Bytes) -> bool {
        let whole = usize::try_from(self.rest).unwrap_or(usize::MAX);
        let missing =
            self.chunk_bytes.min(self.chunk.len().saturating_add(whole)) - self.chunk.len();
        let taken = piece.split_to(missing.min(piece.len()));
        if self.chunk.is_empty() {
            self.chunk.reserve_exact(missing);
        }
        self.chunk.extend_from_slice(&taken);
        self.rest -= u64::try_from(taken.len()).unwrap_or(self.rest);
        if taken.len() < missing {
            return true;
        }
        let chunk = std::mem::take(&mut self.chunk);
        self.chunks.send(chunk.into()).await.is_ok()
    }
}

/// The part of a blob that is on the disk: whole chunks, each of them good.
struct Part {
    asset: Asset,
    list: ChunkList,
    folder: PathBuf,
    file: File,
    offset: u64,
    whole: Context,
}

impl Part {
    /// Opens the part of `asset` and keeps as much of it as is good.
    fn open(folder: &Path, asset: Asset, list: ChunkList) -> Result<Self, FetchError> {
        let path = part_path(folder, asset.sha256);
        let file = open_part(&path).map_err(FetchError::Disk)?;
        let mut part = Self {
            asset,
            list,
            folder: folder.to_owned(),
            file,
            offset: 0,
            whole: Context::new(&SHA256),
        };
        part.resume().map_err(|source| {
            let path = part.path();
            FetchError::Disk(FileError::Read { path, source })
        })?;
        Ok(part)
    }

    fn path(&self) -> PathBuf {
        part_path(&self.folder, self.asset.sha256)
    }

    fn rest(&self) -> u64 {
        self.asset.size_bytes.saturating_sub(self.offset)
    }

    fn next_chunk(&self) -> u64 {
        self.offset / u64::from(self.asset.chunk_bytes.get())
    }

    fn resume(&mut self) -> std::io::Result<()> {
        let mut buffer = Vec::new();
        while let Some((_, length)) = self.asset.chunk_range(self.next_chunk()) {
            if self.rest() == 0 {
                break;
            }
            buffer.clear();
            let read = (&mut self.file)
                .take(u64::from(length))
                .read_to_end(&mut buffer)?;
            let is_whole = u32::try_from(read) == Ok(length);
            if !is_whole || self.list.get(self.next_chunk()) != Some(digest_of(&buffer)) {
                break;
            }
            self.whole.update(&buffer);
            self.offset += u64::from(length);
        }
        self.file.set_len(self.offset)?;
        self.file.seek(SeekFrom::Start(self.offset)).map(drop)
    }

    /// Checks and writes chunks as they come; the digest of the whole is reckoned beside it.
    fn write(mut self, mut chunks: mpsc::Receiver<Bytes>) -> Result<Self, FetchError> {
        let whole = self.whole.clone();
        let (good, to_hash) = sync_channel::<Bytes>(MAX_AHEAD);
        std::thread::scope(|scope| {
            let hasher = scope.spawn(move || hash_all(whole, &to_hash));
            let written = self.write_all(&mut chunks, &good);
            drop((good, chunks));
            let Ok(whole) = hasher.join() else {
                return Err(FetchError::WrongWhole);
            };
            self.whole = whole;
            written
        })?;
        Ok(self)
    }

    fn write_all(
        &mut self,
        chunks: &mut mpsc::Receiver<Bytes>,
        good: &SyncSender<Bytes>,
    ) -> Result<(), FetchError> {
        while let Some(bytes) = chunks.blocking_recv() {
            let chunk = self.next_chunk();
            if self.list.get(chunk) != Some(digest_of(&bytes)) {
                return Err(FetchError::WrongChunk { chunk });
            }
            self.file.write_all(&bytes).map_err(|source| {
                let path = self.path();
                FetchError::Disk(FileError::Write { path, source })
            })?;
            self.offset += u64::try_from(bytes.len()).unwrap_or(0);
            if good.send(bytes).is_err() {
                return Err(FetchError::WrongWhole);
            }
        }
        Ok(())
    }

    /// Gives the part, now whole, its name.
    fn into_blob(self) -> Result<(), FetchError> {
        let path = self.path();
        if finish(self.whole.clone()) != self.asset.sha256 {
            drop(std::fs::remove_file(&path));
            return Err(FetchError::WrongWhole);
        }
        let read_only = std::fs::Permissions::from_mode(0o444);
        self.file
            .set_permissions(read_only)
            .and_then(|()| self.file.sync_all())
            .map_err(|source| FetchError::Disk(FileError::Write { path, source }))?;
        let blob = blob_path(&self.folder, self.asset.sha256);
        file::rename_durably(&self.path(), &blob).map_err(FetchError::Disk)
    }
}

fn hash_all(mut whole: Context, chunks: &Receiver<Bytes>) -> Context {
    while let Ok(chunk) = chunks.recv() {
        whole.update(&chunk);
    }
    whole
}

fn digest_of(bytes: &[u8]) -> Digest {
    let mut context = Context::new(&SHA256);
    context.update(bytes);
    finish(context)
}

/// Opens a part for reading and writing, alone. What is there and is not a regular file is removed.
fn open_part(path: &Path) -> Result<File, FileError> {
    let is_file = path.symlink_metadata().map(|meta| meta.is_file());
    if matches!(is_file, Ok(false)) {
        std::fs::remove_file(path).map_err(|source| failed(path, source))?;
    }
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file: File = rustix::fs::open(path, flags, Mode::from_raw_mode(0o600))
        .map_err(|errno| failed(path, errno.into()))?
        .into();
    rustix::fs::flock(&file, FlockOperation::LockExclusive)
        .map_err(|errno| failed(path, errno.into()))?;
    if is_still_at(&file, path) {
        Ok(file)
    } else {
        Err(failed(path, std::io::ErrorKind::ResourceBusy.into()))
    }
}

/// Whether `path` still names `file`: whoever held it before may have given it another name.
fn is_still_at(file: &File, path: &Path) -> bool {
    let there = path.symlink_metadata().map(|meta| (meta.dev(), meta.ino()));
    let here = file.metadata().map(|meta| (meta.dev(), meta.ino()));
    matches!((there, here), (Ok(there), Ok(here)) if there == here)
}

fn failed(path: &Path, source: std::io::Error) -> FileError {
    FileError::Open {
        path: path.to_owned(),
        source,
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FetchError> + Send + 'static,
) -> Result<T, FetchError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| FetchError::Network(error.into()))?
}
