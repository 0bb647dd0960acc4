//! Bundles of other organisations: which of their roots count here. The organisations' own administrators change them.
//!
//! A bundle comes from its organisation or through any partner. [`next_step`](crate::domain::bundle::next_step) decides what becomes of
//! it. This module verifies its signatures and stores the result.

use crate::node::bundles::found::FoundBundle;
use crate::node::bundles::found::fingerprint_of;
use crate::node::bundles::found::roots_in;
use crate::node::bundles::found::trust_bundle;
use crate::{
    domain::{
        actor::{Administer, Authorized},
        bundle::{Bundle, BundleState, BundleStep, Claim, HeldBundle, next_step},
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::{Sha256, StatementId, TrustDomain},
        partner::PartnerState,
        statement::Envelope,
        time::Time,
    },
    identity::{
        bundle::TrustBundle,
        signers::{Accept, Identities},
        trust::{KnownOrganisation, Trust},
    },
    ledger::heads::AlarmKind,
    node::{bundles::Bundles, directory::Partner, handed_over::only_by, partnerships::accept::no_partner},
    seal::{
        chains::VerificationTime,
        hash::sha256,
        rules, statement,
        verify::{MAX_SKEW_SECONDS, Verified, verify},
    },
    store::{
        PartnerRecord,
        bundles::{BundleChange, BundleRecord},
        catalogue::CatalogueChange,
    },
    wire,
};
use arc_swap::ArcSwap;
use std::{collections::BTreeSet, sync::Arc};

/// How many bundles that can't count yet are kept for each pair of the partner that brought them and the organisation that they are of.
const MOST_OF_A_PAIR: u32 = 16;

/// How many of them are kept for each partner over all organisations.
const MOST_OF_A_PARTNER: u32 = 64;

/// After how many seconds it is noted again that an organisation has named its bundle: a day of the seven that count.
const NAMED_SECONDS: i64 = 86_400;

impl Bundles {
    /// Takes a bundle that a partner hands over: its own or that of another organisation. One that can't count yet is kept.
    ///
    /// # Errors
    /// `NOT_A_PARTNER`. For the partner's own bundle: whatever verification refuses, `CONFLICT` where it does not follow the one that is
    /// held, and `NOT_YET` where the one before is not here. What becomes of a third organisation's bundle is not told, because that
    /// would reveal whether it is known here.
    pub async fn take_bundle(&self, courier: &TrustDomain, envelope: &Envelope) -> Result<(), Fault> {
        self.directory.current().active(courier)?;
        let bundle = self.check_bundle(envelope)?;
        let _changing = self.directory.begin_change().await?;
        if bundle.domain == *self.identity.domain() {
            return self.compare_own_bundle(&bundle, envelope).await;
        }
        match self.offer_bundle(Some(courier), &bundle, envelope).await {
            Err(fault) if bundle.domain != *courier && !is_of_the_store(fault.reason) => {
                let reason = fault.reason;
                if self.sessions.of(courier).allows_a_line(self.clock.now()) {
                    tracing::warn!(%courier, %reason, "a bundle that a partner handed over for another organisation does not count");
                }
                Ok(())
            }
            Ok(()) if bundle.domain == *courier => self.require_follows(&bundle),
            taken => taken,
        }
    }

    /// Answers that the partner's own bundle is kept, but can't be verified until the one before it comes.
    fn require_follows(&self, bundle: &Bundle) -> Result<(), Fault> {
        let held = self.directory.current().get(&bundle.domain).map_or(0, |known| known.record.bundle.sequence);
        if bundle.sequence <= held {
            return Ok(());
        }
        let what = "the bundle does not follow yet the one that is held; keep it, and offer it again";
        Err(Fault::at(Reason::NotYet, "sequence", what))
    }

    /// Checks of a bundle what does not depend on whom this node knows.
    fn check_bundle(&self, envelope: &Envelope) -> Result<Bundle, Fault> {
        let bundle = wire::bundle::decode(&envelope.payload)?;
        only_by(&[&bundle.domain], envelope)?;
        fingerprint_of(&bundle)?;
        if bundle.issued.seconds_since(self.clock.now()) > MAX_SKEW_SECONDS {
            let what = "the bundle is from more than 5 minutes in the future; it is taken later";
            return Err(Fault::new(Reason::StatementFromFuture, what));
        }
        Ok(bundle)
    }

