//! What a portion says, in paragraphs. Nothing is escaped here, because the page escapes everything.

use std::collections::BTreeMap;

use super::words::{and, place};
use crate::domain::{
    body::{Body, Evidence, Forecast, Indicator, Judgement, Recommendation, Subject},
    framework::Framework,
    ids::Handle,
    lexicon::Lexicon,
    likelihood::{Interval, Likelihood, multiple_of_base_rate, render_in},
};

/// The names by which readers call their portions.
pub(super) type Names = BTreeMap<Handle, String>;

/// The paragraphs of a body.
pub(super) fn paragraphs(body: &Body, names: &Names, lexicon: &'static Lexicon) -> Vec<String> {
    match body {
        Body::Headline { text }
        | Body::Source { text }
        | Body::Limitation { text }
        | Body::Gap { text }
        | Body::Narrative { text }
        | Body::Endorsement { text } => vec![text.clone()],
        Body::Subject(subject) => self::subject(subject),
        Body::Judgement(judgement) => self::judgement(judgement, names, lexicon),
        Body::Forecast(forecast) => self::forecast(forecast, lexicon),
        Body::Indicator(indicator) => self::indicator(indicator),
        Body::Evidence(evidence) => self::evidence(evidence),
        Body::Alternative { text, likelihood } => {
            let told = likelihood.map(|l| format!("Likelihood: {}", self::likelihood(l, lexicon)));
            std::iter::once(text.clone()).chain(told).collect()
        }
        Body::Recommendation(recommendation) => self::recommendation(recommendation),
        Body::Attachment(a) => {
            vec![format!("{} ({}, {} bytes)", a.name, a.media_type, a.size), format!("SHA-256 {}", a.sha256)]
        }
    }
}

/// A likelihood in the reader's words, and in the author's if they differ.
fn likelihood(likelihood: Likelihood, lexicon: &'static Lexicon) -> String {
    let here = likelihood.render_in(lexicon);
    match likelihood.term() {
        Some(told) if told.lexicon() != lexicon => {
            let word = told.term().word();
            format!("{here} in {}; the author's word is `{word}` of {}", lexicon.id, told.lexicon().id)
        }
        _ => format!("{here} in {}", lexicon.id),
    }
}

fn subject(subject: &Subject) -> Vec<String> {
    let Subject { places, period, groups, actors, risk_of, level, urgency, severity, certainty, addressed_to } =
        subject;
    let places: Vec<String> = places.iter().map(|p| place(*p)).collect();
    let actors: Vec<String> = actors
        .iter()
        .map(|a| a.state.map_or_else(|| a.name.clone(), |state| format!("{} (of {})", a.name, state.name())))
        .collect();
    let mut lines = vec![
        format!("{}, {} to {}", and(&places), period.from, period.until),
        format!("Level {level}: risk of {} (no legal finding)", and(risk_of)),
    ];
    if !groups.is_empty() {
        lines.push(format!("At risk: {}", groups.join(", ")));
    }
    if !actors.is_empty() {
        lines.push(format!("By: {}", actors.join(", ")));
    }
    lines.push(format!("Urgency {urgency}, severity {severity}, certainty {certainty}"));
    if !addressed_to.is_empty() {
        lines.push(format!("Addressed to: {}", and(addressed_to)));
    }
    lines
}

/// Likelihood and confidence are on separate lines (ICD 203).
fn judgement(judgement: &Judgement, names: &Names, lexicon: &'static Lexicon) -> Vec<String> {
    let Judgement { text, likelihood, confidence, confidence_reason, rests_on } = judgement;
    let mut lines = vec![text.clone()];
    if let Some(likelihood) = likelihood {
        lines.push(format!("Likelihood: {}", self::likelihood(*likelihood, lexicon)));
    }
    let why = if confidence_reason.is_empty() { String::new() } else { format!(": {confidence_reason}") };
    lines.push(format!("Confidence: {confidence}{why}"));
    let known: Vec<&String> = rests_on.iter().filter_map(|handle| names.get(handle)).collect();
    // The list always contains random handles, so a reader can't count what is withheld, or tell whether anything is.
    match known.as_slice() {
        [] if rests_on.is_empty() => {}
        [] => lines.push("Rests on: nothing that you have".to_owned()),
        known => lines.push(format!("Rests on: {}; there may be more that you do not have", and(known))),
    }
    lines
}

