//! The players that people would take instead, each as its manual says for playing without a gap.

use crate::bench::media::Clip;
use std::path::Path;
use std::process::Command;

/// A player that takes a list of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    Mpv,
    Vlc,
    GstPlay,
    GstPlayGapless,
    GstPlay3Gapless,
}

pub const ALL: [Peer; 5] = [
    Peer::Mpv,
    Peer::Vlc,
    Peer::GstPlay,
    Peer::GstPlayGapless,
    Peer::GstPlay3Gapless,
];

impl Peer {
    /// Its key in the report.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Mpv => "mpv",
            Self::Vlc => "vlc",
            Self::GstPlayGapless => "gst_play_gapless",
            Self::GstPlay => "gst_play",
            Self::GstPlay3Gapless => "gst_play_playbin3_gapless",
        }
    }

    /// Its name in the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mpv => "mpv --prefetch-playlist --gapless-audio",
            Self::Vlc => "VLC",
            Self::GstPlayGapless => "gst-play-1.0 --gapless",
            Self::GstPlay => "gst-play-1.0",
            Self::GstPlay3Gapless => "gst-play-1.0 --gapless --use-playbin3",
        }
    }

    /// Whether it can show this medium as the others do.
    #[must_use]
    pub const fn can_show(self, clip: &Clip) -> bool {
        match self {
            Self::Mpv => true,
            // Its X11 output does not scale.
            Self::Vlc => !clip.is_scaled,
            // It has no duration for stills, and gives each size a window of its own.
            Self::GstPlay | Self::GstPlayGapless | Self::GstPlay3Gapless => {
                !clip.is_scaled && !clip.is_still()
            }
        }
    }

    /// The command that plays `clips` once, with `home` as a folder for its settings.
    #[must_use]
    pub fn command<'c>(
        self,
        clips: impl Iterator<Item = &'c Clip>,
        display: &str,
        home: &Path,
    ) -> Command {
        let mut command = match self {
            Self::Mpv => mpv(),
            Self::Vlc => vlc(),
            Self::GstPlayGapless => gst_play(&["--gapless"]),
            Self::GstPlay => gst_play(&[]),
            Self::GstPlay3Gapless => gst_play(&["--gapless", "--use-playbin3"]),
        };
        command
            .args(clips.map(|clip| &clip.path))
            .env("DISPLAY", display)
            .env("HOME", home)
            .env("XDG_RUNTIME_DIR", home)
            .env_remove("WAYLAND_DISPLAY");
        command
    }
}

fn mpv() -> Command {
    let mut mpv = Command::new("mpv");
    mpv.args(["--no-config", "--really-quiet", "--no-osc", "--osd-level=0"])
        .args(["--prefetch-playlist=yes", "--gapless-audio=yes"])
        .args(["--vo=x11", "--ao=pulse", "--hwdec=no", "--no-border"])
        .args(["--geometry=1280x720+0+0", "--keepaspect-window=no"])
        .args(["--image-display-duration=1", "--stop-screensaver=no"]);
    mpv
}

/// VLC refuses to run as root.
#[must_use]
pub fn lesser_vlc() -> Command {
    if !rustix::process::geteuid().is_root() {
        return Command::new("vlc");
    }
    let mut lesser = Command::new("setpriv");
    lesser.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "vlc"]);
    lesser
}

fn vlc() -> Command {
    let mut vlc = lesser_vlc();
    vlc.args([
        "--intf=dummy",
        "--quiet",
        "--no-osd",
        "--no-video-title-show",
    ])
    .args(["--no-video-deco", "--vout=xcb_x11", "--aout=pulse"])
    .args(["--avcodec-hw=none", "--image-duration=1", "--play-and-exit"])
    .args(["--no-media-library", "--no-auto-preparse", "--no-spu"]);
    vlc
}

fn gst_play(options: &[&str]) -> Command {
    let mut gst_play = Command::new("gst-play-1.0");
    gst_play
        .args(["--no-interactive", "--quiet", "--videosink=ximagesink"])
        .arg("--audiosink=pulsesink")
        .args(options);
    gst_play
}
