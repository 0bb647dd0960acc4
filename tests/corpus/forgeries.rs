//! Mutants of signed statements of every kind. None of them may be accepted. The promise is 0 of 100,000; `FORGERIES` sets another number.

use std::collections::BTreeMap;

use watchfire::{
    domain::{
        fault::Reason,
        statement::{Envelope, StatementKind, Suite},
    },
    wire,
};

use crate::{
    asked::number,
    chance::Chance,
    fuzz::{TARGETS, verify, world::world},
};

/// How many mutants to try, unless the environment says otherwise. `.ci/run` asks for 100,000.
const FORGERIES: u64 = 10_000;

#[test]
fn every_statement_of_the_world_is_accepted_as_it_was_signed() {
    let mut kinds: Vec<StatementKind> = vec![];
    for honest in &world().statements {
        let (kind, payload, _) = verify::accepted(&honest.bytes).expect("an honest statement");
        assert_eq!((kind, &payload), (honest.envelope.kind, &honest.envelope.payload));
        kinds.push(kind);
    }
    assert!(StatementKind::ALL.iter().all(|kind| kinds.contains(kind)), "a kind of statement is missing");
    let suites = |suite| world().statements.iter().any(|s| s.envelope.signatures.iter().any(|s| s.suite == suite));
    assert!(Suite::ALL.iter().all(|suite| suites(*suite)), "a suite is missing");
}

/// A mutant of the bytes, or of the parts reassembled, so that it gets past the decoder.
fn mutant(chance: &mut Chance) -> Vec<u8> {
    let all = &world().statements;
    let (one, other) = (chance.one_of(all), chance.one_of(all));
    let mut envelope = one.envelope.clone();
    match chance.below(10) {
        0 | 1 => return chance.mutant(&one.bytes, &other.bytes),
        2 | 3 => chance.changed(&mut envelope.payload, &other.envelope.payload),
        4 => envelope.payload.clone_from(&other.envelope.payload),
        5 => envelope.kind = *chance.one_of(StatementKind::ALL),
        6 => {
            let at = chance.below(envelope.signatures.len());
            chance.changed(&mut envelope.signatures[at].value, &other.envelope.signatures[0].value);
        }
        7 => {
            let at = chance.below(envelope.signatures.len());
            let chain = &mut envelope.signatures[at].certificates;
            let of_another = &other.envelope.signatures[0].certificates;
            match chance.below(3) {
                0 => chain.clone_from(of_another),
                1 => chain.extend(of_another.iter().cloned()),
                _ => chance.changed(&mut chain[0], &of_another[0]),
            }
        }
        8 => envelope.signatures[0].suite = *chance.one_of(Suite::ALL),
        _ => match chance.below(3) {
            0 => envelope.signatures.clone_from(&other.envelope.signatures),
            1 => envelope.signatures.extend(other.envelope.signatures.iter().cloned()),
            _ => envelope.signatures.push(other.envelope.signatures[0].clone()),
        },
    }
    wire::envelope::encode(&envelope)
}

/// The statement and its kind.
fn said(envelope: &Envelope) -> (StatementKind, &[u8]) {
    (envelope.kind, &envelope.payload)
}

/// Why a mutant was refused, or that it is not a mutant because it is the same statement with the same signers.
fn outcome(bytes: &[u8]) -> &'static str {
    if world().statements.iter().any(|s| s.bytes == bytes) {
        return "unchanged";
    }
    let Ok(envelope) = wire::envelope::decode(bytes) else { return "no envelope" };
    match verify::judged(&envelope) {
        Err(fault) => fault.reason.as_str(),
        Ok(signers) => {
            let same = world().statements.iter().find(|s| said(&s.envelope) == said(&envelope));
            let honest = same.and_then(|s| verify::judged(&s.envelope).ok()).unwrap_or_default();
            if signers.iter().all(|s| honest.contains(s)) { "same statement" } else { "FORGED" }
        }
    }
}

#[test]
fn no_mutant_of_a_signed_statement_is_accepted() {
    let count = number("FORGERIES", FORGERIES);
    let mut outcomes: BTreeMap<&str, u64> = BTreeMap::new();
    let (mut made, mut seed) = (0, 0);
    while made < count {
        let bytes = mutant(&mut Chance::new(seed));
        let outcome = outcome(&bytes);
        assert!(outcome != "FORGED", "mutant {seed} is accepted: {}", hex::encode(bytes));
        *outcomes.entry(outcome).or_default() += 1;
        made += u64::from(outcome != "unchanged");
        seed += 1;
    }
    println!("{made} mutants, 0 accepted: {outcomes:?}");
    // The control: this many would be accepted if signatures were not checked.
    let by_signature = outcomes.get(Reason::SignatureInvalid.as_str()).copied().unwrap_or_default();
    assert!(by_signature > count / 10, "too few mutants get as far as the signature check: {outcomes:?}");
}

/// The control: a validly signed statement that is not of the fixed world makes the target fail, as a forgery would.
#[test]
fn a_forgery_would_be_noticed() {
    let (_, check) = TARGETS.iter().find(|(name, _)| *name == "verify").unwrap();
    let honest = &world().statements[0];
    check(&honest.bytes);
    let forged = verify::among(&honest.bytes, &world().statements[1..]);
    assert!(forged.is_err(), "the target passes although a statement that nobody signed was accepted");
}
