//! Agreements as people write them.

mod grant;

use super::{
    DraftError, Format,
    assessment::level,
    fields::{At, Faults, Fields},
    groups,
    tree::{self, InputValue, Located},
};
use crate::{
    domain::{
        agreement::{AcknowledgeDuty, Agreement, Duties, Grant, Series},
        ids::{StatementId, TrustDomain},
        time::{Day, spoken},
    },
    wire,
};

/// The series and the previous version of an agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lineage {
    /// The series, which is the same for all versions.
    pub series: Series,
    /// The number and id of the version before. `None` for the first version.
    pub previous: Option<(u32, StatementId)>,
}

/// Reads an agreement. The caller says which version of which series it is. An agreement that does not say when it begins begins `today`.
///
/// # Errors
/// All faults of the file at once.
pub fn parse_agreement(text: &str, format: Format, lineage: Lineage, today: Day) -> Result<Agreement, DraftError> {
    let node = tree::read(text, format)?;
    let faults = Faults::default();
    let agreement = agreement(At { node: &node, line: node.line, path: "", faults: &faults, today }, lineage);
    // The rules between fields are checked only if all fields could be read.
    if let (Some(agreement), true) = (&agreement, faults.is_empty()) {
        check(agreement, &node, &faults);
    }
    faults.finish(agreement)
}

fn agreement(at: At<'_>, lineage: Lineage) -> Option<Agreement> {
    let fields = at.fields()?;
    let help = "write a table `[agreement]` with `parties` and `until`";
    let header = fields.must("agreement", help, header);
    let groups = fields.maybe("groups", groups::read).unwrap_or_default();
    let grants = fields.must("grant", "write at least one `[[grant]]`", |at| at.each(grant::read));
    let duties = fields.maybe("duties", duties).unwrap_or_default();
    fields.refuse_others();
    let Header { parties, from, until, purpose, notice_days } = header?;
    let Lineage { series, previous } = lineage;
    let version = previous.map_or(1, |(version, _)| version.saturating_add(1));
    let previous = previous.map(|(_, id)| id);
    let grants = grants?;
    let triggers = vec![];
    Some(Agreement {
        series,
        version,
        previous,
        parties,
        from,
        until,
        purpose,
        notice_days,
        groups,
        grants,
        duties,
        triggers,
    })
}

struct Header {
    parties: [TrustDomain; 2],
    from: Day,
    until: Day,
    purpose: String,
    notice_days: u32,
}

fn header(at: At<'_>) -> Option<Header> {
    let fields = at.fields()?;
    let parties = fields.must("parties", "write the two organisations", parties);
    let from = fields.maybe("from", |at| at.day()).or((!fields.has("from")).then_some(at.today));
    let help = "write how long it holds, e.g. `2 years`, or the last day";
    let until = fields.must("until", help, |at| last_day(at, from));
    let purpose = fields.prose("purpose");
    let notice_days = fields.maybe("notice", |at| at.days()).unwrap_or_default();
    fields.refuse_others();
    let (from, until) = (from?, until?);
    if until < from {
        return fields.table().refuse("it ends before it begins; exchange `from` and `until`");
    }
    Some(Header { parties: parties?, from, until, purpose, notice_days })
}

/// A day, or so many days after the first one.
fn last_day(at: At<'_>, from: Option<Day>) -> Option<Day> {
    match spoken::is_span(at.plain()?) {
        true => at.days_ahead().zip(from).map(|(days, from)| from.plus_days(days.into())),
        false => at.parsed(),
    }
}

fn parties(at: At<'_>) -> Option<[TrustDomain; 2]> {
    let mut all: Vec<TrustDomain> = at.each(|at| at.parsed())?;
    all.sort_unstable();
    all.dedup();
    match <[TrustDomain; 2]>::try_from(all) {
        Ok(parties) => Some(parties),
        Err(_) => at.refuse("an agreement has two parties; write both, as in `[\"gb.example\", \"ecowas.example\"]`"),
    }
}

fn duties(at: At<'_>) -> Option<Duties> {
    let fields = at.fields()?;
    let duties = Duties {
        acknowledge: fields.maybe("acknowledge", |at| at.each(acknowledge)).unwrap_or_default(),
        purge_on_recall: fields.maybe("purge_on_recall", |at| at.boolean()).unwrap_or(false),
        approvals: fields.maybe("approvals", |at| at.integer()).unwrap_or_default(),
        ..Duties::default()
    };
    fields.refuse_others();
    Some(duties)
}

fn acknowledge(at: At<'_>) -> Option<AcknowledgeDuty> {
    let fields: Fields<'_> = at.fields()?;
    let min_level = fields.must("min_level", "write 1 to 5", level);
    let within = fields.must("within", "write e.g. `6h`", |at| at.seconds());
    fields.refuse_others();
    let (min_level, within_seconds) = (min_level?, within?);
    Some(AcknowledgeDuty { min_level, within_seconds, mandate: None, answer_within_seconds: None })
}

/// Checks the rules between the fields, and reports the line of the faulty grant.
fn check(agreement: &Agreement, node: &Located, faults: &Faults) {
    let mut faulty = false;
    for (i, grant) in agreement.grants.iter().enumerate() {
        let (line, path) = (grant_line(node, i), format!("grant[{i}]"));
        for message in grant_faults(agreement, i, grant) {
            faulty = true;
            faults.note::<()>(line, path.as_str(), message);
        }
    }
    // The check in `wire` decides. It stops at the first fault, so it runs only if there was none here.
    if !faulty && let Err(fault) = wire::agreement::check(agreement) {
        faults.note::<()>(None, fault.field.unwrap_or_default(), fault.message);
    }
}

fn grant_faults(agreement: &Agreement, i: usize, grant: &Grant) -> Vec<String> {
    let mut messages = Vec::new();
    let [a, b] = &agreement.parties;
    let runs = (&grant.from == a && &grant.to == b) || (&grant.from == b && &grant.to == a);
    if !runs {
        messages.push(format!("a grant must go from one party to the other; write `{a}` and `{b}` as `from` and `to`"));
    }
    if agreement.grants.iter().take(i).any(|g| g.id == grant.id) {
        messages.push(format!("another grant also has the id `{}`; give each grant an id of its own", grant.id));
    }
    for name in grant::groups(grant).into_iter().filter(|name| agreement.group(name).is_none()) {
        messages.push(groups::not_spelled_out(name, &agreement.groups));
    }
    messages
}

fn grant_line(node: &Located, i: usize) -> Option<usize> {
    let InputValue::Table(entries) = &node.value else { return None };
    match &entries.iter().find(|e| e.key == "grant")?.node.value {
        InputValue::List(all) => all.get(i)?.line,
        _ => None,
    }
}
