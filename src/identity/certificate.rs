//! What one certificate states about itself. Nothing is proved here: `chain` proves chains with webpki.

use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use crate::domain::{
    fault::{Fault, Reason},
    ids::SpiffeId,
    statement::Suite,
    time::Time,
};

/// The usage for signing statements: id-kp-documentSigning, RFC 9336.
pub const DOCUMENT_SIGNING: &str = "1.3.6.1.5.5.7.3.36";
/// The usage for TLS servers, RFC 5280.
pub const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";
/// The usage for TLS clients, RFC 5280.
pub const CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";
/// The wildcard among usages, RFC 5280. It counts for an intermediate CA, never for a leaf.
pub const ANY_USAGE: &str = "2.5.29.37.0";

/// What an end certificate claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// Its one SPIFFE id.
    pub id: SpiffeId,
    /// The first moment of its validity.
    pub not_before: Time,
    /// The last moment of its validity.
    pub not_after: Time,
    /// Its extended key usages, dotted.
    pub usages: Vec<String>,
    /// The bit string of its public key.
    pub public_key: Vec<u8>,
    /// The suite with which the key signs statements. `None` for keys that can't, such as RSA keys.
    pub suite: Option<Suite>,
}

impl Leaf {
    /// Reads an end certificate: version 3, not a CA, with exactly one URI among its names, which is a SPIFFE id.
    ///
    /// # Errors
    /// `CHAIN_INVALID`, with what is wrong.
    pub fn parse(der: &[u8]) -> Result<Self, Fault> {
        let certificate = parse(der)?;
        if certificate.is_ca() {
            return Err(invalid("a CA's certificate can't identify a person or node; send the end certificate first"));
        }
        let malformed = |_| malformed();
        if let Some(usage) = certificate.key_usage().map_err(malformed)?
            && !usage.value.digital_signature()
        {
            return Err(invalid("the certificate's key usage lacks digitalSignature"));
        }
        let (not_before, not_after) = window_of(&certificate);
        Ok(Self {
            id: spiffe_id(&certificate, der)?,
            not_before,
            not_after,
            usages: usages(&certificate)?,
            public_key: certificate.public_key().subject_public_key.data.to_vec(),
            suite: suite(&certificate),
        })
    }

    /// Checks that it may be used for TLS in that direction and for nothing else, because no key does two jobs.
    pub(crate) fn check_tls_usage(&self, usage: &str) -> Result<(), Fault> {
        if !self.has(usage) {
            return Err(invalid(format!("the certificate lacks the extended key usage {usage} for TLS")));
        }
        if self.has(DOCUMENT_SIGNING) {
            return Err(two_jobs());
        }
        Ok(())
    }

    /// Checks that it may sign statements. `accepted` are the usages that the organisation's smart cards may have instead.
    pub(crate) fn check_signing_usage(&self, accepted: &[String]) -> Result<(), Fault> {
        if self.has(DOCUMENT_SIGNING) {
            return if self.has(SERVER_AUTH) || self.has(CLIENT_AUTH) { Err(two_jobs()) } else { Ok(()) };
        }
        if accepted.iter().any(|usage| self.has(usage)) {
            return Ok(());
        }
        Err(invalid(format!("the certificate lacks the extended key usage {DOCUMENT_SIGNING} for signing documents")))
    }

    fn has(&self, usage: &str) -> bool {
        self.usages.iter().any(|held| held == usage)
    }
}

/// The validity of any certificate: its first and last moment.
///
/// # Errors
/// `CHAIN_INVALID`, if it is malformed.
pub fn window(der: &[u8]) -> Result<(Time, Time), Fault> {
    Ok(window_of(&parse(der)?))
}

/// Parses DER with no bytes after it.
pub(crate) fn parse(der: &[u8]) -> Result<X509Certificate<'_>, Fault> {
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) => Ok(certificate),
        _ => Err(malformed()),
    }
}

/// A `CHAIN_INVALID` fault.
pub(crate) fn invalid(message: impl Into<String>) -> Fault {
    Fault::new(Reason::ChainInvalid, message)
}

