//! What notices say: one text per occasion for mail, sheets and webhooks, one for SMS. Each is a file;
//! those of the configured folder take the place of the built-in ones.

mod short;

pub use short::{Letters, Tail};

use super::plain::{SMS_SEPTETS, plain, septets};
use std::path::{Path, PathBuf};

/// Stands in a stored text until it is sent: the link itself is not stored.
pub const LINK: &str = "{link}";
/// The same for the code by which an SMS is answered.
pub const CODE: &str = "{code}";
const NAMES: [&str; 9] = [
    "{incident}",
    "{cluster}",
    "{cause}",
    "{cause_en}",
    "{occurred}",
    "{deadline}",
    "{parts}",
    "{parts_en}",
    "{note}",
];
const MAX_FILE_BYTES: u64 = 16 * 1_024;
const LONGEST_SUBJECT: usize = 200;

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// Nothing happened: the ways out are tried.
    Drill,
    /// To the operating unit, when an incident opens.
    Opened,
    /// To whoever comes next, while nobody has answered.
    Reminder,
    /// To the department: the notice that the regulation asks for (Đ8.3b, Đ13.3b).
    Department,
    /// To everybody, by every way left, shortly before the hour is over.
    LastResort,
    /// The hour is over.
    Breach,
    /// To whoever got the notice of the incident.
    Recovered,
    /// To the technician: a component has failed, and its cluster goes on.
    Fault,
    /// Something is owed and not done yet.
    Obligation,
    /// It was due and is not done.
    ObligationOverdue,
    /// A day on air comes close to missing its quota.
    AirTime,
    /// A day on air has missed its quota.
    AirTimeShort,
    /// The records that would say are missing.
    AirTimeUnknown,
    /// To technicians: something about the controller itself needs a person.
    ControllerFault,
    /// To whoever has answered an SMS: it counts.
    AnswerTaken,
    /// To whoever has answered an SMS: it does not count.
    AnswerRefused,
    /// From the witness: the controller is silent.
    ControllerSilent,
    /// From the witness: it is heard again.
    ControllerBack,
}

/// What the texts tell. Times are written out, as people read them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The incident or the obligation.
    pub incident: String,
    /// Where it is, or who owes it.
    pub cluster: String,
    /// Why it stopped, or what is owed.
    pub cause: String,
    /// The cause in English.
    pub cause_en: String,
    /// When it happened, or for which days it is owed.
    pub occurred: String,
    pub deadline: String,
    /// The cluster's components, each with what is known of it.
    pub parts: String,
    pub parts_en: String,
    pub note: String,
}

/// A text that is ready but for its link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub subject: String,
    pub body: String,
}

/// Every text.
#[derive(Debug, Clone)]
pub struct Texts(Vec<Text>);

#[derive(Debug, Clone)]
struct Text {
    occasion: Occasion,
    mail: String,
    sms: String,
}

/// Why a text cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    #[error("{} cannot be read", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: cotmoc_service::file::FileError,
    },
    #[error("{} is not a text in UTF-8", path.display())]
    NotText { path: PathBuf },
    #[error("{}: there is no {found}; known are {LINK} {CODE} {}", path.display(), NAMES.join(" "))]
    Unknown { path: PathBuf, found: String },
    #[error("{}: one line for the subject, an empty line, then the text", path.display())]
    NoSubject { path: PathBuf },
    #[error("{}: without the place's name it has {septets} characters already; an SMS holds {SMS_SEPTETS}", path.display())]
    TooLong { path: PathBuf, septets: usize },
}

