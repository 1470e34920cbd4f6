//! The one thread that writes: it takes what waits, at most 512 jobs, and commits them together.
//! Each job has a savepoint of its own, so that one that fails takes nothing else along. Nobody is
//! answered before the commit is on the disk.

use super::error::StoreError;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

const QUEUE: usize = 16_384;
const BATCH: usize = 512;

#[derive(Debug, Clone)]
pub(super) struct Writer {
    jobs: mpsc::Sender<Message>,
    ended: CancellationToken,
}

enum Message {
    Job(Box<dyn Job>),
    Stop,
}

/// A job between its run and the commit. It answers whoever waits for it.
trait Job: Send {
    /// Runs once; whether it did what it should.
    fn run(&mut self, connection: &Connection) -> bool;
    fn finish(self: Box<Self>, commit: Result<(), &rusqlite::Error>);
}

struct Pending<T, F> {
    job: Option<F>,
    outcome: Option<rusqlite::Result<T>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl Writer {
    pub(super) fn start(connection: Connection) -> std::io::Result<Self> {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let ended = CancellationToken::new();
        let guard = ended.clone().drop_guard();
        std::thread::Builder::new()
            .name("db-writer".to_owned())
            .spawn(move || {
                run(connection, queue);
                drop(guard);
            })?;
        Ok(Self { jobs, ended })
    }

    pub(super) fn ended(&self) -> CancellationToken {
        self.ended.clone()
    }

    pub(super) async fn close(&self) {
        if self.jobs.send(Message::Stop).await.is_ok() {
            self.ended.cancelled().await;
        }
    }

    pub(super) async fn write<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let pending = Pending {
            job: Some(job),
            outcome: None,
            reply,
        };
        self.jobs
            .try_send(Message::Job(Box::new(pending)))
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => StoreError::Busy,
                mpsc::error::TrySendError::Closed(_) => StoreError::Stopped,
            })?;
        answer.await.unwrap_or(Err(StoreError::Stopped))
    }
}

impl<T, F> Job for Pending<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> rusqlite::Result<T> + Send,
{
    fn run(&mut self, connection: &Connection) -> bool {
        self.outcome = self.job.take().map(|job| job(connection));
        matches!(self.outcome, Some(Ok(_)))
    }

    fn finish(self: Box<Self>, commit: Result<(), &rusqlite::Error>) {
        let answer = match (self.outcome, commit) {
            (Some(Ok(value)), Ok(())) => Ok(value),
            (Some(Err(source)), _) => Err(StoreError::Statement { source }),
            (_, Err(error)) => Err(StoreError::Commit {
                detail: error.to_string(),
            }),
            (None, Ok(())) => Err(StoreError::Stopped),
        };
        // Whoever asked may have gone; what was stored is stored.
        drop(self.reply.send(answer));
    }
}

fn run(connection: Connection, mut queue: mpsc::Receiver<Message>) {
    let mut stopping = false;
    while !stopping {
        let Some(first) = queue.blocking_recv() else {
            break;
        };
        let mut batch = Vec::new();
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Job(job) => batch.push(job),
                Message::Stop => stopping = true,
            }
            next = (batch.len() < BATCH && !stopping)
                .then(|| queue.try_recv().ok())
                .flatten();
        }
        commit_together(&connection, batch);
    }
    if let Err(error) = connection.execute_batch("PRAGMA wal_checkpoint (TRUNCATE);") {
        tracing::warn!(%error, "the database's journal could not be folded in at the end");
    }
}

fn commit_together(connection: &Connection, mut batch: Vec<Box<dyn Job>>) {
    let committed = run_all(connection, &mut batch);
    if let Err(error) = &committed {
        tracing::error!(
            %error,
            jobs = batch.len(),
            "nothing could be stored: the disk may be full or failing; devices keep their records and try again"
        );
        if !connection.is_autocommit()
            && let Err(error) = connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "the failed transaction could not be rolled back");
        }
    }
    for job in batch {
        job.finish(committed.as_ref().copied());
    }
}

fn run_all(connection: &Connection, batch: &mut [Box<dyn Job>]) -> rusqlite::Result<()> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    for job in batch {
        connection.execute_batch("SAVEPOINT job")?;
        if !job.run(connection) {
            connection.execute_batch("ROLLBACK TO job")?;
        }
        connection.execute_batch("RELEASE job")?;
    }
    connection.execute_batch("COMMIT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_job_that_fails_takes_no_other_along_and_everybody_is_answered() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch("CREATE TABLE t (n INTEGER UNIQUE) STRICT")
            .unwrap();
        let writer = Writer::start(connection).unwrap();
        let put = |n: i64| {
            writer.write(move |c| {
                c.execute("INSERT INTO t VALUES (?1)", [n])?;
                c.execute("INSERT INTO t VALUES (?1 / 10 * 10)", [n])
            })
        };
        // The second and third fail after their first statement; nothing of them may stay.
        let (a, b, c) = tokio::join!(put(11), put(12), put(13));
        assert!(a.is_ok() && b.is_err() && c.is_err());
        let count = writer
            .write(|c| c.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0)))
            .await;
        assert_eq!(count.unwrap(), 2);
        writer.close().await;
        assert!(matches!(put(30).await, Err(StoreError::Stopped)));
    }

    #[tokio::test]
    async fn what_finds_the_queue_full_is_refused_at_once_and_what_waits_is_done() {
        let connection = Connection::open_in_memory().unwrap();
        let writer = Writer::start(connection).unwrap();
        let (free, stuck) = std::sync::mpsc::channel::<()>();
        let (began, begun) = oneshot::channel();
        let own = writer.clone();
        let first = tokio::spawn(async move {
            own.write(move |_| {
                began.send(()).ok();
                stuck.recv().ok();
                Ok(())
            })
            .await
        });
        begun.await.unwrap();
        let waiting: Vec<_> = (0..QUEUE)
            .map(|_| {
                let writer = writer.clone();
                tokio::spawn(async move { writer.write(|_| Ok(())).await })
            })
            .collect();
        while writer.jobs.capacity() > 0 {
            tokio::task::yield_now().await;
        }
        assert!(matches!(
            writer.write(|_| Ok(())).await,
            Err(StoreError::Busy)
        ));
        free.send(()).unwrap();
        assert!(first.await.unwrap().is_ok());
        for one in waiting {
            assert!(one.await.unwrap().is_ok());
        }
    }
}
