//! Everything that a node reads from its own files: keys, certificates, bundle, revocation lists, house rules.

use zeroize::Zeroizing;

use super::{
    certificate_set::CertificateSet,
    error::{NodeFilesError, StartupNotice},
    keys::{load_ledger_key, load_storage_key},
    persons::{PERSONS, PersonFiles, persons},
    rules,
};
use crate::{
    config::Config,
    domain::time::Time,
    identity::{files::write_over, trust::KnownOrganisation},
    node::{bundles::own_bundle::KeepBundle, house_rules::house::FoundRules},
    policy::HouseRules,
    seal::{raw::RawKey, sign::SigningKey},
    transport::tls_config::Credentials,
};

/// The contents of a node's own files.
pub struct NodeFiles {
    /// The TLS certificate and key.
    pub credentials: Credentials,
    /// The key that signs statements.
    pub key: SigningKey,
    /// The node's organisation as partners know it: bundle and revocation lists.
    pub member: KnownOrganisation,
    /// Revocation lists (DER) in this organisation's file whose issuer is not known yet.
    pub waiting_lists: Vec<Vec<u8>>,
    /// The key under which the store's content is encrypted.
    pub storage_key: Zeroizing<[u8; 32]>,
    /// The key that signs the ledger. `None` if there is none yet.
    pub ledger_key: Option<RawKey>,
    /// The house rules on disk, not checked yet. If they contain mistakes, the node keeps the rules that were in force before.
    pub house_rules: FoundRules,
    /// Faults that do not keep the node from starting.
    pub notices: Vec<StartupNotice>,
    /// Revocation lists that are in force and missing from the organisation's own file.
    pub behind: Vec<StartupNotice>,
}

impl NodeFiles {
    /// Reads the files as [`Self::load`] does, and checks the house rules too. Returns the notices.
    ///
    /// # Errors
    /// The first fault, with its file. Of the house rules, all faults.
    pub fn check(config: &Config, now: Time) -> Result<Vec<StartupNotice>, NodeFilesError> {
        let Self { mut notices, behind, house_rules, .. } = Self::load(config, now)?;
        notices.extend(behind);
        let checked = house_rules.and_then(|files| HouseRules::compile(&files.unwrap_or_default()));
        checked.map(|_| notices).map_err(|faults| NodeFilesError::Rules(config.rules.clone(), faults))
    }

    /// Reads the files.
    ///
    /// # Errors
    /// The first fault, with its file.
    pub fn load(config: &Config, now: Time) -> Result<Self, NodeFilesError> {
        let CertificateSet { credentials, key, member, waiting_lists, mut notices, behind } =
            CertificateSet::load(config, now)?;
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

impl NodeFiles {
    /// Writes the notices into the log.
    pub(super) fn tell_notices(&self) {
        for notice in &self.notices {
            tracing::error!(file = %notice.file.display(), "{}", notice.message);
        }
    }
}

/// Notices about persons in the directory whose certificates are of another organisation.
fn persons_elsewhere(config: &Config) -> Vec<StartupNotice> {
    let domain = &config.organisation.domain;
    let all = match persons(&config.dir) {
        Ok(all) => all,
        // A damaged file of one person must not keep the node from starting.
        Err(error) => {
            let file = config.dir.join(PERSONS);
            return vec![StartupNotice { file, message: error.to_string(), is_unusable: false }];
        }
    };
    let elsewhere = all.into_iter().filter(|p| p.id.domain() != domain);
    let notice = |p: PersonFiles| {
        let message =
            format!("`{}` does not belong to `{domain}`, so the desk refuses it; have it issued for `{domain}`", p.id);
        StartupNotice { file: p.tls(), message, is_unusable: false }
    };
    elsewhere.map(notice).collect()
}

/// Returns a function that writes new roots of the organisation into the bundle file, atomically.
pub(super) fn keep_bundle(config: &Config) -> KeepBundle {
    let file = config.bundle.clone();
    std::sync::Arc::new(move |pem| write_over(&file, pem.as_bytes()).map_err(|e| e.to_string()))
}
