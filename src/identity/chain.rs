//! Proves a chain against the roots of one organisation. webpki does the work; the limits and the error texts are ours.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use rustls::crypto::{
    CryptoProvider,
    aws_lc_rs::{
        default_provider,
        kx_group::{SECP256R1, X25519, X25519MLKEM768},
    },
};
use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter, KeyUsage, RequiredEkuNotFoundContext};

use super::certificate::{ANY_USAGE, invalid, malformed};
use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::Sha256,
        time::Time,
    },
    seal::hash::sha256,
};

/// The most certificates of a chain, and the most bytes of all of them together.
const MAX_CERTIFICATES: usize = 4;
const MAX_BYTES: usize = 16 << 10;

/// The messages of faults for which TLS has an alert of its own. `verifier` recognises them by these texts. The day follows the first one.
pub(super) const EXPIRED: &str = "a certificate of the chain ended on ";
pub(super) const NOT_YET: &str = "a certificate of the chain is not valid yet; check the clocks";
pub(super) const UNKNOWN_ROOT: &str = "the chain does not lead to the trust bundle of the organisation that it claims";

/// It is made from this program alone, so that every process has the same.
static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| {
    // The library's own order, without its feature `prefer-post-quantum`, puts the hybrid group last.
    let kx_groups = vec![X25519MLKEM768, X25519, SECP256R1];
    Arc::new(CryptoProvider { kx_groups, ..default_provider() })
});

/// The cryptography of TLS and of certificates: aws-lc-rs, with the post-quantum hybrid group first. It is always named explicitly, and the
/// process's default is never used.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    PROVIDER.clone()
}

/// One certificate of a proved path.
pub(super) struct ProvedCertificate {
    /// The id of the key that issued it.
    pub issuing_key: Sha256,
    pub serial: Vec<u8>,
    pub der: Vec<u8>,
}

/// What a chain is verified against.
pub(super) struct ChainParameters<'a> {
    pub anchors: &'a [TrustAnchor<'static>],
    /// Each certificate that names extended key usages must name one of these. `None` requires no usage.
    pub usages: Option<&'a [&'a str]>,
    pub at: Time,
}

/// Refuses a chain that is empty or too large, before anything is parsed.
pub(super) fn check_size(chain: &[&[u8]]) -> Result<(), Fault> {
    let bytes: usize = chain.iter().map(|der| der.len()).sum();
    match chain.len() {
        0 => Err(invalid("no certificate was sent")),
        1..=MAX_CERTIFICATES if bytes <= MAX_BYTES => Ok(()),
        certificates => Err(invalid(format!(
            "the chain has {certificates} certificates in {bytes} bytes; at most {MAX_CERTIFICATES} in {MAX_BYTES} are read"
        ))),
    }
}

/// The path from the end certificate (first) up to a root, which is left out. The caller must check the leaf's own usage, because webpki accepts
/// a leaf without usages for any usage.
pub(super) fn prove(chain: &[&[u8]], parameters: &ChainParameters<'_>) -> Result<Vec<ProvedCertificate>, Fault> {
    check_size(chain)?;
    let chain: Vec<CertificateDer<'_>> = chain.iter().map(|der| CertificateDer::from(*der)).collect();
    let (leaf, intermediates) = chain.split_first().ok_or_else(malformed)?;
    let leaf = EndEntityCert::try_from(leaf).map_err(|_| malformed())?;
    let path = leaf
        .verify_for_usage(
            PROVIDER.signature_verification_algorithms.all,
            parameters.anchors,
            intermediates,
            unix(parameters.at),
            Usages(parameters.usages),
            // The caller checks revocation link by link, against the lists of the key that issued each certificate: see `trust`.
            None,
            None,
        )
        .map_err(|error| explain(&error))?;
    let certificates: Vec<&webpki::Cert<'_>> =
        std::iter::once::<&webpki::Cert<'_>>(path.end_entity()).chain(path.intermediate_certificates()).collect();
    let above = certificates.iter().skip(1).map(|cert| cert.subject_public_key_info());
    let keys = above.map(|spki| spki.to_vec()).chain(std::iter::once(sequence(&path.anchor().subject_public_key_info)));
    let link = |(cert, key): (&&webpki::Cert<'_>, Vec<u8>)| ProvedCertificate {
        issuing_key: Sha256(sha256(&[&key])),
        serial: cert.serial().to_vec(),
        der: cert.der().to_vec(),
    };
    Ok(certificates.iter().zip(keys).map(link).collect())
}

