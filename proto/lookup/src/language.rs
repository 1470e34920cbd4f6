//! The three languages of the kiosk, and what is shown where a translation is missing: the next
//! language with a label, never a machine's translation.

use serde::{Deserialize, Serialize};

/// A language of the kiosk, as in BCP 47.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    Vi,
    Zh,
    En,
}

impl Language {
    /// All three, in the order in which they stand on the screen.
    pub const ALL: [Self; 3] = [Self::Vi, Self::Zh, Self::En];

    /// The languages to show a visitor of this language, the best first.
    #[must_use]
    pub const fn fallbacks(self) -> [Self; 3] {
        match self {
            Self::Vi => [Self::Vi, Self::En, Self::Zh],
            Self::Zh => [Self::Zh, Self::En, Self::Vi],
            Self::En => [Self::En, Self::Vi, Self::Zh],
        }
    }

    /// The tag for the page's `lang` attribute.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Vi => "vi",
            Self::Zh => "zh-Hans",
            Self::En => "en",
        }
    }

    /// What to tell a reader of this language above a text in language `shown`; nothing if it is
    /// the reader's own.
    #[must_use]
    pub const fn label_for(self, shown: Self) -> Option<&'static str> {
        match (self, shown) {
            (Self::Vi, Self::Vi) | (Self::Zh, Self::Zh) | (Self::En, Self::En) => None,
            (Self::Vi, Self::Zh) => Some("Chưa có bản tiếng Việt, hiển thị bản tiếng Trung"),
            (Self::Vi, Self::En) => Some("Chưa có bản tiếng Việt, hiển thị bản tiếng Anh"),
            (Self::Zh, Self::Vi) => Some("暂无中文，显示越南文"),
            (Self::Zh, Self::En) => Some("暂无中文，显示英文"),
            (Self::En, Self::Vi) => Some("Not yet in English, shown in Vietnamese"),
            (Self::En, Self::Zh) => Some("Not yet in English, shown in Chinese"),
        }
    }
}

impl std::fmt::Display for Language {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Vi => "vi",
            Self::Zh => "zh",
            Self::En => "en",
        })
    }
}

/// The same thing in the languages it exists in. Vietnamese always exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Localized<T> {
    pub vi: T,
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub zh: Option<T>,
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub en: Option<T>,
}

/// What a visitor sees, and in which language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Shown<T> {
    pub value: T,
    pub language: Language,
    /// Shown above a text that is not in the language asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<&'static str>,
}

impl<T> Localized<T> {
    /// The translation into `language`, if there is one.
    #[must_use]
    pub const fn get(&self, language: Language) -> Option<&T> {
        match language {
            Language::Vi => Some(&self.vi),
            Language::Zh => self.zh.as_ref(),
            Language::En => self.en.as_ref(),
        }
    }

    /// Every translation that there is.
    pub fn iter(&self) -> impl Iterator<Item = (Language, &T)> {
        Language::ALL
            .into_iter()
            .filter_map(|language| Some((language, self.get(language)?)))
    }

    /// What a reader of `language` sees of the part that `pick` takes out of a translation: the
    /// first of the reader's languages that has it.
    pub fn shown<'a, U>(
        &'a self,
        language: Language,
        pick: impl Fn(&'a T) -> Option<U>,
    ) -> Option<Shown<U>> {
        language.fallbacks().into_iter().find_map(|shown| {
            Some(Shown {
                value: pick(self.get(shown)?)?,
                language: shown,
                label: language.label_for(shown),
            })
        })
    }
}

impl Localized<String> {
    /// What a reader of `language` sees; the Vietnamese text, even an empty one, if nothing else.
    #[must_use]
    pub fn text(&self, language: Language) -> Shown<&str> {
        let filled = |text: &'_ String| !text.is_empty();
        self.shown(language, |text| filled(text).then_some(text.as_str()))
            .unwrap_or(Shown {
                value: &self.vi,
                language: Language::Vi,
                label: language.label_for(Language::Vi),
            })
    }
}

const fn none<T>() -> Option<T> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(vi: &str, zh: Option<&str>, en: Option<&str>) -> Localized<String> {
        Localized {
            vi: vi.to_owned(),
            zh: zh.map(str::to_owned),
            en: en.map(str::to_owned),
        }
    }

    #[test]
    fn a_missing_translation_is_replaced_by_the_next_language_with_a_label() {
        let cases = [
            (
                name("Chợ", Some("市场"), Some("Market")),
                ["Chợ", "市场", "Market"],
                [false; 3],
            ),
            (
                name("Chợ", None, Some("Market")),
                ["Chợ", "Market", "Market"],
                [false, true, false],
            ),
            (
                name("Chợ", Some("市场"), None),
                ["Chợ", "市场", "Chợ"],
                [false, false, true],
            ),
            (
                name("Chợ", Some(""), None),
                ["Chợ", "Chợ", "Chợ"],
                [false, true, true],
            ),
        ];
        for (texts, shown, labelled) in cases {
            for ((language, want), label) in Language::ALL.into_iter().zip(shown).zip(labelled) {
                let got = texts.text(language);
                assert_eq!(got.value, want, "{texts:?} {language}");
                assert_eq!(got.label.is_some(), label, "{texts:?} {language}");
            }
        }
    }

    #[test]
    fn every_language_falls_back_to_every_other_and_says_so() {
        for language in Language::ALL {
            let mut order = language.fallbacks();
            assert_eq!(order[0], language);
            order.sort();
            assert_eq!(order, Language::ALL);
            for shown in Language::ALL {
                assert_eq!(language.label_for(shown).is_none(), language == shown);
            }
        }
    }
}
