//! The bodies of portions.

use prost::bytes::Bytes;

use super::{
    field::{
        ascending, bytes_all, bytes_optional, double, line, number_of, parsed, parsed_all, parsed_optional, present,
        refuse, required, text, text_of, texts, word,
    },
    names,
    proto::{self, portion::Body as Wire},
};
use crate::domain::{
    assessment::MAX_ATTACHMENT_BYTES,
    body::{
        Attachment, BASIS_ROW, BaseRate, Body, Evidence, Forecast, Indicator, Judgement, MAX_OPTIONS, Options,
        Perpetrator, Recommendation, Resolves, Subject,
    },
    endorsement::MAX_TEXT_BYTES,
    fault::Fault,
    framework::{State as FactorState, Trend},
    ids::Handle,
    level::{Certainty, Confidence, Severity, Urgency, WarningLevel},
    likelihood::{Interval, Likelihood, Percent, Probability},
    time::Period,
};

/// Decodes a body from the wire. The path of a faulty field begins with the kind.
///
/// # Errors
/// `UNKNOWN_OR_NON_CANONICAL`.
pub fn from_proto(body: Wire) -> Result<Body, Fault> {
    let (kind, result) = match body {
        Wire::Headline(proto::Headline { text: t }) => {
            ("headline", line("text", t).map(|text| Body::Headline { text }))
        }
        Wire::Subject(m) => ("subject", subject(m).map(Body::Subject)),
        Wire::Judgement(m) => ("judgement", judgement(m).map(Body::Judgement)),
        Wire::Forecast(m) => ("forecast", forecast(m).map(Body::Forecast)),
        Wire::Indicator(m) => ("indicator", indicator(m).map(Body::Indicator)),
        Wire::Evidence(m) => ("evidence", evidence(m).map(Body::Evidence)),
        Wire::Source(proto::Source { text: t }) => ("source", required("text", t).map(|text| Body::Source { text })),
        Wire::Limitation(proto::Limitation { text: t }) => {
            ("limitation", required("text", t).map(|text| Body::Limitation { text }))
        }
        Wire::Alternative(m) => ("alternative", alternative(m)),
        Wire::Gap(proto::Gap { text: t }) => ("gap", required("text", t).map(|text| Body::Gap { text })),
        Wire::Recommendation(m) => ("recommendation", recommendation(m).map(Body::Recommendation)),
        Wire::Narrative(proto::Narrative { text: t }) => {
            ("narrative", required("text", t).map(|text| Body::Narrative { text }))
        }
        Wire::Attachment(m) => ("attachment", attachment(m).map(Body::Attachment)),
        Wire::Endorsement(m) => ("endorsement", endorsement(m)),
    };
    result.map_err(|f| f.within(kind))
}

fn subject(message: proto::Subject) -> Result<Subject, Fault> {
    let proto::Subject {
        places,
        period: p,
        groups,
        actors,
        risk_of,
        level,
        urgency,
        severity,
        certainty,
        addressed_to,
    } = message;
    if places.is_empty() || risk_of.is_empty() {
        return Err(refuse(if places.is_empty() { "places" } else { "risk_of" }, "at least one is needed"));
    }
    ascending("places", &places)?;
    Ok(Subject {
        places: parsed_all("places", &places)?,
        period: period("period", p)?,
        groups: each("groups", groups, line)?,
        actors: each("actors", actors, |field, a| actor(a).map_err(|f| f.within(field)))?,
        risk_of: names::decode("risk_of", &risk_of)?,
        level: word("level", WarningLevel::ALL, level)?,
        urgency: word("urgency", Urgency::ALL, urgency)?,
        severity: word("severity", Severity::ALL, severity)?,
        certainty: word("certainty", Certainty::ALL, certainty)?,
        addressed_to: parsed_all("addressed_to", &addressed_to)?,
    })
}

fn each<A, B>(field: &str, all: Vec<A>, one: impl Fn(&str, A) -> Result<B, Fault>) -> Result<Vec<B>, Fault> {
    all.into_iter().enumerate().map(|(i, a)| one(&format!("{field}[{i}]"), a)).collect()
}

fn actor(message: proto::Actor) -> Result<Perpetrator, Fault> {
    let proto::Actor { name, state } = message;
    Ok(Perpetrator { name: line("name", name)?, state: parsed_optional("state", &state)? })
}

