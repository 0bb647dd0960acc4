//! Who holds an assessment, by which route, and what its people said of it: each according to its own receipts.

use std::collections::BTreeMap;

use crate::{
    domain::{
        actor::{Authorized, LookUp},
        fault::{Fault, Reason},
        ids::{AssessmentId, Role, StatementId, TrustDomain},
        recall::RecallKind,
        receipt::ReceiptKind,
        time::Time,
        words::words,
    },
    node::{assessments::Assessments, recalls::issue::RecallView},
    seal::statement,
    store::{
        AssessmentRecord, StoreError,
        damage::Damage,
        recalls::{HoldersRecord, RecallAnswerRecord, ReleaseToHolder, ReportRecord},
    },
    wire,
};

/// How many recalls at the head of an outbox are searched for one.
const RECALLS: u32 = 256;

words!(
    /// Where a holder stands.
    HolderState, "state of a holder" {
        /// It has not confirmed that it stored anything or, after a recall, it has not answered.
        Pending = "pending",
        /// It holds it.
        Held = "held",
        /// It keeps it from its users.
        Quarantined = "quarantined",
        /// It has done what the recall asks.
        Confirmed = "confirmed",
        /// It has hidden it; the purge waits for two officers.
        AwaitingApproval = "awaiting-approval",
        /// It has hidden it; the purge was declined.
        Declined = "declined",
        /// It has not answered the recall, and there is no link to it.
        Unreachable = "unreachable",
        /// Somebody answers in its name, and the signature can't be verified here.
        Unverified = "unverified",
    }
);

/// What a holder did, and when, by its clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HolderAnswer {
    /// What it did.
    pub kind: ReceiptKind,
    /// The role of the person who did it.
    pub role: Option<Role>,
    /// When it did it.
    pub at: Time,
    /// What people there wrote. Only readers of assessments see it.
    pub text: Option<String>,
}

/// One version as a holder has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldVersion {
    /// The number of the version.
    pub version: u32,
    /// How many portions it was given.
    pub portions: u64,
    /// When it said that it has stored the version.
    pub stored: Option<Time>,
    /// Why it keeps the version from its users, if it does.
    pub refused: Option<String>,
}

/// A holder of an assessment, by one route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The holder.
    pub organisation: TrustDomain,
    /// The organisations between here and the holder. Empty if it was given from here.
    pub through: Vec<TrustDomain>,
    /// The versions that it was given, ascending.
    pub versions: Vec<HeldVersion>,
    /// In which roles it was read, and what people there said.
    pub words: Vec<HolderAnswer>,
    /// Where it stands.
    pub state: HolderState,
    /// Since when: when it said so, or when it was last heard of.
    pub since: Option<Time>,
    /// Its answer to the recall.
    pub answer: Option<HolderAnswer>,
    /// Why it could not take the recall when that was last offered to it: a stable reason in capitals.
    pub not_yet: Option<String>,
}

/// Who holds an assessment.
pub struct Holders {
    /// The latest version that is here.
    pub record: AssessmentRecord,
    /// Whether it is an exercise.
    pub exercise: bool,
    /// Its recall.
    pub recall: Option<RecallView>,
    /// The holders, by name and then by route.
    pub all: Vec<Holder>,
}

