//! How a hostile hub changes the entries that its node hands over. The releases stay as they were signed, and nothing else does.

use prost::Message;
use tonic::codegen::Bytes;
use watchfire::{
    domain::statement::StatementKind,
    wire::{self, proto},
};

use crate::cast::{Org, Whose};

/// Changes each message of a feed in one of several ways, in the same way each time that it is requested.
pub fn garbled(messages: Vec<Bytes>) -> Vec<Bytes> {
    messages.into_iter().map(|message| bent(&message).unwrap_or(message)).collect()
}

fn bent(message: &Bytes) -> Option<Bytes> {
    let mut entry = proto::FeedEntry::decode(message.get(5..)?).ok()?;
    let release = wire::release::decode(&entry.release.as_ref()?.payload).ok()?;
    match release.position.sequence % 6 {
        0 => entry.portions[0] = flipped(&entry.portions[0]),
        1 => drop(entry.portions.pop()),
        2 => entry.provenance.push(entry.release.clone()?),
        3 => {
            let manifest = wire::manifest::decode(&entry.manifest.take()?.payload).ok()?;
            let by_the_hub = Org::Crook.keys().ring().pair(Whose::Analyst).key();
            let mut manifest =
                by_the_hub.statement(StatementKind::Manifest, wire::manifest::encode(&manifest)).unwrap();
            manifest.signatures[0].value[7] ^= 1;
            entry.manifest = Some(wire::envelope::to_proto(&manifest));
        }
        4 => {
            let manifest = entry.manifest.as_mut()?;
            manifest.payload = flipped(&manifest.payload);
        }
        _ => entry.portions.iter_mut().for_each(|portion| *portion = vec![0xff; portion.len()].into()),
    }
    let body = entry.encode_to_vec();
    let mut framed = vec![0];
    framed.extend(u32::try_from(body.len()).unwrap().to_be_bytes());
    framed.extend(body);
    Some(framed.into())
}

fn flipped(bytes: &[u8]) -> Bytes {
    let mut bytes = bytes.to_vec();
    bytes[5] ^= 1;
    bytes.into()
}
