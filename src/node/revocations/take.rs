//! Takes revocation lists of partners, and puts them in force.
//!
//! For each organisation, this one included, the node holds the newest list of each issuing key and scope, and every revocation that was
//! ever seen. A list is never replaced by an older one automatically. See `give` for a CA that lost its number.

use crate::{
    domain::{
        event::Event,
        fault::{Fault, Reason},
        ids::{Sha256, TrustDomain},
        partner::PartnerState,
        time::Time,
    },
    identity::crl::{Crl, MAX_LIST_BYTES, RevokedCertificate, is_higher},
    node::{
        lock::lock,
        revocations::{RevocationLists, announced::Announced, places::MAX_LISTS},
    },
    seal::hash::sha256,
    store::{catalogue::CatalogueChange, lists::ListRecord},
};

impl RevocationLists {
    /// This organisation's lists, as partners are told of them.
    pub fn announced_lists(&self) -> Vec<Announced> {
        self.lists.of(self.identity.domain()).iter().take(MAX_LISTS).map(Announced::of).collect()
    }

    /// Whether a list that is held of a partner is past its next update.
    pub fn has_lapsed_list(&self, partner: &TrustDomain) -> bool {
        let now = self.clock.now();
        self.lists.of(partner).iter().any(|crl| crl.lapse(now).is_some())
    }

    /// One of this organisation's lists.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub fn own_list(&self, sha256: &Sha256) -> Result<Crl, Fault> {
        let found = self.lists.of(self.identity.domain()).into_iter().find(|crl| crl.sha256() == *sha256);
        found.ok_or_else(|| Fault::new(Reason::NotFound, "no such revocation list is in force here; say hello again"))
    }

    /// The announced lists of a partner that this node wants: those that are newer than what it holds, as fast as it takes them.
    pub fn wanted_lists(&self, partner: &TrustDomain, announced: Vec<Announced>) -> Vec<Announced> {
        let (held, now) = (self.lists.of(partner), self.clock.now());
        let is_wanted = |new: &Announced| {
            let same = held.iter().find(|crl| (crl.issuing_key(), crl.scope()) == (new.issuing_key, new.scope));
            let is_newer = same.is_none_or(|crl| is_higher(&new.number, crl.number()));
            if !is_newer
                && same.is_some_and(|crl| crl.sha256() != new.sha256)
                && self.lists.is_news(&new.sha256)
                && self.sessions.of(partner).allows_a_line(now)
            {
                tracing::warn!(
                    %partner, issuing_key = %new.issuing_key,
                    "the partner shows a revocation list that is not newer than the one held, which stays in force; mostly an older \
                     list lies in its file, and it has to put the newest one there: ask its administrators. Only where they say \
                     that its CA lost its number, `watchfire partner crl FILE --replace` takes the list"
                );
            }
            let is_wanted =
                is_newer && new.size <= MAX_LIST_BYTES && !self.lists.has_refused(partner, &new.sha256, now);
            let wait = self.lists.wait(partner, new, now).filter(|_| is_wanted);
            if let Some(until) = wait
                && self.lists.is_news(&new.sha256)
                && self.sessions.of(partner).allows_a_line(now)
            {
                tracing::warn!(
                    %partner, issuing_key = %new.issuing_key, %until,
                    "a new revocation list of the partner waits: too many came in the last hour; `watchfire partner crl FILE` takes it at once"
                );
            }
            is_wanted && wait.is_none()
        };
        announced.into_iter().take(MAX_LISTS).filter(is_wanted).collect()
    }

    /// Takes a partner's list as it was announced. It is in force at once, on live connections too; nothing else is read anew.
    ///
    /// # Errors
    /// `CHAIN_INVALID` where it is not what was announced, or where the partner's bundle does not prove it; `CONFLICT` where it is not
    /// newer; `LIMIT_EXCEEDED`; store faults.
    pub async fn take_list(
        &self,
        partner: &TrustDomain,
        announced: &Announced,
        der: &[u8],
        issuers: &[Vec<u8>],
    ) -> Result<(), Fault> {
        let now = self.clock.now();
        if self.lists.wait(partner, announced, now).is_some() {
            return Err(Fault::new(Reason::LimitExceeded, "too many revocation lists came in the last hour; wait"));
        }
        let _changing = self.directory.begin_change().await?;
        let crl = match self.verified_list(partner, announced, der, issuers, now) {
            Ok(crl) => crl,
            Err(fault) => {
                self.lists.pace(partner, |pace| pace.refuse(&announced.sha256, announced.size, now));
                return Err(fault);
            }
        };
        self.lists.require_newer(partner, &crl)?;
        if self.keep_list(partner, crl.clone(), vec![]).await? {
            self.lists.pace(partner, |pace| pace.count(&announced.issuing_key, announced.size, now));
            let (issuer, next_update) = (crl.issuer(), crl.next_update());
            tracing::info!(%partner, issuer, %next_update, "took a newer revocation list");
            self.lists_changed(partner);
        }
        Ok(())
    }

    fn verified_list(
        &self,
        partner: &TrustDomain,
        announced: &Announced,
        der: &[u8],
        issuers: &[Vec<u8>],
        now: Time,
    ) -> Result<Crl, Fault> {
        if sha256(&[der]) != announced.sha256.0 {
            return Err(Fault::new(Reason::ChainInvalid, "the revocation list is not the one that was announced"));
        }
        let bundle = crate::node::directory::roots::bundle_of(&self.directory.current().active(partner)?.record)?;
        let crl = Crl::verify(der, &bundle, issuers, now)?;
        if Announced::of(&crl) != *announced {
            return Err(Fault::new(Reason::ChainInvalid, "the revocation list is not what was announced of it"));
        }
        Ok(crl)
    }

    /// Replaces the list of the same key and scope, whatever the numbers. It is in force at once. Returns `false` if it is held already.
    /// The caller holds the turn to change the catalogue.
    pub(in crate::node) async fn keep_list(
        &self,
        of: &TrustDomain,
        crl: Crl,
        events: Vec<Event>,
    ) -> Result<bool, Fault> {
        let held = self.lists.of(of);
        if held.iter().any(|other| other.sha256() == crl.sha256()) {
            return Ok(false);
        }
        crate::node::revocations::places::require_place(&held, &crl)?;
        let mut seen = self.lists.seen();
        let added = seen.add(&crl).iter().map(RevokedCertificate::to_bytes).collect();
        let record = ListRecord {
            of: of.clone(),
            issuing_key: crl.issuing_key(),
            scope: crl.scope(),
            der: crl.der().to_vec(),
            issuers: crl.issuers().to_vec(),
        };
        let change = CatalogueChange::List { list: record.clone(), added, events };
        let moved = self.directory.catalogue.change(change).await?;
        self.lists.put(record, Some(crl));
        *lock(&self.lists.seen) = seen;
        // No policy is compiled anew.
        (self.trust.set)(self.trust.current.load().with_lists(of, self.lists.of(of), self.lists.seen()));
        self.directory.catalogue.follow(&moved);
        Ok(true)
    }

    /// Has the feeds and what waits looked at again, after lists of one organisation have changed.
    pub(in crate::node) fn lists_changed(&self, domain: &TrustDomain) {
        self.sessions.trust_changed(vec![domain.clone()]);
        self.sessions.turned();
        if self.directory.current().get(domain).is_some_and(|p| p.standing() == PartnerState::Active) {
            let live = self.sessions.of(domain);
            live.wake();
            if !live.inbound().borrow().live {
                // A partner that could not be dialled because this list was missing is dialled again at once.
                live.pull_now();
            }
        }
    }
}
