//! What every call at the desk has: a caller, and one answer.

use tonic::{Request, Response, Status};

use crate::{
    domain::{
        actor::{Actor, Authorized, Permission},
        fault::{Fault, Reason},
    },
    wire::status::from_fault,
};

/// The answer to a call.
pub(super) type Answer<T> = Result<Response<T>, Status>;

/// Who calls. The middleware has put it there.
pub(super) fn actor<T>(request: &Request<T>) -> Result<Actor, Status> {
    let missing = || from_fault(Fault::new(Reason::Internal, "the connection has no identity"));
    request.extensions().get::<Actor>().cloned().ok_or_else(missing)
}

/// Who calls, with the permission that the use case asks for.
pub(super) fn authorized<T, P: Permission>(request: &Request<T>) -> Result<Authorized<P>, Status> {
    actor(request)?.authorize().map_err(from_fault)
}

/// One answer of the node, as a message.
pub(super) fn answer<T, M>(result: Result<T, Fault>, message: impl FnOnce(T) -> M) -> Answer<M> {
    result.map(|value| Response::new(message(value))).map_err(from_fault)
}
