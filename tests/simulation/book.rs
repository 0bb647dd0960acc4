//! The book of what was promised and what was seen so far. The results of every step are checked against it.

use std::collections::{BTreeMap, BTreeSet};

use watchfire::{
    domain::{
        entry::FeedEntry,
        ids::{Digest, StatementId},
        release::{FeedPosition, Release},
        statement::StatementKind,
        time::Time,
    },
    identity::crl,
    ledger::{note::Note, tree::Hash},
    seal::statement::id_of,
    store::{Store, lists::ListStore},
    wire,
};

use crate::{
    cast::Org,
    content::Made,
    judge::{Held, in_force},
    machine::Machine,
    net::Seen,
    oracle::Rule,
    trace::Trace,
};

/// A broken promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    pub invariant: &'static str,
    pub what: String,
}

pub fn broken<T>(invariant: &'static str, what: impl Into<String>) -> Result<T, Broken> {
    Err(Broken { invariant, what: what.into() })
}

/// An entry that has left its giver.
struct Given {
    giver: Org,
    taker: Org,
    release: Release,
    at: Time,
}

/// What a taker has stored of one giver's feed.
#[derive(Default)]
struct Stored {
    upto: u64,
}

/// What was promised and seen so far.
#[derive(Default)]
pub struct Book {
    pub made: Vec<Made>,
    /// Recalls that were acknowledged to an officer: by whom, and of which of `made`.
    pub recalled: BTreeSet<usize>,
    /// By giver and taker: the releases by their numbers, as they were seen on the wire.
    feeds: BTreeMap<(Org, Org), Vec<StatementId>>,
    acknowledged: BTreeMap<(Org, Org), u64>,
    stored: BTreeMap<(Org, Org), Stored>,
    arrivals: BTreeMap<Org, u64>,
    /// By organisation: the sizes and roots that others were shown.
    pub heads: BTreeMap<Org, BTreeMap<u64, Hash>>,
    /// Pairs of which one has shown the other its ledger.
    pub met: BTreeSet<(Org, Org)>,
    /// Pairs of which one has said nothing about its ledger to the other, in both orders.
    pub silent: BTreeSet<(Org, Org)>,
    /// How far each node's own record was read.
    pub recorded: BTreeMap<Org, u64>,
    /// By giver, taker and version: the portions that each release which still counts has given.
    pub given: BTreeMap<(Org, Org, StatementId), BTreeMap<StatementId, Vec<Digest>>>,
    /// By giver, taker and version: when the originator first logged it, as the taker was told.
    as_of: BTreeMap<(Org, Org, StatementId), Time>,
    /// A rule that the oracle leaves out, to show that its absence is noticed.
    pub without: Option<Rule>,
    /// Entries whose giver lost power in the same step. They are judged by what its disk contains when it starts again.
    waiting: Vec<Given>,
    /// The revocations that each node has ever seen, by serial number.
    revocations: BTreeMap<Org, BTreeSet<Vec<u8>>>,
    /// How many entries were judged.
    pub judged: u64,
}

impl Book {
    /// An empty book. If a rule is named, its oracle leaves that rule out.
    pub fn without(rule: Option<Rule>) -> Self {
        Self { without: rule, ..Self::default() }
    }

    /// Marks what an author has signed so far: it counts only if it was released before the author's key was revoked.
    pub fn author_revoked(&mut self, of: Org, at: Time) {
        let by_it = self.made.iter_mut().filter(|m| m.by == of);
        by_it.for_each(|m| (m.provable_until, m.is_revoked) = (m.provable_until.min(at), true));
    }

    /// Whether the author's key was revoked since then. A reader that knows that, and knows the originator only through others, may have to
    /// wait. If the originator's release is by a key that has ended, the originator releases it again under another key to its own partners.
    pub fn is_revoked(&self, manifest: &StatementId) -> bool {
        self.made.iter().any(|m| m.manifest == *manifest && m.is_revoked)
    }

    /// Whether the taker can check the author's signature.
    pub fn is_provable(&self, giver: Org, taker: Org, manifest: &StatementId) -> bool {
        let until = self.made.iter().find(|m| m.manifest == *manifest).map(|m| m.provable_until);
        self.as_of.get(&(giver, taker, *manifest)).copied() < until
    }

    /// Records the revocations that a node has seen by now. It must never forget them.
    pub async fn remember_revocations(&mut self, machine: &Machine) {
        let Ok(store) = machine.disk.store() else { return };
        let seen = self.revocations.entry(machine.org).or_default();
        for record in ListStore::revocations(&*store).await.unwrap() {
            seen.extend(record.entries.iter().map(|entry| crl::RevokedCertificate::from_bytes(entry).unwrap().serial));
        }
    }