    /// Takes bundles of another organisation that came as a file.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`; `NOT_FOUND` where the organisation is not known here; whatever verification refuses, and `CONFLICT` where one
    /// does not follow the one that is held.
    pub async fn take_bundles_by_hand(
        &self,
        _actor: &Authorized<Administer>,
        envelopes: &[Envelope],
    ) -> Result<Arc<Partner>, Fault> {
        let _changing = self.directory.begin_change().await?;
        let mut of = None;
        for envelope in envelopes {
            let bundle = self.check_bundle(envelope)?;
            if self.directory.current().get(&bundle.domain).is_none() {
                return Err(no_partner(&bundle.domain));
            }
            self.offer_bundle(None, &bundle, envelope).await?;
            of = Some(bundle.domain);
        }
        let none = || Fault::at(Reason::InvalidArgument, "bundles", "the file holds no bundle");
        let of = of.ok_or_else(none)?;
        self.directory.current().get(&of).cloned().ok_or_else(|| no_partner(&of))
    }

    /// Adds a bundle to those that wait, and processes these. The caller holds the turn to change the catalogue.
    async fn offer_bundle(
        &self,
        courier: Option<&TrustDomain>,
        bundle: &Bundle,
        envelope: &Envelope,
    ) -> Result<(), Fault> {
        let of = &bundle.domain;
        // The bundle's own date counts. When others logged it means nothing to the organisations that it is passed on to.
        let encoded = wire::envelope::encode(&Envelope { logged: vec![], ..envelope.clone() });
        let digest = Sha256(sha256(&[&encoded]));
        let record = BundleRecord {
            fingerprint: fingerprint_of(bundle)?,
            digest,
            sequence: bundle.sequence,
            state: BundleState::Waiting,
            envelope: Some(encoded),
            courier: courier.cloned(),
            at: self.clock.now(),
            of: of.clone(),
        };
        // The next one is taken or dropped at once, so it takes no place from those that wait.
        let held = self.directory.current().get(of).map_or(0, |known| known.record.bundle.sequence);
        let is_next = held > 0 && held.checked_add(1) == Some(bundle.sequence);
        let (of_pair, of_partner) = if is_next { (u32::MAX, u32::MAX) } else { (MOST_OF_A_PAIR, MOST_OF_A_PARTNER) };
        let is_kept = self.store.await_bundle(record, of_pair, of_partner).await?;
        let dropped = self.follow_bundles(of).await?;
        match dropped.into_iter().find(|(claim, _)| claim.digest == digest) {
            Some((_, fault)) => Err(fault),
            None if !is_kept => {
                let what = "too many bundles wait for one before them; offer it again later";
                Err(Fault::new(Reason::LimitExceeded, what))
            }
            None => Ok(()),
        }
    }

    /// Processes the waiting bundles of an organisation as long as one follows the other. Returns those that do not count, with the
    /// reasons. The caller holds the turn to change the catalogue.
    pub(in crate::node) async fn follow_bundles(&self, of: &TrustDomain) -> Result<Vec<(Claim, Fault)>, Fault> {
        let mut dropped = vec![];
        loop {
            let Some(partner) = self.directory.current().get(of).cloned() else { return Ok(dropped) };
            if partner.record.state == PartnerState::Forgotten {
                return Ok(dropped);
            }
            let kept = self.store.bundles(of).await?;
            let waits = |record: &&BundleRecord| record.state == BundleState::Waiting;
            let waiting: Vec<FoundBundle> = kept.iter().filter(waits).filter_map(FoundBundle::read).collect();
            let claims: Vec<Claim> = waiting.iter().map(FoundBundle::claim).collect();
            let mut why: Vec<(Claim, Fault)> = vec![];
            let step = next_step(&partner.record.bundle, &claims, |claim| {
                let found = waiting.iter().find(|found| found.claim() == *claim);
                let proved = found.map_or(Ok(()), |found| self.prove_bundle(found, &partner.record, &kept).map(drop));
                proved.map_err(|fault| why.push((claim.clone(), fault))).is_ok() && found.is_some()
            });
            let found = |claim: &Claim| waiting.iter().find(|found| found.claim() == *claim);
            match step {
                BundleStep::Take(claim) => match found(&claim) {
                    Some(found) => self.follow(&partner.record, found).await?,
                    None => return Ok(dropped),
                },
                BundleStep::Contest(claim) => match found(&claim) {
                    Some(found) => self.contest(&partner.record, found, &kept).await?,
                    None => return Ok(dropped),
                },
                BundleStep::Rivals(one, other) => {
                    let evidence = [&one, &other].into_iter().filter_map(|claim| found(claim)?.record.envelope.clone());
                    let what = format!(
                        "its administrators have signed two different bundles of number {}; neither is taken; ask them, by another way, \
                         which one is right, and take a new invitation",
                        one.sequence
                    );
                    self.alarms.alarm(Some(of), AlarmKind::BundleFork, what, evidence.collect()).await?;
                    return Ok(dropped);
                }
                BundleStep::Drop(gone) => {
                    let held = &partner.record.bundle;
                    for claim in gone {
                        let told =
                            why.iter().position(|(other, _)| *other == claim).map(|place| why.swap_remove(place).1);
                        let is_over = claim.sequence < held.sequence || claim.fingerprint == held.fingerprint;
                        let fault = told.unwrap_or_else(|| unfit(held, &claim));
                        if !is_over {
                            tracing::warn!(organisation = %of, sequence = claim.sequence, %fault, "a bundle does not count");
                            dropped.push((claim.clone(), fault));
                        }
                        let forget = vec![(of.clone(), claim.sequence, claim.digest)];
                        self.change(BundleChange { forget, ..BundleChange::default() }, vec![], &[]).await?;
                    }
                }
                BundleStep::Rest => return Ok(dropped),
            }
        }
    }

