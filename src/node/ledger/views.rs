//! How partners find out together that an organisation shows them different ledgers, without telling anybody else whose partners they
//! are.

use std::{collections::HashMap, sync::Arc};

use crate::{
    domain::{fault::Fault, ids::TrustDomain, partner::PartnerState},
    ledger::{
        greeting::{EARLIER_KEYS, Greeting, MAX_CONTESTED, PAIRS},
        heads::AlarmKind,
        note::{LogKey, Note},
        pairs::{Keyed, PAIR, Pair, Tag},
        views::{Base, Compared, EVERY, NEWEST, QUESTIONS, SignedBase, last_multiple},
    },
    node::{alarms::Alarmed, directory::Partner, ledger::Ledger},
    seal::{hash::sha256, random},
    store::ledger::LedgerRecordKind,
};

/// How many organisations' roots go into one greeting.
const ORGANISATIONS: usize = PAIRS / NEWEST;

impl Ledger {
    /// The root of this node's ledger at a size, with the proof from there to its head.
    pub(in crate::node) async fn own_base(&self, size: u64, head: u64) -> Result<Option<Base>, Fault> {
        if size == 0 || size > head {
            return Ok(None);
        }
        let Some(root) = self.store.ledger_root(size).await? else { return Ok(None) };
        Ok(Some(Base { size, root, proof: self.store.consistency(size, head).await? }))
    }

    /// The roots of others' ledgers for a partner. Their number is always the same: the rest is filled with random bytes.
    pub(in crate::node) fn pairs_for(&self, partner: &TrustDomain, salt: [u8; 16]) -> Result<Vec<Pair>, Fault> {
        let directory = self.directory.current();
        let others: Vec<&Arc<Partner>> =
            directory.all_active().filter(|p| p.record.organisation.domain != *partner).collect();
        let first = self.watch.turn(others.len(), ORGANISATIONS);
        let turn = others.iter().cycle().skip(first).take(others.len().min(ORGANISATIONS));
        let mut pairs = vec![];
        for other in turn {
            let of = &other.record.organisation.domain;
            let Some(key) = self.watch.key(of) else { continue };
            // An organisation's root certificates take turns, because the other side may hold only one of them.
            let mut roots: Vec<&Vec<u8>> = other.record.roots.iter().collect();
            roots.sort_unstable_by_key(|root| sha256(&[root]));
            let place = usize::from(salt[0]) % roots.len().max(1);
            let Some(root) = roots.get(place) else { continue };
            let keyed = Keyed::new(root, salt, &key.name);
            self.watch.view(of, |view| {
                let told = (0_u8..).zip(view.newest());
                pairs.extend(told.map(|(n, shown)| keyed.pair(n, shown.base.size, &shown.base.root)));
            });
        }
        for _ in pairs.len()..PAIRS {
            let bytes: [u8; PAIR] = random::bytes().map_err(crate::node::task::lost)?;
            pairs.push(Pair::from_bytes(&bytes));
        }
        // They are sorted, so that their order tells nothing.
        pairs.sort_unstable_by_key(|pair| pair.tag);
        Ok(pairs)
    }

    /// Takes the roots that a partner tells of its own ledger, at the last multiple of `EVERY` and as answers. A root is kept if the
    /// partner's newest head proves it.
    pub(in crate::node) fn take_bases(&self, partner: &TrustDomain, key: &LogKey, greeting: &Greeting) -> bool {
        let Ok(head) = Note::parse(&greeting.note) else { return false };
        self.watch.view(partner, |view| view.set_head(head.checkpoint.size));
        let bare = head.bare().to_string().into_bytes();
        let verified = |base: &Base| {
            let shown = SignedBase { note: bare.clone(), base: base.clone() };
            shown.verify(key).is_ok().then_some(shown)
        };
        let due = last_multiple(head.checkpoint.size);
        let told = greeting.base.as_ref().filter(|base| Some(base.size) == due).and_then(verified);
        let is_told = due.is_none() || told.is_some();
        let answers: Vec<SignedBase> = greeting.answers.iter().take(QUESTIONS).filter_map(verified).collect();
        if !answers.is_empty() {
            self.watch.set_silent(partner, false);
        }
        // They are in ascending order, because what was asked for is older than the newest.
        let all: Vec<SignedBase> = answers.into_iter().chain(told).collect();
        self.watch.view(partner, |view| all.into_iter().for_each(|shown| view.add(shown)));
        is_told
    }

    /// Compares what the partner was shown of others' ledgers with what is held here. `true` if there is something new to show the
    /// partner.
    pub(in crate::node) fn compare_pairs(&self, partner: &TrustDomain, greeting: &Greeting) -> bool {
        let told: HashMap<Tag, &Pair> = greeting.pairs.iter().take(PAIRS).map(|pair| (pair.tag, pair)).collect();
        let directory = self.directory.current();
        let mut is_news = false;
        for other in directory.all_active() {
            let of = &other.record.organisation.domain;
            let Some(key) = self.watch.key(of).filter(|_| of != partner) else { continue };
            for root in &other.record.roots {
                let keyed = Keyed::new(root, greeting.salt, &key.name);
                for n in (0_u8..).take(NEWEST) {
                    let Some(pair) = told.get(&keyed.tag(n)) else { continue };
                    let size = keyed.size(n, pair);
                    if size == 0 || !size.is_multiple_of(EVERY) {
                        continue;
                    }
                    let agrees = |root: &[u8; 32]| keyed.check(size, root) == pair.check;
                    let (compared, newest) = self.watch.view(of, |view| {
                        let compared = view.compare(partner, size, agrees);
                        (compared, view.newest().next().cloned())
                    });
                    let shown = match compared {
                        Compared::Differs(held) => Some(*held),
                        // Each side then has a head from the other, in case the organisation does not answer.
                        Compared::Asked => newest,
                        Compared::Same | Compared::Beyond => None,
                    };
                    is_news |= shown.is_some_and(|shown| self.watch.contest(partner, shown));
                }
            }
        }
        is_news
    }

