//! This organisation's own revocation lists: those in its file, and the newest ones that were seen in it.
//!
//! By mistake or by malice, the file may hold an older list, an incomplete set or nothing. So the newest list of each issuing key is kept
//! in the store and stays in force.

use crate::{
    domain::{
        fault::{Fault, Reason},
        time::Time,
    },
    identity::{
        crl::{Crl, authorities},
        trust::{KnownOrganisation, Lapse},
    },
    node::{lock::lock, revocations::RevocationLists},
    store::catalogue::CatalogueChange,
};

impl RevocationLists {
    /// Reads the lists that the store keeps, and takes those of the own file.
    pub(crate) async fn begin_lists(&self, own: KnownOrganisation) -> Result<(), Fault> {
        self.note_own_roots(&own).await?;
        self.lists.reload(&*self.store, &own.bundle).await?;
        self.take_own_lists(own).await.map(drop)
    }

    /// Puts a new own bundle or new revocation lists in force at once, also on live connections. An older list in the file, or
    /// one that is missing from it, changes nothing and is logged. `true` where something is newly in force.
    ///
    /// # Errors
    /// Store faults. What was in force then stays in force.
    pub async fn renew_own(&self, own: KnownOrganisation) -> Result<bool, Fault> {
        let _changing = self.directory.begin_change().await?;
        let has_other_roots = own.bundle != self.identity.member.load().bundle;
        if has_other_roots {
            self.note_own_roots(&own).await?;
        }
        let has_new_lists = self.take_own_lists(own).await?;
        if has_other_roots {
            self.directory.reload_directory().await?;
        } else if has_new_lists {
            self.lists_changed(self.identity.domain());
        }
        self.tell_partners();
        Ok(has_other_roots || has_new_lists)
    }

    async fn note_own_roots(&self, own: &KnownOrganisation) -> Result<(), Fault> {
        let roots = own.bundle.roots().iter().map(|root| root.to_vec()).collect();
        let of = self.identity.domain().clone();
        self.directory.change(CatalogueChange::Roots { of, roots, at: self.clock.now() }, &[]).await?;
        self.bundles.note_own_bundle(&own.bundle).await
    }

    /// Takes the lists of the own file that are newer than those held. `true` where there is one.
    async fn take_own_lists(&self, own: KnownOrganisation) -> Result<bool, Fault> {
        self.lists.rest_upon(&own.bundle);
        let file = self.lists.own.path.display().to_string();
        let mut is_new = false;
        for crl in &own.crls {
            match self.lists.require_newer(self.identity.domain(), crl) {
                Ok(_) => match self.keep_list(self.identity.domain(), crl.clone(), vec![]).await {
                    Err(fault) if fault.reason == Reason::LimitExceeded => {
                        tracing::error!(file, issuer = crl.issuer(), %fault, "a revocation list is NOT in force");
                    }
                    kept => is_new |= kept?,
                },
                Err(_) => tracing::error!(
                    file,
                    issuer = crl.issuer(),
                    "the file holds a revocation list that is NOT newer than the one seen before, which stays in force; \
                     put the newest list back, or where the CA lost its number run `watchfire partner crl FILE --replace`"
                ),
            }
        }
        let crls = self.lists.of(self.identity.domain());
        for held in crls.iter().filter(|held| own.crls.iter().all(|crl| !crl.is_same_series(held))) {
            tracing::error!(
                file,
                issuer = held.issuer(),
                "the file lacks a revocation list that was seen in it before; that one stays in force; put the list back, or \
                 leave it out where that CA issues no more lists"
            );
        }
        *lock(&self.lists.own.lists) = own.crls;
        self.identity.member.store(std::sync::Arc::new(KnownOrganisation { crls, ..own }));
        Ok(is_new)
    }

    /// What is held of the own organisation: its bundle, and its lists in force.
    pub fn own_member(&self) -> std::sync::Arc<KnownOrganisation> {
        self.identity.member.load_full()
    }

