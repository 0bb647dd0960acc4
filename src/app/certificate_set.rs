//! The files that belong together: TLS certificate and key, signing certificate and key, bundle and revocation lists. They
//! are read and judged as one set. `serve`, `config check`, `doctor` and the file watcher all use this module.

use std::path::Path;

use super::{
    devca,
    error::{NodeFilesError, StartupNotice},
    keys::load_key,
    lists_in_force,
    own_lists::{OwnLists, load_lists},
};
use crate::{
    config::Config,
    domain::{
        fault::{Fault, Reason},
        ids::Role,
        time::Time,
    },
    identity::{
        certificate::{Leaf, window},
        files::{key_open_to_others, read_chain},
        signers::Accept,
        trust::{AdmittedPeers, KnownOrganisation, TlsUsage, Trust},
        validity::Validity,
    },
    seal::sign::SigningKey,
    transport::tls_config::Credentials,
};

/// A node's certificates and keys, with the bundle and the revocation lists that they are checked against.
pub struct CertificateSet {
    /// The TLS certificate and key.
    pub credentials: Credentials,
    /// The key that signs statements.
    pub key: SigningKey,
    /// The node's organisation as partners know it: bundle and revocation lists.
    pub member: KnownOrganisation,
    /// Revocation lists (DER) in this organisation's file whose issuers are not known yet.
    pub waiting_lists: Vec<Vec<u8>>,
    /// Faults that do not keep a node from starting.
    pub notices: Vec<StartupNotice>,
    /// Notices about lists that are in force and missing from the organisation's own file. A running node knows them without this file.
    pub behind: Vec<StartupNotice>,
}

/// The chains (DER, leaf first) of a node's two certificates.
pub struct OwnChains<'a> {
    /// The chain for TLS.
    pub tls: &'a [Vec<u8>],
    /// The chain for signing.
    pub signing: &'a [Vec<u8>],
}

impl CertificateSet {
    /// Reads the set and checks that its parts fit together.
    ///
    /// # Errors
    /// The first fault, with its file. A certificate that has ended, is not valid yet or is revoked is only a [`StartupNotice`]: the node starts and
    /// waits for a new certificate.
    pub fn load(config: &Config, now: Time) -> Result<Self, NodeFilesError> {
        for file in [&config.tls.certificate, &config.signing.certificate] {
            check_name(file, config)?;
        }
        let credentials = Credentials::load(&config.tls.certificate, &config.tls.key)?;
        let key = load_key(config)?;
        let OwnLists { member, waiting: waiting_lists } = load_lists(config, now)?;
        let seen = lists_in_force::read(config, &member.bundle, now);
        let in_force = KnownOrganisation { crls: lists_in_force::in_force(&member.crls, &seen), ..member.clone() };
        let mut notices =
            Self::check(config, &in_force, &OwnChains { tls: &credentials.chain(), signing: key.chain() }, now)?;
        let behind = lists_in_force::compare(config, &member.crls, &seen);
        notices.extend([&config.tls.certificate, &config.signing.certificate].into_iter().filter_map(|file| {
            let mode = key_open_to_others(file)?;
            let message = format!(
                "holds a private key and is open to others (mode {mode:03o}); run `chmod 600 {}`",
                file.display()
            );
            Some(StartupNotice { file: file.clone(), message, is_unusable: false })
        }));
        notices.extend((!waiting_lists.is_empty()).then(|| {
            let name = |der: &Vec<u8>| Validity::of_list(der).map(|v| format!("`{}`", v.name)).unwrap_or_default();
            let message = format!(
                "the CA that issued the list of {} is not known here, so that the list waits; if it is a CA of this organisation, put its \
                 certificate into that file beside its list, else take the list out",
                waiting_lists.iter().map(name).collect::<Vec<_>>().join(", ")
            );
            StartupNotice { file: config.crl.clone(), message, is_unusable: false }
        }));
        Ok(Self { credentials, key, member, waiting_lists, notices, behind })
    }

