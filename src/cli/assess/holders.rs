//! `watchfire assess holders`.

use clap::Args;
use serde::Serialize;

use crate::{
    cli::{
        CliError, Global, complete,
        context::{ANYBODY, Context},
        id_prefix, output,
        quarantine::reason_in_words,
        recall_details::RecallDetails,
    },
    domain::receipt::ReceiptKind,
    render::text::one_line,
    wire::{
        field::{time, word},
        proto,
    },
};

/// Shows who holds an assessment, by which way they got it, and their receipts; after a recall, who has confirmed it.
#[derive(Args)]
pub struct Holders {
    /// The assessment's id, or its beginning
    #[arg(add = complete::assessments())]
    id: String,
}

#[derive(Serialize)]
struct Statement {
    kind: String,
    role: Option<String>,
    at: Option<String>,
    text: Option<String>,
}

#[derive(Serialize)]
struct Version {
    version: u32,
    portions: u64,
    stored: Option<String>,
    refused: Option<String>,
}

#[derive(Serialize)]
struct Holder {
    assessment: String,
    holder: String,
    /// The organisations between this one and the holder.
    through: Vec<String>,
    state: String,
    /// The time of the state. For an unreachable holder: when it was last heard from.
    since: Option<String>,
    versions: Vec<Version>,
    /// The roles in which it was read.
    read: Vec<Statement>,
    acting: Option<Statement>,
    declined: Option<Statement>,
    /// `withdraw` or `purge`, if it was recalled.
    recall: Option<String>,
    /// The holder's answer to the recall.
    answer: Option<Statement>,
    /// Why it could not take the recall when the recall was last offered to it.
    not_yet: Option<String>,
}

fn when(at: Option<prost_types::Timestamp>) -> Option<String> {
    time("at", at).ok().map(|t| t.to_string())
}

fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

impl Statement {
    fn new(said: proto::HolderWord) -> Self {
        let kind = word("kind", ReceiptKind::ALL, said.kind).map(|k| k.to_string()).unwrap_or_default();
        Self { kind, role: some(said.role), at: when(said.at), text: some(said.text) }
    }

    fn words(&self) -> String {
        let by = self.role.as_ref().map(|r| format!(" by role {}", one_line(r))).unwrap_or_default();
        let text = self.text.as_deref().map(|t| format!(": {}", reason_in_words(t))).unwrap_or_default();
        format!("{}{by}, {}{text}", self.kind, self.at.as_deref().unwrap_or("-"))
    }
}

impl Holder {
    fn new(assessment: &str, recall: Option<&str>, view: proto::HolderView) -> Self {
        let (mut read, mut acting, mut declined) = (vec![], None, None);
        for said in view.words.into_iter().map(Statement::new) {
            match said.kind.as_str() {
                "acting" => acting = Some(said),
                "declined" => declined = Some(said),
                _ => read.push(said),
            }
        }
        let version = |v: proto::HeldVersion| Version {
            version: v.version,
            portions: v.portions,
            stored: when(v.stored),
            refused: some(v.refused),
        };
        Self {
            assessment: assessment.to_owned(),
            holder: view.organisation,
            through: view.through,
            state: view.state,
            since: when(view.since),
            versions: view.versions.into_iter().map(version).collect(),
            read,
            acting,
            declined,
            recall: recall.map(str::to_owned),
            answer: view.answer.map(Statement::new),
            not_yet: some(view.not_yet),
        }
    }

    fn words(&self) -> String {
        let by =
            if self.through.is_empty() { String::new() } else { format!(", by way of {}", self.through.join(", ")) };
        let since = self.since.as_ref().map(|s| format!(" since {s}")).unwrap_or_default();
        let mut lines = vec![format!("{}{by}: {}{since}", self.holder, self.state)];
        for v in &self.versions {
            let stored = v.stored.as_ref().map_or("not confirmed as stored".to_owned(), |s| format!("stored {s}"));
            let refused = v.refused.as_deref().map(|r| format!("; {}", reason_in_words(r))).unwrap_or_default();
            lines.push(format!("    version {}, {} portions, {stored}{refused}", v.version, v.portions));
        }
        if let Some(reason) = &self.not_yet {
            let words = reason_in_words(reason);
            lines.push(format!(
                "    could not take the recall yet ({words}); it is offered again each day, and when the holder's roots change"
            ));
        }
        let said = self.read.iter().chain(&self.acting).chain(&self.declined).chain(&self.answer);
        lines.extend(said.map(|s| format!("    {}", s.words())));
        lines.join("\n")
    }
}

impl Holders {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let mut desk = Context::load(global, ANYBODY)?.connect().await?;
        let id = id_prefix::assessment(&mut desk, &self.id).await?.to_string();
        let answer = desk.all_holders(&hex::decode(&id).unwrap_or_default()).await?;
        let recall = answer.recall.as_ref().map(|r| r.kind.clone());
        let holders = answer.holders.into_iter().map(|h| Holder::new(&id, recall.as_deref(), h));
        let holders: Vec<Holder> = holders.collect();
        if global.json {
            holders.iter().for_each(output::print_json);
            return Ok(());
        }
        let exercise = if answer.exercise { "EXERCISE: " } else { "" };
        output::print(&format!("{exercise}{id}, version {}, {}", answer.version, answer.state));
        answer.recall.into_iter().for_each(|r| output::print(&RecallDetails::new(r).words()));
        if holders.is_empty() {
            output::print("this node has given it to nobody");
        }
        holders.iter().for_each(|h| output::print(&h.words()));
        Ok(())
    }
}
