//! Looking into the ledger: its state, and what is in it.

use crate::{
    domain::{
        actor::{Actor, Audit, Authorized},
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::{AssessmentId, TrustDomain},
        time::Time,
    },
    ledger::note::{LogKey, Note},
    node::{ledger::Ledger, unwritable::recorded_or_logged},
    seal::hash::sha256,
    store::ledger::{LedgerEntry, LedgerRecordKind},
};

/// How many entries are read at once.
const PAGE: u32 = 1024;

/// Among how many of the newest checkpoints a cosigned one is looked for.
const LOOKED_AT: u32 = 64;

/// How many manifests the beginning of an assessment's id may stand for.
const MOST_MANIFESTS: u32 = 1_000;

/// The fewest characters of an id by which an entry can be found.
const SHORTEST_ID: usize = 4;

const INDEX_OR_ID: &str = "write the entry's index, or at least four characters of an id that it names";

/// The state of the ledger.
pub struct HeadView {
    /// The newest checkpoint, with the cosignatures that are here.
    pub note: Note,
    /// How many entries there are by now.
    pub entries: u64,
    /// The key that signs it.
    pub key: LogKey,
    /// What each partner has seen of it, and what is held of each partner's ledger.
    pub witnesses: Vec<WitnessView>,
    /// Whether entries are lost.
    pub is_behind: bool,
}

/// One partner as a witness.
pub struct WitnessView {
    /// The partner.
    pub partner: TrustDomain,
    /// The size that it has cosigned last, and when, in seconds since 1970.
    pub cosigned: Option<(u64, u64)>,
    /// The size of the partner's own ledger that is held here; 0 if none is.
    pub held: u64,
    /// Its ledger's key.
    pub key: Option<LogKey>,
}

/// Which entries are asked for.
pub struct LedgerLine {
    /// The first index.
    pub from: u64,
    /// A name, or the beginning of an id, that the entries must hold; empty for any entry.
    pub about: String,
    /// The most entries.
    pub limit: usize,
    /// Whether padding is included.
    pub padding: bool,
}

impl LedgerLine {
    /// Whether an entry is asked for, if names are to be found that are spelt in one of these ways.
    fn wants(&self, entry: &LedgerEntry, sought: &[String]) -> bool {
        let event = event_of(entry);
        (self.padding || !is_padding(event)) && (self.about.is_empty() || holds(event, sought))
    }
}

/// An entry of the ledger.
pub struct LedgerPage {
    /// Its index, counted from 0.
    pub index: u64,
    /// SHA-256 over its random bytes and the event.
    pub leaf: [u8; 32],
    /// The event's JSON.
    pub event: String,
}

impl LedgerPage {
    fn new(entry: &LedgerEntry) -> Self {
        let event = String::from_utf8_lossy(event_of(entry)).into_owned();
        Self { index: entry.index, leaf: sha256(&[&entry.plain]), event }
    }
}

/// The event's JSON, which comes after the random bytes.
pub(in crate::node) fn event_of(entry: &LedgerEntry) -> &[u8] {
    entry.plain.get(32..).unwrap_or_default()
}

/// Whether an event holds one of these.
fn holds(event: &[u8], any: &[String]) -> bool {
    any.iter().any(|wanted| event.windows(wanted.len().max(1)).any(|w| w == wanted.as_bytes()))
}

/// What an event about `about` holds: a text that begins so, the SPIFFE id of a person of that name or role and name, or the SPIFFE id of
/// somebody of that organisation.
fn sought(about: &str) -> Vec<String> {
    let mut all = vec![format!("\"{about}")];
    if !about.is_empty() && !about.contains("://") {
        all.push(format!("/{about}\""));
        all.push(format!("\"spiffe://{about}/"));
    }
    all
}

impl Ledger {
    /// The state of the ledger.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, `UNAVAILABLE` before the first checkpoint, store faults.
    pub async fn ledger_head(&self, _actor: &Authorized<Audit>) -> Result<HeadView, Fault> {
        let note = self.own_notes(1).await?.pop().ok_or_else(no_checkpoint)?;
        let mut witnesses = vec![];
        for partner in self.directory.current().all() {
            witnesses.push(self.witness_view(&partner.record.organisation.domain).await?);
        }
        let entries = self.store.ledger().await?.size;
        Ok(HeadView { note, entries, key: self.own_log_key(), witnesses, is_behind: self.is_behind() })
    }

    /// How many entries there are.
    ///
    /// # Errors
    /// Store faults.
    pub async fn ledger_entries(&self) -> Result<u64, Fault> {
        Ok(self.store.ledger().await?.size)
    }

