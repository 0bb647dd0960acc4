//! Plans: what happens in a simulation, step by step, as data. A seed determines a plan, and a plan can be written down.

use crate::{
    cast::{LINKS, Org, PAIRS, Whose},
    disk::{Cut, How},
    foes::{self, Attack},
    net::{Mishap, What},
    rng::Rng,
};

/// What an assessment is about, and how it is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draft {
    /// The place: an ISO 3166 or M49 code.
    pub place: &'static str,
    /// The marking of most portions. If it is above GREEN, the headline and the subject are GREEN.
    pub tlp: &'static str,
    pub level: u8,
    /// Whether the marking lets it be passed on to the readers of the hub.
    pub onward: bool,
}

/// What an agreement grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    pub max_tlp: &'static str,
    /// Whether it grants all kinds of portions, or only the few that a reader needs.
    pub all_kinds: bool,
    pub delay_hours: u8,
    pub onward: bool,
    /// For how many days it is valid, from the beginning of the simulation.
    pub days: u16,
    /// Whether an originator's purge runs without a decision.
    pub purge: bool,
}

/// What one side does alone with an agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Halt {
    Suspend,
    Resume,
    Terminate,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    Publish {
        by: Org,
        draft: Draft,
    },
    /// The n-th of the publications so far, counted cyclically.
    Correct {
        nth: u8,
        draft: Draft,
    },
    Recall {
        nth: u8,
        purge: bool,
    },
    Read {
        by: Org,
        nth: u8,
    },
    /// One connection, as the follower makes it: hello, statements in both directions, the feed up to its end.
    Connect {
        from: Org,
        to: Org,
        mishaps: Vec<Mishap>,
    },
    /// The work that a node does by itself: calendar, readmission, passing on, answering, a checkpoint.
    Turn {
        of: Org,
    },
    Propose {
        by: Org,
        with: Org,
        terms: Terms,
    },
    Sign {
        by: Org,
        with: Org,
    },
    Stop {
        by: Org,
        with: Org,
        halt: Halt,
    },
    SuspendPartner {
        by: Org,
        of: Org,
    },
    ResumePartner {
        by: Org,
        of: Org,
    },
    /// An organisation's bundle becomes known, or no longer counts.
    Know {
        by: Org,
        of: Org,
    },
    Forget {
        by: Org,
        of: Org,
    },
    /// A certificate is revoked, and a new one is used.
    Revoke {
        of: Org,
        whose: Whose,
    },
    Renew {
        of: Org,
        whose: Whose,
    },
    /// All certificates are renewed: under the same keys, or under new ones.
    RenewAll {
        of: Org,
        same_keys: bool,
    },
    /// The CA has a new key from now on, under its old name. The old root stays in use with the new one.
    RenewRoot {
        of: Org,
    },
    /// The administrator confirms the roots that the other organisation has by now.
    Confirm {
        by: Org,
        of: Org,
    },
    /// New revocation lists. With `forget`, without what was revoked first.
    Lists {
        of: Org,
        days: u32,
        forget: bool,
    },
    /// Nothing reaches it or leaves it until it is back.
    Leave {
        of: Org,
    },
    Return {
        of: Org,
    },
    HouseRules {
        of: Org,
        rules: Vec<usize>,
    },
    Wait {
        minutes: u32,
    },
    /// A clock is set to this many seconds from the true time.
    SetClock {
        of: Org,
        beside: i64,
    },
    Break {
        a: Org,
        b: Org,
    },
    Mend {
        a: Org,
        b: Org,
    },
    /// The power is cut between two steps.
    PowerCut {
        of: Org,
    },
    /// A hostile member does something.
    Hostile(Attack),
}

/// One step. The power of one machine may fail in the middle of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub act: Act,
    pub cut: Option<(Org, Cut)>,
}

impl From<Act> for Step {
    fn from(act: Act) -> Self {
        Self { act, cut: None }
    }
}

/// A plan in a form that can be copied into a file.
pub fn written(plan: &[Step]) -> String {
    let line = |step: &Step| format!("    {:?},\n", step).replace(": [", ": vec![");
    plan.iter().map(line).collect()
}

const HOUR: i64 = 3_600;
const YEAR: i64 = 365 * 24 * HOUR;
/// Times in minutes.
const DAY: u32 = 24 * 60;