impl Occasion {
    const ALL: [Self; 18] = [
        Self::Drill,
        Self::Opened,
        Self::Reminder,
        Self::Department,
        Self::LastResort,
        Self::Breach,
        Self::Recovered,
        Self::Fault,
        Self::Obligation,
        Self::ObligationOverdue,
        Self::AirTime,
        Self::AirTimeShort,
        Self::AirTimeUnknown,
        Self::ControllerFault,
        Self::AnswerTaken,
        Self::AnswerRefused,
        Self::ControllerSilent,
        Self::ControllerBack,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Drill => "drill",
            Self::Opened => "opened",
            Self::Reminder => "reminder",
            Self::Department => "department",
            Self::LastResort => "last-resort",
            Self::Breach => "breach",
            Self::Recovered => "recovered",
            Self::Fault => "fault",
            Self::Obligation => "obligation",
            Self::ObligationOverdue => "obligation-overdue",
            Self::AirTime => "air-time",
            Self::AirTimeShort => "air-time-short",
            Self::AirTimeUnknown => "air-time-unknown",
            Self::ControllerFault => "controller-fault",
            Self::AnswerTaken => "answer-taken",
            Self::AnswerRefused => "answer-refused",
            Self::ControllerSilent => "controller-silent",
            Self::ControllerBack => "controller-back",
        }
    }

    const fn built_in(self) -> (&'static str, &'static str) {
        macro_rules! texts {
            ($name:literal) => {
                (
                    include_str!(concat!("../../templates/notices/", $name, ".mail.txt")),
                    include_str!(concat!("../../templates/notices/", $name, ".sms.txt")),
                )
            };
        }
        match self {
            Self::Drill => texts!("drill"),
            Self::Opened => texts!("opened"),
            Self::Reminder => texts!("reminder"),
            Self::Department => texts!("department"),
            Self::LastResort => texts!("last-resort"),
            Self::Breach => texts!("breach"),
            Self::Recovered => texts!("recovered"),
            Self::Fault => texts!("fault"),
            Self::Obligation => texts!("obligation"),
            Self::ObligationOverdue => texts!("obligation-overdue"),
            Self::AirTime => texts!("air-time"),
            Self::AirTimeShort => texts!("air-time-short"),
            Self::AirTimeUnknown => texts!("air-time-unknown"),
            Self::ControllerFault => texts!("controller-fault"),
            Self::AnswerTaken => texts!("answer-taken"),
            Self::AnswerRefused => texts!("answer-refused"),
            Self::ControllerSilent => texts!("controller-silent"),
            Self::ControllerBack => texts!("controller-back"),
        }
    }
}

impl Texts {
    /// The built-in texts, each replaced by the file of its name in `folder`, if there is one.
    ///
    /// # Errors
    /// [`TextError`] of the first file that cannot be used.
    pub fn load(folder: Option<&Path>) -> Result<Self, TextError> {
        let load = |occasion: Occasion| {
            let (mail, sms) = occasion.built_in();
            let own =
                |kind: &str| folder.map(|f| f.join(format!("{}.{kind}.txt", occasion.name())));
            let (mail_path, sms_path) = (own("mail"), own("sms"));
            Ok(Text {
                occasion,
                mail: checked_mail(read(mail_path.as_deref(), mail)?, mail_path)?,
                sms: checked_sms(read(sms_path.as_deref(), sms)?, sms_path)?,
            })
        };
        Occasion::ALL
            .into_iter()
            .map(load)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The long text; a paragraph with a link is left out where there are no links.
    #[must_use]
    pub fn mail(&self, occasion: Occasion, facts: &Facts, has_links: bool) -> Written {
        let template = self.of(occasion).map_or("", |text| &text.mail);
        let (subject, body) = template.split_once("\n\n").unwrap_or(("", template));
        Written {
            subject: one_line(&fill(subject, facts)),
            body: {
                let body = with_note(body, facts);
                let body = if has_links {
                    body
                } else {
                    without(&body, "\n\n", LINK)
                };
                fill(&body, facts)
            },
        }
    }

    /// The text for an SMS. What is in `tail` is counted, not written; lines for what is not there are
    /// left out.
    #[must_use]
    pub fn sms(
        &self,
        occasion: Occasion,
        facts: &Facts,
        tail: Tail<'_>,
        letters: Letters,
    ) -> Written {
        let template = self.of(occasion).map_or("", |text| &text.sms);
        Written {
            subject: String::new(),
            body: short::write(template, facts, tail, letters),
        }
    }

    fn of(&self, occasion: Occasion) -> Option<&Text> {
        self.0.iter().find(|text| text.occasion == occasion)
    }
}

impl Facts {
    /// The same, each value as `change` makes it.
    fn each(&self, change: impl Fn(&str) -> String) -> Self {
        Self {
            incident: change(&self.incident),
            cluster: change(&self.cluster),
            cause: change(&self.cause),
            cause_en: change(&self.cause_en),
            occurred: change(&self.occurred),
            deadline: change(&self.deadline),
            parts: change(&self.parts),
            parts_en: change(&self.parts_en),
            note: change(&self.note),
        }
    }

