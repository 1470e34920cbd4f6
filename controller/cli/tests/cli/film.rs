//! Films and other media as ffmpeg makes them.

use std::path::Path;
use std::process::Command;

/// A film of `width`×`height` that is `ms` long, without sound: few pictures, soon made.
pub fn mp4(width: u32, height: u32, ms: u32) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("film.mp4");
    let source = format!(
        "color=c=0x406080:s={width}x{height}:r=4:d={}.{:03}",
        ms / 1_000,
        ms % 1_000
    );
    let coding = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -threads 1 -bitexact \
                  -movflags +faststart";
    make(&file, &["-f", "lavfi", "-i", &source], coding);
    std::fs::read(file).unwrap()
}

/// Runs ffmpeg: `inputs` as they are, `coding` split at its spaces.
#[track_caller]
pub fn make(file: &Path, inputs: &[&str], coding: &str) {
    let ran = Command::new("ffmpeg")
        .args(["-nostdin", "-y", "-v", "error"])
        .args(inputs)
        .args(coding.split_whitespace())
        .arg(file)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{}: {said}", file.display());
}
