//! What the node decided for a partner, as JSON and as words.

use serde::Serialize;

use super::output;
use crate::{
    render::{self, Cell, Clauses, Column, Mark, Row, text::wrap},
    wire::{field::time, proto},
};

/// What goes to one partner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// The partner.
    pub partner: String,
    /// `release` or `withhold`.
    pub decision: &'static str,
    /// The time from which it goes, if nothing goes before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before: Option<String>,
    /// The decision on each portion, in the author's order.
    pub portions: Vec<PortionDecision>,
    /// A remark on the whole decision.
    pub because: Vec<String>,
    /// Why the partner's users can't read what it was sent last, if they can't.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unread: Option<String>,
}

/// The decision on one portion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PortionDecision {
    /// The portion.
    pub handle: String,
    kind: String,
    /// `release` or `withhold`; `undecided` if it arrived after the decision.
    pub decision: &'static str,
    /// The time from which it goes, if that is later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before: Option<String>,
    /// The clauses and rules that decided.
    pub because: Vec<String>,
}

const UNDECIDED: &str = "undecided";

fn decision(release: bool) -> &'static str {
    if release { "release" } else { "withhold" }
}

/// A time as text, if there is one.
pub fn when(at: Option<prost_types::Timestamp>) -> Option<String> {
    at.and_then(|t| time("at", Some(t)).ok()).map(|t| t.to_string())
}

impl PortionDecision {
    /// Whether the partner gets it, now or later.
    pub fn goes(&self) -> bool {
        self.decision == "release"
    }

    /// Whether anything was decided about it.
    pub fn is_decided(&self) -> bool {
        self.decision != UNDECIDED
    }

    fn cell(&self, is_unread: bool) -> Cell {
        let mark = match (&self.not_before, self.goes()) {
            (None, true) if is_unread => Mark::Unread,
            (Some(from), true) => Mark::Later(from.clone()),
            (None, true) => Mark::Gets,
            (_, false) if !self.is_decided() => Mark::Open,
            (_, false) => Mark::Withheld,
        };
        Cell { mark, because: self.because.clone() }
    }
}

impl Decision {
    /// Decodes the node's answer.
    pub fn new(message: proto::PartnerDecision) -> Self {
        let portions = message.portions.into_iter().map(|p| PortionDecision {
            handle: hex::encode(&p.handle),
            kind: p.kind,
            decision: if !p.release && p.because.is_empty() { UNDECIDED } else { decision(p.release) },
            not_before: when(p.not_before),
            because: p.because,
        });
        Self {
            partner: message.partner,
            decision: decision(message.release),
            not_before: when(message.not_before),
            portions: portions.collect(),
            because: message.because,
            unread: None,
        }
    }

    /// Whether the partner gets anything, now or later.
    pub fn goes(&self) -> bool {
        self.decision == "release"
    }

    /// The decision as a column of the table of portions and partners.
    pub fn column(&self) -> Column {
        let cells = self.portions.iter().map(|p| p.cell(self.unread.is_some())).collect();
        Column { name: self.partner.clone(), cells }
    }
}

/// Who gets it now, later and not at all.
pub fn summary(all: &[Decision]) -> String {
    let options = output::options();
    let mut out = String::new();
    let mut line = |title: &str, partners: Vec<String>| {
        let lines = wrap(&partners.join(", "), options.columns(), "               ");
        for (i, line) in lines.iter().enumerate().filter(|_| !partners.is_empty()) {
            let title = if i == 0 { title } else { "" };
            out.push_str(&format!("{title:<15}{}\n", line.trim_start()));
        }
    };
    let later = |d: &Decision| d.not_before.as_ref().map(|from| format!("{} from {from} on", d.partner));
    let of = |wanted: &dyn Fn(&Decision) -> Option<String>| all.iter().filter_map(wanted).collect::<Vec<_>>();
    line("gets it now", of(&|d| (d.goes() && d.not_before.is_none()).then(|| d.partner.clone())));
    line("gets it later", of(&|d| later(d).filter(|_| d.goes())));
    line("gets nothing", of(&|d| (!d.goes()).then(|| d.partner.clone())));
    if all.is_empty() || all.iter().all(|d| !d.goes()) {
        out.insert_str(0, "NOBODY GETS THIS\n");
    }
    out.trim_end().to_owned()
}

/// All decisions as one table, followed by the clauses in words.
pub fn table(rows: &[Row], all: &[Decision]) -> String {
    if all.is_empty() {
        return "nobody gets this: there are no active partners yet".to_owned();
    }
    let (options, mut clauses) = (output::options(), Clauses::default());
    let columns: Vec<Column> = all.iter().map(Decision::column).collect();
    let matrix = render::matrix(rows, &columns, &mut clauses, &options);
    format!("{matrix}\n{}\n\n{}", render::legend(&columns, &options), clauses.text(&options)).trim_end().to_owned()
}
