//! Unverified entries, which can't be verified yet: how much of them is kept, and how they are examined again.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
};

use crate::{
    domain::{
        actor::{Authorized, LookUp},
        budget::{Budgets, NAMES},
        entry::FeedEntry,
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::TrustDomain,
        receipt::ReceiptKind,
        time::Time,
        timer::{Timer, TimerKind},
    },
    node::{
        inbound::{
            InboundFeeds,
            content::{CheckedRelease, Content, gave_way},
            unusable::{ExaminedAt, Unusable},
        },
        recalls::lookup::{claimed, is_recalled},
        receipts::answer::Said,
        task::lost,
    },
    store::{
        ReceivedEntry, StoreError,
        damage::Damage,
        unverified::{PendingVerification, UnverifiedEntry, UnverifiedFilter, UnverifiedUsage},
    },
    wire,
};

/// How many entries are read at once. Each may be as large as a message.
const PAGE: u32 = 8;

/// The longest time, in seconds, until everything that waits is examined again. The passage of time alone may make it verifiable.
pub(in crate::node) const LONGEST_WAIT: i64 = 3_600;

/// The least time, in seconds, between two examinations that are due because a clock is right again.
pub(in crate::node) const LEAST_WAIT: i64 = 60;

/// How much room is left for a partner's entries that can't be verified, counted by the organisation that they wait for. Nothing that one
/// partner hands over counts against another partner.
#[derive(Debug)]
pub(in crate::node) struct Budget {
    /// How many entries and bytes may be kept in all. Each organisation that is waited for gets a quarter of it.
    most: (u64, u64),
    /// The entries and bytes that are kept. They are read from the store for each batch. A second process would have its own: two batches at
    /// once may together take more than the budget, by one batch.
    used: BTreeMap<TrustDomain, (u64, u64)>,
}

impl Budget {
    /// Starts with what is kept already.
    pub fn new(budgets: &Budgets, usage: Vec<UnverifiedUsage>) -> Self {
        let most = (budgets.held_entries.into(), budgets.held_bytes.into());
        Self { most, used: usage.into_iter().map(|u| (u.waits_for, (u.entries, u.bytes))).collect() }
    }

    /// Frees the share of a kept entry that is examined again.
    fn give_back(&mut self, waits_for: &TrustDomain, entry: &FeedEntry) {
        if let Some((entries, bytes)) = self.used.get_mut(waits_for) {
            *entries = entries.saturating_sub(1);
            *bytes = bytes.saturating_sub(wire::entry::encode(entry.clone()).len() as u64);
        }
    }

    /// What is kept of an entry that waits: the whole entry if there is room, else only for which organisation it waits.
    fn hold(&mut self, waits_for: &TrustDomain, entry: &FeedEntry) -> PendingVerification {
        let encoded = wire::entry::encode(entry.clone());
        let length = encoded.len() as u64;
        let all = self.used.values().fold((0, 0), |(entries, bytes), used| (entries + used.0, bytes + used.1));
        let (entries, bytes) = self.used.entry(waits_for.clone()).or_default();
        let (most_entries, most_bytes) = self.most;
        let names = u64::from(NAMES);
        let has_room = *entries < most_entries / names
            && *bytes + length <= most_bytes / names
            && all.0 < most_entries
            && all.1 + length <= most_bytes;
        if has_room {
            *entries += 1;
            *bytes += length;
        }
        PendingVerification {
            waits_for: waits_for.clone(),
            entry: has_room.then_some(encoded),
            of: claimed(entry).map(|(_, id)| id),
        }
    }

    /// What an entry waits for, and the reason that its sender is told.
    pub fn judge(&mut self, unusable: &Unusable, entry: &FeedEntry) -> (Option<PendingVerification>, Reason) {
        match &unusable.waits_for {
            None => (None, unusable.reason()),
            Some(waits_for) => {
                let hold = self.hold(waits_for, entry);
                let reason = if hold.entry.is_some() { unusable.reason() } else { Reason::LimitExceeded };
                (Some(hold), reason)
            }
        }
    }
}

/// An entry that was examined again.
struct Reexamined {
    held: UnverifiedEntry,
    entry: FeedEntry,
    content: Result<Box<Content>, Unusable>,
}