/// The fault for bytes that are not a certificate.
pub(crate) fn malformed() -> Fault {
    invalid("a certificate is malformed; it must be X.509 version 3 in DER")
}

fn two_jobs() -> Fault {
    invalid("the certificate has usages for TLS and for signing documents; no key does two jobs, so issue two")
}

fn window_of(certificate: &X509Certificate<'_>) -> (Time, Time) {
    let time = |t: x509_parser::time::ASN1Time| Time::from_seconds_clamped(t.timestamp());
    let validity = certificate.validity();
    (time(validity.not_before), time(validity.not_after))
}

fn spiffe_id(certificate: &X509Certificate<'_>, der: &[u8]) -> Result<SpiffeId, Fault> {
    let names = certificate.subject_alternative_name().map_err(|_| malformed())?;
    let names = names.map(|n| n.value.general_names.as_slice()).unwrap_or_default();
    let mut uris = Vec::new();
    for name in names {
        match name {
            GeneralName::URI(uri) => uris.push(*uri),
            GeneralName::Invalid(..) => return Err(malformed()),
            _ => {}
        }
    }
    let [uri] = uris.as_slice() else {
        return Err(invalid(format!("the certificate has {} URI names; it must have one SPIFFE id", uris.len())));
    };
    // The library that proves the chain must read the same name as this function.
    let der = der.into();
    let proved = webpki::EndEntityCert::try_from(&der).map_err(|_| malformed())?;
    if proved.valid_uri_names().ne([*uri]) {
        return Err(malformed());
    }
    uri.parse().map_err(|wrong: String| {
        // Some CAs write the name as it was typed into a form.
        let lower = uri.to_lowercase();
        let is_well = lower != *uri && lower.parse::<SpiffeId>().is_ok();
        if is_well {
            invalid(format!("the SPIFFE id has capitals; have it issued in lower case: {lower}"))
        } else {
            invalid(wrong)
        }
    })
}

fn usages(certificate: &X509Certificate<'_>) -> Result<Vec<String>, Fault> {
    let Some(extension) = certificate.extended_key_usage().map_err(|_| malformed())? else {
        return Ok(Vec::new());
    };
    let eku = extension.value;
    let named = [
        (eku.any, ANY_USAGE),
        (eku.server_auth, SERVER_AUTH),
        (eku.client_auth, CLIENT_AUTH),
        (eku.code_signing, "1.3.6.1.5.5.7.3.3"),
        (eku.email_protection, "1.3.6.1.5.5.7.3.4"),
        (eku.time_stamping, "1.3.6.1.5.5.7.3.8"),
        (eku.ocsp_signing, "1.3.6.1.5.5.7.3.9"),
    ];
    let named = named.into_iter().filter(|(set, _)| *set).map(|(_, oid)| oid.to_owned());
    Ok(named.chain(eku.other.iter().map(|oid| oid.to_id_string())).collect())
}

fn suite(certificate: &X509Certificate<'_>) -> Option<Suite> {
    let key = certificate.public_key();
    let point_length = key.subject_public_key.data.len();
    let curve = || key.algorithm.parameters.as_ref()?.as_oid().ok().map(|oid| oid.to_id_string());
    match key.algorithm.algorithm.to_id_string().as_str() {
        "1.3.101.112" => (point_length == 32).then_some(Suite::Ed25519),
        // The key is id-ecPublicKey. The length distinguishes the uncompressed point from the compressed one.
        "1.2.840.10045.2.1" => match (curve()?.as_str(), point_length) {
            ("1.2.840.10045.3.1.7", 65) => Some(Suite::EcdsaP256Sha256),
            ("1.3.132.0.34", 97) => Some(Suite::EcdsaP384Sha384),
            _ => None,
        },
        _ => None,
    }
}

/// The serial number of a certificate, as a revocation list states it.
///
/// # Errors
/// `CHAIN_INVALID`, if it is malformed.
pub fn serial(der: &[u8]) -> Result<Vec<u8>, Fault> {
    Ok(parse(der)?.raw_serial().to_vec())
}