    /// Checks the two chains against the bundle and the lists.
    ///
    /// # Errors
    /// The first fault, with the file of the chain.
    pub fn check(
        config: &Config,
        member: &KnownOrganisation,
        chains: &OwnChains<'_>,
        now: Time,
    ) -> Result<Vec<StartupNotice>, NodeFilesError> {
        let at = |file: &Path, fault: Fault| {
            let message = if fault.message.contains("trust bundle") {
                format!(
                    "{}; append the issuing CA's certificate to the file, or put its root into {}",
                    fault.message,
                    config.bundle.display()
                )
            } else {
                fault.message.clone()
            };
            NodeFilesError::Trust { file: file.to_owned(), fault: Fault { message, ..fault } }
        };
        let trust = Trust::new(member.clone(), vec![], config.signing_usages.clone());
        let trust = trust.map_err(|fault| at(&config.bundle, fault))?;
        let shown: Vec<&[u8]> = chains.tls.iter().map(Vec::as_slice).collect();
        // A list past its next update becomes a notice below. It must not keep a node from starting.
        let for_tls = |usage, time| trust.tls_peer(&shown, usage, &AdmittedPeers::Own, time).map(|_| ());
        let for_both = |time| for_tls(TlsUsage::Client, time).and_then(|()| for_tls(TlsUsage::Server, time));
        let signer = |time: Time| trust.judge_signer(chains.signing, &time.into(), Accept::Active).map(|_| ());
        let tls = ended_or_revoked(chains.tls, now, for_both).map_err(|fault| at(&config.tls.certificate, fault))?;
        let signing =
            ended_or_revoked(chains.signing, now, signer).map_err(|fault| at(&config.signing.certificate, fault))?;
        let remedy = remedy(config);
        let of_tls = tls.map(|what| {
            let message = format!("{what}; partners and people refuse this node until {remedy}");
            StartupNotice { file: config.tls.certificate.clone(), message, is_unusable: true }
        });
        let of_signing = signing.map(|what| {
            let message = format!("{what}; the node takes publications and hands nothing over until {remedy}");
            StartupNotice { file: config.signing.certificate.clone(), message, is_unusable: true }
        });
        let lapsed = member.crls.iter().filter_map(|crl| crl.lapse(now)).min_by_key(|lapse| lapse.next_update);
        let of_list = lapsed.map(|lapse| {
            let message = format!(
                "this organisation's revocation list ({}) is past its next update ({}), so that nobody can sign in until {remedy}",
                lapse.issuer, lapse.next_update
            );
            StartupNotice { file: config.crl.clone(), message, is_unusable: false }
        });
        Ok([of_tls, of_signing, of_list].into_iter().flatten().collect())
    }
}

/// What to do to get a new certificate.
fn remedy(config: &Config) -> String {
    if config.dir.join(devca::KEY).exists() {
        return format!("it is renewed; run `watchfire --dir {} ca renew`", config.dir.display());
    }
    "a new one is in its place (certs/README.md); a running node loads it by itself".to_owned()
}

/// Describes why the chain is not valid now: it has ended, is not valid yet or is revoked. `None` if it is valid now.
///
/// # Errors
/// The fault, if the chain is invalid for any other reason.
fn ended_or_revoked(
    chain: &[Vec<u8>],
    now: Time,
    prove: impl Fn(Time) -> Result<(), Fault>,
) -> Result<Option<String>, Fault> {
    let Err(fault) = prove(now) else { return Ok(None) };
    if fault.reason == Reason::CertificateRevoked {
        return Ok(Some("the certificate is revoked by the organisation's own list".to_owned()));
    }
    let windows = chain.iter().map(|der| window(der)).collect::<Result<Vec<_>, _>>()?;
    let end = windows.iter().map(|(_, end)| *end).min().filter(|end| *end < now);
    let start = windows.iter().map(|(start, _)| *start).max().filter(|start| *start > now);
    let (time, what) = match (end, start) {
        (Some(end), _) => (end, format!("a certificate expired on {end}")),
        (None, Some(start)) => (start, format!("a certificate is not valid before {start} (the time here is {now})")),
        (None, None) => return Err(fault),
    };
    match prove(time) {
        // The chain is valid at the time of its end or start, so nothing else is wrong with it.
        Ok(()) => Ok(Some(what)),
        Err(other) if other.reason == Reason::CertificateRevoked => Ok(Some(what)),
        Err(_) => Err(fault),
    }
}

/// Checks that the certificate is a node's and names the organisation of `watchfire.toml`.
fn check_name(file: &Path, config: &Config) -> Result<(), NodeFilesError> {
    let chain = read_chain(file)?;
    let leaf = chain.first().map(|der| Leaf::parse(der)).transpose();
    let leaf = leaf.map_err(|fault| NodeFilesError::Trust { file: file.to_owned(), fault })?;
    let Some(leaf) = leaf else { return Ok(()) };
    let domain = &config.organisation.domain;
    if leaf.id.domain() != domain {
        let (file, of, domain) = (file.to_owned(), leaf.id.domain().clone(), domain.clone());
        return Err(NodeFilesError::OtherDomain { file, of, domain });
    }
    if leaf.id.role() != Role::Node {
        return Err(NodeFilesError::NoNode { file: file.to_owned(), id: leaf.id });
    }
    Ok(())
}
