//! An assessment as a reader sees it: what it is, who signed it, and every portion with its marking.

use std::collections::BTreeMap;

use super::{
    Options,
    portion::{self, Names},
    style::Style,
    text::{columns, harmless, one_line, shortened, wrap},
    translation::{Stands, arranged},
    words::{self, and},
};
use crate::domain::{
    assessment::{Manifest, Portion},
    body::{Body, Kind},
    ids::Handle,
    language::Language,
    lexicon::Lexicon,
    marking::{GroupName, Marking, Tlp},
};

/// An assessment, as far as it is known here.
#[derive(Debug, Clone, Copy)]
pub struct AssessmentText<'a> {
    /// What its originator signed.
    pub manifest: &'a Manifest,
    /// The portions that the reader may read, in the author's order.
    pub portions: &'a [Portion],
    /// Who signed it.
    pub signatures: &'a [SignatureLine],
    /// Who endorses it.
    pub endorsements: &'a [EndorsementLine],
    /// `current`, `superseded`, `withdrawn`, `purged` or `quarantined`.
    pub state: &'a str,
    /// The organisations by which it came, the first hub first. Empty if it came from its originator.
    pub via: &'a [String],
    /// Whether this organisation published it, so that nothing is withheld.
    pub is_own: bool,
    /// The language that the reader asked for.
    pub language: Option<&'a Language>,
    /// By when the reader's organisation must acknowledge it, in words.
    pub acknowledge: Option<&'a str>,
}

/// A signature, and the result of its verification.
#[derive(Debug, Clone)]
pub struct SignatureLine {
    /// The signer's SPIFFE id.
    pub id: String,
    /// The suite's name.
    pub suite: String,
    /// Whether it verifies.
    pub valid: bool,
    /// A further remark, such as that the certificate was revoked later.
    pub note: Option<String>,
}

/// An endorsement, and the result of its verification.
#[derive(Debug, Clone)]
pub struct EndorsementLine {
    /// Its statement id.
    pub id: String,
    /// The organisation that endorses the assessment.
    pub endorser: String,
    /// The signer's SPIFFE id.
    pub by: String,
    /// What it says.
    pub text: String,
    /// How it may be handled.
    pub marking: Marking,
    /// Whether the signature is of the organisation that it claims.
    pub valid: bool,
    /// Why it is not valid, as a stable reason in capitals.
    pub note: Option<String>,
    /// The organisations from the originator on, to here.
    pub via: Vec<String>,
    /// Portions that are here and that the endorser did not see.
    pub unseen: Vec<Handle>,
}

/// The assessment as text, ending in a newline.
pub fn assessment(view: &AssessmentText<'_>, options: &Options) -> String {
    let mut page = Page { out: String::new(), width: options.columns(), style: Style { color: options.color } };
    page.banner(view.manifest.exercise);
    page.level(highest(view));
    page.headlines(view.portions, view.language);
    page.origin(view);
    let names = names(view.portions);
    for (portion, stands) in arranged(view.portions, view.language) {
        if portion.kind() != Kind::Headline {
            page.portion(portion, &names, options, &in_its_language(portion, stands, &names, view));
        }
    }
    for endorsement in view.endorsements {
        page.endorsement(endorsement, &names);
    }
    page.groups(view, &names);
    if !view.is_own {
        page.blank();
        page.faintly(withheld(view));
    }
    page.banner(view.manifest.exercise);
    page.out
}

/// The highest level of what is shown: the portions, and the endorsements whose text is shown.
pub(super) fn highest(view: &AssessmentText<'_>) -> Option<Tlp> {
    let endorsements = view.endorsements.iter().filter(|line| shown_text(line).is_some());
    let markings = view.portions.iter().map(|p| &p.marking).chain(endorsements.map(|line| &line.marking));
    markings.map(|marking| marking.tlp).max()
}

/// What a reader can know about withheld portions.
pub(super) fn withheld(view: &AssessmentText<'_>) -> &'static str {
    if view.via.is_empty() {
        "There may be portions withheld from you; nothing that you have tells whether and how many."
    } else {
        "There may be portions withheld from you. The releases by which it came say how many each hub on the way was given \
         (--json shows them); nothing tells whether and how many the originator withheld from the first of them."
    }
}

/// What readers call the portions: `evidence 2`.
pub(super) fn names(portions: &[Portion]) -> Names {
    portions.iter().map(|p| p.handle).zip(portion_names(portions.iter())).collect()
}

/// What readers call these portions, given in the author's order: `evidence 2`.
pub fn portion_names<'a>(portions: impl Iterator<Item = &'a Portion>) -> Vec<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let named = portions.map(|p| {
        let kind = p.kind().as_str();
        let number = counts.entry(kind).or_default();
        *number += 1;
        format!("{kind} {number}")
    });
    named.collect()
}

