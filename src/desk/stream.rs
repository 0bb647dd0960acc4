//! Answers that are streams.

use std::pin::Pin;

use futures_util::Stream;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use crate::{
    domain::fault::{Fault, Reason},
    wire::status::from_fault,
};

/// The messages of an answer.
pub(super) type ResponseStream<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// Where a task puts the messages of its answer.
pub(super) type Sender<T> = mpsc::Sender<Result<T, Status>>;

/// The messages that a task sends. The task ends when the caller goes away.
pub(super) fn response_stream<T, F, W>(work: W) -> ResponseStream<T>
where
    T: Send + 'static,
    F: Future<Output = Result<(), Fault>> + Send,
    W: FnOnce(Sender<T>) -> F + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(32);
    tokio::spawn(async move {
        let last = sender.clone();
        let caller = sender.clone();
        tokio::select! {
            done = work(sender) => if let Err(fault) = done {
                let _ = last.send(Err(from_fault(fault))).await;
            },
            () = caller.closed() => {}
        }
    });
    Box::pin(ReceiverStream::new(receiver))
}

/// Sends a message.
///
/// # Errors
/// `UNAVAILABLE` if the caller has gone away. That ends the task.
pub(super) async fn send<T>(to: &Sender<T>, message: T) -> Result<(), Fault> {
    to.send(Ok(message)).await.map_err(|_| Fault::new(Reason::Unavailable, "nobody listens any more"))
}
