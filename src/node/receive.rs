//! Receive: every signature, digest and term is checked before anything is stored; what the agreement does not cover is
//! kept from users; entry and position are one transaction.

use std::sync::Arc;

use super::{Node, fault::lost};
use crate::{
    domain::{
        assessment::Manifest,
        body::Body,
        entry::Entry,
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::{StatementId, TrustDomain},
        release::{Position, Release, Void},
        statement::StatementKind,
        time::Time,
    },
    feed::inbound::{Inbound, Verdict},
    policy::{Facts, accept},
    seal::{
        open::{Opened, open},
        rules,
        verify::{Verified, verify},
    },
    store::{ReceivedContent, ReceivedEntry},
    wire,
};

/// What came of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// The last number that is on disk now: acknowledge it.
    pub sequence: u64,
    /// How many entries are new.
    pub stored: u64,
}

/// An entry whose release was verified. Its content may still be refused; that does not hold up the feed.
enum Checked {
    Void(Verified<Void>, Entry),
    Release { release: Box<Verified<Release>>, entry: Entry, content: Result<Box<Content>, Fault> },
}

struct Content {
    manifest: Verified<Manifest>,
    portions: Vec<Opened>,
    /// Why the own copy of the agreement does not cover it.
    not_covered: Option<Reason>,
}

impl Checked {
    fn position(&self) -> &Position {
        match self {
            Self::Void(void, _) => &void.content().position,
            Self::Release { release, .. } => &release.content().position,
        }
    }

    /// What the next release names as the one before.
    fn id(&self) -> StatementId {
        match self {
            Self::Void(void, _) => void.content().replaced,
            Self::Release { release, .. } => release.id(),
        }
    }
}

impl Node {
    /// Checks and stores entries of a partner's feed, in order. On `Ok`, everything up to the number is on disk.
    ///
    /// # Errors
    /// A release or void that does not verify, is for somebody else, or does not continue the feed: nothing of the batch
    /// from there on is stored, and the partner's administrator must be told. Store faults.
    pub async fn receive(self: &Arc<Self>, partner: &TrustDomain, entries: Vec<Entry>) -> Result<Received, Fault> {
        let checked = self.check_all(partner, entries).await?;
        let position = self.store.inbound(partner).await?;
        let mut inbound = Inbound::resume(position.sequence, position.release);
        let after = inbound.sequence();
        let now = self.now();
        let (mut stored, mut events, mut fault) = (vec![], vec![], None);
        for entry in checked {
            match entry {
                Ok(entry) => match self.judge(partner, &inbound, &entry).await {
                    Ok(Verdict::Repeat) => {}
                    Ok(Verdict::Next) => {
                        inbound = inbound.advanced(entry.id());
                        let (kept, event) = self.keep(partner, entry, &stored, now).await?;
                        events.push(event);
                        stored.push(kept);
                    }
                    Err(stop) => fault = Some(stop),
                },
                Err(stop) => fault = Some(stop),
            }
            if fault.is_some() {
                break;
            }
        }
        let count = stored.len() as u64;
        if count > 0 {
            self.commit(partner, after, stored, events, now).await?;
        }
        match fault {
            Some(fault) => Err(fault),
            None => Ok(Received { sequence: inbound.sequence(), stored: count }),
        }
    }

    /// Entries, records and receipts, in one transaction; then whoever waits for them is woken.
    async fn commit(
        &self,
        partner: &TrustDomain,
        after: u64,
        entries: Vec<ReceivedEntry>,
        events: Vec<Event>,
        now: Time,
    ) -> Result<(), Fault> {
        let touched: Vec<_> = entries.iter().filter_map(|s| s.content.as_ref().map(|c| c.manifest_id)).collect();
        let is_held = entries.iter().any(|e| e.held_for.is_some());
        let receipts = self.quarantine_receipts(partner, &entries, now)?;
        let has_receipts = !receipts.is_empty();
        self.store.receive(partner, after, entries, now, events, receipts).await?;
        touched.iter().for_each(|id| self.prepared.forget(id));
        self.live.arrived();
        let live = self.live.of(partner);
        if has_receipts {
            live.post();
        }
        if is_held {
            // The agreement may have come into force between the check and the commit.
            live.examine_again();
            self.live.turned();
        }
        Ok(())
    }

