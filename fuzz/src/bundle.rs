//! Trust bundles: what is accepted holds roots alone, reads back, and has one fingerprint.

use watchfire::{domain::ids::TrustDomain, identity::bundle::TrustBundle};
use x509_parser::prelude::{FromDer, X509Certificate};

/// The bytes are PEM; or, after a NUL byte, one DER certificate.
pub fn check(data: &[u8]) {
    let domain: TrustDomain = "gb.example".parse().expect("a name");
    let read = match data.strip_prefix(&[0]) {
        Some(der) => TrustBundle::new(domain.clone(), vec![der.to_vec().into()]),
        None => TrustBundle::from_pem(domain.clone(), data),
    };
    let Ok(bundle) = read else { return };
    assert!((1..=8).contains(&bundle.roots().len()));
    for root in bundle.roots() {
        let (rest, certificate) = X509Certificate::from_der(root).expect("a certificate");
        assert!(rest.is_empty(), "bytes behind the certificate");
        assert!(certificate.is_ca(), "no CA's certificate");
        assert_eq!(certificate.subject().as_raw(), certificate.issuer().as_raw(), "no root");
    }
    let again = TrustBundle::from_pem(domain, bundle.to_pem().as_bytes()).expect("what was written reads back");
    assert_eq!(again, bundle);
    let print = bundle.fingerprint();
    assert_eq!(print.agrees_with(&print.words()), Ok(true));
}
