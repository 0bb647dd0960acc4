//! Receipt routes: the route by which something came through hubs, as a receipt shows it. It is a list of releases, each given by the
//! recipient of the one before.

use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::{StatementId, TrustDomain},
        order,
        receipt::Receipt,
        release::Release,
        statement::{Envelope, StatementKind},
    },
    identity::certificate::Leaf,
    seal::statement::{id_of, path_hash},
    wire,
};

/// One release of a route. The giver is what the certificate claims. Whether that is true is for verification to say.
pub(in crate::node) struct ClaimedHop {
    pub giver: TrustDomain,
    pub id: StatementId,
    pub release: Release,
}

/// A route whose parts fit together.
pub(in crate::node) struct ReceiptRoute {
    /// The releases, from the originator's on; at least one.
    pub hops: Vec<ClaimedHop>,
    /// The recipient of the last release.
    pub holder: TrustDomain,
    /// The manifest that was handed over.
    pub manifest: StatementId,
    /// How many portions the holder was given.
    pub portions: u64,
}

impl ReceiptRoute {
    /// Reads the route beside a receipt. `None` where the receipt answers what came directly. Releases that are not the ones that the
    /// receipt names are not read.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` where what is beside it is not the path that it names; what [`ReceiptRoute::read`] refuses.
    pub fn of(receipt: &Receipt, envelope: &Envelope) -> Result<Option<Self>, Fault> {
        let refuse = |what: &str| Err(Fault::at(Reason::InvalidArgument, "path", what));
        match (&receipt.path, &envelope.path[..]) {
            (None, []) => Ok(None),
            (None, _) => refuse("the receipt names no path, and there is one beside it"),
            (Some(_), []) => refuse("the receipt names a path, and there is none beside it"),
            (Some(named), path) if *named == path_hash(path) => Self::read(path).map(Some),
            (Some(_), _) => refuse("the path beside the receipt is not the one that it names"),
        }
    }

    /// Reads a path. Each release is given by the recipient of the one before and names it. All of them hand over the same manifest, and
    /// none discloses more than the one before. Nobody occurs twice.
    ///
    /// # Errors
    /// `WRONG_DOMAIN`, `INVALID_ARGUMENT` or `DIGEST_NOT_LISTED` with the place in the path.
    fn read(path: &[Envelope]) -> Result<Self, Fault> {
        let mut hops: Vec<ClaimedHop> = vec![];
        for (i, envelope) in path.iter().enumerate() {
            let hop = read(envelope).and_then(|hop| follows(hops.last(), &hop).map(|()| hop));
            let hop = hop.map_err(|f| f.within(&format!("path[{i}]")))?;
            if hops.iter().any(|h| h.giver == hop.giver || h.giver == hop.release.recipient) {
                return Err(Fault::at(Reason::InvalidArgument, format!("path[{i}]"), "the way leads in a circle"));
            }
            hops.push(hop);
        }
        let Some(ClaimedHop { release, .. }) = hops.last() else {
            return Err(Fault::at(Reason::InvalidArgument, "path", "the way is empty"));
        };
        let (holder, manifest) = (release.recipient.clone(), release.manifest);
        let portions = release.digests.len() as u64;
        Ok(Self { hops, holder, manifest, portions })
    }

    /// The organisations between the giver of hop `i` and the holder.
    pub fn through(&self, i: usize) -> Vec<TrustDomain> {
        self.hops.iter().skip(i + 1).map(|h| h.giver.clone()).collect()
    }
}

/// The domain that all signatures of a statement claim.
pub(in crate::node) fn claimed(envelope: &Envelope) -> Result<TrustDomain, Fault> {
    let mut domains = envelope.signatures.iter().map(|s| {
        Leaf::parse(s.certificates.first().map(Vec::as_slice).unwrap_or_default()).map(|l| l.id.domain().clone())
    });
    let missing = || Fault::new(Reason::SignatureInvalid, "the statement bears no signature");
    let first = domains.next().ok_or_else(missing)??;
    for other in domains {
        if other? != first {
            return Err(Fault::new(Reason::WrongDomain, "the statement is signed by several organisations"));
        }
    }
    Ok(first)
}

fn read(envelope: &Envelope) -> Result<ClaimedHop, Fault> {
    if envelope.kind != StatementKind::Release {
        return Err(Fault::new(Reason::InvalidArgument, "a way is made of releases"));
    }
    let id = id_of(envelope.kind, &envelope.payload);
    Ok(ClaimedHop { giver: claimed(envelope)?, id, release: wire::release::decode(&envelope.payload)? })
}

fn follows(before: Option<&ClaimedHop>, hop: &ClaimedHop) -> Result<(), Fault> {
    let refuse = |reason, what: &str| Err(Fault::new(reason, what));
    match before {
        None if hop.release.via.is_some() => {
            refuse(Reason::InvalidArgument, "the first release is the originator's own")
        }
        None => Ok(()),
        Some(before) if before.release.recipient != hop.giver => {
            refuse(Reason::WrongDomain, "the release is not by the recipient of the one before")
        }
        Some(before) if hop.release.via != Some(before.id) || hop.release.manifest != before.release.manifest => {
            refuse(Reason::InvalidArgument, "the release does not go on from the one before")
        }
        Some(before) if !order::is_part(&hop.release.digests, &before.release.digests) => {
            refuse(Reason::DigestNotListed, "the release discloses what its giver was not given, or in another order")
        }
        Some(_) => Ok(()),
    }
}
