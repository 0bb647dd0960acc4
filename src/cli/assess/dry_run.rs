//! What a publication would do: shown before it is asked about, and by `--dry-run`.

use serde::Serialize;

use super::{composed_file::ComposedFile, left_behind::LeftBehind, preview::of_all_partners, repeated::Repeated};
use crate::{
    cli::{
        CliError,
        context::Context,
        decision::{self, Decision},
        output,
    },
    desk::client::DeskClient,
    render::{self, Change, Row, text::wrap},
    wire,
};

/// Who would get what of an assessment, if it were published now.
#[derive(Serialize)]
pub(super) struct DryRun {
    dry_run: bool,
    /// The assessment, if there is an earlier version.
    #[serde(skip_serializing_if = "Option::is_none")]
    assessment: Option<String>,
    version: u32,
    pub(super) decisions: Vec<Decision>,
    left_behind: Vec<LeftBehind>,
    /// What it changes compared with the version before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<Change>,
    /// What only an officer may accept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) findings: Vec<Repeated>,
}

impl DryRun {
    /// Asks the node. Nothing is signed or stored for that.
    pub(super) async fn ask(
        (context, desk): (&Context, &mut DeskClient),
        composed: &ComposedFile,
        changes: &[Change],
    ) -> Result<Self, CliError> {
        let manifest = wire::manifest::decode(&composed.envelope.payload)?;
        let request = of_all_partners(context, composed)?;
        let answer = desk.drafts.preview_assessment(request).await?.into_inner();
        Ok(Self {
            dry_run: true,
            assessment: (manifest.version > 1).then(|| manifest.assessment.to_string()),
            version: manifest.version,
            decisions: answer.decisions.into_iter().map(Decision::new).collect(),
            left_behind: answer.left_behind.into_iter().map(LeftBehind::new).collect(),
            changes: changes.to_vec(),
            findings: answer.findings.into_iter().map(Repeated::new).collect(),
        })
    }

    /// Whether these are the decisions that were shown. A publication decides nothing about a suspended partner, which is shown as well.
    pub(super) fn decided(&self, decisions: &[Decision]) -> bool {
        // Whether a partner could read what it was sent last is no part of a decision.
        let decided: Vec<Decision> = decisions.iter().map(|d| Decision { unread: None, ..d.clone() }).collect();
        let is_about = |shown: &&Decision| shown.goes() || decided.iter().any(|d| d.partner == shown.partner);
        decided.iter().eq(self.decisions.iter().filter(is_about))
    }

    /// What would happen, for people.
    pub(super) fn words(&self, rows: &[Row]) -> String {
        let head = match &self.assessment {
            Some(id) => format!("version {} of {id}", self.version),
            None => "a new assessment".to_owned(),
        };
        let behind = self.left_behind.iter().map(|l| l.words(self.version)).collect::<String>();
        format!(
            "{}{head}\n\n{}\n\n{}{behind}{}",
            changes_in_words(&self.changes),
            decision::summary(&self.decisions),
            decision::table(rows, &self.decisions),
            self.findings.iter().map(|finding| format!("\n\n{finding}")).collect::<String>()
        ) + &self.hint()
    }

    /// Where to read the text itself, if anybody gets any.
    fn hint(&self) -> String {
        const WORDS: &str = "`watchfire assess preview` shows the exact text that each partner would read";
        match self.decisions.iter().any(Decision::goes) {
            true => format!("\n\n{}", wrap(WORDS, output::options().columns(), "").join("\n")),
            false => String::new(),
        }
    }

    /// The question that follows it.
    pub(super) fn question(&self) -> &'static str {
        let nobody = !self.decisions.iter().any(Decision::goes);
        if nobody { "Nobody gets this. Publish it all the same?" } else { "Publish it? This can't be unsent." }
    }
}

/// What changes, with an empty line after it; empty if nothing is compared.
pub(super) fn changes_in_words(changes: &[Change]) -> String {
    if changes.is_empty() { String::new() } else { format!("{}\n", render::changed(changes, &output::options())) }
}
