//! The register of the organisation's people, read from the store of a node that is not running.

use super::{keys::load_storage_key, own_lists::load_lists, persons::PersonFiles};
use crate::{
    config::Config,
    domain::{
        event::{Deed, Event},
        person::{CertificateUse, Origin, Person, PersonCertificate, Register},
        time::Time,
    },
    identity::{files::read_chain, trust::Trust},
    node::people::{PersonView, SeenPerson, certificate_of},
    store::{Store, lists::ListStore as _, sqlite::SqliteStore},
};

/// Everybody who was ever registered.
///
/// # Errors
/// A sentence for the administrator, if a node is running on the store or the files are faulty.
pub async fn on_disk(config: &Config, now: Time) -> Result<Vec<PersonView>, String> {
    let (store, trust) = open(config, now)?;
    let is_revoked =
        |c: &PersonCertificate| trust.has_revoked(&c.issuing_key, &hex::decode(&c.serial).unwrap_or_default());
    let people = store.people().await.map_err(|e| e.to_string())?;
    let view = |person: Person| {
        let revoked = person.certificates.iter().filter(|c| is_revoked(c)).map(|c| c.serial.clone()).collect();
        let tls = person.certificates.iter().filter(|c| c.usage == CertificateUse::Tls && now <= c.until);
        let works = tls.clone().any(|c| !is_revoked(c));
        PersonView { revoked, works, person }
    };
    Ok(people.into_iter().map(view).collect())
}

/// Opens the store of a node that is not running, and the trust that its certificates are verified against.
fn open(config: &Config, now: Time) -> Result<(Box<dyn Store>, Trust), String> {
    let key = load_storage_key(&config.storage_key).map_err(|e| e.to_string())?;
    let store: Box<dyn Store> = Box::new(SqliteStore::open(&config.store, &key).map_err(|e| e.to_string())?);
    let lists = load_lists(config, now).map_err(|e| e.to_string())?;
    Ok((store, Trust::new(lists.member, vec![], vec![]).map_err(|e| e.to_string())?))
}

/// Registers a person whose files are in the directory. For the case that no administrator is left who could confirm the person. The node must
/// not run.
///
/// # Errors
/// A sentence for the administrator.
pub async fn recover(config: &Config, files: &PersonFiles, now: Time) -> Result<(), String> {
    let (store, trust) = open(config, now)?;
    let mut register = Register::new(store.people().await.map_err(|e| e.to_string())?);
    let (mut events, uses) = (vec![], [(CertificateUse::Tls, files.tls()), (CertificateUse::Signing, files.signing())]);
    for (usage, file) in uses {
        let chain = read_chain(&file).map_err(|e| e.to_string())?.iter().map(|der| der.to_vec()).collect();
        let seen = certificate_of(&trust, &SeenPerson { usage, chain }, now).filter(|(id, _)| *id == files.id);
        let what = || format!("{} is not a certificate issued under this organisation's roots", file.display());
        let (id, certificate) = seen.ok_or_else(what)?;
        let (sha256, serial) = (certificate.sha256, certificate.serial.clone());
        if let Some(person) = register.see(&id, certificate, Origin::SignIn) {
            register.put(person);
            let deed = Deed::PersonRegistered { person: id, certificate: sha256, serial };
            events.push(Event::of_node(now, deed));
        }
    }
    let person = register.recover(&files.id, now).map_err(|fault| fault.message)?;
    events.push(Event::of_node(now, Deed::PersonRecovered { person: files.id.clone() }));
    store.save_people(vec![person], events).await.map_err(|e| e.to_string())
}

/// Deletes the organisation's own revocations that can't be read any more, before the node starts. The CA's newest list replaces them.
///
/// # Errors
/// A sentence for the administrator.
pub async fn forget_damaged_revocations(config: &Config) -> Result<(), String> {
    let key = load_storage_key(&config.storage_key).map_err(|e| e.to_string())?;
    let store = SqliteStore::open(&config.store, &key).map_err(|e| e.to_string())?;
    store.forget_torn_lists(&config.organisation.domain).await.map_err(|e| e.to_string())?;
    tracing::warn!(
        "revocations of this organisation that could not be read are deleted; only the newest list of its CA is in force"
    );
    Ok(())
}
