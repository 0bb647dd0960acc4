//! PEM texts as tools write them: reading them, and explaining why one can't be read.
//!
//! Text around the sections, CRLF line ends, and sections of another kind are skipped. Every error names the command that corrects the file. No
//! message quotes the content, because it may be a key.

use std::path::Path;

use base64::{Engine, engine::general_purpose::STANDARD};
use rustls_pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer,
    pem::{Error, PemObject},
};
use x509_parser::der_parser::parse_der;
use zeroize::Zeroizing;

use super::{certificate, chain::signed_by};

/// The most certificates of a chain that a node or person shows, including the end certificate.
const MAX_CHAIN: usize = 4;

/// What a file should contain.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Certificates,
    Key,
    Lists,
}

impl Kind {
    fn words(self) -> &'static str {
        match self {
            Self::Certificates => "certificate",
            Self::Key => "private key",
            Self::Lists => "revocation list",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Certificates => "CERTIFICATE",
            Self::Key => "PRIVATE KEY",
            Self::Lists => "X509 CRL",
        }
    }

    /// The command that turns DER into PEM.
    fn command(self) -> &'static str {
        match self {
            Self::Certificates => "openssl x509 -inform DER",
            Self::Key => "openssl pkey -inform DER",
            Self::Lists => "openssl crl -inform DER",
        }
    }
}

/// All sections of one kind, in the order of the file.
///
/// # Errors
/// What is wrong with the file. The text is put after the file's name.
fn sections<T: PemObject>(bytes: &[u8], kind: Kind, path: &Path) -> Result<Vec<T>, String> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        let what = "is in UTF-16, but PEM is ASCII";
        return Err(mended_by(what, &format!("iconv -f UTF-16 -t ASCII {}", path.display()), path));
    }
    // Some editors put a byte order mark before the text.
    let text = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
    let found: Result<Vec<T>, Error> = T::pem_slice_iter(text).collect();
    match found {
        Ok(found) if found.is_empty() => Err(instead(text, kind, path)),
        Ok(found) => Ok(found),
        Err(_) if matches!(kind, Kind::Key) && is_encrypted(text) => Err(encrypted(path)),
        Err(Error::MissingSectionEnd { .. }) => {
            Err("is cut off: a section has no -----END line; copy it again".to_owned())
        }
        Err(_) => {
            Err("is damaged: a section has no base64 between its -----BEGIN and -----END; copy it again".to_owned())
        }
    }
}

/// The certificates of a file, in the order of the file.
///
/// # Errors
/// As [`sections`].
pub(super) fn all_certificates(bytes: &[u8], path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    sections(bytes, Kind::Certificates, path)
}

/// The chain that a node or person shows, with the end certificate first. A root at its end is left out, because a root is not trusted for being
/// sent.
///
/// # Errors
/// As [`sections`]; if a CA's certificate comes first; if the chain is longer than partners accept.
pub(super) fn end_chain(bytes: &[u8], path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let all = all_certificates(bytes, path)?;
    let is_ca = |der: &CertificateDer<'_>| certificate::parse(der).is_ok_and(|c| c.is_ca());
    let (first, others) = all.split_first().ok_or_else(|| instead(bytes, Kind::Certificates, path))?;
    if is_ca(first) && others.iter().any(|der| !is_ca(der)) {
        return Err("has a CA's certificate first; put the end certificate first, then the CA that issued it, and so \
                    on, as `cat END.pem CA.pem` writes them"
            .to_owned());
    }
    let sent: Vec<_> =
        std::iter::once(first).chain(others.iter().filter(|der| !is_self_signed(der))).cloned().collect();
    if sent.len() > MAX_CHAIN {
        return Err(format!(
            "has {} certificates; a chain may have at most {MAX_CHAIN}, including the end certificate: leave out what \
             does not lead to a root, or have the certificate issued by a CA nearer to the root",
            sent.len()
        ));
    }
    Ok(sent)
}

/// The only private key of a file.
///
/// # Errors
/// As [`sections`]; if the key is encrypted, or if there is more than one.
pub(super) fn key(bytes: &[u8], path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    let mut keys: Vec<PrivateKeyDer<'static>> = sections(bytes, Kind::Key, path)?;
    match (keys.pop(), keys.is_empty()) {
        (Some(key), true) => Ok(key),
        _ => Err("contains several private keys; keep only the one of the certificate".to_owned()),
    }
}

/// The only private key of a file in PKCS#8. An EC key in SEC1 ("EC PRIVATE KEY") is converted.
///
/// # Errors
/// As [`key`]; for an RSA key in PKCS#1, which can't sign statements.
pub(super) fn pkcs8(bytes: &[u8], path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    match key(bytes, path)? {
        PrivateKeyDer::Pkcs8(key) => Ok(Zeroizing::new(key.secret_pkcs8_der().to_vec())),
        PrivateKeyDer::Sec1(key) => wrapped(key.secret_sec1_der()).ok_or_else(|| {
            let what =
                "contains an EC key of another curve than P-256 and P-384, or a damaged one; if openssl can read it";
            mended_by(what, &format!("openssl pkcs8 -topk8 -nocrypt -in {}", path.display()), path)
        }),
        _ => Err("contains an RSA key; statements are signed with Ed25519, ECDSA P-256 or ECDSA P-384, so have the \
                  certificate issued for such a key"
            .to_owned()),
    }
}

/// The revocation lists of a file, each in DER.
///
/// # Errors
/// As [`sections`].
pub(super) fn lists(bytes: &[u8], path: &Path) -> Result<Vec<Vec<u8>>, String> {
    let lists: Vec<CertificateRevocationListDer<'_>> = sections(bytes, Kind::Lists, path)?;
    Ok(lists.iter().map(|der| der.as_ref().to_vec()).collect())
}

