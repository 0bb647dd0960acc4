//! Revocation lists between partners. A hello announces them; then they are fetched or handed over in pieces.

use std::sync::Arc;

use futures_util::Stream;
use tonic::Status;

use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::{Sha256, TrustDomain},
    },
    identity::crl::{Crl, MAX_LIST_BYTES},
    node::{
        Node,
        revocations::{announced::Announced, exchanged::Wanted},
    },
    wire::{field, proto, status::from_fault},
};

/// The largest piece of a list, bytes.
pub(super) const PIECE: usize = 256 << 10;
/// The most certificates that travel with a list.
const MAX_ISSUERS: usize = 3;
/// The largest of those certificates, bytes.
const MAX_ISSUER_BYTES: usize = 16 << 10;
/// The longest number, bytes.
const MAX_NUMBER: usize = 20;

pub(super) fn to_proto(list: &Announced) -> proto::RevocationListAnnouncement {
    let scope = if list.scope == Sha256([0; 32]) { vec![] } else { list.scope.0.to_vec() };
    proto::RevocationListAnnouncement {
        issuing_key: list.issuing_key.0.to_vec().into(),
        scope: scope.into(),
        number: list.number.clone().into(),
        sha256: list.sha256.0.to_vec().into(),
        size: u32::try_from(list.size).unwrap_or(u32::MAX),
    }
}

pub(super) fn from_proto(message: proto::RevocationListAnnouncement) -> Result<Announced, Fault> {
    let proto::RevocationListAnnouncement { issuing_key, scope, number, sha256, size } = message;
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let is_number = number.len() <= MAX_NUMBER && (number.len() == 1 || number.first().is_some_and(|byte| *byte != 0));
    if !is_number || size == 0 || size > MAX_LIST_BYTES {
        let what = "a revocation list is announced with a number of 1 to 20 bytes and a size of 1 byte to 8 MiB";
        return Err(Fault::at(Reason::InvalidArgument, "revocation_lists", what));
    }
    let scope = if scope.is_empty() { Sha256([0; 32]) } else { field::bytes("scope", &scope)? };
    let issuing_key = field::bytes("issuing_key", &issuing_key)?;
    Ok(Announced { issuing_key, scope, number: number.to_vec(), sha256: field::bytes("sha256", &sha256)?, size })
}

pub(super) fn passed_on_to_proto(of: &TrustDomain, list: &Announced) -> proto::PassedOnRevocationList {
    proto::PassedOnRevocationList { domain: of.to_string(), list: Some(to_proto(list)) }
}

pub(super) fn passed_on_from_proto(message: proto::PassedOnRevocationList) -> Result<(TrustDomain, Announced), Fault> {
    let proto::PassedOnRevocationList { domain, list } = message;
    let list = list.ok_or_else(|| Fault::at(Reason::InvalidArgument, "passed_on_lists", "the list is missing"))?;
    Ok((field::parsed("passed_on_lists.domain", &domain)?, from_proto(list)?))
}

/// A piece of a revocation list.
pub(super) struct ListPiece {
    /// Where in the list it begins.
    pub offset: usize,
    pub data: Vec<u8>,
    /// The issuers' certificates, which come with the first piece.
    pub issuers: Vec<Vec<u8>>,
}

/// Splits the list into pieces, beginning at `offset`. The first piece comes with the issuers' certificates.
pub(super) fn pieces(crl: &Crl, offset: usize) -> impl Iterator<Item = ListPiece> + Send + use<> {
    let (crl, length) = (crl.clone(), crl.der().len());
    (offset..length).step_by(PIECE).map(move |at| {
        let data = crl.der().iter().skip(at).take(PIECE).copied().collect();
        let issuers = if at == offset { crl.issuers().to_vec() } else { vec![] };
        ListPiece { offset: at, data, issuers }
    })
}

/// Answers a partner that fetches a list.
pub(super) async fn served(
    node: &Node,
    partner: &TrustDomain,
    request: &proto::FetchRevocationListRequest,
) -> Result<impl Stream<Item = Result<proto::FetchRevocationListResponse, Status>> + Send + use<>, Fault> {
    let crl = node.revocations.list_for(partner, &field::bytes("sha256", &request.sha256)?).await?;
    let offset = usize::try_from(request.offset).unwrap_or(usize::MAX);
    let piece = |ListPiece { offset, data, issuers }: ListPiece| {
        let issuers = issuers.into_iter().map(Into::into).collect();
        Ok(proto::FetchRevocationListResponse {
            offset: u32::try_from(offset).unwrap_or(u32::MAX),
            data: data.into(),
            issuers,
        })
    };
    Ok(futures_util::stream::iter(pieces(&crl, offset).map(piece)))
}

/// A list that is being assembled from its pieces.
pub(super) struct Gathered {
    wanted: Wanted,
    der: Vec<u8>,
    issuers: Vec<Vec<u8>>,
}

