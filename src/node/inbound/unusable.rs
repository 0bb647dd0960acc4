//! Why an entry can't be used, and as of when it was examined.

use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::{StatementId, TrustDomain},
        release::Release,
        time::Time,
    },
    policy::Provenance,
    seal::chains::VerificationTime,
};

/// The route by which an entry came. It is empty if the sender is the originator.
#[derive(Default)]
pub(in crate::node) struct VerifiedPath {
    pub(in crate::node) hops: Vec<Carried>,
    /// The hub on whose word alone a release of the route counts, if there is one.
    pub on_word_of: Option<TrustDomain>,
}

/// When an entry is examined, and when it came.
#[derive(Debug, Clone, Copy)]
pub(in crate::node) struct ExaminedAt {
    /// The time of this node.
    pub now: Time,
    /// When the entry came here.
    pub arrived: Time,
}

impl ExaminedAt {
    /// For an entry that is examined on arrival.
    pub fn at(now: Time) -> Self {
        Self { now, arrived: now }
    }

    /// The times as of which signatures are judged.
    pub fn when<'a>(self) -> VerificationTime<'a> {
        VerificationTime { now: self.now, arrived: self.arrived, stated: None }
    }
}

/// Why the content of an entry can't be used.
#[derive(Debug, Clone)]
pub(in crate::node) struct Unusable {
    /// What is wrong.
    pub fault: Fault,
    /// The organisation whose roots or revocation lists must change before the content can be verified. `None` means that it never can
    /// be.
    pub waits_for: Option<TrustDomain>,
}

impl From<Fault> for Unusable {
    fn from(fault: Fault) -> Self {
        Self { fault, waits_for: None }
    }
}

impl Unusable {
    /// The result of a failed verification of a statement by `signer`. It may succeed later in four cases: the organisation is not known
    /// here, its chain leads to none of the roots that are held of it, this node's clock is behind, or a later edition of the
    /// vocabularies is needed.
    pub fn by(signer: &TrustDomain, fault: Fault) -> Self {
        let may_change = matches!(
            fault.reason,
            Reason::NotAPartner | Reason::ChainInvalid | Reason::StatementFromFuture | Reason::NotYet
        );
        Self { fault, waits_for: may_change.then(|| signer.clone()) }
    }

    /// Lets it wait only if the fault has that reason.
    pub fn only_for(self, reason: Reason) -> Self {
        let may_wait = self.fault.reason == reason;
        Self { waits_for: self.waits_for.filter(|_| may_wait), ..self }
    }

    /// Puts the fault into the field of that name.
    pub fn within(self, field: &str) -> Self {
        Self { fault: self.fault.within(field), ..self }
    }

    /// The reason that the sender is told.
    pub fn reason(&self) -> Reason {
        match (&self.waits_for, self.fault.reason) {
            (Some(_), Reason::NotAPartner) => Reason::OriginUnknown,
            (_, reason) => reason,
        }
    }
}

impl VerifiedPath {
    /// The time as of which the manifest is judged. The originator's own release states it: the first of the route, or else the entry's.
    pub(in crate::node) fn of_manifest<'a>(
        &'a self,
        examined: ExaminedAt,
        sender: &'a TrustDomain,
        release: &'a Release,
    ) -> VerificationTime<'a> {
        let when = |by, release: &'a Release| examined.when().stated(release.logged_at, by);
        self.hops.first().map_or_else(|| when(sender, release), |h| when(&h.giver, &h.release).firm(h.is_current))
    }

    /// The time as of which a statement that is attached to the portions is judged. The first release of the route that lists the statement states it.
    pub(in crate::node) fn of_listed<'a>(
        &'a self,
        examined: ExaminedAt,
        sender: &'a TrustDomain,
        release: &'a Release,
        id: &StatementId,
    ) -> Option<VerificationTime<'a>> {
        let all = self.hops.iter().map(|h| (&h.giver, &h.release, h.is_current)).chain([(sender, release, true)]);
        let listed =
            |release: &'a Release| release.endorsements.iter().chain(&release.exceptions).find(|l| l.id == *id);
        all.filter_map(|(by, r, is_firm)| Some(examined.when().stated(listed(r)?.logged_at, by).firm(is_firm))).next()
    }

    /// The release by which the sender got the entry, for the recipient's own check. There is none if the sender is the originator.
    pub(in crate::node) fn provenances(&self) -> Vec<Provenance> {
        let carriers = self.hops.iter().map(|h| h.giver.clone()).collect();
        self.hops.last().map(|last| Provenance::new(last.id, &last.release, carriers)).into_iter().collect()
    }
}

/// One release of the route.
pub(in crate::node) struct Carried {
    pub(in crate::node) id: StatementId,
    pub(in crate::node) giver: TrustDomain,
    pub(in crate::node) release: Release,
    /// Whether its signer's chain was good when the entry came.
    pub(in crate::node) is_current: bool,
}

/// The fault of a release of the route that does not fit.
pub(in crate::node) fn wrong(i: usize, what: &str) -> Unusable {
    Fault::at(Reason::NotCovered, format!("provenance[{i}]"), what).into()
}