    /// Whether two administrators, neither of them revoked, have signed it under the bundle with the number before.
    fn prove_bundle(
        &self,
        found: &FoundBundle,
        partner: &PartnerRecord,
        kept: &[BundleRecord],
    ) -> Result<Verified<Bundle>, Fault> {
        let roots = match roots_before(found, partner, kept) {
            Some(roots) => roots,
            None => {
                let what = "the roots that would prove this bundle are not held here";
                return Err(Fault::new(Reason::ChainInvalid, what));
            }
        };
        self.prove_under(&found.envelope, &found.bundle, roots)
    }

    pub(in crate::node) fn prove_under(
        &self,
        envelope: &Envelope,
        bundle: &Bundle,
        roots: Vec<Vec<u8>>,
    ) -> Result<Verified<Bundle>, Fault> {
        let roots = TrustBundle::new(bundle.domain.clone(), roots.into_iter().map(Into::into).collect())?;
        let crls = self.lists.of(&bundle.domain);
        let member = KnownOrganisation { bundle: roots, crls, state: PartnerState::Active };
        let trust = Trust::remembering(member, vec![], self.trust.signing_usages.clone(), self.lists.seen())?;
        let chains = Identities::new(Arc::new(ArcSwap::from_pointee(trust)), Accept::Active);
        // It is judged as of its own date, on this node's word: a certificate may have expired since, but a revocation always counts.
        let when = VerificationTime::from(self.clock.now()).stated(bundle.issued, self.identity.domain());
        let verified = verify(envelope, &rules::BUNDLE, &chains, when)?;
        if verified.signers().iter().collect::<BTreeSet<_>>().len() < 2 {
            let what = "a bundle takes the signatures of two different administrators";
            return Err(Fault::new(Reason::SecondPersonRequired, what));
        }
        Ok(verified)
    }

    /// Settles by an invitation, whose words were compared, which bundle is held. Other bundles of its number or a lower one are
    /// forgotten. The caller holds the turn to change the catalogue.
    pub(in crate::node) async fn bundle_by_invitation(
        &self,
        partner: &PartnerRecord,
        envelope: &Envelope,
    ) -> Result<(), Fault> {
        let of = &partner.organisation.domain;
        let HeldBundle { sequence, fingerprint, .. } = partner.bundle;
        let kept = self.store.bundles(of).await?;
        let was_contested = self.directory.current().get(of).is_some_and(|p| p.record.bundle.rival.is_some());
        let over = kept.iter().filter(|r| match r.state {
            // Earlier bundles are forgotten too: the comparison of words has settled what they would prove.
            BundleState::Taken => (r.sequence, r.fingerprint) != (sequence, fingerprint),
            BundleState::Waiting | BundleState::Proposed => r.sequence <= sequence || was_contested,
        });
        let encoded = wire::envelope::encode(envelope);
        let record = BundleRecord {
            of: of.clone(),
            sequence,
            fingerprint,
            digest: Sha256(sha256(&[&encoded])),
            state: BundleState::Taken,
            envelope: Some(encoded),
            courier: None,
            at: self.clock.now(),
        };
        let is_there =
            kept.iter().any(|r| (r.sequence, r.fingerprint, r.state) == (sequence, fingerprint, record.state));
        let is_as_before =
            |held: &HeldBundle| held.fingerprint == fingerprint && held.rival.is_none() && held.introduced_by.is_none();
        let is_as_before = self.directory.current().get(of).is_some_and(|known| is_as_before(&known.record.bundle));
        let change = BundleChange {
            forget: over.map(|r| (of.clone(), r.sequence, r.digest)).collect(),
            put: if is_there { vec![] } else { vec![record] },
            settled_by_words: (!is_as_before).then(|| of.clone()),
            ..BundleChange::default()
        };
        self.change(change, vec![], &[]).await
    }