    async fn witness_view(&self, partner: &TrustDomain) -> Result<WitnessView, Fault> {
        let key = self.watch.key(partner);
        let cosigned = self.store.ledger_records(LedgerRecordKind::Cosigned, Some(partner), 1).await?.pop();
        let cosigned = cosigned.and_then(|r| Note::parse(&r.value).ok()).and_then(|note| {
            let at = note.cosigned_by(key.as_ref()?).ok()?;
            Some((note.checkpoint.size, at))
        });
        let held = self.store.ledger_records(LedgerRecordKind::Head, Some(partner), 1).await?.pop();
        let held = held.and_then(|r| Note::parse(&r.value).ok()).map_or(0, |n| n.checkpoint.size);
        Ok(WitnessView { partner: partner.clone(), cosigned, held, key })
    }

    /// The own checkpoints of this epoch, at most `limit`, the newest last. Each has the cosignatures that are here.
    async fn own_notes(&self, limit: u32) -> Result<Vec<Note>, Fault> {
        let mut notes = vec![];
        for record in self.store.ledger_records(LedgerRecordKind::Checkpoint, None, limit).await?.into_iter().rev() {
            notes.push((record.number, Note::parse(&record.value)?));
        }
        let name = self.own_log_key().name;
        notes.retain(|(_, note)| note.checkpoint.origin == name);
        for partner in self.directory.current().all() {
            let of = &partner.record.organisation.domain;
            let Some(key) = self.watch.key(of) else { continue };
            for record in self.store.ledger_records(LedgerRecordKind::Cosigned, Some(of), LOOKED_AT).await? {
                let Some((_, note)) = notes.iter_mut().find(|(number, _)| *number == record.number) else { continue };
                let cosigned = Note::parse(&record.value)?;
                // A cosignature by a key that was changed since then no longer counts.
                if cosigned.cosigned_by(&key).is_ok() {
                    let line = cosigned.signatures.into_iter().find(|s| s.name == key.name);
                    *note = line.into_iter().fold(note.clone(), Note::with);
                }
            }
        }
        Ok(notes.into_iter().map(|(_, note)| note).collect())
    }

    /// The newest checkpoint over more than `index` entries. For a partner, it is the newest that the partner has cosigned, if there is
    /// one. It carries only that partner's cosignature, because the partner must not learn who else is a witness.
    pub(in crate::node) async fn note_over(
        &self,
        index: u64,
        partner: Option<&TrustDomain>,
    ) -> Result<(Note, Vec<LogKey>), Fault> {
        let witness = partner.and_then(|p| self.watch.key(p));
        let notes = self.own_notes(LOOKED_AT).await?;
        let by = |n: &&Note| witness.as_ref().is_some_and(|w| n.cosigned_by(w).is_ok());
        let covering = || notes.iter().rev().filter(|n| n.checkpoint.size > index);
        let note = covering().find(by).or_else(|| covering().next()).map(|note| {
            let line = note.signatures.iter().find(|s| witness.as_ref().is_some_and(|w| w.name == s.name));
            line.cloned().into_iter().fold(note.bare(), Note::with)
        });
        self.with_witnesses(note)
    }

    /// The newest checkpoint, whether it is cosigned or not.
    pub(in crate::node) async fn newest_note(&self) -> Result<(Note, Vec<LogKey>), Fault> {
        let note = self.own_notes(1).await?.pop();
        self.with_witnesses(note)
    }

    /// A note with its witnesses' keys, in the order of their signatures.
    fn with_witnesses(&self, note: Option<Note>) -> Result<(Note, Vec<LogKey>), Fault> {
        let note = note.ok_or_else(no_checkpoint)?;
        let witnesses = note.signatures.iter().skip(1).filter_map(|s| self.watch.named(&s.name));
        let witnesses = witnesses.map(|(_, key)| key).collect();
        Ok((note, witnesses))
    }

    /// The entries that are asked for, in order.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, store faults.
    pub async fn list_ledger(&self, _actor: &Authorized<Audit>, wanted: &LedgerLine) -> Result<Vec<LedgerPage>, Fault> {
        let sought = self.sought_of(&wanted.about).await?;
        self.entries_with(wanted, &sought).await
    }

    /// The index of the first of the newest entries that are wanted, of which there are at most `limit`; 0 if there are no more than these. It
    /// reads from the end, so a long ledger costs no more than a short one.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, store faults.
    pub async fn first_of_newest(&self, _actor: &Authorized<Audit>, wanted: &LedgerLine) -> Result<u64, Fault> {
        let sought = self.sought_of(&wanted.about).await?;
        let (mut found, mut end) = (0, self.store.ledger().await?.size);
        while end > 0 {
            let begin = end.saturating_sub(PAGE.into());
            let page = self.store.ledger_entries(begin, PAGE).await?;
            let here = page.iter().rev().filter(|entry| entry.index < end && wanted.wants(entry, &sought));
            let indexes: Vec<u64> = here.map(|entry| entry.index).collect();
            let missing = wanted.limit.saturating_sub(found);
            if let Some(first) = missing.checked_sub(1).and_then(|last| indexes.get(last)) {
                return Ok(*first);
            }
            found += indexes.len();
            end = begin;
        }
        Ok(0)
    }

