//! Enrolment: the one-time token and the device's key become the device's certificate.

use crate::key::DeviceKey;
use crate::settings::Settings;
use crate::tls::{self, Floor};
use crate::{api, courier};
use anyhow::{Context as _, bail};
use cotmoc_proto::device::{EnrolRequest, EnrolResponse};
use cotmoc_service::file;
use std::io::{BufRead as _, Read as _};

/// The file that holds the device's certificate, in the agent's folder.
pub const CERTIFICATE: &str = "device.pem";
const MAX_TOKEN_BYTES: u64 = 1_024;
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// The token, read from standard input where it is "-".
///
/// # Errors
/// If standard input cannot be read or is empty.
pub fn given(token: String) -> anyhow::Result<String> {
    if token != "-" {
        return Ok(token);
    }
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .take(MAX_TOKEN_BYTES)
        .read_line(&mut line)?;
    if line.trim().is_empty() {
        bail!("no token came on standard input: give the one that \"cotmoc device enrol\" printed");
    }
    Ok(line)
}

/// Fetches the device's certificate with a one-time token and stores it.
///
/// # Errors
/// With the step that failed and what to do about it.
pub async fn enrol(settings: &Settings, token: &str) -> anyhow::Result<()> {
    let Some(enrol) = &settings.enrol else {
        bail!("the configuration has no key \"enrol\": add the address of the enrolment listener");
    };
    let key = DeviceKey::load_or_make(&settings.data)?;
    let floor = Floor::new(courier::factory_root(settings)?.issued_ms);
    let tls = tls::anonymous(&settings.server_ca, &floor)?;
    let request = EnrolRequest {
        device: settings.me.device.clone(),
        token: token.trim().to_owned(),
        csr_pem: key.request_pem(settings.me.device.as_str())?,
    };
    let response = api::client(tls, &settings.patience)?
        .post(enrol.at("/d/v1/enrol")?)
        .json(&request)
        .timeout(settings.patience.answer)
        .send()
        .await
        .context(
            "the controller's enrolment listener cannot be reached; is the token still alive?",
        )?;
    let status = response.status();
    let body = api::body_at_most(response, MAX_ANSWER_BYTES, settings.patience.idle).await?;
    if !status.is_success() {
        let text: String = String::from_utf8_lossy(&body).chars().take(500).collect();
        bail!("the controller refused the enrolment ({status}): {text}");
    }
    let answer: EnrolResponse =
        serde_json::from_slice(&body).context("the controller's answer cannot be read")?;
    if answer.channel != settings.me.channel {
        bail!(
            "the controller has this device in channel {}, the configuration in {}: correct one of them",
            answer.channel,
            settings.me.channel
        );
    }
    let path = settings.data.join(CERTIFICATE);
    tls::check_certificate(&key, &answer.certificate_pem, &path)?;
    file::write_durably(&path, answer.certificate_pem.as_bytes())?;
    tracing::info!(device = %settings.me.device, "the device is enrolled");
    Ok(())
}