/// For a rare event all likelihood words sound alike, so the multiple of the base rate is shown too.
fn forecast(forecast: &Forecast, lexicon: &'static Lexicon) -> Vec<String> {
    let Forecast { question, event, resolves, window, method, information_cutoff, places, condition, .. } = forecast;
    let mut lines = vec![question.clone()];
    if !places.is_empty() {
        lines.push(format!("About: {}", and(&places.iter().map(|p| p.usual_name()).collect::<Vec<_>>())));
    }
    if !condition.is_empty() {
        lines.push(format!("Asked under the condition: {condition}"));
    }
    lines.extend(chances(forecast, lexicon));
    lines.push(format!("Counts as a yes: {event}"));
    lines.push(format!("Window: {} to {}", window.from, window.until));
    lines
        .push(format!("Decided by {}, at the latest on {}, from: {}", resolves.resolver, resolves.by, resolves.source));
    if !method.is_empty() {
        lines.push(format!("Method: {method}"));
    }
    if let Some(day) = information_cutoff {
        let late = if *day > window.from { ", after the window began" } else { "" };
        lines.push(format!("Information as of {day}{late}"));
    }
    lines
}

/// The probability, or the probability of each option.
fn chances(forecast: &Forecast, lexicon: &'static Lexicon) -> Vec<String> {
    let Forecast { probability, base_rate, options, .. } = forecast;
    let each = options.iter().flat_map(|o| &o.each);
    let mut lines: Vec<String> = each.map(|(text, p)| format!("Option, {}: {text}", p.percent())).collect();
    let Some(probability) = probability else { return lines };
    let told = render_in(lexicon, Interval::from(*probability));
    let mut chance = format!("Probability: {told} in {}", lexicon.id);
    if let Some(rate) = base_rate {
        let of = format!("the base rate of {} ({})", rate.value.percent(), rate.source);
        match multiple_of_base_rate(*probability, rate.value) {
            Some(multiple) => chance.push_str(&format!("; {multiple} {of}")),
            None => chance.push_str(&format!("; no multiple of {of}")),
        }
    }
    lines.push(chance);
    lines
}

fn indicator(indicator: &Indicator) -> Vec<String> {
    let Indicator { framework, factor, indicator, state, trend, note } = indicator;
    let known = Framework::by_id(framework).ok();
    let named = known.and_then(|f| f.factor(u8::try_from(*factor).ok()?).ok()).map_or("", |f| f.name);
    let part = if *indicator == 0 { String::new() } else { format!(".{indicator}") };
    let first = format!("RF{factor}{part} {named}: {state}, trend {trend} ({framework})");
    std::iter::once(first).chain((!note.is_empty()).then(|| note.clone())).collect()
}

fn evidence(evidence: &Evidence) -> Vec<String> {
    let Evidence { what, when, r#where, grade, original, custody } = evidence;
    let mut lines = vec![what.clone()];
    let seen: Vec<String> = when.iter().map(ToString::to_string).chain(r#where.map(place)).collect();
    if !seen.is_empty() {
        lines.push(seen.join(", "));
    }
    lines.push(grade.map_or_else(|| "Not graded".to_owned(), |g| format!("Grade {g}: {}", g.words())));
    if let Some(digest) = original {
        lines.push(format!("Original: SHA-256 {digest}"));
    }
    if !custody.is_empty() {
        lines.push(format!("Custody: {custody}"));
    }
    lines
}

fn recommendation(recommendation: &Recommendation) -> Vec<String> {
    let Recommendation { text, addressee, by } = recommendation;
    let to = addressee.iter().map(|m| format!("To: {m}"));
    let by = by.iter().map(|day| format!("By: {day}"));
    std::iter::once(text.clone()).chain(to).chain(by).collect()
}
