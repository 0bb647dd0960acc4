//! This organisation's own bundle. One administrator proposes it, another one signs it, and every partner gets it.

use std::sync::Arc;

use crate::{
    domain::{
        actor::{Actor, Administer, Authorized},
        bundle::{Bundle, BundleState, Claim, Compromised, HeldBundle, LAPSES_AFTER},
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::{Sha256, SpiffeId, StatementId, TrustDomain},
        partner::PartnerState,
        statement::{Envelope, StatementKind},
        time::Time,
    },
    identity::{
        bundle::TrustBundle,
        certificate::Leaf,
        trust::{KnownOrganisation, Trust},
    },
    node::{
        bundles::{
            Bundles,
            found::{FoundBundle, fingerprint_of, held_of, roots_in, trust_bundle},
        },
        task::lost,
    },
    seal::{
        hash::sha256,
        rules,
        statement::id_of,
        verify::{MAX_SKEW_SECONDS, Verified, verify, verify_part},
    },
    store::{
        bundles::{BundleChange, BundleRecord},
        catalogue::CatalogueChange,
    },
    wire,
};

/// The state of this organisation's own bundle.
pub struct BundleStatus {
    /// The bundle in force.
    pub held: HeldBundle,
    /// Since when it is in force.
    pub since: Time,
    /// The statements that lead to it, in order, since the roots were last changed without a statement.
    pub chain: Vec<Envelope>,
    /// Its roots, in DER.
    pub roots: Vec<Vec<u8>>,
    /// Whether the node's own file holds other roots.
    pub file_differs: bool,
    /// The bundles that wait for their second signature.
    pub proposed: Vec<Proposed>,
    /// Which bundle each partner holds.
    pub partners: Vec<TakenBy>,
}

/// A bundle that waits for its second signature.
pub struct Proposed {
    /// The statement, as it was signed.
    pub envelope: Envelope,
    /// Who has signed it so far.
    pub by: Vec<SpiffeId>,
    /// Its roots, in DER.
    pub roots: Vec<Vec<u8>>,
    /// When it was proposed.
    pub issued: Time,
    /// The fingerprint of its roots.
    pub fingerprint: Sha256,
    /// Its statement id.
    pub id: StatementId,
    /// The roots that it says are compromised.
    pub compromised: Vec<Compromised>,
}

/// Which of this organisation's bundles a partner holds.
pub struct TakenBy {
    /// The partner.
    pub partner: TrustDomain,
    /// The bundle's number, as the partner's last hello named it. `None` before the first hello since this node's start.
    pub sequence: Option<u64>,
}

impl Bundles {
    /// The number of the newest own bundle.
    pub fn own_sequence(&self) -> u64 {
        self.own_bundle.held.load().sequence
    }

    /// The number of the partner's bundle that is held here.
    pub fn held_sequence(&self, partner: &TrustDomain) -> u64 {
        self.directory.current().get(partner).map_or(0, |partner| partner.record.bundle.sequence)
    }

    /// Compares the roots in the own file with the newest bundle. The same roots change nothing. If the file has the roots of the bundle
    /// before, it is written again. Other roots become a bundle without a statement, and no partner can follow to it.
    pub(in crate::node) async fn note_own_bundle(&self, roots: &TrustBundle) -> Result<(), Fault> {
        let fingerprint = Sha256(roots.fingerprint().0);
        let kept = self.store.bundles(self.identity.domain()).await?;
        let taken: Vec<&BundleRecord> = kept.iter().filter(|r| r.state == BundleState::Taken).collect();
        let newest = taken.iter().max_by_key(|r| r.sequence);
        let sequence = match newest {
            Some(newest) if newest.fingerprint == fingerprint => {
                self.own_bundle.held.store(Arc::new(held_of(newest)));
                return Ok(());
            }
            Some(newest) => {
                let is_before = |r: &&&BundleRecord| r.sequence + 1 == newest.sequence && r.fingerprint == fingerprint;
                if newest.envelope.is_some() && taken.iter().any(|r| is_before(&r)) {
                    self.own_bundle.held.store(Arc::new(held_of(newest)));
                    // The node stopped before it had written the file, or it could not write it.
                    return self.write_roots().await;
                }
                newest.sequence.saturating_add(1)
            }
            None => 1,
        };
        if sequence > 1 {
            tracing::warn!(
                sequence,
                "the own roots were changed in the file, without a bundle that two administrators have signed: each partner needs a new \
                 invitation (`watchfire partner invite`)"
            );
        }
        let now = self.clock.now();
        let record = BundleRecord {
            of: self.identity.domain().clone(),
            sequence,
            fingerprint,
            digest: Sha256(sha256(&[])),
            state: BundleState::Taken,
            envelope: None,
            courier: None,
            at: now,
        };
        let held = held_of(&record);
        let claim = Claim { sequence, fingerprint, previous: fingerprint, issued: now, digest: record.digest };
        let events = if sequence > 1 { vec![self.taken_event(self.identity.domain(), &claim, None)] } else { vec![] };
        let change = BundleChange { put: vec![record], ..BundleChange::default() };
        let change = CatalogueChange::Bundles { change: Box::new(change), events };
        let moved = self.directory.catalogue.change(change).await?;
        self.own_bundle.held.store(Arc::new(held));
        self.directory.catalogue.follow(&moved);
        Ok(())
    }

