//! How the version of some content relates to what is here of its assessment, and to what came earlier in the same batch.

use crate::{
    domain::{
        assessment::Manifest,
        entry::FeedEntry,
        equivocation::{StatementSubject, Twice},
        fault::{Fault, Reason},
        ids::StatementId,
    },
    node::inbound::{content::Content, unusable::Unusable},
    store::{HubAttestedVersion, ReceivedEntry, VersionStatus, equivocations::SignedVersion},
    wire,
};

impl Content {
    /// The manifest, if its originator has signed it beyond doubt. A hub's word does not suffice, nor do roots that only an introduction
    /// vouches for, because the introducer could have made them.
    pub(in crate::node) fn signed(&self, entry: &FeedEntry, is_introduced: bool) -> Option<SignedVersion> {
        if is_introduced || self.verified.on_word_of.is_some() {
            return None;
        }
        let Manifest { originator, assessment, version, .. } = &self.manifest;
        let subject = StatementSubject {
            originator: originator.clone(),
            assessment: *assessment,
            twice: Twice::Version(*version),
        };
        let manifest = wire::envelope::encode(entry.manifest.as_ref()?);
        Some(SignedVersion { subject, manifest_id: self.manifest_id, manifest })
    }

    /// What is here of its version, with what came `before` it in the same batch. The store does not hold the latter yet.
    pub(in crate::node) fn with_batch(&self, here: VersionStatus, before: &[ReceivedEntry]) -> VersionStatus {
        let name = (&self.manifest.assessment, &self.manifest.originator);
        let shown = before.iter().filter_map(|e| e.content.as_ref()).filter(|c| !c.quarantined);
        let of_it = shown.filter(|c| (&c.assessment, &c.originator) == name);
        of_it.fold(here, |here, c| match &c.verified.on_word_of {
            Some(_) => VersionStatus {
                hub_attested: Some(HubAttestedVersion { version: c.version, manifest: c.manifest_id }),
                ..here
            },
            None => VersionStatus {
                latest: here.latest.max(c.version),
                manifest: if c.version == self.manifest.version { Some(c.manifest_id) } else { here.manifest },
                hub_attested: here.hub_attested.filter(|w| w.version < c.version),
                ..here
            },
        })
    }

    /// Whether this content may be kept beside what is `here`. Each version has one manifest.
    ///
    /// # Errors
    /// - `RECALLED`: the assessment was taken back.
    /// - `SUPERSEDED`: a later version is here, and this one came through others. From the originator itself, an earlier version that
    ///   comes late is kept as superseded, because its feed has an order of its own and nothing of it may be missing.
    /// - `REPLAY_DIFFERS`: another manifest holds its version.
    /// - `CHAIN_INVALID`, until the originator's own word comes: it counts on a hub's word alone, and something of its assessment is
    ///   here, even the same version on the originator's own word. The terms and endorsements that come with it would otherwise count,
    ///   too.
    /// - `CHAIN_INVALID`: the same partner says that the assessment was taken back, and that can't be verified yet.
    pub(in crate::node) fn may_stand(&self, here: VersionStatus, is_direct: bool) -> Result<(), Unusable> {
        let version = self.manifest.version;
        if here.is_recalled {
            return Err(Fault::new(Reason::Recalled, "nothing of it is kept").into());
        }
        if here.is_recall_claimed {
            let what = "the same partner says that it was taken back, and that can't be verified yet";
            return Err(Unusable::by(&self.manifest.originator, Fault::new(Reason::ChainInvalid, what)));
        }
        if !is_direct && here.latest > version {
            return Err(Fault::new(Reason::Superseded, "nothing of it is kept").into());
        }
        if here.manifest.is_some_and(|id| id != self.manifest_id) {
            return Err(Fault::new(Reason::ReplayDiffers, "another manifest holds its version").into());
        }
        let is_other = |w: HubAttestedVersion| w.manifest != self.manifest_id;
        if self.verified.on_word_of.is_some() && (here.latest > 0 || here.hub_attested.is_some_and(is_other)) {
            return Err(self.unconfirmed());
        }
        Ok(())
    }

    /// Requires that a version of this organisation that came back is the one that was published here.
    ///
    /// # Errors
    /// `NOT_FOUND`, because the store was rolled back, or somebody else has a key of this organisation.
    pub(in crate::node) fn must_be_here(&self, here: VersionStatus) -> Result<(), Unusable> {
        match here.manifest {
            Some(id) if id == self.manifest_id => Ok(()),
            _ => Err(Fault::new(Reason::NotFound, "no such version was published here").into()),
        }
    }

    /// The manifest that users no longer see once this one is shown. A version that counts on a hub's word alone gives way to the
    /// originator's own word about the same version or an earlier one.
    pub(in crate::node) fn takes_the_place_of(&self, here: VersionStatus) -> Option<StatementId> {
        let other = here.hub_attested.filter(|w| w.version >= self.manifest.version && w.manifest != self.manifest_id);
        other.filter(|_| self.verified.on_word_of.is_none() && self.not_covered.is_none()).map(|w| w.manifest)
    }

    /// The refusal of content that counts on a hub's word alone. Such content corrects nothing and decides nothing between two versions,
    /// so it waits for its originator.
    fn unconfirmed(&self) -> Unusable {
        let what =
            "a key that signed it ended long ago, only a hub says that it was used before, and something else is here";
        Unusable::by(&self.manifest.originator, Fault::new(Reason::ChainInvalid, what))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        domain::{
            ids::{AssessmentId, TrustDomain},
            statement::{Envelope, StatementKind},
            time::Time,
        },
        store::Verification,
    };

    #[test]
    fn only_what_is_signed_beyond_doubt_is_held_against_its_originator() {
        let at = Time::from_unix_nanos(0);
        let content = |on_word_of: Option<&str>| Content {
            manifest: Manifest {
                sealed_origin: None,
                assessment: AssessmentId([1; 16]),
                version: 3,
                previous: Some(StatementId([2; 32])),
                originator: "gb.example".parse().unwrap(),
                issued: at,
                expires: at.plus_seconds(1),
                digests: vec![],
                exercise: false,
            },
            verified: Verification {
                at,
                roots: vec![],
                on_word_of: on_word_of.map(|d| d.parse::<TrustDomain>().unwrap()),
            },
            manifest_id: StatementId([4; 32]),
            portions: vec![],
            unverified: vec![],
            not_covered: None,
        };
        let entry = FeedEntry {
            manifest: Some(Arc::new(Envelope::new(StatementKind::Manifest, vec![7], vec![]))),
            ..FeedEntry::void(Envelope::new(StatementKind::Release, vec![], vec![]))
        };
        let signed = content(None).signed(&entry, false).unwrap();
        assert_eq!((signed.subject.twice, signed.manifest_id), (Twice::Version(3), StatementId([4; 32])));
        assert_eq!(content(Some("hub.example")).signed(&entry, false), None, "on a hub's word");
        assert_eq!(content(None).signed(&entry, true), None, "who introduces could have made the roots");
    }
}
