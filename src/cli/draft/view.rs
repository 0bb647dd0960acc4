//! Drafts as the desk shows them, as JSON and as words.

use serde::Serialize;

use crate::{
    cli::{CliError, Exit, decision::when, id_prefix},
    desk::client::DeskClient,
    domain::ids::DraftId,
    render::text::one_line,
    wire::proto,
};

/// A draft.
#[derive(Debug, Clone, Serialize)]
pub struct DraftRow {
    /// Its id, which is that of the assessment that is published from it.
    pub id: DraftId,
    /// What its people call it.
    pub name: String,
    /// Who began it.
    pub author: String,
    /// To whom it was handed over.
    pub handed_to: Vec<String>,
    /// The current revision.
    pub current: u32,
    /// The revisions beside the current one.
    pub beside: Vec<u32>,
    /// Whether an assessment was published from it.
    pub published: bool,
    /// Its revisions, ascending.
    pub revisions: Vec<RevisionRow>,
}

/// A revision of a draft.
#[derive(Debug, Clone, Serialize)]
pub struct RevisionRow {
    /// Its number.
    pub number: u32,
    /// The revisions that it is based on.
    pub based_on: Vec<u32>,
    /// Who saved it.
    pub by: String,
    /// When.
    pub at: String,
    /// The length of its text.
    pub bytes: u64,
}

impl DraftRow {
    /// Decodes the node's answer.
    pub fn new(view: Option<proto::DraftView>) -> Result<Self, CliError> {
        let view = view.ok_or_else(|| CliError::new(Exit::Failed, "INTERNAL", "the node's answer is empty"))?;
        Ok(Self {
            id: DraftId::try_from(&*view.id).map_err(CliError::usage)?,
            name: view.name,
            author: view.author,
            handed_to: view.handed_to,
            current: view.current,
            beside: view.beside,
            published: view.is_published,
            revisions: view.revisions.into_iter().map(RevisionRow::new).collect(),
        })
    }

    /// The current revision.
    pub fn current(&self) -> Option<&RevisionRow> {
        self.revisions.iter().find(|r| r.number == self.current)
    }

    /// Its name, as words on a terminal.
    pub fn title(&self) -> String {
        one_line(&self.name)
    }

    /// What its readers should know of revisions beside the current one; empty if there is none.
    pub fn beside_words(&self) -> String {
        if self.beside.is_empty() {
            return String::new();
        }
        let lines: String = self.heads().into_iter().map(|r| format!("\n  {}", r.words())).collect();
        let (n, id) = (self.heads().len(), self.id);
        format!("\n{n} versions of this draft exist:{lines}\n`watchfire draft diff {id}` shows the differences")
    }

    /// The texts that nobody has brought into a later one: the current one, and those beside it. Ascending.
    pub fn heads(&self) -> Vec<&RevisionRow> {
        self.revisions.iter().filter(|r| r.number == self.current || self.beside.contains(&r.number)).collect()
    }

    /// The options that say that a text brings all of these together.
    pub fn based_on_all(&self) -> String {
        self.heads().iter().map(|r| format!("--based-on {}", r.number)).collect::<Vec<_>>().join(" ")
    }
}

impl RevisionRow {
    pub(super) fn new(revision: proto::DraftRevision) -> Self {
        let proto::DraftRevision { number, based_on, by, at, bytes } = revision;
        Self { number, based_on, by, at: when(at).unwrap_or_default(), bytes }
    }

    /// Who saved it and when.
    pub fn words(&self) -> String {
        let Self { number, by, at, bytes, .. } = self;
        format!("revision {number}, saved by {} at {at}, {bytes} bytes", person(by))
    }
}

/// The role and name of a person of this organisation.
pub fn person(id: &str) -> String {
    let short = id.strip_prefix("spiffe://").and_then(|rest| rest.split_once('/')).map(|(_, person)| person);
    one_line(short.unwrap_or(id))
}

/// Finds a draft by its id, or by enough of its beginning.
pub async fn find(desk: &mut DeskClient, id: &str) -> Result<DraftId, CliError> {
    if let Ok(id) = id.parse() {
        return Ok(id);
    }
    let mut found = vec![];
    for view in desk.all_drafts().await?.into_iter().filter(|view| hex::encode(&view.id).starts_with(id)) {
        found.push(DraftId::try_from(&*view.id).map_err(CliError::usage)?);
    }
    id_prefix::only(found, id, "draft", "draft list")
}

/// A draft with the text of a revision; 0 means the current one.
pub async fn text(desk: &mut DeskClient, id: &DraftId, revision: u32) -> Result<(DraftRow, u32, String), CliError> {
    let request = proto::GetDraftRequest { draft_id: id.0.to_vec().into(), revision };
    let proto::GetDraftResponse { draft, revision, text } = desk.drafts.get_draft(request).await?.into_inner();
    Ok((DraftRow::new(draft)?, revision, text))
}
