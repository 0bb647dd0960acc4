//! Entries of a feed.

use std::sync::Arc;

use prost::{Message, bytes::Bytes};

use super::{envelope, field::refuse, proto};
use crate::domain::{
    assessment::MAX_DIGESTS,
    endorsement::MAX_ENDORSEMENTS,
    entry::Entry,
    fault::{Fault, Reason},
    release::MAX_HOPS,
    request::MAX_EXCEPTIONS,
    statement::Envelope,
};

/// From the wire. What is signed in it is checked later; here only the shape.
///
/// # Errors
/// `UNKNOWN_OR_NON_CANONICAL`, `STATEMENT_TOO_LARGE`, with the field's path.
pub fn from_proto(message: proto::FeedEntry) -> Result<Entry, Fault> {
    let proto::FeedEntry { release, manifest, portions, provenance, endorsements, exceptions } = message;
    let release = super::field::present("release", release)?;
    if portions.len() > MAX_DIGESTS {
        return Err(Fault::at(
            Reason::StatementTooLarge,
            "portions",
            format!("an entry hands over at most {MAX_DIGESTS}"),
        ));
    }
    if provenance.len() > MAX_HOPS {
        let what = format!("an entry comes by at most {MAX_HOPS} releases");
        return Err(Fault::at(Reason::StatementTooLarge, "provenance", what));
    }
    if endorsements.len() > MAX_ENDORSEMENTS || exceptions.len() > MAX_EXCEPTIONS {
        let (field, most) = if endorsements.len() > MAX_ENDORSEMENTS {
            ("endorsements", MAX_ENDORSEMENTS)
        } else {
            ("exceptions", MAX_EXCEPTIONS)
        };
        return Err(Fault::at(Reason::StatementTooLarge, field, format!("an entry hands over at most {most}")));
    }
    Ok(Entry {
        release: Arc::new(part(release).map_err(|f| f.within("release"))?),
        manifest: manifest.map(part).transpose().map_err(|f| f.within("manifest"))?.map(Arc::new),
        portions: portions.into_iter().map(|p| Arc::from(&p[..])).collect(),
        provenance: envelopes("provenance", provenance)?,
        endorsements: envelopes("endorsements", endorsements)?,
        exceptions: envelopes("exceptions", exceptions)?,
    })
}

fn envelopes(field: &str, all: Vec<proto::Envelope>) -> Result<Vec<Arc<Envelope>>, Fault> {
    let one = |(i, e)| part(e).map(Arc::new).map_err(|f| f.within(&format!("{field}[{i}]")));
    all.into_iter().enumerate().map(one).collect()
}

/// A statement inside another message: what is around it says when it was logged and by which way it came, so that
/// nothing else does.
///
/// # Errors
/// As [`envelope::from_proto`]; `UNKNOWN_OR_NON_CANONICAL` where it bears a `logged` or a `path`.
pub(super) fn part(message: proto::Envelope) -> Result<Envelope, Fault> {
    let envelope = envelope::from_proto(message)?;
    for (field, beside) in [("logged", &envelope.logged), ("path", &envelope.path)] {
        if !beside.is_empty() {
            return Err(refuse(field, "what is around it tells this"));
        }
    }
    Ok(envelope)
}

/// To the wire. The portions are shared, not copied.
pub fn to_proto(entry: Entry) -> proto::FeedEntry {
    let Entry { release, manifest, portions, provenance, endorsements, exceptions } = entry;
    let envelopes = |all: Vec<Arc<Envelope>>| all.iter().map(|e| envelope::to_proto(e)).collect();
    proto::FeedEntry {
        release: Some(envelope::to_proto(&release)),
        manifest: manifest.map(|m| envelope::to_proto(&m)),
        portions: portions.into_iter().map(Bytes::from_owner).collect(),
        provenance: envelopes(provenance),
        endorsements: envelopes(endorsements),
        exceptions: envelopes(exceptions),
    }
}

/// To bytes, as the store keeps an entry that waits.
pub fn encode(entry: Entry) -> Vec<u8> {
    to_proto(entry).encode_to_vec()
}

/// From bytes, as the store keeps an entry that waits.
///
/// # Errors
/// As [`from_proto`].
pub fn decode(bytes: &[u8]) -> Result<Entry, Fault> {
    let message = proto::FeedEntry::decode(bytes).map_err(|_| refuse("entry", "the entry can't be read"))?;
    from_proto(message)
}
