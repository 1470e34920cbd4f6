//! What there is to say about a picture.

use super::{Remedy, Severity, Words};
use serde::Serialize;

/// What there is to say about a picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum PictureReason {
    #[serde(rename = "no-picture")]
    Missing,
    CodecNotPlayed {
        codec: String,
    },
    ProfileNotPlayed {
        codec: String,
        profile: String,
    },
    /// In tenths.
    LevelTooHigh {
        level: u32,
        most: u32,
    },
    DepthNotPlayed {
        depth: u32,
    },
    ChromaNotPlayed {
        chroma: &'static str,
    },
    UnusableSize {
        width_px: u32,
        height_px: u32,
        most_mpx: u64,
    },
    TooLarge {
        width_px: u32,
        height_px: u32,
        most_width_px: u32,
        most_height_px: u32,
    },
    TooFast {
        mfps: u64,
        most_fps: u32,
    },
    TooHeavy {
        mpx_s: u64,
        most_mpx_s: u64,
    },
    TooManyBits {
        mbps: u64,
        most_mbps: u64,
    },
    Cmyk,
    AnimationNotPlayed,
    FirstPictureOnly,
    InSoftware {
        codec: String,
    },
    ShownInEightBits {
        depth: u32,
    },
    Hdr {
        transfer: String,
    },
    Interlaced,
    Turned {
        degrees: i64,
    },
    ExifTurned {
        orientation: u8,
    },
    OddSize {
        width_px: u32,
        height_px: u32,
    },
    #[serde(rename = "several-pictures")]
    Several {
        count: usize,
    },
    SizeChanges {
        size_changes: u64,
    },
}

