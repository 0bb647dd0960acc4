//! A lost ledger is begun again. What is here goes on as a new epoch, whose first entry says what was signed and lost.

use std::sync::atomic::Ordering;

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
    node::ledger::{Ledger, rank::rank},
    seal::subject,
    store::ledger::{LedgerChange, SettlingApproval},
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
        let _settling = self.settling.lock().await;
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
            self.store.change_ledger(&state, LedgerChange::Settling(settling), vec![approved]).await?;
            let origin = self.own_log_key().name;
            return Ok(Settlement { settled: false, approvals, needed, origin });
        }
        self.store.record(vec![approved]).await?;
        self.begin_epoch(actor, reason).await?;
        Ok(Settlement { settled: true, approvals, needed, origin: self.own_log_key().name })
    }

    async fn begin_epoch(&self, actor: &Actor, reason: &str) -> Result<(), Fault> {
        let signing = self.signing.lock().await;
        let state = self.store.ledger().await?;
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
        self.next_epoch(epoch, event).await?;
        self.is_behind.store(false, Ordering::Relaxed);
        drop(signing);
        tracing::warn!(epoch, "the ledger was begun anew");
        self.tell_epoch().await
    }
}
