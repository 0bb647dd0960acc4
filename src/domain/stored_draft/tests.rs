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
    for n in 2..=u16::try_from(MAX_REVISIONS).unwrap() {
        draft.save(text(&format!("analyst/p{n}"), i64::from(n), &[1], n)).unwrap();
    }
    let kept = numbers(draft.beside());
    assert_eq!(kept.len(), MAX_REVISIONS - 2);
    // The first text has others that are based on it, so it gives way; then nothing can.
    assert_eq!(draft.save(text("analyst/q", 500, &[1], 500)).unwrap().dropped, [1]);
    let before = draft.clone();
    let refused = draft.clone().save(text("analyst/q", 501, &[1], 501)).unwrap_err();
    assert_eq!(refused.reason, Reason::LimitExceeded);
    assert!(numbers(before.beside()).starts_with(&kept));
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
}
