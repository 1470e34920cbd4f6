//! The one task that owns a modem: it opens the line, sends what is asked, reads what comes in, and
//! brings the modem back when it fails. Whoever asks is answered in any case.

use super::at::News;
use super::call::{Call, Outcome, Patience};
use super::pdu::{self, Incoming};
use super::remedy::{self, Remedy};
use super::session::{self, Link, Session};
use super::words::Trouble;
use super::{CallJob, Health, Inbound, TextJob};
use crate::clock;
use crate::notices::send::Sent;
use crate::settings::ModemSettings;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const LOOK: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_secs(1);
const KEEP: Duration = Duration::from_secs(10);
const POWER: Duration = Duration::from_secs(60);
/// Looks in a row without SIM or network after which the modem is reset.
const MOST_BAD: u32 = 10;

/// Everything about one modem.
#[derive(Debug)]
pub struct Owner {
    pub settings: ModemSettings,
    pub texts: mpsc::Receiver<TextJob>,
    pub calls: mpsc::Receiver<CallJob>,
    pub health: watch::Sender<Health>,
    pub inbox: mpsc::Sender<Inbound>,
}

impl Owner {
    /// Works until `stop`.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut failures = 0;
        loop {
            let trouble = tokio::select! {
                () = stop.cancelled() => return,
                trouble = self.open_and_serve(&mut failures) => trouble,
            };
            self.is_ill(&trouble);
            failures += 1;
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.recover(failures, &trouble) => {}
            }
        }
    }

    async fn open_and_serve(&mut self, failures: &mut u32) -> Trouble {
        let mut session = match Session::open(&self.settings).await {
            Ok(session) => session,
            Err(trouble) => return trouble,
        };
        let mut tick = tokio::time::interval(LOOK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut bad = 0;
        loop {
            let done = tokio::select! {
                _ = tick.tick() => self.look(&mut session, (failures, &mut bad)).await,
                Some(job) = self.texts.recv() => self.text(&mut session, job).await,
                Some(job) = self.calls.recv() => self.call(&mut session, job).await,
                news = session.news() => match news {
                    Ok(news) => self.hear(&mut session, news).await,
                    Err(trouble) => Err(trouble),
                },
            };
            if let Err(trouble) = done {
                return trouble;
            }
        }
    }

    /// An error ends the session.
    async fn look(
        &mut self,
        session: &mut Session,
        (failures, bad): (&mut u32, &mut u32),
    ) -> Result<(), Trouble> {
        match session.look().await {
            Ok(link) => {
                (*failures, *bad) = (0, 0);
                self.is_well(link);
                self.fetch(session).await
            }
            Err(trouble) if trouble.is_of_the_line() => Err(trouble),
            Err(trouble) => {
                self.is_ill(&trouble);
                *bad += 1;
                if *bad < MOST_BAD {
                    Ok(())
                } else {
                    Err(trouble)
                }
            }
        }
    }

    async fn hear(&mut self, session: &mut Session, news: News) -> Result<(), Trouble> {
        match news {
            News::Stored => self.fetch(session).await,
            News::Report(hex) => {
                match pdu::read(&hex) {
                    Ok(incoming) => drop(self.hand_in(incoming).await),
                    Err(error) => {
                        tracing::warn!(%error, "a report of a delivery is not understood")
                    }
                }
                Ok(())
            }
            News::Key(_) | News::Ended(_) | News::Other => Ok(()),
        }
    }

    /// Hands in what is stored; what is safe elsewhere is deleted here.
    async fn fetch(&mut self, session: &mut Session) -> Result<(), Trouble> {
        for (place, incoming) in session.stored().await? {
            if self.hand_in(incoming).await {
                session.delete(place).await?;
            }
        }
        Ok(())
    }

    async fn hand_in(&self, incoming: Incoming) -> bool {
        let (done, kept) = oneshot::channel();
        let inbound = Inbound {
            modem: self.settings.name.clone(),
            incoming,
            done,
        };
        let handing = async {
            self.inbox.send(inbound).await.ok()?;
            kept.await.ok()
        };
        tokio::time::timeout(KEEP, handing)
            .await
            .ok()
            .flatten()
            .unwrap_or(false)
    }

    async fn text(&mut self, session: &mut Session, job: TextJob) -> Result<(), Trouble> {
        let sending = async {
            if !self.health.borrow().is_well() {
                let link = session.look().await?;
                self.is_well(link);
            }
            session.send(&job.to, &job.text, job.alphabet).await
        };
        match sending.await {
            Ok(references) => {
                let references: Vec<String> = references.iter().map(u8::to_string).collect();
                let reference = Some(references.join(","));
                job.answer(Sent::Accepted { reference });
                Ok(())
            }
            Err(trouble) => {
                job.answer(sent_of(&trouble));
                if trouble.is_of_the_line() {
                    Err(trouble)
                } else {
                    Ok(())
                }
            }
        }
    }

    async fn call(&mut self, session: &mut Session, job: CallJob) -> Result<(), Trouble> {
        match self.speak(session, &job).await {
            Ok(outcome) => {
                job.answer(self.sent_of_call(outcome));
                Ok(())
            }
            Err(trouble) => {
                job.answer(sent_of(&trouble));
                if trouble.is_of_the_line() {
                    Err(trouble)
                } else {
                    Ok(())
                }
            }
        }
    }

    /// Calls. Texts that are asked for meanwhile do not wait for its end.
    async fn speak(&mut self, session: &mut Session, job: &CallJob) -> Result<Outcome, Trouble> {
        let begun = Instant::now();
        let mut call = Call::new(Patience {
            ring: self.settings.ring,
            talk: self.settings.talk,
        });
        session.dial(&job.to).await?;
        loop {
            let is_new = call.look(session.call().await?, begun.elapsed());
            while let Some(news) = session.said() {
                call.hear(&news);
            }
            if is_new && let Some(say) = &self.settings.say {
                let command = say.replace("{text}", &spoken(&job.text));
                if let Err(trouble) = session.command(&command).await {
                    tracing::warn!(%trouble, "the modem did not speak the text");
                }
            }
            if let Some(outcome) = call.outcome(begun.elapsed()) {
                session.hang_up().await?;
                return Ok(outcome);
            }
            tokio::select! {
                () = tokio::time::sleep(POLL) => {}
                Some(text) = self.texts.recv() => self.text(session, text).await?,
            }
        }
    }

    fn sent_of_call(&self, outcome: Outcome) -> Sent {
        match outcome {
            Outcome::Answered => Sent::Accepted {
                reference: Some("answered".to_owned()),
            },
            Outcome::Confirmed => Sent::Confirmed {
                reference: Some("answered".to_owned()),
                by: "key 1".to_owned(),
            },
            Outcome::Unanswered(ended) => Sent::Later {
                error: remedy::unanswered(ended, self.settings.ring),
                after: None,
            },
        }
    }

    fn is_well(&self, link: Link) {
        let was_ill = self
            .health
            .send_if_modified(|health| health.is_well_now(link, clock::now()));
        if was_ill {
            tracing::info!(modem = self.settings.name, "the modem is ready");
        }
    }

    fn is_ill(&self, trouble: &Trouble) {
        let is_new = self
            .health
            .send_if_modified(|health| health.is_ill_now(trouble, clock::now()));
        if is_new {
            tracing::warn!(modem = self.settings.name, %trouble, "nothing leaves by the modem");
        }
    }

    /// Does what may help, and waits; whoever asks meanwhile hears why not.
    async fn recover(&mut self, failures: u32, trouble: &Trouble) {
        let (remedy, wait) = remedy::after(failures);
        tracing::info!(
            modem = self.settings.name,
            ?remedy,
            "the modem is brought back"
        );
        match remedy {
            Remedy::Reopen => {}
            Remedy::Reset => {
                if let Err(trouble) = session::reset(&self.settings).await {
                    tracing::debug!(%trouble, "the modem could not be reset");
                }
            }
            Remedy::PowerCycle => self.power_cycle().await,
        }
        let end = Instant::now() + wait;
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(end) => return,
                Some(job) = self.texts.recv() => job.answer(sent_of(trouble)),
                Some(job) = self.calls.recv() => job.answer(sent_of(trouble)),
            }
        }
    }

    async fn power_cycle(&self) {
        let Some((program, arguments)) = self.settings.power_cycle.split_first() else {
            return;
        };
        let mut command = Command::new(program);
        command
            .args(arguments)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        match tokio::time::timeout(POWER, command.output()).await {
            Ok(Ok(output)) if output.status.success() => {
                tracing::warn!(
                    modem = self.settings.name,
                    "the modem's power was switched off and on"
                );
            }
            Ok(Ok(output)) => {
                let said = String::from_utf8_lossy(&output.stderr).into_owned();
                tracing::error!(program, status = %output.status, said, "the modem's power could not be switched");
            }
            Ok(Err(error)) => {
                tracing::error!(%error, program, "the command that switches the modem's power cannot be started")
            }
            Err(_elapsed) => tracing::error!(
                program,
                "the command that switches the modem's power does not end"
            ),
        }
    }
}

fn sent_of(trouble: &Trouble) -> Sent {
    if trouble.is_of_the_number() {
        Sent::never(trouble)
    } else {
        Sent::later(trouble)
    }
}

/// What may stand between quotes in a command.
fn spoken(text: &str) -> String {
    let legal = |c: &char| c.is_ascii_alphanumeric() || " .,:/-".contains(*c);
    text.chars()
        .map(|c| if c == '\n' { ' ' } else { c })
        .filter(legal)
        .collect()
}
