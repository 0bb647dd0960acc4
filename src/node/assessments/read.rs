//! Reads assessments: checks who may see what is here, verifies each signature anew, and records each reading.

use std::collections::{HashMap, HashSet};

use crate::{
    domain::{
        actor::{Authorized, LookUp, Officiate, Write},
        equivocation::Twice,
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::{AssessmentId, Role, SpiffeId, StatementId, TrustDomain},
        marking::Tlp,
        statement::{Envelope, Signature, Suite},
        summary::PortionSummary,
        time::{Day, Time},
    },
    node::{
        assessment_cache::as_claimed::AsClaimed,
        assessment_state::state_at,
        assessments::{Assessments, endorse::EndorsementCheck},
        recalls::issue::RecallView,
        unwritable::recorded_or_logged,
    },
    policy::abbreviated_list,
    seal::{
        chains::{Chains, VerificationTime},
        rules, statement,
        verify::verify,
    },
    store::{
        AssessmentPage, AssessmentRecord, AssessmentState, Delivery, StoreError, damage::Damage,
        receipts::QuarantineRecord,
    },
    wire,
};

pub use crate::store::ListFilter;

/// One version of an assessment, as this node holds it.
pub struct AssessmentView {
    /// The stored record.
    pub record: AssessmentRecord,
    /// The manifest with its signatures.
    pub manifest: Envelope,
    /// The routes by which it came. Each consists of the releases from the originator's to the one by which it came here.
    pub routes: Vec<Vec<Envelope>>,
    /// A check for each signature of the manifest.
    pub signatures: Vec<SignatureCheck>,
    /// Its endorsements, by the statements' ids.
    pub endorsements: Vec<EndorsementCheck>,
    /// The arrivals of it that are quarantined, and why; for officers only.
    pub quarantines: Vec<QuarantineRecord>,
    /// The recall that took it back, if there is one.
    pub recall: Option<RecallView>,
    /// The partner on whose introduction alone its originator is held here.
    pub introduced_by: Option<TrustDomain>,
    /// What of the assessment its originator has signed twice.
    pub signed_twice: Vec<Twice>,
    /// The time by which it must be acknowledged here, if nobody has done so.
    pub acknowledge_by: Option<Time>,
}

/// A page of a list.
pub struct ListedAssessment {
    /// The assessments that can be read.
    pub views: Vec<AssessmentView>,
    /// The assessments that can't be read, each with its name if it has one. They hide nothing else.
    pub damaged: Vec<Unreadable>,
    /// The filter for the next page, if there is one.
    pub next: Option<ListFilter>,
    /// The versions among them that the reader has marked as read.
    pub read: HashSet<StatementId>,
    /// The highest TLP level of each version's portions that are here.
    pub tlp: HashMap<StatementId, Tlp>,
}

/// A version that can't be read, with its name if it has one.
pub type Unreadable = Option<(AssessmentId, u32)>;

/// What this node says of a signature.
pub struct SignatureCheck {
    /// Who signed; `None` if the chain does not say.
    pub id: Option<SpiffeId>,
    /// The signature's suite.
    pub suite: Suite,
    /// Why it does not hold, if it does not.
    pub fault: Option<Reason>,
    /// The day since which somebody else may have the key of the CA behind it.
    pub doubtful_since: Option<Day>,
}

/// Requires an officer for what is in quarantine.
pub(super) fn require_reader(actor: &Authorized<Write>, quarantined: bool) -> Result<(), Fault> {
    if quarantined { actor.authorize::<Officiate>().map(|_| ()) } else { Ok(()) }
}

impl Assessments {
    /// A page of assessments, newest first. It shows only what names them; reading the rest is recorded for each assessment.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, store faults.
    pub async fn list(&self, actor: &Authorized<Write>, filter: &ListFilter) -> Result<ListedAssessment, Fault> {
        require_reader(actor, filter.quarantined)?;
        let page = self.store.list(filter).await?;
        self.listed_page(actor, page, filter).await
    }