impl InboundFeeds {
    /// How much waits until it can be verified, by partner and organisation waited for.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, store faults.
    pub async fn held(&self, _actor: &Authorized<LookUp>) -> Result<Vec<UnverifiedUsage>, Fault> {
        Ok(self.store.unverified_usage(None).await?)
    }

    /// Examines again the unverified entries that wait for these organisations.
    ///
    /// # Errors
    /// Store faults.
    pub(in crate::node) async fn examine_held(
        self: &Arc<Self>,
        changed: impl IntoIterator<Item = TrustDomain>,
    ) -> Result<(), Fault> {
        for organisation in changed {
            self.examine_waiting(UnverifiedFilter::For(&organisation)).await?;
        }
        Ok(())
    }

    /// Examines again the waiting entries that the filter selects.
    ///
    /// # Errors
    /// Store faults.
    pub(in crate::node) async fn examine_waiting(self: &Arc<Self>, which: UnverifiedFilter<'_>) -> Result<(), Fault> {
        let mut after = None;
        loop {
            let page = self.store.unverified_entries(which, after.take(), PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some((last.partner.clone(), last.sequence));
            self.examine_page(page).await?;
        }
    }

    /// Examines again everything that waits, recalls first. It runs after a start and each hour. Returns when to run it again.
    ///
    /// # Errors
    /// Store faults.
    pub(in crate::node) async fn examine_what_waits(self: &Arc<Self>) -> Result<Time, Fault> {
        self.examined_all_at.store(self.clock.now().unix_nanos(), Ordering::Relaxed);
        self.recalls.prove_recalls().await?;
        self.examine_all_held().await?;
        Ok(self.clock.now().plus_seconds(LONGEST_WAIT))
    }

    async fn examine_all_held(self: &Arc<Self>) -> Result<(), Fault> {
        let mut waited_for: Vec<TrustDomain> =
            self.store.unverified_usage(None).await?.into_iter().map(|u| u.waits_for).collect();
        waited_for.sort_unstable();
        waited_for.dedup();
        self.examine_held(waited_for).await
    }

    async fn examine_page(self: &Arc<Self>, page: Vec<UnverifiedEntry>) -> Result<(), Fault> {
        for held in page {
            self.directory.decide_again(|| Box::pin(self.examine_one(held.clone()))).await?;
        }
        Ok(())
    }

    async fn examine_one(self: &Arc<Self>, held: UnverifiedEntry) -> Result<(), Fault> {
        let catalogue = self.directory.version();
        let waits_for = held.waits_for.clone();
        let is_known = waits_for == *self.identity.domain() || self.directory.current().get(&waits_for).is_some();
        // The entries of a suspended partner are examined once it is resumed.
        if self.directory.current().active(&held.partner).is_err() {
            return Ok(());
        }
        let Some(encoded) = &held.entry else {
            return if is_known { self.ask_again(held, catalogue).await } else { Ok(()) };
        };
        let Ok(entry) = wire::entry::decode(encoded) else {
            self.store.report_corruption(Damage::UnverifiedEntry(held.partner, held.sequence));
            return Ok(());
        };
        let asked = self.requests.asked(&held.partner, std::slice::from_ref(&entry)).await?;
        let (node, now) = (self.clone(), self.clock.now());
        let examined = tokio::task::spawn_blocking(move || {
            let examined = ExaminedAt { now, arrived: held.arrived_at };
            let release = wire::release::decode(&entry.release.payload)?;
            let content = node.check_content(&held.partner, &release, &entry, &asked, examined).map(Box::new);
            Ok::<_, Fault>(Reexamined { held, entry, content })
        });
        let mut examined = examined.await.map_err(lost)??;
        if is_recalled(&*self.store, &examined.entry).await? {
            let what = "its originator has taken it back";
            examined.content = Err(Fault::new(Reason::Recalled, what).into());
        }
        // An entry that would only wait for the same organisation again is left as it is.
        let waits_still = |unusable: &Unusable| unusable.waits_for.as_ref().is_some_and(|domain| *domain == waits_for);
        let still = match &examined.content {
            Err(unusable) => waits_still(unusable),
            Ok(content) => {
                let here = self.version_here(&examined.held.partner, content.manifest()).await?;
                content.may_stand(here, examined.entry.provenance.is_empty()).is_err_and(|u| waits_still(&u))
            }
        };
        if !still {
            match self.keep_examined(&waits_for, examined, catalogue).await {
                // One entry is damaged and can't be read any more. The others go on.
                Err(fault) if fault.reason == Reason::StoreCorrupt && self.store.failure().is_none() => {}
                kept => kept?,
            }
        }
        Ok(())
    }

    /// Keeps an entry that was examined again in the way in which it would be kept if it came now.
    async fn keep_examined(
        self: &Arc<Self>,
        waits_for: &TrustDomain,
        examined: Reexamined,
        catalogue: u64,
    ) -> Result<(), Fault> {
        let Reexamined { held, entry, content } = examined;
        let UnverifiedEntry { partner, sequence, release_id, arrived_at, .. } = held;
        let _recalling = self.recalls.recalling.lock().await;
        let here = match &content {
            Ok(content) => self.version_here(&partner, content.manifest()).await?,
            Err(_) => Default::default(),
        };
        let mut budget = Budget::new(&self.budgets, self.store.unverified_usage(Some(&partner)).await?);
        budget.give_back(waits_for, &entry);
        let release = wire::release::decode(&entry.release.payload)?;
        let now = self.clock.now();
        let checked = CheckedRelease { release: &release, id: release_id, entry, content };
        let (kept, mut deeds) = self.keep_release(&partner, checked, here, &[], &mut budget);
        let is_shown = kept.content.as_ref().is_some_and(|c| !c.quarantined);
        let receipts = match is_shown {
            true => vec![self.stored_receipt(&partner, &kept, now)?],
            false => self.receipts.receipts_at_once(&partner, std::slice::from_ref(&kept), now)?,
        };
        let (manifest, missing_agreement) = (release.manifest, kept.missing_agreement);
        if is_shown {
            let (partner, agreement) = (partner.clone(), release.agreement.id);
            deeds.retain(|deed| !matches!(deed, Deed::Received { .. }));
            deeds.push(Deed::Readmitted { manifest, partner, sequence, release: release_id, agreement });
        }
        let events: Vec<_> = deeds.into_iter().map(|deed| Event::of_node(now, deed)).collect();
        let touched: Vec<_> = gave_way(&events).chain([manifest]).collect();
        match self.store.settle_unverified(&partner, kept, arrived_at, Some(catalogue), events, receipts).await {
            Ok(true) => {}
            // The assessment was recalled between the examination and the commit. The next turn finds that.
            Ok(false) | Err(StoreError::Recalled) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        tracing::info!(%partner, sequence, shown = is_shown, "examined again an entry that could not be verified before");
        touched.iter().for_each(|id| self.cache.entries.forget(id));
        self.sessions.arrived();
        self.sessions.of(&partner).post();
        if let Some(agreement) = missing_agreement {
            // The agreement may have come into force between the check and the commit.
            self.sessions.of(&partner).arrived_under(agreement, sequence);
            self.sessions.turned();
        }
        Ok(())
    }

    /// The receipt for an entry that is shown from now on. It carries the entry's route, so that the originator hears of it too.
    fn stored_receipt(&self, partner: &TrustDomain, kept: &ReceivedEntry, now: Time) -> Result<Vec<u8>, Fault> {
        let route = (!kept.provenance.is_empty()).then_some((&kept.provenance[..], &kept.release[..]));
        self.receipts.signed(&Said::only(ReceiptKind::Stored), partner, vec![kept.release_id], route, now)
    }

    /// Asks the sender to release again an entry that did not fit the budget, because it can be verified now.
    async fn ask_again(&self, held: UnverifiedEntry, catalogue: u64) -> Result<(), Fault> {
        let UnverifiedEntry { partner, sequence, release_id, arrived_at, release, provenance, .. } = held;
        let now = self.clock.now();
        let receipt = self.receipts.receipt(&partner, ReceiptKind::Wanted, None, vec![release_id], now)?;
        let manifest = wire::release::decode(&wire::envelope::decode(&release)?.payload)?.manifest;
        let reason = Some(Reason::LimitExceeded.to_string());
        let deed = Deed::Received {
            manifest,
            partner: partner.clone(),
            sequence,
            release: release_id,
            quarantined: reason.clone(),
            at_fault: None,
        };
        let kept = ReceivedEntry {
            sequence,
            release_id,
            release,
            provenance,
            content: None,
            refused: true,
            reason,
            missing_agreement: None,
            pending_verification: None,
            signed: None,
            came_back: None,
        };
        let events = vec![Event::of_node(now, deed)];
        if self.store.settle_unverified(&partner, kept, arrived_at, Some(catalogue), events, vec![receipt]).await? {
            self.sessions.of(&partner).post();
        }
        Ok(())
    }

    /// Handles that the clocks of this node and the partner agree again. What the partner could not verify because of a wrong clock is
    /// offered again, and unverified entries here are examined again.
    ///
    /// # Errors
    /// Store faults.
    pub async fn clocks_agree_again(self: &Arc<Self>, partner: &TrustDomain) -> Result<(), Fault> {
        // No edition has this empty name, so everything is offered again.
        if self.store.offer_again(partner, vec![]).await? {
            self.sessions.of(partner).post();
        }
        // One timer serves all partners, and it runs a minute after its last turn at the earliest. So a partner gains nothing by setting
        // its clock to and fro.
        let last = Time::from_unix_nanos(self.examined_all_at.load(Ordering::Relaxed));
        let due = self.clock.now().max(last.plus_seconds(LEAST_WAIT));
        Ok(self.store.set_timers(vec![Timer::new(TimerKind::Held, [], due)]).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::statement::{Envelope, StatementKind};

    const MAX_ENTRIES: u64 = 1_024;
    const MAX_BYTES: u64 = 16 << 20;

    fn with(usage: Vec<UnverifiedUsage>) -> Budget {
        Budget::new(&Budgets::default(), usage)
    }

    fn entry(bytes: usize) -> FeedEntry {
        FeedEntry::void(Envelope::new(StatementKind::Void, vec![0; bytes], vec![]))
    }

    fn usage(waits_for: &str, entries: u64, bytes: u64) -> UnverifiedUsage {
        let (partner, waits_for) = ("fr.example".parse().unwrap(), waits_for.parse().unwrap());
        UnverifiedUsage { partner, waits_for, entries, bytes, over_budget: 0, since: Time::from_unix_nanos(0) }
    }

    #[test]
    fn each_name_has_its_own_room_and_all_names_of_a_partner_have_four_times_as_much() {
        let holds = |budget: &mut Budget, name: &str, bytes: usize| {
            budget.hold(&name.parse().unwrap(), &entry(bytes)).entry.is_some()
        };
        let mut budget = with(vec![usage("a.example", MAX_ENTRIES - 1, 0)]);
        assert!(holds(&mut budget, "a.example", 10));
        assert!(!holds(&mut budget, "a.example", 10), "the name has used up its entries");
        assert!(holds(&mut budget, "b.example", 10), "which takes no room from another name");
        let small = wire::entry::encode(entry(10)).len() as u64;
        let mut budget = with(vec![usage("a.example", 1, MAX_BYTES - small)]);
        assert!(!holds(&mut budget, "a.example", 11));
        assert!(holds(&mut budget, "a.example", 10));
        assert!(!holds(&mut budget, "a.example", 10), "the name has used up its bytes");
        let full = ["a", "b", "c", "d"].map(|name| usage(&format!("{name}.example"), MAX_ENTRIES, 1));
        assert!(!holds(&mut with(full.to_vec()), "e.example", 10), "invented names find no room");
    }

    #[test]
    fn what_never_verifies_is_not_kept_and_what_may_is_told_with_its_reason() {
        let signer = "a.example".parse().unwrap();
        let judged = |reason: Reason| {
            let unusable = Unusable::by(&signer, Fault::new(reason, "why"));
            let (hold, reason) = with(vec![]).judge(&unusable, &entry(10));
            (hold.is_some(), reason)
        };
        assert_eq!(judged(Reason::NotAPartner), (true, Reason::OriginUnknown));
        assert_eq!(judged(Reason::ChainInvalid), (true, Reason::ChainInvalid));
        assert_eq!(judged(Reason::StatementFromFuture), (true, Reason::StatementFromFuture));
        assert_eq!(judged(Reason::SignatureInvalid), (false, Reason::SignatureInvalid));
        assert_eq!(judged(Reason::CertificateRevoked), (false, Reason::CertificateRevoked));
    }
}