/// How a portion begins, in one line.
pub fn beginning(portion: &Portion, lexicon: &'static Lexicon) -> String {
    let first = portion::paragraphs(&portion.body, &Names::new(), lexicon).into_iter().next().unwrap_or_default();
    shortened(&one_line(&first), 120)
}

/// Collects lines.
struct Page {
    out: String,
    width: usize,
    style: Style,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }

    fn blank(&mut self) {
        self.line("");
    }

    /// Adds a text in lines, after an indent.
    fn text(&mut self, text: &str, indent: &str) {
        for line in wrap(text, self.width, indent) {
            self.line(&line);
        }
    }

    fn faintly(&mut self, text: &str) {
        for line in wrap(text, self.width, "") {
            self.line(&self.style.faint(&line));
        }
    }

    fn banner(&mut self, exercise: bool) {
        if exercise {
            self.line(&self.style.alarm("EXERCISE EXERCISE EXERCISE: this is not a real warning"));
        }
    }

    /// The highest level of what is shown.
    fn level(&mut self, highest: Option<Tlp>) {
        let level = highest.map_or("nothing to read".to_owned(), |tlp| format!("TLP:{tlp}"));
        self.line(&self.style.tlp(highest.unwrap_or(Tlp::Clear), &level));
        self.blank();
    }

    /// The headline with the highest marking says most. The others were written for readers who may have less.
    fn headlines(&mut self, portions: &[Portion], reader: Option<&Language>) {
        let mut all: Vec<(&str, &Portion)> = arranged(portions, reader)
            .into_iter()
            .filter_map(|(p, _)| match &p.body {
                Body::Headline { text } => Some((text.as_str(), p)),
                _ => None,
            })
            .collect();
        all.sort_by_key(|(_, p)| std::cmp::Reverse(p.marking.tlp));
        for (i, (text, portion)) in all.into_iter().enumerate() {
            let told = if i == 0 { one_line(text) } else { format!("Also headed: {}", one_line(text)) };
            for line in wrap(&told, self.width, "") {
                let line = if i == 0 { self.style.bold(&line) } else { line };
                self.line(&line);
            }
            self.marking(portion, "");
        }
        self.blank();
    }

    /// `  (AMBER, onward none)`, with the text before it.
    fn marking(&mut self, portion: &Portion, before: &str) {
        self.marked(&portion.marking, before);
    }

    fn marked(&mut self, marking: &Marking, before: &str) {
        let tlp = marking.tlp;
        let handling = words::handling(marking);
        let plain = format!("{before}({tlp}, {handling})");
        if columns(&plain) + 2 <= self.width {
            let (before, tlp) = (self.style.bold(before), self.style.tlp(tlp, tlp.as_str()));
            self.line(&format!("{before}({tlp}, {handling})"));
        } else {
            self.text(&plain, "");
        }
    }

    /// Who signed it, and what state it is in.
    fn origin(&mut self, view: &AssessmentText<'_>) {
        let AssessmentText { manifest, signatures, state, via, .. } = view;
        self.row("assessment", &format!("{}, version {}", manifest.assessment, manifest.version));
        self.row("from", manifest.originator.as_str());
        for way in *via {
            self.row("by way of", &format!("{} → here", one_line(way)));
        }
        for signature in *signatures {
            self.row("signed", &signed(signature));
        }
        if signatures.is_empty() {
            self.row("signed", "BY NOBODY");
        }
        self.row("issued", &format!("{}, expires {}", manifest.issued, manifest.expires));
        self.row("state", &one_line(state));
        if let Some(by) = view.acknowledge {
            self.row("acknowledge", by);
        }
    }

    fn row(&mut self, name: &str, value: &str) {
        let mut lines = wrap(value, self.width, "            ").into_iter();
        let first = lines.next().unwrap_or_default();
        self.line(&format!("{name:<12}{}", first.trim_start()));
        lines.for_each(|line| self.line(&line));
    }

    /// An endorsement. If its signature is invalid, its text is not shown.
    fn endorsement(&mut self, line: &EndorsementLine, names: &Names) {
        self.blank();
        self.marked(&line.marking, "ENDORSEMENT  ");
        self.text(&stands(line), "  ");
        if let Some(text) = shown_text(line) {
            self.text(&harmless(text), "  ");
        }
        let via: Vec<String> = line.via.iter().map(|v| one_line(v)).collect();
        self.text(&format!("Way: {}", via.join(" → ")), "  ");
        if let Some(unseen) = unseen(line, names) {
            self.text(&unseen, "  ");
        }
    }

    /// The members of the groups that markings name.
    fn groups(&mut self, view: &AssessmentText<'_>, names: &Names) {
        let lists = lists_of_groups(view, names);
        if !lists.is_empty() {
            self.blank();
        }
        lists.iter().for_each(|list| self.faintly(list));
    }

    fn portion(&mut self, portion: &Portion, names: &Names, options: &Options, language: &str) {
        self.blank();
        let name = names.get(&portion.handle).map_or("portion", String::as_str).to_uppercase();
        self.marking(portion, &format!("{name}{language}  "));
        for paragraph in portion::paragraphs(&portion.body, names, options.lexicon) {
            self.text(&harmless(&paragraph), "  ");
        }
    }
}

