//! The bodies of portions as people write them.

mod forecast;
mod likelihood;
mod shared;
mod subject;

use std::path::{Path, PathBuf};

pub(super) use shared::SharedFields;

use super::fields::{At, Fields};
use crate::domain::{
    body::{Attachment, Body, Evidence, Indicator, Judgement, Kind, Recommendation},
    draft::UNREAD,
    framework::{FactorId, Framework, Trend},
    ids::shorten,
    level::Confidence,
};

/// A body, the keys that it rests on, and the file of an attachment.
type Read = (Body, Vec<String>, Option<PathBuf>);

/// Reads the fields of a portion that belong to its kind. Every reader asks for all its fields before it gives up, so a field that was not asked
/// for is unknown.
pub(super) fn read(kind: Kind, fields: &Fields<'_>, shared: &SharedFields) -> Option<Read> {
    let alone = |body: Option<Body>| body.map(|body| (body, vec![], None));
    match kind {
        Kind::Headline => {
            alone(fields.must("text", "write one line", |at| at.line()).map(|text| Body::Headline { text }))
        }
        Kind::Subject => alone(subject::read(fields, shared).map(Body::Subject)),
        Kind::Judgement => judgement(fields),
        Kind::Forecast => alone(forecast::read(fields).map(Body::Forecast)),
        Kind::Indicator => alone(indicator(fields).map(Body::Indicator)),
        Kind::Evidence => alone(evidence(fields).map(Body::Evidence)),
        Kind::Source => alone(text(fields).map(|text| Body::Source { text })),
        Kind::Limitation => alone(text(fields).map(|text| Body::Limitation { text })),
        Kind::Alternative => {
            let text = text(fields);
            let likelihood = fields.maybe("likelihood", likelihood::read);
            alone(text.map(|text| Body::Alternative { text, likelihood }))
        }
        Kind::Gap => alone(text(fields).map(|text| Body::Gap { text })),
        Kind::Recommendation => alone(recommendation(fields).map(Body::Recommendation)),
        Kind::Narrative => alone(text(fields).map(|text| Body::Narrative { text })),
        Kind::Endorsement => {
            let _ = text(fields);
            fields
                .table()
                .refuse("an endorsement is not a portion of a draft; make one with `watchfire assess endorse`")
        }
        Kind::Attachment => attachment(fields).map(|(a, file)| (Body::Attachment(a), vec![], file)),
    }
}

fn text(fields: &Fields<'_>) -> Option<String> {
    fields.must("text", "write what it says", |at| at.required())
}

fn judgement(fields: &Fields<'_>) -> Option<Read> {
    let text = text(fields);
    let likelihood = fields.maybe("likelihood", likelihood::read);
    let help = "write `confidence = { level = \"moderate\", why = \"...\" }`";
    let confidence = fields.must("confidence", help, confidence);
    let rests_on = fields.maybe("rests_on", |at| at.each(|at| at.line())).unwrap_or_default();
    let (confidence, confidence_reason) = confidence?;
    let judgement = Judgement { text: text?, likelihood, confidence, confidence_reason, rests_on: vec![] };
    Some((Body::Judgement(judgement), rests_on, None))
}

fn confidence(at: At<'_>) -> Option<(Confidence, String)> {
    let fields = at.fields()?;
    let level = fields.must("level", "write low, moderate or high", |at| at.parsed());
    let why = fields.prose("why");
    fields.refuse_others();
    Some((level?, why))
}

fn indicator(fields: &Fields<'_>) -> Option<Indicator> {
    let framework = fields.must("framework", "write `un-foa-2014`", |at| at.plain_text());
    let factor: Option<u8> = fields.must("factor", "write its number, e.g. 7", |at| at.integer());
    let number: Option<u8> = fields.maybe("indicator", |at| at.integer());
    let state = fields.must("state", "write present, emerging, absent or unknown", |at| at.parsed());
    let trend = fields.maybe("trend", |at| at.parsed()).unwrap_or(Trend::Unknown);
    let note = fields.prose("note");
    let (framework, factor) = (framework?, factor?);
    let id = FactorId::new(factor, number.filter(|n| *n > 0));
    let checked = Framework::by_id(&framework).and_then(|f| f.check(id?).map(|_| ()));
    if let Err(message) = checked {
        return fields.table().refuse(message);
    }
    let indicator = number.unwrap_or_default();
    Some(Indicator { framework, factor: factor.into(), indicator: indicator.into(), state: state?, trend, note })
}

fn evidence(fields: &Fields<'_>) -> Option<Evidence> {
    let what = fields.must("what", "write what was seen or reported", |at| at.required());
    let when = fields.maybe("when", |at| at.past_day());
    let r#where = fields.maybe("where", |at| at.place());
    let grade = fields.maybe("grade", |at| at.parsed());
    let original = fields.maybe("original", |at| {
        let fields = at.fields()?;
        let read = (fields.maybe("sha256", |at| at.parsed()), fields.prose("custody"));
        fields.refuse_others();
        Some(read)
    });
    let (original, custody) = original.unwrap_or_default();
    Some(Evidence { what: what?, when, r#where, grade, original, custody })
}

fn recommendation(fields: &Fields<'_>) -> Option<Recommendation> {
    let text = text(fields);
    let addressee = fields.maybe("addressee", |at| at.parsed());
    let by = fields.maybe("by", |at| at.day());
    Some(Recommendation { text: text?, addressee, by })
}

/// An attachment names a file in the draft's directory. From a program, it has the name, size and digest of bytes that are sent separately.
fn attachment(fields: &Fields<'_>) -> Option<(Attachment, Option<PathBuf>)> {
    let media_type = fields.must("media_type", "write e.g. `image/jpeg`", |at| at.line());
    let name = fields.maybe("name", file_name);
    if fields.has("file") {
        let file: PathBuf = fields.maybe("file", |at| at.line())?.into();
        let Some(name) = name.or_else(|| Some(file.file_name()?.to_str()?.to_owned())) else {
            return fields.table().refuse("`file` does not name a file; write a path such as `photo.jpg`");
        };
        let attachment = Attachment { name, media_type: media_type?, size: 0, sha256: UNREAD };
        return Some((attachment, Some(file)));
    }
    let help = "write `file`, or `name`, `size` and `sha256`";
    // The field is asked for again, so that its absence is reported.
    let name = name.or_else(|| fields.must("name", help, file_name));
    let size = fields.must("size", help, |at| at.integer());
    let sha256 = fields.must("sha256", help, |at| at.parsed());
    fields.maybe("file", |at| at.plain_text());
    Some((Attachment { name: name?, media_type: media_type?, size: size?, sha256: sha256? }, None))
}

fn file_name(at: At<'_>) -> Option<String> {
    let name = at.line()?;
    if name.contains(['/', '\\']) || Path::new(&name).file_name().is_none() {
        let name = shorten(&name);
        return at.refuse(format!("`{name}` is not a file name; write it without a path"));
    }
    Some(name)
}
