//! A search finds what a reader finds who opens everything, whatever is stored and however it came.

use proptest::{
    collection::vec,
    prelude::any,
    test_runner::{Config, TestRunner},
};

use super::Folder;
use crate::{
    domain::{
        assessment::{Manifest, Portion},
        body::{Body, Subject},
        ids::{Digest, Handle, Salt},
        level::{Certainty, Crime, Severity, Urgency, WarningLevel},
        marking::{Caveat, Marking, Tlp},
        place::Place,
        recall::RecallState,
        statement::{Envelope, Signature, StatementKind, Suite},
        summary::{Filter, MarkingWord, Summary},
        time::Period,
    },
    seal::digest::portion_digest,
    store::{
        AssessmentRecord, AssessmentState, ListFilter, Publication, Store,
        contract::{kit::*, step},
        recalls::{ContentEffect, RecallStore},
        search::{SearchStore, VersionFilter},
        sqlite::SqliteStore,
    },
    wire,
};

/// Choices, one after the other.
struct Choices(Vec<u8>, usize);

impl Choices {
    fn below(&mut self, count: usize) -> usize {
        self.1 += 1;
        usize::from(self.0[self.1 % self.0.len()]) % count
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    /// Mostly nothing, else one or two of these.
    fn some<T: Clone>(&mut self, of: &[T]) -> Vec<T> {
        let count = [0, 0, 1, 2][self.below(4)];
        (0..count).map(|_| self.one(of)).collect()
    }
}

fn places() -> Vec<Place> {
    ["ML", "BF", "BF-SOM", "FR", "M49:011", "M49:002", "M49:150"].map(|code| code.parse().unwrap()).to_vec()
}

fn levels() -> Vec<WarningLevel> {
    WarningLevel::ALL[..3].to_vec()
}

fn crimes() -> Vec<Crime> {
    Crime::ALL[..3].to_vec()
}

fn portion(choices: &mut Choices, n: u8) -> Portion {
    let mut marking = Marking::new(choices.one(&[Tlp::Green, Tlp::Amber]));
    marking.topics = choices.one(&[vec![], vec!["one".parse().unwrap()], vec!["two".parse().unwrap()]]);
    marking.caveats = choices.one(&[vec![], vec![Caveat::AskBeforeAction]]);
    let body = match choices.below(3) {
        0 => Body::Gap { text: "A gap".to_owned() },
        _ => {
            let day = at(0).day();
            let level = choices.one(&levels());
            Body::Subject(Subject {
                places: vec![choices.one(&places())],
                period: Period { from: day, until: day },
                groups: vec![],
                actors: vec![],
                risk_of: vec![choices.one(&crimes())],
                level,
                urgency: Urgency::ALL[0],
                severity: Severity::ALL[0],
                certainty: Certainty::ALL[0],
                addressed_to: vec![],
            })
        }
    };
    Portion::new(Salt([n; 32]), Handle([n; 8]), marking, body)
}

/// A version with four portions.
struct Made {
    manifest: Manifest,
    envelope: Vec<u8>,
    portions: Vec<Portion>,
}

impl Made {
    fn new(choices: &mut Choices, (n, version): (u8, u32), originator: &str) -> Self {
        let mut digests: Vec<_> = (0..16).map(|d| Digest([d + 1; 32])).collect();
        digests[15] = Digest([200 + n; 32]);
        let manifest = Manifest {
            assessment: assessment(n),
            version,
            previous: (version > 1).then(|| manifest(n, version - 1)),
            originator: domain(originator),
            issued: at(i64::try_from(choices.below(4)).unwrap()),
            expires: at(10 + i64::try_from(choices.below(4)).unwrap()),
            digests,
            exercise: choices.below(3) == 0,
            sealed_origin: None,
        };
        let payload = wire::manifest::encode(&manifest);
        // Nobody verifies it here.
        let signature = Signature { suite: Suite::ALL[0], certificates: vec![vec![1]], value: vec![2] };
        let envelope = wire::envelope::encode(&Envelope::new(StatementKind::Manifest, payload, vec![signature]));
        let portions = (0..4).map(|p| portion(choices, p)).collect();
        Self { manifest, envelope, portions }
    }

