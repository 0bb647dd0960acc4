//! Tasks that run as long as the node.

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Runs one task until the node stops.
pub(super) fn until_stopped(
    tasks: &mut JoinSet<()>,
    stop: &CancellationToken,
    work: impl Future<Output = ()> + Send + 'static,
) {
    let stop = stop.clone();
    tasks.spawn(async move { _ = stop.run_until_cancelled(work).await });
}