    /// Signatures and digests of all entries, on as many cores as there are.
    async fn check_all(
        self: &Arc<Self>,
        partner: &TrustDomain,
        entries: Vec<Entry>,
    ) -> Result<Vec<Result<Checked, Fault>>, Fault> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let share = entries.len().div_ceil(cores).max(1);
        let mut tasks = vec![];
        let mut entries = entries.into_iter().peekable();
        while entries.peek().is_some() {
            let share: Vec<Entry> = entries.by_ref().take(share).collect();
            let (node, partner, now) = (self.clone(), partner.clone(), self.now());
            tasks.push(tokio::task::spawn_blocking(move || {
                share.into_iter().map(|e| node.check(&partner, e, now)).collect::<Vec<_>>()
            }));
        }
        let mut checked = vec![];
        for task in tasks {
            checked.extend(task.await.map_err(lost)?);
        }
        Ok(checked)
    }

    fn check(&self, partner: &TrustDomain, entry: Entry, now: Time) -> Result<Checked, Fault> {
        if entry.release.kind == StatementKind::Void {
            let void = verify(&entry.release, &rules::VOID, self.chains(), now)?;
            self.addressed(partner, &void, &void.content().recipient)?;
            return Ok(Checked::Void(void, entry));
        }
        let release = verify(&entry.release, &rules::RELEASE, self.chains(), now)?;
        self.addressed(partner, &release, &release.content().recipient)?;
        let content = self.check_content(partner, release.content(), &entry, now).map(Box::new);
        Ok(Checked::Release { release: Box::new(release), entry, content })
    }

    /// A release must be this partner's, and for this organisation.
    fn addressed<T>(
        &self,
        partner: &TrustDomain,
        statement: &Verified<T>,
        recipient: &TrustDomain,
    ) -> Result<(), Fault> {
        if !statement.signers().iter().all(|s| s.domain() == partner) {
            return Err(Fault::new(
                Reason::WrongDomain,
                "the feed holds a release that another organisation has signed",
            ));
        }
        if recipient != self.domain() {
            return Err(Fault::new(Reason::WrongDomain, "the feed holds a release that is for another organisation"));
        }
        Ok(())
    }

    fn check_content(
        &self,
        partner: &TrustDomain,
        release: &Release,
        entry: &Entry,
        now: Time,
    ) -> Result<Content, Fault> {
        let missing = || Fault::at(Reason::UnknownOrNonCanonical, "manifest", "the manifest is missing");
        let envelope = entry.manifest.as_ref().ok_or_else(missing)?;
        // As of its release: the author's certificate may have run out since then, and the originator's node, which has
        // signed the release just now checked, answers for the day.
        let at = now.min(release.released_at);
        // The receipt tells the partner why: in the same words, whoever else is a partner here.
        self.only_by(&[partner], envelope).map_err(|f| f.within("manifest"))?;
        let manifest = verify(envelope, &rules::MANIFEST, self.chains(), at).map_err(|f| f.within("manifest"))?;
        if manifest.id() != release.manifest {
            let what = "the manifest is not the one that the release names";
            return Err(Fault::at(Reason::DigestNotListed, "manifest", what));
        }
        if manifest.content().originator != *partner {
            let what = "the assessment is another organisation's; passing on is not agreed";
            return Err(Fault::at(Reason::NotCovered, "manifest.originator", what));
        }
        let portions: Vec<&[u8]> = entry.portions.iter().map(|p| &**p).collect();
        let opened = open(&manifest, &portions)?;
        let mut digests: Vec<_> = opened.iter().map(Opened::digest).collect();
        digests.sort_unstable();
        if digests != release.digests {
            let what = "the portions are not those that the release discloses";
            return Err(Fault::at(Reason::DigestNotListed, "portions", what));
        }
        // Here rather than in `keep`: the decision takes as long as the signatures, and this is spread over the cores.
        let not_covered = self.not_covered(partner, release, &manifest, &opened);
        Ok(Content { manifest, portions: opened, not_covered })
    }

    async fn judge(&self, partner: &TrustDomain, inbound: &Inbound, entry: &Checked) -> Result<Verdict, Fault> {
        let verdict = inbound.judge(entry.position())?;
        if verdict == Verdict::Repeat {
            let sequence = entry.position().sequence;
            let before = self.store.received_release(partner, sequence).await?;
            // One that comes again within a batch is not in the store yet; the batch's order was judged already.
            if before.is_some_and(|id| id != entry.id()) {
                let what = format!("number {sequence} came before with other bytes");
                return Err(Fault::new(Reason::ReplayDiffers, what));
            }
        }
        Ok(verdict)
    }

    /// What is kept of an entry: content that verified and is covered, in quarantine where it is not covered, and of
    /// what does not verify only that it came.
    async fn keep(
        &self,
        partner: &TrustDomain,
        entry: Checked,
        before: &[ReceivedEntry],
        now: Time,
    ) -> Result<(ReceivedEntry, Event), Fault> {
        let (sequence, release_id) = (entry.position().sequence, entry.id());
        let (raw, content, manifest, reason, held_for) = match entry {
            Checked::Void(void, raw) => (raw, None, void.content().replaced, None, None),
            Checked::Release { release, entry, content } => {
                let content = match content {
                    Ok(content) => match self.is_closed(&content.manifest, entry.provenance.is_empty()).await? {
                        Some(reason) => Err(reason),
                        None if self.is_same_version(&content.manifest, before).await? => Ok(content),
                        None => Err(Reason::ReplayDiffers),
                    },
                    Err(fault) => Err(fault.reason),
                };
                let reason = match &content {
                    Ok(content) => content.not_covered,
                    Err(reason) => Some(*reason),
                };
                let agreement = release.content().agreement.id;
                let held_for = (content.is_ok() && reason == Some(Reason::AgreementDiffers)).then_some(agreement);
                let due = content.as_ref().ok().and_then(|c| self.due(partner, release.content(), &c.portions));
                let content = content.ok().map(|c| received_content(&release, &c, &entry, (reason.is_some(), due)));
                (entry, content, release.content().manifest, reason, held_for)
            }
        };
        let reason = reason.map(|r| r.to_string());
        if let Some(reason) = &reason {
            tracing::warn!(%partner, sequence, reason, "kept an entry from users");
        }
        let refused = content.is_none() && reason.is_some();
        let quarantined = reason.clone();
        let deed = Deed::Received { manifest, partner: partner.clone(), sequence, release: release_id, quarantined };
        let release = wire::envelope::encode(&raw.release);
        let provenance = raw.provenance.iter().map(|e| wire::envelope::encode(e)).collect();
        let kept = ReceivedEntry { sequence, release_id, release, provenance, content, refused, reason, held_for };
        Ok((kept, Event { at: now, by: None, deed }))
    }

    /// One version has one manifest, in the store and in what came `before` it in the same batch.
    async fn is_same_version(&self, manifest: &Verified<Manifest>, before: &[ReceivedEntry]) -> Result<bool, Fault> {
        let content = manifest.content();
        let name = (&content.originator, &content.assessment, content.version);
        let mut before = before.iter().filter_map(|e| e.content.as_ref());
        let held = match before.find(|c| (&c.originator, &c.assessment, c.version) == name) {
            Some(content) => Some(content.manifest_id),
            None => self.store.version(&content.originator, &content.assessment, content.version).await?,
        };
        Ok(held.is_none_or(|id| id == manifest.id()))
    }

    /// Why the own copy of the agreement does not cover a release, if it does not.
    fn not_covered(
        &self,
        partner: &TrustDomain,
        release: &Release,
        manifest: &Verified<Manifest>,
        portions: &[Opened],
    ) -> Option<Reason> {
        let directory = self.directory();
        let Ok(partner) = directory.active(partner) else { return Some(Reason::NotAPartner) };
        if !partner.could_stand_on(&release.agreement.id, self.now()) {
            return Some(Reason::AgreementDiffers);
        }
        let facts = Facts::of(manifest.content(), portions.iter().map(|o| (o.digest(), o.portion())));
        let reasons = accept(&partner.incoming, release, &facts).err()?;
        let differs = reasons.iter().any(|r| r.id == "agreement-differs");
        let reason = if differs { Reason::AgreementDiffers } else { Reason::NotCovered };
        // The ids only: the words name places.
        let ids: Vec<&str> = reasons.iter().map(|r| &*r.id).collect();
        tracing::debug!(why = ids.join(", "), "not covered");
        Some(reason)
    }
}

fn received_content(
    release: &Verified<Release>,
    checked: &Content,
    entry: &Entry,
    (quarantined, due): (bool, Option<Time>),
) -> ReceivedContent {
    let (manifest, content) = (&checked.manifest, checked.manifest.content());
    let named = checked.portions.iter().filter_map(|o| match &o.portion().body {
        Body::Attachment(attachment) => Some((attachment.sha256, attachment.size)),
        _ => None,
    });
    let attachments = named.collect();
    ReceivedContent {
        kind: release.content().kind,
        assessment: content.assessment,
        version: content.version,
        manifest_id: manifest.id(),
        manifest: entry.manifest.as_ref().map(|m| wire::envelope::encode(m)).unwrap_or_default(),
        originator: content.originator.clone(),
        portions: entry.portions.iter().map(|p| p.to_vec()).collect(),
        attachments,
        quarantined,
        due,
    }
}
