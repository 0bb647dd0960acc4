//! Stories of what is read by the names of partners.

use super::{
    Home,
    kit::*,
    records::{agreement, in_force, partner},
};
use crate::domain::agreement::Standing;

pub(crate) async fn partners_and_agreements_are_read_by_name(home: &dyn Home) {
    let store = home.open();
    for name in ["us", "fr", "no"] {
        store.save_partner(partner(name), refused(name)).await.unwrap();
    }
    let (of_us, of_fr) = (agreement("us", 1, in_force(), 1), agreement("fr", 3, Standing::proposed_there(at(1)), 2));
    let later = agreement("us", 2, in_force(), 3);
    for record in [&of_us, &of_fr, &later] {
        store.save_agreements(vec![record.clone()], None, vec![refused("us")]).await.unwrap();
    }
    let names = |all: &[&str]| all.iter().map(|name| domain(name)).collect::<Vec<_>>();
    let found = store.partners_named(&names(&["us", "zz", "fr", "us"])).await.unwrap();
    assert_eq!(found, [partner("fr"), partner("us")], "each once, by name, without the one that is not here");
    assert_eq!(store.agreements_with(&names(&["us"])).await.unwrap(), [later, of_us]);
    assert_eq!(store.agreements_with(&names(&["no", "fr"])).await.unwrap(), [of_fr]);
    assert!(
        store.partners_named(&[]).await.unwrap().is_empty() && store.agreements_with(&[]).await.unwrap().is_empty()
    );
}
