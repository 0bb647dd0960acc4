//! Entries of a feed.

use std::sync::Arc;

use prost::bytes::Bytes;

use super::{envelope, proto};
use crate::domain::{
    assessment::MAX_DIGESTS,
    entry::Entry,
    fault::{Fault, Reason},
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
    if !provenance.is_empty() {
        let what = "what came through a hub is not read by this version; the sender must not hand it on";
        return Err(Fault::at(Reason::UnknownOrNonCanonical, "provenance", what));
    }
    Ok(Entry {
        release: Arc::new(envelope::from_proto(release).map_err(|f| f.within("release"))?),
        manifest: manifest.map(envelope::from_proto).transpose().map_err(|f| f.within("manifest"))?.map(Arc::new),
        portions: portions.into_iter().map(|p| Arc::from(&p[..])).collect(),
    })
}

/// To the wire. The portions are shared, not copied.
pub fn to_proto(entry: Entry) -> proto::FeedEntry {
    let Entry { release, manifest, portions } = entry;
    proto::FeedEntry {
        release: Some(envelope::to_proto(&release)),
        manifest: manifest.map(|m| envelope::to_proto(&m)),
        portions: portions.into_iter().map(Bytes::from_owner).collect(),
        provenance: vec![],
    }
}
