//! Reading while nothing can be written.

use crate::{
    domain::{
        actor::Actor,
        fault::{Fault, Reason},
    },
    store::Store,
};

/// Lets a reading go on that can't be recorded because nothing can be written. The log records it instead, because a warning must be
/// readable on a full or failed disk.
pub(in crate::node) fn recorded_or_logged<T>(
    store: &dyn Store,
    actor: &Actor,
    what: &str,
    recorded: Result<T, Fault>,
) -> Result<Option<T>, Fault> {
    match recorded {
        Ok(done) => Ok(Some(done)),
        Err(fault) if fault.reason == Reason::StoreFull || store.failure().is_some() => {
            let reason = fault.reason;
            tracing::error!(actor = %actor.id(), what, %reason, "nothing can be written: this reading is on record in this log only");
            Ok(None)
        }
        Err(fault) => Err(fault),
    }
}
