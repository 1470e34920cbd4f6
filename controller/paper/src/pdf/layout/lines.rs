//! Planner: breaks a text into lines between its words, and a word that is longer than a line between its
//! letters.

use crate::content::Style;
use crate::pdf::fonts::Faces;

/// How a text is set.
pub(super) struct Set {
    pub style: Style,
    pub size: f32,
    pub width: f32,
    /// What the first line leaves free.
    pub indent: f32,
}

pub(super) struct Broken {
    pub text: String,
    pub width: f32,
}

/// At least one line, as wide as its words and the spaces between them.
pub(super) fn broken(faces: &Faces<'_>, text: &str, set: &Set) -> Vec<Broken> {
    let measure = |text: &str| faces.width(text, set.style, set.size);
    let space = measure(" ");
    let mut lines = Vec::new();
    let mut line = Broken::empty();
    let mut room = set.width - set.indent;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        for part in parts(word, set.width, &measure) {
            let width = measure(&part);
            let joined = if line.text.is_empty() {
                width
            } else {
                line.width + space + width
            };
            if joined > room && !line.text.is_empty() {
                lines.push(std::mem::replace(&mut line, Broken::empty()));
                room = set.width;
            }
            line.add(&part, width, space);
        }
    }
    lines.push(line);
    lines
}

impl Broken {
    const fn empty() -> Self {
        Self {
            text: String::new(),
            width: 0.0,
        }
    }

    fn add(&mut self, word: &str, width: f32, space: f32) {
        if !self.text.is_empty() {
            self.text.push(' ');
            self.width += space;
        }
        self.text.push_str(word);
        self.width += width;
    }
}

/// A word, or the pieces of one that no line holds.
fn parts(word: &str, most: f32, measure: &impl Fn(&str) -> f32) -> Vec<String> {
    if measure(word) <= most {
        return vec![word.to_owned()];
    }
    let mut parts = Vec::new();
    let mut part = String::new();
    for letter in word.chars() {
        part.push(letter);
        if measure(&part) > most && part.chars().count() > 1 {
            part.pop();
            parts.push(std::mem::replace(&mut part, letter.to_string()));
        }
    }
    parts.push(part);
    parts
}