    /// Takes a root of a third organisation's ledger that the partner was shown, and that may not agree with what is held here.
    pub(in crate::node) async fn take_contested(
        &self,
        partner: &TrustDomain,
        shown: &SignedBase,
    ) -> Result<bool, Fault> {
        let Ok(note) = Note::parse(&shown.note) else { return Ok(false) };
        let Some((of, key)) = self.watch.named(&note.checkpoint.origin).filter(|(of, _)| of != partner) else {
            return Ok(false);
        };
        let is_active = self.directory.current().get(&of).is_some_and(|p| p.standing() == PartnerState::Active);
        if !is_active || shown.verify(&key).is_err() {
            return Ok(false);
        }
        let size = shown.base.size;
        let (compared, newest) = self.watch.view(&of, |view| {
            let compared = view.compare(partner, size, |root| *root == shown.base.root);
            (compared, view.newest().next().cloned())
        });
        let theirs = note.bare().to_string().into_bytes();
        self.watch.set_elsewhere(&of, theirs.clone());
        let Compared::Differs(held) = compared else {
            let shown_back = (compared != Compared::Same).then_some(newest).flatten();
            return Ok(shown_back.is_some_and(|shown| self.watch.contest(partner, shown)));
        };
        let what = format!("it has shown two of its partners ledgers that differ in their first {size} entries");
        let bases = [held.base_text().into_bytes(), shown.base_text().into_bytes()];
        let evidence = [vec![held.note.clone(), theirs], bases.into()].concat();
        let alarmed = self.alarms.alarm(Some(&of), AlarmKind::SplitView, what, evidence).await?;
        let is_news = self.watch.contest(partner, *held);
        Ok(is_news || alarmed == Alarmed::New)
    }

    /// Raises an alarm if the partner has spoken and has left a question open for too long.
    pub(in crate::node) async fn note_silence(&self, partner: &TrustDomain) -> Result<(), Fault> {
        let (now, watch) = (self.clock.now(), &self.watch);
        if !watch.view(partner, |view| view.heard(now)) {
            return Ok(());
        }
        watch.set_silent(partner, true);
        let held = self.store.ledger_records(LedgerRecordKind::Head, Some(partner), 1).await?.pop();
        let held = held.map(|h| Note::parse(&h.value)).transpose()?.map(|n| n.bare().to_string().into_bytes());
        let evidence = held.into_iter().chain(watch.elsewhere(partner)).collect();
        let what = "it was asked for the root of its ledger at a size that it has told somebody else, and has not answered in 10 minutes; \
            it may show two ledgers";
        self.alarms.alarm(Some(partner), AlarmKind::NoAnswer, what.to_owned(), evidence).await?;
        Ok(())
    }

    /// What a partner is asked: for the roots that others hold of its ledger and this node does not. Once a day it is also asked for a
    /// root that nobody needs, so that a question tells nothing.
    pub(in crate::node) fn questions_for(&self, partner: &TrustDomain) -> Result<Vec<u64>, Fault> {
        let (now, watch) = (self.clock.now(), &self.watch);
        let day = now.parts().0.div_euclid(86_400);
        let head = watch.view(partner, |view| view.head());
        if head >= EVERY && watch.is_first_of_day(partner, day) {
            let chance: [u8; 8] = random::bytes().map_err(crate::node::task::lost)?;
            let size = (u64::from_be_bytes(chance) % (head / EVERY) + 1) * EVERY;
            watch.view(partner, |view| view.ask(None, size));
        }
        Ok(watch.view(partner, |view| view.questions()))
    }

    /// The answers to what a partner has asked about this node's ledger.
    pub(in crate::node) async fn answers_for(&self, partner: &TrustDomain, head: u64) -> Result<Vec<Base>, Fault> {
        let mut answers = vec![];
        for size in self.watch.questions(partner) {
            answers.extend(self.own_base(size, head).await?);
        }
        answers.sort_unstable_by_key(|base| base.size);
        Ok(answers)
    }
}

/// The questions of a greeting that are allowed: multiples of `EVERY`, in ascending order, each once.
pub(in crate::node) fn questions_in(greeting: &Greeting) -> Vec<u64> {
    let mut asked: Vec<u64> =
        greeting.questions.iter().copied().filter(|size| *size > 0 && size.is_multiple_of(EVERY)).collect();
    asked.sort_unstable();
    asked.dedup();
    asked.truncate(QUESTIONS);
    asked
}

/// A greeting that can't be read is the partner's fault.
impl Greeting {
    /// Refuses a greeting that holds more than it may.
    ///
    /// # Errors
    /// `LIMIT_EXCEEDED`.
    pub fn checked(self) -> Result<Self, Fault> {
        let long = |base: &Base| base.proof.len() > 128;
        let bases = self.base.iter().chain(&self.answers).chain(self.contested.iter().map(|shown| &shown.base));
        let is_long = self.proof.len() > 128 || bases.clone().any(long);
        let are_many = self.questions.len() > QUESTIONS
            || self.answers.len() > QUESTIONS
            || self.earlier_keys.len() > EARLIER_KEYS;
        if self.pairs.len() > PAIRS || self.contested.len() > MAX_CONTESTED || is_long || are_many {
            let what = format!(
                "at most {PAIRS} pairs, {MAX_CONTESTED} heads of others, {QUESTIONS} questions and as many answers, and 128 hashes in a proof go \
                 together"
            );
            return Err(Fault::at(crate::domain::fault::Reason::LimitExceeded, "ledger", what));
        }
        Ok(self)
    }
}
