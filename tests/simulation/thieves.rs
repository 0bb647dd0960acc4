//! Thieves: somebody who has a revoked certificate and its key tries it everywhere.

use watchfire::{
    identity::{
        signers::Accept,
        trust::{AdmittedPeers, TlsUsage},
    },
    seal::chains::VerificationTime,
};

use crate::{
    book::{Broken, broken},
    cast::{Org, Whose},
    machine::Machine,
    world::World,
};

impl World {
    /// Nobody who was revoked is admitted or believed at a node that has ever seen the revocation. This holds even if newer lists leave it out,
    /// the list has ended, or the clock was set back, and whatever times others state.
    pub fn check_thieves(&self, machine: &Machine) -> Result<(), Broken> {
        let stolen = self.machines.values().flat_map(|m| m.ring.stolen.iter().map(move |stolen| (m.org, stolen)));
        for (of, (whose, pair, at)) in stolen {
            if !self.book.has_seen(machine.org, pair.serial()) {
                continue;
            }
            let (trust, now) = (machine.gate.trust().load(), machine.now());
            let is_let_in = if *whose == Whose::NodeTls {
                trust.tls_peer(&pair.chain(), TlsUsage::Client, &AdmittedPeers::Partners, now).is_ok()
            } else {
                let (before, hub) = (at.plus_seconds(-86_400), Org::Ecowas.domain());
                let whens = [VerificationTime::from(now), VerificationTime::from(now).stated(before, &hub)];
                let is_own_word = of == Org::Ecowas;
                now >= *at
                    && whens
                        .iter()
                        .take(if is_own_word { 1 } else { 2 })
                        .any(|when| trust.judge_signer(pair.certificates(), when, Accept::Held).is_ok())
            };
            if is_let_in {
                let what = format!("{} takes {whose:?} of {of}, which was revoked", machine.org);
                return broken("nobody revoked is let in", what);
            }
        }
        Ok(())
    }
}
