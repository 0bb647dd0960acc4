//! Deliberate faults. Each breaks one promise, and the invariants must notice it, because a check that can't fail is worth nothing.

use std::sync::Arc;

use watchfire::{
    domain::{
        entry::FeedEntry,
        release::{FeedPosition, Release},
        statement::{Envelope, StatementKind},
    },
    ledger::note::{Checkpoint, Note},
    wire,
};

use crate::{
    cast::{Org, Whose},
    foes::{self, Attack, Junk},
    oracle::Rule,
    plan::{Act, Draft, Step, Terms},
};

/// A deliberate fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutant {
    /// A power cut loses the last change that was answered.
    Forgets,
    /// A taker acknowledges before it stores.
    AcknowledgesAhead,
    /// A taker stores each entry a second time, under the next number.
    StoresTwice,
    /// A giver decides by a clock that runs at twice the speed.
    WrongClock,
    /// A giver uses a number a second time.
    ReusesNumbers,
    /// A reader does not hide recalled assessments from its users.
    IgnoresRecalls,
    /// No statement in an outbox is ever sent.
    SendsNoStatements,
    /// The house rules on disk are never put in force.
    Lawless,
    /// One partner is shown other heads of a ledger than the others.
    TellsTwoHeads,
    /// A taker drops what it can't verify yet.
    DropsUnverified,
    /// A taker judges an author's signature as of its own time, not as of when it was logged.
    JudgesNow,
    /// The lists and revocations that were seen are lost at a start.
    ForgetsLists,
    /// A store takes a number that no entry has for the last number that any entry has.
    ClampsNumbers,
    /// A node without budgets.
    TakesEverything,
    /// A giver's feed stops as long as a recall waits for the taker.
    RecallsHoldAll,
    /// A giver numbers everything that is due at once.
    NumbersAhead,
    /// Within one level, the first to come goes first, and originators take no turns.
    NoTurns,
    /// The node decides by a rule that the oracle does not know. This tests the same as the reverse.
    Oracle(Rule),
}

impl Mutant {
    pub const ALL: [Self; 20] = [
        Self::Forgets,
        Self::AcknowledgesAhead,
        Self::StoresTwice,
        Self::WrongClock,
        Self::ReusesNumbers,
        Self::IgnoresRecalls,
        Self::SendsNoStatements,
        Self::Lawless,
        Self::TellsTwoHeads,
        Self::DropsUnverified,
        Self::JudgesNow,
        Self::ForgetsLists,
        Self::ClampsNumbers,
        Self::TakesEverything,
        Self::RecallsHoldAll,
        Self::NumbersAhead,
        Self::NoTurns,
        Self::Oracle(Rule::OwnState),
        Self::Oracle(Rule::Tlp),
        Self::Oracle(Rule::OnwardKinds),
    ];

    /// The organisation whose machine has it.
    pub fn concerns(self, org: Org) -> bool {
        match self {
            Self::WrongClock => org == Org::Gb,
            Self::IgnoresRecalls => matches!(org, Org::Ecowas | Org::Gh | Org::Bf),
            _ => true,
        }
    }

    pub fn rule(self) -> Option<Rule> {
        if let Self::Oracle(rule) = self { Some(rule) } else { None }
    }

