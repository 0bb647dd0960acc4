//! Stories of the house rules' versions, and of reading page by page.

use super::{Home, kit::*};
use crate::{
    domain::{
        event::{Deed, Event},
        ids::Sha256,
        rules::{RuleFile, RulesVersion},
    },
    store::{ListFilter, Store, StoreError},
};

pub(super) fn rules(version: u32, texts: &[(&str, &str)]) -> RulesVersion {
    let file = |(name, text): &(&str, &str)| RuleFile { name: (*name).into(), text: (*text).into() };
    let digest = Sha256([u8::try_from(version).unwrap(); 32]);
    RulesVersion { version, at: at(i64::from(version)), digest, files: texts.iter().map(file).collect() }
}

fn changed(rules: &RulesVersion) -> Event {
    Event::of_node(rules.at, Deed::RulesChanged { version: rules.version, digest: rules.digest })
}

/// Fills what the other stories do not.
pub(super) async fn fill_rules(store: &dyn Store) {
    let first = rules(1, &[("canary-name.cedar", "canary-rules")]);
    store.save_rules(first.clone(), changed(&first)).await.unwrap();
}

pub(crate) async fn versions_of_rules_are_kept_with_their_entries(home: &dyn Home) {
    let store = home.open();
    assert_eq!(store.rules(None).await.unwrap(), None);
    let first = rules(1, &[("a.cedar", "canary-rules é"), ("b.cedar", "")]);
    let none = rules(2, &[]);
    assert_eq!(store.save_rules(none.clone(), changed(&none)).await, Err(StoreError::Conflict), "1 is missing");
    for version in [&first, &none] {
        store.save_rules(version.clone(), changed(version)).await.unwrap();
        assert_eq!(store.save_rules(version.clone(), changed(version)).await, Err(StoreError::Conflict), "twice");
    }
    drop(store);
    let store = home.open();
    assert_eq!(store.rules(None).await.unwrap(), Some(none.clone()));
    assert_eq!(store.rules(Some(1)).await.unwrap(), Some(first.clone()));
    assert_eq!(store.rules(Some(3)).await.unwrap(), None);
    assert_eq!(store.rules_versions(10).await.unwrap(), [none.clone(), first.clone()]);
    assert_eq!(store.rules_versions(1).await.unwrap(), std::slice::from_ref(&none));
    assert_eq!(store.events(0, 10).await.unwrap(), [changed(&first), changed(&none)], "one entry for each, no more");
}

pub(crate) async fn pages_go_on_where_the_last_one_ended(home: &dyn Home) {
    let store = home.open();
    for n in 1..=5 {
        store.publish(publication(n, 1)).await.unwrap();
    }
    receive(&*store, "us", 0, vec![entry(1, 9, 1)]).await.unwrap();
    store.publish(publication(2, 2)).await.unwrap();
    for originator in [None, Some(domain("gb"))] {
        let mut filter =
            ListFilter { originator: originator.clone(), current_only: true, limit: 2, ..Default::default() };
        let mut seen = vec![];
        loop {
            let page = store.list(&filter).await.unwrap().whole().unwrap();
            let Some(last) = page.last() else { break };
            filter.before = Some(last.manifest_id);
            seen.extend(names(&page));
        }
        let mut all = vec![(2, 2), (9, 1), (5, 1), (4, 1), (3, 1), (1, 1)];
        all.retain(|(n, _)| originator.is_none() || *n != 9);
        assert_eq!(seen, all);
    }
    let filter = ListFilter { before: Some(statement(77)), ..Default::default() };
    assert!(store.list(&filter).await.unwrap().whole().unwrap().is_empty(), "nothing is before what is not here");
}
