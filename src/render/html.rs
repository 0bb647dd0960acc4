//! An assessment as one page for print: no script, and nothing that is fetched from elsewhere.

use askama::Template;

use super::{
    AssessmentText, EndorsementLine, Options,
    assessment::{highest, in_its_language, lists_of_groups, names, shown_text, signed, stands, unseen, withheld},
    portion::{self, Names},
    text::{harmless, one_line},
    translation::arranged,
    words::{self, and},
};
use crate::domain::{
    body::{Body, Kind},
    marking::{Marking, Tlp},
};

/// The content of the page alone, for a page that has a head of its own.
#[derive(Template)]
#[template(path = "assessment_content.html")]
struct Content {
    headlines: Vec<Headline>,
    rows: Vec<(&'static str, String)>,
    parts: Vec<Part>,
    notes: Vec<String>,
}

/// The page. The template escapes every value for HTML; control characters and the like are made visible here.
#[derive(Template)]
#[template(path = "assessment.html")]
struct Page {
    short: String,
    version: u32,
    originator: String,
    exercise: bool,
    tlp: String,
    class: &'static str,
    headlines: Vec<Headline>,
    rows: Vec<(&'static str, String)>,
    parts: Vec<Part>,
    notes: Vec<String>,
    provenance: String,
    printed: String,
}

struct Headline {
    text: String,
    tlp: &'static str,
    class: &'static str,
    handling: String,
}

struct Part {
    name: String,
    tlp: &'static str,
    class: &'static str,
    handling: String,
    paragraphs: Vec<String>,
}

/// The assessment as a page. `printed` says who has made it and when.
///
/// # Errors
/// If the page can't be written, which only happens if there is no memory for it.
pub fn assessment_page(view: &AssessmentText<'_>, options: &Options, printed: &str) -> Result<String, askama::Error> {
    let manifest = view.manifest;
    let id = manifest.assessment.to_string();
    let highest = highest(view);
    let Content { headlines, rows, parts, notes } = content(view, options);
    let page = Page {
        short: id.chars().take(8).collect(),
        version: manifest.version,
        originator: manifest.originator.to_string(),
        exercise: manifest.exercise,
        tlp: highest.map_or_else(|| "nothing to read".to_owned(), |tlp| format!("TLP:{tlp}")),
        class: tlp_class(highest.unwrap_or(Tlp::Clear)),
        headlines,
        rows,
        parts,
        notes,
        provenance: provenance(view, &id),
        printed: one_line(printed),
    };
    page.render()
}

/// What the assessment says, as HTML without head and style: the same content as on the page for print.
///
/// # Errors
/// As [`assessment_page`].
pub fn assessment_content(view: &AssessmentText<'_>, options: &Options) -> Result<String, askama::Error> {
    content(view, options).render()
}

fn content(view: &AssessmentText<'_>, options: &Options) -> Content {
    let names = names(view.portions);
    let portions = arranged(view.portions, view.language).into_iter().filter(|(p, _)| p.kind() != Kind::Headline);
    let parts = portions.map(|(portion, stands)| {
        let name = names.get(&portion.handle).map_or("portion", String::as_str).to_uppercase();
        let name = format!("{name}{}", in_its_language(portion, stands, &names, view));
        let paragraphs = portion::paragraphs(&portion.body, &names, options.lexicon);
        part(name, &portion.marking, paragraphs.iter().map(|p| harmless(p)).collect())
    });
    let endorsements = view.endorsements.iter().map(|line| endorsement(line, &names));
    let mut notes = lists_of_groups(view, &names);
    if !view.is_own {
        notes.push(withheld(view).to_owned());
    }
    let parts = parts.chain(endorsements).collect();
    Content { headlines: headlines(view), rows: rows(view), parts, notes }
}

/// The name of a level's colour in a style sheet (TLP 2.0).
pub fn tlp_class(tlp: Tlp) -> &'static str {
    match tlp {
        Tlp::Clear => "CLEAR",
        Tlp::Green => "GREEN",
        Tlp::Amber | Tlp::AmberStrict => "AMBER",
        Tlp::Red => "RED",
    }
}

fn part(name: String, marking: &Marking, paragraphs: Vec<String>) -> Part {
    let (tlp, class, handling) = (marking.tlp.as_str(), tlp_class(marking.tlp), words::handling(marking));
    Part { name: one_line(&name), tlp, class, handling, paragraphs }
}

/// The headlines, the one that says most first.
fn headlines(view: &AssessmentText<'_>) -> Vec<Headline> {
    let headline = |portion: &crate::domain::assessment::Portion| match &portion.body {
        Body::Headline { text } => Some(Headline {
            text: one_line(text),
            tlp: portion.marking.tlp.as_str(),
            class: tlp_class(portion.marking.tlp),
            handling: words::handling(&portion.marking),
        }),
        _ => None,
    };
    let mut portions: Vec<_> = arranged(view.portions, view.language).into_iter().map(|(p, _)| p).collect();
    portions.sort_by_key(|p| std::cmp::Reverse(p.marking.tlp));
    portions.into_iter().filter_map(headline).collect()
}

fn rows(view: &AssessmentText<'_>) -> Vec<(&'static str, String)> {
    let manifest = view.manifest;
    let mut rows = vec![
        ("assessment", format!("{}, version {}", manifest.assessment, manifest.version)),
        ("from", manifest.originator.to_string()),
    ];
    rows.extend(view.via.iter().map(|way| ("by way of", format!("{} → here", one_line(way)))));
    rows.extend(view.signatures.iter().map(|signature| ("signed", signed(signature))));
    if view.signatures.is_empty() {
        rows.push(("signed", "BY NOBODY".to_owned()));
    }
    rows.push(("issued", format!("{}, expires {}", manifest.issued, manifest.expires)));
    rows.push(("state", one_line(view.state)));
    rows.extend(view.acknowledge.map(|by| ("acknowledge", one_line(by))));
    rows
}

fn endorsement(line: &EndorsementLine, names: &Names) -> Part {
    let via: Vec<String> = line.via.iter().map(|v| one_line(v)).collect();
    let text = shown_text(line).map(harmless);
    let way = format!("Way: {}", via.join(" → "));
    let paragraphs = std::iter::once(stands(line)).chain(text).chain([way]).chain(unseen(line, names));
    part("ENDORSEMENT".to_owned(), &line.marking, paragraphs.collect())
}

/// Where it comes from, in one line.
fn provenance(view: &AssessmentText<'_>, id: &str) -> String {
    let signers: Vec<String> = view.signatures.iter().map(|s| one_line(&s.id)).collect();
    let by = if signers.is_empty() { "nobody".to_owned() } else { and(&signers) };
    format!("{id}, version {}, of {}, signed by {by}", view.manifest.version, view.manifest.originator)
}