fn period(field: &str, message: Option<proto::Period>) -> Result<Period, Fault> {
    let proto::Period { from, until } = present(field, message)?;
    let within = |f: Fault| f.within(field);
    let period =
        Period { from: parsed("from", &from).map_err(within)?, until: parsed("until", &until).map_err(within)? };
    if period.until < period.from { Err(refuse(field, "it ends before it begins")) } else { Ok(period) }
}

fn likelihood(message: proto::Likelihood) -> Result<Likelihood, Fault> {
    let proto::Likelihood { low, high, lexicon, term } = message;
    let (low, high) = (double("low", low)?, double("high", high)?);
    let percent = |field: &str, value| Percent::new(value).map_err(|e| refuse(field, e));
    let interval = Interval::new(percent("low", low)?, percent("high", high)?).map_err(|e| refuse("high", e))?;
    match (lexicon.is_empty(), term.is_empty()) {
        (true, true) => Ok(Likelihood::of(interval)),
        (false, false) => Likelihood::told(&lexicon, &term, Some(interval)).map_err(|e| refuse("term", e)),
        _ => Err(refuse("term", "a lexicon and its term belong together")),
    }
}

fn likelihood_to_proto(likelihood: &Likelihood) -> proto::Likelihood {
    let told = likelihood.term();
    proto::Likelihood {
        low: likelihood.interval().lo().get(),
        high: likelihood.interval().hi().get(),
        lexicon: told.map(|t| t.lexicon().id.to_owned()).unwrap_or_default(),
        term: told.map(|t| t.term().id.to_owned()).unwrap_or_default(),
    }
}

fn judgement(message: proto::Judgement) -> Result<Judgement, Fault> {
    let proto::Judgement { text: t, likelihood: l, confidence, confidence_reason, rests_on } = message;
    Ok(Judgement {
        text: required("text", t)?,
        likelihood: l.map(likelihood).transpose().map_err(|f| f.within("likelihood"))?,
        confidence: word("confidence", Confidence::ALL, confidence)?,
        confidence_reason: text("confidence_reason", confidence_reason)?,
        rests_on: basis(&rests_on)?,
    })
}

fn basis(handles: &[Bytes]) -> Result<Vec<Handle>, Fault> {
    let handles: Vec<Handle> = bytes_all("rests_on", handles)?;
    ascending("rests_on", &handles)?;
    if !handles.len().is_multiple_of(BASIS_ROW) {
        return Err(refuse("rests_on", format!("the number of handles is a multiple of {BASIS_ROW}")));
    }
    Ok(handles)
}

fn probability(field: &str, value: f64) -> Result<Probability, Fault> {
    Probability::new(double(field, value)?).map_err(|e| refuse(field, e))
}

fn forecast(message: proto::Forecast) -> Result<Forecast, Fault> {
    let proto::Forecast {
        question,
        event,
        resolution_source,
        resolution_by,
        resolver,
        window,
        probability: p,
        base_rate,
        method,
        information_cutoff,
        places,
        condition,
        options,
        is_ordered,
        option_probabilities,
    } = message;
    ascending("places", &places)?;
    let options = choices(options, is_ordered, &option_probabilities)?;
    // If there are options, the field is left out, which reads as 0.
    let p = probability("probability", p)?;
    if options.is_some() && p.get() != 0.0 {
        return Err(refuse("probability", "a question with options has a probability for each of them"));
    }
    Ok(Forecast {
        question: required("question", question)?,
        event: required("event", event)?,
        resolves: Resolves {
            source: text("resolution_source", resolution_source)?,
            by: parsed("resolution_by", &resolution_by)?,
            resolver: parsed("resolver", &resolver)?,
        },
        window: period("window", window)?,
        probability: options.is_none().then_some(p),
        base_rate: base_rate.map(rate).transpose().map_err(|f| f.within("base_rate"))?,
        method: text("method", method)?,
        information_cutoff: parsed_optional("information_cutoff", &information_cutoff)?,
        places: parsed_all("places", &places)?,
        condition: text("condition", condition)?,
        options,
    })
}