    /// The page of a list, as its readers see it.
    pub(super) async fn listed_page(
        &self,
        actor: &Authorized<Write>,
        page: AssessmentPage,
        filter: &ListFilter,
    ) -> Result<ListedAssessment, Fault> {
        let AssessmentPage { records, mut damaged, next } = page;
        let ids: Vec<StatementId> = records.iter().map(|record| record.manifest_id).collect();
        let marked_read = self.store.read_by(actor.id(), &ids).await?.into_iter().collect();
        let summaries = self.store.summaries(&ids, filter.quarantined).await?.into_iter();
        let highest = |portions: Vec<PortionSummary>| portions.into_iter().map(|portion| portion.tlp).max();
        let tlp = summaries.filter_map(|s| Some((s.manifest_id, highest(s.portions?)?))).collect();
        let (read, mut views) = (records.len() + damaged.len(), Vec::with_capacity(records.len()));
        for record in records {
            let name = (record.assessment, record.version);
            match self.listed(record, filter.quarantined).await {
                Ok(view) => views.push(view),
                Err(fault) if fault.reason == Reason::StoreCorrupt => damaged.push(Some(name)),
                Err(fault) => return Err(fault),
            }
        }
        let left = filter.limit.saturating_sub(u32::try_from(read).unwrap_or(u32::MAX));
        let next = next.filter(|_| left > 0);
        let next = next.map(|before| ListFilter { before: Some(before), limit: left, ..filter.clone() });
        Ok(ListedAssessment { views, damaged, next, read: marked_read, tlp })
    }

    /// Whether a list for this reader may contain that version.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, store faults.
    pub async fn can_list(
        &self,
        actor: &Authorized<Write>,
        manifest: &StatementId,
        quarantined: bool,
    ) -> Result<bool, Fault> {
        require_reader(actor, quarantined)?;
        Ok(self.store.by_manifest(manifest, quarantined).await?.is_some())
    }

    async fn listed(&self, record: AssessmentRecord, is_officer: bool) -> Result<AssessmentView, Fault> {
        let quarantines = self.quarantines(&record, is_officer).await?;
        self.view(record, quarantines).await
    }

    /// Reads one assessment, in its latest version if none is named. The reading is recorded.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, `NOT_FOUND`, store faults.
    pub async fn read(
        &self,
        actor: &Authorized<Write>,
        id: &AssessmentId,
        version: Option<u32>,
        quarantined: bool,
    ) -> Result<AssessmentView, Fault> {
        require_reader(actor, quarantined)?;
        let found = self.store.assessment(id, version, quarantined).await?;
        let record =
            found.ok_or_else(|| Fault::new(Reason::NotFound, format!("there is no assessment `{id}` here")))?;
        let recorded = if record.state == AssessmentState::Quarantined {
            let deed = Deed::Read { manifest: record.manifest_id };
            let event = Event::by(actor, self.clock.now(), deed);
            self.store.record(vec![event]).await.map_err(Fault::from)
        } else {
            self.note_reading(actor, &record).await
        };
        let recorded = match recorded {
            Ok(()) => self.store.mark_read(actor.id(), &[record.manifest_id], true).await.map_err(Fault::from),
            failed => failed,
        };
        recorded_or_logged(&*self.store, actor, &record.manifest_id.to_string(), recorded)?;
        let quarantines = self.quarantines(&record, quarantined).await?;
        self.view(record, quarantines).await
    }

    async fn quarantines(&self, record: &AssessmentRecord, is_officer: bool) -> Result<Vec<QuarantineRecord>, Fault> {
        // What was published here came by no release.
        if is_officer && record.originator != *self.identity.domain() {
            Ok(self.store.quarantine_records(&record.manifest_id).await?)
        } else {
            Ok(vec![])
        }
    }

    /// The assessments whose id begins with these hexadecimal digits, at most ten. Those in quarantine are for officers only.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, `INVALID_ARGUMENT`, store faults.
    pub async fn find(&self, actor: &Authorized<LookUp>, beginning: &str) -> Result<Vec<AssessmentId>, Fault> {
        let wrong = |what| Fault::at(Reason::InvalidArgument, "beginning", what);
        let first = format!("{beginning:0<32}").parse().map_err(wrong)?;
        let last = format!("{beginning:f<32}").parse().map_err(wrong)?;
        let quarantined = actor.role() == Role::Officer;
        Ok(self.store.assessments_between(&first, &last, quarantined, 10).await?)
    }

