//! Checks the provenance of what came through hubs. Each release in it is verified against the bundle of the organisation that issued it,
//! and compared with the terms of the release before it.

use crate::{
    domain::{
        entry::FeedEntry,
        fault::{Fault, Reason},
        ids::TrustDomain,
        order,
        partner::Organisation,
        release::Release,
        statement::StatementKind,
    },
    node::{
        directory::Partners,
        handed_over::only_by,
        inbound::{
            InboundFeeds,
            unusable::{Carried, ExaminedAt, Unusable, VerifiedPath, wrong},
        },
    },
    policy::{Breach, Facts, Hop, check_hops},
    seal::{rules, statement::id_of, verify::verify},
    wire,
};

impl InboundFeeds {
    /// The route by which the entry came. Each release of it is verified against the bundle of the organisation that issued it, as of the
    /// time that the next release states.
    ///
    /// # Errors
    /// `NOT_COVERED` where the releases do not lead from the originator to the sender; whatever verification refuses.
    pub(in crate::node) fn check_route(
        &self,
        originator: &TrustDomain,
        partner: &TrustDomain,
        release: &Release,
        entry: &FeedEntry,
        examined: ExaminedAt,
    ) -> Result<VerifiedPath, Unusable> {
        let mut path = self.read_route(originator, partner, release, entry)?;
        for (i, envelope) in entry.provenance.iter().enumerate() {
            let Some(giver) = path.hops.get(i).map(|h| h.giver.clone()) else { continue };
            let next = path.hops.get(i + 1).map_or((partner, release), |h| (&h.giver, &h.release));
            // The next release is of another organisation, so it makes no difference here whether it counts by itself.
            let when = examined.when().stated(next.1.logged_at, next.0);
            let verified = verify(envelope, &rules::RELEASE, &self.trust.known, when);
            let verified = verified.map_err(|f| Unusable::by(&giver, f).within(&format!("provenance[{i}]")))?;
            path.on_word_of = path.on_word_of.or_else(|| verified.on_word_of().cloned());
            if let Some(hop) = path.hops.get_mut(i) {
                hop.is_current = verified.is_current();
            }
        }
        Ok(path)
    }

    /// The route as the releases claim it. Their signatures are not verified.
    fn read_route(
        &self,
        originator: &TrustDomain,
        partner: &TrustDomain,
        release: &Release,
        entry: &FeedEntry,
    ) -> Result<VerifiedPath, Unusable> {
        let mut path = VerifiedPath { hops: Vec::with_capacity(entry.provenance.len()), on_word_of: None };
        let mut giver = originator.clone();
        for (i, envelope) in entry.provenance.iter().enumerate() {
            let within = |f: Fault| f.within(&format!("provenance[{i}]"));
            only_by(&[&giver], envelope).map_err(within)?;
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
    pub(in crate::node) fn judge_route(&self, path: &VerifiedPath, facts: &Facts<'_>) -> Result<(), Breach> {
        let directory = self.directory.current();
        let mut hops = Vec::with_capacity(path.hops.len());
        for carried in &path.hops {
            // Every taker on the route has signed a release that was verified, so it is known here.
            let Some(taker) = self.organisation_of(&directory, &carried.release.recipient) else { continue };
            hops.push(Hop { id: carried.id, giver: &carried.giver, release: &carried.release, taker });
        }
        check_hops(&hops, facts)
    }

    /// An organisation, as it is known here.
    fn organisation_of<'a>(&'a self, directory: &'a Partners, domain: &TrustDomain) -> Option<&'a Organisation> {
        if domain == self.identity.domain() {
            return Some(&self.identity.organisation);
        }
        directory.get(domain).map(|p| &p.record.organisation)
    }
}

/// Whether a release discloses only what its giver got, in the order in which it came.
fn is_part(release: &Release, of: &Release) -> bool {
    order::is_part(&release.digests, &of.digests)
}
