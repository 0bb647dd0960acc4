//! The certificates that a list covers, according to its issuing distribution point (RFC 5280, section 5.2.5).

use x509_parser::{
    extensions::{DistributionPointName, GeneralName, ParsedExtension},
    oid_registry::OID_X509_EXT_ISSUER_DISTRIBUTION_POINT,
    prelude::CertificateRevocationList,
};

use super::parse::malformed;
use crate::{
    domain::{fault::Fault, ids::Sha256},
    identity::certificate::parse,
    seal::hash::sha256,
};

/// The scope that a list states.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    id: Sha256,
    only_end_certificates: bool,
    only_authorities: bool,
    /// The addresses of its distribution point. Empty means all certificates of its issuer.
    addresses: Vec<String>,
}

impl Scope {
    pub fn of(list: &CertificateRevocationList<'_>) -> Result<Self, Fault> {
        let found = list.extensions().iter().find(|e| e.oid == OID_X509_EXT_ISSUER_DISTRIBUTION_POINT);
        let Some(extension) = found else {
            let (only_end_certificates, only_authorities) = (false, false);
            return Ok(Self { id: Sha256([0; 32]), only_end_certificates, only_authorities, addresses: Vec::new() });
        };
        let ParsedExtension::IssuingDistributionPoint(point) = extension.parsed_extension() else {
            return Err(malformed());
        };
        if point.indirect_crl || point.only_some_reasons.is_some() || point.only_contains_attribute_certs {
            return Err(malformed());
        }
        Ok(Self {
            id: Sha256(sha256(&[extension.value])),
            only_end_certificates: point.only_contains_user_certs,
            only_authorities: point.only_contains_ca_certs,
            addresses: point.distribution_point.as_ref().map(addresses).unwrap_or_default(),
        })
    }

    pub fn id(&self) -> Sha256 {
        self.id
    }

    /// Whether it covers the certificate. A certificate that names no distribution point is covered by every list of its issuer.
    pub fn covers(&self, certificate: &[u8], is_end: bool) -> bool {
        if self.only_end_certificates && !is_end || self.only_authorities && is_end {
            return false;
        }
        let named = points_of(certificate);
        self.addresses.is_empty() || named.is_empty() || named.iter().any(|name| self.addresses.contains(name))
    }
}

fn addresses(point: &DistributionPointName<'_>) -> Vec<String> {
    let DistributionPointName::FullName(names) = point else { return Vec::new() };
    let address = |name: &GeneralName<'_>| match name {
        GeneralName::URI(uri) => Some((*uri).to_owned()),
        _ => None,
    };
    names.iter().filter_map(address).collect()
}

fn points_of(certificate: &[u8]) -> Vec<String> {
    let Ok(certificate) = parse(certificate) else { return Vec::new() };
    let points = certificate.extensions().iter().filter_map(|e| match e.parsed_extension() {
        ParsedExtension::CRLDistributionPoints(points) => Some(points),
        _ => None,
    });
    points.flat_map(|p| p.iter()).filter_map(|p| p.distribution_point.as_ref()).flat_map(addresses).collect()
}