    /// Puts a bundle in force, and passes it on to the partners that get what its organisation has signed.
    async fn follow(&self, partner: &PartnerRecord, found: &FoundBundle) -> Result<(), Fault> {
        let of = &partner.organisation.domain;
        let (claim, now) = (found.claim(), self.clock.now());
        let record = PartnerRecord {
            roots: found.bundle.roots.clone(),
            bundle: partner.bundle.followed_by(&claim),
            accepted_at: now,
            ..partner.clone()
        };
        let courier = found.record.courier.clone();
        let taken = BundleRecord { state: BundleState::Taken, courier: None, at: now, ..found.record.clone() };
        let directory = self.directory.current();
        let told = self.store.given_of(of).await?.into_iter();
        let told = told.filter(|d| d != of && Some(d) != courier.as_ref() && directory.active(d).is_ok()).collect();
        let change = BundleChange {
            send: taken.envelope.clone().map(|envelope| (told, envelope)),
            put: vec![taken],
            partner: Some(record),
            compromised: found.bundle.compromised.iter().map(|c| (of.clone(), c.clone())).collect(),
            ..BundleChange::default()
        };
        let told: Vec<TrustDomain> = change.send.iter().flat_map(|(told, _)| told.clone()).collect();
        told.iter().for_each(|partner| self.sessions.of(partner).bundles.passed_next(of, claim.sequence));
        let statement = statement::id(&found.envelope);
        let event = self.taken_event(of, &claim, Some(statement));
        let roots = trust_bundle(&found.bundle)?;
        let rest = || self.lists.rest_upon(&roots);
        let change = CatalogueChange::Bundles { change: Box::new(change), events: vec![event] };
        self.directory.change_and(change, rest, std::slice::from_ref(of)).await?;
        tracing::info!(organisation = %of, sequence = claim.sequence, "took the organisation's new roots");
        self.sessions.examine_all_again();
        // Lists that these roots prove may have come before the roots.
        self.sessions.forget_passed_on();
        self.sessions.turned();
        told.iter().for_each(|partner| self.sessions.of(partner).post());
        Ok(())
    }

    /// Makes a change of bundles that the holder of the turn has decided on, and loads these partners anew.
    pub(in crate::node) async fn change(
        &self,
        change: BundleChange,
        events: Vec<Event>,
        partners: &[TrustDomain],
    ) -> Result<(), Fault> {
        self.directory.change(CatalogueChange::Bundles { change: Box::new(change), events }, partners).await
    }

    pub(in crate::node) fn taken_event(
        &self,
        of: &TrustDomain,
        claim: &Claim,
        statement: Option<StatementId>,
    ) -> Event {
        let deed = Deed::BundleTaken {
            organisation: of.clone(),
            sequence: claim.sequence,
            fingerprint: claim.fingerprint,
            statement,
        };
        Event::of_node(self.clock.now(), deed)
    }

    /// Handles another bundle of the number that is in force. Nothing is exchanged with the organisation until words are compared.
    async fn contest(&self, partner: &PartnerRecord, rival: &FoundBundle, kept: &[BundleRecord]) -> Result<(), Fault> {
        let of = &partner.organisation.domain;
        let held = &partner.bundle;
        let here = kept.iter().find(|r| (r.sequence, r.fingerprint) == (held.sequence, held.fingerprint));
        let evidence = [here, Some(&rival.record)].into_iter().flatten().filter_map(|r| r.envelope.clone()).collect();
        let what = format!(
            "its administrators have signed another bundle of number {} than the one that is held here; nothing is exchanged with it until \
             `watchfire partner accept` takes a new invitation whose words were compared",
            held.sequence
        );
        self.alarms.alarm(Some(of), AlarmKind::BundleFork, what, evidence).await?;
        if self.prove_under(&rival.envelope, &rival.bundle, partner.roots.clone()).is_err() {
            // Only roots that were left out prove it. A thief of their keys must not be able to end the exchange.
            let forget = vec![(of.clone(), rival.record.sequence, rival.record.digest)];
            return self.change(BundleChange { forget, ..BundleChange::default() }, vec![], &[]).await;
        }
        let bundle = HeldBundle { rival: Some(rival.record.fingerprint), ..held.clone() };
        let change =
            BundleChange { partner: Some(PartnerRecord { bundle, ..partner.clone() }), ..BundleChange::default() };
        self.change(change, vec![], std::slice::from_ref(of)).await
    }