    /// Some of the portions, with their encodings and their summary.
    fn some(&self, choices: &mut Choices) -> (Vec<Vec<u8>>, Summary) {
        let first = choices.below(3);
        let some = self.portions.iter().skip(first).take(2);
        let encodings: Vec<Vec<u8>> = some.clone().map(wire::portion::encode).collect();
        let digests = encodings.iter().map(|bytes| portion_digest(&self.manifest.assessment, bytes));
        (encodings.clone(), Summary::of(&self.manifest, some.zip(digests)))
    }
}

/// Fills a store with versions that were published here, received by two ways, superseded, quarantined and recalled.
async fn fill(store: &SqliteStore, choices: &mut Choices) {
    for (n, versions) in [(1, 1), (2, 2), (3, 3)] {
        for version in 1..=versions {
            let made = Made::new(choices, (n, version), "gb");
            let (portions, summary) = made.some(choices);
            let all = Publication { manifest: made.envelope, portions, summary, ..publication(n, version) };
            store.publish(Publication { title: vec![], ..all }).await.unwrap();
        }
    }
    let made: Vec<Made> = (11..17).map(|n| Made::new(choices, (n, 1), "ng")).collect();
    for (partner, count) in [("us", 6), ("de", 4)] {
        for (n, made) in (0..count).zip(&made) {
            let (portions, summary) = made.some(choices);
            let quarantined = choices.below(3) == 0;
            let arrival = entry_but(u64::from(n) + 1, 11 + n, 1, |c| {
                (c.manifest, c.title) = (made.envelope.clone(), vec![]);
                (c.portions, c.summary, c.quarantined) = (portions, summary, quarantined);
            });
            receive(store, partner, n.into(), vec![arrival]).await.unwrap();
        }
    }
    for (n, originator, state, effect, id) in [
        (1, "gb", RecallState::Withdrawn, ContentEffect::Hide, 201),
        (12, "ng", RecallState::Withdrawn, ContentEffect::Hide, 202),
        (13, "ng", RecallState::Purged, ContentEffect::Destroy, 203),
    ] {
        if choices.below(2) == 0 {
            let mut step = step(n, originator, state, effect);
            step.record.id = statement(id);
            store.recall(step).await.unwrap();
        }
    }
}

fn filter(choices: &mut Choices) -> VersionFilter {
    let words = [MarkingWord::Tlp(Tlp::Amber), MarkingWord::Caveat(Caveat::AskBeforeAction)];
    let time = |choices: &mut Choices, from: i64| choices.one(&[None, None, Some(at(from)), Some(at(from + 1))]);
    let summary = Filter {
        places: choices.some(&places()),
        levels: choices.some(&levels()),
        crimes: choices.some(&crimes()),
        topics: choices.some(&["one".parse().unwrap(), "two".parse().unwrap()]),
        markings: choices.some(&words),
        issued_from: time(choices, 1),
        issued_before: time(choices, 2),
        expires_before: time(choices, 11),
        exercise: choices.one(&[None, None, Some(true), Some(false)]),
    };
    VersionFilter::new(summary, choices.some(AssessmentState::ALL), at(12))
}

/// Whether a reader who has opened a version wants it.
fn wants(wanted: &VersionFilter, record: &AssessmentRecord) -> bool {
    let Filter { places, levels, crimes, topics, markings, issued_from, issued_before, expires_before, exercise } =
        &wanted.summary;
    let envelope = wire::envelope::decode(&record.manifest).unwrap();
    let manifest = wire::manifest::decode(&envelope.payload).unwrap();
    let portions: Vec<Portion> = record.portions.iter().map(|p| wire::portion::decode(p).unwrap()).collect();
    let about = |subject: &Subject| {
        let place = |p: &Place| places.iter().any(|wanted| wanted.within(*p) || p.within(*wanted));
        (places.is_empty() || subject.places.iter().any(place))
            && (levels.is_empty() || levels.contains(&subject.level))
            && (crimes.is_empty() || subject.risk_of.iter().any(|crime| crimes.contains(crime)))
    };
    let mut subjects = portions.iter().filter_map(|p| if let Body::Subject(s) = &p.body { Some(s) } else { None });
    let mut topical = portions.iter().flat_map(|p| &p.marking.topics);
    let marked = |word: &MarkingWord| match word {
        MarkingWord::Tlp(tlp) => portions.iter().any(|p| p.marking.tlp == *tlp),
        MarkingWord::Caveat(caveat) => portions.iter().any(|p| p.marking.caveats.contains(caveat)),
    };
    let state = record.state.at(manifest.expires, wanted.now);
    ((places.is_empty() && levels.is_empty() && crimes.is_empty()) || subjects.any(about))
        && (topics.is_empty() || topical.any(|topic| topics.contains(topic)))
        && (markings.is_empty() || markings.iter().any(marked))
        && (wanted.states.is_empty() || wanted.states.contains(&state))
        && issued_from.is_none_or(|from| manifest.issued >= from)
        && issued_before.is_none_or(|before| manifest.issued < before)
        && expires_before.is_none_or(|before| manifest.expires < before)
        && exercise.is_none_or(|exercise| manifest.exercise == exercise)
}

async fn searched(store: &SqliteStore, list: &ListFilter, wanted: &VersionFilter) -> Vec<(u8, u32)> {
    let (mut filter, mut all) = (ListFilter { limit: 2, ..list.clone() }, vec![]);
    loop {
        let page = store.search(&filter, wanted).await.unwrap();
        assert!(page.damaged.is_empty());
        all.extend(names(&page.records));
        filter.before = page.next;
        if page.next.is_none() {
            return all;
        }
    }
}

async fn compare(choices: &mut Choices) {
    let folder = Folder::new();
    let mut store = folder.store();
    fill(&store, choices).await;
    // Some were stored before there were summaries.
    if choices.below(2) == 0 {
        drop(store);
        folder.tamper("DELETE FROM summary WHERE portion_set % 2 = 0");
        store = folder.store();
    }
    for _ in 0..16 {
        let wanted = filter(choices);
        for (quarantined, current_only) in [(false, true), (false, false), (true, false)] {
            let list = ListFilter { quarantined, current_only, limit: 1000, ..ListFilter::default() };
            let opened = store.list(&ListFilter { whole: true, ..list.clone() }).await.unwrap().whole().unwrap();
            let expected: Vec<_> = opened.into_iter().filter(|record| wants(&wanted, record)).collect();
            assert_eq!(searched(&store, &list, &wanted).await, names(&expected), "{wanted:?} {list:?}");
        }
    }
}

#[test]
fn a_search_finds_what_is_found_by_opening_everything() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let config = Config { cases: 24, failure_persistence: None, ..Config::default() };
    let cases = vec(any::<u8>(), 2000..2001);
    TestRunner::new(config)
        .run(&cases, |bytes| {
            runtime.block_on(compare(&mut Choices(bytes, 0)));
            Ok(())
        })
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_portion_set_that_can_t_be_read_does_not_keep_the_index_of_words_from_being_complete() {
    let folder = Folder::new();
    let store = folder.store();
    store.prepare_word_index(false).await.unwrap();
    store.publish(publication(1, 1)).await.unwrap();
    store.publish(publication(2, 1)).await.unwrap();
    drop(store);
    folder.tamper("UPDATE portion_set SET sealed = CAST(substr(sealed, 2) || x'00' AS BLOB) WHERE manifest = 1");
    let store = folder.store();
    assert!(!store.has_word_index().await.unwrap());
    store.prepare_word_index(true).await.unwrap();
    assert!(store.has_word_index().await.unwrap());
    // What is stored from now on is in the index, so no start needs to look again.
    store.publish(publication(3, 1)).await.unwrap();
    assert!(store.has_word_index().await.unwrap());
}
