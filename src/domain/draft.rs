//! What an author wrote, before it is sealed: portions that call each other by keys of the author's own file.

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

/// An assessment that nobody has signed. The level and the mandates stand in each subject, the topics in each marking.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The publisher's feeds, as written for the whole assessment. Ascending.
    pub topics: Vec<Topic>,
    /// How serious a warning it is.
    pub level: WarningLevel,
    /// When it stops being released.
    pub expires: Time,
    /// Whether it is an exercise.
    pub exercise: bool,
    /// Mandates that it is addressed to.
    pub addressed_to: Vec<Mandate>,
    /// In the order in which they were written.
    pub portions: Vec<DraftPortion>,
}

/// One portion of a draft.
#[derive(Debug, Clone, PartialEq)]
pub struct DraftPortion {
    /// What other portions of the draft call it; it never leaves the author's machine.
    pub key: Option<String>,
    /// How it may be handled, the default already applied.
    pub marking: Marking,
    /// What it says. A judgement's `rests_on` is empty until it is sealed.
    pub body: Body,
    /// The keys of the portions that it rests on.
    pub rests_on_keys: Vec<String>,
    /// The language of its text.
    pub language: Option<Language>,
    /// The key of the portion that it translates.
    pub translates_key: Option<String>,
    /// The file whose bytes an attachment names; [`Draft::attach`] tells of them. `None` where the draft gives the digest.
    pub file: Option<PathBuf>,
    /// Where it was written: the line of the file, from 1.
    pub line: Option<usize>,
}

/// The digest that stands for bytes that were not read yet. No file has it.
pub const UNREAD: Sha256 = Sha256([0; Sha256::LEN]);

impl Draft {
    /// A sealed assessment as a draft again, so that the node checks what the author's own program checked. The handles
    /// stand for the keys.
    pub fn reopened<'a>(manifest: &Manifest, portions: impl IntoIterator<Item = &'a Portion>) -> Self {
        let portions: Vec<&Portion> = portions.into_iter().collect();
        let subject = super::assessment::subjects(portions.iter().copied()).next();
        let mut topics: Vec<Topic> = portions.iter().flat_map(|p| p.marking.topics.clone()).collect();
        topics.sort_unstable();
        topics.dedup();
        // The other handles of a judgement stand for nothing.
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
            expires: manifest.expires,
            exercise: manifest.exercise,
            addressed_to: subject.map(|s| s.addressed_to.clone()).unwrap_or_default(),
            portions: portions.iter().map(|p| portion(p)).collect(),
        }
    }

    /// The place of the portion of that key, the first where it is repeated.
    pub fn by_key(&self, key: &str) -> Option<usize> {
        self.portions.iter().position(|p| p.key.as_deref() == Some(key))
    }

    /// The places of the portions that this one rests on, as written. Keys that nothing bears are left out: the lint names them.
    pub fn rests_on(&self, portion: &DraftPortion) -> Vec<usize> {
        let mut places: Vec<usize> = Vec::new();
        for place in portion.rests_on_keys.iter().filter_map(|key| self.by_key(key)) {
            if !places.contains(&place) {
                places.push(place);
            }
        }
        places
    }

    /// The place of the portion that this one translates, where there is one of that key.
    pub fn translates(&self, portion: &DraftPortion) -> Option<usize> {
        portion.translates_key.as_deref().and_then(|key| self.by_key(key))
    }

    /// The portions of a kind, with their places.
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

    /// The files that somebody must read, with the places of the attachments that name them.
    pub fn files(&self) -> impl Iterator<Item = (usize, &Path)> {
        self.portions.iter().enumerate().filter_map(|(i, p)| Some((i, p.file.as_deref()?)))
    }

    /// Tells the attachment at this place of its bytes.
    ///
    /// # Errors
    /// Where there is no attachment at that place, or it is too large.
    pub fn attach(&mut self, place: usize, size: u64, sha256: Sha256) -> Result<(), String> {
        let Some(Body::Attachment(attachment)) = self.portions.get_mut(place).map(|p| &mut p.body) else {
            return Err(format!("portion {place} is no attachment; attach the file to one that is"));
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
