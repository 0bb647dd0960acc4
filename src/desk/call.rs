//! What every call at the desk has: a caller, and one answer.

use tonic::{Request, Response, Status};

use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::SpiffeId,
    },
    transport::listener::PeerIdentity,
    wire::status::from_fault,
};

/// The answer to a call.
pub(super) type Answer<T> = Result<Response<T>, Status>;

/// Who calls: the identity in its certificate.
pub(super) fn caller<T>(request: &Request<T>) -> Result<SpiffeId, Status> {
    let peer = request.extensions().get::<PeerIdentity>();
    let missing = || from_fault(Fault::new(Reason::Internal, "the connection has no identity"));
    peer.map(|p| p.id.clone()).ok_or_else(missing)
}

/// One answer of the node, as a message.
pub(super) fn answer<T, M>(result: Result<T, Fault>, message: impl FnOnce(T) -> M) -> Answer<M> {
    result.map(|value| Response::new(message(value))).map_err(from_fault)
}
