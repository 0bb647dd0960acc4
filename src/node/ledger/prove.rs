//! Taking the ledger, or a proof of one entry, to others; and what this node knows of a note that others show.

use tokio::sync::mpsc;

use crate::{
    domain::{
        actor::{Audit, Authorized},
        event::Deed,
        fault::{Fault, Reason},
        ids::{Sha256, TrustDomain},
        ledger::of_origin,
    },
    ledger::{
        export,
        note::{LogKey, Note},
        proof::Proof,
    },
    node::{
        ledger::{Ledger, audit::event_of},
        partnerships::accept::no_partner,
    },
    store::ledger::{LedgerEntry, LedgerRecordKind, LedgerVerification, head_number},
    wire,
};

/// How many entries go into one piece of an export.
const PAGE: u32 = 512;

/// The progress of a verification.
pub enum VerifyProgress {
    /// So many entries are without fault so far.
    At(u64),
    /// The verification is done.
    Done(LedgerVerification),
}

/// What this node knows of a note.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct NoteKnown {
    /// Whose ledger it is, if that is a partner or this organisation.
    pub organisation: Option<TrustDomain>,
    /// Whether the organisation itself has told this key.
    pub is_key_known: bool,
    /// Whether exactly this head is held here.
    pub is_head_known: bool,
    /// Whether a different head of the same size is held here.
    pub is_forked: bool,
}

fn gone<E>(_: E) -> Fault {
    Fault::new(Reason::Unavailable, "nobody listens any more")
}

/// Refuses a proof for a partner if the entry names another organisation that this node knows. A proof contains the whole entry, so its
/// reader learns every name in it.
fn require_no_others<'a>(
    entry: &LedgerEntry,
    to: &TrustDomain,
    known: impl IntoIterator<Item = &'a TrustDomain>,
) -> Result<(), Fault> {
    let event = event_of(entry);
    if known.into_iter().all(|other| other == to || !has_name(event, other.as_str().as_bytes())) {
        return Ok(());
    }
    let what = format!(
        "the entry names other organisations, and the proof would tell {to} who they are; leave `--for` out for a reader who may know them"
    );
    Err(Fault::at(Reason::Conflict, "partner", what))
}

/// Whether a text contains this name as a whole, and not as a part of a longer one.
fn has_name(text: &[u8], name: &[u8]) -> bool {
    let goes_on =
        |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    let found = text.windows(name.len()).enumerate().filter(|(_, window)| *window == name);
    found.map(|(at, _)| at).any(|at| {
        let before = at.checked_sub(1).and_then(|i| text.get(i));
        !goes_on(before) && !goes_on(text.get(at + name.len()))
    })
}

impl Ledger {
    /// Proves an entry to whoever reads the file. A proof for a partner uses a head that it has cosigned, if there is one. The proof is
    /// recorded.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`; `NOT_FOUND`, also where `to` is no partner; `CONFLICT` where several entries are meant, or where the entry names
    /// others; `UNAVAILABLE` where no checkpoint covers it yet.
    pub async fn prove(
        &self,
        actor: &Authorized<Audit>,
        event: &str,
        to: Option<&TrustDomain>,
    ) -> Result<String, Fault> {
        if let Some(to) = to.filter(|to| self.directory.current().get(to).is_none()) {
            return Err(no_partner(to));
        }
        let entry = self.meant(actor, event).await?;
        if let Some(to) = to {
            let directory = self.directory.current();
            let others = directory.partners().map(|p| &p.record.organisation.domain);
            require_no_others(&entry, to, others)?;
        }
        let (note, witnesses) = self.note_over(entry.index, to).await?;
        let size = note.checkpoint.size;
        let path = self.store.inclusion(entry.index, size).await?;
        self.took_out(actor, Deed::LedgerProved { index: entry.index, size }).await?;
        let proof = Proof::new(&self.own_log_key(), entry.index, &entry.plain, &path, &note, &witnesses);
        serde_json::to_string_pretty(&proof).map_err(|e| Fault::new(Reason::Internal, e.to_string()))
    }

    /// Writes the whole ledger, piece by piece. The export is recorded.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, `UNAVAILABLE` where no checkpoint was signed yet, store faults.
    pub async fn export_ledger(&self, actor: &Authorized<Audit>, to: mpsc::Sender<Vec<u8>>) -> Result<(), Fault> {
        let (note, witnesses) = self.newest_note().await?;
        let head = &note.checkpoint;
        self.took_out(actor, Deed::LedgerExported { size: head.size, root: Sha256(head.root) }).await?;
        to.send(export::head(&self.own_log_key(), &witnesses).into_bytes()).await.map_err(gone)?;
        let mut next = 0;
        while next < head.size {
            let limit = PAGE.min(u32::try_from(head.size - next).unwrap_or(PAGE));
            let page = self.store.ledger_entries(next, limit).await?;
            if page.is_empty() {
                return Err(Fault::new(Reason::StoreCorrupt, format!("entry {next} of the ledger is missing")));
            }
            next += page.len() as u64;
            let lines: String = page.iter().map(|e| export::leaf(e.index, &e.plain)).collect();
            to.send(lines.into_bytes()).await.map_err(gone)?;
        }
        to.send(export::tail(&note).into_bytes()).await.map_err(gone)
    }

