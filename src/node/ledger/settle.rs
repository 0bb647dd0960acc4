//! A lost ledger is begun anew: what is here goes on as a new epoch, whose first entry says what was signed and lost.

use std::sync::atomic::Ordering;

use super::{Note, rank};
use crate::{
    domain::{
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::{Sha256, SpiffeId},
    },
    node::{ADMINS, Node},
    store::ledger::{LedgerChange, Settling},
};

/// Where a settlement stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// Whether it is done; otherwise it waits for more administrators.
    pub settled: bool,
    /// How many have said so.
    pub approvals: usize,
    /// How many are needed.
    pub needed: usize,
    /// The ledger's name from now on.
    pub origin: String,
}

impl Node {
    /// An administrator says that the lost ledger is to be begun anew; it is once as many have said so as stand behind an
    /// agreement.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`; `CONFLICT` where nothing is lost; `SECOND_PERSON_REQUIRED` where the caller has said so already.
    pub async fn settle_ledger(&self, caller: &SpiffeId, reason: &str) -> Result<Settlement, Fault> {
        self.require(caller, ADMINS)?;
        if reason.trim().is_empty() {
            return Err(Fault::at(Reason::InvalidArgument, "reason", "say why: it goes on record"));
        }
        let _settling = self.ledger.settling.lock().await;
        let state = self.store.ledger().await?;
        if state.behind.is_empty() {
            return Err(Fault::new(Reason::Conflict, "the ledger has lost nothing: there is nothing to settle"));
        }
        self.require_confirmed(caller).await?;
        let needed = self.persons_needed();
        let mut settling: Vec<Settling> = state.settling.into_iter().filter(|s| !self.is_gone(&s.by)).collect();
        if settling.iter().any(|s| s.by == *caller) && settling.len() < needed {
            let what = format!("you have said so already; it takes {needed} administrators");
            return Err(Fault::new(Reason::SecondPersonRequired, what));
        }
        if settling.iter().all(|s| s.by != *caller) {
            settling.push(Settling { by: caller.clone(), reason: reason.to_owned() });
        }
        let approvals = settling.len();
        let at = self.now();
        let approved = Deed::SettlingApproved { reason: reason.to_owned() };
        let approved = Event { at, by: Some(caller.clone()), deed: approved };
        if approvals < needed {
            self.store.change_ledger(LedgerChange::Settling(settling), vec![approved]).await?;
            let origin = self.own_log_key().name;
            return Ok(Settlement { settled: false, approvals, needed, origin });
        }
        self.store.record(vec![approved]).await?;
        self.begin_epoch(caller, reason).await?;
        Ok(Settlement { settled: true, approvals, needed, origin: self.own_log_key().name })
    }

    async fn begin_epoch(&self, caller: &SpiffeId, reason: &str) -> Result<(), Fault> {
        let signing = self.ledger.signing.lock().await;
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
        let event = Event { at: self.now(), by: Some(caller.clone()), deed };
        self.store.change_ledger(LedgerChange::Settled(epoch), vec![event]).await?;
        self.ledger.epoch.store(epoch, Ordering::Relaxed);
        self.ledger.is_behind.store(false, Ordering::Relaxed);
        drop(signing);
        tracing::warn!(epoch, "the ledger was begun anew");
        self.own_ledger_key().await?;
        self.sign_checkpoint().await?;
        for partner in self.directory().all_active() {
            let live = self.live.of(&partner.record.organisation.domain);
            self.ledger.watch.set_holds(&partner.record.organisation.domain, 0);
            live.post();
            live.wake();
        }
        Ok(())
    }
}
