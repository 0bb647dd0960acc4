//! The ways by which another's assessment came here.

use std::sync::Arc;

use crate::{
    domain::{
        fault::Fault,
        ids::{StatementId, TrustDomain},
        release::MAX_HOPS,
        statement::Envelope,
        time::Time,
    },
    node::directory::{Directory, Partner, Stopped},
    policy::Provenance,
    seal::statement::id_of,
    store::Delivery,
    wire,
};

/// The most that the releases of a way may take in an entry: with the largest portions it stays below a message's limit.
const MAX_BYTES: usize = 256 << 10;

/// One way by which another's assessment came here.
pub struct Way {
    /// What it holds this node to.
    pub provenance: Provenance,
    /// Who gave it to this node, and under which agreement.
    pub under: (TrustDomain, StatementId),
    /// The releases, from the originator's to the one by which it came here.
    pub path: Vec<Arc<Envelope>>,
    /// When the last of them came here.
    pub received_at: Time,
    /// How many bytes these take.
    pub(super) bytes: usize,
}

impl Way {
    /// By what the store holds of an arrival.
    ///
    /// # Errors
    /// Whatever does not decode.
    pub(super) fn new(originator: &TrustDomain, came_by: &Delivery) -> Result<Self, Fault> {
        let decode = |bytes: &Vec<u8>| wire::envelope::decode(bytes).map(Arc::new);
        let last = wire::envelope::decode(&came_by.release)?;
        let mut path = came_by.provenance.iter().map(decode).collect::<Result<Vec<_>, _>>()?;
        // Each was released to the one that released the next; the first giver is the originator.
        let takers = path.iter().map(|e| wire::release::decode(&e.payload).map(|r| r.recipient));
        let takers: Vec<TrustDomain> = takers.collect::<Result<_, _>>()?;
        let giver = takers.last().unwrap_or(originator).clone();
        let carriers = takers.into_iter().chain([originator.clone()]).collect();
        let release = wire::release::decode(&last.payload)?;
        let provenance = Provenance::new(id_of(last.kind, &last.payload), &release, carriers);
        path.push(Arc::new(last));
        let bytes = came_by.release.len() + came_by.provenance.iter().map(Vec::len).sum::<usize>();
        let under = (giver, release.agreement.id);
        Ok(Self { provenance, under, path, received_at: came_by.received_at, bytes })
    }

    /// What it holds this node to, where these are the partners.
    pub fn provenance(&self, directory: &Directory) -> Provenance {
        let (giver, agreement) = &self.under;
        // Of whom nothing is known any more, or not everything, it can't be told: what may be stopped does not go on.
        let may_go = |partner: &Arc<Partner>| partner.damage().is_none() && partner.stopped(agreement).is_none();
        let is_stopped = !directory.get(giver).is_some_and(may_go);
        Provenance { is_stopped, ..self.provenance.clone() }
    }

    /// Whether it came under an agreement that is suspended and may be resumed.
    pub(super) fn is_suspended(&self, directory: &Directory) -> bool {
        let (giver, agreement) = &self.under;
        directory.get(giver).is_some_and(|p| p.stopped(agreement) == Some(Stopped::Suspended))
    }

    /// Whether its releases find a place in an entry beside the largest portions.
    pub(super) fn fits(&self) -> bool {
        self.path.len() <= MAX_HOPS && self.bytes <= MAX_BYTES
    }
}
