//! A mail server that stops where the test says: before or after each word of SMTP (RFC 5321).

use crate::world::eventually;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What has just happened when it stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Connected,
    Greeted,
    Sender,
    Recipient,
    Announced,
    /// The mail is in the box, and the sender does not know.
    Stored,
    /// The sender may know.
    Answered,
}

impl Step {
    pub const ALL: [Self; 7] = [
        Self::Connected,
        Self::Greeted,
        Self::Sender,
        Self::Recipient,
        Self::Announced,
        Self::Stored,
        Self::Answered,
    ];
}

pub struct Postbox {
    pub port: u16,
    inner: Arc<Inner>,
}

struct Inner {
    mails: Mutex<Vec<String>>,
    stop_at: watch::Sender<Option<Step>>,
    is_stopped: watch::Sender<bool>,
}

impl Postbox {
    pub async fn start(stop_at: Option<Step>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let inner = Arc::new(Inner {
            mails: Mutex::default(),
            stop_at: watch::Sender::new(stop_at),
            is_stopped: watch::Sender::new(false),
        });
        let serving = Arc::clone(&inner);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let inner = Arc::clone(&serving);
                // A sender that is killed breaks off.
                tokio::spawn(async move { inner.talk(stream).await.ok() });
            }
        });
        Self { port, inner }
    }

    /// Waits until it has stopped.
    pub async fn has_stopped(&self, step: Step) {
        let mut stopped = self.inner.is_stopped.subscribe();
        eventually(
            &format!("the mail server stopped at {step:?}"),
            async || stopped.borrow_and_update().then_some(()),
        )
        .await;
    }

    /// Goes on, and stops no more or there.
    pub fn go_on(&self, stop_at: Option<Step>) {
        self.inner.is_stopped.send_replace(false);
        self.inner.stop_at.send_replace(stop_at);
    }

    /// Every mail that came.
    pub fn mails(&self) -> Vec<String> {
        self.inner.mails.lock().unwrap().clone()
    }
}

impl Inner {
    async fn at(&self, step: Step) {
        let mut stop_at = self.stop_at.subscribe();
        if *stop_at.borrow_and_update() == Some(step) {
            self.is_stopped.send_replace(true);
            stop_at.wait_for(|at| *at != Some(step)).await.unwrap();
        }
    }

    async fn talk(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut stream = BufReader::new(stream);
        self.at(Step::Connected).await;
        stream.write_all(b"220 postbox\r\n").await?;
        let mut line = String::new();
        loop {
            line.clear();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let word: String = line.chars().take(4).collect::<String>().to_uppercase();
            let (step, answer) = match word.as_str() {
                "EHLO" => (Step::Greeted, "250 postbox\r\n"),
                "MAIL" => (Step::Sender, "250 OK\r\n"),
                "RCPT" => (Step::Recipient, "250 OK\r\n"),
                "DATA" => (Step::Announced, "354 go on\r\n"),
                "QUIT" => return stream.write_all(b"221 bye\r\n").await,
                _ => {
                    stream.write_all(b"250 OK\r\n").await?;
                    continue;
                }
            };
            self.at(step).await;
            stream.write_all(answer.as_bytes()).await?;
            if step == Step::Announced {
                self.receive(&mut stream).await?;
            }
        }
    }

    async fn receive(&self, stream: &mut BufReader<TcpStream>) -> std::io::Result<()> {
        let mut mail = String::new();
        while !mail.ends_with("\r\n.\r\n") {
            if stream.read_line(&mut mail).await? == 0 {
                return Ok(());
            }
        }
        self.mails.lock().unwrap().push(mail);
        self.at(Step::Stored).await;
        stream.write_all(b"250 queued\r\n").await?;
        self.at(Step::Answered).await;
        Ok(())
    }
}
