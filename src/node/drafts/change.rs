//! Saves texts of drafts. Two people who edit one draft are told, and nobody's text is lost.

use crate::{
    domain::{
        actor::{Actor, Authorized, Write},
        event::Event,
        fault::{Fault, Reason},
        ids::{DraftId, Sha256},
        stored_draft::{DraftRevision, MAX_DRAFTS_OF_AUTHOR, NewRevision, Saved, StoredDraft},
    },
    node::drafts::{
        Drafts,
        read::{DraftView, not_found},
    },
    seal::{hash::sha256, random},
    store::{StoreError, drafts::DraftChange},
};

/// How often a change is made again on a draft that another process has changed in the meantime.
const ATTEMPTS: usize = 16;

/// A text that was saved.
pub struct SavedText {
    /// The draft after it.
    pub view: DraftView,
    /// The revision that has the text.
    pub revision: u32,
    /// Whether it is a new one. Otherwise nothing was typed since that one.
    pub is_new: bool,
    /// What others have saved meanwhile, and the text does not have yet.
    pub unseen: Vec<DraftRevision>,
}

/// A changed draft: what its maker is told, the text of a new revision, the revisions that give way, and the ledger entries.
pub(super) struct Step<T> {
    pub told: T,
    pub text: Option<(u32, Vec<u8>)>,
    pub dropped: Vec<u32>,
    pub events: Vec<Event>,
    /// Whether the draft is to be stored at all.
    pub is_change: bool,
}

impl Drafts {
    /// Keeps a new draft.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, `INVALID_ARGUMENT`, `LIMIT_EXCEEDED`, store faults.
    pub async fn create(&self, actor: &Authorized<Write>, name: &str, text: &str) -> Result<DraftView, Fault> {
        let _one_at_a_time = self.changing.lock().await;
        let own = self.store.drafts().await?.iter().filter(|draft| draft.author == *actor.id()).count();
        if own >= MAX_DRAFTS_OF_AUTHOR {
            let what = format!("you have {own} drafts, and no more are kept; delete some (`watchfire draft list`)");
            return Err(Fault::new(Reason::LimitExceeded, what));
        }
        let id = DraftId(random::bytes()?);
        let draft = StoredDraft::begin(id, name, self.revision(actor, vec![], text))?;
        let text = Some((1, text.as_bytes().to_vec()));
        self.store.save_draft(DraftChange { draft: draft.clone(), text, dropped: vec![], events: vec![] }).await?;
        self.view(draft).await
    }

    /// Saves a text of a draft. It names the revisions that it is based on. If the current one is not among them, it is kept beside that one.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`; `NOT_FOUND`; `INVALID_ARGUMENT` for a revision that never was; `LIMIT_EXCEEDED`; store faults.
    pub async fn save(
        &self,
        actor: &Authorized<Write>,
        id: &DraftId,
        based_on: &[u32],
        text: &str,
    ) -> Result<SavedText, Fault> {
        let step = |draft: &mut StoredDraft| {
            let saved = draft.save(self.revision(actor, based_on.to_vec(), text))?;
            let new_text = saved.is_new.then(|| (saved.number, text.as_bytes().to_vec()));
            let (dropped, is_change) = (saved.dropped.clone(), saved.is_new);
            Ok(Step { told: saved, text: new_text, dropped, events: vec![], is_change })
        };
        let (draft, saved) = self.change(actor, id, step).await?;
        let Saved { number, is_new, unseen, dropped: _ } = saved;
        let unseen = draft.revisions.iter().filter(|r| unseen.contains(&r.number)).cloned().collect();
        Ok(SavedText { view: self.view(draft).await?, revision: number, is_new, unseen })
    }

    /// Gives a draft another name.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, `NOT_FOUND`, `INVALID_ARGUMENT`, store faults.
    pub async fn rename(&self, actor: &Authorized<Write>, id: &DraftId, name: &str) -> Result<DraftView, Fault> {
        let step = |draft: &mut StoredDraft| {
            draft.rename(name)?;
            Ok(Step { told: (), text: None, dropped: vec![], events: vec![], is_change: true })
        };
        let (draft, ()) = self.change(actor, id, step).await?;
        self.view(draft).await
    }

    /// Changes a draft that this person may see. If another process changes it at the same time, the change is made again.
    pub(super) async fn change<T>(
        &self,
        actor: &Actor,
        id: &DraftId,
        step: impl Fn(&mut StoredDraft) -> Result<Step<T>, Fault>,
    ) -> Result<(StoredDraft, T), Fault> {
        let _one_at_a_time = self.changing.lock().await;
        for _ in 0..ATTEMPTS {
            let mut draft = self.visible(actor, id).await?;
            let Step { told, text, dropped, events, is_change } = step(&mut draft)?;
            if !is_change {
                return Ok((draft, told));
            }
            let change = DraftChange { draft: draft.clone(), text, dropped, events };
            match self.store.save_draft(change).await {
                Ok(()) => return Ok((draft, told)),
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Busy.into())
    }

    fn revision(&self, actor: &Actor, based_on: Vec<u32>, text: &str) -> NewRevision {
        let sha256 = Sha256(sha256(&[text.as_bytes()]));
        NewRevision { by: actor.id().clone(), at: self.clock.now(), based_on, bytes: text.len() as u64, sha256 }
    }

    /// Requires that this person may delete a draft, or take it back from somebody.
    pub(super) fn require_in_charge(actor: &Actor, draft: &StoredDraft) -> Result<(), Fault> {
        match (draft.is_in_charge(actor), draft.is_visible_to(actor)) {
            (true, _) => Ok(()),
            (false, true) => {
                let what = format!("only its author {} and officers may do this with the draft", draft.author);
                Err(Fault::new(Reason::RoleRequired, what))
            }
            (false, false) => Err(not_found(&draft.id)),
        }
    }
}
