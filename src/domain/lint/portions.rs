//! Checks of single portions, by kind.

use super::finding::Findings;
use crate::domain::{
    body::{Body, Evidence, Forecast},
    draft::UNREAD,
    time::Time,
};

/// How much earlier than in UTC a day begins in the easternmost time zone, in seconds.
const EARLIEST_ZONE_SECONDS: i64 = 14 * 3_600;

pub(super) fn check(found: &mut Findings<'_>, now: Time) {
    let draft = found.draft;
    for (i, portion) in draft.portions.iter().enumerate() {
        match &portion.body {
            Body::Forecast(forecast) => check_forecast(found, i, forecast, now),
            Body::Evidence(evidence) => check_evidence(found, i, evidence, now),
            Body::Attachment(attachment) => {
                if attachment.sha256 == UNREAD {
                    let help = "name a file that can be read, or write `size` and `sha256`";
                    found.error("attachment-unread", Some(i), "the attachment's bytes were not read", help);
                }
                let why = "an attachment may contain more than it shows: device, place, authors, earlier versions";
                let help =
                    "read what `assess lint` lists of the file, attach a copy of `assess clean`, then accept this";
                found.warn("attachment", Some(i), why, help);
            }
            Body::Endorsement { .. } => {
                let help = "publish the assessment, then run `watchfire assess endorse`";
                found.error(
                    "endorsement-within",
                    Some(i),
                    "an endorsement is not a portion of the assessment that it endorses",
                    help,
                );
            }
            _ => {}
        }
    }
}

fn check_evidence(found: &mut Findings<'_>, i: usize, evidence: &Evidence, now: Time) {
    if evidence.grade.is_none() {
        let help = "write `grade`, from `A1` to `F6`; `F6` means that it can't be judged";
        found.error("evidence-without-grade", Some(i), "the evidence has no Admiralty grade", help);
    }
    let latest = now.plus_seconds(EARLIEST_ZONE_SECONDS).day();
    if let Some(when) = evidence.when.filter(|day| *day > latest) {
        let what = format!("the evidence is dated {when}, which is in the future");
        found.warn("evidence-from-future", Some(i), what, "correct `when`, or write a forecast instead");
    }
}

fn check_forecast(found: &mut Findings<'_>, i: usize, forecast: &Forecast, now: Time) {
    let Forecast { resolves, window, probability, base_rate, information_cutoff, .. } = forecast;
    if resolves.source.trim().is_empty() {
        let help = "write `resolves.source`: which published list or whose finding settles it";
        found.error("forecast-without-resolution", Some(i), "nothing decides whether the forecast came true", help);
    }
    if probability.is_some_and(|p| p.is_certain()) {
        let help = "write a probability above 0 and below 1, or a judgement of fact";
        found.error("forecast-certain", Some(i), "the forecast claims certainty", help);
    }
    if base_rate.is_none() {
        let help = "write `base_rate`: for a rare event, the multiple of the base rate says more than any word";
        found.warn("no-base-rate", Some(i), "the probability has no base rate", help);
    }
    if resolves.by < window.until {
        let what = format!("it is decided by {}, before its window ends on {}", resolves.by, window.until);
        found.warn("resolved-before-end", Some(i), what, "set `resolves.by` to the window's last day or later");
    }
    // A probability that was computed within its own window has seen a part of the outcome. Without a cutoff it may use all information up to
    // today.
    let known = information_cutoff.unwrap_or(now.day());
    if known > window.from {
        let what = format!("the window begins on {} and the information in it is of {known}", window.from);
        let help = "let the window begin later, or correct `information_cutoff`; if you accept this, it is scored as a late forecast";
        found.warn("late-forecast", Some(i), what, help);
    }
}
