//! The live state of the feeds: which are open, what wakes them, and what stops those that are not open.

mod examined;
mod recent;

use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use examined::Examined;
use recent::Recent;
use tokio::sync::{Mutex as AsyncMutex, watch};
use tokio_util::sync::CancellationToken;

use super::{
    bundles::Told,
    lists::{PassedOn, Wanted},
    pace::Pace,
    refusals::Refusals,
    spent::Spent,
    status::Outgoing,
};
use crate::{
    domain::{
        ids::{AssessmentId, Sha256, StatementId, TrustDomain},
        statement::StatementKind,
        time::Time,
    },
    seal::random,
};

/// The least time, in seconds, between two notes of when a partner was heard of.
const CONTACT_SECONDS: i64 = 60;

/// The live state of all feeds. Nothing here needs to survive a restart.
#[derive(Default)]
pub struct LiveFeeds {
    partners: Mutex<HashMap<TrustDomain, Arc<Live>>>,
    /// Counts entries stored from any partner. Followers wait on it.
    arrivals: watch::Sender<u64>,
    /// Counts reasons to examine again what is in quarantine or waits.
    turns: watch::Sender<u64>,
    /// Organisations whose roots, lists or standing have changed. What waits for them is to be examined again.
    changed: Mutex<BTreeSet<TrustDomain>>,
    /// Assessments that were recalled. What waits of them is dropped.
    taken_back: Mutex<BTreeSet<AssessmentId>>,
    /// The random name of the current roots and lists, which partners are told. It is new after each change and each start.
    edition: Mutex<Option<[u8; EDITION]>>,
}

/// How many bytes name an edition of roots and lists.
const EDITION: usize = 16;

/// The most lines of the log in an hour about a partner's entries that are kept from users. The ledger has all of them.
const MOST_LINES: u32 = 600;
/// The live state of the feeds with one partner.
pub struct Live {
    /// Counts reasons to look into the queue.
    wake: watch::Sender<u64>,
    /// Held during a look at what goes out, so that there is one look at a time.
    pub(super) judging: AsyncMutex<()>,
    streams: Mutex<Option<(u64, CancellationToken)>>,
    next_stream: AtomicU64,
    /// What stops the feed to the partner.
    pub(super) outgoing: Outgoing,
    /// How this node's own following of the partner goes.
    inbound: watch::Sender<Inbound>,
    /// Counts requests to look at the partner's feed at once.
    pull: watch::Sender<u64>,
    /// Counts reasons to speak to the partner: statements that wait, new revocations.
    post: watch::Sender<u64>,
    /// What the partner's last hello said that it reads. `None` before the first hello.
    reads: Mutex<Option<Reads>>,
    /// The edition of roots and lists that the partner's last hello named.
    edition: Mutex<Option<Vec<u8>>>,
    /// The statements last taken from the partner.
    pub(super) taken: AsyncMutex<Recent>,
    /// Held during a greeting about ledgers, so that there is one at a time. Two heads at once, each grown from the same one, may be a
    /// fork.
    pub(super) greeting: AsyncMutex<()>,
    /// How fast it changes agreements.
    pace: Mutex<Pace>,
    /// How fast it sends requests.
    asking: Mutex<Pace>,
    /// How much of its rate for receipts it has used.
    answering: Mutex<Spent>,
    /// How much of its rate for recalls it has used, its own and those that it passes on.
    recalling: Mutex<Spent>,
    /// What it sent that was refused.
    refused: Mutex<Refusals>,
    /// How many lines of the log there were about faults in its entries.
    telling: Mutex<Pace>,
    /// How far its quarantine was examined.
    examined: Mutex<Examined>,
    /// Counts recalls that were put into the partner's outbox.
    recalls: AtomicU64,
    /// What it has told of bundles.
    pub(super) bundles: Told,
    /// When the partner was last heard of, as the store has it.
    heard: Mutex<Option<Time>>,
    /// The revocation lists that this node asked the partner for in the answer to its last hello.
    asked_for: Mutex<Vec<Wanted>>,
    /// Which revocation lists of other organisations went between this node and the partner.
    pub(super) passed_on: PassedOn,
    /// Held while a revocation list comes in.
    pub gathering: AsyncMutex<()>,
}

