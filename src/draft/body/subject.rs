//! The bodies of subjects.

use super::shared::SharedFields;
use crate::{
    domain::{
        body::{Perpetrator, Subject},
        level::{Certainty, Severity, Urgency},
        place::Place,
        time::Period,
    },
    draft::{
        fields::{At, Fields},
        marking::set,
    },
};

pub(super) fn read(fields: &Fields<'_>, shared: &SharedFields) -> Option<Subject> {
    let places = fields.must("places", "write e.g. `places = [\"BF-SOM\", \"BF\"]`", places);
    let period = fields.must("period", "write `period = { from = \"2026-05-01\", until = \"2026-12-31\" }`", period);
    let groups = fields.maybe("groups", |at| at.each(|at| at.line())).unwrap_or_default();
    let actors = fields.maybe("actors", |at| at.each(actor)).unwrap_or_default();
    let risk_of = fields.must("risk_of", "write e.g. `risk_of = [\"mass-killing\"]`", |at| not_empty(at, set(at)?));
    let unknown = CapAxes { urgency: Urgency::Unknown, severity: Severity::Unknown, certainty: Certainty::Unknown };
    let CapAxes { urgency, severity, certainty } = fields.maybe("cap", axes).unwrap_or(unknown);
    Some(Subject {
        places: places?,
        period: period?,
        groups,
        actors,
        risk_of: risk_of?,
        level: shared.level?,
        urgency,
        severity,
        certainty,
        addressed_to: shared.addressed_to.clone(),
    })
}

/// Ascending by their text, the order of the wire format.
fn places(at: At<'_>) -> Option<Vec<Place>> {
    let mut all: Vec<Place> = at.each(|at| at.place())?;
    all.sort_by_key(Place::to_string);
    all.dedup();
    not_empty(at, all)
}

fn not_empty<T>(at: At<'_>, all: Vec<T>) -> Option<Vec<T>> {
    let is_empty = matches!(&at.node.value, crate::draft::tree::InputValue::List(list) if list.is_empty());
    if is_empty { at.refuse("the list is empty; name at least one") } else { Some(all) }
}

/// A first and a last day, both included.
pub(super) fn period(at: At<'_>) -> Option<Period> {
    let fields = at.fields()?;
    let from = fields.must("from", "write the first day", |at| at.day());
    let until = fields.must("until", "write the last day", |at| at.day());
    fields.refuse_others();
    let period = Period { from: from?, until: until? };
    if period.until < period.from { at.refuse("it ends before it begins; exchange the days") } else { Some(period) }
}

fn actor(at: At<'_>) -> Option<Perpetrator> {
    let fields = at.fields()?;
    let name = fields.must("name", "write who it is", |at| at.line());
    let state = fields.maybe("state", |at| at.parsed());
    if fields.has("state") && state.is_none() {
        return None;
    }
    fields.refuse_others();
    Some(Perpetrator { name: name?, state })
}

/// The three axes of CAP.
struct CapAxes {
    urgency: Urgency,
    severity: Severity,
    certainty: Certainty,
}

/// Reads the axes. One that is missing is unknown.
fn axes(at: At<'_>) -> Option<CapAxes> {
    let fields = at.fields()?;
    let axes = CapAxes {
        urgency: fields.maybe("urgency", |at| at.parsed()).unwrap_or(Urgency::Unknown),
        severity: fields.maybe("severity", |at| at.parsed()).unwrap_or(Severity::Unknown),
        certainty: fields.maybe("certainty", |at| at.parsed()).unwrap_or(Certainty::Unknown),
    };
    fields.refuse_others();
    Some(axes)
}
