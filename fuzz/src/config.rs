//! The configuration: refused with every fault in its place, or within all limits.

use std::path::Path;

use watchfire::{config::Config, domain::partner::PartnerKind};

/// The bytes are the file; what follows a NUL byte overrides `listen.peer`, as the environment would.
pub fn check(data: &[u8]) {
    let Some(text) = super::shown::text(data) else { return };
    let (text, over) = text
        .split_once('\0')
        .map_or((text, vec![]), |(text, peer)| (text, vec![("WATCHFIRE_LISTEN_PEER".to_owned(), peer.to_owned())]));
    match Config::parse(Path::new("node"), text, over) {
        Ok(config) => within_limits(&config),
        Err(error) => {
            assert!(!error.faults.is_empty(), "refused for nothing");
            let lines = text.matches('\n').count() + 1;
            for fault in &error.faults {
                assert!(!fault.message.is_empty());
                assert!(fault.line.is_none_or(|l| (1..=lines + 1).contains(&l)), "no such line: {fault:?}");
            }
        }
    }
}

fn within_limits(config: &Config) {
    assert_eq!(config.limits.faults(), Vec::<String>::new());
    assert!((1..=3600).contains(&config.ledger.interval_seconds) && (1..=4096).contains(&config.ledger.quantum));
    assert!(config.approvals.is_none_or(|n| (1..=9).contains(&n)));
    let organisation = &config.organisation;
    assert!(organisation.kind != PartnerKind::State || organisation.country.is_some(), "a state has a country");
    for address in [Some(&config.peer), Some(&config.desk), config.ops.as_ref()].into_iter().flatten() {
        let port = address.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?)));
        assert!(address == "off" || port.is_some_and(|(host, _)| !host.is_empty()), "`{address}` is no address");
    }
}