    /// The invariants. One of them must notice it.
    pub fn noticed_by(self) -> &'static [&'static str] {
        match self {
            Self::Forgets => &["what was published is there", "what was acknowledged is there", "ledgers do not fork"],
            Self::AcknowledgesAhead => &["what was acknowledged is there"],
            Self::StoresTwice => &["what is stored is what was given"],
            Self::WrongClock => &["the oracle allows every portion"],
            Self::ReusesNumbers => &["numbers have no gaps", "numbers do not fork"],
            Self::IgnoresRecalls => &["what was recalled is shown nowhere", "every holder has answered"],
            // Feeds continue without statements, also recalls. So what is missing then is what statements bring.
            Self::SendsNoStatements => &["both sides take the same for agreed", "what was recalled is shown nowhere"],
            Self::TellsTwoHeads => &["ledgers do not fork", "every head is a beginning of the ledger"],
            Self::DropsUnverified | Self::JudgesNow => &["what is due has arrived"],
            Self::ForgetsLists => &["nobody revoked is let in"],
            Self::ClampsNumbers => &["a number out of bounds is refused"],
            Self::TakesEverything => &["what a partner brings into a ledger is within its budgets"],
            Self::RecallsHoldAll => &["what is due has arrived", "whatever is given arrives"],
            Self::NumbersAhead => &["little is numbered ahead"],
            Self::NoTurns => &["a warning is handed over next"],
            Self::Lawless | Self::Oracle(_) => &[
                "each decision is the oracle's",
                "nothing that may go is held back",
                "the oracle allows every portion",
            ],
        }
    }

    /// A plan made for this fault, if seeds would take long to reach it.
    pub fn plan(self) -> Option<Vec<Step>> {
        let (from, to) = (Org::Ecowas, Org::Gb);
        let connect = || Act::Connect { from, to, mishaps: vec![] };
        let draft = Draft { place: "ML", tlp: "GREEN", level: 3, onward: true };
        let terms = Terms { max_tlp: "AMBER", all_kinds: true, delay_hours: 2, onward: true, days: 4_000, purge: true };
        let acts = match self {
            Self::Forgets => vec![Act::Publish { by: to, draft }, Act::PowerCut { of: to }],
            Self::WrongClock => vec![
                Act::Propose { by: to, with: from, terms },
                connect(),
                Act::Sign { by: from, with: to },
                connect(),
                Act::Publish { by: to, draft },
                Act::Wait { minutes: 90 },
                connect(),
            ],
            // The author's certificate is of a root that the taker confirms only at the end.
            Self::DropsUnverified => vec![
                Act::RenewRoot { of: to },
                Act::Renew { of: to, whose: Whose::Analyst },
                Act::Publish { by: to, draft },
                connect(),
            ],
            Self::JudgesNow => {
                let renew = |of| Act::RenewAll { of, same_keys: true };
                let wait = Act::Wait { minutes: 60 * 24 * 60 };
                vec![Act::Publish { by: to, draft }, wait, renew(to), renew(from), connect()]
            }
            Self::ForgetsLists => {
                vec![Act::Revoke { of: to, whose: Whose::NodeTls }, connect(), Act::PowerCut { of: from }]
            }
            Self::ClampsNumbers => vec![Act::Hostile(Attack::Numbers { at: to })],
            Self::TakesEverything => {
                vec![Act::Hostile(Attack::Flood { at: to, junk: Junk::Recalls, many: 100 })]
            }
            // The reader does not know the originator of these assessments, so it can't take the recalls.
            Self::RecallsHoldAll => {
                let mut acts = foes::crowd(2).to_vec();
                acts.extend([
                    Act::Connect { from: Org::Gh, to: from, mishaps: vec![] },
                    Act::Publish { by: to, draft },
                ]);
                acts.push(Act::Hostile(Attack::TakeBack { more: 1 }));
                acts
            }
            Self::NumbersAhead | Self::NoTurns => {
                let mut acts = foes::crowd(20).to_vec();
                acts.push(Act::Hostile(Attack::Overtake));
                acts
            }
            _ => return None,
        };
        Some(acts.into_iter().map(Step::from).collect())
    }
}

/// Another head of the same size, signed with the same key.
pub fn other_head(by: Org, note: &[u8]) -> Vec<u8> {
    let Checkpoint { origin, size, mut root } = Note::parse(note).unwrap().checkpoint;
    root[0] ^= 1;
    Note::sign(Checkpoint { origin, size, root }, &by.keys().ledger()).to_string().into_bytes()
}

/// The entry under the number before its own.
pub fn reuse_number(entry: &mut FeedEntry) {
    if entry.release.kind != StatementKind::Release {
        return;
    }
    let release = wire::release::decode(&entry.release.payload).unwrap();
    if release.position.sequence > 1 {
        let position = FeedPosition { sequence: release.position.sequence - 1, previous: None };
        let payload = wire::release::encode(&Release { position, ..release });
        entry.release = Arc::new(Envelope { payload, ..(*entry.release).clone() });
    }
}
