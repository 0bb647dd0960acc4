//! `watchfire assess mark`.

use clap::Args;

use crate::{
    cli::{
        CliError, Global, complete,
        context::{Context, WRITERS},
        id_prefix, output,
    },
    wire::proto,
};

/// Marks an assessment as read or as not read by you. `assess show` marks it as read. Nobody else sees the mark, and no partner is told.
#[derive(Args)]
pub struct Mark {
    /// The assessment's id, or its beginning
    #[arg(add = complete::assessments())]
    id: String,
    /// The version; default: the latest
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    version: Option<u32>,
    /// Mark it as read
    #[arg(long, required_unless_present = "unread")]
    read: bool,
    /// Mark it as not read
    #[arg(long, conflicts_with = "read")]
    unread: bool,
}

impl Mark {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let mut desk = Context::load(global, WRITERS)?.connect().await?;
        let id = id_prefix::assessment(&mut desk, &self.id).await?;
        let request = proto::MarkAssessmentRequest {
            assessment_id: id.0.to_vec().into(),
            version: self.version.unwrap_or_default(),
            read: self.read,
        };
        let version = desk.personal.mark_assessment(request).await?.into_inner().version;
        let said = serde_json::json!({ "assessment": id, "version": version, "read": self.read });
        let word = if self.read { "read" } else { "not read" };
        output::result(global, &said, || format!("marked {id} (version {version}) as {word}"));
        Ok(())
    }
}
