//! Who has signed a version. House rules may ask for it.

use std::collections::BTreeSet;

use crate::{
    domain::{
        ids::{Role, SpiffeId},
        statement::{Envelope, SpeakerId},
        time::Time,
    },
    node::assessment_cache::as_claimed::AsClaimed,
    policy::Facts,
    seal::chains::{Chains, When},
    wire,
};

/// Who has signed a manifest. The manifest was verified when it came. `None` if its certificates can't be read: then nobody knows.
#[derive(Debug, Clone)]
pub struct Signed(Option<(Vec<SpiffeId>, u32)>);

impl Signed {
    /// Reads the signers from the manifest's certificates.
    pub(in crate::node) fn of(manifest: &Envelope) -> Self {
        Self(Self::read(manifest))
    }

    /// As it would be if only this person had signed.
    pub(in crate::node) fn as_if_by(signer: &SpiffeId, manifest: &Envelope) -> Self {
        Self(Self::among(BTreeSet::from([signer.clone()]), manifest))
    }

    fn read(manifest: &Envelope) -> Option<(Vec<SpiffeId>, u32)> {
        let when = When::from(Time::from_unix_nanos(0));
        let id = |chain: &[Vec<u8>]| AsClaimed.signer(chain, &when).ok().map(|signer| signer.id);
        let all = manifest.signatures.iter().map(|s| id(&s.certificates)).collect::<Option<BTreeSet<SpiffeId>>>()?;
        Self::among(all, manifest)
    }

    fn among(all: BTreeSet<SpiffeId>, manifest: &Envelope) -> Option<(Vec<SpiffeId>, u32)> {
        let speaker = wire::speaker::decode(&manifest.payload).ok()?;
        let is_author = |id: &SpiffeId| matches!(&speaker.id, SpeakerId::Author(author) if author == id);
        let cosigners = all.iter().filter(|id| id.role() == Role::Officer && !is_author(id)).count();
        Some((all.into_iter().collect(), u32::try_from(cosigners).ok()?))
    }

    /// Adds the signers to the facts, if they are known.
    pub(in crate::node) fn told<'a>(&self, facts: Facts<'a>) -> Facts<'a> {
        match &self.0 {
            Some((all, cosigners)) => facts.with_signers(all, *cosigners),
            None => facts,
        }
    }

    /// All signers, and how many of them are officers other than the author, if that is known.
    pub fn known(&self) -> Option<(&[SpiffeId], u32)> {
        self.0.as_ref().map(|(all, cosigners)| (all.as_slice(), *cosigners))
    }
}
