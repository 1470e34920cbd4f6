//! Whether a board's decoders take a picture.

use super::board::{Ability, Board, Decoder};
use super::probe::Picture;
use super::reason::PictureReason;
use cotmoc_proto::media::MAX_PICTURE_PX;

/// The shortest and the longest edge of a picture that may be added, in pixels.
pub const EDGE_PX: std::ops::RangeInclusive<u32> = 16..=16_384;
const MILLION: u64 = 1_000_000;

/// What there is to say about a still.
pub fn still(picture: &Picture, board: &Board) -> Vec<PictureReason> {
    let mut all = Vec::new();
    let most = MAX_PICTURE_PX.min(board.abilities.max_still_mpx.saturating_mul(MILLION));
    all.extend(unusable_size(picture, most));
    all
}

/// What there is to say about a film's picture.
pub fn moving(picture: &Picture, board: &Board) -> Vec<PictureReason> {
    let mut all = Vec::new();
    all.extend(unusable_size(picture, MAX_PICTURE_PX));
    all.extend(decoders(picture, board));
    let depth = picture.format.as_ref().map_or(8, |format| format.depth);
    if depth > 8 {
        all.push(PictureReason::ShownInEightBits { depth });
    }
    if let Some(transfer) = picture.hdr.clone() {
        all.push(PictureReason::Hdr { transfer });
    }
    if picture.is_interlaced {
        all.push(PictureReason::Interlaced);
    }
    let degrees = picture.turned_degrees.rem_euclid(360);
    if degrees != 0 {
        all.push(PictureReason::Turned { degrees });
    }
    let (width_px, height_px) = (picture.width_px, picture.height_px);
    if width_px % 2 == 1 || height_px % 2 == 1 {
        all.push(PictureReason::OddSize {
            width_px,
            height_px,
        });
    }
    all
}

fn unusable_size(picture: &Picture, most_px: u64) -> Option<PictureReason> {
    let (width_px, height_px) = (picture.width_px, picture.height_px);
    let pixels = u64::from(width_px) * u64::from(height_px);
    if pixels == 0 {
        // It does not say; decoding it tells.
        return None;
    }
    let fits = EDGE_PX.contains(&width_px) && EDGE_PX.contains(&height_px) && pixels <= most_px;
    (!fits).then_some(PictureReason::UnusableSize {
        width_px,
        height_px,
        most_mpx: most_px / MILLION,
    })
}

/// The ability that takes it best decides; where none takes it, the one that is nearest.
fn decoders(picture: &Picture, board: &Board) -> Vec<PictureReason> {
    let codec = &picture.codec.name;
    let able = board
        .abilities
        .video
        .iter()
        .filter(|one| one.codec == *codec);
    let best = able
        .map(|ability| (objections(picture, ability), ability.decoder))
        .min_by_key(|(against, decoder)| (against.len(), *decoder == Decoder::Software));
    let codec = codec.clone();
    match best {
        None => vec![PictureReason::CodecNotPlayed { codec }],
        Some((against, Decoder::Software)) if against.is_empty() && board.has_hardware() => {
            vec![PictureReason::InSoftware { codec }]
        }
        Some((against, _decoder)) => against,
    }
}

fn objections(picture: &Picture, ability: &Ability) -> Vec<PictureReason> {
    let mut all = kind(picture, ability);
    let (width_px, height_px) = (picture.width_px, picture.height_px);
    let (most_width_px, most_height_px) = (ability.max_width_px, ability.max_height_px);
    if width_px > most_width_px || height_px > most_height_px {
        all.push(PictureReason::TooLarge {
            width_px,
            height_px,
            most_width_px,
            most_height_px,
        });
    }
    let mfps = picture.mfps.unwrap_or_default();
    // Rates such as 60.06 come from rounding in cameras.
    if mfps > u64::from(ability.max_fps) * 1_010 {
        all.push(PictureReason::TooFast {
            mfps,
            most_fps: ability.max_fps,
        });
    }
    let pixels = u64::from(width_px) * u64::from(height_px);
    let mpx_s = pixels.saturating_mul(mfps) / 1_000 / MILLION;
    if mpx_s > ability.max_mpx_s {
        all.push(PictureReason::TooHeavy {
            mpx_s,
            most_mpx_s: ability.max_mpx_s,
        });
    }
    let mbps = picture.bits_per_s.unwrap_or_default() / MILLION;
    if mbps > ability.max_mbps {
        all.push(PictureReason::TooManyBits {
            mbps,
            most_mbps: ability.max_mbps,
        });
    }
    all
}

/// What is against the way it is coded.
fn kind(picture: &Picture, ability: &Ability) -> Vec<PictureReason> {
    let mut all = Vec::new();
    if let Some(format) = &picture.format {
        if !ability.depths.contains(&format.depth) {
            let depth = format.depth;
            all.push(PictureReason::DepthNotPlayed { depth });
        }
        if !ability.chroma.iter().any(|chroma| chroma == format.chroma) {
            let chroma = format.chroma;
            all.push(PictureReason::ChromaNotPlayed { chroma });
        }
    }
    let profile = picture.codec.profile.as_ref();
    if let Some(profile) = profile.filter(|name| !takes_profile(ability, name)) {
        let codec = picture.codec.name.clone();
        let profile = profile.clone();
        all.push(PictureReason::ProfileNotPlayed { codec, profile });
    }
    if let (Some(level), Some(most)) = (picture.codec.level, ability.max_level)
        && level > most
    {
        all.push(PictureReason::LevelTooHigh { level, most });
    }
    all
}

fn takes_profile(ability: &Ability, name: &str) -> bool {
    ability.profiles.is_empty() || ability.profiles.iter().any(|known| known == name)
}
