//! What ends of one's own, as the files have it: for the running node, and for `doctor` where none runs.

use std::{path::Path, sync::Arc};

use super::persons;
use crate::{
    config::Config,
    domain::ending::Ending,
    identity::files::{read_chain, read_crls},
    node::expiry::{self, Certificates, PersonChain, ReadCertificates},
    transport::gate::TlsGate,
};

/// What the node asks for: certificates shown, seen on connections, and the people's.
pub(super) fn certificates(config: &Config, gate: &Arc<TlsGate>) -> ReadCertificates {
    let (dir, gate) = (config.dir.clone(), gate.clone());
    Box::new(move || Certificates { tls: gate.shown(), persons: of_persons(&dir), partners: gate.seen() })
}

/// The people's certificates. What can't be read is left out: `doctor` names it.
fn of_persons(dir: &Path) -> Vec<PersonChain> {
    let all = persons::persons(dir).unwrap_or_default();
    let chains = all.iter().flat_map(|p| [(p, "tls", p.tls()), (p, "signing", p.signing())]);
    chains.map(|(p, usage, file)| PersonChain { id: p.id.clone(), usage, chain: chain(&file) }).collect()
}

fn chain(file: &Path) -> Vec<Vec<u8>> {
    read_chain(file).unwrap_or_default().iter().map(|c| c.to_vec()).collect()
}

/// Everything of one's own that ends, from the files alone.
pub fn on_disk(config: &Config) -> Vec<Ending> {
    let domain = &config.organisation.domain;
    let mut all = expiry::of_node(domain, "tls", &chain(&config.tls.certificate));
    all.extend(expiry::of_node(domain, "signing", &chain(&config.signing.certificate)));
    all.extend(expiry::of_roots(domain, true, chain(&config.bundle).iter().map(Vec::as_slice)));
    let lists = read_crls(&config.crl).unwrap_or_default();
    all.extend(lists.iter().filter_map(|der| expiry::of_list(domain, true, der)));
    all.extend(of_persons(&config.dir).iter().filter_map(expiry::of_person));
    expiry::sorted(all)
}
