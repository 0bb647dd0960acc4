//! `watchfire policy`: who may have what, and why.

mod check;
mod rules;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{
    CliError, Global,
    context::{ANYBODY, Context},
    output,
};
use crate::{
    domain::{
        body::Kind,
        ids::{AssessmentId, TrustDomain},
    },
    render::text::one_line,
    wire::{
        field::{time, word},
        proto,
    },
};

/// Ask who may have what, and why.
#[derive(Subcommand)]
pub enum Policy {
    /// Show, portion by portion and partner by partner, what goes and which clause or rule decided: then and now
    Explain(Explain),
    /// Check house rules before they are in force: every mistake with file, line and column
    Check(check::Check),
    /// Show the house rules in force, their versions, and why the files on disk are not in force
    Rules(rules::Rules),
    /// Print the schema: what house rules may speak of
    Schema(rules::Schema),
}

/// Explains the decisions about an assessment.
#[derive(Args)]
pub struct Explain {
    /// The assessment
    id: AssessmentId,
    /// One partner only
    #[arg(long, value_name = "DOMAIN")]
    partner: Option<TrustDomain>,
    /// One version; the latest where it is missing
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    version: u32,
}

/// What goes to one partner.
#[derive(Serialize)]
pub struct Decision {
    partner: String,
    decision: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<String>,
    portions: Vec<PortionView>,
    because: Vec<String>,
}

#[derive(Serialize)]
struct PortionView {
    handle: String,
    kind: String,
    decision: &'static str,
    because: Vec<String>,
}

fn decision(release: bool) -> &'static str {
    if release { "release" } else { "withhold" }
}

impl Decision {
    /// From the node's answer.
    pub fn new(message: proto::PartnerDecision) -> Self {
        let portions = message.portions.into_iter().map(|p| PortionView {
            handle: hex::encode(&p.handle),
            kind: word("kind", Kind::ALL, p.kind).map(|k| k.to_string()).unwrap_or_default(),
            decision: decision(p.release),
            because: p.because,
        });
        Self {
            partner: message.partner,
            decision: decision(message.release),
            not_before: message.not_before.and_then(|t| time("not_before", Some(t)).ok()).map(|t| t.to_string()),
            portions: portions.collect(),
            because: message.because,
        }
    }

    /// All decisions in words: for each partner what goes, what stays, and why.
    pub fn words(all: &[Self]) -> String {
        if all.is_empty() {
            return "nobody gets it: there are no active partners yet".to_owned();
        }
        all.iter().map(Self::one).collect::<Vec<_>>().join("\n")
    }

    fn one(&self) -> String {
        let released = self.portions.iter().filter(|p| p.decision == "release").count();
        let mut text = if self.decision == "release" {
            let when = self.not_before.as_ref().map(|t| format!(", from {t} on")).unwrap_or_default();
            format!("{} gets {released} of {} portions{when}", self.partner, self.portions.len())
        } else {
            format!("{} gets nothing", self.partner)
        };
        for why in &self.because {
            text.push_str(&format!("\n    {}", one_line(why)));
        }
        // The same words for several portions are said once.
        let mut said: Vec<(&'static str, String, Vec<&str>)> = vec![];
        for portion in &self.portions {
            let why = portion.because.join("; ");
            match said.iter_mut().find(|(d, w, _)| *d == portion.decision && *w == why) {
                Some((_, _, kinds)) => kinds.push(&portion.kind),
                None => said.push((portion.decision, why, vec![&portion.kind])),
            }
        }
        for (decision, why, mut kinds) in said {
            kinds.dedup();
            let mark = if decision == "release" { "gets    " } else { "withheld" };
            text.push_str(&format!("\n  {mark} {}: {}", kinds.join(", "), one_line(&why)));
        }
        text
    }
}

#[derive(Serialize)]
struct Explained {
    assessment: String,
    then: Vec<Decision>,
    now: Vec<Decision>,
}

impl Policy {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        match self {
            Self::Explain(explain) => explain.run(global).await,
            Self::Check(check) => check.run(global).await,
            Self::Rules(rules) => rules.run(global).await,
            Self::Schema(schema) => schema.run(global),
        }
    }
}

impl Explain {
    async fn run(&self, global: &Global) -> Result<(), CliError> {
        let mut desk = Context::load(global, ANYBODY)?.connect().await?;
        let request = proto::ExplainRequest {
            assessment_id: self.id.0.to_vec().into(),
            version: self.version,
            partner: self.partner.as_ref().map(ToString::to_string).unwrap_or_default(),
        };
        let answer = desk.explain(request).await?.into_inner();
        let explained = Explained {
            assessment: self.id.to_string(),
            then: answer.then.into_iter().map(Decision::new).collect(),
            now: answer.now.into_iter().map(Decision::new).collect(),
        };
        output::result(global, &explained, || {
            format!(
                "AS DECIDED AT PUBLICATION\n{}\n\nAS IT WOULD BE DECIDED NOW\n{}",
                Decision::words(&explained.then),
                Decision::words(&explained.now)
            )
        });
        Ok(())
    }
}
