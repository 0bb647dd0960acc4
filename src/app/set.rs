//! The files that belong together: TLS certificate and key, signing certificate and key, bundle and revocation lists. They
//! are read and judged as one set; `serve`, `config check`, `doctor` and the watch over the files all do it here.

use std::path::{Path, PathBuf};

use super::{
    own::{OwnError, load_key, load_lists},
    seen_lists,
};
use crate::{
    config::Config,
    domain::{
        fault::{Fault, Reason},
        ids::Role,
        time::Time,
    },
    identity::{
        certificate::Leaf,
        files::{key_open_to_others, read_chain},
        signers::Accept,
        trust::{Audience, Member, TlsUsage, Trust},
        validity::Validity,
    },
    seal::sign::SigningKey,
    transport::gate::Credentials,
};

/// What a node shows, signs with and lets others hold of it.
pub struct OwnSet {
    /// What TLS shows.
    pub credentials: Credentials,
    /// What statements are signed with.
    pub key: SigningKey,
    /// What others hold of the node's organisation.
    pub member: Member,
    /// Revocation lists (DER) in the own file whose issuers are not known yet.
    pub waiting_lists: Vec<Vec<u8>>,
    /// What a node can start with, and somebody has to mend all the same.
    pub notices: Vec<Notice>,
    /// Where the own file holds less than the lists in force. A running node knows that by itself.
    pub behind: Vec<Notice>,
}

/// Something that keeps a node from working fully, although it can start and wait for new files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Which file.
    pub file: PathBuf,
    /// What is wrong, and what to do.
    pub message: String,
    /// Whether a set with it may take the place of one without it.
    pub is_unusable: bool,
}

impl std::fmt::Display for Notice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.file.display(), self.message)
    }
}

impl OwnSet {
    /// Reads the set and checks that it holds together.
    ///
    /// # Errors
    /// The first fault, with its file. A certificate that has ended, is not valid yet or is revoked is no fault but a
    /// [`Notice`]: the node starts and waits for a new one.
    pub fn load(config: &Config, now: Time) -> Result<Self, OwnError> {
        for file in [&config.tls.certificate, &config.signing.certificate] {
            check_name(file, config)?;
        }
        let credentials = Credentials::load(&config.tls.certificate, &config.tls.key)?;
        let key = load_key(config)?;
        let (member, waiting_lists) = load_lists(config, now)?;
        let seen = seen_lists::read(config, &member.bundle, now);
        let in_force = Member { crls: seen_lists::in_force(&member.crls, &seen), ..member.clone() };
        let mut notices = Self::check(config, &in_force, (credentials.chain(), key.chain()), now)?;
        let behind = seen_lists::compare(config, &member.crls, &seen);
        notices.extend([&config.tls.certificate, &config.signing.certificate].into_iter().filter_map(|file| {
            let mode = key_open_to_others(file)?;
            let message = format!(
                "holds a private key and is open to others (mode {mode:03o}); run `chmod 600 {}`",
                file.display()
            );
            Some(Notice { file: file.clone(), message, is_unusable: false })
        }));
        notices.extend((!waiting_lists.is_empty()).then(|| {
            let name = |der: &Vec<u8>| Validity::of_list(der).map(|v| format!("`{}`", v.name)).unwrap_or_default();
            let message = format!(
                "the CA that issued the list of {} is not known here, so that the list waits; if it is a CA of this organisation, put its \
                 certificate into that file beside its list, else take the list out",
                waiting_lists.iter().map(name).collect::<Vec<_>>().join(", ")
            );
            Notice { file: config.crl.clone(), message, is_unusable: false }
        }));
        Ok(Self { credentials, key, member, waiting_lists, notices, behind })
    }

