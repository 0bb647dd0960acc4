//! Remedies in words.

use super::{
    change::{MarkingChange, RequiredChange, Widening},
    question::{DecisionInputs, Remedy},
};
use crate::{
    domain::{
        agreement::{Agreement, Grant},
        ids::StatementId,
        marking::GroupName,
    },
    policy::grant::{abbreviated_list, area_in_words, duration},
};

/// One change in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The kind of change: `agreement`, `grant`, `marking`, `version`, `rule` or `wait`; `none` if there is no change.
    pub kind: &'static str,
    /// The sentence.
    pub words: String,
}

/// The remedy as sentences. All changes of one grant are in one sentence. `name` returns what people call the portion at an index.
pub fn lines(question: &DecisionInputs<'_>, remedy: &Remedy, name: impl Fn(usize) -> String) -> Vec<Line> {
    let words = Words { question, name: &name };
    match remedy {
        Remedy::Nothing(reason) if reason.id == "unknown" => {
            vec![Line { kind: "none", words: "no change was found that would release it".to_owned() }]
        }
        Remedy::Nothing(reason) => {
            vec![Line { kind: "none", words: format!("no change would release it ({})", reason.id) }]
        }
        Remedy::Changes(changes) => words.all(changes),
        Remedy::FullerHeadline(changes, other) => {
            let mut lines = words.all(changes);
            // The remedy of the other headline says when that one is released.
            lines.retain(|l| l.kind != "wait");
            let how = if changes.is_empty() { "is" } else { "would then be" };
            let words = format!("{} {how} released instead, and says more", name(*other));
            lines.push(Line { kind: "none", words });
            lines
        }
    }
}

/// The beginning of an id, which is enough to recognise it.
fn short(id: &StatementId) -> String {
    id.to_string().chars().take(12).collect()
}

struct Words<'a> {
    question: &'a DecisionInputs<'a>,
    name: &'a dyn Fn(usize) -> String,
}

impl Words<'_> {
    fn all(&self, changes: &[RequiredChange]) -> Vec<Line> {
        let mut lines: Vec<Line> = Vec::new();
        let mut seen: Vec<(StatementId, &GroupName)> = Vec::new();
        for change in changes {
            if let RequiredChange::Widen(id, name, _) = change {
                if !seen.contains(&(*id, name)) {
                    seen.push((*id, name));
                    lines.push(Line { kind: "grant", words: self.grant(*id, name, changes) });
                }
            } else {
                lines.push(self.one(change));
            }
        }
        // Waiting comes last.
        lines.sort_by_key(|l| l.kind == "wait");
        lines
    }

    fn one(&self, change: &RequiredChange) -> Line {
        let taker = &self.question.taker.domain;
        let (kind, words) = match change {
            RequiredChange::InForce(id) => {
                ("agreement", format!("agreement {}, which is here, would have to be in force", short(id)))
            }
            RequiredChange::NewGrant(None, grant) => {
                ("agreement", format!("an agreement with {taker} would have to give {}", what(grant)))
            }
            RequiredChange::NewGrant(Some(id), grant) => {
                ("grant", format!("agreement {} would need one more grant: {} to {taker}", short(id), what(grant)))
            }
            RequiredChange::Widen(id, name, _) => ("grant", self.grant(*id, name, std::slice::from_ref(change))),
            RequiredChange::Prolong(id, day) => {
                let now = self.agreement(id).map(|a| format!(" (now until {})", a.until)).unwrap_or_default();
                ("agreement", format!("agreement {} would have to hold until {day} at least{now}", short(id)))
            }
            RequiredChange::Advance(id, day) => {
                let now = self.agreement(id).map(|a| format!(" (now from {} on)", a.from)).unwrap_or_default();
                ("agreement", format!("agreement {} would have to hold from {day} on{now}", short(id)))
            }
            RequiredChange::Marking(index, MarkingChange::Name(who)) => (
                "marking",
                format!("{} would have to name {who} as releasable_to, in a new version", self.named(*index)),
            ),
            RequiredChange::Marking(index, MarkingChange::Topic(topic)) => {
                ("marking", format!("{} would have to bear the topic {topic}, in a new version", self.named(*index)))
            }
            RequiredChange::Renew(after) => ("version", format!("a new version would have to expire after {after}")),
            RequiredChange::Rule(id) => ("rule", self.rule(id)),
            RequiredChange::Wait(until) => ("wait", format!("it would be released from {until} on, not before")),
        };
        Line { kind, words }
    }

    fn named(&self, index: usize) -> String {
        (self.name)(index)
    }

    fn rule(&self, id: &str) -> String {
        let words = self.question.house.reasons().find(|r| r.id == id).map(|r| format!(" ({})", r.words));
        format!("{id} would have to permit it{}", words.unwrap_or_default())
    }

    fn agreement(&self, id: &StatementId) -> Option<&Agreement> {
        let mut all = self.question.agreements.iter().chain(self.question.dormant);
        all.find(|(known, _)| known == id).map(|(_, a)| a)
    }

    /// All changes of one grant in one sentence.
    fn grant(&self, id: StatementId, name: &GroupName, changes: &[RequiredChange]) -> String {
        let now = self.agreement(&id).and_then(|a| a.grants.iter().find(|g| g.id == *name));
        let ways: Vec<&Widening> = changes
            .iter()
            .filter_map(|c| match c {
                RequiredChange::Widen(other, n, how) if *other == id && n == name => Some(how),
                _ => None,
            })
            .collect();
        let mut parts: Vec<String> = Vec::new();
        let kinds: Vec<_> =
            ways.iter().filter_map(|w| if let Widening::Kind(k) = w { Some(*k) } else { None }).collect();
        if !kinds.is_empty() {
            parts.push(format!("give {} too", abbreviated_list(&kinds)));
        }
        let places: Vec<_> =
            ways.iter().filter_map(|w| if let Widening::Place(p) = w { Some(*p) } else { None }).collect();
        if !places.is_empty() {
            parts.push(format!("cover {} too", abbreviated_list(&places)));
        }
        parts.extend(ways.iter().filter_map(|how| single(how, now)));
        format!("grant {name} would have to {}", and(&parts))
    }
}

/// A widening that has no list of values.
fn single(how: &Widening, now: Option<&Grant>) -> Option<String> {
    Some(match how {
        Widening::Kind(_) | Widening::Place(_) => return None,
        Widening::Topic(topic) => format!("be for the topic {topic} too"),
        Widening::MaxTlp(tlp) => {
            let now = now.map(|g| format!(" (now up to {})", g.max_tlp)).unwrap_or_default();
            format!("reach {tlp}{now}")
        }
        Widening::MinLevel(level) => {
            let now = now.and_then(|g| g.min_level).map(|l| format!(" (now from {l})")).unwrap_or_default();
            format!("begin at level {level}{now}")
        }
        Widening::Delay(seconds) => {
            let now = now.map(|g| format!(" (now {} after its issue)", duration(g.delay_seconds))).unwrap_or_default();
            match seconds {
                0 => format!("give it at once{now}"),
                n => format!("give it after {} at most{now}", duration(*n)),
            }
        }
    })
}

/// What a new grant would have to permit.
fn what(grant: &Grant) -> String {
    let mut kinds = grant.kinds.clone();
    kinds.sort_unstable();
    let places: Vec<String> = grant.places.iter().map(area_in_words).collect();
    format!("{} on {} up to {}", abbreviated_list(&kinds), abbreviated_list(&places), grant.max_tlp)
}

/// `a, b and c`.
fn and(parts: &[String]) -> String {
    match parts {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        parts => parts.concat(),
    }
}