/// The kinds of statements that a partner reads.
struct Reads {
    kinds: Vec<StatementKind>,
    /// Whether the log already says that something is held back.
    said: bool,
}

/// How this node's following of a partner goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inbound {
    /// Whether a stream is open.
    pub live: bool,
    /// The last request ([`Live::pull_now`]) that was answered: a look that began after it found nothing more waiting.
    pub caught_up: u64,
    /// The last request after which a try began that failed.
    pub failed: u64,
    /// Why there is no stream.
    pub problem: Option<String>,
    /// How far the partner's clock is ahead, in seconds.
    pub clock_ahead: i64,
}

/// Locks a mutex even if a thread panicked while it held it. Every statement leaves these maps in a consistent state.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl LiveFeeds {
    /// Has everything in quarantine examined again, from whichever partner it came.
    pub(super) fn examine_all_again(&self) {
        lock(&self.partners).values().for_each(|live| live.examine_again());
    }

    /// The live state with a partner.
    pub fn of(&self, partner: &TrustDomain) -> Arc<Live> {
        let mut partners = lock(&self.partners);
        if let Some(live) = partners.get(partner) {
            return live.clone();
        }
        let live = Arc::new(Live {
            wake: watch::Sender::new(0),
            judging: AsyncMutex::default(),
            streams: Mutex::default(),
            next_stream: AtomicU64::new(0),
            outgoing: Outgoing::default(),
            inbound: watch::Sender::new(Inbound::default()),
            // The first look happens without a request.
            pull: watch::Sender::new(1),
            post: watch::Sender::new(0),
            reads: Mutex::default(),
            edition: Mutex::default(),
            taken: AsyncMutex::default(),
            greeting: AsyncMutex::default(),
            pace: Mutex::default(),
            asking: Mutex::default(),
            answering: Mutex::default(),
            recalling: Mutex::default(),
            refused: Mutex::default(),
            telling: Mutex::default(),
            examined: Mutex::default(),
            recalls: AtomicU64::new(0),
            bundles: Told::default(),
            heard: Mutex::default(),
            asked_for: Mutex::default(),
            passed_on: PassedOn::default(),
            gathering: AsyncMutex::default(),
        });
        partners.insert(partner.clone(), live.clone());
        live
    }

    /// The live state with every partner.
    pub(super) fn all(&self) -> Vec<(TrustDomain, Arc<Live>)> {
        lock(&self.partners).iter().map(|(partner, live)| (partner.clone(), live.clone())).collect()
    }

    /// Ends all streams to partners and their waiting for statements, because the node stops. The partners come back when it runs again.
    pub fn end_streams(&self) {
        lock(&self.partners).values().for_each(|live| {
            live.end_stream();
            live.post();
        });
    }

    /// Notes that roots, lists or standing of these organisations have changed, or are new.
    pub(super) fn trust_changed(&self, organisations: impl IntoIterator<Item = TrustDomain>) {
        let mut changed = lock(&self.changed);
        let before = changed.len();
        changed.extend(organisations);
        if changed.len() > before {
            *lock(&self.edition) = random::bytes().ok();
        }
        drop(changed);
        self.turned();
    }

    /// Has what waits for an organisation examined again.
    fn examine_waiting_for(&self, organisation: &TrustDomain) {
        lock(&self.changed).insert(organisation.clone());
        self.turned();
    }

    /// Has what waits of an assessment examined again, because it was recalled.
    pub(super) fn examine_taken_back(&self, assessment: AssessmentId) {
        lock(&self.taken_back).insert(assessment);
        self.turned();
    }

    /// Has everything examined again that waits for this organisation or is in quarantine, because the organisation is known now or known
    /// differently. Call it once that change is in force.
    pub(super) fn is_known_anew(&self, organisation: &TrustDomain) {
        self.examine_all_again();
        self.examine_waiting_for(organisation);
        self.forget_passed_on();
    }

    /// Lets revocation lists of other organisations come again, because more is known now about who these organisations are.
    pub(super) fn forget_passed_on(&self) {
        lock(&self.partners).values().for_each(|live| live.passed_on.forget());
    }

    /// The organisations that have changed since the last call.
    pub(super) fn take_changed(&self) -> BTreeSet<TrustDomain> {
        std::mem::take(&mut *lock(&self.changed))
    }

    /// The assessments that were recalled since the last call.
    pub(super) fn take_taken_back(&self) -> BTreeSet<AssessmentId> {
        std::mem::take(&mut *lock(&self.taken_back))
    }

    /// The name of the current roots and lists for partners. It tells only that they have changed.
    pub fn edition(&self) -> [u8; EDITION] {
        let mut edition = lock(&self.edition);
        *edition.get_or_insert_with(|| random::bytes().unwrap_or_default())
    }

    /// Wakes the examination: what may be taken from partners has changed, or something came that is kept from users.
    pub fn turned(&self) {
        self.turns.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// A receiver that sees each [`Self::turned`].
    pub fn turns(&self) -> watch::Receiver<u64> {
        self.turns.subscribe()
    }

    /// Notes that something was stored from a partner.
    pub fn arrived(&self) {
        self.arrivals.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// A receiver that sees each arrival.
    pub fn arrivals(&self) -> watch::Receiver<u64> {
        self.arrivals.subscribe()
    }
}

/// A stream to a partner. Only the newest one counts.
pub struct Stream {
    live: Arc<Live>,
    number: u64,
    /// Cancelled when a newer stream takes over, or the partner loses its standing.
    pub ended: CancellationToken,
}

impl Drop for Stream {
    fn drop(&mut self) {
        let mut streams = lock(&self.live.streams);
        if streams.as_ref().is_some_and(|(number, _)| *number == self.number) {
            *streams = None;
        }
    }
}

impl Live {
    /// Remembers which revocation lists the partner is asked to hand over.
    pub fn ask_for(&self, lists: Vec<Wanted>) {
        *lock(&self.asked_for) = lists;
    }

    /// The revocation list with that digest, if the partner was asked for it.
    pub fn asked_for(&self, sha256: &Sha256) -> Option<Wanted> {
        lock(&self.asked_for).iter().find(|wanted| wanted.list.sha256 == *sha256).cloned()
    }

    /// Counts one more change of agreements by the partner. `false` means that it must wait.
    pub(super) fn allows_a_change(&self, now: Time) -> bool {
        lock(&self.pace).allows(now)
    }

    /// Counts one more request by the partner, or answer to a request. `false` means that it must wait.
    pub(super) fn allows_a_request(&self, now: Time) -> bool {
        lock(&self.asking).allows(now)
    }

    /// Accesses how much of the rate for receipts the partner has used.
    pub(super) fn receipts<T>(&self, look: impl FnOnce(&mut Spent) -> T) -> T {
        look(&mut lock(&self.answering))
    }

    /// Accesses how much of the rate for recalls the partner has used.
    pub(super) fn recalled_by<T>(&self, look: impl FnOnce(&mut Spent) -> T) -> T {
        look(&mut lock(&self.recalling))
    }

    /// Accesses what was refused of the partner.
    pub(super) fn refusals<T>(&self, look: impl FnOnce(&mut Refusals) -> T) -> T {
        look(&mut lock(&self.refused))
    }

    /// Counts one more line of the log about the partner's entries. `false` means that there were enough.
    pub fn allows_a_line(&self, now: Time) -> bool {
        lock(&self.telling).allows_of(MOST_LINES, now)
    }

    /// Wakes the feed, because there may be something to release.
    pub fn wake(&self) {
        self.wake.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Notes that a recall waits for the partner. Nothing that was decided before the recall goes out unchecked any more.
    pub(super) fn recalled(&self) {
        self.recalls.fetch_add(1, Ordering::AcqRel);
        self.post();
        self.wake();
    }

    /// How many recalls were put into the partner's outbox since this process started.
    pub(super) fn recalls(&self) -> u64 {
        self.recalls.load(Ordering::Acquire)
    }

    /// Whether the store is to be told that the partner was heard of. This is so at most once a minute.
    pub(super) fn notes_contact(&self, now: Time) -> bool {
        let mut heard = lock(&self.heard);
        let is_due = heard.is_none_or(|at| now.seconds_since(at).abs() >= CONTACT_SECONDS);
        if is_due {
            *heard = Some(now);
        }
        is_due
    }

    /// A receiver that sees each reason to look into the queue.
    pub fn wakes(&self) -> watch::Receiver<u64> {
        self.wake.subscribe()
    }

    /// Opens the stream to this partner and ends the one before. A partner that came back on another connection does not wait for the old
    /// one, which may have died unnoticed.
    pub fn open_stream(self: &Arc<Self>) -> Stream {
        let number = self.next_stream.fetch_add(1, Ordering::Relaxed);
        let ended = CancellationToken::new();
        if let Some((_, before)) = lock(&self.streams).replace((number, ended.clone())) {
            before.cancel();
        }
        Stream { live: self.clone(), number, ended }
    }

    /// Ends the stream to this partner.
    pub fn end_stream(&self) {
        if let Some((_, stream)) = lock(&self.streams).take() {
            stream.cancel();
        }
    }

    /// Whether a stream to this partner is open.
    pub fn is_streaming(&self) -> bool {
        lock(&self.streams).is_some()
    }

    /// How this node's following of the partner goes.
    pub fn inbound(&self) -> &watch::Sender<Inbound> {
        &self.inbound
    }

    /// Asks the follower to look at the partner's feed at once. Returns the request's number; the first look has number 1.
    pub fn pull_now(&self) -> u64 {
        self.pull.send_modify(|count| *count = count.wrapping_add(1));
        *self.pull.borrow()
    }

    /// Wakes whoever speaks to the partner, because there is something to say.
    pub fn post(&self) {
        self.post.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// A receiver that sees each reason to speak to the partner.
    pub fn posts(&self) -> watch::Receiver<u64> {
        self.post.subscribe()
    }

    /// Notes what the partner has said that it reads.
    pub fn set_reads(&self, kinds: Vec<StatementKind>) {
        let mut reads = lock(&self.reads);
        let said = reads.as_ref().is_some_and(|r| r.said && r.kinds == kinds);
        *reads = Some(Reads { kinds, said });
    }

    /// The edition of roots and lists that the partner holds, as far as it has told.
    pub(super) fn edition(&self) -> Option<Vec<u8>> {
        lock(&self.edition).clone()
    }

    /// Notes the edition that the partner holds. Returns `true` if it differs from what was known.
    pub(super) fn set_edition(&self, edition: Vec<u8>) -> bool {
        lock(&self.edition).replace(edition.clone()).is_none_or(|before| before != edition)
    }

    /// Whether the partner reads that kind. `false` until it has said so.
    pub fn reads(&self, kind: StatementKind) -> bool {
        lock(&self.reads).as_ref().is_some_and(|r| r.kinds.contains(&kind))
    }

    /// Whether the partner has said what it reads since this process started.
    pub(super) fn has_said_what_it_reads(&self) -> bool {
        lock(&self.reads).is_some()
    }

    /// Whether something is held back for the first time since the partner said what it reads.
    pub(super) fn first_held(&self) -> bool {
        lock(&self.reads).as_mut().is_some_and(|r| !std::mem::replace(&mut r.said, true))
    }

    /// The agreements in force under which part of its quarantine is to be examined, each with the number after which to start.
    pub(super) fn to_examine(&self, in_force: Vec<StatementId>) -> Vec<(StatementId, u64)> {
        lock(&self.examined).take(in_force)
    }

    /// Notes an entry in its quarantine that only that agreement may cover.
    pub(super) fn arrived_under(&self, agreement: StatementId, sequence: u64) {
        lock(&self.examined).arrived(agreement, sequence);
    }

    /// Has everything of its quarantine examined again.
    pub(super) fn examine_again(&self) {
        lock(&self.examined).forget();
    }

    /// A receiver that sees each request to look at once.
    pub fn pulls(&self) -> watch::Receiver<u64> {
        self.pull.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live() -> Arc<Live> {
        LiveFeeds::default().of(&"fr.example".parse().unwrap())
    }

    #[test]
    fn nothing_is_read_before_the_partner_has_said_so_and_what_is_held_is_said_once() {
        let live = live();
        assert!(!live.reads(StatementKind::Agreement) && !live.first_held());
        live.set_reads(vec![StatementKind::Agreement]);
        assert!(live.reads(StatementKind::Agreement) && !live.reads(StatementKind::Receipt));
        assert!(live.first_held() && !live.first_held());
        live.set_reads(vec![StatementKind::Agreement]);
        assert!(!live.first_held(), "the same hello again is no news");
        live.set_reads(vec![]);
        assert!(live.first_held());
    }
}