    /// Takes an administrator's proposal of other roots, which is the statement with the first signature.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`; `CONFLICT` where there is only one administrator, where the statement does not follow the bundle in force, or
    /// where the new roots do not prove the node's own certificates; whatever verification refuses.
    pub async fn propose_bundle(
        &self,
        actor: &Authorized<Administer>,
        envelope: &Envelope,
        at_once: bool,
    ) -> Result<(), Fault> {
        self.people.look_for_people().await?;
        let _changing = self.directory.begin_change().await?;
        self.people.require_confirmed(actor).await?;
        if self.people.persons_needed() < 2 {
            let what = "a bundle takes two administrators, and this organisation has one: put the new roots into the file that \
                organisation.bundle in watchfire.toml names, and give each partner a new invitation (`watchfire partner invite`); or \
                add a second administrator first";
            return Err(Fault::new(Reason::Conflict, what));
        }
        let bundle = self.signed_by(actor, envelope, true)?;
        let held = self.own_bundle.held.load_full();
        let fingerprint = fingerprint_of(&bundle)?;
        let encoded = wire::envelope::encode(envelope);
        let digest = Sha256(sha256(&[&encoded]));
        let (sequence, previous, issued) = (bundle.sequence, bundle.previous, bundle.issued);
        let claim = Claim { sequence, fingerprint, previous, issued, digest };
        let follows = held.sequence.checked_add(1) == Some(claim.sequence) && held.fits(&claim).is_ok();
        if !follows {
            let what =
                "the bundle does not follow the one in force; see `watchfire bundle status`, and propose it anew";
            return Err(Fault::new(Reason::Conflict, what));
        }
        if fingerprint == held.fingerprint {
            return Err(Fault::at(Reason::Conflict, "roots", "these are the roots in force"));
        }
        if self.clock.now().seconds_since(bundle.issued) > MAX_SKEW_SECONDS {
            return Err(Fault::at(Reason::Conflict, "issued", "the proposal is dated back; compare the clocks"));
        }
        self.require_own_proved(&bundle)?;
        let kept = self.store.bundles(self.identity.domain()).await?;
        self.require_overlap(&bundle, &kept, at_once).await?;
        self.require_own_compromised(&bundle).await?;
        self.require_past_days(&bundle)?;
        self.require_newest()?;
        let record = BundleRecord {
            of: self.identity.domain().clone(),
            sequence: bundle.sequence,
            fingerprint,
            digest,
            state: BundleState::Proposed,
            envelope: Some(encoded),
            courier: None,
            at: self.clock.now(),
        };
        let deed = Deed::BundleProposed { sequence: bundle.sequence, fingerprint };
        let event = Event::by(actor, self.clock.now(), deed);
        let is_lapsed = |r: &&BundleRecord| {
            r.state == BundleState::Proposed && self.clock.now().seconds_since(r.at) >= LAPSES_AFTER
        };
        let forget = kept.iter().filter(is_lapsed).map(|r| (r.of.clone(), r.sequence, r.digest)).collect();
        self.change(BundleChange { put: vec![record], forget, ..BundleChange::default() }, vec![event], &[]).await
    }