/// Whether a text contains a private key of any kind.
pub(super) fn holds_key(bytes: &[u8]) -> bool {
    contains(bytes, "PRIVATE KEY-----")
}

/// Encodes one PEM section (RFC 7468).
pub fn to_pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines = text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned() + "\n");
    format!("-----BEGIN {label}-----\n{}-----END {label}-----\n", lines.collect::<String>())
}

/// Describes what a file contains instead of what it should.
fn instead(bytes: &[u8], kind: Kind, path: &Path) -> String {
    let file = path.display();
    let has = |label: &str| contains(bytes, label);
    if matches!(kind, Kind::Key) && is_encrypted(bytes) {
        return encrypted(path);
    }
    if is_pkcs12(bytes) {
        let command = format!("openssl pkcs12 -nodes -in {file}");
        return mended_by("is a PKCS#12 store in binary, not PEM", &command, path);
    }
    if is_der(bytes) {
        let what = format!("is binary (DER), not a {} in PEM", kind.words());
        return mended_by(&what, &format!("{} -in {file}", kind.command()), path);
    }
    if has("BEGIN PKCS7") {
        return mended_by(
            "contains PKCS#7, not PEM certificates",
            &format!("openssl pkcs7 -print_certs -in {file}"),
            path,
        );
    }
    if has("BEGIN TRUSTED CERTIFICATE") || has("BEGIN X509 CERTIFICATE") {
        return mended_by(
            "contains a certificate with OpenSSL's own trust settings",
            &format!("openssl x509 -in {file}"),
            path,
        );
    }
    if has("CERTIFICATE REQUEST-----") {
        return "contains a request for a certificate; put the certificate there that the CA has issued for it"
            .to_owned();
    }
    if has("BEGIN OPENSSH PRIVATE KEY") {
        return "contains a key in OpenSSH's format, for which no certificate is issued; make a key with `openssl genpkey`".to_owned();
    }
    let (words, label) = (kind.words(), kind.label());
    format!("contains no {words} in PEM; PEM begins with a line such as -----BEGIN {label}-----")
}

/// Adds the command that corrects the file. Its output replaces the file and may contain a key.
fn mended_by(what: &str, command: &str, path: &Path) -> String {
    let file = path.display();
    format!("{what}; run `(umask 077; {command} > {file}.new) && mv {file}.new {file}`")
}

fn encrypted(path: &Path) -> String {
    let what = "is encrypted; a node starts without anybody who could enter a passphrase, so the file's mode protects its keys";
    mended_by(what, &format!("openssl pkey -in {}", path.display()), path)
}

fn is_encrypted(bytes: &[u8]) -> bool {
    contains(bytes, "BEGIN ENCRYPTED PRIVATE KEY") || contains(bytes, "Proc-Type: 4,ENCRYPTED")
}

fn contains(bytes: &[u8], words: &str) -> bool {
    bytes.windows(words.len()).any(|window| window == words.as_bytes())
}

fn is_der(bytes: &[u8]) -> bool {
    in_sequence(bytes).is_some()
}

/// PKCS#12 begins with its version, 3.
fn is_pkcs12(bytes: &[u8]) -> bool {
    in_sequence(bytes).is_some_and(|content| content.starts_with(&[0x02, 0x01, 0x03]))
}

/// The content of a DER sequence that fills the file.
fn in_sequence(bytes: &[u8]) -> Option<&[u8]> {
    let (length, content): (&[u8], _) = match bytes {
        [0x30, 0x81, a, rest @ ..] => (&[*a], rest),
        [0x30, 0x82, a, b, rest @ ..] => (&[*a, *b], rest),
        [0x30, 0x83, a, b, c, rest @ ..] => (&[*a, *b, *c], rest),
        [0x30, short @ 0..=0x7f, rest @ ..] => (&[*short], rest),
        _ => return None,
    };
    let length = length.iter().fold(0_usize, |length, byte| length << 8 | usize::from(*byte));
    (content.len() == length).then_some(content)
}

/// Whether a certificate is a root: signed with the key that it contains. A CA's new key that is signed with its old one is not a root.
fn is_self_signed(der: &CertificateDer<'_>) -> bool {
    certificate::parse(der).is_ok_and(|c| {
        c.subject().as_raw() == c.issuer().as_raw()
            && signed_by(der, c.tbs_certificate.as_ref(), &c.signature_value.data)
    })
}

/// An `ECPrivateKey` (RFC 5915) as PKCS#8 (RFC 5958). `None` for curves that can't sign statements.
fn wrapped(sec1: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    const P256: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
    const P384: &[u8] = &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22];
    const EC_KEY: &[u8] = &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
    let (_, parsed) = parse_der(sec1).ok()?;
    // The version, and then the private key, which is as long as a coordinate of the curve.
    let curve = match parsed.as_sequence().ok()?.get(1)?.as_slice().ok()?.len() {
        32 => P256,
        48 => P384,
        _ => return None,
    };
    let algorithm = tlv(0x30, &[EC_KEY, curve]);
    let key = tlv(0x04, &[sec1]);
    Some(tlv(0x30, &[&[0x02, 0x01, 0x00], &algorithm, &key]))
}

/// One DER value of up to 64 KiB.
fn tlv(tag: u8, parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    // Allocates all memory at once, because a growing vector leaves copies of a key behind.
    let mut out = Zeroizing::new(Vec::with_capacity(length + 4));
    let [.., high, low] = length.to_be_bytes();
    match length {
        0..=0x7f => out.extend([tag, low]),
        0x80..=0xff => out.extend([tag, 0x81, low]),
        _ => out.extend([tag, 0x82, high, low]),
    }
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out
}

#[cfg(test)]
mod tests;
