//! What a node has of its own: keys, certificates, bundle, revocation lists, house rules.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{
    persons::{PERSONS, persons},
    rules,
    set::{Notice, OwnSet},
};
use crate::{
    config::Config,
    domain::{
        fault::Fault,
        ids::{SpiffeId, TrustDomain},
        rules::RuleFault,
        time::Time,
    },
    identity::{
        bundle::TrustBundle,
        certificate::Leaf,
        crl::{Crl, NOT_SIGNED, authorities},
        files::{
            Existing, FileError, certificates, read_chain, read_crls, read_pkcs8, read_roots, read_secret, to_pem,
            write_over, write_secret,
        },
        trust::Member,
    },
    node::{bundles::KeepBundle, rules::FoundRules},
    policy::HouseRules,
    seal::{
        raw::RawKey,
        sign::{KeyError, SigningKey},
    },
    transport::gate::{Credentials, GateError},
};

/// Why a node's own things can't be used.
#[derive(Debug, thiserror::Error)]
pub enum OwnError {
    /// A file is missing, unreadable or open to others.
    #[error(transparent)]
    File(#[from] FileError),
    /// TLS certificate and key.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// The bundle, a revocation list or a certificate.
    #[error("{file}: {fault}")]
    Trust {
        /// Which file.
        file: PathBuf,
        /// What is wrong with it.
        fault: Fault,
    },
    /// The signing key.
    #[error("{file}: {error}")]
    Key {
        /// Which file.
        file: PathBuf,
        /// What is wrong with it.
        error: KeyError,
    },
    /// The storage key.
    #[error("{0} holds no storage key: 64 hexadecimal digits; `watchfire init` makes one, a store can't change it")]
    StorageKey(PathBuf),
    /// A certificate of another organisation than the one that is configured.
    #[error(
        "{file}: the certificate is of `{of}`, and watchfire.toml says domain = \"{domain}\"; have the node's, the \
         people's and the root certificates issued for `{domain}`, or write domain = \"{of}\" again"
    )]
    OtherDomain {
        /// Which file.
        file: PathBuf,
        /// Whose certificate it is.
        of: TrustDomain,
        /// Who is configured.
        domain: TrustDomain,
    },
    /// A certificate that is not a node's.
    #[error("{file}: the certificate is of `{id}`; a node's id is written spiffe://DOMAIN/node/NAME")]
    NoNode {
        /// Which file.
        file: PathBuf,
        /// Whose it is.
        id: SpiffeId,
    },
    /// The ledger's key.
    #[error("{0} holds no Ed25519 key in PKCS#8; put the ledger's key back: partners raise an alarm where it changes")]
    LedgerKey(PathBuf),
    /// The house rules have mistakes.
    #[error("{}", told(.0, .1))]
    Rules(PathBuf, Vec<RuleFault>),
}

/// Every mistake on a line of its own.
fn told(directory: &Path, faults: &[RuleFault]) -> String {
    let lines: Vec<String> = faults.iter().map(|f| format!("{}/{f}", directory.display())).collect();
    lines.join("\n")
}

/// A node's own things.
pub struct Own {
    /// What TLS shows.
    pub credentials: Credentials,
    /// What statements are signed with.
    pub key: SigningKey,
    /// What others hold of it.
    pub member: Member,
    /// Revocation lists (DER) in the own file whose issuer is not known yet.
    pub waiting_lists: Vec<Vec<u8>>,
    /// What the store's content is encrypted under.
    pub storage_key: Zeroizing<[u8; 32]>,
    /// What the ledger is signed with; `None` where there is none yet.
    pub ledger_key: Option<RawKey>,
    /// The rules of the house as they are on disk, unchecked: with mistakes in them a node runs on with those before.
    pub house_rules: FoundRules,
    /// What the node starts with and somebody has to mend all the same.
    pub notices: Vec<Notice>,
    /// Where the own file of revocation lists holds less than those in force.
    pub behind: Vec<Notice>,
}

