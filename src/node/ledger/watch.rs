//! What is known of partners' ledgers, in memory: their keys, their heads as pairs, who did not answer. Filled from the store at
//! the start.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    domain::{fault::Fault, ids::TrustDomain, time::Time},
    ledger::{
        greeting::{MAX_CONTESTED, PAIRS},
        note::{Checkpoint, LogKey, Note},
        pairs::{Pair, Tag},
    },
    node::Node,
    seal::raw::hmac_sha256,
    store::ledger::{KEPT_HEADS, Kept},
    wire,
};

/// How many hellos without an answer are too many, and for how many seconds.
const MISSES: u32 = 3;
const MISSING_SECONDS: i64 = 600;
/// How many of the newest heads of a partner go into one greeting, and of how many partners.
const NEWEST: usize = 4;
const ORGANISATIONS: usize = PAIRS / NEWEST;
/// How often an organisation that does not exist has a new head, seconds.
const RHYTHM_SECONDS: i64 = 60;

/// A head that a partner's pair may be about.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub of: TrustDomain,
    check: Tag,
    /// As the store numbers it.
    pub number: u64,
}

/// One partner.
#[derive(Default)]
struct Partner {
    key: Option<LogKey>,
    /// The pairs of its newest heads, the newest last.
    pairs: VecDeque<Pair>,
    /// Since when it has not answered, and how often.
    missing: Option<(Time, u32)>,
    is_alarmed: bool,
    /// The size of this node's ledger that it holds, by its own word.
    holds: u64,
    /// Notes of others that it is to be shown.
    contested: Vec<Vec<u8>>,
}

#[derive(Default)]
struct Known {
    partners: HashMap<TrustDomain, Partner>,
    seen: HashMap<Tag, Seen>,
    turn: usize,
}

/// Everything that is known; whole after every call.
pub(super) struct Watch {
    known: Mutex<Known>,
    /// What heads that do not exist are made of.
    secret: [u8; 32],
}