impl Assessments {
    /// Who holds an assessment that was published or passed on here. Only analysts and officers see what people at holders wrote.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, `NOT_FOUND`, store faults.
    pub async fn holders(&self, actor: &Authorized<LookUp>, id: &AssessmentId) -> Result<Holders, Fault> {
        let found = match self.store.assessment(id, None, false).await {
            // The holders are known although the assessment's text can't be read any more.
            Err(StoreError::Damaged(Damage::Version(manifest))) => self.store.titles(&[manifest]).await?.pop(),
            found => found?,
        };
        let mut record =
            found.ok_or_else(|| Fault::new(Reason::NotFound, format!("there is no assessment `{id}` here")))?;
        let manifest = wire::manifest::decode(&wire::envelope::decode(&record.manifest)?.payload)?;
        record.state = record.state.at(manifest.expires, self.clock.now());
        let recall = self.recalls.recall_view(&record.originator, id).await?;
        let mut known = self.store.holders(&record.originator, id).await?;
        // The originator got no more than an endorsement of its own assessment.
        known.given.retain(|given| given.holder != record.originator);
        let reads = actor.role() != Role::Admin;
        let mut all = self.list_holders(&known, recall.as_ref(), reads)?;
        if let Some(recall) = &recall {
            for holder in all.iter_mut().filter(|h| h.through.is_empty() && h.answer.is_none()) {
                holder.not_yet = self.not_yet(&holder.organisation, &recall.record.id).await?;
            }
        }
        Ok(Holders { record, exercise: manifest.exercise, recall, all })
    }

    /// Why a partner could not take a recall when it was last offered.
    async fn not_yet(&self, partner: &TrustDomain, recall: &StatementId) -> Result<Option<String>, Fault> {
        // Recalls stand before everything else in an outbox.
        for item in self.store.outbox(partner, 0, RECALLS).await? {
            if item.reason.is_some() && statement::id(&wire::envelope::decode(&item.envelope)?) == *recall {
                return Ok(item.reason);
            }
        }
        Ok(None)
    }

    fn list_holders(
        &self,
        known: &HoldersRecord,
        recall: Option<&RecallView>,
        reads: bool,
    ) -> Result<Vec<Holder>, Fault> {
        let mut routes: BTreeMap<(TrustDomain, Vec<TrustDomain>), Holder> = BTreeMap::new();
        let empty = |(organisation, through): (TrustDomain, Vec<TrustDomain>)| Holder {
            organisation,
            through,
            versions: vec![],
            words: vec![],
            state: HolderState::Pending,
            since: None,
            answer: None,
            not_yet: None,
        };
        for given in &known.given {
            let route = (given.holder.clone(), vec![]);
            routes.entry(route.clone()).or_insert_with(|| empty(route)).give(given);
        }
        // An unverified report may come from anybody. It does not count once the holder's own reports could be verified.
        let has_spoken = |holder: &TrustDomain| known.reports.iter().any(|r| r.verified && r.holder == *holder);
        let counts = |r: &&ReportRecord| r.verified || r.kind == ReceiptKind::Stored || !has_spoken(&r.holder);
        for report in known.reports.iter().filter(counts) {
            let route = (report.holder.clone(), report.through.clone());
            routes.entry(route.clone()).or_insert_with(|| empty(route)).hear(report, reads)?;
        }
        // An organisation that has nothing of it is no holder. An example is one whose release became a void before it was taken.
        let mut all: Vec<Holder> = routes.into_values().filter(|h| !h.versions.is_empty()).collect();
        for holder in &mut all {
            let unverified = known.reports.iter().filter(|r| r.holder == holder.organisation);
            let is_verified = holder.through.is_empty() || unverified.into_iter().any(|r| r.verified);
            match recall {
                None if !is_verified => holder.state = HolderState::Unverified,
                None => holder.stands(),
                Some(view) => {
                    let answer = known.answers.iter().find(|a| a.holder == holder.organisation);
                    holder.answered(view.recall.kind, answer, reads)?;
                    let is_open = holder.state == HolderState::Pending;
                    if is_open && holder.through.is_empty() && !self.is_linked(&holder.organisation) {
                        holder.state = HolderState::Unreachable;
                        let heard = known.contacts.iter().find(|(partner, _)| *partner == holder.organisation);
                        holder.since = heard.map(|(_, at)| *at);
                    }
                    if is_open && !is_verified {
                        holder.state = HolderState::Unverified;
                    }
                }
            }
        }
        Ok(all)
    }