impl Own {
    /// Reads all of it as [`Self::load`] does for a node that starts, and checks the house rules. Gives what a node starts
    /// with and somebody has to mend all the same.
    ///
    /// # Errors
    /// The first fault, with its file; of the house rules all.
    pub fn check(config: &Config, now: Time) -> Result<Vec<Notice>, OwnError> {
        let Self { mut notices, behind, house_rules, .. } = Self::load(config, now)?;
        notices.extend(behind);
        let checked = house_rules.and_then(|files| HouseRules::compile(&files.unwrap_or_default()));
        checked.map(|_| notices).map_err(|faults| OwnError::Rules(config.rules.clone(), faults))
    }

    /// Reads all of it.
    ///
    /// # Errors
    /// The first fault, with its file.
    pub fn load(config: &Config, now: Time) -> Result<Self, OwnError> {
        let OwnSet { credentials, key, member, waiting_lists, mut notices, behind } = OwnSet::load(config, now)?;
        notices.extend(persons_elsewhere(config));
        Ok(Self {
            credentials,
            key,
            member,
            waiting_lists,
            notices,
            behind,
            storage_key: load_storage_key(&config.storage_key)?,
            ledger_key: load_ledger_key(&config.ledger.key)?,
            house_rules: rules::read(&config.rules),
        })
    }
}

impl Own {
    /// Writes what is to be mended into the log.
    pub(super) fn tell_notices(&self) {
        for notice in &self.notices {
            tracing::error!(file = %notice.file.display(), "{}", notice.message);
        }
    }
}

/// Whether a node's files are in the directory, any of them. Where there is none, it is a person's own machine.
pub fn is_node_here(config: &Config) -> bool {
    let files = [
        &config.tls.certificate,
        &config.tls.key,
        &config.signing.certificate,
        &config.signing.key,
        &config.store,
        &config.storage_key,
    ];
    files.into_iter().any(|file| file.exists())
}

/// The people in the directory whose certificates are of another organisation than the one that is configured.
fn persons_elsewhere(config: &Config) -> Vec<Notice> {
    let domain = &config.organisation.domain;
    let all = match super::persons::persons(&config.dir) {
        Ok(all) => all,
        // One person's damaged file keeps no node from starting.
        Err(error) => {
            let file = config.dir.join(super::persons::PERSONS);
            return vec![Notice { file, message: error.to_string(), is_unusable: false }];
        }
    };
    let elsewhere = all.into_iter().filter(|p| p.id.domain() != domain);
    let told = |p: super::persons::PersonFiles| {
        let message = format!("`{}` is not of `{domain}`, so the desk refuses it; have it issued for `{domain}`", p.id);
        Notice { file: p.tls(), message, is_unusable: false }
    };
    elsewhere.map(told).collect()
}

/// The signing key with its chain.
///
/// # Errors
/// [`OwnError`]
pub fn load_key(config: &Config) -> Result<SigningKey, OwnError> {
    signing_key(&config.signing.certificate, &config.signing.key)
}

/// A signing key with its chain, from files.
///
/// # Errors
/// [`OwnError`]
pub fn signing_key(certificate: &Path, key: &Path) -> Result<SigningKey, OwnError> {
    let chain: Vec<Vec<u8>> = read_chain(certificate)?.iter().map(|c| c.to_vec()).collect();
    let leaf = chain.first().map(|der| Leaf::parse(der)).transpose();
    let leaf = leaf.map_err(|fault| OwnError::Trust { file: certificate.to_owned(), fault })?;
    let pkcs8 = read_pkcs8(key)?;
    let mismatch = || OwnError::Key { file: key.to_owned(), error: KeyError::Mismatch };
    let leaf = leaf.ok_or_else(mismatch)?;
    SigningKey::new(&pkcs8, chain, &leaf.public_key, leaf.id)
        .map_err(|error| OwnError::Key { file: key.to_owned(), error })
}

/// The bundle with the revocation lists whose issuers are known, and the lists (DER) whose issuers are not known yet.
///
/// # Errors
/// [`OwnError`]
pub fn load_lists(config: &Config, now: Time) -> Result<(Member, Vec<Vec<u8>>), OwnError> {
    let at = |file: &PathBuf| {
        let file = file.clone();
        move |fault| OwnError::Trust { file, fault }
    };
    let roots = read_roots(&config.bundle)?;
    let bundle = TrustBundle::new(config.organisation.domain.clone(), roots).map_err(at(&config.bundle))?;
    let through = known_authorities(config)?;
    let (mut crls, mut waiting) = (vec![], vec![]);
    for der in listed(&config.crl)? {
        match Crl::verify(&der, &bundle, &through, now) {
            Ok(crl) => crls.push(crl),
            // Its issuer may become known later. Whatever else is wrong with a list is for the administrator to mend.
            Err(fault) if fault.message == NOT_SIGNED => waiting.push(der),
            Err(fault) => return Err(at(&config.crl)(fault)),
        }
    }
    Ok((Member { crls, bundle, state: crate::domain::partner::PartnerState::Active }, waiting))
}