    pub fn has_seen(&self, org: Org, serial: &[u8]) -> bool {
        self.revocations.get(&org).is_some_and(|seen| seen.contains(serial))
    }

    /// The name of a version.
    pub fn name(&self, manifest: &StatementId) -> String {
        self.made.iter().find(|m| m.manifest == *manifest).map_or_else(|| "?".to_owned(), |m| m.name.clone())
    }

    /// Processes what was seen on the wire during a step.
    pub async fn see(
        &mut self,
        seen: Vec<Seen>,
        machines: &BTreeMap<Org, Machine>,
        trace: &Trace,
    ) -> Result<(), Broken> {
        for one in seen {
            match one {
                Seen::Entry { giver, taker, entry, at } => {
                    let release = self.number(giver, taker, &entry, trace)?;
                    if let Some(release) = release {
                        let first =
                            entry.provenance.first().map(|e| wire::release::decode(&e.payload).unwrap().logged_at);
                        let as_of = first.unwrap_or(release.logged_at);
                        self.as_of.insert((giver, taker, release.manifest), as_of);
                        self.judge(&machines[&giver], Given { giver, taker, release, at }).await?;
                    }
                }
                Seen::Acknowledged { taker, giver, sequence } => {
                    let upto = self.acknowledged.entry((giver, taker)).or_default();
                    *upto = (*upto).max(sequence);
                }
                Seen::Silence { by, to } => self.silent.extend([(to, by), (by, to)]),
                Seen::Head { by, to, note } => {
                    self.met.insert((by, to));
                    self.head(by, &note)?;
                }
            }
        }
        Ok(())
    }

    /// Checks that numbers have no gaps, and each belongs to one release only.
    fn number(&mut self, giver: Org, taker: Org, entry: &FeedEntry, trace: &Trace) -> Result<Option<Release>, Broken> {
        let payload = &entry.release.payload;
        let (position, id, release) = if entry.release.kind == StatementKind::Void {
            let void = wire::release::decode_void(payload).unwrap();
            (void.position, void.replaced, None)
        } else {
            let release = wire::release::decode(payload).unwrap();
            (release.position, id_of(StatementKind::Release, payload), Some(release))
        };
        let name = release.as_ref().map_or_else(|| "a void".to_owned(), |r| self.name(&r.manifest));
        let portions = release.as_ref().map_or(0, |r| r.digests.len());
        trace.line(format!("      {giver} gives {taker} {}: {name}, {portions} portions", position.sequence));
        let feed = self.feeds.entry((giver, taker)).or_default();
        let at = usize::try_from(position.sequence).unwrap();
        let FeedPosition { sequence, previous } = position;
        let before = at.checked_sub(2).map(|i| feed.get(i).copied());
        if at == 0 || at > feed.len() + 1 {
            return broken("numbers have no gaps", format!("{giver} gave {taker} {sequence} after {}", feed.len()));
        }
        if before.flatten() != previous {
            return broken("numbers do not fork", format!("{giver} gave {taker} {sequence} after another release"));
        }
        if feed.get(at - 1).is_some_and(|known| *known != id) {
            return broken("numbers do not fork", format!("{giver} gave {taker} {sequence} twice, differently"));
        }
        if at > feed.len() {
            feed.push(id);
        }
        Ok(release)
    }

    /// Judges the entries whose giver has power again.
    pub async fn judge_waiting(&mut self, giver: &Machine) -> Result<(), Broken> {
        let (of_it, others): (Vec<Given>, _) =
            std::mem::take(&mut self.waiting).into_iter().partition(|g| g.giver == giver.org);
        self.waiting = others;
        for given in of_it {
            self.judge_by_store(giver, given).await?;
        }
        Ok(())
    }

    /// Checks that only assessments are given that were written and not recalled.
    async fn judge(&mut self, giver: &Machine, given: Given) -> Result<(), Broken> {
        let Given { taker, release, .. } = &given;
        let name = self.name(&release.manifest);
        let Some(number) = self.made.iter().position(|m| m.manifest == release.manifest) else {
            return broken("nothing unknown is given", format!("{} gave {taker} something nobody wrote", giver.org));
        };
        let of_it = |i: &usize| self.made[*i].assessment == self.made[number].assessment;
        if self.made[number].by == giver.org && self.recalled.iter().any(of_it) {
            return broken("what was recalled is not released", format!("{} gave {taker} {name}", giver.org));
        }
        self.judge_by_store(giver, given).await
    }

