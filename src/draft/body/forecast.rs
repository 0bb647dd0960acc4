//! The bodies of forecasts.

use super::subject::period;
use crate::{
    domain::{
        body::{BaseRate, Forecast, Resolves},
        likelihood::Probability,
    },
    draft::fields::{At, Fields},
};

pub(super) fn read(fields: &Fields<'_>) -> Option<Forecast> {
    let question = fields.must("question", "write it so that it can be answered with yes or no", |at| at.required());
    let event = fields.must("event", "write what counts as a yes, so that two people would agree", |at| at.required());
    let help = "write `resolves = { source = \"...\", by = \"2027-12-31\", resolver = \"gb.example\" }`";
    let resolves = fields.must("resolves", help, resolves);
    let help = "write `window = { from = \"2026-01-01\", until = \"2026-12-31\" }`";
    let window = fields.must("window", help, period);
    let probability = fields.must("probability", "write a number between 0 and 1, e.g. 0.06", probability);
    let base_rate = fields.maybe("base_rate", base_rate);
    let method = fields.prose("method");
    let information_cutoff = fields.maybe("information_cutoff", |at| at.past_day());
    Some(Forecast {
        question: question?,
        event: event?,
        resolves: resolves?,
        window: window?,
        probability: Some(probability?),
        base_rate,
        method,
        information_cutoff,
        places: vec![],
        condition: String::new(),
        options: None,
    })
}

/// How the forecast is resolved. The source may be empty here, because the lint reports a missing source.
fn resolves(at: At<'_>) -> Option<Resolves> {
    let fields = at.fields()?;
    let source = fields.prose("source");
    let by = fields.must("by", "write the day by which it is decided", |at| at.day());
    let resolver = fields.must("resolver", "write the organisation that decides it", |at| at.parsed());
    fields.refuse_others();
    Some(Resolves { source, by: by?, resolver: resolver? })
}

fn probability(at: At<'_>) -> Option<Probability> {
    Probability::new(at.number()?).map_or_else(|e| at.refuse(e), Some)
}

fn base_rate(at: At<'_>) -> Option<BaseRate> {
    let fields = at.fields()?;
    let value = fields.must("value", "write a number between 0 and 1", probability);
    let source = fields.prose("source");
    fields.refuse_others();
    Some(BaseRate { value: value?, source })
}
