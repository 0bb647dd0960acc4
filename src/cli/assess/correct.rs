//! `watchfire assess correct`.

use std::path::PathBuf;

use clap::Args;

use super::{
    before::version_before,
    publish::Publish,
    source::{OpenSource, Source},
};
use crate::cli::{CliError, Global};

/// Publishes the next version of an assessment. It replaces the version before it at everybody who may have it.
#[derive(Args)]
pub struct Correct {
    /// The assessment's id, or its beginning
    id: String,
    /// The complete draft of the new version (TOML, or JSON if its name ends in .json)
    #[arg(required_unless_present = "draft")]
    file: Option<PathBuf>,
    /// A draft that the node keeps, by its id or its beginning
    #[arg(long, value_name = "ID", conflicts_with = "file")]
    draft: Option<String>,
    /// The directory of the files that the kept draft names; default: the current one
    #[arg(long, value_name = "DIR", requires = "draft")]
    files: Option<PathBuf>,
    /// Publish in spite of this warning; may be given several times; it is recorded
    #[arg(long, value_name = "FINDING")]
    accept: Vec<String>,
}

impl Correct {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let source = Source::new(self.file.clone(), self.draft.clone(), self.files.clone());
        let publish = Publish { source, signed: None, accept: self.accept.clone() };
        let opened = publish.source.open(global, |written| publish.refuse(global, written)).await?;
        let OpenSource { written, context, mut desk } = opened;
        let before = version_before(&context, &mut desk, &self.id).await?;
        publish.send(global, &context, &mut desk, &written, Some(before)).await
    }
}
