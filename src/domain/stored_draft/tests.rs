use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::domain::actor::SignIn;

fn id(path: &str) -> SpiffeId {
    format!("spiffe://gb.example/{path}").parse().unwrap()
}

fn text(by: &str, second: i64, based_on: &[u32], n: u16) -> NewRevision {
    let mut sha256 = [0; 32];
    sha256[..2].copy_from_slice(&n.to_be_bytes());
    let (by, at) = (id(by), Time::from_parts(1_780_000_000 + second, 0).unwrap());
    NewRevision { by, at, based_on: based_on.to_vec(), bytes: 10, sha256: Sha256(sha256) }
}

/// A text that is as long as a text may be.
fn long(by: &str, second: i64, based_on: &[u32], n: u16) -> NewRevision {
    NewRevision { bytes: MAX_DRAFT_BYTES as u64, ..text(by, second, based_on, n) }
}

fn begun() -> StoredDraft {
    StoredDraft::begin(DraftId([1; 16]), " Sahel ", text("analyst/ana", 0, &[], 1)).unwrap()
}

fn numbers<'a>(all: impl Iterator<Item = &'a DraftRevision>) -> Vec<u32> {
    all.map(|r| r.number).collect()
}

#[test]
fn what_is_based_on_the_current_text_takes_its_place() {
    let mut draft = begun();
    assert_eq!((draft.name.as_str(), draft.current, draft.changes), ("Sahel", 1, 1));
    let saved = draft.save(text("analyst/bob", 5, &[1], 2)).unwrap();
    assert_eq!(saved, Saved { number: 2, is_new: true, unseen: vec![], dropped: vec![] });
    assert_eq!((draft.current, draft.changes, draft.beside().count()), (2, 2, 0));
}

#[test]
fn what_is_based_on_an_older_text_is_kept_beside_and_its_author_is_told() {
    let mut draft = begun();
    draft.save(text("analyst/ana", 5, &[1], 2)).unwrap();
    let saved = draft.save(text("analyst/bob", 6, &[1], 3)).unwrap();
    assert_eq!((saved.number, saved.unseen, draft.current), (3, vec![2], 2));
    assert_eq!(numbers(draft.beside()), [3]);
    // Bob goes on typing, and Ana too: each has one line.
    assert_eq!(draft.save(text("analyst/bob", 7, &[3], 4)).unwrap().unseen, [2]);
    assert_eq!(draft.save(text("analyst/ana", 8, &[2], 5)).unwrap().unseen, [3, 4]);
    assert_eq!((draft.current, numbers(draft.beside())), (5, vec![4]));
    // Bob brings both together.
    let saved = draft.save(text("analyst/bob", 9, &[5, 4], 6)).unwrap();
    assert_eq!((saved.unseen, draft.current, draft.beside().count()), (vec![], 6, 0));
}

#[test]
fn a_text_that_is_saved_again_is_no_new_revision() {
    let mut draft = begun();
    draft.save(text("analyst/ana", 5, &[1], 2)).unwrap();
    let before = draft.clone();
    // The answer was lost; and nothing was typed since.
    for again in [text("analyst/ana", 6, &[1], 2), text("analyst/ana", 6, &[2], 2)] {
        let saved = draft.save(again).unwrap();
        assert_eq!((saved.number, saved.is_new, saved.unseen), (2, false, vec![]));
    }
    assert_eq!(draft, before);
    // Somebody else who typed the same had another text before them.
    assert!(draft.save(text("analyst/bob", 7, &[1], 2)).unwrap().is_new);
}

#[test]
fn a_base_that_never_was_and_a_text_that_is_too_long_are_refused() {
    let mut draft = begun();
    for wrong in [&[][..], &[0], &[2], &[1, 7]] {
        assert_eq!(draft.save(text("analyst/ana", 1, wrong, 9)).unwrap_err().reason, Reason::InvalidArgument);
    }
    let long = NewRevision { bytes: MAX_DRAFT_BYTES as u64 + 1, ..text("analyst/ana", 1, &[1], 9) };
    assert_eq!(draft.save(long).unwrap_err().reason, Reason::LimitExceeded);
    for name in ["", " ", "two\nlines", &"x".repeat(201)] {
        assert!(draft.rename(name).is_err(), "{name}");
    }
    assert_eq!(draft, begun());
}

