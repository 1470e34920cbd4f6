//! The engine's set-up from the wall's settings.

use crate::director::offset_ns;
use crate::pipeline::{EngineConfig, Patience};
use crate::settings::Settings;
use cotmoc_player_core::clock::Belief;

/// Shown whenever nothing signed can be: built in, so that it needs neither disk nor network.
const FACTORY_SLIDE_PNG: &[u8] = include_bytes!("../assets/factory-slide.png");

/// How the engine is to run, with the time that is believed at its start.
#[must_use]
pub fn engine(settings: &Settings, belief: Belief) -> EngineConfig {
    EngineConfig {
        width: settings.width_px,
        height: settings.height_px,
        rate: settings.rate,
        outputs: settings.outputs.clone(),
        path: settings.path,
        audio: settings.audio.clone(),
        volume: settings.volume,
        standby_png: FACTORY_SLIDE_PNG.into(),
        offset_ns: offset_ns(belief).unwrap_or_default(),
        patience: Patience::default(),
        witness: None,
    }
}
