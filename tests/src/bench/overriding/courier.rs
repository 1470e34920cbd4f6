//! The agent's end of the wall's socket, as far as a wall needs it: it says when there is something
//! new in the inbox, and takes what the wall reports.

use cotmoc_link::{AgentMessage, FromScreen, ScreenMessage, ScreenSender, Server, What};
use std::path::Path;
use tokio::runtime::Runtime;

/// Serves until dropped.
#[derive(Debug)]
pub struct Courier {
    sender: ScreenSender,
    _runtime: Runtime,
}

impl Courier {
    /// Opens the socket.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub fn start(socket: &Path) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let mut server = runtime.block_on(Server::bind(socket, "bench"))?;
        let sender = server.sender();
        let answers = sender.clone();
        runtime.spawn(async move {
            while let Some(happening) = server.next().await {
                answer(&answers, happening);
            }
        });
        Ok(Self {
            sender,
            _runtime: runtime,
        })
    }

    /// Says that the inbox has changed.
    pub fn look(&self) {
        self.sender.look();
    }
}

fn answer(sender: &ScreenSender, FromScreen { screen, what }: FromScreen) {
    if let What::Said(ScreenMessage::Record(record)) = what {
        sender.say(screen, AgentMessage::Stored { id: record.id });
    }
}