#[test]
fn of_many_revisions_those_stay_that_lasted() {
    let mut draft = begun();
    // An hour of typing, saved every five seconds, with a pause after the 50th text.
    for n in 2..=720_u16 {
        let pause = if n > 50 { 3_600 } else { 0 };
        let based_on = u32::from(n) - 1;
        let saved = draft.save(text("analyst/ana", i64::from(n) * 5 + pause, &[based_on], n)).unwrap();
        assert!(saved.unseen.is_empty(), "{n}: {:?}", saved.unseen);
    }
    assert_eq!((draft.revisions.len(), draft.current), (MAX_REVISIONS, 720));
    assert!(draft.revision(50).is_some(), "it lasted an hour");
    assert_eq!(draft.beside().count(), 0);
    // Somebody whose text is based on one that gave way is told of all later ones.
    let saved = draft.save(text("analyst/bob", 9_999, &[60], 1_000)).unwrap();
    assert!(saved.unseen.contains(&720) && !saved.unseen.contains(&50));
}

#[test]
fn what_nobody_has_taken_over_never_gives_way() {
    let mut draft = begun();
    let refused = |draft: &StoredDraft, new: NewRevision| {
        let mut after = draft.clone();
        assert_eq!(after.save(new).unwrap_err().reason, Reason::LimitExceeded);
        assert_eq!(after, *draft, "nothing changes");
    };
    // Many colleagues leave the author a quarter of the room.
    for n in 2..=76 {
        draft.save(text(&format!("analyst/p{n}"), i64::from(n), &[1], n)).unwrap();
    }
    refused(&draft, text("analyst/p77", 77, &[1], 77));
    for n in 101..125 {
        assert!(draft.save(text("analyst/ana", i64::from(n), &[1], n)).unwrap().dropped.is_empty());
    }
    // The first text has others that are based on it, so it gives way; then nothing can.
    assert_eq!(draft.save(text("analyst/ana", 125, &[1], 125)).unwrap().dropped, [1]);
    refused(&draft, text("analyst/ana", 126, &[1], 126));
    assert_eq!((draft.revisions.len(), draft.beside().count()), (MAX_REVISIONS, MAX_REVISIONS - 1));
    // Whoever brings the own texts together can go on.
    let own: Vec<u32> = draft.revisions.iter().filter(|r| r.by == draft.author).map(|r| r.number).collect();
    assert_eq!(draft.save(text("analyst/ana", 127, &own, 127)).unwrap().dropped.len(), 1);
}

#[test]
fn a_colleague_pushes_out_nobody_s_text_and_takes_nobody_s_room() {
    let mut draft = StoredDraft::begin(DraftId([1; 16]), "Sahel", long("analyst/ana", 0, &[], 1)).unwrap();
    draft.hand_over(&id("analyst/bob")).unwrap();
    let mut refused = 0;
    for n in 2..=20 {
        let before = draft.clone();
        match draft.save(long("analyst/bob", i64::from(n), &[1], n)) {
            Ok(saved) => assert!(saved.dropped.is_empty()),
            Err(fault) => {
                assert_eq!((fault.reason, &draft), (Reason::LimitExceeded, &before));
                refused += 1;
            }
        }
    }
    assert_eq!((refused, draft.current, numbers(draft.beside())), (17, 2, vec![3]));
    assert!(draft.revision(1).is_some(), "the author's text is here");
    // The author goes on beside them.
    let mut own = 1;
    for n in 30..60 {
        own = draft.save(long("analyst/ana", i64::from(n), &[own], n)).unwrap().number;
    }
    assert!([2, 3, own].iter().all(|number| draft.revision(*number).is_some()));
    // A colleague who replaces a text of their own again and again pushes out neither.
    let mut newest = 2;
    for n in 60..90 {
        newest = draft.save(long("analyst/bob", i64::from(n), &[newest, 3], n)).unwrap().number;
    }
    assert!(draft.revision(own).is_some() && draft.current == newest);
    // Nor does one who says that it is all brought together.
    for n in 90..120 {
        draft.save(long("analyst/bob", i64::from(n), &[draft.current, own], n)).unwrap();
    }
    assert!(draft.revision(own).is_some());
    draft.save(long("analyst/ana", 120, &[own], 120)).unwrap();
}

