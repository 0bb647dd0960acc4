//! Work in tasks of its own.

use crate::domain::fault::{Fault, Reason};

/// The fault for a worker thread that ended without an answer, which is a bug in this program.
pub(in crate::node) fn lost<E>(_: E) -> Fault {
    Fault::new(Reason::Internal, "the work was interrupted; try again")
}

/// Runs a change to its end even if whoever asked for it goes away in the middle. So what is in the store is also in force.
///
/// # Errors
/// Those of the work.
pub async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Fault>> + Send + 'static,
) -> Result<T, Fault> {
    tokio::spawn(work).await.map_err(lost)?
}