    /// Verifies every row of the ledger's tables, and reports the progress.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, store faults. A row that does not verify is no error but a part of the answer.
    pub async fn verify_ledger(
        &self,
        _actor: &Authorized<Audit>,
        to: mpsc::Sender<VerifyProgress>,
    ) -> Result<(), Fault> {
        let progress = to.clone();
        // A step is left out if the listener is slow.
        let check =
            self.store.verify_ledger(Box::new(move |size| _ = progress.try_send(VerifyProgress::At(size)))).await?;
        if let Some(fault) = &check.fault {
            tracing::error!(index = fault.index, "the ledger does not verify: {}", fault.what);
        }
        to.send(VerifyProgress::Done(check)).await.map_err(gone)
    }

    /// What this node knows of a note that somebody has shown.
    ///
    /// # Errors
    /// Whatever is wrong with the note; store faults.
    pub async fn known_note(&self, note: &str, key: &str) -> Result<NoteKnown, Fault> {
        let (note, key) = (Note::parse(note.as_bytes())?, key.parse::<LogKey>()?);
        note.verify(&key)?;
        let head = &note.checkpoint;
        let Some((domain, epoch)) = of_origin(&head.origin) else { return Ok(NoteKnown::default()) };
        let number = head_number(epoch, head.size)?;
        let is_own = domain == *self.identity.domain();
        let Some(known_key) = self.key_of_epoch(&domain, epoch).await? else { return Ok(NoteKnown::default()) };
        let (kind, of) =
            if is_own { (LedgerRecordKind::Checkpoint, None) } else { (LedgerRecordKind::Head, Some(&domain)) };
        let held = self.store.ledger_records(kind, of, u32::MAX).await?.into_iter().find(|r| r.number == number);
        let held = held.map(|r| Note::parse(&r.value)).transpose()?;
        let same = held.map(|h| h.checkpoint.root == head.root);
        let is_key_known = known_key == key;
        Ok(NoteKnown {
            is_key_known,
            is_head_known: same == Some(true),
            // A note by an unknown key says nothing about what the organisation has signed.
            is_forked: is_key_known && same == Some(false),
            organisation: Some(domain),
        })
    }

    /// The key of an organisation's ledger in an epoch, as far as it has told this node. For a later epoch it is the newest known key.
    async fn key_of_epoch(&self, of: &TrustDomain, epoch: u32) -> Result<Option<LogKey>, Fault> {
        let of = Some(of).filter(|d| *d != self.identity.domain());
        let told = self.store.ledger_records(LedgerRecordKind::Key, of, u32::MAX).await?;
        let Some(record) = told.iter().find(|r| r.number <= u64::from(epoch)) else { return Ok(None) };
        let key = wire::ledger::decode_key(&wire::envelope::decode(&record.value)?.payload)?;
        Ok(Some(LogKey { name: key.origin, public: key.public }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_proof_tells_a_partner_who_the_others_are() {
        let [no, nono, ecowas] = ["no.example", "nono.example", "ecowas.example"].map(|d| d.parse().unwrap());
        let entry = |partners: &str| {
            let event = format!(r#"{{"event":"decided-alike","partners":{partners}}}"#);
            LedgerEntry { index: 0, plain: [&[0; 32], event.as_bytes()].concat() }
        };
        let refused =
            |partners: &str, to: &TrustDomain| require_no_others(&entry(partners), to, [&no, &nono, &ecowas]).err();
        let two = refused(r#"["no.example","ecowas.example"]"#, &no).unwrap();
        assert_eq!((two.reason, two.field.as_deref()), (Reason::Conflict, Some("partner")));
        assert!(!two.message.contains("ecowas"), "{}", two.message);
        assert!(refused(r#"["ecowas.example"]"#, &no).is_some());
        assert!(refused(r#"["spiffe://ecowas.example/node/n1: why"]"#, &no).is_some());
        assert!(refused(r#"["no.example"]"#, &no).is_none());
        // A name within a longer one is not that name.
        assert!(refused(r#"["nono.example"]"#, &nono).is_none());
    }
}
