//! Whether a version waits in a partner's queue.

use crate::{
    domain::{
        fault::Fault,
        ids::{StatementId, TrustDomain},
        time::Time,
    },
    store::Store,
};

/// Whether the version waits in the partner's queue, so that it will be looked at once more.
pub(in crate::node) async fn is_queued(
    store: &dyn Store,
    partner: &TrustDomain,
    id: &StatementId,
) -> Result<bool, Fault> {
    const MANY: u32 = 100_000;
    let ever = Time::from_unix_nanos(i64::MAX);
    Ok(store.due(partner, ever, MANY).await?.iter().any(|item| item.manifest_id == *id))
}