impl Watch {
    /// Knows nothing; `secret` is random.
    pub fn new(secret: [u8; 32]) -> Self {
        Self { known: Mutex::default(), secret }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn key(&self, of: &TrustDomain) -> Option<LogKey> {
        self.lock().partners.get(of)?.key.clone()
    }

    /// Whose ledger's key has that name.
    pub fn named(&self, name: &str) -> Option<(TrustDomain, LogKey)> {
        let known = self.lock();
        let named = |(of, p): (&TrustDomain, &Partner)| Some((of.clone(), p.key.clone().filter(|k| k.name == name)?));
        known.partners.iter().find_map(named)
    }

    pub fn set_key(&self, of: &TrustDomain, key: LogKey) {
        self.lock().partners.entry(of.clone()).or_default().key = Some(key);
    }

    pub fn holds(&self, of: &TrustDomain) -> u64 {
        self.lock().partners.get(of).map_or(0, |p| p.holds)
    }

    pub fn set_holds(&self, of: &TrustDomain, size: u64) {
        self.lock().partners.entry(of.clone()).or_default().holds = size;
    }

    /// A head was taken from a partner with these root certificates.
    pub fn add(&self, of: &TrustDomain, roots: &[Vec<u8>], head: &Checkpoint, number: u64) {
        let mut known = self.lock();
        let Known { partners, seen, .. } = &mut *known;
        let partner = partners.entry(of.clone()).or_default();
        for root in roots {
            let pair = Pair::of(root, head);
            seen.insert(pair.tag, Seen { of: of.clone(), check: pair.check, number });
            partner.pairs.push_back(pair);
        }
        while partner.pairs.len() > KEPT_HEADS as usize * roots.len().max(1) {
            if let Some(old) = partner.pairs.pop_front() {
                seen.remove(&old.tag);
            }
        }
    }

    /// The newest heads of the partners of the moment, for another one of them; of very many partners those whose turn it is. Always
    /// as many: the others are of organisations that do not exist and have new heads as often, so that the number tells nothing.
    pub fn pairs_for(&self, partner: &TrustDomain, active: &[TrustDomain], now: Time) -> Vec<Pair> {
        let mut known = self.lock();
        let others: Vec<&TrustDomain> = active.iter().filter(|d| *d != partner).collect();
        let first = if others.len() > ORGANISATIONS { known.turn % others.len() } else { 0 };
        known.turn = known.turn.wrapping_add(ORGANISATIONS);
        let turn = others.iter().cycle().skip(first).take(others.len().min(ORGANISATIONS));
        let newest = turn.filter_map(|d| known.partners.get(*d)).flat_map(|p| p.pairs.iter().rev().take(NEWEST));
        let mut pairs: Vec<Pair> = newest.copied().collect();
        pairs.extend((pairs.len()..PAIRS).map(|place| self.of_nobody(partner, place, now)));
        // Their order tells nothing either.
        pairs.sort_unstable_by_key(|p| p.tag);
        pairs
    }

    fn of_nobody(&self, partner: &TrustDomain, place: usize, now: Time) -> Pair {
        let (organisation, age) = (place / NEWEST, place % NEWEST);
        let phase = i64::try_from(organisation * 7 % 60).unwrap_or_default();
        let heads = (now.parts().0 + phase).div_euclid(RHYTHM_SECONDS);
        let head = heads.saturating_sub(i64::try_from(age).unwrap_or_default());
        let name = [&organisation.to_be_bytes()[..], &head.to_be_bytes()].concat();
        Pair::random_like(hmac_sha256(&self.secret, &[partner.as_str().as_bytes(), b"\0", &name]))
    }

    /// The head that a pair of somebody else's is about, where it is held and is another one.
    pub fn differs(&self, pair: &Pair) -> Option<Seen> {
        self.lock().seen.get(&pair.tag).filter(|seen| seen.check != pair.check).cloned()
    }

    pub fn tagged(&self, tag: &Tag) -> Option<Seen> {
        self.lock().seen.get(tag).cloned()
    }

    /// The partner is to be shown that note; `false` where it is already.
    pub fn contest(&self, partner: &TrustDomain, note: Vec<u8>) -> bool {
        let mut known = self.lock();
        let contested = &mut known.partners.entry(partner.clone()).or_default().contested;
        if contested.contains(&note) {
            return false;
        }
        if contested.len() == MAX_CONTESTED {
            contested.remove(0);
        }
        contested.push(note);
        true
    }

    pub fn contested(&self, partner: &TrustDomain) -> Vec<Vec<u8>> {
        self.lock().partners.get(partner).map(|p| p.contested.clone()).unwrap_or_default()
    }

    /// The partner has shown what it should.
    pub fn answered(&self, of: &TrustDomain) {
        let mut known = self.lock();
        let partner = known.partners.entry(of.clone()).or_default();
        (partner.missing, partner.is_alarmed) = (None, false);
    }

    /// Whether the partner does not answer now.
    pub fn is_missing(&self, of: &TrustDomain) -> bool {
        self.lock().partners.get(of).is_some_and(|p| p.is_alarmed)
    }

    /// The partner has not; `true` where that is too often or too long by now, once.
    pub fn missed(&self, of: &TrustDomain, now: Time) -> bool {
        let mut known = self.lock();
        let partner = known.partners.entry(of.clone()).or_default();
        let (since, misses) = partner.missing.map_or((now, 1), |(since, misses)| (since, misses.saturating_add(1)));
        partner.missing = Some((since, misses));
        let is_too_much = misses >= MISSES || now.seconds_since(since) > MISSING_SECONDS;
        is_too_much && !std::mem::replace(&mut partner.is_alarmed, is_too_much)
    }
}

impl Node {
    /// Takes up what the store holds of partners' ledgers.
    pub(super) async fn watch_partners(&self) -> Result<(), Fault> {
        for partner in self.directory().all() {
            let of = &partner.record.organisation.domain;
            if let Some(record) = self.store.kept(Kept::Key, Some(of), 1).await?.pop() {
                let key = wire::ledger::decode_key(&wire::envelope::decode(&record.value)?.payload)?;
                self.ledger.watch.set_key(of, LogKey { name: key.origin, public: key.public });
            }
            for record in self.store.kept(Kept::Head, Some(of), u32::MAX).await?.into_iter().rev() {
                let note = Note::parse(&record.value)?;
                self.ledger.watch.add(of, &partner.record.roots, &note.checkpoint, record.number);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(n: usize) -> TrustDomain {
        format!("d{n}.example").parse().unwrap()
    }

    fn head(n: u64) -> Checkpoint {
        Checkpoint { origin: "x.example/ledger".into(), size: n, root: [n as u8; 32] }
    }

    fn watch() -> Watch {
        Watch::new([7; 32])
    }

    fn start() -> Time {
        Time::from_unix_nanos(0)
    }

    #[test]
    fn no_answer_is_told_once_until_there_is_one() {
        let (watch, of) = (watch(), domain(1));
        assert_eq!((0..5).filter(|_| watch.missed(&of, start())).count(), 1);
        assert!(watch.is_missing(&of));
        watch.answered(&of);
        assert!(!watch.missed(&of, start()) && !watch.is_missing(&of));
        assert!(watch.missed(&of, start().plus_seconds(601)));
    }

    #[test]
    fn of_very_many_partners_each_has_its_turn() {
        let watch = watch();
        let all: Vec<TrustDomain> = (0..600).map(domain).collect();
        for (n, of) in all.iter().enumerate() {
            (0..8).for_each(|size| watch.add(of, &[n.to_be_bytes().to_vec()], &head(size), size));
        }
        let mut told = std::collections::HashSet::new();
        for _ in 0..600 / ORGANISATIONS + 1 {
            told.extend(watch.pairs_for(&all[0], &all, start()));
        }
        assert_eq!(told.len(), 599 * NEWEST);
    }

    #[test]
    fn how_many_partners_there_are_is_not_told_by_how_many_pairs_or_how_they_change() {
        let (watch, to, of) = (watch(), domain(0), domain(1));
        let alone = |at| watch.pairs_for(&to, std::slice::from_ref(&to), at);
        assert_eq!(alone(start()).len(), PAIRS);
        assert_eq!(alone(start()), alone(start()), "as those that exist stay, so do those that do not");
        let later = alone(start().plus_seconds(RHYTHM_SECONDS));
        let same = later.iter().filter(|p| alone(start()).contains(p)).count();
        assert_eq!(same, PAIRS - ORGANISATIONS, "each has one new head");
        watch.add(&of, &[b"root".to_vec()], &head(8), 8);
        let both = [to.clone(), of];
        let pairs = watch.pairs_for(&to, &both, start());
        assert!(pairs.len() == PAIRS && pairs.contains(&Pair::of(b"root", &head(8))));
        assert!(pairs.is_sorted_by_key(|p| p.tag));
    }

    #[test]
    fn the_newest_heads_go_and_the_oldest_are_forgotten() {
        let (watch, of, other) = (watch(), domain(1), domain(2));
        let sizes = u64::from(KEPT_HEADS) + 10;
        (0..sizes).for_each(|n| watch.add(&of, &[b"root".to_vec()], &head(n), n));
        let pairs = watch.pairs_for(&other, &[of.clone(), other.clone()], start());
        let newest: Vec<Pair> = (0..8).map(|n| Pair::of(b"root", &head(sizes - 1 - n))).collect();
        assert_eq!(newest.iter().map(|p| pairs.contains(p)).collect::<Vec<_>>(), [[true; 4], [false; 4]].concat());
        let forged = |n: u64| Pair::of(b"root", &Checkpoint { root: [99; 32], ..head(n) });
        assert_eq!(watch.differs(&forged(sizes - 1)).unwrap().number, sizes - 1);
        assert!(watch.differs(&forged(3)).is_none() && watch.differs(&newest[0]).is_none());
    }
}
