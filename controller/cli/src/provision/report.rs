//! The report of a board for the acceptance file: what it is, what was done, what it showed. Markdown, in
//! Vietnamese with English under it; and the same as JSON.

use super::act::Card;
use super::found::Found;
use super::plan::Trouble;
use super::prove::{Proof, Verdict};
use super::wanted::Wanted;
use cotmoc_proto::TimeMs;
use cotmoc_proto::window::OperatingWindow;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Everything a report says.
#[derive(Debug)]
pub struct Report<'r> {
    pub wanted: &'r Wanted,
    pub found: &'r Found,
    pub board: &'r str,
    pub host_keys: &'r [String],
    pub at: TimeMs,
    /// What was done, in both languages.
    pub done: &'r [(String, String)],
    pub troubles: &'r [Trouble],
    pub card: Option<&'r Card>,
    pub proofs: &'r [Proof],
}

impl Report<'_> {
    /// Whether nothing is bad.
    pub fn is_good(&self) -> bool {
        self.proofs
            .iter()
            .all(|proof| proof.verdict != Verdict::Bad)
    }

    /// As JSON.
    pub fn json(&self) -> Value {
        let done: Vec<&str> = self.done.iter().map(|(_, en)| en.as_str()).collect();
        let troubles: Vec<&str> = self.troubles.iter().map(|one| one.en.as_str()).collect();
        json!({
            "board": self.board, "device": self.wanted.device, "channel": self.wanted.channel,
            "site": self.wanted.site, "at_ms": self.at, "model": self.found.model,
            "key": self.found.device_key, "host_keys": self.host_keys, "packages": self.found.packages,
            "done": done, "remarks": troubles, "test_card": self.card, "proofs": self.proofs,
            "good": self.is_good(),
        })
    }

    /// As a text to print and sign.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let at = OperatingWindow::default().zone.format(self.at);
        let device = &self.wanted.device;
        // A String takes everything.
        writeln!(
            text,
            "# Biên bản nghiệm thu kỹ thuật · Technical acceptance: {device}\n"
        )
        .ok();
        for (label, value) in self.facts(&at) {
            writeln!(text, "- {label}: {value}").ok();
        }
        section(&mut text, "Đã làm · Done", self.done.iter().cloned());
        if let Some(card) = self.card {
            section(
                &mut text,
                "Hình và tiếng thử · Test picture and tone",
                [words(card)],
            );
        }
        let proofs = self.proofs.iter().map(|proof| {
            let mark = match proof.verdict {
                Verdict::Good => "✓",
                Verdict::Remark => "!",
                Verdict::Bad => "✗",
            };
            (format!("{mark} {}", proof.vi), proof.en.clone())
        });
        section(&mut text, "Kiểm tra · Proofs", proofs);
        let troubles = self
            .troubles
            .iter()
            .map(|one| (one.vi.clone(), one.en.clone()));
        section(&mut text, "Lưu ý · Remarks", troubles);
        let verdict = if self.is_good() {
            "\n**Đạt · Passed**\n"
        } else {
            "\n**Chưa đạt · Not passed**\n"
        };
        text.push_str(verdict);
        text.push_str(
            "\nKỹ thuật viên · Technician: ..............................\n\n\
             Người nhận bàn giao · Received by: ..............................\n",
        );
        text
    }

    fn facts(&self, at: &str) -> Vec<(&'static str, String)> {
        let found = self.found;
        let displays: Vec<String> = found
            .displays
            .iter()
            .filter(|display| display.is_connected)
            .map(|display| {
                format!(
                    "{} ({}, {})",
                    display.connector, display.driver, display.mode
                )
            })
            .collect();
        let version = found.packages.get("cotmoc-player").cloned();
        vec![
            ("Lúc · At", at.to_owned()),
            (
                "Máy · Board",
                format!("{}, {} ({})", self.board, found.model, found.arch),
            ),
            (
                "Hệ điều hành · System",
                format!("{} {}", found.os, found.os_version),
            ),
            (
                "Địa bàn, kênh · Site, channel",
                format!("{}, {}", self.wanted.site, self.wanted.channel),
            ),
            (
                "Khoá thiết bị (SHA-256) · Device key",
                found
                    .device_key
                    .map(|key| key.to_string())
                    .unwrap_or_default(),
            ),
            (
                "Khoá máy chủ SSH · SSH host keys",
                self.host_keys.join(", "),
            ),
            ("Phiên bản · Version", version.unwrap_or_default()),
            ("Màn hình · Display", displays.join(", ")),
            ("Âm thanh · Sound", found.sound.join(", ")),
            ("GPIO", found.gpio.join(", ")),
            ("Watchdog", found.watchdogs.join(", ")),
            ("RTC", found.rtc.join(", ")),
        ]
    }
}

/// What a test card says for itself.
pub fn words(card: &Card) -> (String, String) {
    let Card {
        frames,
        width,
        height,
        ..
    } = card;
    let (vi, en) = match card.sound {
        Some(true) => ("có tiếng", "with sound"),
        Some(false) => ("KHÔNG có tiếng", "WITHOUT sound"),
        None => ("không đặt âm thanh", "no sound configured"),
    };
    (
        format!("Ngõ ra đã chiếu {frames} khung hình {width}×{height}, {vi}"),
        format!("The output presented {frames} frames of {width}×{height}, {en}"),
    )
}

fn section(text: &mut String, heading: &str, lines: impl IntoIterator<Item = (String, String)>) {
    let mut lines = lines.into_iter().peekable();
    if lines.peek().is_none() {
        return;
    }
    writeln!(text, "\n## {heading}\n").ok();
    for (vi, en) in lines {
        writeln!(text, "- {vi}  \n  {en}").ok();
    }
}