    fn is_linked(&self, partner: &TrustDomain) -> bool {
        let live = self.sessions.of(partner);
        live.is_streaming() || live.inbound().borrow().live
    }
}

impl HeldVersion {
    /// Notes that it has stored some of the version. That outweighs other parts that it keeps from its users.
    fn store(&mut self, at: Time) {
        self.stored = Some(at);
        self.refused = None;
    }

    fn refuse(&mut self, reason: Option<&String>) {
        if self.stored.is_none() {
            self.refused = reason.cloned();
        }
    }
}

impl Holder {
    /// Changes what it has of a version.
    fn with(&mut self, version: u32, change: impl FnOnce(&mut HeldVersion)) {
        if let Some(held) = self.versions.iter_mut().find(|v| v.version == version) {
            return change(held);
        }
        let mut held = HeldVersion { version, portions: 0, stored: None, refused: None };
        change(&mut held);
        self.versions.push(held);
        self.versions.sort_by_key(|v| v.version);
    }

    /// Counts one release to it. A release that became a void does not count.
    fn give(&mut self, given: &ReleaseToHolder) {
        if given.is_void && given.answer.is_none() {
            return;
        }
        self.with(given.version, |held| {
            // A later release of a version holds what the ones before held, and more.
            held.portions = held.portions.max(given.portions);
            match &given.answer {
                Some((ReceiptKind::Quarantined, reason, _)) => held.refuse(reason.as_ref()),
                Some((_, _, at)) => held.store(held.stored.map_or(*at, |before| before.min(*at))),
                None => {}
            }
        });
    }

    fn hear(&mut self, report: &ReportRecord, reads: bool) -> Result<(), Fault> {
        self.with(report.version, |held| {
            held.portions = held.portions.max(report.portions);
            match report.kind {
                ReceiptKind::Stored => held.store(report.at),
                ReceiptKind::Quarantined => held.refuse(report.reason.as_ref()),
                _ => {}
            }
        });
        if report.kind.acknowledges() {
            let text = if reads { text_of(&report.receipt)? } else { None };
            self.words.push(HolderAnswer { kind: report.kind, role: report.role, at: report.at, text });
        }
        Ok(())
    }

    /// Sets where it stands with an assessment that was not recalled.
    fn stands(&mut self) {
        let Some(last) = self.versions.last() else { return };
        (self.state, self.since) = match (last.stored, &last.refused) {
            (_, Some(_)) => (HolderState::Quarantined, None),
            (Some(at), None) => (HolderState::Held, Some(at)),
            (None, None) => (HolderState::Pending, None),
        };
    }

    /// Sets where it stands with a recall, by its own answer.
    fn answered(&mut self, kind: RecallKind, answer: Option<&RecallAnswerRecord>, reads: bool) -> Result<(), Fault> {
        let Some(answer) = answer else { return Ok(()) };
        let is_text = answer.kind.acknowledges() && reads;
        let text = if is_text { text_of(&answer.receipt)? } else { answer.reason.clone() };
        self.answer = Some(HolderAnswer { kind: answer.kind, role: None, at: answer.at, text });
        self.since = Some(answer.at);
        self.state = match (answer.kind, kind) {
            _ if !answer.verified => HolderState::Unverified,
            (ReceiptKind::Purged, _) | (ReceiptKind::Withdrawn, RecallKind::Withdraw) => HolderState::Confirmed,
            (ReceiptKind::Declined, _) => HolderState::Declined,
            (ReceiptKind::Withdrawn, RecallKind::Purge) if answer.reason.is_some() => HolderState::AwaitingApproval,
            _ => HolderState::Pending,
        };
        Ok(())
    }
}

/// What people wrote, read from the receipt itself. A purge of the assessment removes it.
fn text_of(envelope: &[u8]) -> Result<Option<String>, Fault> {
    if envelope.is_empty() {
        return Ok(None);
    }
    Ok(wire::receipt::decode(&wire::envelope::decode(envelope)?.payload)?.reason)
}
