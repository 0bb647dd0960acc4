//! The register of the own people.

use super::{Home, kit::*};
use crate::domain::{
    ids::Sha256,
    person::{CertificateUse, Person, PersonCertificate},
};

pub(super) fn person(path: &str, certificates: u8) -> Person {
    let certificate = |n| PersonCertificate {
        usage: CertificateUse::Signing,
        sha256: Sha256([n; 32]),
        serial: hex::encode([n]),
        issuing_key: Sha256([0; 32]),
        since: at(1),
        until: at(9),
    };
    Person {
        id: format!("spiffe://us/{path}").parse().unwrap(),
        since: at(1),
        confirmed_by: vec![approved("spiffe://us/admin/a", 1)],
        confirmed_at: (certificates > 1).then(|| at(2)),
        recovered_at: None,
        certificates: (0..certificates).map(certificate).collect(),
    }
}

pub(crate) async fn people_are_kept_as_they_were_saved_last(home: &dyn Home) {
    let store = home.open();
    assert_eq!(store.people().await.unwrap(), []);
    store.save_people(vec![person("admin/b", 1), person("analyst/a", 1)], vec![]).await.unwrap();
    store.save_people(vec![person("admin/b", 2)], vec![refused("us")]).await.unwrap();
    drop(store);
    let store = home.open();
    let mut people = store.people().await.unwrap();
    people.sort_by(|a, b| a.id.cmp(&b.id));
    assert_eq!(people, [person("analyst/a", 1), person("admin/b", 2)]);
    assert_eq!(store.events(0, 10).await.unwrap(), [refused("us")]);
}
