//! What a node has of its own: keys, certificates, bundle, revocation lists, house rules.

use std::{
    io,
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use crate::{
    config::Config,
    domain::{fault::Fault, time::Time},
    identity::{
        bundle::TrustBundle,
        certificate::Leaf,
        crl::Crl,
        files::{FileError, read_chain, read_crls, read_key, read_secret},
        trust::Member,
    },
    policy::HouseRules,
    seal::sign::{KeyError, SigningKey},
    transport::gate::{Credentials, GateError},
};

/// Why a node's own things can't be used.
#[derive(Debug, thiserror::Error)]
pub enum OwnError {
    /// A file is missing, unreadable or open to others.
    #[error(transparent)]
    File(#[from] FileError),
    /// TLS certificate and key.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// The bundle, a revocation list or a certificate.
    #[error("{file}: {fault}")]
    Trust {
        /// Which file.
        file: PathBuf,
        /// What is wrong with it.
        fault: Fault,
    },
    /// The signing key.
    #[error("{file}: {error}")]
    Key {
        /// Which file.
        file: PathBuf,
        /// What is wrong with it.
        error: KeyError,
    },
    /// The storage key.
    #[error("{0} holds no storage key: 64 hexadecimal digits; `watchfire init` makes one, a store can't change it")]
    StorageKey(PathBuf),
    /// The house rules can't be read.
    #[error("the house rules in {0} can't be read: {1}")]
    Rules(PathBuf, io::Error),
}

/// A node's own things.
pub struct Own {
    /// What TLS shows.
    pub credentials: Credentials,
    /// What statements are signed with.
    pub key: SigningKey,
    /// What others hold of it.
    pub member: Member,
    /// What the store's content is encrypted under.
    pub storage_key: Zeroizing<[u8; 32]>,
    /// Rules of the house, as text.
    pub house_rules: HouseRules,
}

impl Own {
    /// Reads all of it.
    ///
    /// # Errors
    /// The first fault, with its file.
    pub fn load(config: &Config, now: Time) -> Result<Self, OwnError> {
        Ok(Self {
            credentials: Credentials::load(&config.tls.certificate, &config.tls.key)?,
            key: load_key(config)?,
            member: load_member(config, now)?,
            storage_key: load_storage_key(&config.storage_key)?,
            house_rules: load_rules(config)?,
        })
    }
}

/// The signing key with its chain.
///
/// # Errors
/// [`OwnError`]
pub fn load_key(config: &Config) -> Result<SigningKey, OwnError> {
    signing_key(&config.signing.certificate, &config.signing.key)
}

/// A signing key with its chain, from files.
///
/// # Errors
/// [`OwnError`]
pub fn signing_key(certificate: &Path, key: &Path) -> Result<SigningKey, OwnError> {
    let chain: Vec<Vec<u8>> = read_chain(certificate)?.iter().map(|c| c.to_vec()).collect();
    let leaf = chain.first().map(|der| Leaf::parse(der)).transpose();
    let leaf = leaf.map_err(|fault| OwnError::Trust { file: certificate.to_owned(), fault })?;
    let pkcs8 = Zeroizing::new(read_key(key)?.secret_der().to_vec());
    let public = leaf.map(|l| l.public_key).unwrap_or_default();
    SigningKey::new(&pkcs8, chain, &public).map_err(|error| OwnError::Key { file: key.to_owned(), error })
}

/// The bundle and the revocation lists.
///
/// # Errors
/// [`OwnError`]
pub fn load_member(config: &Config, now: Time) -> Result<Member, OwnError> {
    let at = |file: &PathBuf| {
        let file = file.clone();
        move |fault| OwnError::Trust { file, fault }
    };
    let roots = read_chain(&config.bundle)?;
    let bundle = TrustBundle::new(config.organisation.domain.clone(), roots).map_err(at(&config.bundle))?;
    let through: Vec<Vec<u8>> = read_chain(&config.tls.certificate)?.iter().map(|c| c.to_vec()).collect();
    let lists = if config.crl.exists() { read_crls(&config.crl)? } else { vec![] };
    let verified = lists.iter().map(|der| Crl::verify(der, &bundle, &through, now)).collect::<Result<_, _>>();
    Ok(Member { crls: verified.map_err(at(&config.crl))?, bundle, active: true })
}

fn load_storage_key(path: &Path) -> Result<Zeroizing<[u8; 32]>, OwnError> {
    let text = read_secret(path)?;
    let mut key = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text.trim_ascii(), &mut *key).map_err(|_| OwnError::StorageKey(path.to_owned()))?;
    Ok(key)
}

/// Every `*.cedar` file of the directory, by name. No directory means no rules of the house.
fn load_rules(config: &Config) -> Result<HouseRules, OwnError> {
    let failed = |error| OwnError::Rules(config.rules.clone(), error);
    let entries = match std::fs::read_dir(&config.rules) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(HouseRules::none()),
        Err(error) => return Err(failed(error)),
    };
    let mut files = entries.map(|e| e.map(|e| e.path())).collect::<Result<Vec<_>, _>>().map_err(failed)?;
    files.retain(|f| f.extension().is_some_and(|e| e == "cedar"));
    files.sort();
    let texts = files.iter().map(std::fs::read_to_string).collect::<Result<Vec<_>, _>>().map_err(failed)?;
    // Each by itself first, so that a mistake is told with its file and the line there; then all, for ids given twice.
    for (file, text) in files.iter().zip(&texts) {
        HouseRules::parse(text).map_err(|fault| OwnError::Trust { file: file.clone(), fault })?;
    }
    let file = config.rules.clone();
    HouseRules::parse(&texts.join("\n")).map_err(|fault| OwnError::Trust { file, fault })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_in_a_house_rule_is_told_with_its_file_and_its_line_there() {
        let dir = tempfile::tempdir().unwrap();
        let text = "[organisation]\ndomain = \"gb.example\"\ncountry = \"GB\"\nkind = \"state\"\n";
        let config = Config::parse(dir.path(), text, vec![]).unwrap();
        let rule = |name: &str, text: &str| std::fs::write(dir.path().join("rules").join(name), text).unwrap();
        std::fs::create_dir(dir.path().join("rules")).unwrap();
        let good = "@id(\"a\")\n@reason(\"x\")\nforbid (principal, action, resource);\n";
        rule("a.cedar", good);
        load_rules(&config).unwrap();
        rule("b.cedar", "\nforbid (principal, action, resource) when { principal.kin == \"x\" };\n");
        let told = load_rules(&config).unwrap_err().to_string();
        assert!(told.contains("b.cedar: 2:"), "{told}");
        rule("b.cedar", good);
        let told = load_rules(&config).unwrap_err().to_string();
        assert!(told.contains("two rules have the id"), "{told}");
    }
}
