//! Who may see a draft, and its texts.

use crate::{
    domain::{
        actor::{Actor, Authorized, Write},
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::DraftId,
        stored_draft::{DraftRevision, StoredDraft},
    },
    node::{drafts::Drafts, unwritable::recorded_or_logged},
};

/// A draft, as its people see it.
pub struct DraftView {
    /// The draft without its texts.
    pub draft: StoredDraft,
    /// Whether an assessment was published from it.
    pub is_published: bool,
}

/// A draft with one of its texts.
pub struct DraftText {
    /// The draft.
    pub view: DraftView,
    /// The revision.
    pub revision: DraftRevision,
    /// Its text, as it was typed.
    pub text: String,
}

impl Drafts {
    /// Drafts that this person may see, by id: those after an id, and one more than `limit`, so that the caller knows whether there are more.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, store faults.
    pub async fn list(
        &self,
        actor: &Authorized<Write>,
        after: Option<&DraftId>,
        limit: usize,
    ) -> Result<Vec<DraftView>, Fault> {
        let all = self.store.drafts().await?.into_iter().filter(|draft| draft.is_visible_to(actor));
        let wanted = all.filter(|draft| after.is_none_or(|after| draft.id > *after)).take(limit.saturating_add(1));
        let mut views = vec![];
        for draft in wanted {
            views.push(self.view(draft).await?);
        }
        Ok(views)
    }

    /// One draft with a text of it: that of a revision, or the current one. Reading somebody else's draft is recorded.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`; `NOT_FOUND`, for a draft that this person may not see as well; store faults.
    pub async fn read(
        &self,
        actor: &Authorized<Write>,
        id: &DraftId,
        revision: Option<u32>,
    ) -> Result<DraftText, Fault> {
        let draft = self.visible(actor, id).await?;
        let number = revision.unwrap_or(draft.current);
        let gone = || {
            let what = format!("revision {number} of the draft is not here; its history lists those that are kept");
            Fault::at(Reason::NotFound, "revision", what)
        };
        let revision = draft.revision(number).cloned().ok_or_else(gone)?;
        let text = self.store.draft_text(id, number).await?.ok_or_else(gone)?;
        let text = String::from_utf8(text).map_err(|_| Fault::new(Reason::StoreCorrupt, "the text can't be read"))?;
        if draft.author != *actor.id() {
            let event = Event::by(actor, self.clock.now(), Deed::DraftRead { draft: *id });
            let recorded = self.store.record(vec![event]).await.map_err(Fault::from);
            recorded_or_logged(&*self.store, actor, &id.to_string(), recorded)?;
        }
        Ok(DraftText { view: self.view(draft).await?, revision, text })
    }

    /// The draft, if this person may see it.
    pub(super) async fn visible(&self, actor: &Actor, id: &DraftId) -> Result<StoredDraft, Fault> {
        let found = self.store.draft(id).await?.filter(|draft| draft.is_visible_to(actor));
        found.ok_or_else(|| not_found(id))
    }

    pub(super) async fn view(&self, draft: StoredDraft) -> Result<DraftView, Fault> {
        let published = self.store.version(self.identity.domain(), &draft.id.assessment(), 1).await?;
        Ok(DraftView { draft, is_published: published.is_some() })
    }
}

/// The answer for a draft that is not here, and for one that the caller may not know of.
pub(super) fn not_found(id: &DraftId) -> Fault {
    Fault::new(Reason::NotFound, format!("there is no draft `{id}` here"))
}
