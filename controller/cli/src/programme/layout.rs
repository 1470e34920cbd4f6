//! `[layout]`: the canvas, its zones, and what is drawn over them. What is not said is placed where
//! people expect it: the ticker along the lower edge, the clock in the upper right corner, the logo
//! in the upper left one.

use super::items::Items;
use super::reader::Section;
use super::slides::style;
use super::values::{ClockCode, LanguageCode, Percent};
use super::words::{self, say};
use super::{LayoutPlan, OverlayPlan};
use cotmoc_proto::layout::{
    Clock, ClockFormat, Layout, MAX_OVERLAYS, MAX_ZONES, Message, Overlay, Ticker, Zone,
};
use cotmoc_proto::style::{Area, Backing, Colour, TextStyle, Typeface};
use std::collections::BTreeSet;

const USUAL: (u32, u32) = (1920, 1080);

/// What reading a layout needs to know.
struct Canvas<'i> {
    width: u32,
    height: u32,
    items: &'i Items<'i>,
}

/// The layout; one zone over a canvas of 1920×1080 where nothing is said.
pub fn read(top: &Section<'_>, items: &Items<'_>) -> LayoutPlan {
    let Some(section) = top.section("layout") else {
        return full_screen(USUAL.0, USUAL.1);
    };
    let edge = |key| section.required(key, words::PIXELS);
    let (width, height) = (edge("width_px"), edge("height_px"));
    let canvas = Canvas {
        width: width.unwrap_or(USUAL.0),
        height: height.unwrap_or(USUAL.1),
        items,
    };
    let mut plan = full_screen(canvas.width, canvas.height);
    let is_canvas = match Layout::full_screen(canvas.width, canvas.height).defect() {
        None => true,
        Some(defect) => {
            section.mistake(
                "width_px",
                say("khung hình từ 16 đến 16384 điểm ảnh mỗi cạnh", &defect),
            );
            false
        }
    };
    let zones = section.sections("zone");
    let overlays = [
        section.sections("ticker"),
        section.sections("clock"),
        section.sections("logo"),
    ];
    if is_canvas {
        if !zones.is_empty() {
            plan.zones = canvas.zones(&section, zones);
        }
        let [tickers, clocks, logos] = overlays;
        let tickers = tickers.iter().filter_map(|one| canvas.ticker(one));
        plan.overlays.extend(tickers);
        let clocks = clocks.iter().filter_map(|one| canvas.clock(one));
        plan.overlays.extend(clocks);
        let logos = logos.iter().filter_map(|one| canvas.logo(one));
        plan.overlays.extend(logos);
        if plan.overlays.len() > MAX_OVERLAYS {
            section.mistake_here(say(
                &format!("nhiều nhất {MAX_OVERLAYS} dòng chữ chạy, đồng hồ và biểu trưng"),
                &format!("at most {MAX_OVERLAYS} tickers, clocks and logos"),
            ));
        }
    }
    section.finish();
    plan
}

fn full_screen(width_px: u32, height_px: u32) -> LayoutPlan {
    LayoutPlan {
        width_px,
        height_px,
        zones: Layout::full_screen(width_px, height_px).zones,
        overlays: Vec::new(),
    }
}

