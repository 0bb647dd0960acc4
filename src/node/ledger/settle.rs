//! A lost ledger is begun again. What is here goes on as a new epoch, whose first entry says what was signed and lost.

use crate::{
    domain::{
        actor::{Actor, Administer, Authorized},
        approval::Matter,
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::Sha256,
        statement::Envelope,
    },
    ledger::note::Note,
    node::{
        catalogue::{TURNS, has_moved},
        ledger::{Ledger, rank::rank},
    },
    seal::subject,
    store::{
        StoreError,
        ledger::{LedgerChange, LedgerState, SettlingApproval},
    },
};

/// The state of a settlement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// Whether it is done. If not, it waits for more administrators.
    pub settled: bool,
    /// How many administrators have approved it.
    pub approvals: usize,
    /// How many must approve it.
    pub needed: usize,
    /// The ledger's name from now on.
    pub origin: String,
}

impl Ledger {
    /// A note that this node has signed and whose entries it no longer has.
    ///
    /// # Errors
    /// Store faults.
    pub async fn lost_note(&self) -> Result<String, Fault> {
        Ok(String::from_utf8_lossy(&self.store.ledger().await?.behind).into_owned())
    }

    /// Takes an administrator's approval for beginning the lost ledger again. It is begun again once as many have approved that as must
    /// stand behind an agreement.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`; `CONFLICT` where nothing is lost; `SECOND_PERSON_REQUIRED` where the caller has approved it already.
    pub async fn settle_ledger(
        &self,
        actor: &Authorized<Administer>,
        reason: &str,
        approval: &Envelope,
    ) -> Result<Settlement, Fault> {
        if reason.trim().is_empty() {
            return Err(Fault::at(Reason::InvalidArgument, "reason", "say why: it goes on record"));
        }
        // Who must approve depends on the directory as it is now, and registering somebody changes the catalogue.
        self.people.look_for_people().await?;
        for _ in 1..TURNS {
            match self.settle_once(actor, reason, approval).await {
                // Another process has added an approval, or changed what is decided by.
                Err(fault) if has_moved(&fault) || fault == StoreError::Conflict.into() => {}
                settled => return settled,
            }
        }
        self.settle_once(actor, reason, approval).await
    }

    async fn settle_once(
        &self,
        actor: &Authorized<Administer>,
        reason: &str,
        approval: &Envelope,
    ) -> Result<Settlement, Fault> {
        self.directory.catch_up().await?;
        let (signing, decided_on) = (self.signing.lock().await, Some(self.directory.version()));
        let state = self.store.ledger().await?;
        if state.behind.is_empty() {
            return Err(Fault::new(Reason::Conflict, "the ledger has lost nothing: there is nothing to settle"));
        }
        self.people.require_confirmed(actor).await?;
        let needed = self.people.persons_needed();
        let subject = subject::bytes(&state.behind);
        let approved = self.people.approved(actor, approval, Matter::Settlement, &subject)?;
        let approval = approved.id;
        let still = |s: &SettlingApproval| self.people.counts(&s.approved, Matter::Settlement, &subject);
        let mut settling: Vec<SettlingApproval> = state.settling.iter().filter(|s| still(s)).cloned().collect();
        let has_said_so = settling.iter().any(|s| s.approved.by == *actor.id());
        if has_said_so && settling.len() < needed {
            let what = format!("you have said so already; it takes {needed} administrators");
            return Err(Fault::new(Reason::SecondPersonRequired, what));
        }
        if !has_said_so {
            settling.push(SettlingApproval { approved, reason: reason.to_owned() });
        }
        let approvals = settling.len();
        let at = self.clock.now();
        let approved = Deed::SettlingApproved { reason: reason.to_owned(), approval };
        let approved = Event::by(actor, at, approved);
        if approvals < needed {
            self.store.change_ledger(&state, LedgerChange::Settling(settling), decided_on, vec![approved]).await?;
            let origin = self.own_log_key().name;
            return Ok(Settlement { settled: false, approvals, needed, origin });
        }
        self.begin_epoch(actor, reason, &state, decided_on, approved).await?;
        drop(signing);
        self.directory.catch_up().await?;
        self.tell_epoch().await?;
        Ok(Settlement { settled: true, approvals, needed, origin: self.own_log_key().name })
    }

    /// Begins the next epoch on the state and the version of the catalogue on which enough people have approved it.
    async fn begin_epoch(
        &self,
        actor: &Actor,
        reason: &str,
        state: &LedgerState,
        decided_on: Option<u64>,
        approved: Event,
    ) -> Result<(), Fault> {
        let lost = Note::parse(&state.behind)?;
        let epoch = rank(&lost).0.max(state.epoch).saturating_add(1);
        let deed = Deed::LedgerSettled {
            epoch,
            kept: state.size,
            root: Sha256(state.root),
            lost: lost.to_string(),
            reason: reason.to_owned(),
        };
        let event = Event::by(actor, self.clock.now(), deed);
        self.next_epoch(state, epoch, decided_on, vec![approved, event]).await?;
        self.loss.note(false);
        tracing::warn!(epoch, "the ledger was begun anew");
        Ok(())
    }
}