/// The options of a question. `None` if the answer is yes or no.
fn choices(texts: Vec<String>, is_ordered: bool, probabilities: &[f64]) -> Result<Option<Options>, Fault> {
    if texts.is_empty() && !is_ordered && probabilities.is_empty() {
        return Ok(None);
    }
    if !(2..=MAX_OPTIONS).contains(&texts.len()) || texts.len() != probabilities.len() {
        return Err(refuse("options", format!("there are 2 to {MAX_OPTIONS} options, each with its probability")));
    }
    let texts = each("options", texts, line)?;
    let mut sorted: Vec<&String> = texts.iter().collect();
    sorted.sort_unstable();
    if sorted.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err(refuse("options", "an option occurs twice"));
    }
    let inside = |(i, p): (usize, &f64)| {
        let field = format!("option_probabilities[{i}]");
        let p = probability(&field, *p)?;
        if p.get() > 0.0 && p.get() < 1.0 { Ok(p) } else { Err(refuse(&field, "it must be above 0 and below 1")) }
    };
    let probabilities: Vec<Probability> = probabilities.iter().enumerate().map(inside).collect::<Result<_, Fault>>()?;
    let sum: f64 = probabilities.iter().map(|p| p.get()).sum();
    if (sum - 1.0).abs() > 1e-9 {
        return Err(refuse("option_probabilities", "they must add up to 1"));
    }
    Ok(Some(Options { each: texts.into_iter().zip(probabilities).collect(), is_ordered }))
}

fn rate(message: proto::BaseRate) -> Result<BaseRate, Fault> {
    let proto::BaseRate { value, source } = message;
    Ok(BaseRate { value: probability("value", value)?, source: text("source", source)? })
}

fn indicator(message: proto::Indicator) -> Result<Indicator, Fault> {
    let proto::Indicator { framework, factor, indicator, state, trend, note } = message;
    Ok(Indicator {
        framework: line("framework", framework)?,
        factor,
        indicator,
        state: word("state", FactorState::ALL, state)?,
        trend: word("trend", Trend::ALL, trend)?,
        note: text("note", note)?,
    })
}