/// A portion's language after its name, and whose translation it is.
pub(super) fn in_its_language(portion: &Portion, stands: Stands, names: &Names, view: &AssessmentText<'_>) -> String {
    let language = portion.language.as_ref().map(|l| format!(" in {l}")).unwrap_or_default();
    let of = portion.translates.and_then(|handle| names.get(&handle));
    match (stands, of) {
        (Stands::Translation, Some(of)) => format!("{language}, {of} translated by {}", view.manifest.originator),
        (Stands::Original, _) => format!("{language}, the original"),
        _ if portion.translates.is_some() => format!("{language}, a translation of what you do not have"),
        _ => language,
    }
}

/// Who endorses, and whether the signature verifies, in words.
pub(super) fn stands(line: &EndorsementLine) -> String {
    let reason = line.note.as_deref().map(one_line).unwrap_or_default();
    let by = if line.by.is_empty() { "somebody".to_owned() } else { one_line(&line.by) };
    match (line.valid, reason.as_str()) {
        (true, "") => format!("{by}, verified"),
        (true, note) => format!("{by}, verified; {note}"),
        (false, "NOT_A_PARTNER") => format!(
            "NOT VERIFIED: it names {by}, and {} is not known here, so nobody can tell whether it is theirs",
            one_line(&line.endorser)
        ),
        (false, _) => format!("DOES NOT VERIFY ({reason}): it names {by}; its text is not shown"),
    }
}

pub(super) fn signed(line: &SignatureLine) -> String {
    let SignatureLine { id, suite, valid, note } = line;
    let verdict = if *valid { "verified" } else { "DOES NOT VERIFY" };
    let note = note.iter().map(|n| format!("; {}", one_line(n))).collect::<String>();
    format!("{} ({}), {verdict}{note}", one_line(id), one_line(suite))
}

/// The text of an endorsement, if it is shown.
pub(super) fn shown_text(line: &EndorsementLine) -> Option<&str> {
    (line.valid || line.note.as_deref() == Some("NOT_A_PARTNER")).then_some(line.text.as_str())
}

/// Which portions are here that the endorser did not see. `None` if it saw all of them.
pub(super) fn unseen(line: &EndorsementLine, names: &Names) -> Option<String> {
    let unseen: Vec<&str> = line.unseen.iter().filter_map(|h| names.get(h)).map(String::as_str).collect();
    (!line.unseen.is_empty()).then(|| format!("Signed without having seen: {}", and(&unseen)))
}

/// The members of the groups that markings name, each list once. If one name has several lists, says where each is used.
pub(super) fn lists_of_groups(view: &AssessmentText<'_>, names: &Names) -> Vec<String> {
    let of_portion = |p: &Portion| names.get(&p.handle).cloned().unwrap_or_default();
    let portions = view.portions.iter().map(|p| (of_portion(p), &p.marking));
    let endorsements = view.endorsements.iter().map(|line| (format!("{}'s endorsement", line.endorser), &line.marking));
    let mut lists: BTreeMap<(&GroupName, String), Vec<String>> = BTreeMap::new();
    for (whose, marking) in portions.chain(endorsements) {
        for group in &marking.groups {
            lists.entry((&group.name, super::group(group))).or_default().push(whose.clone());
        }
    }
    let told = |((name, words), whose): (&(&GroupName, String), &Vec<String>)| {
        let is_alone = lists.keys().filter(|(other, _)| other == name).count() == 1;
        if is_alone { words.clone() } else { format!("{words} So in {}.", and(whose)) }
    };
    lists.iter().map(told).collect()
}
