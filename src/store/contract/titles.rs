//! Stories of lists: what names an assessment is read alone, and is as closed as all of it.

use super::{
    Home,
    kit::*,
    quarantine::{held, readmission},
    recalls::step,
};
use crate::{
    domain::recall::RecallState,
    store::{AssessmentRecord, ListFilter, Store, recalls::ContentEffect},
};

fn found(records: Vec<AssessmentRecord>) -> Vec<(u8, Vec<Vec<u8>>)> {
    assert!(records.iter().all(|r| r.releases.is_empty() && r.attached.is_empty()));
    records.into_iter().map(|r| (r.manifest_id.0[31], r.portions)).collect()
}

async fn listed(store: &dyn Store, quarantined: bool) -> Vec<(u8, Vec<Vec<u8>>)> {
    let filter = ListFilter { quarantined, ..ListFilter::default() };
    found(store.list(&filter).await.unwrap().whole().unwrap())
}

pub(crate) async fn a_list_reads_titles_and_as_closed_as_what_they_name(home: &dyn Home) {
    let store = home.open();
    let title = |n| (n, portions(n, 1));
    store.publish(publication(9, 1)).await.unwrap();
    receive(&*store, "us", 0, vec![held(1, 1), entry(2, 2, 1)]).await.unwrap();
    assert_eq!(listed(&*store, false).await, [title(2), title(9)]);
    assert_eq!(listed(&*store, true).await, [title(2), title(1), title(9)]);
    let [one, two, nine] = [1, 2, 9].map(|n| manifest(n, 1));
    let titles = async |ids: &[_]| found(store.titles(ids).await.unwrap());
    assert_eq!(titles(&[nine, one, two]).await, [title(9), title(2)]);
    // The other way gives nothing new, and each portion comes once.
    receive(&*store, "de", 0, vec![entry(1, 2, 1)]).await.unwrap();
    assert_eq!(titles(&[two]).await, [title(2)]);
    assert!(store.readmit(readmission(1, 1)).await.unwrap());
    assert_eq!(listed(&*store, false).await, [title(2), title(1), title(9)]);
    let whole = ListFilter { whole: true, ..ListFilter::default() };
    let whole = store.list(&whole).await.unwrap().whole().unwrap();
    assert_eq!(
        whole.iter().map(|r| (r.portions.len(), r.releases.len())).collect::<Vec<_>>(),
        [(3, 2), (3, 1), (3, 0)]
    );
    // What was withdrawn is for officers; what was purged is for nobody.
    store.recall(step(1, "ng", RecallState::Withdrawn, ContentEffect::Hide)).await.unwrap();
    let mut purge = step(2, "ng", RecallState::Purged, ContentEffect::Destroy);
    purge.record.id = statement(201);
    store.recall(purge).await.unwrap();
    assert_eq!(listed(&*store, false).await, [(2, vec![]), (1, vec![]), title(9)]);
    assert_eq!(listed(&*store, true).await, [(2, vec![]), title(1), title(9)]);
}

pub(crate) async fn a_page_ends_where_it_is_long_and_the_next_one_goes_on(home: &dyn Home) {
    let store = home.open();
    for n in 1..=5 {
        let mut long = publication(n, 1);
        long.title = vec![vec![n; 400 << 10]];
        long.portions = vec![vec![n; 700 << 10]];
        store.publish(long).await.unwrap();
    }
    for (whole, pages) in [(false, vec![vec![5, 4, 3], vec![2, 1]]), (true, vec![vec![5, 4], vec![3, 2], vec![1]])] {
        let (mut filter, mut seen) = (ListFilter { whole, ..ListFilter::default() }, vec![]);
        loop {
            let page = store.list(&filter).await.unwrap();
            filter.before = page.next;
            seen.push(page.records.iter().map(|r| r.manifest_id.0[31]).collect::<Vec<_>>());
            if filter.before.is_none() {
                break;
            }
        }
        assert_eq!(seen, pages);
    }
}
