//! What is known of partners' ledgers, in memory: their keys, their heads as pairs, who did not answer. Filled from the store at
//! the start.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    domain::{fault::Fault, ids::TrustDomain, time::Time},
    ledger::{
        greeting::{MAX_CONTESTED, MAX_PAIRS},
        note::{Checkpoint, LogKey, Note},
        pairs::{Pair, Tag},
    },
    node::Node,
    store::ledger::{KEPT_HEADS, Kept},
    wire,
};

/// How many hellos without an answer are too many, and for how many seconds.
const MISSES: u32 = 3;
const MISSING_SECONDS: i64 = 600;
/// How many of the newest heads of a partner go into one greeting.
const NEWEST: usize = 8;

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
#[derive(Default)]
pub(super) struct Watch(Mutex<Known>);

impl Watch {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// The newest heads of the partners of the moment, for another one of them; of very many partners those whose turn it is.
    pub fn pairs_for(&self, partner: &TrustDomain, active: &[TrustDomain]) -> Vec<Pair> {
        let mut known = self.lock();
        let others: Vec<&TrustDomain> = active.iter().filter(|d| *d != partner).collect();
        if others.is_empty() {
            return vec![];
        }
        let each = (MAX_PAIRS / others.len()).clamp(1, NEWEST);
        let first = if others.len() > MAX_PAIRS { known.turn % others.len() } else { 0 };
        known.turn = known.turn.wrapping_add(MAX_PAIRS);
        let turn = others.iter().cycle().skip(first).take(others.len());
        let newest = turn.filter_map(|d| known.partners.get(*d)).flat_map(|p| p.pairs.iter().rev().take(each));
        newest.take(MAX_PAIRS).copied().collect()
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

    #[test]
    fn no_answer_is_told_once_until_there_is_one() {
        let (watch, of, now) = (Watch::default(), domain(1), Time::from_unix_nanos(0));
        let missed = |watch: &Watch| (0..5).filter(|_| watch.missed(&of, now)).count();
        assert_eq!(missed(&watch), 1);
        watch.answered(&of);
        assert!(!watch.missed(&of, now) && watch.missed(&of, now.plus_seconds(601)));
    }

    #[test]
    fn of_very_many_partners_each_has_its_turn() {
        let watch = Watch::default();
        let all: Vec<TrustDomain> = (0..600).map(domain).collect();
        for (n, of) in all.iter().enumerate() {
            watch.add(of, &[n.to_be_bytes().to_vec()], &head(8), 8);
        }
        let mut told = std::collections::HashSet::new();
        for _ in 0..3 {
            let pairs = watch.pairs_for(&all[0], &all);
            assert_eq!(pairs.len(), MAX_PAIRS);
            told.extend(pairs);
        }
        assert_eq!(told.len(), 599);
        assert!(watch.pairs_for(&all[0], &all[..1]).is_empty());
    }

    #[test]
    fn the_newest_heads_go_first_and_the_oldest_are_forgotten() {
        let (watch, of, other) = (Watch::default(), domain(1), domain(2));
        let sizes = u64::from(KEPT_HEADS) + 10;
        (0..sizes).for_each(|n| watch.add(&of, &[b"root".to_vec()], &head(n), n));
        let pairs = watch.pairs_for(&other, &[of.clone(), other.clone()]);
        let expected: Vec<Pair> = (0..NEWEST as u64).map(|n| Pair::of(b"root", &head(sizes - 1 - n))).collect();
        assert_eq!(pairs, expected);
        let forged = |n: u64| Pair::of(b"root", &Checkpoint { root: [99; 32], ..head(n) });
        assert_eq!(watch.differs(&forged(sizes - 1)).unwrap().number, sizes - 1);
        assert!(watch.differs(&forged(3)).is_none() && watch.differs(&pairs[0]).is_none());
    }
}
