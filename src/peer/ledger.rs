//! Converts between the ledger's types and the messages about ledgers.

use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::TrustDomain,
    },
    ledger::{
        greeting::Greeting,
        pairs::{PAIR, Pair, SALT},
        tree::Hash,
        views::{Base, SignedBase},
    },
    node::Node,
    wire::{
        self,
        field::{present, refuse},
        number, proto,
    },
};

fn hashes(all: &[Hash]) -> Vec<prost::bytes::Bytes> {
    all.iter().map(|hash| hash.to_vec().into()).collect()
}

fn base_to_proto(base: Base) -> proto::LedgerBase {
    let Base { size, root, proof } = base;
    proto::LedgerBase { size, root: root.to_vec().into(), consistency: hashes(&proof) }
}

fn base_from_proto(base: proto::LedgerBase) -> Result<Base, Fault> {
    let proto::LedgerBase { size, root, consistency } = base;
    let size = number::entries("ledger.size", size)?;
    Ok(Base { size, root: hash(root)?, proof: consistency.into_iter().map(hash).collect::<Result<_, _>>()? })
}

fn hash(bytes: prost::bytes::Bytes) -> Result<Hash, Fault> {
    bytes.as_ref().try_into().map_err(|_| refuse("ledger", "a hash has 32 bytes"))
}

pub(super) fn to_proto(greeting: Greeting) -> proto::LedgerGreeting {
    let Greeting {
        key,
        earlier_keys,
        your_key,
        note,
        from,
        proof,
        base,
        witnessed,
        questions,
        answers,
        salt,
        pairs,
        contested,
    } = greeting;
    let shown =
        |shown: SignedBase| proto::LedgerShown { note: shown.note.into(), base: Some(base_to_proto(shown.base)) };
    proto::LedgerGreeting {
        key: key.as_ref().map(wire::envelope::to_proto),
        earlier_keys: earlier_keys.iter().map(wire::envelope::to_proto).collect(),
        your_key: your_key.as_ref().map(wire::envelope::to_proto),
        note: note.into(),
        from_size: from,
        consistency: hashes(&proof),
        witnessed: witnessed.into(),
        base: base.map(base_to_proto),
        questions,
        answers: answers.into_iter().map(base_to_proto).collect(),
        salt: salt.to_vec().into(),
        pairs: pairs.iter().map(|pair| pair.to_bytes().into()).collect(),
        contested: contested.into_iter().map(shown).collect(),
    }
}

pub(super) fn from_proto(greeting: proto::LedgerGreeting) -> Result<Greeting, Fault> {
    let shown = |shown: proto::LedgerShown| {
        let base = base_from_proto(present("ledger.contested.base", shown.base)?)?;
        Ok(SignedBase { note: shown.note.into(), base })
    };
    let asked = |size| number::entries("ledger.questions", size);
    let salt: [u8; SALT] =
        greeting.salt.as_ref().try_into().map_err(|_| refuse("ledger.salt", "a salt has 16 bytes"))?;
    let pair = |bytes: prost::bytes::Bytes| {
        let bytes: &[u8; PAIR] =
            bytes.as_ref().try_into().map_err(|_| refuse("ledger.pairs", "a pair has 40 bytes"))?;
        Ok(Pair::from_bytes(bytes))
    };
    let greeting = Greeting {
        key: greeting.key.map(wire::envelope::from_proto).transpose()?,
        earlier_keys: greeting.earlier_keys.into_iter().map(wire::envelope::from_proto).collect::<Result<_, _>>()?,
        your_key: greeting.your_key.map(wire::envelope::from_proto).transpose()?,
        note: greeting.note.into(),
        from: number::entries("ledger.from_size", greeting.from_size)?,
        proof: greeting.consistency.into_iter().map(hash).collect::<Result<_, _>>()?,
        base: greeting.base.map(base_from_proto).transpose()?,
        witnessed: greeting.witnessed.into(),
        questions: greeting.questions.into_iter().map(asked).collect::<Result<_, _>>()?,
        answers: greeting.answers.into_iter().map(base_from_proto).collect::<Result<_, _>>()?,
        salt,
        pairs: greeting.pairs.into_iter().map(pair).collect::<Result<_, Fault>>()?,
        contested: greeting.contested.into_iter().map(shown).collect::<Result<_, Fault>>()?,
    };
    greeting.checked()
}

/// Answers a partner that asks for a proof.
pub(super) async fn proof(
    node: &Node,
    partner: &TrustDomain,
    request: proto::GetLedgerProofRequest,
) -> Result<proto::GetLedgerProofResponse, Fault> {
    let proto::GetLedgerProofRequest { from_size } = request;
    if from_size == 0 {
        return Err(Fault::at(Reason::InvalidArgument, "from_size", "ask for a proof by its size"));
    }
    let (note, base) = node.ledger.proof_from(partner, from_size).await?;
    Ok(proto::GetLedgerProofResponse {
        note: note.into(),
        consistency: hashes(&base.proof),
        root: base.root.to_vec().into(),
    })
}
