//! Entries of a feed.

use std::sync::Arc;

use prost::bytes::Bytes;

use super::{envelope, proto};
use crate::domain::{
    assessment::MAX_DIGESTS,
    entry::Entry,
    fault::{Fault, Reason},
    release::MAX_HOPS,
};

/// From the wire. What is signed in it is checked later; here only the shape.
///
/// # Errors
/// `UNKNOWN_OR_NON_CANONICAL`, `STATEMENT_TOO_LARGE`, with the field's path.
pub fn from_proto(message: proto::FeedEntry) -> Result<Entry, Fault> {
    let proto::FeedEntry { release, manifest, portions, provenance } = message;
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
    let hop = |(i, e)| envelope::from_proto(e).map(Arc::new).map_err(|f| f.within(&format!("provenance[{i}]")));
    Ok(Entry {
        release: Arc::new(envelope::from_proto(release).map_err(|f| f.within("release"))?),
        manifest: manifest.map(envelope::from_proto).transpose().map_err(|f| f.within("manifest"))?.map(Arc::new),
        portions: portions.into_iter().map(|p| Arc::from(&p[..])).collect(),
        provenance: provenance.into_iter().enumerate().map(hop).collect::<Result<_, _>>()?,
    })
}

/// To the wire. The portions are shared, not copied.
pub fn to_proto(entry: Entry) -> proto::FeedEntry {
    let Entry { release, manifest, portions, provenance } = entry;
    proto::FeedEntry {
        release: Some(envelope::to_proto(&release)),
        manifest: manifest.map(|m| envelope::to_proto(&m)),
        portions: portions.into_iter().map(Bytes::from_owner).collect(),
        provenance: provenance.iter().map(|e| envelope::to_proto(e)).collect(),
    }
}