/// The lists in the own file. None where it is missing, leads nowhere or is empty: the node keeps those that it has seen.
fn listed(file: &Path) -> Result<Vec<Vec<u8>>, OwnError> {
    let is_empty = |meta: std::fs::Metadata| meta.is_file() && meta.len() == 0;
    if !file.exists() || std::fs::metadata(file).is_ok_and(is_empty) {
        return Ok(vec![]);
    }
    Ok(read_crls(file)?)
}

/// The CAs that are known beside the roots: in the node's chains, in those of the persons in its directory, and in the file with
/// the revocation lists.
fn known_authorities(config: &Config) -> Result<Vec<Vec<u8>>, OwnError> {
    let mut known = vec![];
    for file in [&config.tls.certificate, &config.signing.certificate] {
        known.extend(read_chain(file)?);
    }
    for person in persons(&config.dir).unwrap_or_default() {
        for file in [person.tls(), person.signing()] {
            known.extend(read_chain(&file).unwrap_or_default());
        }
    }
    known.extend(std::fs::read(&config.crl).ok().and_then(|pem| certificates(&pem)).unwrap_or_default());
    Ok(authorities(known.iter().map(AsRef::as_ref)))
}

pub(super) fn load_ledger_key(path: &Path) -> Result<Option<RawKey>, OwnError> {
    if !path.exists() {
        return Ok(None);
    }
    let pkcs8 = read_pkcs8(path)?;
    RawKey::new(&pkcs8).map(Some).map_err(|_| OwnError::LedgerKey(path.to_owned()))
}

/// Makes the ledger's key, for a node that has none.
///
/// # Errors
/// [`OwnError`]
pub fn make_ledger_key(path: &Path) -> Result<RawKey, OwnError> {
    let pkcs8 = RawKey::generate().map_err(|_| OwnError::LedgerKey(path.to_owned()))?;
    write_secret(path, to_pem("PRIVATE KEY", &pkcs8).as_bytes(), Existing::Keep)?;
    RawKey::new(&pkcs8).map_err(|_| OwnError::LedgerKey(path.to_owned()))
}

pub(super) fn load_storage_key(path: &Path) -> Result<Zeroizing<[u8; 32]>, OwnError> {
    let text = read_secret(path)?;
    let mut key = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text.trim_ascii(), &mut *key).map_err(|_| OwnError::StorageKey(path.to_owned()))?;
    Ok(key)
}

/// Whether a file, by its real name, is a key of the node's, its store, or in the directories of its people and its CA.
pub fn is_secret(config: &Config, real: &Path) -> bool {
    let Config { dir, tls, signing, ledger, storage_key, store, .. } = config;
    let within = |place: PathBuf| place.canonicalize().is_ok_and(|place| real.starts_with(place));
    // The next ledger key and the parts of the store bear longer names than the files that they stand beside.
    let is_beside = |file: &PathBuf| {
        let named = |path: &Path| path.file_name().map(|name| name.as_encoded_bytes().to_vec()).unwrap_or_default();
        let home = file.parent().and_then(|parent| parent.canonicalize().ok());
        home.is_some_and(|home| real.parent() == Some(&home)) && named(real).starts_with(&named(file))
    };
    [&tls.key, &signing.key, &ledger.key, storage_key, store].into_iter().any(is_beside)
        || [dir.join(PERSONS), dir.join("ca")].into_iter().any(within)
}

/// Writes new own roots into the file that they come from, in one step.
pub(super) fn keep_bundle(config: &Config) -> KeepBundle {
    let file = config.bundle.clone();
    std::sync::Arc::new(move |pem| write_over(&file, pem.as_bytes()).map_err(|e| e.to_string()))
}
