//! Trust bundles: the root certificates of one organisation.

use rustls_pki_types::{CertificateDer, TrustAnchor, pem::PemObject};

use super::{
    certificate::{invalid, malformed, parse, window},
    chain::{ChainParameters, prove},
    files::to_pem,
    fingerprint::Fingerprint,
};
use crate::{
    domain::{fault::Fault, ids::TrustDomain},
    seal::hash::sha256,
};

/// The most roots of a bundle. Old and new roots overlap while certificates are renewed, and nobody needs more than this.
pub const MAX_ROOTS: usize = 8;

/// The roots of one organisation. Its certificates, and no other organisation's, must lead to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustBundle {
    domain: TrustDomain,
    roots: Vec<CertificateDer<'static>>,
}

impl TrustBundle {
    /// A bundle of 1 to 8 different self-issued CA certificates.
    ///
    /// # Errors
    /// `CHAIN_INVALID`, with what is wrong.
    pub fn new(domain: TrustDomain, roots: Vec<CertificateDer<'static>>) -> Result<Self, Fault> {
        if roots.is_empty() || roots.len() > MAX_ROOTS {
            return Err(invalid(format!("a trust bundle has 1 to {MAX_ROOTS} root certificates, not {}", roots.len())));
        }
        for (n, root) in roots.iter().enumerate() {
            check_root(root).map_err(|fault| fault.within(&format!("roots[{n}]")))?;
            if roots.iter().take(n).any(|earlier| earlier == root) {
                return Err(invalid("the same root certificate is listed twice").within(&format!("roots[{n}]")));
            }
        }
        Ok(Self { domain, roots })
    }

    /// Reads PEM. Text between the certificates is skipped.
    ///
    /// # Errors
    /// As [`Self::new`], and if the text is not PEM.
    pub fn from_pem(domain: TrustDomain, pem: &[u8]) -> Result<Self, Fault> {
        let roots = CertificateDer::pem_slice_iter(pem)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| invalid("the trust bundle is not a PEM text; it must contain BEGIN CERTIFICATE sections"))?;
        Self::new(domain, roots)
    }

    /// The roots as PEM.
    pub fn to_pem(&self) -> String {
        self.roots.iter().map(|root| to_pem("CERTIFICATE", root)).collect()
    }

    /// The organisation.
    pub fn domain(&self) -> &TrustDomain {
        &self.domain
    }

    /// The roots, DER.
    pub fn roots(&self) -> &[CertificateDer<'static>] {
        &self.roots
    }

    /// The fingerprint that both sides compare out of band: SHA-256("watchfire.bundle.v1" || 0 || domain || 0 || the SHA-256 of each root,
    /// ascending). The order of the roots makes no difference.
    pub fn fingerprint(&self) -> Fingerprint {
        let mut digests: Vec<[u8; 32]> = self.roots.iter().map(|root| sha256(&[root])).collect();
        digests.sort_unstable();
        let head: [&[u8]; 4] = [b"watchfire.bundle.v1", &[0], self.domain.as_str().as_bytes(), &[0]];
        let parts: Vec<&[u8]> = head.into_iter().chain(digests.iter().map(<[u8; 32]>::as_slice)).collect();
        Fingerprint(sha256(&parts))
    }

    /// Whether one of its roots issued the chain (DER, leaf first), at any time.
    pub fn stands_behind(&self, chain: &[Vec<u8>]) -> bool {
        let chain: Vec<&[u8]> = chain.iter().map(Vec::as_slice).collect();
        let begins = chain.first().and_then(|der| window(der).ok()).map(|(begins, _)| begins);
        let (Some(at), Ok(anchors)) = (begins, self.anchors()) else { return false };
        prove(&chain, &ChainParameters { anchors: &anchors, usages: None, at }).is_ok()
    }

    /// The roots in the form that webpki needs.
    pub(super) fn anchors(&self) -> Result<Vec<TrustAnchor<'static>>, Fault> {
        let anchor = |root| webpki::anchor_from_trusted_cert(root).map(|a| a.to_owned()).map_err(|_| malformed());
        self.roots.iter().map(anchor).collect()
    }
}

fn check_root(der: &CertificateDer<'_>) -> Result<(), Fault> {
    let root = parse(der)?;
    if !root.is_ca() {
        return Err(invalid("the certificate is not a CA's; a trust bundle contains root certificates only"));
    }
    if root.subject().as_raw() != root.issuer().as_raw() {
        return Err(invalid("the certificate is not self-issued; put the root there, not an intermediate CA"));
    }
    let usage = root.key_usage().map_err(|_| malformed())?;
    if usage.is_some_and(|usage| !usage.value.key_cert_sign()) {
        return Err(invalid("the root's key usage lacks keyCertSign"));
    }
    webpki::anchor_from_trusted_cert(der).map(|_| ()).map_err(|_| malformed())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::{
        devca::{DevCa, Purpose},
        files::certificates,
    };

    fn ca(domain: &str) -> DevCa {
        DevCa::create(&domain.parse().unwrap(), "2026-05-01T00:00:00Z".parse().unwrap()).unwrap()
    }

    #[test]
    fn a_bundle_reads_back_and_its_order_makes_no_difference() {
        let (old, new) = (ca("gb.example"), ca("gb.example"));
        let pem = format!("# old\n{}\n{}", old.certificate_pem(), new.certificate_pem());
        let bundle = TrustBundle::from_pem("gb.example".parse().unwrap(), pem.as_bytes()).unwrap();
        let turned = bundle.roots().iter().rev().cloned().collect();
        let turned = TrustBundle::new("gb.example".parse().unwrap(), turned).unwrap();
        assert_eq!(bundle.fingerprint(), turned.fingerprint());
        assert_eq!(TrustBundle::from_pem("gb.example".parse().unwrap(), bundle.to_pem().as_bytes()).unwrap(), bundle);
    }

    #[test]
    fn the_fingerprint_covers_the_domain_and_every_root() {
        let (old, new) = (ca("gb.example"), ca("gb.example"));
        let print = |domain: &str, roots: &[&DevCa]| {
            let roots = roots.iter().map(|ca| ca.certificate().clone()).collect();
            TrustBundle::new(domain.parse().unwrap(), roots).unwrap().fingerprint()
        };
        let one = print("gb.example", &[&old]);
        assert_ne!(one, print("fr.example", &[&old]));
        assert_ne!(one, print("gb.example", &[&old, &new]));
        assert_ne!(one, print("gb.example", &[&new]));
    }

    #[test]
    fn leaves_repeats_and_crowds_are_no_bundle() {
        let domain: TrustDomain = "gb.example".parse().unwrap();
        let ca = ca("gb.example");
        let now = "2026-05-01T00:00:00Z".parse().unwrap();
        let id = "spiffe://gb.example/node/n1".parse().unwrap();
        let leaf = ca.issue(&id, Purpose::NodeTls, now, 30).unwrap();
        let leaf = certificates(leaf.certificate_pem.as_bytes()).unwrap();
        for (roots, words) in [
            (Vec::new(), "not 0"),
            (vec![ca.certificate().clone(); 9], "not 9"),
            (vec![ca.certificate().clone(); 2], "roots[1]: the same root"),
            (leaf, "roots[0]: the certificate is not a CA's"),
            (vec![CertificateDer::from(vec![1, 2, 3])], "roots[0]: a certificate is malformed"),
        ] {
            let fault = TrustBundle::new(domain.clone(), roots).unwrap_err();
            assert!(fault.to_string().contains(words), "{fault}");
        }
        assert!(TrustBundle::from_pem(domain, b"hello").is_err());
    }
}