    fn values(&self) -> [&str; NAMES.len()] {
        [
            &self.incident,
            &self.cluster,
            &self.cause,
            &self.cause_en,
            &self.occurred,
            &self.deadline,
            &self.parts,
            &self.parts_en,
            &self.note,
        ]
    }
}

/// A stored text as it is read without its link.
#[must_use]
pub fn without_link(body: &str) -> String {
    let between = if body.contains("\n\n") { "\n\n" } else { "\n" };
    without(&without(body, between, LINK), between, CODE)
}

/// Fills in every name at once: what a value holds is not looked at again.
fn fill(template: &str, facts: &Facts) -> String {
    let mut text = String::with_capacity(template.len() * 2);
    let mut rest = template;
    while let Some((before, from)) = rest.find('{').map(|at| rest.split_at(at)) {
        text.push_str(before);
        let known = NAMES
            .iter()
            .zip(facts.values())
            .find_map(|(name, value)| from.strip_prefix(name).map(|after| (value, after)));
        rest = match known {
            Some((value, after)) => {
                text.push_str(&value.replace(LINK, "(link)").replace(CODE, "(code)"));
                after
            }
            None => {
                text.push('{');
                from.strip_prefix('{').unwrap_or_default()
            }
        };
    }
    text.push_str(rest);
    text
}

/// The text without the parts in which `name` stands.
pub fn without(template: &str, between: &str, name: &str) -> String {
    let keep = |part: &&str| !part.contains(name);
    let parts: Vec<_> = template.split(between).filter(keep).collect();
    parts.join(between)
}

/// A line for a note alone, or for the components after a word for them, is left out where there are none.
fn with_note(template: &str, facts: &Facts) -> String {
    let is_list_of = |line: &str, name: &str| {
        line.ends_with(&format!(": {name}")) && line.matches('{').count() == 1
    };
    let is_empty = |line: &str| {
        (line == "{note}" && facts.note.is_empty())
            || (is_list_of(line, "{parts}") && facts.parts.is_empty())
            || (is_list_of(line, "{parts_en}") && facts.parts_en.is_empty())
    };
    let keep = |line: &&str| !is_empty(line);
    let lines: Vec<_> = template.split('\n').filter(keep).collect();
    lines.join("\n")
}

fn one_line(text: &str) -> String {
    let line = text.split(char::is_control).collect::<Vec<_>>().join(" ");
    line.trim().chars().take(LONGEST_SUBJECT).collect()
}

fn read(path: Option<&Path>, built_in: &str) -> Result<String, TextError> {
    let Some(path) = path else {
        return Ok(built_in.to_owned());
    };
    let bytes = match cotmoc_service::file::read_at_most(path, MAX_FILE_BYTES) {
        Ok(bytes) => bytes,
        Err(error) if error.is_not_found() => return Ok(built_in.to_owned()),
        Err(source) => {
            return Err(TextError::Read {
                path: path.to_owned(),
                source,
            });
        }
    };
    let path = path.to_owned();
    let text = String::from_utf8(bytes).map_err(|_utf8| TextError::NotText { path })?;
    Ok(text.replace("\r\n", "\n"))
}

fn checked_mail(text: String, path: Option<PathBuf>) -> Result<String, TextError> {
    let path = path.unwrap_or_default();
    let subject = text.split_once("\n\n").map_or("", |(subject, _)| subject);
    if subject.is_empty() || subject.contains('\n') || subject.contains(LINK) {
        return Err(TextError::NoSubject { path });
    }
    only_known(text, path)
}

fn checked_sms(text: String, path: Option<PathBuf>) -> Result<String, TextError> {
    let path = path.unwrap_or_default();
    let fixed = without(&without(&text, "\n", LINK), "\n", CODE);
    let septets = septets(&plain(&fill(fixed.trim_end(), &Facts::default())));
    if septets > SMS_SEPTETS {
        return Err(TextError::TooLong { path, septets });
    }
    only_known(text, path)
}

fn only_known(text: String, path: PathBuf) -> Result<String, TextError> {
    let mut rest = text.as_str();
    while let Some(from) = rest.find('{').and_then(|at| rest.get(at..)) {
        let known = NAMES
            .iter()
            .chain([&LINK, &CODE])
            .find_map(|name| from.strip_prefix(name));
        let Some(after) = known else {
            let found = from.chars().take(20).collect();
            return Err(TextError::Unknown { path, found });
        };
        rest = after;
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
