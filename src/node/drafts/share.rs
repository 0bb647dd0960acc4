//! Hands drafts over, takes them back, and deletes them.

use crate::{
    domain::{
        actor::{Authorized, Permission, Write},
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::{DraftId, Role, SpiffeId},
        stored_draft::StoredDraft,
    },
    node::drafts::{
        Drafts,
        change::Step,
        read::{DraftView, not_found},
    },
    store::StoreError,
};

impl Drafts {
    /// Hands a draft over to a colleague, who may read and change it from then on. `person` is a name, a role with a name, or an id.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`; `NOT_FOUND` for the draft or the person; `INVALID_ARGUMENT` for somebody who writes no assessments; `LIMIT_EXCEEDED`; store
    /// faults.
    pub async fn hand_over(&self, actor: &Authorized<Write>, id: &DraftId, person: &str) -> Result<DraftView, Fault> {
        // Whoever may not see the draft learns nothing of who is here.
        self.visible(actor, id).await?;
        let person = self.colleague(person)?;
        let at = self.clock.now();
        let step = |draft: &mut StoredDraft| {
            let is_change = draft.hand_over(&person)?;
            let deed = Deed::DraftAccess { draft: *id, person: person.clone(), is_given: true };
            Ok(Step { told: (), text: None, dropped: vec![], events: vec![Event::by(actor, at, deed)], is_change })
        };
        let (draft, ()) = self.change(actor, id, step).await?;
        self.view(draft).await
    }

    /// Takes a draft back from somebody to whom it was handed over. What that person has saved stays.
    ///
    /// # Errors
    /// `ROLE_REQUIRED` for somebody who is neither the author nor an officer; `NOT_FOUND` for the draft, or if it was not handed to that person;
    /// store faults.
    pub async fn take_back(&self, actor: &Authorized<Write>, id: &DraftId, person: &str) -> Result<DraftView, Fault> {
        let at = self.clock.now();
        let step = |draft: &mut StoredDraft| {
            Self::require_in_charge(actor, draft)?;
            let found: Vec<SpiffeId> = draft.handed_to.iter().filter(|id| id.is_called(person)).cloned().collect();
            let [person] = found.as_slice() else {
                let what = "the draft was not handed over to a person of that name; `watchfire draft show` lists to whom it was";
                return Err(Fault::at(Reason::NotFound, "person", what));
            };
            let is_change = draft.take_back(person);
            let deed = Deed::DraftAccess { draft: *id, person: person.clone(), is_given: false };
            Ok(Step { told: (), text: None, dropped: vec![], events: vec![Event::by(actor, at, deed)], is_change })
        };
        let (draft, ()) = self.change(actor, id, step).await?;
        self.view(draft).await
    }

    /// Deletes a draft with all its revisions, so that nothing of it is left in the store.
    ///
    /// # Errors
    /// `ROLE_REQUIRED` for somebody who is neither the author nor an officer; `NOT_FOUND`; store faults.
    pub async fn delete(&self, actor: &Authorized<Write>, id: &DraftId) -> Result<(), Fault> {
        let _one_at_a_time = self.changing.lock().await;
        match self.store.draft(id).await {
            Ok(Some(draft)) => Self::require_in_charge(actor, &draft)?,
            Ok(None) => return Err(not_found(id)),
            // Nobody can tell any more whose it is.
            Err(StoreError::Damaged(_)) if actor.role() == Role::Officer => {}
            Err(error) => return Err(error.into()),
        }
        let event = Event::by(actor, self.clock.now(), Deed::DraftDeleted { draft: *id });
        match self.store.delete_draft(id, vec![event]).await? {
            true => Ok(()),
            false => Err(not_found(id)),
        }
    }

    /// The person of this organisation who is called that, and who writes assessments.
    fn colleague(&self, called: &str) -> Result<SpiffeId, Fault> {
        let register = self.people.register();
        let known = register.people().map(|person| &person.id).filter(|id| id.is_called(called));
        let here: Vec<&SpiffeId> = known.filter(|id| !self.people.is_gone(id)).collect();
        let wrong = |reason, what: &str| Err(Fault::at(reason, "person", what));
        let writers: Vec<&SpiffeId> = here.iter().copied().filter(|id| Write::ROLES.contains(&id.role())).collect();
        match (writers.as_slice(), here.is_empty()) {
            ([one], _) => Ok((*one).clone()),
            ([], true) => wrong(Reason::NotFound, "nobody of that name is registered here; write a name, or role/name"),
            ([], false) => wrong(
                Reason::InvalidArgument,
                "that person may not see drafts; a draft is handed to an analyst, an officer or a program",
            ),
            _ => wrong(Reason::InvalidArgument, "several people have that name; write role/name"),
        }
    }
}
