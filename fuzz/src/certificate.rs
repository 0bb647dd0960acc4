//! Certificates: one that is accepted satisfies the written rules, by a second reading; and none proves a signer but those that
//! the organisation's CA has issued.

use watchfire::{
    domain::statement::Suite,
    identity::{certificate::Leaf, signers::Accept},
};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::world;

/// The bytes are an end certificate (DER).
pub fn check(data: &[u8]) {
    let Ok(leaf) = Leaf::parse(data) else {
        assert!(!proved(data), "a certificate that is no leaf proves a signer");
        return;
    };
    let (rest, certificate) = X509Certificate::from_der(data).expect("what was accepted parses");
    assert!(rest.is_empty(), "bytes behind the certificate");
    assert!(!certificate.is_ca(), "a CA's certificate stands for a person");
    let names = certificate.subject_alternative_name().ok().flatten().map(|n| n.value.general_names.clone());
    let uris: Vec<&str> =
        names.iter().flatten().filter_map(|n| if let GeneralName::URI(u) = n { Some(*u) } else { None }).collect();
    assert_eq!(uris, [leaf.id.to_string()], "exactly one URI, which is the id in its one spelling");
    assert!(certificate.key_usage().ok().flatten().is_none_or(|u| u.value.digital_signature()));
    let length = leaf.public_key.len();
    match leaf.suite {
        Some(Suite::Ed25519) => assert_eq!(length, 32),
        Some(Suite::EcdsaP256Sha256) => assert_eq!(length, 65),
        Some(Suite::EcdsaP384Sha384) => assert_eq!(length, 97),
        None => {}
    }
    if proved(data) {
        assert!(
            world::world().leaves.iter().any(|honest| honest == data),
            "a certificate that nobody issued proves a signer"
        );
        assert!(leaf.suite.is_some() && leaf.not_before <= world::now() && world::now() <= leaf.not_after);
    }
}

/// Whether the bytes lead to one of the world's bundles.
fn proved(leaf: &[u8]) -> bool {
    world::world().trust.load().prove_signer(&[leaf.to_vec()], world::now(), Accept::Active).is_ok()
}
