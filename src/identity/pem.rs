//! PEM texts as tools write them: what is read from them, and what is said of those that can't be read.
//!
//! Text around the sections, CRLF line ends, and sections of another kind are skipped. Everything that can't be read is
//! told with the command that mends it. No message quotes the content: it may be a key.

use std::path::Path;

use base64::{Engine, engine::general_purpose::STANDARD};
use rustls_pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer,
    pem::{Error, PemObject},
};
use x509_parser::der_parser::parse_der;
use zeroize::Zeroizing;

use super::{certificate, chain::signed_by};

/// A chain that a node or person shows has at most so many certificates, the end certificate among them.
const MAX_CHAIN: usize = 4;

/// What a file is meant to hold.
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

/// All sections of one kind, in their order.
///
/// # Errors
/// What is wrong with the file, to be put behind its name.
fn sections<T: PemObject>(bytes: &[u8], kind: Kind, path: &Path) -> Result<Vec<T>, String> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        let what = "is a text in UTF-16; PEM is ASCII";
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
            Err("is cut off: a section has no -----END line; copy it anew".to_owned())
        }
        Err(_) => {
            Err("is damaged: a section is no base64 between its -----BEGIN and -----END; copy it anew".to_owned())
        }
    }
}

/// The certificates of a file, in their order.
///
/// # Errors
/// As [`sections`].
pub(super) fn all_certificates(bytes: &[u8], path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    sections(bytes, Kind::Certificates, path)
}

/// The chain that a node or person shows: the end certificate first. A root at its end is left out, since nobody trusts a
/// root for being sent.
///
/// # Errors
/// As [`sections`]; where a CA's certificate comes first; where partners would not read the chain for its length.
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
            "has {} certificates; a chain of at most {MAX_CHAIN} is read, the end certificate among them: leave out what \
             does not lead to a root, or have the certificate issued by a CA nearer to the root",
            sent.len()
        ));
    }
    Ok(sent)
}

/// The one private key of a file.
///
/// # Errors
/// As [`sections`]; where the key is encrypted, or there is more than one.
pub(super) fn key(bytes: &[u8], path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    let mut keys: Vec<PrivateKeyDer<'static>> = sections(bytes, Kind::Key, path)?;
    match (keys.pop(), keys.is_empty()) {
        (Some(key), true) => Ok(key),
        _ => Err("holds several private keys; leave only the one of the certificate in it".to_owned()),
    }
}

/// The one private key of a file in PKCS#8. An EC key in SEC1 ("EC PRIVATE KEY") is wrapped.
///
/// # Errors
/// As [`key`]; for an RSA key in PKCS#1, which signs no statements.
pub(super) fn pkcs8(bytes: &[u8], path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    match key(bytes, path)? {
        PrivateKeyDer::Pkcs8(key) => Ok(Zeroizing::new(key.secret_pkcs8_der().to_vec())),
        PrivateKeyDer::Sec1(key) => wrapped(key.secret_sec1_der()).ok_or_else(|| {
            let what = "holds an EC key of another curve than P-256 and P-384, or a damaged one; if openssl reads it";
            mended_by(what, &format!("openssl pkcs8 -topk8 -nocrypt -in {}", path.display()), path)
        }),
        _ => Err("holds an RSA key; statements are signed with Ed25519, ECDSA P-256 or ECDSA P-384, so have the \
                  certificate issued for such a key"
            .to_owned()),
    }
}

/// The revocation lists of a file, DER each.
///
/// # Errors
/// As [`sections`].
pub(super) fn lists(bytes: &[u8], path: &Path) -> Result<Vec<Vec<u8>>, String> {
    let lists: Vec<CertificateRevocationListDer<'_>> = sections(bytes, Kind::Lists, path)?;
    Ok(lists.iter().map(|der| der.as_ref().to_vec()).collect())
}

/// Whether a text holds a private key of any kind.
pub(super) fn holds_key(bytes: &[u8]) -> bool {
    contains(bytes, "PRIVATE KEY-----")
}

/// One PEM section (RFC 7468).
pub fn to_pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines = text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned() + "\n");
    format!("-----BEGIN {label}-----\n{}-----END {label}-----\n", lines.collect::<String>())
}

/// What a file holds in the place of what belongs there.
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
            "holds PKCS#7, not PEM certificates",
            &format!("openssl pkcs7 -print_certs -in {file}"),
            path,
        );
    }
    if has("BEGIN TRUSTED CERTIFICATE") || has("BEGIN X509 CERTIFICATE") {
        return mended_by("holds a certificate with OpenSSL's own marks", &format!("openssl x509 -in {file}"), path);
    }
    if has("CERTIFICATE REQUEST-----") {
        return "holds a request for a certificate; put the certificate there that the CA has made of it".to_owned();
    }
    if has("BEGIN OPENSSH PRIVATE KEY") {
        return "holds a key in OpenSSH's format, which no certificate is issued for; have one made by `openssl genpkey`".to_owned();
    }
    let (words, label) = (kind.words(), kind.label());
    format!("holds no {words} in PEM; PEM begins with a line such as -----BEGIN {label}-----")
}

/// The command's output takes the file's place, and may hold a key.
fn mended_by(what: &str, command: &str, path: &Path) -> String {
    let file = path.display();
    format!("{what}; run `(umask 077; {command} > {file}.new) && mv {file}.new {file}`")
}

fn encrypted(path: &Path) -> String {
    let what =
        "is encrypted; a node starts with nobody there to give a passphrase, so the file's mode protects its keys";
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

/// The content of a DER sequence that is as long as the file.
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

/// A root: signed with the key that it names. A CA's new key signed with its old one is not.
fn is_self_signed(der: &CertificateDer<'_>) -> bool {
    certificate::parse(der).is_ok_and(|c| {
        c.subject().as_raw() == c.issuer().as_raw()
            && signed_by(der, c.tbs_certificate.as_ref(), &c.signature_value.data)
    })
}

/// An `ECPrivateKey` (RFC 5915) as PKCS#8 (RFC 5958); `None` for curves that sign no statements.
fn wrapped(sec1: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    const P256: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
    const P384: &[u8] = &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22];
    const EC_KEY: &[u8] = &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
    let (_, parsed) = parse_der(sec1).ok()?;
    // The version, and then the private key, which is as long as the curve's field.
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
    // All the room at once: a vector that grows leaves copies of a key behind.
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