    /// The entries that hold one of `sought`.
    async fn entries_with(&self, wanted: &LedgerLine, sought: &[String]) -> Result<Vec<LedgerPage>, Fault> {
        let mut found = vec![];
        let mut next = wanted.from;
        while found.len() < wanted.limit {
            let page = self.store.ledger_entries(next, PAGE).await?;
            let Some(last) = page.last() else { break };
            next = last.index + 1;
            let room = wanted.limit - found.len();
            let wanted = page.iter().filter(|entry| wanted.wants(entry, sought));
            found.extend(wanted.take(room).map(LedgerPage::new));
        }
        Ok(found)
    }

    /// As [`sought`]. Most entries name a version by its manifest, so the manifests of an assessment count as its id does.
    async fn sought_of(&self, about: &str) -> Result<Vec<String>, Fault> {
        let mut all = sought(about);
        let first = format!("{about:0<32}").parse::<AssessmentId>();
        let last = format!("{about:f<32}").parse::<AssessmentId>();
        if about.len() >= SHORTEST_ID
            && let (Ok(first), Ok(last)) = (first, last)
        {
            let manifests = self.store.manifests_between(&first, &last, MOST_MANIFESTS).await?;
            all.extend(manifests.iter().map(|manifest| format!("\"{manifest}")));
        }
        Ok(all)
    }

    /// Finds the entry that an index means, or the beginning of an id that only one entry names. An id may begin with digits alone, so a
    /// number that is no entry's index is taken as the beginning of an id.
    pub(in crate::node) async fn meant(&self, _actor: &Authorized<Audit>, event: &str) -> Result<LedgerEntry, Fault> {
        let fault = |reason, what: String| Fault::at(reason, "event", what);
        let index = event.parse::<u64>().ok();
        if let Some(index) = index
            && let Some(entry) = self.store.ledger_entries(index, 1).await?.pop().filter(|e| e.index == index)
        {
            return Ok(entry);
        }
        if event.len() < SHORTEST_ID {
            return Err(match index {
                Some(index) => fault(Reason::NotFound, format!("there is no entry {index}")),
                None => fault(Reason::InvalidArgument, INDEX_OR_ID.to_owned()),
            });
        }
        let wanted = LedgerLine { from: 0, about: event.to_owned(), limit: 6, padding: false };
        let mut named = self.entries_with(&wanted, &[format!("\"{event}")]).await?;
        match (named.len(), named.pop()) {
            (1, Some(one)) => {
                let entry = self.store.ledger_entries(one.index, 1).await?.pop();
                entry.ok_or_else(|| fault(Reason::NotFound, format!("there is no entry {}", one.index)))
            }
            (_, None) => Err(fault(Reason::NotFound, "no entry names that".to_owned())),
            (_, Some(last)) => {
                let indexes: Vec<String> = named.iter().chain([&last]).map(|f| f.index.to_string()).collect();
                let what = format!("several entries name that: {}; write the index of one", indexes.join(", "));
                Err(fault(Reason::Conflict, what))
            }
        }
    }

    /// Records that somebody took something out of the node.
    ///
    /// # Errors
    /// Store faults.
    pub(crate) async fn took_out(&self, actor: &Actor, deed: Deed) -> Result<Time, Fault> {
        let (at, what) = (self.clock.now(), format!("{deed:?}"));
        let recorded = self.store.record(vec![Event::by(actor, at, deed)]).await;
        recorded_or_logged(&*self.store, actor, &what, recorded.map_err(Fault::from))?;
        Ok(at)
    }
}

fn is_padding(event: &[u8]) -> bool {
    event.ends_with(br#""event":"padding"}"#)
}

fn no_checkpoint() -> Fault {
    let what = "no checkpoint covers that yet; the next one is signed within ledger.interval_seconds, try again then";
    Fault::new(Reason::Unavailable, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_known_by_its_end_and_ids_by_their_beginning() {
        let time = Time::from_unix_nanos(5);
        let padding = serde_json::to_vec(&Event::of_node(time, Deed::Padding)).unwrap();
        assert!(is_padding(&padding));
        let read = Deed::Read { manifest: crate::domain::ids::StatementId([0xab; 32]) };
        let read = serde_json::to_vec(&Event::of_node(time, read)).unwrap();
        let names = |about| holds(&read, &sought(about));
        assert!(!is_padding(&read) && names("abab") && !names("abac") && !names("baba"));
    }

    #[test]
    fn people_are_found_by_their_name_and_organisations_by_theirs() {
        let by = "spiffe://gb.example/analyst/alice".parse().ok();
        let event = Event { by, ..Event::of_node(Time::from_unix_nanos(5), Deed::SignedIn) };
        let event = serde_json::to_vec(&event).unwrap();
        for (about, is_found) in [
            ("alice", true),
            ("analyst/alice", true),
            ("spiffe://gb.example/analyst/alice", true),
            ("gb.example", true),
            ("signed-in", true),
            ("lice", false),
            ("officer/alice", false),
            ("b.example", false),
            ("gb", false),
        ] {
            assert_eq!(holds(&event, &sought(about)), is_found, "{about}");
        }
    }
}
