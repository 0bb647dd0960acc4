//! What an author wrote, before it is sealed. Its portions refer to each other by keys of the author's own file.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use super::{
    assessment::{MAX_ATTACHMENT_BYTES, Manifest, Portion},
    body::{Body, Kind, Mandate, Subject},
    ids::{Handle, Sha256, shorten},
    language::Language,
    level::WarningLevel,
    marking::{Marking, Topic},
    time::Time,
};

const DAY_SECONDS: u64 = 86_400;

/// When an assessment stops being released, as its author writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// At this time.
    At(Time),
    /// This many seconds after its issue. Whole days end with the last of them (UTC), as a written day does.
    After(u64),
}

impl Expiry {
    /// The time, for an assessment that is issued at `issued`.
    pub fn of(self, issued: Time) -> Time {
        let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        match self {
            Self::At(time) => time,
            Self::After(seconds) if seconds > 0 && seconds % DAY_SECONDS == 0 => {
                issued.day().plus_days(signed(seconds / DAY_SECONDS)).end()
            }
            Self::After(seconds) => issued.plus_seconds(signed(seconds)),
        }
    }
}

/// An assessment that nobody has signed. Each subject repeats the level and the mandates, and each marking repeats the topics.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The publisher's feeds that are written for the whole assessment. Ascending.
    pub topics: Vec<Topic>,
    /// How serious a warning it is.
    pub level: WarningLevel,
    /// When it stops being released.
    pub expires: Expiry,
    /// Whether it is an exercise.
    pub exercise: bool,
    /// The mandates to which it is addressed.
    pub addressed_to: Vec<Mandate>,
    /// The portions, in the order in which they were written.
    pub portions: Vec<DraftPortion>,
}

/// One portion of a draft.
#[derive(Debug, Clone, PartialEq)]
pub struct DraftPortion {
    /// The name by which other portions of the draft refer to it. It never leaves the author's machine.
    pub key: Option<String>,
    /// How it may be handled. The file's default is already applied.
    pub marking: Marking,
    /// What it says. A judgement's `rests_on` is empty until it is sealed.
    pub body: Body,
    /// The keys of the portions that it rests on.
    pub rests_on_keys: Vec<String>,
    /// The language of its text.
    pub language: Option<Language>,
    /// The key of the portion that it translates.
    pub translates_key: Option<String>,
    /// The file whose bytes an attachment names. [`Draft::attach`] fills in their size and digest. `None` if the draft gives the digest.
    pub file: Option<PathBuf>,
    /// The line of the file where it was written, from 1.
    pub line: Option<usize>,
}

/// The placeholder for the digest of bytes that were not read yet. No file has this digest.
pub const UNREAD: Sha256 = Sha256([0; Sha256::LEN]);

impl Draft {
    /// Turns a sealed assessment into a draft again, so that the node can repeat the checks of the author's own program. The handles become the
    /// keys.
    pub fn reopened<'a>(manifest: &Manifest, portions: impl IntoIterator<Item = &'a Portion>) -> Self {
        let portions: Vec<&Portion> = portions.into_iter().collect();
        let subject = super::assessment::subjects(portions.iter().copied()).next();
        let mut topics: Vec<Topic> = portions.iter().flat_map(|p| p.marking.topics.clone()).collect();
        topics.sort_unstable();
        topics.dedup();
        // The other handles of a judgement are random.
        let handles: HashSet<Handle> = portions.iter().map(|p| p.handle).collect();
        let key = |handle: &Handle| handles.contains(handle).then(|| handle.to_string());
        let portion = |p: &Portion| DraftPortion {
            key: Some(p.handle.to_string()),
            marking: p.marking.clone(),
            rests_on_keys: match &p.body {
                Body::Judgement(judgement) => judgement.rests_on.iter().filter_map(key).collect(),
                _ => vec![],
            },
            language: p.language.clone(),
            translates_key: p.translates.map(|handle| handle.to_string()),
            body: p.body.clone(),
            file: None,
            line: None,
        };
        Self {
            topics,
            level: super::assessment::level(portions.iter().copied()).unwrap_or(WarningLevel::Watch),
            expires: Expiry::At(manifest.expires),
            exercise: manifest.exercise,
            addressed_to: subject.map(|s| s.addressed_to.clone()).unwrap_or_default(),
            portions: portions.iter().map(|p| portion(p)).collect(),
        }
    }

    /// The index of the portion with that key. The first one, if the key is repeated.
    pub fn by_key(&self, key: &str) -> Option<usize> {
        self.portions.iter().position(|p| p.key.as_deref() == Some(key))
    }

    /// The indexes of the portions that this one rests on, as written. Keys that no portion has are left out, because the lint names them.
    pub fn rests_on(&self, portion: &DraftPortion) -> Vec<usize> {
        let mut places: Vec<usize> = Vec::new();
        for place in portion.rests_on_keys.iter().filter_map(|key| self.by_key(key)) {
            if !places.contains(&place) {
                places.push(place);
            }
        }
        places
    }

    /// The index of the portion that this one translates, if a portion has that key.
    pub fn translates(&self, portion: &DraftPortion) -> Option<usize> {
        portion.translates_key.as_deref().and_then(|key| self.by_key(key))
    }

    /// The portions of a kind, with their indexes.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = (usize, &DraftPortion)> {
        self.portions.iter().enumerate().filter(move |(_, p)| p.body.kind() == kind)
    }

    /// The subjects.
    pub fn subjects(&self) -> impl Iterator<Item = &Subject> {
        self.portions.iter().filter_map(|p| match &p.body {
            Body::Subject(subject) => Some(subject),
            _ => None,
        })
    }

    /// The files that somebody must read, with the indexes of the attachments that name them.
    pub fn files(&self) -> impl Iterator<Item = (usize, &Path)> {
        self.portions.iter().enumerate().filter_map(|(i, p)| Some((i, p.file.as_deref()?)))
    }

    /// Fills in the size and digest of the attachment at this index.
    ///
    /// # Errors
    /// A sentence, if there is no attachment at that index or it is too large.
    pub fn attach(&mut self, place: usize, size: u64, sha256: Sha256) -> Result<(), String> {
        let Some(Body::Attachment(attachment)) = self.portions.get_mut(place).map(|p| &mut p.body) else {
            return Err(format!("portion {place} is not an attachment; attach the file to one that is"));
        };
        if size > MAX_ATTACHMENT_BYTES {
            let name = shorten(&attachment.name);
            return Err(format!("`{name}` takes {size} bytes; an attachment takes at most {MAX_ATTACHMENT_BYTES}"));
        }
        attachment.size = size;
        attachment.sha256 = sha256;
        Ok(())
    }
}
