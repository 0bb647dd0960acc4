//! Which feeds are live, what woke them, and what stands in the way of those that are not.

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

/// How often it is kept that a partner was heard of, seconds.
const CONTACT_SECONDS: i64 = 60;

/// Live state of all feeds. Nothing here needs to survive a restart.
#[derive(Default)]
pub struct LiveFeeds {
    partners: Mutex<HashMap<TrustDomain, Arc<Live>>>,
    /// Counts entries stored from any partner: followers wait on it.
    arrivals: watch::Sender<u64>,
    /// Counts reasons to examine again what is in quarantine, or waits.
    turns: watch::Sender<u64>,
    /// Organisations whose roots, lists or standing have changed: what waits for them is to be examined again.
    changed: Mutex<BTreeSet<TrustDomain>>,
    /// Assessments that were taken back: what waits of them is let go of.
    taken_back: Mutex<BTreeSet<AssessmentId>>,
    /// Counts such changes, from a number that no earlier run of this node has used.
    edition: Mutex<Option<[u8; EDITION]>>,
}

/// How many bytes name an edition of roots and lists.
const EDITION: usize = 16;

/// How many entries of a partner that are kept from users are told in the log in an hour. The ledger has each.
const MOST_LINES: u32 = 600;
/// Live state of the feeds with one partner.
pub struct Live {
    /// Counts reasons to look into the queue.
    wake: watch::Sender<u64>,
    /// One look at what goes out at a time.
    pub(super) judging: AsyncMutex<()>,
    streams: Mutex<Option<(u64, CancellationToken)>>,
    next_stream: AtomicU64,
    /// What stops the feed to it.
    pub(super) outgoing: Outgoing,
    /// What this node's own following of the partner is up to.
    inbound: watch::Sender<Inbound>,
    /// Counts requests to look at the partner's feed at once.
    pull: watch::Sender<u64>,
    /// Counts reasons to speak to the partner: statements that wait, new revocations.
    post: watch::Sender<u64>,
    /// What the partner's last hello said that it reads; nothing before that.
    reads: Mutex<Option<Reads>>,
    /// Which edition of roots and lists the partner's last hello named.
    edition: Mutex<Option<Vec<u8>>>,
    /// The statements last taken from the partner.
    pub(super) taken: AsyncMutex<Recent>,
    /// One greeting about ledgers at a time: two heads at once, each grown from the same one, may be a fork.
    pub(super) greeting: AsyncMutex<()>,
    /// How fast it changes what is agreed.
    pace: Mutex<Pace>,
    /// How fast it asks for more.
    asking: Mutex<Pace>,
    /// How fast it answers.
    answering: Mutex<Spent>,
    /// How fast it takes back, or passes on what others take back.
    recalling: Mutex<Spent>,
    /// What was refused of it.
    refused: Mutex<Refusals>,
    /// How much the log says of what is wrong with its entries.
    telling: Mutex<Pace>,
    /// What of its quarantine was examined.
    examined: Mutex<Examined>,
    /// Counts recalls that were put into the partner's outbox.
    recalls: AtomicU64,
    /// What it has told of bundles.
    pub(super) bundles: Told,
    /// When the partner was last heard of, as the store has it.
    heard: Mutex<Option<Time>>,
    /// The revocation lists that this node has asked the partner to hand over, by the answer to its last hello.
    asked_for: Mutex<Vec<Wanted>>,
    /// What went on of others' lists.
    pub(super) passed_on: PassedOn,
    /// Held while a revocation list comes in.
    pub gathering: AsyncMutex<()>,
}

/// What a partner reads.
struct Reads {
    kinds: Vec<StatementKind>,
    /// Whether the log has it that something is held back.
    said: bool,
}

/// How this node's following of a partner goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inbound {
    /// Whether a stream is open.
    pub live: bool,
    /// The last request ([`Live::pull_now`]) that was answered: a look that began after it found that nothing more is waiting.
    pub caught_up: u64,
    /// The last request after which a try has begun that failed.
    pub failed: u64,
    /// Why there is no stream.
    pub problem: Option<String>,
    /// How far the partner's clock is ahead, seconds.
    pub clock_ahead: i64,
}