    /// Whether the bundle and the lists stand behind these chains (TLS, signing).
    ///
    /// # Errors
    /// The first fault, with the file of the chain.
    pub fn check(
        config: &Config,
        member: &Member,
        (tls, signing): (Vec<Vec<u8>>, &[Vec<u8>]),
        now: Time,
    ) -> Result<Vec<Notice>, OwnError> {
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
            OwnError::Trust { file: file.to_owned(), fault: Fault { message, ..fault } }
        };
        let trust = Trust::new(member.clone(), vec![], config.signing_usages.clone());
        let trust = trust.map_err(|fault| at(&config.bundle, fault))?;
        let shown: Vec<&[u8]> = tls.iter().map(Vec::as_slice).collect();
        // A lapsed list is told below; it must not keep a node from starting.
        let for_tls = |usage, time| trust.tls_peer(&shown, usage, &Audience::Own, time).map(|_| ());
        let for_both = |time| for_tls(TlsUsage::Client, time).and_then(|()| for_tls(TlsUsage::Server, time));
        let signer = |time: Time| trust.judge_signer(signing, &time.into(), Accept::Active).map(|_| ());
        let tls = standing(&tls, now, for_both).map_err(|fault| at(&config.tls.certificate, fault))?;
        let signing = standing(signing, now, signer).map_err(|fault| at(&config.signing.certificate, fault))?;
        let remedy = remedy(config);
        let of_tls = tls.map(|what| {
            let message = format!("{what}; partners and people refuse this node until {remedy}");
            Notice { file: config.tls.certificate.clone(), message, is_unusable: true }
        });
        let of_signing = signing.map(|what| {
            let message = format!("{what}; the node takes publications and hands nothing over until {remedy}");
            Notice { file: config.signing.certificate.clone(), message, is_unusable: true }
        });
        let lapsed = member.crls.iter().filter_map(|crl| crl.lapse(now)).min_by_key(|lapse| lapse.next_update);
        let of_list = lapsed.map(|lapse| {
            let message = format!(
                "the own organisation's revocation list ({}) is past its next update ({}), so that nobody can sign in until {remedy}",
                lapse.issuer, lapse.next_update
            );
            Notice { file: config.crl.clone(), message, is_unusable: false }
        });
        Ok([of_tls, of_signing, of_list].into_iter().flatten().collect())
    }
}

/// What to do for a new certificate.
fn remedy(config: &Config) -> String {
    if config.dir.join(super::devca::KEY).exists() {
        return format!("it is renewed: run `watchfire --dir {} ca renew`", config.dir.display());
    }
    "a new one is in its place (certs/README.md); a running node takes it up by itself".to_owned()
}

/// Nothing where the chain holds now. What is wrong where it has ended, is not valid yet or is revoked, and is well but
/// for that.
fn standing(chain: &[Vec<u8>], now: Time, prove: impl Fn(Time) -> Result<(), Fault>) -> Result<Option<String>, Fault> {
    let Err(fault) = prove(now) else { return Ok(None) };
    if fault.reason == Reason::CertificateRevoked {
        return Ok(Some("the certificate is revoked by the organisation's own list".to_owned()));
    }
    let windows = chain.iter().map(|der| crate::identity::certificate::window(der)).collect::<Result<Vec<_>, _>>()?;
    let end = windows.iter().map(|(_, end)| *end).min().filter(|end| *end < now);
    let start = windows.iter().map(|(start, _)| *start).max().filter(|start| *start > now);
    let (time, what) = match (end, start) {
        (Some(end), _) => (end, format!("a certificate expired on {end}")),
        (None, Some(start)) => (start, format!("a certificate is not valid before {start} (and it is {now} here)")),
        (None, None) => return Err(fault),
    };
    match prove(time) {
        // With other ends in between, nothing can be said for sure but that it has ended.
        Ok(()) => Ok(Some(what)),
        Err(other) if other.reason == Reason::CertificateRevoked => Ok(Some(what)),
        Err(_) => Err(fault),
    }
}

/// The certificate must be a node's, and of the organisation that `watchfire.toml` names.
fn check_name(file: &Path, config: &Config) -> Result<(), OwnError> {
    let chain = read_chain(file)?;
    let leaf = chain.first().map(|der| Leaf::parse(der)).transpose();
    let leaf = leaf.map_err(|fault| OwnError::Trust { file: file.to_owned(), fault })?;
    let Some(leaf) = leaf else { return Ok(()) };
    let domain = &config.organisation.domain;
    if leaf.id.domain() != domain {
        let (file, of, domain) = (file.to_owned(), leaf.id.domain().clone(), domain.clone());
        return Err(OwnError::OtherDomain { file, of, domain });
    }
    if leaf.id.role() != Role::Node {
        return Err(OwnError::NoNode { file: file.to_owned(), id: leaf.id });
    }
    Ok(())
}
