//! Entries of a feed.

use std::sync::Arc;

use prost::{Message, bytes::Bytes};

use super::{envelope, field::refuse, list::few, proto};
use crate::domain::{
    assessment::MAX_DIGESTS,
    endorsement::MAX_ENDORSEMENTS,
    entry::FeedEntry,
    fault::{Fault, Reason},
    release::{MAX_ATTACHED, MAX_HOPS},
    request::MAX_EXCEPTIONS,
    statement::{Envelope, StatementKind},
};

/// Decodes an entry from the wire. Checks only its shape. Signatures are checked later.
///
/// # Errors
/// `UNKNOWN_OR_NON_CANONICAL` or `STATEMENT_TOO_LARGE`, with the field's path.
pub fn from_proto(message: proto::FeedEntry) -> Result<FeedEntry, Fault> {
    let proto::FeedEntry { release, manifest, portions, provenance, beside } = message;
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
    let Attached { endorsements, exceptions, later } = attached(beside)?;
    Ok(FeedEntry {
        release: Arc::new(envelope::nested(release).map_err(|f| f.within("release"))?),
        manifest: manifest.map(envelope::nested).transpose().map_err(|f| f.within("manifest"))?.map(Arc::new),
        portions: portions.into_iter().map(|p| Arc::from(&p[..])).collect(),
        provenance: envelopes("provenance", provenance)?,
        endorsements,
        exceptions,
        later,
    })
}

/// The statements attached to the portions, by kind.
struct Attached {
    endorsements: Vec<Arc<Envelope>>,
    exceptions: Vec<Arc<Envelope>>,
    later: Vec<Arc<[u8]>>,
}

/// The kind of a statement, as a release names it.
fn kind_of(payload_type: &str) -> &str {
    let name = payload_type.strip_prefix("application/vnd.watchfire.").unwrap_or(payload_type);
    name.strip_suffix(".v1+proto").unwrap_or(name)
}

/// Decodes the statements attached to the portions. Those of unknown kinds stay encoded. They wait, with the entry, for a later version of the
/// program.
fn attached(all: Vec<proto::Envelope>) -> Result<Attached, Fault> {
    few("beside", all.len(), MAX_ATTACHED)?;
    if !all.is_sorted_by_key(|e| kind_of(&e.payload_type).to_owned()) {
        return Err(refuse("beside", "the statements are not in the order of their kinds"));
    }
    let is_known = |e: &proto::Envelope| StatementKind::from_payload_type(&e.payload_type).is_some();
    let (all, later): (Vec<_>, Vec<_>) = all.into_iter().partition(is_known);
    let later = later.into_iter().map(|e| Arc::from(e.encode_to_vec())).collect();
    let all = envelopes("beside", all)?;
    let is_other = |e: &Arc<Envelope>| !matches!(e.kind, StatementKind::Endorsement | StatementKind::Exception);
    if let Some(i) = all.iter().position(is_other) {
        return Err(refuse(&format!("beside[{i}]"), "a statement of this kind does not travel with portions"));
    }
    let (endorsements, exceptions): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|e| e.kind == StatementKind::Endorsement);
    few("beside", endorsements.len(), MAX_ENDORSEMENTS)?;
    few("beside", exceptions.len(), MAX_EXCEPTIONS)?;
    Ok(Attached { endorsements, exceptions, later })
}

fn envelopes(field: &str, all: Vec<proto::Envelope>) -> Result<Vec<Arc<Envelope>>, Fault> {
    let one = |(i, e)| envelope::nested(e).map(Arc::new).map_err(|f| f.within(&format!("{field}[{i}]")));
    all.into_iter().enumerate().map(one).collect()
}

/// Encodes an entry for the wire. The portions are shared, not copied.
pub fn to_proto(entry: FeedEntry) -> proto::FeedEntry {
    let FeedEntry { release, manifest, portions, provenance, endorsements, exceptions, later } = entry;
    let envelopes = |all: Vec<Arc<Envelope>>| all.iter().map(|e| envelope::to_proto(e)).collect();
    let mut beside: Vec<proto::Envelope> = envelopes([endorsements, exceptions].concat());
    beside.extend(later.iter().filter_map(|bytes| proto::Envelope::decode(&**bytes).ok()));
    beside.sort_by(|a, b| kind_of(&a.payload_type).cmp(kind_of(&b.payload_type)));
    proto::FeedEntry {
        release: Some(envelope::to_proto(&release)),
        manifest: manifest.map(|m| envelope::to_proto(&m)),
        portions: portions.into_iter().map(Bytes::from_owner).collect(),
        provenance: envelopes(provenance),
        beside,
    }
}

/// Encodes an entry as the bytes that the store keeps while the entry can't be verified.
pub fn encode(entry: FeedEntry) -> Vec<u8> {
    to_proto(entry).encode_to_vec()
}

/// Decodes the bytes of [`encode`].
///
/// # Errors
/// As [`from_proto`].
pub fn decode(bytes: &[u8]) -> Result<FeedEntry, Fault> {
    let message = proto::FeedEntry::decode(bytes).map_err(|_| refuse("entry", "the entry can't be read"))?;
    from_proto(message)
}
