//! Proposals to many partners from one file.

use serde::Serialize;

use super::details::AgreementDetails;
use crate::{
    cli::{CliError, Exit, Global, error::FaultLine, output, terminal},
    desk::client::DeskClient,
    domain::{agreement::Agreement, ids::TrustDomain},
    render,
    wire::proto,
};

/// What stands for the partner in a file for many partners.
pub const PARTNER: &str = "{partner}";

/// The terms for each partner.
pub type Proposals = Vec<(TrustDomain, Agreement)>;

/// What became of the proposal to one partner.
#[derive(Serialize)]
pub struct Outcome {
    partner: String,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    agreement: Option<AgreementDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Refusal>,
}

#[derive(Serialize)]
struct Refusal {
    reason: String,
    message: String,
}

/// The text for one partner.
///
/// # Errors
/// If the file does not say where the partner goes: it would propose one and the same agreement to all.
pub fn text_for(text: &str, partner: &TrustDomain) -> Result<String, CliError> {
    if !text.contains(PARTNER) {
        let what = format!(
            "the file does not have `{PARTNER}`, which stands for the partner; write it for each name of the partner"
        );
        return Err(CliError::files(what));
    }
    Ok(text.replace(PARTNER, partner.as_str()))
}

/// All active partners.
pub async fn all_partners(desk: &mut DeskClient) -> Result<Vec<TrustDomain>, CliError> {
    let (partners, _): (Vec<proto::PartnerView>, _) = desk.all_partners().await?;
    let active = partners.into_iter().filter(|p| p.state == "active");
    active.map(|p| p.domain.parse().map_err(|e: String| CliError::files(e))).collect()
}

/// Shows on a terminal what is proposed to whom, and asks.
pub fn confirmed(global: &Global, proposals: &Proposals) -> Result<(), CliError> {
    if !terminal::can_ask(global) {
        return Ok(());
    }
    let names: Vec<&str> = proposals.iter().map(|(partner, _)| partner.as_str()).collect();
    if let Some((first, agreement)) = proposals.first() {
        let terms = render::agreement(agreement, &output::options());
        output::show(&format!(
            "{terms}\nThese are the terms for {first}. The same is proposed to: {}",
            names.join(", ")
        ));
    }
    output::ask(global, &format!("Propose it to {} partners?", names.len()), "nothing was proposed")
}

/// Shows on a terminal which terms are proposed, and asks.
pub fn confirmed_for_one(global: &Global, agreement: &Agreement) -> Result<(), CliError> {
    if terminal::can_ask(global) {
        output::show(render::agreement(agreement, &output::options()).trim_end());
    }
    output::ask(global, "Propose exactly these terms to the partner?", "nothing was proposed")
}

/// The one agreement that is in force with a partner.
///
/// # Errors
/// If there is none, or if there are several: then nobody has said which one is meant.
pub fn in_force_with<'a>(
    known: &'a [AgreementDetails],
    partner: &TrustDomain,
) -> Result<&'a AgreementDetails, CliError> {
    let is_meant = |a: &&AgreementDetails| a.state == "in-force" && a.agreement.parties.contains(partner);
    let mut found = known.iter().filter(is_meant);
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => {
            let what = format!("no agreement with {partner} is in force, so there is none to amend");
            Err(CliError::new(Exit::Failed, "NOT_FOUND", what))
        }
        (Some(_), Some(_)) => {
            let what = format!(
                "several agreements with {partner} are in force; amend each by itself with `watchfire agreement propose --amends ID`"
            );
            Err(CliError::usage(what))
        }
    }
}

impl Outcome {
    /// What became of it.
    pub fn new(partner: &TrustDomain, proposed: Result<AgreementDetails, CliError>) -> Self {
        let partner = partner.to_string();
        match proposed {
            Ok(agreement) => Self { partner, agreement: Some(agreement), error: None },
            Err(error) => {
                let refusal = Refusal { reason: error.reason, message: error.message };
                Self { partner, agreement: None, error: Some(refusal) }
            }
        }
    }

    fn row(&self) -> Vec<String> {
        let agreement = self.agreement.as_ref();
        let id = agreement.map(|a| a.short().to_owned()).unwrap_or_else(|| "-".to_owned());
        let state = agreement.map(|a| a.state.clone()).unwrap_or_else(|| "NOT PROPOSED".to_owned());
        let note = self.error.as_ref().map(|e| e.message.clone()).unwrap_or_default();
        vec![self.partner.clone(), id, state, note]
    }
}

/// Prints all outcomes. It is an error if one of them is.
pub fn finish(global: &Global, outcomes: &[Outcome]) -> Result<(), CliError> {
    if global.json {
        outcomes.iter().for_each(output::print_json);
    } else {
        let rows: Vec<_> = outcomes.iter().map(Outcome::row).collect();
        output::print(output::table(&["PARTNER", "ID", "STATE", "NOTE"], &rows).trim_end());
    }
    let failed: Vec<FaultLine> = outcomes.iter().filter_map(Outcome::fault).collect();
    if failed.is_empty() {
        return Ok(());
    }
    let others = if failed.len() == outcomes.len() { "none was made" } else { "the others are made" };
    let what = format!("{} of {} proposals failed; {others}", failed.len(), outcomes.len());
    Err(CliError { faults: failed, ..CliError::new(Exit::Failed, "SOME_FAILED", what) })
}

impl Outcome {
    fn fault(&self) -> Option<FaultLine> {
        let error = self.error.as_ref()?;
        let field = Some(self.partner.clone());
        Some(FaultLine { file: String::new(), line: None, field, code: None, message: error.message.clone() })
    }
}
