//! Hostile members: who they are, what they do, and in which simulations they take part. Each has genuine keys and agreements.

use std::collections::BTreeMap;

use watchfire::domain::budget::Budgets;

use crate::{
    book::Broken,
    cast::Org,
    plan::{Act, Step},
    rng::Rng,
};

use Org::{Crook, Ecowas, Gb, Gh, Loud, No, Rogue};

/// The links with a hostile end: who follows whom.
pub const FOE_LINKS: [(Org, Org); 3] = [(Ecowas, Loud), (Crook, Loud), (Gh, Crook)];
/// The pairs with a hostile end: who gives to whom by an agreement.
pub const FOE_PAIRS: [(Org, Org); 6] =
    [(Gb, Rogue), (No, Rogue), (Ecowas, Rogue), (Loud, Ecowas), (Loud, Crook), (Crook, Gh)];
/// The node that the hostile partner attacks.
const VICTIMS: [Org; 3] = [Gb, No, Ecowas];

/// How much nodes accept from each partner if hostile members take part. It is small, so that few statements exceed it.
const BUDGETS: Budgets = Budgets {
    held_bytes: 1 << 20,
    held_entries: 64,
    recalls_at_once: 40,
    recalls_per_second: 1,
    receipts_at_once: 40,
    receipts_per_second: 1,
    lists_per_hour: 60,
};

/// What a hostile partner hands over in great number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Junk {
    /// Recalls of its own assessments that don't exist.
    Recalls,
    /// Recalls of assessments that third parties have written, and of others that they have not.
    OthersRecalls,
    /// Alternating receipts for the same releases, each with a new text. Every fourth is for a release that does not exist.
    Receipts,
    /// Requests about assessments that it was given, and about others.
    Requests,
}

impl Junk {
    const ALL: [Self; 4] = [Self::Recalls, Self::OthersRecalls, Self::Receipts, Self::Requests];
}

/// What a hostile member does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attack {
    /// The hostile partner makes calls with numbers at the ends of their types.
    Numbers { at: Org },
    /// It hands over this many statements.
    Flood { at: Org, junk: Junk, many: u16 },
    /// The originator behind the hub publishes this many assessments of the highest level.
    Crowd { many: u16 },
    /// It recalls everything that it has published, and at the hub this many more that never existed.
    TakeBack { more: u16 },
    /// The hub publishes a warning while much of the same originator waits for a slow reader.
    Overtake,
}

/// What hostile members have done at one honest node.
#[derive(Default)]
pub struct Done {
    /// How many times they came with recalls, receipts, requests.
    pub recalls: u64,
    pub receipts: u64,
    pub requests: u64,
    /// In how many ways their statements were refused, over all attacks.
    pub refusals: u64,
    /// How many times they came with extreme numbers.
    pub numbers: u64,
}

/// What the hostile members have done.
#[derive(Default)]
pub struct Foes {
    /// The result of an attack, until the step ends.
    pub broken: Option<Broken>,
    /// The counts by honest node.
    pub done: BTreeMap<Org, Done>,
    /// A counter for ids and texts.
    pub made: u64,
    /// How many warnings the hub has published while much waited.
    pub warnings: u64,
    /// For how many of these the place was counted.
    pub placed: u64,
}

/// How much nodes accept from each partner, in plans with hostile members.
pub fn budgets(steps: &[Step]) -> Option<Budgets> {
    let take_part = steps.iter().any(|step| matches!(step.act, Act::Hostile(_)));
    take_part.then(|| if is_great(steps) { Budgets::default() } else { BUDGETS })
}

fn connect(from: Org, to: Org) -> Act {
    Act::Connect { from, to, mishaps: vec![] }
}

/// The originator publishes. The hub has it and lets it wait for its readers.
pub fn crowd(many: u16) -> [Act; 3] {
    [Act::Hostile(Attack::Crowd { many }), connect(Ecowas, Loud), Act::Turn { of: Ecowas }]
}

/// The originator recalls so much that a reader behind the hub can't take it all. Then a warning of the hub is published behind that.
pub fn taken_back_in_great_number(many: u16) -> Vec<Act> {
    let mut acts = crowd(many).to_vec();
    let all = |acts: &mut Vec<Act>| acts.extend([connect(Ecowas, Loud), connect(Gh, Ecowas)]);
    acts.push(connect(Gh, Ecowas));
    acts.push(Act::Hostile(Attack::TakeBack { more: 10 }));
    all(&mut acts);
    let draft = crate::plan::Draft { place: "ML", tlp: "GREEN", level: 5, onward: true };
    acts.extend([Act::Publish { by: Ecowas, draft }, Act::Publish { by: Gb, draft }, connect(Ecowas, Gb)]);
    acts.push(Act::Turn { of: Ecowas });
    all(&mut acts);
    acts
}

/// Whether the numbers of a plan are so large that nodes get the budgets of the usual configuration.
fn is_great(steps: &[Step]) -> bool {
    steps.iter().any(|step| matches!(step.act, Act::Hostile(Attack::Crowd { many }) if many > 100))
}

/// In every tenth seed, attacks come between the steps of the plan.
pub fn beset(seed: u64, steps: &mut Vec<Step>) {
    if seed % 10 != 5 {
        return;
    }
    let mut chance = Rng::new(seed ^ 0x0F0E);
    let mut attacks = vec![crowd(12).to_vec()];
    attacks.extend((0..4 + chance.below(4)).map(|_| attack(&mut chance)));
    let mut places: Vec<usize> = attacks.iter().map(|_| chance.below(steps.len() + 1)).collect();
    places.sort_unstable();
    for (place, acts) in places.into_iter().zip(attacks).rev() {
        steps.splice(place..place, acts.into_iter().map(Step::from));
    }
}

fn attack(chance: &mut Rng) -> Vec<Act> {
    let at = chance.pick(&VICTIMS);
    match chance.weighted(&[(1, 0), (4, 1), (1, 2), (2, 3), (3, 4), (2, 5)]) {
        0 => vec![Act::Hostile(Attack::Numbers { at })],
        1 => vec![Act::Hostile(Attack::Flood { at, junk: chance.pick(&Junk::ALL), many: 130 })],
        2 => crowd(8).to_vec(),
        3 => vec![Act::Hostile(Attack::TakeBack { more: 50 }), connect(Ecowas, Loud), connect(Gh, Ecowas)],
        4 => vec![Act::Hostile(Attack::Overtake)],
        _ => vec![connect(Crook, Loud), Act::Turn { of: Crook }, connect(Gh, Crook)],
    }
}