    /// Takes another administrator's signature on a proposal. From then on these are the organisation's roots, and every partner is told.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`; `NOT_FOUND`; `SECOND_PERSON_REQUIRED` where the caller has proposed it; `CONFLICT` where it has lapsed or no
    /// longer follows the bundle in force; whatever verification refuses.
    pub async fn sign_bundle(&self, actor: &Authorized<Administer>, envelope: &Envelope) -> Result<(), Fault> {
        self.people.look_for_people().await?;
        let _changing = self.directory.begin_change().await?;
        self.people.require_confirmed(actor).await?;
        let bundle = self.signed_by(actor, envelope, false)?;
        let kept = self.store.bundles(self.identity.domain()).await?;
        let proposed = kept.iter().filter(|r| r.state == BundleState::Proposed).filter_map(FoundBundle::read);
        let Some(found) = { proposed }.find(|p| p.envelope.payload == envelope.payload) else {
            let what = "nobody has proposed this bundle; see `watchfire bundle status`";
            return Err(Fault::new(Reason::NotFound, what));
        };
        let (held, now) = (self.own_bundle.held.load_full(), self.clock.now());
        let claim = found.claim();
        let follows = held.sequence.checked_add(1) == Some(claim.sequence) && held.fits(&claim).is_ok();
        if !follows || now.seconds_since(claim.issued) >= LAPSES_AFTER {
            let what = "the proposal has lapsed, or another bundle came into force; propose it anew";
            return Err(Fault::new(Reason::Conflict, what));
        }
        let mut signed = found.envelope.clone();
        signed.signatures.extend(envelope.signatures.iter().cloned());
        // A signer who was revoked since the proposal does not count.
        let counts = |s: &crate::domain::statement::Signature| {
            self.trust.chains().signer(&s.certificates, &now.into()).map(drop)
        };
        if let Err(fault) = signed.signatures.iter().try_for_each(counts) {
            let what = format!(
                "the key of somebody who has signed it does not count any more ({}); propose it anew",
                fault.message
            );
            return Err(Fault::new(fault.reason, what));
        }
        let roots = self.newest_own_roots().await?;
        let verified = self.prove_under(&signed, &bundle, roots).map_err(|fault| match fault.reason {
            Reason::SecondPersonRequired => {
                Fault::new(fault.reason, "you have proposed it; another administrator signs it")
            }
            _ => fault,
        })?;
        self.require_own_proved(&bundle)?;
        self.put_own_in_force(actor, &kept, signed, &verified, &claim).await
    }

    async fn put_own_in_force(
        &self,
        actor: &Actor,
        kept: &[BundleRecord],
        signed: Envelope,
        verified: &Verified<Bundle>,
        claim: &Claim,
    ) -> Result<(), Fault> {
        let (bundle, now) = (verified.content(), self.clock.now());
        let encoded = wire::envelope::encode(&signed);
        let taken = BundleRecord {
            of: self.identity.domain().clone(),
            sequence: claim.sequence,
            fingerprint: claim.fingerprint,
            digest: Sha256(sha256(&[&encoded])),
            state: BundleState::Taken,
            envelope: Some(encoded),
            courier: None,
            at: now,
        };
        let over = kept.iter().filter(|r| r.state == BundleState::Proposed);
        let told: Vec<TrustDomain> =
            self.directory.current().partners().map(|partner| partner.record.organisation.domain.clone()).collect();
        let change = BundleChange {
            forget: over.map(|r| (r.of.clone(), r.sequence, r.digest)).collect(),
            send: taken.envelope.clone().map(|envelope| (told.clone(), envelope)),
            put: vec![taken],
            compromised: bundle.compromised.iter().map(|c| (self.identity.domain().clone(), c.clone())).collect(),
            ..BundleChange::default()
        };
        let event = Event::by(
            actor,
            self.clock.now(),
            self.taken_event(self.identity.domain(), claim, Some(verified.id())).deed,
        );
        let change = CatalogueChange::Bundles { change: Box::new(change), events: vec![event] };
        let moved = self.directory.catalogue.change(change).await?;
        let held = self.own_bundle.held.load().followed_by(claim);
        self.own_bundle.held.store(Arc::new(held));
        self.directory.catalogue.follow(&moved);
        told.iter().for_each(|partner| self.sessions.of(partner).post());
        self.write_roots().await
    }

    /// Writes the newest own roots into the file that the node reads them from.
    async fn write_roots(&self) -> Result<(), Fault> {
        let roots = self.newest_own_roots().await?.into_iter().map(Into::into).collect();
        let pem = TrustBundle::new(self.identity.domain().clone(), roots)?.to_pem();
        let keep = self.own_bundle.keep.clone();
        if let Err(error) = tokio::task::spawn_blocking(move || keep(&pem)).await.map_err(lost)? {
            tracing::error!(
                error,
                "the new roots could not be written into the node's own file; `watchfire bundle status --roots FILE` writes them elsewhere, to \
                 be put there by hand"
            );
        }
        Ok(())
    }

