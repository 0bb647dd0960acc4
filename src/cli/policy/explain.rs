//! `watchfire policy explain`.

mod answer;
mod arrived;
mod words;

use clap::Args;

use crate::{
    cli::{
        CliError, Global,
        context::{ANYBODY, Context},
        named, output,
    },
    domain::ids::TrustDomain,
    wire::proto,
};
use answer::Explained;

/// Explains the decisions about an assessment: then, now, and what would have to change.
#[derive(Args)]
pub struct Explain {
    /// The assessment's id, or enough of its beginning
    id: String,
    /// One partner only, with what would have to change for it to get what is withheld
    #[arg(long, value_name = "DOMAIN")]
    partner: Option<TrustDomain>,
    /// One version; the latest where it is missing
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    version: u32,
}

impl Explain {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let mut desk = Context::load(global, ANYBODY)?.connect().await?;
        let id = named::assessment(&mut desk, &self.id).await?;
        let request = proto::ExplainRequest {
            assessment_id: id.0.to_vec().into(),
            version: self.version,
            partner: self.partner.as_ref().map(ToString::to_string).unwrap_or_default(),
        };
        let explained = Explained::new(desk.assessments.explain(request).await?.into_inner())?;
        output::result(global, &explained, || explained.words(self.partner.is_some()));
        Ok(())
    }
}