impl PictureReason {
    pub fn severity(&self) -> Severity {
        match self {
            Self::Missing
            | Self::CodecNotPlayed { .. }
            | Self::ProfileNotPlayed { .. }
            | Self::LevelTooHigh { .. }
            | Self::DepthNotPlayed { .. }
            | Self::ChromaNotPlayed { .. }
            | Self::UnusableSize { .. }
            | Self::TooLarge { .. }
            | Self::TooFast { .. }
            | Self::TooHeavy { .. }
            | Self::TooManyBits { .. }
            | Self::Cmyk
            | Self::AnimationNotPlayed => Severity::Stop,
            Self::FirstPictureOnly
            | Self::InSoftware { .. }
            | Self::ShownInEightBits { .. }
            | Self::Hdr { .. }
            | Self::Interlaced
            | Self::Turned { .. }
            | Self::ExifTurned { .. }
            | Self::OddSize { .. }
            | Self::Several { .. }
            | Self::SizeChanges { .. } => Severity::Remark,
        }
    }

    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Missing | Self::AnimationNotPlayed | Self::FirstPictureOnly => {
                Remedy::ExportAgain
            }
            Self::OddSize { .. } | Self::ShownInEightBits { .. } => Remedy::Nothing,
            Self::CodecNotPlayed { .. }
            | Self::ProfileNotPlayed { .. }
            | Self::LevelTooHigh { .. }
            | Self::DepthNotPlayed { .. }
            | Self::ChromaNotPlayed { .. }
            | Self::UnusableSize { .. }
            | Self::TooLarge { .. }
            | Self::TooFast { .. }
            | Self::TooHeavy { .. }
            | Self::TooManyBits { .. }
            | Self::Cmyk
            | Self::InSoftware { .. }
            | Self::Hdr { .. }
            | Self::Interlaced
            | Self::Turned { .. }
            | Self::ExifTurned { .. }
            | Self::Several { .. }
            | Self::SizeChanges { .. } => Remedy::Convert,
        }
    }

    pub fn words(&self) -> Words {
        self.limit().unwrap_or_else(|| self.trait_of_the_picture())
    }

    /// What a board's decoders do not take.
    #[expect(clippy::too_many_lines, reason = "a table: one row for each reason")]
    fn limit(&self) -> Option<Words> {
        Some(match self {
            Self::CodecNotPlayed { codec } => Words::new(
                format!("loại máy này không giải mã được {codec}"),
                format!("this board does not decode {codec}"),
            ),
            Self::ProfileNotPlayed { codec, profile } => Words::new(
                format!("loại máy này không giải mã được {codec} kiểu {profile}"),
                format!("this board does not decode {codec} of profile {profile}"),
            ),
            Self::LevelTooHigh { level, most } => {
                let (level, most) = (tenths(*level), tenths(*most));
                Words::new(
                    format!("mức {level} cao hơn mức {most} mà máy giải mã được"),
                    format!("level {level} is over the {most} that the board decodes"),
                )
            }
            Self::DepthNotPlayed { depth } => Words::new(
                format!("hình {depth} bit, loại máy này không giải mã được"),
                format!("{depth}-bit pictures are not decoded by this board"),
            ),
            Self::ChromaNotPlayed { chroma } => Words::new(
                format!("lấy mẫu màu {chroma}, loại máy này không giải mã được"),
                format!("colour sampling {chroma} is not decoded by this board"),
            ),
            Self::TooLarge {
                width_px,
                height_px,
                most_width_px,
                most_height_px,
            } => Words::new(
                format!(
                    "hình {width_px}×{height_px} lớn hơn {most_width_px}×{most_height_px} mà máy giải mã được"
                ),
                format!(
                    "{width_px}×{height_px} is over the {most_width_px}×{most_height_px} that the board decodes"
                ),
            ),
            Self::TooFast { mfps, most_fps } => {
                let fps = thousandths(*mfps);
                Words::new(
                    format!("{fps} hình/giây, máy chỉ theo kịp {most_fps}"),
                    format!("{fps} frames per second; the board keeps up with {most_fps}"),
                )
            }
            Self::TooHeavy { mpx_s, most_mpx_s } => Words::new(
                format!(
                    "hình lớn và nhanh quá: {mpx_s} triệu điểm ảnh/giây, máy theo kịp {most_mpx_s}"
                ),
                format!(
                    "too large and fast together: {mpx_s} million pixels per second; the board keeps up with {most_mpx_s}"
                ),
            ),
            Self::TooManyBits { mbps, most_mbps } => Words::new(
                format!("{mbps} Mbit/giây, máy theo kịp {most_mbps}"),
                format!("{mbps} Mbit per second; the board keeps up with {most_mbps}"),
            ),
            Self::UnusableSize {
                width_px,
                height_px,
                most_mpx,
            } => Words::new(
                format!(
                    "cỡ {width_px}×{height_px} không dùng được: mỗi cạnh từ 16 đến 16384, nhiều nhất {most_mpx} triệu điểm ảnh"
                ),
                format!(
                    "{width_px}×{height_px} cannot be used: edges of 16 to 16384 and at most {most_mpx} million pixels"
                ),
            ),
            Self::Missing
            | Self::Cmyk
            | Self::AnimationNotPlayed
            | Self::FirstPictureOnly
            | Self::InSoftware { .. }
            | Self::ShownInEightBits { .. }
            | Self::Hdr { .. }
            | Self::Interlaced
            | Self::Turned { .. }
            | Self::ExifTurned { .. }
            | Self::OddSize { .. }
            | Self::Several { .. }
            | Self::SizeChanges { .. } => return None,
        })
    }

    #[expect(clippy::too_many_lines, reason = "a table: one row for each reason")]
    fn trait_of_the_picture(&self) -> Words {
        match self {
            Self::Cmyk => Words::new(
                "ảnh JPEG hệ màu in CMYK, màn hình không phát được",
                "a JPEG in printing inks (CMYK); walls do not show it",
            ),
            Self::AnimationNotPlayed => Words::new(
                "WebP động, màn hình không phát được; hãy xuất thành phim MP4",
                "an animated WebP; walls do not show it: export it as an MP4 film",
            ),
            Self::FirstPictureOnly => Words::new(
                "PNG động: chỉ hình đầu tiên được chiếu; muốn có chuyển động hãy xuất thành phim MP4",
                "an animated PNG: only its first picture is shown; export it as an MP4 film to see it move",
            ),
            Self::InSoftware { codec } => Words::new(
                format!(
                    "{codec} phải giải mã bằng phần mềm trên máy này; nóng máy hơn, có thể rớt hình"
                ),
                format!(
                    "{codec} is decoded in software on this board: more heat, frames may be lost"
                ),
            ),
            Self::ShownInEightBits { depth } => Words::new(
                format!("hình {depth} bit được chiếu ở 8 bit"),
                format!("{depth}-bit pictures are shown in 8 bits"),
            ),
            Self::Hdr { transfer } => Words::new(
                format!("phim HDR ({transfer}): màu trên màn hình sẽ nhạt"),
                format!("high dynamic range ({transfer}): its colours look pale on the wall"),
            ),
            Self::Interlaced => Words::new(
                "hình xen dòng (interlaced): mép vật chuyển động bị răng cưa",
                "interlaced: moving edges show combs",
            ),
            Self::Turned { degrees } => Words::new(
                format!(
                    "phim quay ngang máy, cần xoay {degrees}°; màn hình không xoay nên hình sẽ nằm sai hướng"
                ),
                format!(
                    "it must be turned by {degrees}°; the wall does not turn it, so it lies on its side"
                ),
            ),
            Self::ExifTurned { orientation } => Words::new(
                format!(
                    "ảnh có hướng xoay EXIF {orientation}; màn hình không xoay nên ảnh sẽ nằm sai hướng"
                ),
                format!(
                    "EXIF orientation {orientation}: the wall does not turn it, so it lies on its side"
                ),
            ),
            Self::OddSize {
                width_px,
                height_px,
            } => Words::new(
                format!("cạnh lẻ {width_px}×{height_px}: mất một hàng điểm màu ở mép"),
                format!("odd size {width_px}×{height_px}: one line of colour at the edge is lost"),
            ),
            Self::Several { count } => Words::new(
                format!("tệp có {count} luồng hình; chỉ luồng đầu được phát"),
                format!("it has {count} picture streams; only the first is played"),
            ),
            Self::SizeChanges { size_changes } => Words::new(
                format!("cỡ hình đổi giữa phim {size_changes} lần"),
                format!("its pictures change their size {size_changes} times"),
            ),
            Self::Missing
            | Self::CodecNotPlayed { .. }
            | Self::ProfileNotPlayed { .. }
            | Self::LevelTooHigh { .. }
            | Self::DepthNotPlayed { .. }
            | Self::ChromaNotPlayed { .. }
            | Self::UnusableSize { .. }
            | Self::TooLarge { .. }
            | Self::TooFast { .. }
            | Self::TooHeavy { .. }
            | Self::TooManyBits { .. } => Words::new("tệp không có hình", "it has no picture"),
        }
    }
}

fn tenths(value: u32) -> String {
    format!("{}.{}", value / 10, value % 10)
}

fn thousandths(value: u64) -> String {
    format!("{}.{:02}", value / 1_000, value % 1_000 / 10)
}
