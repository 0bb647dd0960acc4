//! Finds the CA that signed a list or a certificate, by its key and not by its name alone.

use rustls_pki_types::CertificateDer;
use x509_parser::{certificate::X509Certificate, prelude::CertificateRevocationList};

use super::super::{certificate::parse, chain::signed_by};
use crate::{domain::ids::Sha256, seal::hash::sha256};

/// The most CAs between a list's issuer and the root.
const MAX_DEPTH: usize = 3;

/// The id of the key in a certificate (DER).
pub fn key_of(certificate: &[u8]) -> Option<Sha256> {
    parse(certificate).ok().map(|c| Sha256(sha256(&[c.public_key().raw])))
}

/// The CA certificates among these, without repetition.
pub fn authorities<'a>(certificates: impl IntoIterator<Item = &'a [u8]>) -> Vec<Vec<u8>> {
    let mut found: Vec<Vec<u8>> = Vec::new();
    for der in certificates {
        if found.iter().all(|f| f != der) && parse(der).is_ok_and(|c| c.is_ca()) {
            found.push(der.to_vec());
        }
    }
    found
}

/// The key that signed the list, and the certificates from its CA up to a root, without the root.
///
/// The path is proved by names and signatures only. That is enough, because a list only applies to certificates that its key has issued, and
/// those are proved with every constraint when they are used.
pub(super) fn find(
    list: &CertificateRevocationList<'_>,
    roots: &[CertificateDer<'static>],
    through: &[Vec<u8>],
) -> Option<(Sha256, Vec<Vec<u8>>)> {
    let candidates = roots.iter().map(AsRef::as_ref).chain(through.iter().map(Vec::as_slice));
    candidates.filter(|der| signed(list, der)).find_map(|der| {
        let path = path_to_root(der, roots, through, MAX_DEPTH)?;
        Some((key_of(der)?, path))
    })
}

fn path_to_root(
    der: &[u8],
    roots: &[CertificateDer<'static>],
    through: &[Vec<u8>],
    depth: usize,
) -> Option<Vec<Vec<u8>>> {
    if roots.iter().any(|root| root.as_ref() == der) {
        return Some(Vec::new());
    }
    let depth = depth.checked_sub(1)?;
    let certificate = parse(der).ok()?;
    let above = if roots.iter().any(|root| issued(&certificate, root)) {
        Some(Vec::new())
    } else {
        let parents = through.iter().filter(|parent| parent.as_slice() != der && issued(&certificate, parent));
        parents.into_iter().find_map(|parent| path_to_root(parent, roots, through, depth))
    }?;
    Some(std::iter::once(der.to_vec()).chain(above).collect())
}

fn issued(child: &X509Certificate<'_>, parent: &[u8]) -> bool {
    let Ok(ca) = parse(parent) else { return false };
    ca.is_ca()
        && ca.subject().as_raw() == child.issuer().as_raw()
        && signed_by(parent, child.tbs_certificate.as_ref(), &child.signature_value.data)
}

fn signed(list: &CertificateRevocationList<'_>, issuer: &[u8]) -> bool {
    let Ok(ca) = parse(issuer) else { return false };
    let may_sign = ca.key_usage().is_ok_and(|usage| usage.is_none_or(|usage| usage.value.crl_sign()));
    may_sign
        && ca.subject().as_raw() == list.issuer().as_raw()
        && signed_by(issuer, list.tbs_cert_list.as_ref(), &list.signature_value.data)
}
