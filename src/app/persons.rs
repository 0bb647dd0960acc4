//! The persons whose identities are in a node's directory.

use std::path::{Path, PathBuf};

use super::{error::NodeFilesError, keys::signing_key};
use crate::{
    domain::ids::SpiffeId,
    identity::{
        certificate::Leaf,
        files::{FileError, read_chain},
    },
    seal::sign::SigningKey,
    transport::tls_config::Credentials,
};

/// Where the persons' identities are, in the node's directory.
pub const PERSONS: &str = "persons";

/// A person's identity in the directory: `persons/<role>-<name>/`, which contains two certificates and their keys.
#[derive(Debug, Clone)]
pub struct PersonFiles {
    /// The person's id.
    pub id: SpiffeId,
    /// The person's directory.
    pub dir: PathBuf,
}

impl PersonFiles {
    /// The TLS certificate chain.
    pub fn tls(&self) -> PathBuf {
        self.dir.join("tls.pem")
    }

    /// The TLS key.
    pub fn tls_key(&self) -> PathBuf {
        self.dir.join("tls.key")
    }

    /// The signing certificate chain.
    pub fn signing(&self) -> PathBuf {
        self.dir.join("signing.pem")
    }

    /// The signing key.
    pub fn signing_key(&self) -> PathBuf {
        self.dir.join("signing.key")
    }

    /// Whether both keys are in the directory. They may be on the person's own machine instead.
    pub fn has_keys(&self) -> bool {
        self.tls_key().exists() && self.signing_key().exists()
    }

    /// Whether neither key is in the directory.
    pub fn is_elsewhere(&self) -> bool {
        !self.tls_key().exists() && !self.signing_key().exists()
    }

    /// Checks that both keys can be read and belong to their certificates.
    ///
    /// # Errors
    /// The first fault, with its file.
    pub fn check(&self) -> Result<(), NodeFilesError> {
        Credentials::load(&self.tls(), &self.tls_key())?;
        self.load_key().map(|_| ())
    }

    /// Loads the key that this person signs with.
    ///
    /// # Errors
    /// [`NodeFilesError`], if the certificate or the key can't be used.
    pub fn load_key(&self) -> Result<SigningKey, NodeFilesError> {
        signing_key(&self.signing(), &self.signing_key())
    }
}

/// The directory in [`PERSONS`] to which the files of revoked persons are moved.
pub const REVOKED: &str = "revoked";

/// The persons in a node's directory, by id, without those who were revoked.
pub fn persons(dir: &Path) -> Result<Vec<PersonFiles>, NodeFilesError> {
    persons_in(dir.join(PERSONS))
}

/// The persons who were revoked and not added again. Empty if the directory can't be read.
pub fn revoked(dir: &Path) -> Vec<SpiffeId> {
    let present = persons(dir).unwrap_or_default();
    let gone = persons_in(dir.join(PERSONS).join(REVOKED)).unwrap_or_default();
    gone.into_iter().map(|p| p.id).filter(|id| !present.iter().any(|p| p.id == *id)).collect()
}

fn persons_in(root: PathBuf) -> Result<Vec<PersonFiles>, NodeFilesError> {
    let entries = match std::fs::read_dir(&root) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(vec![]),
        Err(error) => return Err(FileError::Unreadable(root, error).into()),
    };
    let mut persons = vec![];
    // `person unpack` gives a directory a name with a leading dot until it is complete.
    let is_finished = |dir: &Path| dir.file_name().is_none_or(|name| !name.to_string_lossy().starts_with('.'));
    let in_force = |dir: &PathBuf| is_finished(dir) && dir.join("tls.pem").exists();
    for dir in entries.flatten().map(|e| e.path()).filter(in_force) {
        let file = dir.join("tls.pem");
        let chain = read_chain(&file)?;
        let leaf = chain.first().map(|der| Leaf::parse(der)).transpose();
        let leaf = leaf.map_err(|fault| NodeFilesError::Trust { file, fault })?;
        if let Some(leaf) = leaf {
            persons.push(PersonFiles { id: leaf.id, dir });
        }
    }
    persons.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(persons)
}
