//! Items of a programme: what they are called, where their media come from, when they are shown.

use super::reader::Section;
use super::values::{LanguageCode, LocalTime, Seconds};
use super::words::{self, say};
use super::{ItemPlan, MediaRef, mistake::Place, slides};
use cotmoc_proto::time::TimeMs;
use cotmoc_proto::window::Zone;
use std::path::{Path, PathBuf};

/// What reading an item needs to know.
pub struct Items<'f> {
    pub folder: &'f Path,
    pub zone: Zone,
}

impl Items<'_> {
    /// Items that fill a place of `size` pixels.
    pub fn read_all(&self, sections: Vec<Section<'_>>, size: (u32, u32)) -> Vec<ItemPlan> {
        sections
            .into_iter()
            .filter_map(|section| self.read(section, size))
            .collect()
    }

    /// An item that fills a place of `size` pixels.
    pub fn read(&self, section: Section<'_>, size: (u32, u32)) -> Option<ItemPlan> {
        self.item(section, Some(size))
    }

    /// An item that is heard.
    pub fn spoken(&self, section: Section<'_>) -> Option<ItemPlan> {
        self.item(section, None)
    }

    fn item(&self, section: Section<'_>, size: Option<(u32, u32)>) -> Option<ItemPlan> {
        let id = section.required("id", words::AN_ID);
        let title: Option<String> = section.required("title", words::TITLE);
        if title.as_ref().is_some_and(|title| title.trim().is_empty()) {
            section.mistake("title", words::missing(words::TITLE));
        }
        let media = match size.filter(|_size| section.has("slide")) {
            Some(size) => self.slide(&section, title.as_deref().unwrap_or_default(), size),
            None => self.media(&section),
        };
        let languages: Vec<_> = section
            .list::<LanguageCode>("languages", words::LANGUAGE)
            .into_iter()
            .map(|code| code.0)
            .collect();
        if languages.is_empty() {
            section.mistake(
                "languages",
                say(
                    "nêu ngôn ngữ trong hình, như [\"vi\", \"en\"]",
                    "name the languages on the picture, such as [\"vi\", \"en\"]",
                ),
            );
        }
        let dur: Option<Seconds> = section.maybe("dur_s", words::SECONDS);
        let (from_ms, to_ms) = self.span(&section);
        let (source, credit) = (section.text("source"), section.text("credit"));
        section.finish();
        let (place, media) = media?;
        Some(ItemPlan {
            place,
            id: id?,
            media,
            title: title?,
            languages,
            source,
            credit,
            dur_ms: dur.map(|seconds| seconds.0),
            from_ms,
            to_ms,
        })
    }

    /// `from` and `to`.
    pub fn span(&self, section: &Section<'_>) -> (Option<TimeMs>, Option<TimeMs>) {
        let time = |key| -> Option<TimeMs> {
            let time: LocalTime = section.maybe(key, words::A_LOCAL_TIME)?;
            Some(time.in_zone(&self.zone))
        };
        let span = (time("from"), time("to"));
        if matches!(span, (Some(from), Some(to)) if from >= to) {
            section.mistake("to", say("phải sau from", "must be after from"));
        }
        span
    }

    /// `file`, which must be there.
    pub fn file(&self, section: &Section<'_>) -> Option<(Place, MediaRef)> {
        let file: Option<PathBuf> = section.required("file", words::A_FILE);
        self.found(section, file?)
    }

    fn slide(
        &self,
        section: &Section<'_>,
        title: &str,
        size: (u32, u32),
    ) -> Option<(Place, MediaRef)> {
        for key in ["file", "sha256"] {
            let _given: Option<String> = section.maybe(key, words::A_FILE);
            if section.has(key) {
                section.mistake(
                    key,
                    say(
                        "mục này là trang chữ (slide): bỏ file và sha256",
                        "this item is a text slide: leave out file and sha256",
                    ),
                );
            }
        }
        let place = section.place("slide");
        let bytes = slides::read(section.section("slide")?, title, size)?;
        Some((place, MediaRef::Slide(bytes)))
    }

    fn media(&self, section: &Section<'_>) -> Option<(Place, MediaRef)> {
        let file: Option<PathBuf> = section.maybe("file", words::A_FILE);
        let asset = section.maybe("sha256", words::A_DIGEST);
        match (section.has("file"), section.has("sha256")) {
            (true, false) => self.found(section, file?),
            (false, true) => Some((section.place("sha256"), MediaRef::Asset(asset?))),
            (true, true) => {
                section.mistake(
                    "sha256",
                    say(
                        "dùng file hoặc sha256, không dùng cả hai",
                        "give either file or sha256, not both",
                    ),
                );
                None
            }
            (false, false) => {
                section.mistake("file", words::missing(words::A_FILE));
                None
            }
        }
    }

    fn found(&self, section: &Section<'_>, file: PathBuf) -> Option<(Place, MediaRef)> {
        let path = self.folder.join(file);
        if path.is_file() {
            return Some((section.place("file"), MediaRef::File(path)));
        }
        let shown = path.display();
        let said = if path.is_dir() {
            say(
                &format!("{shown} là thư mục, cần một tệp"),
                &format!("{shown} is a folder, expected a file"),
            )
        } else {
            say(
                &format!("không có tệp {shown}"),
                &format!("there is no file {shown}"),
            )
        };
        section.mistake("file", said);
        None
    }
}