/// The plan for a seed.
pub fn plan(seed: u64) -> Vec<Step> {
    let mut chance = Rng::new(seed);
    let length = 30 + chance.below(40);
    // How rough a plan is differs from seed to seed.
    let rough = chance.pick(&[0, 10, 25, 50]);
    let mut steps = vec![];
    // In every third seed, months pass.
    let is_long = seed.is_multiple_of(3);
    for _ in 0..length {
        let acts = if is_long && chance.percent(15) { times(&mut chance) } else { vec![act(&mut chance, rough)] };
        for act in acts {
            let cut = cut(&mut chance, rough, &act);
            steps.push(Step { act, cut });
        }
    }
    foes::beset(seed, &mut steps);
    steps
}

/// What happens over months: things end and are renewed early or late, and somebody is away meanwhile.
fn times(chance: &mut Rng) -> Vec<Act> {
    let of = chance.pick(&Org::ALL);
    let (a, b) = chance.pick(&PAIRS);
    let (by, with) = if chance.percent(50) { (a, b) } else { (b, a) };
    let lists = |chance: &mut Rng| Act::Lists { of, days: chance.pick(&[5, 20, 60]), forget: chance.percent(30) };
    match chance.weighted(&[(4, 0), (3, 1), (3, 2), (2, 3), (3, 4), (2, 5), (2, 6)]) {
        0 => {
            let mut acts = vec![Act::Leave { of }];
            let what = chance.pick(&[0, 1, 2]);
            acts.extend((0..what).map(|_| during(chance)));
            acts.push(Act::Wait { minutes: 30 * DAY });
            // The others are late.
            let renew = Org::ALL.into_iter().filter(|_| chance.percent(70)).collect::<Vec<_>>();
            acts.extend(renew.into_iter().map(|of| Act::RenewAll { of, same_keys: chance.percent(40) }));
            acts.push(lists(chance));
            acts.push(Act::Return { of });
            acts
        }
        1 => vec![Act::Wait { minutes: chance.pick(&[10, 20, 45]) * DAY }],
        2 => vec![Act::RenewAll { of, same_keys: chance.percent(40) }],
        3 => vec![Act::RenewRoot { of }, Act::RenewAll { of, same_keys: chance.percent(40) }, lists(chance)],
        4 => vec![lists(chance)],
        5 => vec![Act::Confirm { by, of: with }],
        _ => vec![Act::Revoke { of, whose: chance.pick(&Whose::ALL) }],
    }
}

/// While somebody is away.
fn during(chance: &mut Rng) -> Act {
    match chance.below(4) {
        0 => Act::Publish { by: Org::Gb, draft: draft(chance) },
        1 => Act::Connect { from: Org::Ecowas, to: Org::Gb, mishaps: vec![] },
        _ => Act::Recall { nth: u8::try_from(chance.below(256)).unwrap(), purge: chance.percent(50) },
    }
}

fn cut(chance: &mut Rng, rough: usize, act: &Act) -> Option<(Org, Cut)> {
    let of = match act {
        Act::Publish { by, .. } | Act::Propose { by, .. } | Act::Sign { by, .. } | Act::Stop { by, .. } => *by,
        Act::Connect { from, to, .. } => chance.pick(&[*from, *to]),
        Act::Turn { of } => *of,
        Act::Recall { .. } | Act::Correct { .. } => Org::Gb,
        _ => return None,
    };
    if !chance.percent(rough / 3) {
        return None;
    }
    let torn = How::Torn(u16::try_from(chance.below(1 << 16)).unwrap());
    let how = chance.weighted(&[(1, How::Before), (2, torn), (1, How::After)]);
    let write = chance.weighted(&[(4, 0), (2, 1), (1, 2), (1, 3)]);
    Some((of, Cut { write, how }))
}

fn act(chance: &mut Rng, rough: usize) -> Act {
    let kind = chance.weighted(&[(14, 0), (3, 1), (3, 2), (2, 3), (40, 4), (14, 5), (9, 6), (6, 7), (8, 8)]);
    let nth = u8::try_from(chance.below(256)).unwrap();
    match kind {
        0 => Act::Publish { by: chance.weighted(&[(5, Org::Gb), (1, Org::No)]), draft: draft(chance) },
        1 => Act::Correct { nth, draft: draft(chance) },
        2 => Act::Recall { nth, purge: chance.percent(50) },
        3 => Act::Read { by: chance.pick(&Org::ALL), nth },
        4 => {
            let (from, to) = chance.pick(&LINKS);
            Act::Connect { from, to, mishaps: mishaps(chance, rough) }
        }
        5 => Act::Turn { of: chance.weighted(&[(3, Org::Ecowas), (1, Org::Gb), (1, Org::No), (1, Org::Gh)]) },
        6 => agreeing(chance),
        7 => changing(chance),
        _ => surroundings(chance),
    }
}

