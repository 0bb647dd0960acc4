//! `watchfire assess release-again`.

use clap::Args;
use serde::Serialize;

use crate::{
    cli::{
        CliError, Global, complete,
        context::{Context, WRITERS},
        id_prefix, output,
    },
    domain::ids::TrustDomain,
    wire::proto,
};

/// Releases an assessment again, e.g. to a partner that had no room for it or lost it. The policy decides again, and the release gets a new
/// number.
#[derive(Args)]
pub struct ReleaseAgain {
    /// The assessment's id, or its beginning
    #[arg(add = complete::assessments())]
    id: String,
    /// Release it only to this partner; default: to everybody who was given some of the latest version
    #[arg(long, value_name = "DOMAIN", add = complete::partners())]
    partner: Option<TrustDomain>,
}

#[derive(Serialize)]
struct Queued {
    assessment: String,
    partners: Vec<String>,
}

impl ReleaseAgain {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let mut desk = Context::load(global, WRITERS)?.connect().await?;
        let id = id_prefix::assessment(&mut desk, &self.id).await?.to_string();
        let request = proto::ReleaseAgainRequest {
            assessment_id: hex::decode(&id).unwrap_or_default().into(),
            partner: self.partner.as_ref().map(ToString::to_string).unwrap_or_default(),
        };
        let partners = desk.assessments.release_again(request).await?.into_inner().partners;
        let queued = Queued { assessment: id, partners };
        output::result(global, &queued, || {
            format!("{} is queued again for {}", queued.assessment, queued.partners.join(", "))
        });
        Ok(())
    }
}
