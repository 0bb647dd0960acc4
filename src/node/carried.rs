//! Checks what came through hubs. Each release of the way is verified against the bundle of the organisation that issued it, and compared
//! with the terms of the release before it.

use super::{Node, directory::Directory};
use crate::{
    domain::{
        entry::Entry,
        fault::{Fault, Reason},
        ids::{StatementId, TrustDomain},
        order,
        partner::Organisation,
        release::Release,
        statement::StatementKind,
        time::Time,
    },
    policy::{Breach, Facts, Hop, Provenance, check_hops},
    seal::{chains::When, rules, statement::id_of, verify::verify},
    wire,
};

/// The way by which an entry came. It is empty if the sender is the originator.
#[derive(Default)]
pub(super) struct Path {
    hops: Vec<Carried>,
    /// The hub on whose word alone a release of the way counts, if there is one.
    pub on_word_of: Option<TrustDomain>,
}

/// One release of the way.
struct Carried {
    id: StatementId,
    giver: TrustDomain,
    release: Release,
    /// Whether its signer's chain was good when the entry came.
    is_current: bool,
}

/// When an entry is examined, and when it came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Examined {
    /// The time of this node.
    pub now: Time,
    /// When the entry came here.
    pub arrived: Time,
}

impl Examined {
    /// For an entry that is examined on arrival.
    pub fn at(now: Time) -> Self {
        Self { now, arrived: now }
    }

    /// The times as of which signatures are judged.
    pub fn when<'a>(self) -> When<'a> {
        When { now: self.now, arrived: self.arrived, stated: None }
    }
}

/// Why the content of an entry can't be used.
#[derive(Debug, Clone)]
pub(super) struct Unusable {
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

/// The fault of a release of the way that does not fit.
fn wrong(i: usize, what: &str) -> Unusable {
    Fault::at(Reason::NotCovered, format!("provenance[{i}]"), what).into()
}

impl Node {
    /// The way by which the entry came. Each release of it is verified against the bundle of the organisation that issued it, as of the
    /// time that the next release states.
    ///
    /// # Errors
    /// `NOT_COVERED` where the releases do not lead from the originator to the sender; whatever verification refuses.
    pub(super) fn check_way(
        &self,
        originator: &TrustDomain,
        partner: &TrustDomain,
        release: &Release,
        entry: &Entry,
        examined: Examined,
    ) -> Result<Path, Unusable> {
        let mut path = self.read_way(originator, partner, release, entry)?;
        for (i, envelope) in entry.provenance.iter().enumerate() {
            let Some(giver) = path.hops.get(i).map(|h| h.giver.clone()) else { continue };
            let next = path.hops.get(i + 1).map_or((partner, release), |h| (&h.giver, &h.release));
            // The next release is of another organisation, so it makes no difference here whether it counts by itself.
            let when = examined.when().stated(next.1.logged_at, next.0);
            let verified = verify(envelope, &rules::RELEASE, &self.carried, when);
            let verified = verified.map_err(|f| Unusable::by(&giver, f).within(&format!("provenance[{i}]")))?;
            path.on_word_of = path.on_word_of.or_else(|| verified.on_word_of().cloned());
            if let Some(hop) = path.hops.get_mut(i) {
                hop.is_current = verified.is_current();
            }
        }
        Ok(path)
    }

