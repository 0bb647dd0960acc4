//! Words about ledgers, as messages.

use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::TrustDomain,
    },
    ledger::{
        greeting::Greeting,
        pairs::{Pair, Tag},
        tree::Hash,
    },
    node::Node,
    wire::{self, field::refuse, proto},
};

pub(super) fn to_proto(greeting: Greeting) -> proto::LedgerGreeting {
    let Greeting { key, note, from, proof, witnessed, pairs, contested } = greeting;
    let pair = |p: Pair| proto::HeadPair { tag: p.tag.to_vec().into(), check: p.check.to_vec().into() };
    proto::LedgerGreeting {
        key: key.as_ref().map(wire::envelope::to_proto),
        note: note.into(),
        from_size: from,
        consistency: proof.iter().map(|h| h.to_vec().into()).collect(),
        witnessed: witnessed.into(),
        pairs: pairs.into_iter().map(pair).collect(),
        contested: contested.into_iter().map(Into::into).collect(),
    }
}

pub(super) fn from_proto(greeting: proto::LedgerGreeting) -> Result<Greeting, Fault> {
    let proto::LedgerGreeting { key, note, from_size, consistency, witnessed, pairs, contested } = greeting;
    let hash =
        |h: prost::bytes::Bytes| h.as_ref().try_into().map_err(|_| refuse("ledger.consistency", "a hash has 32 bytes"));
    let pair = |p: proto::HeadPair| {
        let proto::HeadPair { tag: name, check } = p;
        Ok(Pair { tag: tag("ledger.pairs.tag", &name)?, check: tag("ledger.pairs.check", &check)? })
    };
    let greeting = Greeting {
        key: key.map(wire::envelope::from_proto).transpose()?,
        note: note.into(),
        from: from_size,
        proof: consistency.into_iter().map(hash).collect::<Result<Vec<Hash>, _>>()?,
        witnessed: witnessed.into(),
        pairs: pairs.into_iter().map(pair).collect::<Result<_, Fault>>()?,
        contested: contested.into_iter().map(Into::into).collect(),
    };
    greeting.checked()
}

fn tag(field: &str, bytes: &[u8]) -> Result<Tag, Fault> {
    bytes.try_into().map_err(|_| refuse(field, "a tag has 16 bytes"))
}

/// The proof or the note that a partner asks for.
pub(super) async fn proof(
    node: &Node,
    partner: &TrustDomain,
    request: proto::GetLedgerProofRequest,
) -> Result<proto::GetLedgerProofResponse, Fault> {
    let proto::GetLedgerProofRequest { from_size, tag: name } = request;
    match (from_size, name.is_empty()) {
        (0, false) => {
            let note = node.note_by_tag(&tag("tag", &name)?).await?.into();
            Ok(proto::GetLedgerProofResponse { note, consistency: vec![] })
        }
        (1.., true) => {
            let (note, path) = node.proof_from(partner, from_size).await?;
            let consistency = path.iter().map(|h| h.to_vec().into()).collect();
            Ok(proto::GetLedgerProofResponse { note: note.into(), consistency })
        }
        _ => Err(Fault::new(Reason::InvalidArgument, "ask for a proof by its size, or for a note by its tag")),
    }
}
