//! The routes by which another organisation's assessment came here.

use std::sync::Arc;

use crate::{
    domain::{
        fault::Fault,
        ids::{StatementId, TrustDomain},
        release::MAX_HOPS,
        statement::Envelope,
        time::Time,
    },
    node::directory::{Partner, Partners, Stopped},
    policy::Provenance,
    seal::statement::id_of,
    store::Delivery,
    wire,
};

/// The most bytes that the releases of a route take in an entry. With the largest portions, the entry then stays below a message's limit.
const MAX_BYTES: usize = 256 << 10;

/// One route by which another organisation's assessment came here.
pub struct Route {
    /// The conditions that this route puts on the node.
    pub provenance: Provenance,
    /// Who gave the assessment to this node, and under which agreement.
    pub under: (TrustDomain, StatementId),
    /// The releases, from the originator's to the one by which it came here.
    pub path: Vec<Arc<Envelope>>,
    /// When the last of these releases came here.
    pub received_at: Time,
    /// How many bytes the releases take.
    pub(in crate::node) bytes: usize,
}

impl Route {
    /// Reads a route from what the store holds of an arrival.
    ///
    /// # Errors
    /// Whatever does not decode.
    pub(in crate::node) fn new(originator: &TrustDomain, came_by: &Delivery) -> Result<Self, Fault> {
        let decode = |bytes: &Vec<u8>| wire::envelope::decode(bytes).map(Arc::new);
        let last = wire::envelope::decode(&came_by.release)?;
        let mut path = came_by.provenance.iter().map(decode).collect::<Result<Vec<_>, _>>()?;
        // Each release goes to the organisation that gives the next one. The first giver is the originator.
        let takers = path.iter().map(|e| wire::release::decode(&e.payload).map(|r| r.recipient));
        let takers: Vec<TrustDomain> = takers.collect::<Result<_, _>>()?;
        let giver = takers.last().unwrap_or(originator).clone();
        let carriers = takers.into_iter().chain([originator.clone()]).collect();
        let release = wire::release::decode(&last.payload)?;
        let provenance = Provenance::new(id_of(last.kind, &last.payload), &release, carriers);
        let provenance = Provenance { received_at: came_by.received_at, ..provenance };
        path.push(Arc::new(last));
        let bytes = came_by.release.len() + came_by.provenance.iter().map(Vec::len).sum::<usize>();
        let under = (giver, release.agreement.id);
        Ok(Self { provenance, under, path, received_at: came_by.received_at, bytes })
    }

    /// The conditions that this route puts on the node, given the present state of the partners.
    pub fn provenance(&self, directory: &Partners) -> Provenance {
        let (giver, agreement) = &self.under;
        // If the giver is unknown or its record is damaged, the state of the agreement is unknown. What may be stopped is not passed on.
        let may_go = |partner: &Arc<Partner>| partner.damage().is_none() && partner.stopped(agreement).is_none();
        let is_stopped = !directory.get(giver).is_some_and(may_go);
        Provenance { is_stopped, ..self.provenance.clone() }
    }

    /// Whether the assessment came under an agreement that is suspended and may be resumed.
    pub(in crate::node) fn is_suspended(&self, directory: &Partners) -> bool {
        let (giver, agreement) = &self.under;
        directory.get(giver).is_some_and(|p| p.stopped(agreement) == Some(Stopped::Suspended))
    }

    /// Whether the releases have room in an entry beside the largest portions.
    pub(in crate::node) fn fits(&self) -> bool {
        self.path.len() <= MAX_HOPS && self.bytes <= MAX_BYTES
    }
}
