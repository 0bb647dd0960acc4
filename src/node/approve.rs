//! Matters that take several administrators: who has said so, and whether it is enough.

use super::Node;
use crate::domain::{
    approval::{Approval, Awaited},
    event::{Deed, Event},
    fault::{Fault, Reason},
    ids::{Sha256, SpiffeId, TrustDomain},
};

/// How many have said so, of how many that it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// So many.
    pub approvals: usize,
    /// It takes so many.
    pub needed: usize,
}

impl Count {
    /// Whether that is enough.
    pub fn is_enough(self) -> bool {
        self.approvals >= self.needed
    }
}

impl Node {
    /// What waits for another administrator.
    ///
    /// # Errors
    /// Store faults.
    pub async fn awaited(&self) -> Result<Vec<Approval>, Fault> {
        let now = self.now();
        Ok(self.store.approvals().await?.into_iter().filter(|a| a.is_open(now)).collect())
    }

    /// Counts the caller among the administrators who say that the bytes with this SHA-256 are to count. Where it is enough, nothing
    /// waits any more: whoever is interrupted before the change is made begins anew.
    ///
    /// # Errors
    /// `SECOND_PERSON_REQUIRED` where the caller is not confirmed, or has said so already; store faults.
    pub(super) async fn approve(
        &self,
        caller: &SpiffeId,
        subject: Sha256,
        (what, of): (Awaited, TrustDomain),
        deed: Deed,
    ) -> Result<Count, Fault> {
        self.require_confirmed(caller).await?;
        let (needed, now) = (self.persons_needed(), self.now());
        let before = self.awaited().await?.into_iter().find(|a| a.subject == subject);
        let mut approval = before.unwrap_or_else(|| Approval { subject, what, of, by: vec![], since: now });
        approval.by.retain(|by| !self.is_gone(by));
        if approval.by.contains(caller) && approval.by.len() < needed {
            let what = format!("you have said so already; it takes {needed} administrators, each with the same file");
            return Err(Fault::new(Reason::SecondPersonRequired, what));
        }
        if !approval.by.contains(caller) {
            approval.by.push(caller.clone());
        }
        let count = Count { approvals: approval.by.len(), needed };
        let events = vec![Event { at: now, by: Some(caller.clone()), deed }];
        match count.is_enough() {
            true => self.store.forget_approval(&subject, events).await?,
            false => self.store.save_approval(approval, events).await?,
        }
        Ok(count)
    }
}
