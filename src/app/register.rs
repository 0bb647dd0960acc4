//! The register of the own people, read from the store of a node that does not run.

use super::own::{load_lists, load_storage_key};
use crate::{
    config::Config,
    domain::{
        person::{CertificateUse, PersonCertificate},
        time::Time,
    },
    identity::trust::Trust,
    node::people::PersonView,
    store::{Store, sqlite::SqliteStore},
};

/// Everybody who was ever registered; why that can't be told, where a node runs on the store or the files are at fault.
///
/// # Errors
/// A sentence for the administrator.
pub async fn on_disk(config: &Config, now: Time) -> Result<Vec<PersonView>, String> {
    let key = load_storage_key(&config.storage_key).map_err(|e| e.to_string())?;
    let store: Box<dyn Store> = Box::new(SqliteStore::open(&config.store, &key).map_err(|e| e.to_string())?);
    let (own, _) = load_lists(config, now).map_err(|e| e.to_string())?;
    let trust = Trust::new(own, vec![], vec![]).map_err(|e| e.to_string())?;
    let is_revoked =
        |c: &PersonCertificate| trust.has_revoked(&c.issuing_key, &hex::decode(&c.serial).unwrap_or_default());
    let people = store.people().await.map_err(|e| e.to_string())?;
    let view = |person: crate::domain::person::Person| {
        let revoked = person.certificates.iter().filter(|c| is_revoked(c)).map(|c| c.serial.clone()).collect();
        let tls = person.certificates.iter().filter(|c| c.usage == CertificateUse::Tls && now <= c.until);
        let works = tls.clone().any(|c| !is_revoked(c));
        PersonView { revoked, works, person }
    };
    Ok(people.into_iter().map(view).collect())
}