#[test]
fn its_author_those_it_was_handed_to_and_officers_see_it_and_no_administrator_does() {
    let mut draft = begun();
    let actor = |path: &str| Actor::new(id(path), SignIn::Certificate, &"gb.example".parse().unwrap()).unwrap();
    assert!(draft.hand_over(&id("analyst/bob")).unwrap() && !draft.hand_over(&id("analyst/bob")).unwrap());
    assert!(!draft.hand_over(&id("analyst/ana")).unwrap());
    let sees = |draft: &StoredDraft, path| (draft.is_visible_to(&actor(path)), draft.is_in_charge(&actor(path)));
    for (path, wanted) in [
        ("analyst/ana", (true, true)),
        ("analyst/bob", (true, false)),
        ("officer/olu", (true, true)),
        ("analyst/eve", (false, false)),
        ("service/ana", (false, false)),
        ("admin/ana", (false, false)),
    ] {
        assert_eq!(sees(&draft, path), wanted, "{path}");
    }
    // Not even if somebody hands it to one.
    draft.hand_over(&id("admin/root")).unwrap();
    assert_eq!(sees(&draft, "admin/root"), (false, false));
    assert!(draft.take_back(&id("analyst/bob")) && !draft.take_back(&id("analyst/bob")));
    assert_eq!(sees(&draft, "analyst/bob"), (false, false));
}

proptest! {
    /// However people save, every text that no later one is based on is kept, and the number of changes grows with each.
    #[test]
    fn nobody_s_last_text_is_lost(steps in proptest::collection::vec((0..3_usize, any::<prop::sample::Index>(), any::<bool>()), 1..160)) {
        let mut draft = begun();
        for (n, (who, base, merges)) in (2_u16..).zip(steps) {
            let bases: Vec<u32> = draft.revisions.iter().map(|r| r.number).collect();
            let mut based_on = vec![bases[base.index(bases.len())]];
            if merges {
                based_on.extend(draft.beside().map(|r| r.number).chain([draft.current]));
            }
            let by = ["analyst/ana", "analyst/bob", "officer/olu"][who];
            let (mut before, changes) = (numbers(draft.beside()), draft.changes);
            before.push(draft.current);
            let Ok(saved) = draft.clone().save(text(by, i64::from(n), &based_on, n)) else { continue };
            prop_assert_eq!(&draft.save(text(by, i64::from(n), &based_on, n)).unwrap(), &saved);
            prop_assert!(draft.changes > changes && draft.revisions.len() <= MAX_REVISIONS);
            prop_assert!(draft.revisions.iter().map(|r| r.number).is_sorted());
            // A text gives way only to one that is based on it.
            for number in before {
                prop_assert!(based_on.contains(&number) || draft.revision(number).is_some(), "{number} of {draft:?}");
            }
            prop_assert!(draft.revision(draft.current).is_some() && draft.revision(saved.number).is_some());
        }
    }

    /// Whatever colleagues save, and however long: everybody's newest text stays, and the author can go on with the own text.
    #[test]
    fn no_colleague_s_text_takes_the_author_s_room(
        steps in proptest::collection::vec((0..6_usize, any::<prop::sample::Index>(), 0..=4_u64, any::<bool>()), 1..120),
    ) {
        let mut draft = begun();
        let mut newest = BTreeMap::from([("analyst/ana", 1)]);
        for (n, (who, base, quarters, merges)) in (2_u16..).zip(steps) {
            let by = ["analyst/ana", "analyst/bob", "analyst/cy", "analyst/dee", "officer/eli", "officer/fay"][who];
            let is_author = by == "analyst/ana";
            let bases: Vec<u32> = draft.revisions.iter().map(|r| r.number).collect();
            let mut based_on = vec![if is_author { newest[by] } else { bases[base.index(bases.len())] }];
            if merges {
                based_on.push(draft.current);
            }
            let bytes = quarters * (MAX_DRAFT_BYTES as u64 / 4);
            let before = draft.clone();
            match draft.save(NewRevision { bytes, ..text(by, i64::from(n), &based_on, n) }) {
                Ok(saved) => {
                    newest.insert(by, saved.number);
                }
                Err(fault) => {
                    prop_assert!(!is_author, "{fault:?} of {before:?}");
                    prop_assert_eq!(&draft, &before);
                }
            }
            prop_assert!(draft.revisions.len() <= MAX_REVISIONS && draft.bytes() <= MAX_HISTORY_BYTES);
            for (person, number) in &newest {
                prop_assert!(draft.revision(*number).is_some(), "{number} by {person} of {before:?}");
            }
        }
    }
}
