//! `watchfire evidence check`.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use arc_swap::ArcSwap;
use clap::Args;
use serde::Serialize;

use super::{CliError, Global, output};
use crate::{
    cli::armour::read_all_armoured,
    domain::{
        equivocation::StatementSubject, ids::StatementId, partner::PartnerState, statement::Envelope, time::Clock,
    },
    identity::{
        bundle::TrustBundle,
        files::read_roots,
        signers::{Accept, Identities},
        trust::{KnownOrganisation, Trust},
    },
    seal::{
        equivocation::{SignedStatement, check, subject_of},
        statement,
    },
    telemetry::SystemClock,
};

/// Checks a file of `evidence export`: the statements name the same organisation, assessment and version (or kind of recall), they differ, and all
/// of them are signed under the organisation's roots. Revocation lists are not checked.
#[derive(Args)]
pub struct Check {
    /// The file
    file: PathBuf,
    /// The root certificates of the organisation that is said to have signed (PEM), from a source that you trust
    #[arg(long, value_name = "FILE")]
    bundle: PathBuf,
}

#[derive(Serialize)]
struct Output {
    originator: String,
    assessment: String,
    /// `version N`, `withdraw` or `purge`.
    signed_twice: String,
    /// The fingerprint of the roots under which the signatures were verified.
    fingerprint: String,
    statements: Vec<Statement>,
}

#[derive(Serialize)]
struct Statement {
    id: String,
    made_at: String,
    signed_by: Vec<String>,
}

impl Check {
    pub(super) fn run(&self, global: &Global) -> Result<(), CliError> {
        let all = by_subject(read_all_armoured(&self.file)?)?;
        let mut checked = vec![];
        for (subject, statements) in &all {
            // Of three statements, the first contradicts the second, and the second the third.
            let others = statements.values().skip(1);
            for (first, second) in statements.values().zip(others) {
                checked.push(self.check_pair(subject, first, second)?);
            }
            if statements.len() < 2 {
                let what = format!(
                    "{} contains only one statement of {} of assessment {} by {}: that proves nothing",
                    self.file.display(),
                    subject.twice,
                    subject.assessment,
                    subject.originator
                );
                return Err(CliError::new(crate::cli::Exit::Unverified, "INVALID_ARGUMENT", what));
            }
        }
        checked.iter().for_each(|checked| output::result(global, checked, || checked.words()));
        Ok(())
    }

    fn check_pair(&self, subject: &StatementSubject, first: &Envelope, second: &Envelope) -> Result<Output, CliError> {
        let bundle = TrustBundle::new(subject.originator.clone(), read_roots(&self.bundle)?)?;
        let fingerprint = bundle.fingerprint().to_string();
        let chains = alone(bundle)?;
        let (subject, statements) = check([first, second], &chains, SystemClock.now())?;
        Ok(Output::new(&subject, fingerprint, &statements))
    }
}

/// Trust in one organisation only.
fn alone(bundle: TrustBundle) -> Result<Identities, CliError> {
    let member = KnownOrganisation { bundle, crls: vec![], state: PartnerState::Active };
    let trust = Trust::new(member, vec![], vec![])?;
    Ok(Identities::new(Arc::new(ArcSwap::from_pointee(trust)), Accept::Held))
}

/// The statements, grouped by what they are about, each once, because a mail may contain its text twice.
fn by_subject(all: Vec<Envelope>) -> Result<BTreeMap<StatementSubject, BTreeMap<StatementId, Envelope>>, CliError> {
    let mut found: BTreeMap<StatementSubject, BTreeMap<StatementId, Envelope>> = BTreeMap::new();
    for envelope in all {
        let (subject, _) = subject_of(&envelope)?;
        found.entry(subject).or_default().insert(statement::id(&envelope), envelope);
    }
    Ok(found)
}

impl Output {
    fn new(subject: &StatementSubject, fingerprint: String, statements: &[SignedStatement; 2]) -> Self {
        let statement = |s: &SignedStatement| Statement {
            id: s.id.to_string(),
            made_at: s.made_at.to_string(),
            signed_by: s.by.iter().map(ToString::to_string).collect(),
        };
        Self {
            originator: subject.originator.to_string(),
            assessment: subject.assessment.to_string(),
            signed_twice: subject.twice.to_string(),
            fingerprint,
            statements: statements.iter().map(statement).collect(),
        }
    }

    fn words(&self) -> String {
        let Self { originator, assessment, signed_twice, fingerprint, statements } = self;
        let mut text =
            format!("{originator} has signed two different statements of {signed_twice} of assessment {assessment}:\n");
        for Statement { id, made_at, signed_by } in statements {
            text.push_str(&format!("    {id}, of {made_at}, by {}\n", signed_by.join(", ")));
        }
        text + &format!("under the roots with the fingerprint {fingerprint}; compare it with the organisation's own")
    }
}
