//! House rules and simulations, as messages.

use std::sync::Arc;

use tokio::sync::mpsc;
use tonic::Status;

use super::feed::tell;
use crate::{
    domain::{
        actor::Actor,
        fault::{Fault, Reason},
        rules::{RuleFault, RuleFile, RulesVersion},
    },
    node::{
        Node,
        rules::RulesView,
        simulate::{Found, Proposal, Summary, Told},
    },
    wire::{
        field::{self, texts, timestamp},
        proto::{self, simulate_request::Change, simulate_response::Message},
    },
};

pub(super) fn view(view: &RulesView) -> proto::GetRulesResponse {
    proto::GetRulesResponse {
        in_force: view.in_force,
        since: view.since.and_then(timestamp),
        shown: view.shown.as_ref().map(version),
        rules: view
            .rules
            .iter()
            .map(|r| proto::HouseRule { id: r.id.to_string(), reason: r.words.to_string() })
            .collect(),
        versions: view.versions.iter().map(version).collect(),
        faults: view.faults.iter().map(fault).collect(),
    }
}

fn version(version: &RulesVersion) -> proto::RulesVersion {
    let file = |f: &RuleFile| proto::RuleFile { name: f.name.clone(), text: f.text.clone() };
    proto::RulesVersion {
        version: version.version,
        at: timestamp(version.at),
        digest: version.digest.0.to_vec().into(),
        files: version.files.iter().map(file).collect(),
    }
}

fn fault(fault: &RuleFault) -> proto::RuleFault {
    let RuleFault { file, line, column, message, help } = fault.clone();
    proto::RuleFault { file, line, column, message, help: help.unwrap_or_default() }
}

/// What is to be simulated.
pub(super) fn proposal(change: Option<Change>) -> Result<Proposal, Fault> {
    match change {
        Some(Change::Terms(proto::SimulatedTerms { agreement, amends, beside })) => {
            let amends = if amends.is_empty() { None } else { Some(field::bytes("terms.amends", &amends)?) };
            Ok(Proposal::Terms { payload: agreement.into(), amends, beside })
        }
        Some(Change::Rules(rules)) => {
            let file = |f: proto::RuleFile| RuleFile { name: f.name, text: f.text };
            Ok(Proposal::Rules(rules.files.into_iter().map(file).collect()))
        }
        None => Err(Fault::at(Reason::InvalidArgument, "change", "name the terms or the rules that would change")),
    }
}

/// Runs it, and tells what it tells.
pub(super) async fn simulate(
    node: Arc<Node>,
    actor: Actor,
    proposal: Proposal,
    (last, limit): (u32, u32),
    to: mpsc::Sender<Result<proto::SimulateResponse, Status>>,
) -> Result<(), Fault> {
    let (sender, mut receiver) = mpsc::channel(32);
    let forward = async {
        while let Some(told) = receiver.recv().await {
            tell(&to, proto::SimulateResponse { message: Some(message(told)) }).await?;
        }
        Ok(())
    };
    let person = actor.authorize()?;
    let ((), ()) = tokio::try_join!(node.simulate(&person, proposal, last, limit, sender), forward)?;
    Ok(())
}

fn message(told: Told) -> Message {
    match told {
        Told::Begun { partners, replaces, rules } => Message::Begun(proto::SimulationBegun {
            partners: partners.iter().map(ToString::to_string).collect(),
            replaces: replaces.map(|(id, _)| id.0.to_vec()).unwrap_or_default().into(),
            replaces_version: replaces.map(|(_, version)| version).unwrap_or_default(),
            rules,
        }),
        Told::Done(assessments) => Message::Done(assessments),
        Told::Found(found) => Message::Difference(difference(found)),
        Told::Ended(summary) => Message::Ended(ended(&summary)),
    }
}

fn difference(found: Found) -> proto::SimulatedDifference {
    proto::SimulatedDifference {
        assessment_id: found.assessment.0.to_vec().into(),
        version: found.version,
        issued: timestamp(found.issued),
        headline: found.headline.unwrap_or_default(),
        partner: found.partner.to_string(),
        change: found.change.to_string(),
        kinds: texts(&found.kinds),
        before: found.before.and_then(timestamp),
        after: found.after.and_then(timestamp),
        because: found.because.iter().map(ToString::to_string).collect(),
    }
}

fn ended(summary: &Summary) -> proto::SimulationEnded {
    let counts = summary.counts.iter().map(|((partner, change), (assessments, portions))| proto::SimulatedCount {
        partner: partner.to_string(),
        change: change.to_string(),
        assessments: *assessments,
        portions: *portions,
    });
    proto::SimulationEnded {
        assessments: summary.assessments,
        since: summary.since.and_then(timestamp),
        counts: counts.collect(),
        untold: summary.untold,
    }
}
