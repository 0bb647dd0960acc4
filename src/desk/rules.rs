//! House rules and simulations: the service, and the forms in which it shows them.

use std::sync::Arc;

use tokio::sync::mpsc;
use tonic::{Request, Response};

use super::{
    argument::{self, argument},
    call::{Desk, Reply, answer, authorize},
    stream::{ResponseStream, Sender, response_stream, send},
};
use crate::{
    domain::{
        actor::{Authorized, Explain},
        fault::{Fault, Reason},
        rules::{RuleFault, RuleFile, RulesVersion},
    },
    node::{
        Node,
        house_rules::RulesView,
        simulation::{Proposal, SimulationEvent, SimulationReport, SimulationSummary},
    },
    wire::{
        field::{self, texts, timestamp},
        proto::{self, rule_service_server::RuleService, simulate_request::Change, simulate_response::Message},
        status::from_fault,
    },
};

#[tonic::async_trait]
impl RuleService for Desk {
    async fn get_rules(&self, request: Request<proto::GetRulesRequest>) -> Reply<proto::GetRulesResponse> {
        let (actor, message) = authorize(request)?;
        answer(async { Ok(view(&self.node.rules.rules(&actor, argument::version(message.version)).await?)) }).await
    }

    type SimulateStream = ResponseStream<proto::SimulateResponse>;

    async fn simulate(&self, request: Request<proto::SimulateRequest>) -> Reply<Self::SimulateStream> {
        let (actor, proto::SimulateRequest { change, last, limit }) = authorize(request)?;
        let proposal = argument(proposal(change)).map_err(from_fault)?;
        let simulation = SimulationCall { node: self.node.clone(), actor, proposal, last, limit };
        Ok(Response::new(response_stream(move |to| simulation.run(to))))
    }
}

/// A simulation that somebody asks for.
struct SimulationCall {
    node: Arc<Node>,
    actor: Authorized<Explain>,
    proposal: Proposal,
    /// How many assessments to compare.
    last: u32,
    /// How many differences to send one by one.
    limit: u32,
}

impl SimulationCall {
    /// Runs it, and sends what it finds.
    async fn run(self, to: Sender<proto::SimulateResponse>) -> Result<(), Fault> {
        let Self { node, actor, proposal, last, limit } = self;
        let (sender, mut receiver) = mpsc::channel(32);
        let forward = async {
            while let Some(told) = receiver.recv().await {
                send(&to, proto::SimulateResponse { message: Some(message(told)) }).await?;
            }
            Ok(())
        };
        tokio::try_join!(node.simulation.simulate(&actor, proposal, last, limit, sender), forward).map(|_| ())
    }
}

fn view(view: &RulesView) -> proto::GetRulesResponse {
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

/// What to simulate.
fn proposal(change: Option<Change>) -> Result<Proposal, Fault> {
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

fn message(told: SimulationEvent) -> Message {
    match told {
        SimulationEvent::Begun { partners, replaces, rules } => Message::Begun(proto::SimulationBegun {
            partners: partners.iter().map(ToString::to_string).collect(),
            replaces: replaces.map(|(id, _)| id.0.to_vec()).unwrap_or_default().into(),
            replaces_version: replaces.map(|(_, version)| version).unwrap_or_default(),
            rules,
        }),
        SimulationEvent::Done(assessments) => Message::Done(assessments),
        SimulationEvent::Found(found) => Message::Difference(difference(found)),
        SimulationEvent::Ended(summary) => Message::Ended(ended(&summary)),
    }
}

fn difference(found: SimulationReport) -> proto::SimulatedDifference {
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

fn ended(summary: &SimulationSummary) -> proto::SimulationEnded {
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
