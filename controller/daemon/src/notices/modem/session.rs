//! A modem that answers: it is made ready, looked at, and given texts.

use super::at::{self, CallState, News};
use super::pdu::{self, Alphabet, Incoming};
use super::port::Port;
use super::words::{Refusal, Trouble};
use crate::settings::ModemSettings;
use std::time::Duration;

const QUICK: Duration = Duration::from_secs(3);
/// What asks the SIM or the network.
const SLOW: Duration = Duration::from_secs(10);
/// How often it is called at the beginning, and how long it may take to answer then.
const CALLS: usize = 3;
const CALL: Duration = Duration::from_secs(1);

/// An open line behind which a modem answers.
#[derive(Debug)]
pub struct Session {
    port: Port,
    send: Duration,
    init: Vec<String>,
    is_ready: bool,
    /// Ties the parts of a long text together.
    group: u8,
}

/// How a modem that works is connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub operator: String,
    /// `None`: the modem does not know.
    pub percent: Option<u8>,
}

impl Session {
    /// Opens the line and waits until the modem answers.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn open(settings: &ModemSettings) -> Result<Self, Trouble> {
        let mut port = Port::open(&settings.device, settings.baud)?;
        port.settle().await?;
        let mut answered = port.command("AT", CALL).await;
        for _ in 1..CALLS {
            if answered.is_ok() {
                break;
            }
            answered = port.command("AT", CALL).await;
        }
        answered?;
        port.command("ATE0", QUICK).await?;
        // Reasons as numbers; some know only words.
        unless_line(port.command("AT+CMEE=1", QUICK).await)?;
        Ok(Self {
            port,
            send: settings.send,
            init: settings.init.clone(),
            is_ready: false,
            group: 0,
        })
    }

    /// Whether SIM and network are there. What must be set is set as soon as they are.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn look(&mut self) -> Result<Link, Trouble> {
        self.sim().await?;
        let signal = at::signal(&self.port.command("AT+CSQ", QUICK).await?);
        let mut lines = unless_line(self.port.command("AT+CREG?", QUICK).await)?;
        if !at::is_registered(&lines) {
            lines = unless_line(self.port.command("AT+CEREG?", QUICK).await)?;
        }
        if !at::is_registered(&lines) {
            let signal = signal.map_or("?".to_owned(), |percent| format!("{percent} %"));
            return Err(Trouble::NoNetwork { signal });
        }
        if !self.is_ready {
            self.make_ready().await?;
            self.is_ready = true;
        }
        let operator = unless_line(self.port.command("AT+COPS?", SLOW).await)?;
        Ok(Link {
            operator: at::operator(&operator).unwrap_or_default(),
            percent: signal,
        })
    }

    async fn sim(&mut self) -> Result<(), Trouble> {
        match self.port.command("AT+CPIN?", SLOW).await {
            Ok(lines) if lines.iter().any(|line| line.contains("READY")) => Ok(()),
            Ok(_) => Err(Trouble::Locked),
            Err(Trouble::Refused {
                refusal: Refusal::Equipment(11 | 12 | 17 | 18),
                ..
            }) => Err(Trouble::Locked),
            Err(Trouble::Refused {
                refusal: Refusal::Equipment(10 | 13 | 15) | Refusal::Unnamed,
                ..
            }) => Err(Trouble::NoSim),
            Err(trouble) => Err(trouble),
        }
    }

    async fn make_ready(&mut self) -> Result<(), Trouble> {
        self.port.command("AT+CMGF=0", SLOW).await?;
        unless_line(self.port.command("AT+CSMS=1", SLOW).await)?;
        // New texts are stored and announced, reports of deliveries come at once. Not every modem can.
        let full = unless_line(self.port.command("AT+CNMI=2,1,0,1,0", SLOW).await);
        full?;
        for command in self.init.clone() {
            if let Err(trouble) = self.port.command(&command, SLOW).await {
                if trouble.is_of_the_line() {
                    return Err(trouble);
                }
                tracing::warn!(command, %trouble, "the modem does not take one of the configured commands");
            }
        }
        Ok(())
    }

    /// Sends `text`, in parts where it must be. The references of its parts.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn send(
        &mut self,
        to: &str,
        text: &str,
        alphabet: Alphabet,
    ) -> Result<Vec<u8>, Trouble> {
        self.group = self.group.wrapping_add(1);
        let mut references = Vec::new();
        for part in pdu::submit(to, text, alphabet, self.group) {
            let command = format!("AT+CMGS={}", part.octets);
            let lines = self.port.hand_over(&command, &part.hex, self.send).await?;
            references.extend(at::references(&lines));
        }
        Ok(references)
    }

    /// What has come in and is stored, with its places. What nobody can read is deleted.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn stored(&mut self) -> Result<Vec<(u16, Incoming)>, Trouble> {
        let lines = unless_line(self.port.command("AT+CMGL=4", SLOW).await)?;
        let mut all = Vec::new();
        for (place, hex) in at::stored(&lines) {
            match pdu::read(&hex) {
                Ok(incoming) => all.push((place, incoming)),
                Err(error) => {
                    tracing::warn!(%error, place, "a stored message is deleted unread");
                    self.delete(place).await?;
                }
            }
        }
        Ok(all)
    }

    /// Deletes what is stored there.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn delete(&mut self, place: u16) -> Result<(), Trouble> {
        let command = format!("AT+CMGD={place}");
        unless_line(self.port.command(&command, SLOW).await).map(drop)
    }

    /// Begins a voice call.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn dial(&mut self, to: &str) -> Result<(), Trouble> {
        while self.port.said().is_some() {}
        self.command(&format!("ATD{to};")).await
    }

    /// How far the call is.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn call(&mut self) -> Result<CallState, Trouble> {
        Ok(at::call(&self.port.command("AT+CLCC", QUICK).await?))
    }

    /// Ends every call.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn hang_up(&mut self) -> Result<(), Trouble> {
        match self.port.command("AT+CHUP", SLOW).await {
            Err(trouble) if !trouble.is_of_the_line() => {
                unless_line(self.port.command("ATH", SLOW).await).map(drop)
            }
            other => other.map(drop),
        }
    }

    /// Any other command.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn command(&mut self, command: &str) -> Result<(), Trouble> {
        self.port.command(command, SLOW).await.map(drop)
    }

    /// Waits until the modem says something by itself.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn news(&mut self) -> Result<News, Trouble> {
        self.port.news().await
    }

    /// What it has said by itself so far.
    pub fn said(&mut self) -> Option<News> {
        self.port.said()
    }
}

/// Starts the modem anew; it is gone for some seconds then.
pub async fn reset(settings: &ModemSettings) -> Result<(), Trouble> {
    let mut port = Port::open(&settings.device, settings.baud)?;
    port.settle().await?;
    port.command("AT+CFUN=1,1", QUICK).await.map(drop)
}

/// A refusal is an empty answer: not every modem knows every command.
fn unless_line(answer: Result<Vec<String>, Trouble>) -> Result<Vec<String>, Trouble> {
    match answer {
        Err(trouble) if !trouble.is_of_the_line() => Ok(Vec::new()),
        other => other,
    }
}
