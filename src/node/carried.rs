//! What came through hubs: the releases by which it came, each verified against its giver's own bundle, each held against the
//! terms of the one before. Nobody's word is taken for another's.

use std::sync::Arc;

use super::{Node, directory::Directory};
use crate::{
    domain::{
        entry::Entry,
        fault::{Fault, Reason},
        ids::{StatementId, TrustDomain},
        partner::Organisation,
        release::Release,
        statement::{Envelope, StatementKind},
        time::Time,
    },
    identity::certificate::Leaf,
    policy::{Breach, Facts, Hop, Provenance, check_path},
    seal::{rules, statement::id_of, verify::verify},
    wire,
};

/// The way by which an entry came: none where its sender is the originator.
#[derive(Default)]
pub(super) struct Path {
    hops: Vec<Carried>,
    /// Whether everybody on it is known here.
    pub is_known: bool,
}

/// One release of the way.
struct Carried {
    id: StatementId,
    giver: TrustDomain,
    release: Release,
}

/// What is wrong with where an entry came from.
fn wrong(i: usize, what: &str) -> Fault {
    Fault::at(Reason::NotCovered, format!("provenance[{i}]"), what)
}

impl Node {
    /// The way by which the entry came, verified as far as those on it are known here.
    ///
    /// # Errors
    /// `NOT_COVERED` where the releases are no way from the originator to the sender; whatever verification refuses.
    pub(super) fn check_way(
        &self,
        (originator, partner): (&TrustDomain, &TrustDomain),
        release: &Release,
        entry: &Entry,
        now: Time,
    ) -> Result<Path, Fault> {
        let mut path = Path { hops: Vec::with_capacity(entry.provenance.len()), is_known: true };
        let mut giver = originator.clone();
        for (i, envelope) in entry.provenance.iter().enumerate() {
            let (carried, is_known) =
                self.check_hop(&giver, envelope, now).map_err(|f| f.within(&format!("provenance[{i}]")))?;
            path.is_known &= is_known;
            if carried.manifest != release.manifest {
                return Err(wrong(i, "the release hands over another assessment"));
            }
            let before = path.hops.last();
            if carried.via != before.map(|b| b.id) {
                return Err(wrong(i, "the release does not say that it came by the one before"));
            }
            if before.is_some_and(|b| !is_part(&carried, &b.release)) {
                return Err(wrong(i, "the release discloses what its giver did not get by the one before"));
            }
            let taker = carried.recipient.clone();
            path.hops.push(Carried { id: id_of(StatementKind::Release, &envelope.payload), giver, release: carried });
            giver = taker;
        }
        let last = path.hops.last();
        if giver != *partner || release.via != last.map(|l| l.id) {
            let what = "the releases that came with it are no way from its originator to its sender";
            return Err(Fault::at(Reason::NotCovered, "provenance", what));
        }
        if last.is_some_and(|l| !is_part(release, &l.release)) {
            let what = "the release discloses what its sender did not get";
            return Err(Fault::at(Reason::NotCovered, "release.digests", what));
        }
        Ok(path)
    }

    /// One release of the way, and whether its giver is known here. Who is not can't be verified; all else still must hold.
    fn check_hop(&self, giver: &TrustDomain, envelope: &Arc<Envelope>, now: Time) -> Result<(Release, bool), Fault> {
        self.only_by(&[giver], envelope)?;
        let claimed = wire::release::decode(&envelope.payload)?;
        // Whoever has stolen a key writes whatever day it likes: one that is revoked by now proves nothing about others.
        for signature in &envelope.signatures {
            self.carried.require_unrevoked(&signature.certificates, now)?;
        }
        // As of its day: its giver's certificate may have run out since.
        match verify(envelope, &rules::RELEASE, &self.carried, day_of(envelope, claimed.released_at, now)?) {
            Ok(verified) => Ok((verified.into_content(), true)),
            Err(fault) if fault.reason == Reason::NotAPartner => Ok((claimed, false)),
            Err(fault) => Err(fault),
        }
    }

    /// Holds each hop against the terms of the one before.
    ///
    /// # Errors
    /// Whose hop is at fault, and why; `Ok(false)` where somebody on the way is not known here.
    pub(super) fn judge_way(&self, path: &Path, facts: &Facts<'_>) -> Result<bool, Breach> {
        let directory = self.directory();
        let mut hops = Vec::with_capacity(path.hops.len());
        for carried in &path.hops {
            let Some(taker) = self.organisation_of(&directory, &carried.release.recipient) else { return Ok(false) };
            hops.push(Hop { id: carried.id, giver: &carried.giver, release: &carried.release, taker });
        }
        check_path(&hops, facts)?;
        Ok(path.is_known)
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
    /// When the originator gave it to the first hub.
    pub(super) fn released_at(&self) -> Option<Time> {
        self.hops.first().map(|h| h.release.released_at)
    }

    /// The release by which the sender got it, for the recipient's own check; none where the sender is the originator.
    pub(super) fn provenances(&self) -> Vec<Provenance> {
        let carriers = self.hops.iter().map(|h| h.giver.clone()).collect();
        self.hops.last().map(|last| Provenance::of(last.id, &last.release, carriers)).into_iter().collect()
    }
}

/// The day as of which a statement is checked that was made on `made`: whoever made it may have signed it anew since, with a later
/// certificate (what waits for long is). Then that one's first day; never a day that is still to come.
pub(super) fn day_of(envelope: &Envelope, made: Time, now: Time) -> Result<Time, Fault> {
    let mut day = made;
    for signature in &envelope.signatures {
        day = day.max(Leaf::parse(signature.certificates.first().map(Vec::as_slice).unwrap_or_default())?.not_before);
    }
    Ok(day.min(now))
}

/// Whether nothing goes on that did not come.
fn is_part(release: &Release, of: &Release) -> bool {
    release.digests.iter().all(|d| of.digests.binary_search(d).is_ok())
}
