//! Reads the bundle and the revocation lists of the node's own organisation.

use std::path::{Path, PathBuf};

use super::{error::NodeFilesError, persons::persons};
use crate::{
    config::Config,
    domain::{partner::PartnerState, time::Time},
    identity::{
        bundle::TrustBundle,
        crl::{Crl, NOT_SIGNED, authorities},
        files::{certificates, read_chain, read_crls, read_roots},
        trust::KnownOrganisation,
    },
};

/// The bundle and the revocation lists of the node's organisation, as its files have them.
pub(super) struct OwnLists {
    /// The bundle, with the lists whose issuers are known.
    pub member: KnownOrganisation,
    /// The lists (DER) whose issuers are not known yet.
    pub waiting: Vec<Vec<u8>>,
}

/// Reads the bundle and the lists, and verifies the lists.
///
/// # Errors
/// [`NodeFilesError`], if a file can't be read or a list is invalid.
pub(super) fn load_lists(config: &Config, now: Time) -> Result<OwnLists, NodeFilesError> {
    let at = |file: &PathBuf| {
        let file = file.clone();
        move |fault| NodeFilesError::Trust { file, fault }
    };
    let roots = read_roots(&config.bundle)?;
    let bundle = TrustBundle::new(config.organisation.domain.clone(), roots).map_err(at(&config.bundle))?;
    let through = known_authorities(config)?;
    let (mut crls, mut waiting) = (vec![], vec![]);
    for der in listed(&config.crl)? {
        match Crl::verify(&der, &bundle, &through, now) {
            Ok(crl) => crls.push(crl),
            // The list's issuer may become known later. Any other fault of a list has to be corrected by the administrator.
            Err(fault) if fault.message == NOT_SIGNED => waiting.push(der),
            Err(fault) => return Err(at(&config.crl)(fault)),
        }
    }
    Ok(OwnLists { member: KnownOrganisation { crls, bundle, state: PartnerState::Active }, waiting })
}

/// The lists in the organisation's own file. A missing or empty file contains none. The node then keeps the lists that it has seen.
fn listed(file: &Path) -> Result<Vec<Vec<u8>>, NodeFilesError> {
    let is_empty = |meta: std::fs::Metadata| meta.is_file() && meta.len() == 0;
    if !file.exists() || std::fs::metadata(file).is_ok_and(is_empty) {
        return Ok(vec![]);
    }
    Ok(read_crls(file)?)
}

/// The CAs that are known in addition to the roots. They come from the chains of the node and of the persons in its directory, and
/// from the file with the revocation lists.
fn known_authorities(config: &Config) -> Result<Vec<Vec<u8>>, NodeFilesError> {
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