    /// Verifies that the caller alone has signed this: a proposal in their own name, or a second signature beside the proposer's.
    fn signed_by(&self, actor: &Actor, envelope: &Envelope, is_proposal: bool) -> Result<Bundle, Fault> {
        let verified = match is_proposal {
            true => verify(envelope, &rules::BUNDLE, self.trust.chains(), self.clock.now()),
            false => verify_part(envelope, &rules::BUNDLE, self.trust.chains(), self.clock.now()),
        }?;
        if verified.signers() != std::slice::from_ref(actor.id())
            || verified.content().domain != *self.identity.domain()
        {
            let what = "the bundle is not signed by the administrator who brings it";
            return Err(Fault::new(Reason::WrongDomain, what));
        }
        Ok(verified.into_content())
    }

    /// Refuses roots that this node's own certificates do not lead to.
    fn require_own_proved(&self, bundle: &Bundle) -> Result<(), Fault> {
        let member = KnownOrganisation { bundle: trust_bundle(bundle)?, crls: vec![], state: PartnerState::Active };
        let trust = Trust::new(member, vec![], self.trust.signing_usages.clone())?;
        for (what, chain) in [("signing", self.identity.signing_chain()), ("TLS", (self.certificates)().tls)] {
            if !chain.is_empty() && trust.own_certificate(&chain).is_none() {
                let what = format!(
                    "this node's {what} certificate leads to none of these roots; have it issued by a CA that stays, then retire the old one"
                );
                return Err(Fault::at(Reason::Conflict, "roots", what));
            }
        }
        Ok(())
    }

    /// Refuses to retire a root within 7 days after its successor was announced, unless it is compromised or `at_once` is set.
    async fn require_overlap(&self, bundle: &Bundle, kept: &[BundleRecord], at_once: bool) -> Result<(), Fault> {
        let is_compromised = |root: &Vec<u8>| {
            let name = Sha256(sha256(&[root]));
            bundle.compromised.iter().any(|c| c.root == name)
        };
        let own = self.newest_own_roots().await?;
        let left_out = own.iter().filter(|root| !bundle.roots.contains(root) && !is_compromised(root)).count();
        let taken = kept.iter().filter(|r| r.state == BundleState::Taken).max_by_key(|r| r.sequence);
        let is_fresh = taken.is_some_and(|r| self.clock.now().seconds_since(r.at) < LAPSES_AFTER);
        if at_once || !is_fresh || left_out == 0 {
            return Ok(());
        }
        let what = "a root is retired 7 days after its successor was told to partners at the earliest, so that those who were away can \
            follow; with --now at once";
        Err(Fault::at(Reason::Conflict, "roots", what))
    }

    /// Refuses to declare a root compromised that is not, and never was, a root of the organisation.
    async fn require_own_compromised(&self, bundle: &Bundle) -> Result<(), Fault> {
        let retired = self.store.retired_roots().await?.into_iter().filter(|root| root.of == *self.identity.domain());
        let all = retired.map(|root| root.der).chain(self.newest_own_roots().await?);
        let own: Vec<Sha256> = all.map(|der| Sha256(sha256(&[&der]))).collect();
        let Some(place) = bundle.compromised.iter().position(|c| !own.contains(&c.root)) else { return Ok(()) };
        let what = "this was never a root of the organisation";
        Err(Fault::at(Reason::Conflict, format!("compromised[{place}]"), what))
    }

    /// Refuses a day in the future, because nothing was logged after it.
    fn require_past_days(&self, bundle: &Bundle) -> Result<(), Fault> {
        let today = self.clock.now().day();
        let Some(place) = bundle.compromised.iter().position(|c| c.since > today) else { return Ok(()) };
        let what = "that day has not come; write the last day on which the key was surely yours";
        Err(Fault::at(Reason::Conflict, format!("compromised[{place}].since"), what))
    }

    /// Refuses a number that partners already hold a bundle of. An older store was put in the place of a newer one.
    fn require_newest(&self) -> Result<(), Fault> {
        let own = self.own_sequence();
        let directory = self.directory.current();
        let newer = directory.partners().find_map(|p| {
            let of = &p.record.organisation.domain;
            self.sessions.of(of).bundles.held().filter(|held| *held > own).map(|held| (of.clone(), held))
        });
        let Some((partner, held)) = newer else { return Ok(()) };
        let what = format!(
            "`{partner}` holds bundle {held} of this organisation, and this node knows of {own} only: an older store was put in its place; put \
             the roots into the file, and write new invitations"
        );
        Err(Fault::new(Reason::Conflict, what))
    }