impl Gathered {
    pub fn new(wanted: Wanted) -> Self {
        Self { wanted, der: vec![], issuers: vec![] }
    }

    pub fn is_whole(&self) -> bool {
        self.der.len() >= self.wanted.list.size
    }

    /// Adds a piece.
    pub fn add(&mut self, data: &[u8], issuers: Vec<Vec<u8>>) -> Result<(), Fault> {
        let wrong = |what: &str| Err(Fault::at(Reason::InvalidArgument, "data", what));
        if data.is_empty() || data.len() > PIECE || self.der.len().saturating_add(data.len()) > self.wanted.list.size {
            return wrong("a revocation list comes in pieces of 1 byte to 256 KiB, together no longer than announced");
        }
        if !issuers.is_empty() && !self.der.is_empty() {
            return wrong("the issuers of a revocation list come with its first piece");
        }
        if issuers.len() > MAX_ISSUERS || issuers.iter().any(|der| der.len() > MAX_ISSUER_BYTES) {
            return wrong("at most 3 certificates of 16 KiB each come with a revocation list");
        }
        self.der.extend_from_slice(data);
        self.issuers.extend(issuers);
        Ok(())
    }

    /// Gives the whole list to the node. A fault is also logged, because the link continues without the list.
    pub async fn take(self, node: &Arc<Node>, partner: &TrustDomain) -> Result<(), Fault> {
        let (node, of) = (node.clone(), partner.clone());
        let Self { wanted: Wanted { list, of: other }, der, issuers } = self;
        let work = async move {
            match other {
                Some(other) => node.revocations.take_list_of(&of, other, &list, der, issuers),
                None => node.revocations.take_list(&of, &list, &der, &issuers).await,
            }
        };
        crate::node::task::to_the_end(work).await.inspect_err(|fault| {
            tracing::warn!(%partner, reason = %fault.reason, what = %fault.message, "did not take a revocation list");
        })
    }
}

/// Receives a list that a partner hands over.
pub(super) async fn submitted(
    node: &Arc<Node>,
    partner: &TrustDomain,
    mut pieces: tonic::Streaming<proto::SubmitRevocationListRequest>,
) -> Result<proto::SubmitRevocationListResponse, Status> {
    let mut gathered: Option<Gathered> = None;
    while let Some(piece) = pieces.message().await? {
        let list = match &mut gathered {
            Some(list) => list,
            None => {
                let sha256: Sha256 = field::bytes("sha256", &piece.sha256).map_err(from_fault)?;
                let wanted = node.sessions.of(partner).asked_for(&sha256);
                let what = "this node has not asked for that revocation list; say hello first";
                let wanted = wanted.ok_or_else(|| from_fault(Fault::new(Reason::NotFound, what)))?;
                gathered.insert(Gathered::new(wanted))
            }
        };
        list.add(&piece.data, piece.issuers.into_iter().map(Into::into).collect()).map_err(from_fault)?;
    }
    let what = "the revocation list ended early";
    let whole = gathered.filter(Gathered::is_whole);
    let whole = whole.ok_or_else(|| from_fault(Fault::at(Reason::InvalidArgument, "data", what)))?;
    whole.take(node, partner).await.map_err(from_fault)?;
    Ok(proto::SubmitRevocationListResponse {})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn announced(size: usize) -> Announced {
        let id = Sha256([3; 32]);
        Announced { issuing_key: id, scope: Sha256([0; 32]), number: vec![1], sha256: id, size }
    }

    #[test]
    fn an_announcement_reads_back_and_a_wrong_one_is_refused() {
        for list in
            [announced(5), Announced { scope: Sha256([9; 32]), number: vec![1, 0], ..announced(MAX_LIST_BYTES) }]
        {
            assert_eq!(from_proto(to_proto(&list)).unwrap(), list);
        }
        let wrong = [
            announced(0),
            announced(MAX_LIST_BYTES + 1),
            Announced { number: vec![], ..announced(1) },
            Announced { number: vec![0, 1], ..announced(1) },
            Announced { number: vec![1; 21], ..announced(1) },
        ];
        for list in wrong {
            assert!(from_proto(to_proto(&list)).is_err(), "{list:?}");
        }
    }

    #[test]
    fn no_more_is_gathered_than_was_announced() {
        let mut list = Gathered::new(Wanted { list: announced(PIECE + 1), of: None });
        assert!(list.add(&[], vec![]).is_err());
        assert!(list.add(&[0; 1], vec![vec![]; 4]).is_err());
        list.add(&vec![0; PIECE], vec![vec![1]]).unwrap();
        assert!(!list.is_whole());
        assert!(list.add(&[0; 1], vec![vec![1]]).is_err(), "issuers come with the first piece only");
        assert!(list.add(&[0; 2], vec![]).is_err());
        list.add(&[0; 1], vec![]).unwrap();
        assert!(list.is_whole());
    }
}
