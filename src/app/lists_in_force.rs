//! A copy of this organisation's revocation lists in force, in a file next to the store. The store encrypts them, and only a running
//! node can read it. With this file, `config check` and `doctor` can say what is wrong with the file that `crl` names.

use std::{path::PathBuf, sync::Arc};

use super::error::StartupNotice;
use crate::{
    config::Config,
    domain::time::Time,
    identity::{
        bundle::TrustBundle,
        crl::{Crl, authorities},
        files::{Existing, FileError, certificates, read_crl_file, to_pem, write_public},
        trust::KnownOrganisation,
    },
};

/// The name of the file.
const FILE: &str = "revocation-lists.seen";

/// Writes the file when the lists change. What was written last is remembered to save work; a second process writes the file of its own host.
pub(super) struct ListsInForceFile {
    path: PathBuf,
    written: Option<Arc<KnownOrganisation>>,
}

fn path(config: &Config) -> PathBuf {
    config.store.with_file_name(FILE)
}

impl ListsInForceFile {
    pub fn new(config: &Config) -> Self {
        Self { path: path(config), written: None }
    }

    /// Writes the file if the lists in force have changed since the last call.
    ///
    /// # Errors
    /// The file can't be written; the next call tries again.
    pub fn keep(&mut self, own: Arc<KnownOrganisation>) -> Result<(), FileError> {
        if self.written.as_ref().is_some_and(|written| Arc::ptr_eq(written, &own)) {
            return Ok(());
        }
        let list = |crl: &Crl| {
            let issuers = crl.issuers().iter().map(|der| to_pem("CERTIFICATE", der));
            to_pem("X509 CRL", crl.der()) + &issuers.collect::<String>()
        };
        let text: String = own.crls.iter().map(list).collect();
        write_public(&self.path, text.as_bytes(), Existing::Replace)?;
        self.written = Some(own);
        Ok(())
    }
}

/// The lists that were in force last. Lists that no longer verify against the bundle are left out. A file that can't be read counts as empty,
/// because it only serves to explain.
pub(super) fn read(config: &Config, bundle: &TrustBundle, now: Time) -> Vec<Crl> {
    let Ok((lists, pem)) = read_crl_file(&path(config)) else { return vec![] };
    let known = certificates(&pem).unwrap_or_default();
    let through = authorities(known.iter().map(AsRef::as_ref));
    lists.iter().filter_map(|der| Crl::verify(der, bundle, &through, now).ok()).collect()
}

/// Merges the lists of the organisation's own file with those in force. Of each list the newer one counts.
pub(super) fn in_force(file: &[Crl], seen: &[Crl]) -> Vec<Crl> {
    let mut lists = file.to_vec();
    for crl in seen {
        if let Ok(with) = Crl::adopt(&lists, crl.clone()) {
            lists = with;
        }
    }
    lists
}

/// Notices about lists that are in force and missing from the organisation's own file.
pub(super) fn compare(config: &Config, file: &[Crl], seen: &[Crl]) -> Vec<StartupNotice> {
    let notice = |crl: &Crl| {
        let message = match file.iter().find(|other| other.is_same_series(crl)) {
            None => format!(
                "lacks the revocation list of `{}` that was in it before (number {}), which stays in force; put it back, or a newer one",
                crl.issuer(),
                number(crl)
            ),
            Some(older) if crl.is_newer_than(older) => format!(
                "holds the revocation list number {} of `{}`, which is NOT in force: number {} was in it before and stays in force; put \
                 a newer list in its place, or where the CA lost its number run `watchfire partner crl FILE --replace`",
                number(older),
                crl.issuer(),
                number(crl)
            ),
            Some(_) => return None,
        };
        Some(StartupNotice { file: config.crl.clone(), message, is_unusable: false })
    };
    seen.iter().filter_map(notice).collect()
}

/// A list's number as people read it: decimal if it is short enough, otherwise hexadecimal.
fn number(crl: &Crl) -> String {
    let mut bytes = [0; 16];
    let place = bytes.len().checked_sub(crl.number().len()).and_then(|start| bytes.get_mut(start..));
    match place {
        Some(place) => {
            place.copy_from_slice(crl.number());
            u128::from_be_bytes(bytes).to_string()
        }
        None => format!("0x{}", hex::encode(crl.number())),
    }
}