/// A DER SEQUENCE with that content. A trust anchor contains its key without tag and length.
fn sequence(content: &[u8]) -> Vec<u8> {
    let bytes = content.len().to_be_bytes();
    let significant: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
    let length = match u8::try_from(content.len()) {
        Ok(short) if short < 0x80 => vec![short],
        // The length takes at most 8 bytes, so its own length fits into the first byte.
        _ => std::iter::once(0x80 | significant.len().to_be_bytes().last().copied().unwrap_or_default())
            .chain(significant)
            .collect(),
    };
    [&[0x30], length.as_slice(), content].concat()
}

/// Whether `key_of` signed `message`, with any algorithm of that key.
pub(super) fn signed_by(key_of: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let der = CertificateDer::from(key_of);
    let algorithms = PROVIDER.signature_verification_algorithms.all;
    EndEntityCert::try_from(&der)
        .is_ok_and(|cert| algorithms.iter().any(|a| cert.verify_signature(*a, message, signature).is_ok()))
}

/// Whole seconds since 1970, as in certificates.
pub(super) fn unix(time: Time) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(time.parts().0).unwrap_or_default()))
}

struct Usages<'a>(Option<&'a [&'a str]>);

impl ExtendedKeyUsageValidator for Usages<'_> {
    fn validate(&self, present: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        let Some(wanted) = self.0 else { return Ok(()) };
        let mut seen = Vec::new();
        for usage in present {
            seen.push(usage?.to_decoded_oid());
        }
        let dotted = |oid: &Vec<usize>| oid.iter().map(usize::to_string).collect::<Vec<_>>().join(".");
        if seen.is_empty() || seen.iter().map(dotted).any(|oid| oid == ANY_USAGE || wanted.contains(&oid.as_str())) {
            return Ok(());
        }
        // The library requires one usage to be named. `explain` does not show it.
        let required = KeyUsage::client_auth();
        Err(webpki::Error::RequiredEkuNotFoundContext(RequiredEkuNotFoundContext { required, present: seen }))
    }
}

fn explain(error: &webpki::Error) -> Fault {
    use webpki::Error;
    match error {
        Error::CertExpired { not_after, .. } => expired(*not_after),
        Error::CertNotValidYet { .. } => invalid(NOT_YET),
        Error::CaUsedAsEndEntity => invalid("a CA's certificate is in the place of an end certificate"),
        Error::EndEntityUsedAsCa => invalid("a certificate of the chain was issued by one that is not a CA's"),
        Error::UnknownIssuer | Error::InvalidSignatureForPublicKey => invalid(UNKNOWN_ROOT),
        Error::RequiredEkuNotFoundContext(_) | Error::EmptyEkuExtension => {
            invalid("a certificate of the chain lacks the needed extended key usage")
        }
        Error::PathLenConstraintViolated | Error::NameConstraintViolation => {
            invalid("the chain breaks a constraint that one of its CAs sets")
        }
        _ => invalid(
            "the chain does not validate: a certificate is malformed or of a kind that this program does not read",
        ),
    }
}

/// The fault for a certificate that has ended. The caller says who has to renew it.
pub(super) fn expired(not_after: UnixTime) -> Fault {
    let end =
        i64::try_from(not_after.as_secs()).map_or(Time::from_seconds_clamped(i64::MAX), Time::from_seconds_clamped);
    invalid(format!("{EXPIRED}{end}"))
}

/// The fault for a certificate that its issuer revoked.
pub(super) fn revoked() -> Fault {
    Fault::new(Reason::CertificateRevoked, "the certificate is on its issuer's revocation list; ask for a new one")
}