    /// The way as the releases claim it. Their signatures are not verified.
    fn read_way(
        &self,
        originator: &TrustDomain,
        partner: &TrustDomain,
        release: &Release,
        entry: &Entry,
    ) -> Result<Path, Unusable> {
        let mut path = Path { hops: Vec::with_capacity(entry.provenance.len()), on_word_of: None };
        let mut giver = originator.clone();
        for (i, envelope) in entry.provenance.iter().enumerate() {
            let within = |f: Fault| f.within(&format!("provenance[{i}]"));
            self.only_by(&[&giver], envelope).map_err(within)?;
            let carried = wire::release::decode(&envelope.payload).map_err(within)?;
            if carried.manifest != release.manifest {
                return Err(wrong(i, "the release hands over another assessment"));
            }
            let before = path.hops.last();
            if carried.via != before.map(|b| b.id) {
                return Err(wrong(i, "the release does not say that it came by the one before"));
            }
            if before.is_some_and(|b| !is_part(&carried, &b.release)) {
                return Err(wrong(
                    i,
                    "the release discloses what its giver did not get by the one before, or in another order",
                ));
            }
            let taker = carried.recipient.clone();
            let id = id_of(StatementKind::Release, &envelope.payload);
            path.hops.push(Carried { id, giver, release: carried, is_current: false });
            giver = taker;
        }
        let last = path.hops.last();
        if giver != *partner || release.via != last.map(|l| l.id) {
            let what = "the releases that came with it are no way from its originator to its sender";
            return Err(Fault::at(Reason::NotCovered, "provenance", what).into());
        }
        if last.is_some_and(|l| !is_part(release, &l.release)) {
            let what = "the release discloses what its sender did not get, or in another order";
            return Err(Fault::at(Reason::NotCovered, "release.digests", what).into());
        }
        Ok(path)
    }

    /// Compares each hop with the terms of the one before.
    ///
    /// # Errors
    /// Whose hop is at fault, and why.
    pub(super) fn judge_way(&self, path: &Path, facts: &Facts<'_>) -> Result<(), Breach> {
        let directory = self.directory();
        let mut hops = Vec::with_capacity(path.hops.len());
        for carried in &path.hops {
            // Every taker on the way has signed a release that was verified, so it is known here.
            let Some(taker) = self.organisation_of(&directory, &carried.release.recipient) else { continue };
            hops.push(Hop { id: carried.id, giver: &carried.giver, release: &carried.release, taker });
        }
        check_hops(&hops, facts)
    }

    /// An organisation, as it is known here.
    fn organisation_of<'a>(&'a self, directory: &'a Directory, domain: &TrustDomain) -> Option<&'a Organisation> {
        if domain == self.domain() {
            return Some(&self.organisation);
        }
        directory.get(domain).map(|p| &p.record.organisation)
    }
}

impl Path {
    /// The time as of which the manifest is judged. The originator's own release states it: the first of the way, or else the entry's.
    pub(super) fn of_manifest<'a>(&'a self, examined: Examined, entry: (&'a TrustDomain, &'a Release)) -> When<'a> {
        let when = |(by, release): (&'a TrustDomain, &'a Release)| examined.when().stated(release.logged_at, by);
        self.hops.first().map_or_else(|| when(entry), |h| when((&h.giver, &h.release)).firm(h.is_current))
    }

    /// The time as of which a statement beside the portions is judged. The first release of the way that lists the statement states it.
    /// `entry` is the sender and its release.
    pub(super) fn of_listed<'a>(
        &'a self,
        examined: Examined,
        entry: (&'a TrustDomain, &'a Release),
        id: &StatementId,
    ) -> Option<When<'a>> {
        let all = self.hops.iter().map(|h| (&h.giver, &h.release, h.is_current)).chain([(entry.0, entry.1, true)]);
        let listed =
            |release: &'a Release| release.endorsements.iter().chain(&release.exceptions).find(|l| l.id == *id);
        all.filter_map(|(by, r, is_firm)| Some(examined.when().stated(listed(r)?.logged_at, by).firm(is_firm))).next()
    }

    /// The release by which the sender got the entry, for the recipient's own check. There is none if the sender is the originator.
    pub(super) fn provenances(&self) -> Vec<Provenance> {
        let carriers = self.hops.iter().map(|h| h.giver.clone()).collect();
        self.hops.last().map(|last| Provenance::new(last.id, &last.release, carriers)).into_iter().collect()
    }
}

/// Whether a release discloses only what its giver got, in the order in which it came.
fn is_part(release: &Release, of: &Release) -> bool {
    order::is_part(&release.digests, &of.digests)
}
