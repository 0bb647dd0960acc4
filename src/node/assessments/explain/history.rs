//! What has happened to an assessment: the releases that went out, and those by which it came.

use crate::{
    domain::{
        event::{Deed, Event},
        fault::Fault,
        ids::{Digest, TrustDomain},
        receipt::ReceiptKind,
        statement::{Envelope, StatementKind},
        time::Time,
    },
    node::{assessment_cache::loaded::LoadedAssessment, assessments::Assessments},
    seal::statement::id_of,
    store::{AssessmentRecord, receipts::QuarantineRecord},
    wire,
};

/// A release of the assessment to a partner, or a decision to drop one.
pub struct Released {
    /// The partner.
    pub partner: TrustDomain,
    /// When it happened.
    pub at: Time,
    /// Its number; 0 for one that was dropped.
    pub sequence: u64,
    /// What it disclosed.
    pub digests: Vec<Digest>,
    /// The grants that allow it.
    pub grants: Vec<String>,
    /// Whether the partner has acknowledged it.
    pub acknowledged: bool,
    /// When a void took its place.
    pub voided: Option<Time>,
    /// Why it was dropped.
    pub dropped: Vec<String>,
    /// Why the partner keeps it from its users, according to its own receipt. This is a stable reason in capitals.
    pub kept_from_users: Option<String>,
}

/// A release by which an assessment came.
pub struct Arrived {
    /// The partner that it came from.
    pub partner: TrustDomain,
    /// The release.
    pub release: Envelope,
    /// When it came.
    pub at: Time,
    /// Why it is in quarantine.
    pub quarantined: Option<String>,
}

/// Whether an entry of the ledger is about a partner.
pub(in crate::node) fn is_about(event: &Event, asked: &TrustDomain) -> bool {
    match &event.deed {
        Deed::Released { partner, .. } | Deed::Dropped { partner, .. } | Deed::Received { partner, .. } => {
            partner == asked
        }
        deed => deed.as_decision().is_some_and(|(partners, _)| partners.contains(asked)),
    }
}

/// The releases with which the store keeps the assessment, as the ledger records them, and those that are still kept from users.
pub(in crate::node) fn arrived(
    record: &AssessmentRecord,
    events: &[Event],
    kept: &[QuarantineRecord],
) -> Result<Vec<Arrived>, Fault> {
    let mut all = Vec::new();
    for came_by in &record.releases {
        let envelope = wire::envelope::decode(&came_by.release)?;
        let id = id_of(StatementKind::Release, &envelope.payload);
        let found = events.iter().find_map(|event| match &event.deed {
            Deed::Received { partner, release, quarantined, .. } if *release == id => {
                let is_kept = kept.iter().any(|q| q.release_id == id);
                Some((partner.clone(), event.at, quarantined.clone().filter(|_| is_kept)))
            }
            _ => None,
        });
        if let Some((partner, at, quarantined)) = found {
            all.push(Arrived { partner, release: envelope, at, quarantined });
        }
    }
    Ok(all)
}

impl Assessments {
    /// What was released and what was dropped, in the ledger's order.
    pub(in crate::node) async fn released(
        &self,
        prepared: &LoadedAssessment,
        events: &[Event],
    ) -> Result<Vec<Released>, Fault> {
        let manifest = &prepared.id;
        let given = self.store.holders(&prepared.manifest.originator, &prepared.manifest.assessment).await?.given;
        let kept = |partner: &TrustDomain, sequence: u64| {
            let of = given.iter().find(|g| g.holder == *partner && g.sequence == sequence)?;
            let (kind, reason, _) = of.answer.as_ref()?;
            reason.clone().filter(|_| *kind == ReceiptKind::Quarantined)
        };
        let mut all = Vec::new();
        for Event { at, deed, .. } in events {
            match deed {
                Deed::Released { manifest: of, partner, sequence, digests, grants, .. } if of == manifest => {
                    let acknowledged = self.store.outbound(partner).await?.acknowledged >= *sequence;
                    let voided = self.voided(partner, *sequence).await?;
                    all.push(Released {
                        partner: partner.clone(),
                        at: *at,
                        sequence: *sequence,
                        digests: digests.clone(),
                        grants: grants.clone(),
                        acknowledged: acknowledged && voided.is_none(),
                        voided,
                        dropped: vec![],
                        kept_from_users: kept(partner, *sequence),
                    });
                }
                Deed::Dropped { partner, because, .. } => all.push(Released {
                    partner: partner.clone(),
                    at: *at,
                    sequence: 0,
                    digests: vec![],
                    grants: vec![],
                    acknowledged: false,
                    voided: None,
                    dropped: because.clone(),
                    kept_from_users: None,
                }),
                _ => {}
            }
        }
        Ok(all)
    }

    /// When a void took the place of the release of that number.
    async fn voided(&self, partner: &TrustDomain, sequence: u64) -> Result<Option<Time>, Fault> {
        let kept = self.store.releases_after(partner, sequence.saturating_sub(1), 1).await?;
        let Some(record) = kept.into_iter().find(|r| r.sequence == sequence && r.is_void) else { return Ok(None) };
        let envelope = wire::envelope::decode(&record.envelope)?;
        Ok(Some(wire::release::decode_void(&envelope.payload)?.voided_at))
    }
}