    /// Checks that no portion is given that the oracle denies.
    async fn judge_by_store(&mut self, giver: &Machine, given: Given) -> Result<(), Broken> {
        let Ok(store) = giver.disk.store() else {
            self.waiting.push(given);
            return Ok(());
        };
        let Given { taker, release, at, .. } = given;
        let name = self.name(&release.manifest);
        let store: &dyn Store = &*store;
        self.judged += 1;
        let Some(record) = store.by_manifest(&release.manifest, false).await.unwrap() else {
            return broken("only what is held is given", format!("{} gave {taker} {name}", giver.org));
        };
        let records = store.agreements().await.unwrap();
        let mut held = Held::of(&record, &records, at);
        if release.released_at < at {
            held = held.when_released();
        }
        let cited: Vec<_> =
            in_force(&records, taker, at).into_iter().filter(|(id, _)| *id == release.agreement.id).collect();
        let agreements: Vec<_> = cited.into_iter().map(|(_, a)| a).collect();
        if agreements.is_empty() {
            return broken("an agreement in force allows it", format!("{} gave {taker} {name}", giver.org));
        }
        let allowed = held.may_go((giver.org, taker), agreements, release.via, &giver.rules, at, self.without);
        let extra = release.digests.iter().filter(|d| !allowed.contains(d)).count();
        if extra > 0 {
            let what = format!("{} gave {taker} {name}: {extra} portions that the oracle denies", giver.org);
            return broken("the oracle allows every portion", what);
        }
        Ok(())
    }

    /// Checks the heads. A head that was shown is fixed: another one of its size is a fork.
    fn head(&mut self, by: Org, note: &[u8]) -> Result<(), Broken> {
        let checkpoint = Note::parse(note).unwrap().checkpoint;
        let heads = self.heads.entry(by).or_default();
        match heads.insert(checkpoint.size, checkpoint.root) {
            Some(root) if root != checkpoint.root => {
                broken("ledgers do not fork", format!("{by} told two heads of {} entries", checkpoint.size))
            }
            _ => Ok(()),
        }
    }

    /// A node was started again, so everything that it holds is compared again.
    pub fn restarted(&mut self, org: Org) {
        self.arrivals.insert(org, 0);
        self.stored.retain(|(_, taker), _| *taker != org);
    }

    /// Checks what a node holds of its partners' feeds: each entry once, in order, as it was given, and everything that it has acknowledged.
    pub async fn check_inbound(&mut self, machine: &Machine) -> Result<(), Broken> {
        let org = machine.org;
        let Ok(store) = machine.disk.store() else { return Ok(()) };
        let store: &dyn Store = &*store;
        let cursor = self.arrivals.entry(org).or_default();
        let page = store.received_after(*cursor, 1_000).await.unwrap();
        for record in &page {
            // A readmitted entry arrives again. It is the same entry.
            *cursor = record.arrival;
            let giver = Org::of(&record.partner).unwrap();
            let stored = self.stored.entry((giver, org)).or_default();
            if record.sequence <= stored.upto {
                continue;
            }
            if record.sequence != stored.upto + 1
                && store.received_release(&record.partner, stored.upto + 1).await.unwrap().is_none()
            {
                return broken(
                    "an entry has one effect, in order",
                    format!("{org} stored {} of {giver}", record.sequence),
                );
            }
            stored.upto = record.sequence;
            let id = store.received_release(&record.partner, record.sequence).await.unwrap();
            let given =
                self.feeds.get(&(giver, org)).and_then(|f| f.get(usize::try_from(record.sequence).unwrap() - 1));
            if id.as_ref() != given {
                return broken("what is stored is what was given", format!("{org}, {} of {giver}", record.sequence));
            }
        }
        for (giver, _) in self.acknowledged.keys().filter(|(_, taker)| *taker == org) {
            let position = store.inbound(&giver.domain()).await.unwrap().sequence;
            let upto = self.acknowledged[&(*giver, org)];
            if position < upto {
                let what = format!("{org} acknowledged {upto} of {giver} and has {position}");
                return broken("what was acknowledged is there", what);
            }
        }
        Ok(())
    }

    /// Checks that everything is there that a node was asked to publish or recall and has acknowledged.
    pub async fn check_own(&self, machine: &Machine) -> Result<(), Broken> {
        let Ok(store) = machine.disk.store() else { return Ok(()) };
        let store: &dyn Store = &*store;
        for made in self.made.iter().filter(|m| m.by == machine.org && m.is_answered) {
            let Some(record) = store.by_manifest(&made.manifest, false).await.unwrap() else {
                return broken("what was published is there", format!("{} lost {}", machine.org, made.name));
            };
            let is_recalled = self.recalled.iter().any(|i| self.made[*i].assessment == made.assessment);
            if is_recalled && !record.state.is_recalled() {
                return broken("what was recalled stays recalled", format!("{} has {} again", machine.org, made.name));
            }
        }
        Ok(())
    }
}