fn evidence(message: proto::Evidence) -> Result<Evidence, Fault> {
    let proto::Evidence { what, when, r#where, grade, original_sha256, custody } = message;
    Ok(Evidence {
        what: required("what", what)?,
        when: parsed_optional("when", &when)?,
        r#where: parsed_optional("where", &r#where)?,
        grade: parsed_optional("grade", &grade)?,
        original: bytes_optional("original_sha256", &original_sha256)?,
        custody: text("custody", custody)?,
    })
}

fn alternative(message: proto::Alternative) -> Result<Body, Fault> {
    let proto::Alternative { text: t, likelihood: l } = message;
    let likelihood = l.map(likelihood).transpose().map_err(|f| f.within("likelihood"))?;
    Ok(Body::Alternative { text: required("text", t)?, likelihood })
}

fn recommendation(message: proto::Recommendation) -> Result<Recommendation, Fault> {
    let proto::Recommendation { text: t, addressee, by } = message;
    Ok(Recommendation {
        text: required("text", t)?,
        addressee: parsed_optional("addressee", &addressee)?,
        by: parsed_optional("by", &by)?,
    })
}

fn attachment(message: proto::Attachment) -> Result<Attachment, Fault> {
    let proto::Attachment { name, media_type, size, sha256 } = message;
    if name.contains(['/', '\\']) || name == "." || name == ".." {
        return Err(refuse("name", "an attachment's name must not contain a path"));
    }
    if size > MAX_ATTACHMENT_BYTES {
        return Err(refuse("size", format!("an attachment takes at most {MAX_ATTACHMENT_BYTES} bytes")));
    }
    Ok(Attachment {
        name: line("name", name)?,
        media_type: line("media_type", media_type)?,
        size,
        sha256: super::field::bytes("sha256", &sha256)?,
    })
}

fn endorsement(message: proto::EndorsementText) -> Result<Body, Fault> {
    let proto::EndorsementText { text: t } = message;
    if t.len() > MAX_TEXT_BYTES {
        return Err(refuse("text", format!("an endorsement's text takes at most {MAX_TEXT_BYTES} bytes")));
    }
    Ok(Body::Endorsement { text: required("text", t)? })
}

/// Encodes a body for the wire.
pub fn to_proto(body: &Body) -> Wire {
    match body {
        Body::Headline { text } => Wire::Headline(proto::Headline { text: text.clone() }),
        Body::Subject(s) => Wire::Subject(subject_to_proto(s)),
        Body::Judgement(j) => Wire::Judgement(proto::Judgement {
            text: j.text.clone(),
            likelihood: j.likelihood.as_ref().map(likelihood_to_proto),
            confidence: number_of(Confidence::ALL, &j.confidence),
            confidence_reason: j.confidence_reason.clone(),
            rests_on: j.rests_on.iter().map(|h| h.0.to_vec().into()).collect(),
        }),
        Body::Forecast(f) => Wire::Forecast(forecast_to_proto(f)),
        Body::Indicator(i) => Wire::Indicator(proto::Indicator {
            framework: i.framework.clone(),
            factor: i.factor,
            indicator: i.indicator,
            state: number_of(FactorState::ALL, &i.state),
            trend: number_of(Trend::ALL, &i.trend),
            note: i.note.clone(),
        }),
        Body::Evidence(e) => Wire::Evidence(evidence_to_proto(e)),
        Body::Source { text } => Wire::Source(proto::Source { text: text.clone() }),
        Body::Limitation { text } => Wire::Limitation(proto::Limitation { text: text.clone() }),
        Body::Alternative { text, likelihood } => Wire::Alternative(proto::Alternative {
            text: text.clone(),
            likelihood: likelihood.as_ref().map(likelihood_to_proto),
        }),
        Body::Gap { text } => Wire::Gap(proto::Gap { text: text.clone() }),
        Body::Recommendation(r) => Wire::Recommendation(proto::Recommendation {
            text: r.text.clone(),
            addressee: text_of(r.addressee.as_ref()),
            by: text_of(r.by.as_ref()),
        }),
        Body::Narrative { text } => Wire::Narrative(proto::Narrative { text: text.clone() }),
        Body::Attachment(a) => Wire::Attachment(proto::Attachment {
            name: a.name.clone(),
            media_type: a.media_type.clone(),
            size: a.size,
            sha256: a.sha256.0.to_vec().into(),
        }),
        Body::Endorsement { text } => Wire::Endorsement(proto::EndorsementText { text: text.clone() }),
    }
}

fn subject_to_proto(s: &Subject) -> proto::Subject {
    let mut places = texts(&s.places);
    places.sort_unstable();
    proto::Subject {
        places,
        period: period_to_proto(s.period),
        groups: s.groups.clone(),
        actors: s
            .actors
            .iter()
            .map(|a| proto::Actor { name: a.name.clone(), state: text_of(a.state.as_ref()) })
            .collect(),
        risk_of: names::encode(&s.risk_of),
        level: number_of(WarningLevel::ALL, &s.level),
        urgency: number_of(Urgency::ALL, &s.urgency),
        severity: number_of(Severity::ALL, &s.severity),
        certainty: number_of(Certainty::ALL, &s.certainty),
        addressed_to: texts(&s.addressed_to),
    }
}

fn period_to_proto(period: Period) -> Option<proto::Period> {
    Some(proto::Period { from: period.from.to_string(), until: period.until.to_string() })
}

fn forecast_to_proto(f: &Forecast) -> proto::Forecast {
    proto::Forecast {
        question: f.question.clone(),
        event: f.event.clone(),
        resolution_source: f.resolves.source.clone(),
        resolution_by: f.resolves.by.to_string(),
        resolver: f.resolves.resolver.to_string(),
        window: period_to_proto(f.window),
        probability: f.probability.map(Probability::get).unwrap_or_default(),
        base_rate: f.base_rate.as_ref().map(|b| proto::BaseRate { value: b.value.get(), source: b.source.clone() }),
        method: f.method.clone(),
        information_cutoff: text_of(f.information_cutoff.as_ref()),
        places: names::encode(&f.places),
        condition: f.condition.clone(),
        options: f.options.iter().flat_map(|o| &o.each).map(|(text, _)| text.clone()).collect(),
        is_ordered: f.options.as_ref().is_some_and(|o| o.is_ordered),
        option_probabilities: f.options.iter().flat_map(|o| &o.each).map(|(_, p)| p.get()).collect(),
    }
}

fn evidence_to_proto(e: &Evidence) -> proto::Evidence {
    proto::Evidence {
        what: e.what.clone(),
        when: text_of(e.when.as_ref()),
        r#where: text_of(e.r#where.as_ref()),
        grade: text_of(e.grade.as_ref()),
        original_sha256: e.original.map(|d| d.0.to_vec()).unwrap_or_default().into(),
        custody: e.custody.clone(),
    }
}
