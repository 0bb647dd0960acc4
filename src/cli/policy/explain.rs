//! `watchfire policy explain`.

mod explanation;
mod label;
mod received;
mod words;

use clap::Args;

use crate::{
    cli::{
        CliError, Global, complete,
        context::{ANYBODY, Context},
        id_prefix, output,
    },
    domain::ids::TrustDomain,
    wire::proto,
};
use explanation::Explanation;

/// Explains the decisions about an assessment: at publication, now, and what would have to change.
#[derive(Args)]
pub struct Explain {
    /// The assessment's id, or its beginning
    #[arg(add = complete::assessments())]
    id: String,
    /// Only this partner, with what would have to change for it to get what is withheld
    #[arg(long, value_name = "DOMAIN", add = complete::partners())]
    partner: Option<TrustDomain>,
    /// The version; default: the latest
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    version: Option<u32>,
}

impl Explain {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let mut desk = Context::load(global, ANYBODY)?.connect().await?;
        let id = id_prefix::assessment(&mut desk, &self.id).await?;
        let request = proto::ExplainRequest {
            assessment_id: id.0.to_vec().into(),
            version: self.version.unwrap_or_default(),
            partner: self.partner.as_ref().map(ToString::to_string).unwrap_or_default(),
        };
        let explanation = Explanation::new(desk.assessments.explain(request).await?.into_inner())?;
        output::result(global, &explanation, || explanation.words(self.partner.is_some()));
        Ok(())
    }
}