impl Canvas<'_> {
    fn zones(&self, layout: &Section<'_>, sections: Vec<Section<'_>>) -> Vec<Zone> {
        if sections.len() > MAX_ZONES {
            layout.mistake_here(say(
                &format!("nhiều nhất {MAX_ZONES} vùng hiển thị"),
                &format!("at most {MAX_ZONES} zones"),
            ));
        }
        let mut seen = BTreeSet::new();
        sections
            .iter()
            .filter_map(|section| {
                let id: Option<cotmoc_proto::ZoneId> = section.required("id", words::AN_ID);
                if let Some(id) = &id
                    && !seen.insert(id.clone())
                {
                    section.mistake("id", say("id này đã dùng", "another zone has this id"));
                }
                let edge = |key| section.required(key, words::PIXELS);
                let (x, y) = (edge("x_px"), edge("y_px"));
                let (width, height) = (edge("width_px"), edge("height_px"));
                section.check_known();
                let zone = Zone {
                    id: id?,
                    x_px: x?,
                    y_px: y?,
                    width_px: width?,
                    height_px: height?,
                };
                let alone = Layout {
                    zones: vec![zone.clone()],
                    ..self.empty()
                };
                self.tell(section, alone.defect());
                Some(zone)
            })
            .collect()
    }

    fn ticker(&self, section: &Section<'_>) -> Option<OverlayPlan> {
        let height = even(self.height / 12).max(32).min(even(self.height));
        let area = self.area(
            section,
            Area {
                x_px: 0,
                y_px: even(self.height - height),
                width_px: even(self.width),
                height_px: height,
            },
        );
        let (style, backing) = words_on(section, area);
        let speed_px_per_s = section.or("speed_px_per_s", words::SPEED, (self.width / 16).max(40));
        let messages: Vec<Message> = section
            .sections("message")
            .iter()
            .filter_map(|one| self.message(one))
            .collect();
        if !section.has("message") {
            section.mistake(
                "message",
                say(
                    "cần ít nhất một câu: [[layout.ticker.message]]",
                    "name at least one message: [[layout.ticker.message]]",
                ),
            );
            section.check_known();
            return None;
        }
        section.check_known();
        self.drawn(
            section,
            Overlay::Ticker(Ticker {
                area,
                style,
                backing,
                speed_px_per_s,
                messages,
            }),
        )
    }

    fn message(&self, section: &Section<'_>) -> Option<Message> {
        let text: Option<String> = section.required("text", words::TEXT);
        let language: Option<LanguageCode> = section.required("language", words::LANGUAGE);
        let (from_ms, to_ms) = self.items.span(section);
        section.check_known();
        Some(Message {
            text: text?,
            language: language?.0,
            from_ms,
            to_ms,
        })
    }

    fn clock(&self, section: &Section<'_>) -> Option<OverlayPlan> {
        let usual = ClockCode(ClockFormat::Time);
        let format = section.or("format", words::A_CLOCK, usual).0;
        let share = match format {
            ClockFormat::Time | ClockFormat::Seconds => 8,
            ClockFormat::Date => 6,
            ClockFormat::Weekday | ClockFormat::TimeAndDate => 4,
        };
        let width = even(self.width / share).max(16);
        let area = self.area(
            section,
            Area {
                x_px: even(self.width - width),
                y_px: 0,
                width_px: width,
                height_px: even(self.height / 12).max(16),
            },
        );
        let (style, backing) = words_on(section, area);
        section.check_known();
        self.drawn(
            section,
            Overlay::Clock(Clock {
                area,
                style,
                backing,
                format,
            }),
        )
    }

    fn logo(&self, section: &Section<'_>) -> Option<OverlayPlan> {
        let side = even(self.width.min(self.height) / 6).max(16);
        let margin = even(self.width.min(self.height) / 40);
        let area = self.area(
            section,
            Area {
                x_px: margin,
                y_px: margin,
                width_px: side,
                height_px: side,
            },
        );
        let usual = Percent::<0, 100>(100);
        let opacity = section.or("opacity_percent", words::PERCENT, usual);
        let media = self.items.file(section);
        section.check_known();
        self.tell(section, area.defect(self.width, self.height));
        let (place, media) = media?;
        Some(OverlayPlan::Logo {
            place,
            area,
            media,
            opacity_percent: opacity.byte(),
        })
    }

    fn area(&self, section: &Section<'_>, usual: Area) -> Area {
        Area {
            x_px: section.or("x_px", words::PIXELS, usual.x_px),
            y_px: section.or("y_px", words::PIXELS, usual.y_px),
            width_px: section.or("width_px", words::PIXELS, usual.width_px),
            height_px: section.or("height_px", words::PIXELS, usual.height_px),
        }
    }

    fn drawn(&self, section: &Section<'_>, overlay: Overlay) -> Option<OverlayPlan> {
        let alone = Layout {
            overlays: vec![overlay.clone()],
            ..self.empty()
        };
        self.tell(section, alone.defect());
        Some(OverlayPlan::Drawn(overlay))
    }

    fn empty(&self) -> Layout {
        Layout::full_screen(self.width, self.height)
    }

    /// What the rules of the release say against it, where it stands.
    fn tell(&self, section: &Section<'_>, defect: Option<String>) {
        if let Some(defect) = defect {
            section.mistake_here(say(
                &format!(
                    "không vừa khung hình {}×{} hoặc không đúng quy tắc",
                    self.width, self.height
                ),
                &defect,
            ));
        }
    }
}

/// How words look in `area`, and what lies behind them.
fn words_on(section: &Section<'_>, area: Area) -> (TextStyle, Backing) {
    let usual = TextStyle {
        typeface: Typeface::Sans,
        bold: true,
        size_px: (area.height_px * 6 / 10).clamp(8, 2_000),
        colour: Colour::WHITE,
    };
    let backing = Backing {
        colour: section.or("backing", words::A_COLOUR, Colour::BLACK),
        opacity_percent: section
            .or("backing_percent", words::PERCENT, Percent::<0, 100>(70))
            .byte(),
    };
    (style(section, &usual), backing)
}

const fn even(px: u32) -> u32 {
    px / 2 * 2
}
