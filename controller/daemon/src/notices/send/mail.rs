//! Mail over SMTP. The Message-ID is the notice's key: whoever gets a repetition sees that it is one.

use super::{Letter, Sent, secret};
use crate::settings::{Security, Smtp};
use anyhow::Context as _;
use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};

const SENDER: &str = "Cột Mốc";

/// A mail server that takes mail from here.
#[derive(Debug)]
pub struct Mailer {
    from: Address,
    smtp: AsyncSmtpTransport<Tokio1Executor>,
}

impl Mailer {
    pub fn open(settings: &Smtp) -> anyhow::Result<Self> {
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.server)
            .port(settings.port)
            .hello_name(own_name())
            .tls(tls(settings)?);
        if let (Some(user), Some(file)) = (&settings.user, &settings.password_file) {
            builder = builder.credentials(Credentials::new(user.clone(), secret(file)?));
        }
        Ok(Self {
            from: settings.from.clone(),
            smtp: builder.build(),
        })
    }

    pub async fn send(&self, letter: &Letter<'_>) -> Sent {
        let message = match self.message(letter) {
            Ok(message) => message,
            Err(error) => return Sent::never(format!("{error:#}")),
        };
        match self.smtp.send(message).await {
            Ok(response) => Sent::Accepted {
                reference: response.first_line().map(str::to_owned),
            },
            Err(error) if error.is_permanent() => Sent::never(error),
            Err(error) => Sent::later(error),
        }
    }

    fn message(&self, letter: &Letter<'_>) -> anyhow::Result<Message> {
        let notice = letter.notice;
        let to: Address = notice.address.parse().context("the address is not one")?;
        let generated = HeaderName::new_from_ascii_str("Auto-Submitted");
        Message::builder()
            .from(Mailbox::new(Some(SENDER.to_owned()), self.from.clone()))
            .to(Mailbox::new(None, to))
            .subject(&notice.subject)
            .message_id(Some(format!("<{}@{}>", notice.key, self.from.domain())))
            .raw_header(HeaderValue::new(generated, "auto-generated".to_owned()))
            .header(ContentType::TEXT_PLAIN)
            .body(letter.body.clone())
            .context("the mail cannot be written")
    }
}

/// This machine's name, if a mail server takes it as one.
fn own_name() -> ClientId {
    let name = rustix::system::uname();
    let name = name.nodename().to_string_lossy();
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    if !name.is_empty() && name.chars().all(legal) {
        ClientId::Domain(name.into_owned())
    } else {
        ClientId::default()
    }
}

fn tls(settings: &Smtp) -> anyhow::Result<Tls> {
    let parameters = || -> anyhow::Result<TlsParameters> {
        let mut parameters = TlsParameters::builder(settings.server.clone());
        if let Some(file) = &settings.ca_file {
            let pem = cotmoc_service::file::read_at_most(file, 1 << 20)?;
            parameters = parameters.add_root_certificate(Certificate::from_pem(&pem)?);
        }
        Ok(parameters.build()?)
    };
    Ok(match settings.security {
        Security::Tls => Tls::Wrapper(parameters()?),
        Security::Starttls => Tls::Required(parameters()?),
        Security::None => Tls::None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::NoticeRow;
    use cotmoc_proto::{Digest, TimeMs};

    fn notice(address: &str, subject: &str) -> NoticeRow {
        NoticeRow {
            id: 1,
            key: "k".to_owned(),
            incident: String::new(),
            stage: String::new(),
            recipient: String::new(),
            channel: "mail".to_owned(),
            route: "mail".to_owned(),
            address: address.to_owned(),
            subject: subject.to_owned(),
            body: String::new(),
            token_sha256: Digest::of(b""),
            code: None,
            created_ms: TimeMs(0),
            due_ms: TimeMs(0),
            attempts: 1,
            state: "leased".parse().unwrap(),
            accepted_ms: None,
            delivered_ms: None,
            confirmed_ms: None,
            confirmed_by: None,
            provider_ref: None,
            last_error: None,
        }
    }

    fn mailer() -> Mailer {
        Mailer::open(&Smtp {
            server: "localhost".to_owned(),
            port: 25,
            security: Security::None,
            from: "cotmoc@example.vn".parse().unwrap(),
            user: None,
            password_file: None,
            ca_file: None,
        })
        .unwrap()
    }

    fn written(address: &str, subject: &str) -> anyhow::Result<Message> {
        let notice = notice(address, subject);
        let body = "\r\n.\r\nRCPT TO:<x@y.vn>\r\n\u{1a}Bcc: x@y.vn".to_owned();
        mailer().message(&Letter {
            notice: &notice,
            body,
            link: None,
        })
    }

    #[tokio::test]
    async fn t53_neither_subject_nor_text_nor_address_adds_a_header_or_a_recipient() {
        for address in [
            "x@y.vn\r\nRCPT TO:<z@y.vn>",
            "x@y.vn, z@y.vn",
            "X <x@y.vn>",
            "<x@y.vn>",
            "x@y.vn\0",
        ] {
            assert!(written(address, "s").is_err(), "{address:?}");
        }
        for subject in ["a\r\nBcc: z@y.vn", "a\nBcc: z@y.vn", "Sự cố\r\n\r\nz"] {
            let message = written("x@y.vn", subject).unwrap();
            assert_eq!(message.envelope().to().len(), 1);
            let bytes = String::from_utf8(message.formatted()).unwrap();
            let (head, _body) = bytes.split_once("\r\n\r\n").unwrap();
            let names: Vec<_> = head
                .split("\r\n")
                .filter(|line| !line.starts_with([' ', '\t']))
                .filter_map(|line| line.split_once(':'))
                .map(|(name, _)| name)
                .collect();
            let expected = [
                "From",
                "To",
                "Subject",
                "Message-ID",
                "Auto-Submitted",
                "Content-Type",
                "Date",
                "Content-Transfer-Encoding",
            ];
            for name in &names {
                assert!(expected.contains(name), "{name} in {head}");
            }
        }
    }
}
