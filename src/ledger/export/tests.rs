//! Verification finds every changed byte and every changed line of an export.

use super::*;
use crate::{ledger::note::Checkpoint, seal::raw::RawKey};

fn plain(n: u8) -> Vec<u8> {
    [vec![n; 32], format!(r#"{{"at":"2026-11-24T00:00:0{n}Z","event":"padding"}}"#).into_bytes()].concat()
}

/// An export of eight entries with two witnesses.
fn export() -> String {
    export_with(&["fr.example/ledger", "ng.example/ledger"])
}

fn export_with(witnesses: &[&'static str]) -> String {
    let key = || RawKey::new(&RawKey::generate().unwrap()).unwrap();
    let own = key();
    let witnesses: Vec<_> = witnesses.iter().map(|name| (*name, key())).collect();
    let mut frontier = Frontier::default();
    (0..8).for_each(|n| frontier.add(&sha256(&[&plain(n)])));
    let head_of = Checkpoint { origin: "gb.example/ledger".into(), size: 8, root: frontier.root() };
    let mut note = Note::sign(head_of, &own);
    for (name, key) in &witnesses {
        note = note.clone().with(note.cosign(key, name, 1_780_000_000));
    }
    let public = |name: &str, key: &RawKey| LogKey { name: name.to_owned(), public: key.public_key() };
    let keys: Vec<LogKey> = witnesses.iter().map(|(name, key)| public(name, key)).collect();
    let leaves: String = (0..8).map(|n| leaf(u64::from(n), &plain(n))).collect();
    head(&public("gb.example/ledger", &own), &keys) + &leaves + &tail(&note)
}

fn verify(bytes: &[u8]) -> Result<VerifiedExport> {
    let mut verifier = Verifier::default();
    bytes.split_inclusive(|b| *b == b'\n').try_for_each(|line| verifier.line(line))?;
    let entries = verifier.entries();
    let verified = verifier.finish()?;
    assert_eq!(verified.note.checkpoint.size, entries);
    Ok(verified)
}

#[test]
fn an_export_verifies_with_its_witnesses() {
    let verified = verify(export().as_bytes()).unwrap();
    assert_eq!(verified.note.checkpoint.size, 8);
    assert_eq!(verified.key.name, "gb.example/ledger");
    assert_eq!(verified.witnesses.len(), 2);
}

#[test]
fn an_export_needs_no_witness() {
    assert_eq!(verify(export_with(&[]).as_bytes()).unwrap().witnesses, []);
}

#[test]
fn a_byte_can_t_be_moved_between_the_random_bytes_and_the_entry() {
    let good = export();
    // The random bytes of entry 0 are zeros. The hash over both parts is the same wherever the first ends and the second begins.
    let zeros = hex::encode([0; 32]);
    for (salt, event) in [(hex::encode([0; 31]), "\0{"), (format!("{zeros}7b"), "")] {
        let moved = good.replacen(&format!("{zeros} {{"), &format!("{salt} {event}"), 1);
        assert_ne!(moved, good);
        let fault = verify(moved.as_bytes()).unwrap_err();
        assert_eq!((fault.index, fault.what.as_str()), (Some(0), "entry 0 has no random bytes"));
    }
    let salt = hex::encode([10; 32]);
    let shouted = good.replace(&hex::encode([5; 32]), &salt).replace(&salt, &salt.to_uppercase());
    assert_eq!(verify(shouted.as_bytes()).unwrap_err().index, Some(5));
}

#[test]
fn what_is_wrong_is_told_by_its_place() {
    let good = export();
    let told = |text: &str| verify(text.as_bytes()).unwrap_err();
    let lines: Vec<&str> = good.split_inclusive('\n').collect();
    assert!(told("hello\n").what.contains("not an export of a ledger"));
    // Before the first entry there is no entry to name.
    let cut = told(lines[0].trim_end());
    assert!(cut.index.is_none() && cut.what.contains("line 1 is cut"), "{cut:?}");
    let cut = told(lines[..6].concat().trim_end());
    assert!(cut.index == Some(1) && cut.what.contains("line 6 is cut"), "{cut:?}");
    for before in [&lines[..0], &lines[..1]] {
        let early = told(&[before, &lines[4..]].concat().concat());
        assert!(early.what.contains("comes before the ledger's key"), "{early:?}");
    }
}

#[test]
fn a_note_without_an_end_is_refused_before_it_fills_the_memory() {
    let mut verifier = Verifier::default();
    export().as_bytes().split_inclusive(|b| *b == b'\n').try_for_each(|line| verifier.line(line)).unwrap();
    let line = [&b"x".repeat(1023)[..], b"\n"].concat();
    let taken = (0..1000).take_while(|_| verifier.line(&line).is_ok()).count();
    assert!(taken <= crate::ledger::note::MAX_NOTE / line.len(), "{taken} lines of 1 KiB follow the note");
}

#[test]
fn every_changed_byte_is_found() {
    let good = export().into_bytes();
    for at in 0..good.len() {
        for flip in [1, 2, 0x20, 0x80] {
            let mut bytes = good.clone();
            bytes[at] ^= flip;
            assert!(verify(&bytes).is_err(), "byte {at} with {flip:#x} changed in {:?}", good[at] as char);
        }
        assert!(verify(&[&good[..at], &good[at + 1..]].concat()).is_err(), "byte {at} left out");
        assert!(verify(&[&good[..at], b"0", &good[at..]].concat()).is_err(), "a byte put in at {at}");
        assert!(verify(&good[..at]).is_err(), "cut at {at}");
    }
    assert!(verify(&[&good[..], b"\n"].concat()).is_err());
}

#[test]
fn every_line_that_is_missing_twice_or_elsewhere_is_found_and_entries_are_named() {
    let good = export();
    let lines: Vec<&str> = good.split_inclusive('\n').collect();
    for at in 0..lines.len() {
        let without = [&lines[..at], &lines[at + 1..]].concat().concat();
        let fault = verify(without.as_bytes()).unwrap_err();
        if let Some(index) = lines[at].strip_prefix("leaf ").and_then(|l| l.split(' ').next()) {
            assert_eq!(fault.index, Some(index.parse().unwrap()), "{fault:?}");
        }
        let twice = [&lines[..=at], &lines[at..]].concat().concat();
        assert!(verify(twice.as_bytes()).is_err(), "line {at} twice");
        if at + 1 < lines.len() && lines[at] != lines[at + 1] {
            let mut swapped = lines.clone();
            swapped.swap(at, at + 1);
            assert!(verify(swapped.concat().as_bytes()).is_err(), "line {at} swapped");
        }
    }
}

#[test]
fn a_changed_entry_is_named() {
    let text = export().replace("00:00:05Z", "00:00:06Z");
    let fault = verify(text.as_bytes()).unwrap_err();
    assert_eq!(fault.index, Some(5));
    assert!(fault.what.contains("entry 5 was changed"), "{}", fault.what);
}