    /// The state of the own bundle, and who has taken it.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`; store faults.
    pub async fn bundle_status(&self, _actor: &Authorized<Administer>) -> Result<BundleStatus, Fault> {
        let (held, now) = (self.own_bundle.held.load_full(), self.clock.now());
        let kept = self.store.bundles(self.identity.domain()).await?;
        let newest = kept.iter().filter(|r| r.state == BundleState::Taken).max_by_key(|r| r.sequence);
        let proposed = kept.iter().filter(|r| r.state == BundleState::Proposed).filter_map(FoundBundle::read);
        let proposed = proposed.filter(|f| now.seconds_since(f.bundle.issued) < LAPSES_AFTER).map(Proposed::of);
        let own_file = self.identity.member.load().bundle.clone();
        let of = |domain: &TrustDomain| self.sessions.of(domain).bundles.held();
        let directory = self.directory.current();
        let partners = directory.partners().map(|p| p.record.organisation.domain.clone());
        Ok(BundleStatus {
            file_differs: Sha256(own_file.fingerprint().0) != held.fingerprint,
            held: HeldBundle::clone(&held),
            since: newest.map_or(held.issued, |r| r.at),
            chain: chain_of(&kept),
            roots: self.newest_own_roots().await?,
            proposed: proposed.collect(),
            partners: partners.map(|partner| TakenBy { sequence: of(&partner), partner }).collect(),
        })
    }

    /// The roots of the newest own bundle. Invitations name these.
    pub(in crate::node) async fn newest_own_roots(&self) -> Result<Vec<Vec<u8>>, Fault> {
        let kept = self.store.bundles(self.identity.domain()).await?;
        let newest = kept.iter().filter(|r| r.state == BundleState::Taken).max_by_key(|r| r.sequence);
        let roots = newest.and_then(|r| roots_in(r.envelope.as_deref()?));
        Ok(roots
            .unwrap_or_else(|| self.identity.member.load().bundle.roots().iter().map(|root| root.to_vec()).collect()))
    }

    /// Hands over the bundles that the partner lacks, in order, if it holds an older one than the newest.
    pub(in crate::node) async fn hand_over_missed(&self, partner: &TrustDomain, held: u64) -> Result<(), Fault> {
        let (own, told) = (self.own_sequence(), &self.sessions.of(partner).bundles);
        if held == 0 || held >= own || !told.is_news(held, own) {
            return Ok(());
        }
        let waiting = self.store.outbox(partner, 0, u32::MAX).await?;
        // A later bundle that waits does not help, because the partner can't take it before this one.
        let is_next = |e: &[u8]| {
            let envelope = wire::envelope::decode(e).ok().filter(|e| e.kind == StatementKind::Bundle);
            let bundle = envelope.and_then(|e| wire::bundle::decode(&e.payload).ok());
            bundle.is_some_and(|bundle| bundle.domain == *self.identity.domain() && bundle.sequence == held + 1)
        };
        if waiting.iter().any(|item| is_next(&item.envelope)) {
            return Ok(());
        }
        let kept = self.store.bundles(self.identity.domain()).await?;
        let missed: Vec<BundleRecord> = kept.into_iter().filter(|r| r.sequence > held).collect();
        for envelope in chain_of(&missed) {
            let send = Some((vec![partner.clone()], wire::envelope::encode(&envelope)));
            self.store.change_bundles(BundleChange { send, ..BundleChange::default() }, vec![]).await?;
        }
        told.handed_over(held, own);
        self.sessions.of(partner).post();
        Ok(())
    }
}

impl Proposed {
    fn of(found: FoundBundle) -> Self {
        let leaves = found.envelope.signatures.iter().filter_map(|s| s.certificates.first());
        Self {
            by: leaves.filter_map(|der| Leaf::parse(der).ok()).map(|leaf| leaf.id).collect(),
            roots: found.bundle.roots.clone(),
            fingerprint: found.record.fingerprint,
            issued: found.bundle.issued,
            compromised: found.bundle.compromised,
            id: id_of(StatementKind::Bundle, &found.envelope.payload),
            envelope: found.envelope,
        }
    }
}

/// The statements that lead to the newest bundle, as far back as each one follows the one before.
pub(in crate::node) fn chain_of(kept: &[BundleRecord]) -> Vec<Envelope> {
    let mut taken: Vec<&BundleRecord> = kept.iter().filter(|r| r.state == BundleState::Taken).collect();
    taken.sort_unstable_by_key(|r| std::cmp::Reverse(r.sequence));
    let mut chain: Vec<Envelope> =
        taken.iter().map_while(|r| FoundBundle::read(r)).map(|found| found.envelope).collect();
    chain.reverse();
    chain
}