    async fn view(
        &self,
        mut record: AssessmentRecord,
        quarantines: Vec<QuarantineRecord>,
    ) -> Result<AssessmentView, Fault> {
        // Everything could be read when it was stored. What can't be read now was changed since.
        let manifest = wire::envelope::decode(&record.manifest).map_err(|_| self.damaged(&record.manifest_id))?;
        if statement::id(&manifest) != record.manifest_id {
            return Err(self.damaged(&record.manifest_id));
        }
        let route = |came_by: &Delivery| {
            let releases = came_by.provenance.iter().chain([&came_by.release]);
            releases.map(|r| wire::envelope::decode(r)).collect::<Result<_, _>>()
        };
        let routes = record.releases.iter().map(route).collect::<Result<_, Fault>>();
        let routes = routes.map_err(|_| self.damaged(&record.manifest_id))?;
        let signatures = self.check_signatures(&manifest, &record);
        // What is in quarantine may have signatures that nobody could verify when it came. They say nothing about the disk.
        let was_verified = record.state != AssessmentState::Quarantined;
        if was_verified && signatures.iter().any(|s| s.fault == Some(Reason::SignatureInvalid)) {
            return Err(self.damaged(&record.manifest_id));
        }
        let id = record.manifest_id;
        let endorsements = self.check_held_endorsements(&record);
        let endorsements =
            endorsements.map_err(|_| if was_verified { self.damaged(&id) } else { unlike_stored(id) })?;
        let recall = match record.state.is_recalled() {
            true => self.recalls.recall_view(&record.originator, &record.assessment).await?,
            false => None,
        };
        let introduced_by = self.directory.introduced_by(&record.originator);
        record.state = state_at(record.state, &manifest, self.clock.now()).map_err(|_| self.damaged(&id))?;
        let found = self.store.equivocations(Some((&record.originator, &record.assessment))).await?;
        let signed_twice = found.into_iter().map(|f| f.subject.twice).collect();
        let acknowledge_by = self.store.acknowledge_by(&id).await?;
        Ok(AssessmentView {
            record,
            manifest,
            routes,
            signatures,
            endorsements,
            quarantines,
            recall,
            introduced_by,
            signed_twice,
            acknowledge_by,
        })
    }

    /// Reports that a statement that is kept here is not what was stored.
    fn damaged(&self, manifest: &StatementId) -> Fault {
        self.store.report_corruption(Damage::Version(*manifest));
        unlike_stored(*manifest)
    }

    /// Checks each signature by itself. What was verified when it was stored stays verified, unless its key is revoked as of an earlier
    /// day; the statement is in doubt then. What was never verified is judged as of when it came.
    fn check_signatures(&self, manifest: &Envelope, record: &AssessmentRecord) -> Vec<SignatureCheck> {
        let when = VerificationTime::from(self.clock.now()).stated(record.since, &record.originator);
        let was_verified = record.verified.is_some() && record.state != AssessmentState::Quarantined;
        let check = |signature: &Signature| {
            let alone = Envelope { signatures: vec![signature.clone()], ..manifest.clone() };
            let fault = verify(&alone, &rules::MANIFEST, &self.trust.stored, when).err().map(|f| f.reason);
            let fault = match fault {
                Some(Reason::CertificateRevoked) | None => fault,
                // The signature must still fit the bytes.
                Some(_) if was_verified => verify(&alone, &rules::MANIFEST, &AsClaimed, when).err().map(|f| f.reason),
                fault => fault,
            };
            let id = AsClaimed.signer(&signature.certificates, &when).ok().map(|s| s.id);
            let doubtful_since = self.directory.doubts.about(&record.originator, &signature.certificates, record.since);
            let id = id.filter(|_| fault.is_none() || was_verified);
            SignatureCheck { id, suite: signature.suite, fault, doubtful_since }
        };
        manifest.signatures.iter().map(check).collect()
    }
}

fn unlike_stored(manifest: StatementId) -> Fault {
    StoreError::Damaged(Damage::Version(manifest)).into()
}

/// The damaged assessments by name. Only a few of many are named, because an answer's trailers are short.
pub fn unreadable(damaged: &[Unreadable]) -> Option<Fault> {
    let name = |(id, version): &(AssessmentId, u32)| format!("{id} version {version}");
    let names = damaged.iter().map(|d| d.as_ref().map_or_else(|| "one without a name".to_owned(), name));
    let names = abbreviated_list(&names.collect::<Vec<_>>());
    let what = format!("these assessments can't be read any more, restore a backup: {names}");
    (!damaged.is_empty()).then(|| Fault::new(Reason::StoreCorrupt, what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_damaged_assessments_twelve_are_named() {
        let named = |n: u8| Some((AssessmentId([n; 16]), 1));
        let told = |damaged: &[_]| unreadable(damaged).map(|f| f.message);
        assert_eq!(told(&[]), None);
        let one = format!("restore a backup: {} version 1", AssessmentId([1; 16]));
        assert!(told(&[named(1)]).unwrap().contains(&one));
        assert!(told(&[None]).unwrap().contains("one without a name"));
        let many: Vec<_> = (0..100).map(named).chain([None]).collect();
        let told = told(&many).unwrap();
        assert!(told.contains("version 1, 89 more") && told.len() < 1_000, "{told}");
    }
}
