//! PEM files as tools write them, as far as they can be made without these tools. `tests/node/files.rs` has OpenSSL write some.

use super::*;
use crate::identity::devca::{DevCa, IssuedCertificate, Purpose};

fn ca() -> DevCa {
    DevCa::create(&"gb.example".parse().unwrap(), "2026-05-01T00:00:00Z".parse().unwrap()).unwrap()
}

fn node(ca: &DevCa, purpose: Purpose) -> IssuedCertificate {
    let id = "spiffe://gb.example/node/n1".parse().unwrap();
    ca.issue(&id, purpose, "2026-05-01T00:00:00Z".parse().unwrap(), 30).unwrap()
}

fn here() -> &'static Path {
    Path::new("node/x.pem")
}

fn read_key(text: &str) -> Result<Vec<u8>, String> {
    key(text.as_bytes(), here()).map(|k| k.secret_der().to_vec())
}

#[test]
fn line_ends_marks_and_text_around_make_no_difference() {
    let issued = node(&ca(), Purpose::NodeTls);
    let plain = read_key(&issued.key_pem).unwrap();
    let parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    for text in [
        issued.key_pem.replace('\n', "\r\n"),
        format!("\u{feff}{}", *issued.key_pem),
        format!("Bag Attributes\n    friendlyName: node\nKey Attributes: <No Attributes>\n{}", *issued.key_pem),
        format!("{parameters}{}", *issued.key_pem),
        format!("{}{}", issued.certificate_pem, *issued.key_pem),
        issued.key_pem.trim_end().to_owned(),
    ] {
        assert_eq!(read_key(&text).unwrap(), plain, "{text}");
    }
    let chain = all_certificates(issued.certificate_pem.as_bytes(), here()).unwrap();
    for text in [
        issued.certificate_pem.replace('\n', "\r\n"),
        format!("subject=CN = n1\nissuer=CN = ca\n{}", issued.certificate_pem),
        format!("{}{}", *issued.key_pem, issued.certificate_pem),
    ] {
        assert_eq!(end_chain(text.as_bytes(), here()).unwrap(), chain, "{text}");
    }
}

#[test]
fn what_cannot_be_read_is_told_with_the_command_that_mends_it() {
    let issued = node(&ca(), Purpose::NodeTls);
    let der = all_certificates(issued.certificate_pem.as_bytes(), here()).unwrap()[0].to_vec();
    let key_der = read_key(&issued.key_pem).unwrap();
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain("-----BEGIN".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    for (bytes, kind, words) in [
        (der.clone(), Kind::Certificates, "openssl x509 -inform DER -in node/x.pem > node/x.pem.new"),
        (key_der, Kind::Key, "openssl pkey -inform DER -in node/x.pem > node/x.pem.new"),
        (utf16, Kind::Certificates, "iconv -f UTF-16"),
        (to_pem("ENCRYPTED PRIVATE KEY", &[1; 99]).into_bytes(), Kind::Key, "is encrypted; "),
        (
            to_pem("ENCRYPTED PRIVATE KEY", &[1; 99]).into_bytes(),
            Kind::Key,
            "openssl pkey -in node/x.pem > node/x.pem.new",
        ),
        (to_pem("CERTIFICATE REQUEST", &[1; 99]).into_bytes(), Kind::Certificates, "a request for a certificate"),
        (to_pem("PKCS7", &[1; 99]).into_bytes(), Kind::Certificates, "openssl pkcs7 -print_certs"),
        (to_pem("TRUSTED CERTIFICATE", &[1; 99]).into_bytes(), Kind::Certificates, "openssl x509 -in node/x.pem"),
        (vec![0x30, 0x05, 0x02, 0x01, 0x03, 0x30, 0x00], Kind::Certificates, "openssl pkcs12 -nodes"),
        (b"0123".to_vec(), Kind::Key, "contains no private key in PEM"),
        (vec![], Kind::Lists, "-----BEGIN X509 CRL-----"),
        (issued.certificate_pem.as_bytes()[..200].to_vec(), Kind::Certificates, "is cut off"),
        (issued.certificate_pem.replace("MII", "M!I").into_bytes(), Kind::Certificates, "is damaged"),
    ] {
        let told = match kind {
            Kind::Certificates => end_chain(&bytes, here()).map(|_| ()),
            Kind::Key => key(&bytes, here()).map(|_| ()),
            Kind::Lists => lists(&bytes, here()).map(|_| ()),
        };
        let told = told.unwrap_err();
        assert!(told.contains(words), "{words}: {told}");
    }
    // The older form of an encrypted key is a section with headers.
    let old = "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END EC PRIVATE KEY-----\n";
    assert!(read_key(old).unwrap_err().contains("is encrypted; "));
    let two = format!("{}{}", *issued.key_pem, *node(&ca(), Purpose::NodeTls).key_pem);
    assert!(read_key(&two).unwrap_err().contains("several private keys"));
}

#[test]
fn no_message_quotes_a_key() {
    let issued = node(&ca(), Purpose::NodeTls);
    let line = issued.key_pem.lines().nth(1).unwrap().to_owned();
    for text in [issued.key_pem.replace("-----END", "-----AND"), issued.key_pem.replace(&line, &format!("{line}!"))] {
        let told = read_key(&text).unwrap_err();
        assert!(!told.contains(&line[..8]), "{told}");
    }
}

#[test]
fn a_chain_has_its_end_certificate_first_and_its_root_is_left_out() {
    let ca = ca();
    let end = node(&ca, Purpose::NodeTls).certificate_pem;
    let alone = end_chain(end.as_bytes(), here()).unwrap();
    let with_root = format!("{end}{}", ca.certificate_pem());
    assert_eq!(end_chain(with_root.as_bytes(), here()).unwrap(), alone);
    assert_eq!(all_certificates(with_root.as_bytes(), here()).unwrap().len(), 2);
    let turned = format!("{}{end}", ca.certificate_pem());
    assert!(end_chain(turned.as_bytes(), here()).unwrap_err().contains("put the end certificate first"));
    let long = end.repeat(5);
    assert!(end_chain(long.as_bytes(), here()).unwrap_err().contains("has 5 certificates; a chain may have at most 4"));
}

#[test]
fn an_ec_key_in_sec1_becomes_pkcs8() {
    // RFC 5915 within RFC 5958: inside the wrapping is the SEC1 form.
    let issued = node(&ca(), Purpose::NodeTls);
    let wanted = read_key(&issued.key_pem).unwrap();
    let (_, parsed) = parse_der(&wanted).unwrap();
    let sec1 = parsed.as_sequence().unwrap()[2].as_slice().unwrap().to_vec();
    let text = to_pem("EC PRIVATE KEY", &sec1);
    assert_eq!(*pkcs8(text.as_bytes(), here()).unwrap(), wanted);
    assert_eq!(*pkcs8(issued.key_pem.as_bytes(), here()).unwrap(), wanted);
    let foreign = to_pem("EC PRIVATE KEY", &tlv(0x30, &[&[0x02, 0x01, 0x01], &tlv(0x04, &[&[7; 66]])]));
    assert!(pkcs8(foreign.as_bytes(), here()).unwrap_err().contains("openssl pkcs8 -topk8 -nocrypt -in node/x.pem"));
    let rsa = to_pem("RSA PRIVATE KEY", &[1; 64]);
    assert!(pkcs8(rsa.as_bytes(), here()).unwrap_err().contains("RSA"));
}