    /// Keeps lists of the own file whose issuer is not known yet. They wait until it is. A chain that a person signs in with may contain
    /// it.
    ///
    /// # Errors
    /// Store faults.
    pub async fn await_issuers(&self, lists: Vec<Vec<u8>>) -> Result<(), Fault> {
        *self.lists.own.waiting.lock().await = lists;
        self.try_waiting(&[]).await?;
        let waiting = self.lists.own.waiting.lock().await.len();
        if waiting > 0 {
            tracing::warn!(
                file = %self.lists.own.path.display(),
                waiting,
                "the file holds revocation lists whose issuing CA is not known yet; they wait. Put the CA's certificate into \
                 that file beside its list"
            );
        }
        Ok(())
    }

    /// Looks at a verified chain that somebody of the own organisation signed in with. It may contain the issuer of a waiting list.
    pub async fn saw_chain(&self, chain: &[Vec<u8>]) {
        if chain.len() < 2 || self.lists.own.waiting.try_lock().is_ok_and(|waiting| waiting.is_empty()) {
            return;
        }
        if let Err(fault) = self.try_waiting(chain).await {
            tracing::error!(reason = %fault.reason, "a revocation list that waited could not be taken");
        }
    }

    async fn try_waiting(&self, chain: &[Vec<u8>]) -> Result<(), Fault> {
        let mut waiting = self.lists.own.waiting.lock().await;
        if waiting.is_empty() {
            return Ok(());
        }
        let _changing = self.directory.begin_change().await?;
        let bundle = self.identity.member.load().bundle.clone();
        let held = self.lists.of(self.identity.domain());
        let known = held.iter().flat_map(|crl| crl.issuers()).chain(chain).map(Vec::as_slice);
        let through = authorities(known);
        let (mut found, mut left) = (vec![], vec![]);
        for der in waiting.drain(..) {
            match Crl::verify(&der, &bundle, &through, self.clock.now()) {
                Ok(crl) => found.push(crl),
                Err(_) => left.push(der),
            }
        }
        *waiting = left;
        let mut is_new = false;
        for crl in found {
            if self.lists.require_newer(self.identity.domain(), &crl).is_ok() {
                is_new |= self.keep_list(self.identity.domain(), crl.clone(), vec![]).await?;
            }
            lock(&self.lists.own.lists).push(crl);
        }
        if is_new {
            self.own_lists_changed();
            self.tell_partners();
        }
        Ok(())
    }

    /// Puts the own lists in force after one of them has changed.
    pub(in crate::node) fn own_lists_changed(&self) {
        let (own, crls) = (self.identity.member.load_full(), self.lists.of(self.identity.domain()));
        self.identity.member.store(std::sync::Arc::new(KnownOrganisation { crls, ..(*own).clone() }));
        self.lists_changed(self.identity.domain());
    }

    /// Tells partners of revocations at once.
    pub(in crate::node) fn tell_partners(&self) {
        for partner in self.directory.current().all_active() {
            self.sessions.of(&partner.record.organisation.domain).post();
        }
    }

    /// The own list that is past its next update. It is in the own file, or it is of a CA that stands behind the node's own key.
    pub fn own_lapse(&self) -> Option<Lapse> {
        let now: Time = self.clock.now();
        let in_file = lock(&self.lists.own.lists).clone();
        let held = self.lists.of(self.identity.domain());
        let of_file = held.iter().filter(|crl| in_file.iter().any(|other| other.is_same_series(crl)));
        let lapsed = of_file.filter_map(|crl| crl.lapse(now)).next();
        lapsed.or_else(|| self.trust.current.load().own_lapse(self.identity.key.load().chain(), now))
    }

    /// The refusal that the organisation's own people get while an own list is past its next update.
    pub fn own_lapse_refusal(&self, lapse: &Lapse) -> Fault {
        let (issuer, due, file) = (&lapse.issuer, lapse.next_update, self.lists.own.path.display());
        let what = format!(
            "the own organisation's revocation list ({issuer}) is past its next update ({due}), so that nobody can sign in; put \
             a current list of that CA into {file}: the node takes it up within seconds; with the development CA, run \
             `watchfire --dir {} ca renew`",
            self.lists.own.path.parent().unwrap_or(std::path::Path::new(".")).display()
        );
        Fault::new(Reason::ListLapsed, what)
    }
}