    /// Compares a bundle in this organisation's own name that somebody else has. One that was not made here but is signed correctly means
    /// that two administrators' keys are in other hands, or that this node has lost it with an older store.
    async fn compare_own_bundle(&self, bundle: &Bundle, envelope: &Envelope) -> Result<(), Fault> {
        let fingerprint = fingerprint_of(bundle)?;
        let kept = self.store.bundles(self.identity.domain()).await?;
        if kept.iter().any(|r| (r.sequence, r.fingerprint) == (bundle.sequence, fingerprint)) {
            return Ok(());
        }
        let roots = self.newest_own_roots().await?;
        if self.prove_under(envelope, bundle, roots).is_err() {
            return Ok(());
        }
        let what = format!(
            "partners hold a bundle of number {} of this organisation that was not made here: two administrators' keys are in other hands, or an \
             older store was put in this one's place; write new invitations",
            bundle.sequence
        );
        self.alarms
            .alarm(Some(self.identity.domain()), AlarmKind::BundleFork, what, vec![wire::envelope::encode(envelope)])
            .await?;
        Ok(())
    }

    /// Handles the numbers that a partner's hello names: of its own newest bundle, and of this organisation's bundle that it holds.
    ///
    /// # Errors
    /// Store faults.
    pub async fn named_bundles(&self, partner: &TrustDomain, newest: u64, held: u64) -> Result<(), Fault> {
        let now = self.clock.now();
        self.sessions.of(partner).bundles.set_held(held);
        let Some(known) = self.directory.current().get(partner).cloned() else { return Ok(()) };
        let bundle = &known.record.bundle;
        // A time in the future comes from a clock that was wrong.
        let is_old = bundle.named_at.is_none_or(|at| now.seconds_since(at) >= NAMED_SECONDS || at > now);
        if newest == bundle.sequence && is_old {
            self.directory.decide_in_turn_again(|| Box::pin(self.note_named(partner, newest, now))).await?;
        }
        self.hand_over_missed(partner, held).await?;
        self.pass_bundles_on(partner).await
    }

    /// Changes this partner's entry alone, because no policy and no trust depends on the time.
    async fn note_named(&self, partner: &TrustDomain, newest: u64, now: Time) -> Result<(), Fault> {
        let _changing = self.directory.begin_change().await?;
        let Some(known) = self.directory.current().get(partner).cloned().filter(|k| k.record.bundle.sequence == newest)
        else {
            return Ok(());
        };
        let bundle = HeldBundle { named_at: Some(now), ..known.record.bundle.clone() };
        self.note_of(PartnerRecord { bundle, ..known.record.clone() }).await
    }

    /// Stores a record in which only such values have changed that no policy and no trust depends on.
    pub(in crate::node) async fn note_of(&self, record: PartnerRecord) -> Result<(), Fault> {
        let change = BundleChange { partner: Some(record.clone()), ..BundleChange::default() };
        let change = CatalogueChange::Bundles { change: Box::new(change), events: vec![] };
        self.directory.change_record(change, record).await
    }
}

/// Whether a fault is of this node's own store. Such a fault reveals nothing of what it knows.
fn is_of_the_store(reason: Reason) -> bool {
    matches!(reason, Reason::StoreFull | Reason::StoreCorrupt | Reason::Unavailable | Reason::Internal)
}

/// The roots that prove a bundle: those of the bundle with the number before.
fn roots_before(found: &FoundBundle, partner: &PartnerRecord, kept: &[BundleRecord]) -> Option<Vec<Vec<u8>>> {
    let before = found.bundle.sequence.checked_sub(1)?;
    if before == partner.bundle.sequence {
        return Some(partner.roots.clone());
    }
    let taken = |r: &&BundleRecord| r.sequence == before && r.state == BundleState::Taken;
    kept.iter().find(taken).and_then(|record| roots_in(record.envelope.as_deref()?))
}

fn unfit(held: &HeldBundle, claim: &Claim) -> Fault {
    let why = held.fits(claim).err().map(|why| why.to_string()).unwrap_or_default();
    Fault::new(Reason::Conflict, format!("the bundle of number {} does not count: {why}", claim.sequence))
}
