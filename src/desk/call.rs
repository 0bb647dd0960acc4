//! What all services of the desk share: the node, the caller of a call, and the form of an answer.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use crate::{
    domain::{
        actor::{Actor, Authorized, Permission},
        fault::{Fault, Reason},
    },
    node::Node,
    wire::status::from_fault,
};

/// The answer to a call.
pub(super) type Reply<T> = Result<Response<T>, Status>;

/// All services of the desk. Each noun's file implements its own service for this type.
#[derive(Clone)]
pub struct Desk {
    pub(super) node: Arc<Node>,
    /// The size of the largest message that the desk reads or sends, in bytes.
    pub(super) message_bytes: usize,
}

/// The message of a call, and its caller, whose role has the permission that the use case asks for.
pub(super) fn authorize<P: Permission, M>(request: Request<M>) -> Result<(Authorized<P>, M), Status> {
    let actor = actor(&request)?.authorize().map_err(from_fault)?;
    Ok((actor, request.into_inner()))
}

/// Who calls. The middleware has put it into the request.
pub(super) fn actor<M>(request: &Request<M>) -> Result<Actor, Status> {
    let missing = || from_fault(Fault::new(Reason::Internal, "the connection has no identity"));
    request.extensions().get::<Actor>().cloned().ok_or_else(missing)
}

/// Answers a call with the result of its work.
pub(super) async fn answer<M>(work: impl Future<Output = Result<M, Fault>>) -> Reply<M> {
    work.await.map(Response::new).map_err(from_fault)
}

/// A count, as messages have it.
pub(super) fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
