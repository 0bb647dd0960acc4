//! `watchfire agreement diff`: compares two agreements or drafts in words.

use std::path::Path;

use clap::Args;
use serde::Serialize;
use serde_json::{Value, json};

use super::{details::AgreementDetails, lookup::find};
use crate::{
    cli::{
        CliError, Global,
        context::{ANYBODY, Context},
        files::read_written,
        output,
    },
    desk::client::DeskClient,
    domain::{
        agreement::{
            Agreement,
            difference::{AgreementDifference, Effect, What, differences},
        },
        ids::{AssessmentId, TrustDomain},
        marking::GroupName,
        time::Clock,
    },
    draft::{self, Lineage},
    render,
    telemetry::SystemClock,
};

/// Compares two agreements. Two files can be compared without a node.
#[derive(Args)]
pub struct Diff {
    /// The earlier agreement: an id or its beginning, or a file
    a: String,
    /// The later agreement: an id or its beginning, or a file
    b: String,
}

#[derive(Serialize)]
struct Compared {
    a: String,
    b: String,
    changes: Vec<Change>,
}

#[derive(Serialize)]
struct Change {
    grant: Option<GroupName>,
    from: Option<TrustDomain>,
    to: Option<TrustDomain>,
    field: &'static str,
    before: Value,
    after: Value,
    effect: Effect,
    words: String,
}

/// One side of the comparison, with its name for people.
struct Side {
    name: String,
    words: String,
    agreement: Agreement,
}

impl Diff {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let mut desk = None;
        let a = side(global, &self.a, &mut desk).await?;
        let b = side(global, &self.b, &mut desk).await?;
        let found = differences(&a.agreement, &b.agreement);
        let compared = Compared { a: a.name, b: b.name, changes: found.iter().map(Change::new).collect() };
        output::result(global, &compared, || {
            let heading = format!("From {} to {}:", a.words, b.words);
            if found.is_empty() {
                return format!("{heading} nothing changes.");
            }
            let text = render::differences(&found, &output::options());
            format!("{heading}\n\n{text}\n{LEGEND}")
        });
        Ok(())
    }
}

/// Reads a file if there is one of that name, and otherwise asks the node for the agreement.
async fn side(global: &Global, name: &str, desk: &mut Option<DeskClient>) -> Result<Side, CliError> {
    let path = Path::new(name);
    let is_written = path.extension().is_some_and(|e| e == "toml" || e == "json");
    if is_written || path.is_file() {
        let (text, format) = read_written(path)?;
        // The series and the version are not compared.
        let lineage = Lineage { series: AssessmentId([0; 16]), previous: None };
        let agreement = draft::parse_agreement(&text, format, lineage, SystemClock.now().day());
        let agreement = agreement.map_err(|e| CliError::written(&e, name))?;
        return Ok(Side { name: name.to_owned(), words: name.to_owned(), agreement });
    }
    let desk = match desk {
        Some(desk) => desk,
        None => desk.insert(Context::load(global, ANYBODY)?.connect().await?),
    };
    let view = find(desk, name).await?;
    let words = format!("agreement {} (version {}, {})", view.short(), view.version, view.state);
    Ok(Side { name: view.id, words, agreement: view.agreement })
}

/// What a version changes compared with the one before, in words.
pub(super) fn since(before: &AgreementDetails, after: &AgreementDetails) -> String {
    let found = differences(&before.agreement, &after.agreement);
    let heading = format!("Compared with version {} ({}):", before.version, before.short());
    if found.is_empty() {
        return format!("{heading} nothing changes.\n");
    }
    format!("{heading}\n\n{}\n{LEGEND}", render::differences(&found, &output::options()))
}

const LEGEND: &str = "+ gives more   − gives less   · neither";

impl Change {
    fn new(difference: &AgreementDifference) -> Self {
        let (field, before, after) = parts(&difference.what);
        let (direction, effect) = (difference.grant.clone(), difference.effect);
        let (grant, from, to) = direction.map_or((None, None, None), |d| (Some(d.id), Some(d.from), Some(d.to)));
        Self { grant, from, to, field, before, after, effect, words: render::difference(difference) }
    }
}

/// The name of the changed term for programs, with its earlier and its later value; `null` for no value.
fn parts(what: &What) -> (&'static str, Value, Value) {
    let none = || Value::Null;
    match what {
        What::Parties(a, b) => ("parties", json!(a), json!(b)),
        What::From(a, b) => ("from", json!(a), json!(b)),
        What::Until(a, b) => ("until", json!(a), json!(b)),
        What::Purpose(a, b) => ("purpose", json!(a), json!(b)),
        What::Notice(a, b) => ("notice_days", json!(a), json!(b)),
        What::NewGroup(b) => ("groups", none(), json!(b)),
        What::DroppedGroup(a) => ("groups", json!(a), none()),
        What::GroupDay(name, a, b) => {
            ("groups.as_of", json!({ "name": name, "as_of": a }), json!({ "name": name, "as_of": b }))
        }
        What::NewMember(name, b) => ("groups.members", none(), json!({ "name": name, "member": b })),
        What::DroppedMember(name, a) => ("groups.members", json!({ "name": name, "member": a }), none()),
        What::Acknowledge(level, a, b) => {
            let within =
                |s: &Option<u64>| s.map_or(Value::Null, |s| json!({ "min_level": level, "within_seconds": s }));
            ("duties.acknowledge", within(a), within(b))
        }
        What::PurgeOnRecall(a, b) => ("duties.purge_on_recall", json!(a), json!(b)),
        What::Approvals(a, b) => ("duties.approvals", json!(a), json!(b)),
        What::Unkept(a, b) => ("unkept", json!(a), json!(b)),
        What::LaterKinds(a, b) => ("later_kinds", json!(a), json!(b)),
        What::LaterOnwardKinds(a, b) => ("onward.later_kinds", json!(a), json!(b)),
        What::NewGrant(b) => ("grant", none(), json!(b)),
        What::DroppedGrant(a) => ("grant", json!(a), none()),
        What::NewPlace(b) => ("places", none(), json!(b)),
        What::DroppedPlace(a) => ("places", json!(a), none()),
        What::NewTopic(b) => ("topics", none(), json!(b)),
        What::DroppedTopic(a) => ("topics", json!(a), none()),
        What::OnlyTopics(b) => ("topics", json!([]), json!(b)),
        What::AllTopics(a) => ("topics", json!(a), json!([])),
        What::NewKind(b) => ("kinds", none(), json!(b)),
        What::DroppedKind(a) => ("kinds", json!(a), none()),
        What::MaxTlp(a, b) => ("max_tlp", json!(a), json!(b)),
        What::MinLevel(a, b) => ("min_level", json!(a), json!(b)),
        What::Delay(a, b) => ("delay_seconds", json!(a), json!(b)),
        What::Retention(a, b) => ("retention_days", json!(a), json!(b)),
        What::NewOnward(b) => ("onward", none(), json!(b)),
        What::DroppedOnward(a) => ("onward", json!(a), none()),
        What::NewOnwardTo(b) => ("onward.to", none(), json!(b)),
        What::DroppedOnwardTo(a) => ("onward.to", json!(a), none()),
        What::NewOnwardKind(b) => ("onward.kinds", none(), json!(b)),
        What::DroppedOnwardKind(a) => ("onward.kinds", json!(a), none()),
        What::OnwardTlp(a, b) => ("onward.max_tlp", json!(a), json!(b)),
        What::OnwardDepth(a, b) => ("onward.depth", json!(a), json!(b)),
    }
}
