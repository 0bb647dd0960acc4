//! Evidence of equivocations, as messages.

use super::argument::argument;
use crate::{
    domain::{actor::Actor, fault::Fault},
    node::Node,
    wire::{envelope, field, proto},
};

pub(super) async fn export(
    node: &Node,
    actor: &Actor,
    request: proto::ExportEvidenceRequest,
) -> Result<proto::ExportEvidenceResponse, Fault> {
    let id = argument(field::bytes("assessment_id", &request.assessment_id))?;
    let proofs = node.evidence(&actor.authorize()?, &id).await?;
    let statement = |bytes: &Vec<u8>| envelope::decode(bytes).map(|e| envelope::to_proto(&e));
    let statements = proofs.iter().flat_map(|p| &p.envelopes).map(statement).collect::<Result<_, _>>()?;
    Ok(proto::ExportEvidenceResponse { statements })
}
