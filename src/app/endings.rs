//! When this organisation's certificates and lists end, read from the files. The running node uses it, and so do commands that can't ask a node.

use std::{path::Path, sync::Arc};

use super::{
    devca,
    own_lists::load_lists,
    persons::{self, PersonFiles},
};
use crate::{
    config::Config,
    domain::{ending::Ending, time::Time},
    identity::{
        files::{read_chain, read_crls},
        trust::Trust,
    },
    node::{
        certificates::{Certificates, PersonChain, ReadCertificates},
        monitor::expiry::{self, certified},
    },
    transport::tls_config::TlsConfig,
};

/// The certificates whose end the node reports: its own, those seen on connections, and the people's.
pub(super) fn certificates(config: &Config, tls_config: &Arc<TlsConfig>) -> ReadCertificates {
    let (dir, tls_config) = (config.dir.clone(), tls_config.clone());
    Arc::new(move || Certificates {
        tls: tls_config.shown(),
        people: of_people(&dir),
        partners: tls_config.seen(),
        development_ca: devca::name(&dir),
    })
}

/// The people's certificates. Files that can't be read are left out, because `doctor` names them.
fn of_people(dir: &Path) -> Vec<PersonChain> {
    let all = persons::persons(dir).unwrap_or_default();
    let chains = all.iter().flat_map(|p| [(p, "tls", p.tls()), (p, "signing", p.signing())]);
    chains.map(|(p, usage, file)| PersonChain { id: p.id.clone(), usage, chain: chain(&file) }).collect()
}

/// The end of one certificate of a person: `tls` or `signing`.
pub fn of_person(config: &Config, person: &PersonFiles, usage: &'static str) -> Option<Ending> {
    let file = if usage == "tls" { person.tls() } else { person.signing() };
    let ca = devca::name(&config.dir);
    let all = [PersonChain { id: person.id.clone(), usage, chain: chain(&file) }];
    certified::of_people(&all, ca.as_deref(), |_| false).into_iter().next()
}

fn chain(file: &Path) -> Vec<Vec<u8>> {
    read_chain(file).unwrap_or_default().iter().map(|c| c.to_vec()).collect()
}

/// Everything of this organisation that ends, read from the files alone.
pub fn on_disk(config: &Config, now: Time) -> Vec<Ending> {
    let domain = &config.organisation.domain;
    let ca = devca::name(&config.dir);
    let ca = ca.as_deref();
    let mut all = certified::of_node(domain, "tls", &chain(&config.tls.certificate), ca);
    all.extend(certified::of_node(domain, "signing", &chain(&config.signing.certificate), ca));
    all.extend(certified::of_roots(domain, true, chain(&config.bundle).iter().map(Vec::as_slice)));
    let lists = read_crls(&config.crl).unwrap_or_default();
    all.extend(lists.iter().filter_map(|der| certified::of_list(domain, true, der, ca)));
    // Only lists that verify say who is revoked. `doctor` names lists that can't be read.
    let trust = load_lists(config, now).ok().and_then(|lists| Trust::new(lists.member, vec![], vec![]).ok());
    let is_revoked = |chain: &[Vec<u8>]| trust.as_ref().is_some_and(|trust| trust.is_own_revoked(chain));
    all.extend(certified::of_people(&of_people(&config.dir), ca, is_revoked));
    expiry::sorted(all)
}
