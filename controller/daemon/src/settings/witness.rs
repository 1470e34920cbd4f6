//! What a witness needs: whose silence to raise the alarm about, and how.

use super::notices::{self, NoticeSettings};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cotmoc_proto::crypto::{Algorithm, public_key};
use cotmoc_proto::time::{Millis, SECOND};
use cotmoc_service::config::{Mistakes, Reader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

const DATA: &str = "/var/lib/cotmoc/witness";

/// The settings of a witness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessSettings {
    pub data: PathBuf,
    pub listen: SocketAddr,
    /// The key of the controller's beacons, as SubjectPublicKeyInfo.
    pub controller: Vec<u8>,
    pub silent_ms: Millis,
    pub repeat_ms: Millis,
    pub notices: NoticeSettings,
}

impl WitnessSettings {
    /// The settings of the file `config`.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn read(config: &Path) -> Result<Self, Mistakes> {
        let mut reader = Reader::open(config);
        let notices = notices::read(&mut reader);
        let listen = reader.required("listen", "an IP address and port, for example 0.0.0.0:8445");
        let controller = key(&mut reader);
        let mut seconds = |key: &str, default: u64| {
            let found = reader.within(key, default, 1..=3_600);
            i64::try_from(found).unwrap_or(180) * SECOND
        };
        let (silent_ms, repeat_ms) = (seconds("silent_s", 180), seconds("repeat_s", 600));
        let goes_somewhere = notices
            .routes
            .iter()
            .any(|route| route.way.reaches("") || !route.to.is_empty());
        if !goes_somewhere {
            let expected = "at least one route with \"to\": a witness that cannot call is none";
            reader.mistake("notices.routes", None, expected);
        }
        let data = reader.path("data", DATA);
        let settings = listen.zip(controller).map(|(listen, controller)| Self {
            data,
            listen,
            controller,
            silent_ms,
            repeat_ms,
            notices,
        });
        reader.finish_with(settings)
    }
}

fn key(reader: &mut Reader) -> Option<Vec<u8>> {
    let expected = "the line in the file beacon.pub of the controller's data folder";
    let text: String = reader.required("controller_key", expected)?;
    let spki = STANDARD.decode(text.trim()).ok();
    let spki = spki.filter(|spki| public_key(Algorithm::EcdsaP256Sha256, spki).is_some());
    if spki.is_none() {
        reader.mistake("controller_key", Some(format!("{text:?}")), expected);
    }
    spki
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_file_lacks_only_the_key_and_the_secret_of_its_owner() {
        let shipped =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/config.d/witness.toml");
        let Mistakes(mistakes) = WitnessSettings::read(&shipped).unwrap_err();
        let keys: Vec<_> = mistakes
            .iter()
            .map(|mistake| mistake.key.as_str())
            .collect();
        assert_eq!(keys, ["controller_key"]);
    }
}