fn draft(chance: &mut Rng) -> Draft {
    Draft {
        place: chance.weighted(&[(4, "BF"), (3, "ML"), (1, "NG"), (1, "GH"), (1, "NO")]),
        tlp: chance.pick(&["GREEN", "AMBER", "AMBER+STRICT"]),
        level: u8::try_from(1 + chance.below(4)).unwrap(),
        onward: chance.percent(70),
    }
}

pub fn mishaps(chance: &mut Rng, rough: usize) -> Vec<Mishap> {
    let mut all = vec![];
    while all.len() < 3 && chance.percent(rough) {
        let n = u8::try_from(chance.below(4)).unwrap();
        let of_the_feed = [What::CutAfter(n), What::Missing(n), What::Doubled(n), What::Swapped(n)];
        let of_calls = [What::LostThere, What::LostBack, What::Twice, What::Late];
        let what = if chance.percent(50) { chance.pick(&of_the_feed) } else { chance.pick(&of_calls) };
        all.push(Mishap { call: u8::try_from(chance.below(7)).unwrap(), what });
    }
    all
}

pub fn terms(chance: &mut Rng) -> Terms {
    Terms {
        max_tlp: chance.pick(&["GREEN", "AMBER", "AMBER+STRICT"]),
        all_kinds: chance.percent(70),
        delay_hours: chance.weighted(&[(4, 0), (1, 2)]),
        onward: chance.percent(70),
        days: chance.weighted(&[(1, 2), (5, 4_000)]),
        purge: chance.percent(50),
    }
}

fn agreeing(chance: &mut Rng) -> Act {
    let (a, b) = chance.pick(&PAIRS);
    let (by, with) = if chance.percent(50) { (a, b) } else { (b, a) };
    match chance.weighted(&[(4, 0), (4, 1), (2, 2), (2, 3), (1, 4)]) {
        0 => Act::Propose { by, with, terms: terms(chance) },
        1 => Act::Sign { by, with },
        2 => Act::Stop { by, with, halt: Halt::Suspend },
        3 => Act::Stop { by, with, halt: Halt::Resume },
        _ => Act::Stop { by, with, halt: Halt::Terminate },
    }
}

fn changing(chance: &mut Rng) -> Act {
    let (a, b) = chance.pick(&PAIRS);
    let (by, of) = if chance.percent(50) { (a, b) } else { (b, a) };
    let whose = chance.pick(&Whose::ALL);
    match chance.weighted(&[(2, 0), (3, 1), (1, 2), (1, 3), (1, 4), (2, 5), (2, 6)]) {
        0 => Act::SuspendPartner { by, of },
        1 => Act::ResumePartner { by, of },
        2 => Act::Know { by: Org::Gh, of: Org::Gb },
        3 => Act::Forget { by: Org::Gh, of: Org::Gb },
        4 => Act::Revoke { of: by, whose },
        5 => Act::Renew { of: by, whose },
        _ => Act::HouseRules {
            of: chance.pick(&[Org::Gb, Org::Ecowas]),
            rules: chance.pick(&[vec![], vec![0], vec![4]]),
        },
    }
}

fn surroundings(chance: &mut Rng) -> Act {
    let (a, b) = chance.pick(&LINKS);
    let of = chance.pick(&Org::ALL);
    match chance.weighted(&[(4, 0), (2, 1), (2, 2), (2, 3), (2, 4)]) {
        0 => Act::Wait { minutes: chance.pick(&[1, 10, 90, 600, 4_000]) },
        1 => Act::SetClock { of, beside: chance.pick(&[0, 0, 0, 60, -60, HOUR, -HOUR, YEAR, -YEAR]) },
        2 => Act::Break { a, b },
        3 => Act::Mend { a, b },
        _ => Act::PowerCut { of },
    }
}