/// Locks even after a panic elsewhere: these maps are whole after every statement.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl LiveFeeds {
    /// Everything in quarantine is to be examined again, from whomever it came.
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
            // The first look needs nobody who asks for it.
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

    /// Ends all streams to partners, and their waiting for statements: the node stops, and they come back when it is up
    /// again.
    pub fn end_streams(&self) {
        lock(&self.partners).values().for_each(|live| {
            live.end_stream();
            live.post();
        });
    }

    /// Roots, lists or standing of these organisations have changed, or are new.
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

    /// What waits for an organisation is to be examined again.
    fn examine_waiting_for(&self, organisation: &TrustDomain) {
        lock(&self.changed).insert(organisation.clone());
        self.turned();
    }

    /// What waits of an assessment is to be examined again: it was taken back.
    pub(super) fn examine_taken_back(&self, assessment: AssessmentId) {
        lock(&self.taken_back).insert(assessment);
        self.turned();
    }

    /// Everything that waits for this organisation, or was kept from users, is to be examined again: it is known, or known otherwise. Called once
    /// that is in force.
    pub(super) fn is_known_anew(&self, organisation: &TrustDomain) {
        self.examine_all_again();
        self.examine_waiting_for(organisation);
        self.forget_passed_on();
    }

    /// Lists of others may come again: who they are is known better now.
    pub(super) fn forget_passed_on(&self) {
        lock(&self.partners).values().for_each(|live| live.passed_on.forget());
    }

    /// The organisations that have changed since this was last asked.
    pub(super) fn take_changed(&self) -> BTreeSet<TrustDomain> {
        std::mem::take(&mut *lock(&self.changed))
    }

    /// The assessments that were taken back since this was last asked.
    pub(super) fn take_taken_back(&self) -> BTreeSet<AssessmentId> {
        std::mem::take(&mut *lock(&self.taken_back))
    }

    /// What names the roots and lists of the moment to partners: it says that they have changed, and nothing else.
    pub fn edition(&self) -> [u8; EDITION] {
        let mut edition = lock(&self.edition);
        *edition.get_or_insert_with(|| random::bytes().unwrap_or_default())
    }

    /// What may be taken from partners has changed, or something came that was kept from users.
    pub fn turned(&self) {
        self.turns.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Tells of such changes.
    pub fn turns(&self) -> watch::Receiver<u64> {
        self.turns.subscribe()
    }

    /// Something was stored from a partner.
    pub fn arrived(&self) {
        self.arrivals.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Tells of arrivals.
    pub fn arrivals(&self) -> watch::Receiver<u64> {
        self.arrivals.subscribe()
    }
}

/// A stream to a partner; the newest one counts.
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

    /// A revocation list that the partner was asked to hand over.
    pub fn asked_for(&self, sha256: &Sha256) -> Option<Wanted> {
        lock(&self.asked_for).iter().find(|wanted| wanted.list.sha256 == *sha256).cloned()
    }

    /// Counts one more change by the partner of what is agreed; `false`: it must wait.
    pub(super) fn allows_a_change(&self, now: Time) -> bool {
        lock(&self.pace).allows(now)
    }

    /// Counts one more request of the partner, or answer to one; `false`: it must wait.
    pub(super) fn allows_a_request(&self, now: Time) -> bool {
        lock(&self.asking).allows(now)
    }

    /// What its receipts have spent.
    pub(super) fn receipts<T>(&self, look: impl FnOnce(&mut Spent) -> T) -> T {
        look(&mut lock(&self.answering))
    }

    /// What the recalls that it hands over have spent.
    pub(super) fn recalled_by<T>(&self, look: impl FnOnce(&mut Spent) -> T) -> T {
        look(&mut lock(&self.recalling))
    }

    /// What was refused of it.
    pub(super) fn refusals<T>(&self, look: impl FnOnce(&mut Refusals) -> T) -> T {
        look(&mut lock(&self.refused))
    }

    /// Counts one more line of the log about what the partner says; `false`: it was said often enough.
    pub fn allows_a_line(&self, now: Time) -> bool {
        lock(&self.telling).allows_of(MOST_LINES, now)
    }

    /// There may be something to release.
    pub fn wake(&self) {
        self.wake.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// A recall waits for the partner: nothing that was decided before goes out any more.
    pub(super) fn recalled(&self) {
        self.recalls.fetch_add(1, Ordering::AcqRel);
        self.post();
        self.wake();
    }

    /// How many recalls were put into its outbox since this node runs.
    pub(super) fn recalls(&self) -> u64 {
        self.recalls.load(Ordering::Acquire)
    }

    /// Whether it is to be kept that the partner was heard of: at most once a minute.
    pub(super) fn notes_contact(&self, now: Time) -> bool {
        let mut heard = lock(&self.heard);
        let is_due = heard.is_none_or(|at| now.seconds_since(at).abs() >= CONTACT_SECONDS);
        if is_due {
            *heard = Some(now);
        }
        is_due
    }

    /// Tells of reasons to look into the queue.
    pub fn wakes(&self) -> watch::Receiver<u64> {
        self.wake.subscribe()
    }

    /// Opens the stream to this partner and ends the one before: a partner that came back by another way is not held up
    /// by a connection that died unseen.
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

    /// Asks the follower to look at the partner's feed at once; the request's number. The first look has number 1.
    pub fn pull_now(&self) -> u64 {
        self.pull.send_modify(|count| *count = count.wrapping_add(1));
        *self.pull.borrow()
    }

    /// There is something to say to the partner.
    pub fn post(&self) {
        self.post.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Tells of reasons to speak to the partner.
    pub fn posts(&self) -> watch::Receiver<u64> {
        self.post.subscribe()
    }

    /// The partner has said what it reads.
    pub fn set_reads(&self, kinds: Vec<StatementKind>) {
        let mut reads = lock(&self.reads);
        let said = reads.as_ref().is_some_and(|r| r.said && r.kinds == kinds);
        *reads = Some(Reads { kinds, said });
    }

    /// Which edition of roots and lists the partner holds, as far as it has told.
    pub(super) fn edition(&self) -> Option<Vec<u8>> {
        lock(&self.edition).clone()
    }

    /// The partner has told which edition it holds. `true` where that is news.
    pub(super) fn set_edition(&self, edition: Vec<u8>) -> bool {
        lock(&self.edition).replace(edition.clone()).is_none_or(|before| before != edition)
    }

    /// Whether the partner reads that kind; not before it has said so.
    pub fn reads(&self, kind: StatementKind) -> bool {
        lock(&self.reads).as_ref().is_some_and(|r| r.kinds.contains(&kind))
    }

    /// Whether the partner has said what it reads since this node runs.
    pub(super) fn has_said_what_it_reads(&self) -> bool {
        lock(&self.reads).is_some()
    }

    /// Whether something is held back for the first time since the partner said what it reads.
    pub(super) fn first_held(&self) -> bool {
        lock(&self.reads).as_mut().is_some_and(|r| !std::mem::replace(&mut r.said, true))
    }

    /// Under which of the agreements in force something of its quarantine is to be examined, and after which number.
    pub(super) fn to_examine(&self, in_force: Vec<StatementId>) -> Vec<(StatementId, u64)> {
        lock(&self.examined).take(in_force)
    }

    /// An entry came into its quarantine that only that agreement may cover.
    pub(super) fn arrived_under(&self, agreement: StatementId, sequence: u64) {
        lock(&self.examined).arrived(agreement, sequence);
    }

    /// Everything is to be examined again.
    pub(super) fn examine_again(&self) {
        lock(&self.examined).forget();
    }

    /// Tells of such requests.
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
