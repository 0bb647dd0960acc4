//! Publishes an assessment: checks the role, the signature and the lint, decides for each partner, stores everything in one transaction,
//! and only then answers.

use std::{collections::BTreeSet, sync::Arc};

use super::{Node, cores::on_all_cores, correct::recalled, directory::Partner, fault::lost, prepared::Prepared};
use crate::{
    domain::{
        actor::{Actor, Authorized, Write},
        assessment::{Manifest, level},
        draft::Draft,
        event::{Deed, Event, PortionDecision},
        fault::{Fault, Reason},
        ids::{AssessmentId, Digest, StatementId, TrustDomain},
        lint::{Severity, blocking, lint},
        place::Country,
        statement::Envelope,
        summary::Summary,
        time::Time,
    },
    policy::{Decision, PortionVerdict, plan, schedule},
    seal::{open::open, rules, verify::verify},
    store::{Publication, Verification, subject_states, title},
    wire,
};

/// What an author hands in.
pub struct Submission {
    /// The signed manifest.
    pub manifest: Envelope,
    /// The encodings of all portions.
    pub portions: Vec<Vec<u8>>,
    /// The findings of the lint that the author accepts.
    pub accepted: Vec<String>,
}

/// What the author gets back once everything is on disk.
pub struct Published {
    /// The assessment.
    pub assessment: AssessmentId,
    /// The version.
    pub version: u32,
    /// The manifest's id.
    pub manifest: StatementId,
    /// False if the same bytes were published before.
    pub is_new: bool,
    /// For each active partner, what it gets and why.
    pub decisions: Vec<PartnerDecision>,
    /// The version that was decided about.
    pub prepared: Arc<Prepared>,
    /// Partners that hold an earlier version and get nothing of this one, each with the latest version that it was given.
    pub left_behind: Vec<(TrustDomain, u32)>,
}

/// What one partner gets, and why.
pub struct PartnerDecision {
    /// The partner.
    pub partner: TrustDomain,
    /// The decision for each portion.
    pub portions: Vec<PortionDecision>,
    /// Whether anything goes, now or later.
    pub release: bool,
    /// When the first of it goes, if nothing goes now.
    pub not_before: Option<Time>,
    /// Further reasons that are about the whole.
    pub because: Vec<String>,
}

impl Node {
    /// Publishes a signed assessment.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, whatever verification refuses, `LINT_FAILED`, `NOT_FOUND` for an attachment that was not uploaded,
    /// `REPLAY_DIFFERS` where the version exists with other bytes.
    pub async fn publish(
        self: &Arc<Self>,
        actor: &Authorized<Write>,
        submission: Submission,
    ) -> Result<Published, Fault> {
        let Submission { manifest, portions, accepted } = submission;
        let encoded = wire::envelope::encode(&manifest);
        let bytes = portions.clone();
        let now = self.now();
        let node = self.clone();
        let about = self.about_before(&manifest).await?;
        let work = move || {
            let (prepared, verified) = node.check_submission(manifest, portions, now)?;
            let prepared = Prepared { about, ..prepared };
            let accepted = check_lint(&prepared, &accepted, now)?;
            let (decisions, queue) = node.plan_for_all(&prepared, now);
            Ok::<_, Fault>((Arc::new(prepared), verified, accepted, (decisions, queue)))
        };
        let (prepared, verified, accepted, (decisions, queue)) =
            tokio::task::spawn_blocking(work).await.map_err(lost)??;
        self.require_attachments(&prepared).await?;
        self.require_open(&prepared.manifest).await?;
        let publication = Publication {
            assessment: prepared.manifest.assessment,
            version: prepared.manifest.version,
            manifest_id: prepared.id,
            manifest: encoded,
            originator: self.domain().clone(),
            at: now,
            urgency: urgency(&prepared),
            portions: bytes,
            subject_states: subject_states::of(&prepared.manifest, prepared.portions.iter().map(|p| &p.portion)),
            title: title::of(prepared.portions.iter().map(|p| (&p.portion, &*p.bytes))),
            summary: Summary::of(&prepared.manifest, prepared.portions.iter().map(|p| (&p.portion, p.digest))),
            attachments: prepared.attachments(&prepared.portions.iter().map(|p| p.digest).collect::<Vec<_>>()),
            queue,
            events: events(actor, &prepared, &decisions, accepted, now),
            verified,
        };
        let wake: Vec<TrustDomain> = publication.queue.iter().map(|(partner, _)| partner.clone()).collect();
        let is_new = self.store.publish(publication).await.map_err(differs)?;
        self.prepared.forget_versions(&prepared.manifest.assessment);
        if prepared.manifest.version == 1 {
            self.prepared.put_new(prepared.clone());
        }
        for partner in wake {
            self.live.of(&partner).wake();
        }
        let (assessment, version) = (prepared.manifest.assessment, prepared.manifest.version);
        let left_behind = self.left_behind(&prepared.manifest, &decisions).await?;
        Ok(Published { left_behind, assessment, version, manifest: prepared.id, is_new, decisions, prepared })
    }

    /// The states that the versions before this one are about. A manifest that can't be decoded gives none here and is refused when it is
    /// verified.
    async fn about_before(&self, manifest: &Envelope) -> Result<BTreeSet<Country>, Fault> {
        match wire::manifest::decode(&manifest.payload) {
            Ok(Manifest { assessment, version, .. }) if version > 1 => {
                Ok(self.store.subject_states(self.domain(), &assessment).await?)
            }
            _ => Ok(BTreeSet::new()),
        }
    }

    fn check_submission(
        &self,
        envelope: Envelope,
        portions: Vec<Vec<u8>>,
        now: Time,
    ) -> Result<(Prepared, Verification), Fault> {
        let manifest = verify(&envelope, &rules::MANIFEST, self.chains(), now)?;
        if manifest.content().originator != *self.domain() {
            let what = "a node publishes only what its own organisation has signed";
            return Err(Fault::at(Reason::WrongDomain, "manifest.originator", what));
        }
        let opened = open(&manifest, &portions)?;
        let verified = Verification { at: now, roots: manifest.roots().to_vec(), on_word_of: None };
        let head = (manifest.id(), manifest.into_content(), Arc::new(envelope));
        Ok((Prepared::assemble(head, opened, portions, now), verified))
    }

    /// What each active partner gets, and the queue entries that follow from it. With many partners it uses all cores, because nothing
    /// else in a publication grows with their number.
    pub(super) fn plan_for_all(&self, prepared: &Prepared, now: Time) -> (Vec<PartnerDecision>, Queue) {
        let directory = self.directory();
        let facts = prepared.facts(now, &directory);
        // What may go at once is due since its issue. If the due time came from this clock while it was ahead, it would wait once the
        // clock is right again.
        let due = |at: Time| if at == now { prepared.manifest.issued.min(now) } else { at };
        let partners: Vec<&Arc<Partner>> = directory.all_active().collect();
        let plan_for = |partner: &Arc<Partner>| {
            let name = &partner.record.organisation.domain;
            let steps = plan(&partner.outgoing, &facts, now);
            let queue: Queue =
                steps.iter().filter(|(_, d)| d.release.is_some()).map(|(at, _)| (name.clone(), due(*at))).collect();
            (PartnerDecision::new(partner, &steps), queue)
        };
        let planned = on_all_cores(partners, PARTNERS_A_THREAD, plan_for);
        let (decisions, queues): (Vec<_>, Vec<_>) = planned.into_iter().unzip();
        (decisions, queues.concat())
    }
}

/// When to look at the assessment again for a partner.
pub(super) type Queue = Vec<(TrustDomain, Time)>;

/// The partners for each thread. For fewer, at some 0.5 ms each, a further thread gains nothing.
pub(super) const PARTNERS_A_THREAD: usize = 16;

impl PartnerDecision {
    /// Makes it from a plan whose first time is now.
    pub(super) fn new(partner: &Partner, steps: &[(Time, Decision)]) -> Self {
        let first = steps.iter().position(|(_, d)| d.release.is_some());
        let not_before = first.filter(|place| *place > 0).and_then(|place| steps.get(place)).map(|(at, _)| *at);
        let portions = schedule(steps).into_iter().map(|(decided, from)| in_ledger(decided, from)).collect();
        let partner = partner.record.organisation.domain.clone();
        Self { partner, portions, release: first.is_some(), not_before, because: vec![] }
    }

    /// The part of the decision that is about one portion or endorsement.
    pub(super) fn about(mut self, digest: &Digest) -> Self {
        self.portions.retain(|p| p.portion == *digest);
        self.release = self.portions.iter().any(|p| p.release);
        self.not_before = self.portions.iter().find_map(|p| p.not_before);
        self
    }

    /// The digests of what goes, now or later.
    pub(super) fn released(&self) -> impl Iterator<Item = Digest> {
        self.portions.iter().filter(|p| p.release).map(|p| p.portion)
    }
}

/// The highest level of its subjects. It decides what overtakes what on a slow link.
pub(super) fn urgency(prepared: &Prepared) -> u8 {
    level(prepared.portions.iter().map(|p| &p.portion)).map(u8::from).unwrap_or(1)
}

/// The findings that the author accepted, or a fault if any other finding blocks.
fn check_lint(prepared: &Prepared, accepted: &[String], now: Time) -> Result<Vec<String>, Fault> {
    let portions = prepared.portions.iter().map(|p| &p.portion);
    let findings = lint(&Draft::reopened(&prepared.manifest, portions), now);
    if let Some(finding) = blocking(&findings, accepted).first() {
        let what = match finding.severity {
            Severity::Error => format!("{}: {}", finding.code, finding.message),
            Severity::Warning => {
                format!("{}: {}; mend it, or publish with --accept {}", finding.code, finding.message, finding.code)
            }
        };
        let field = finding.portion.map(|i| format!("portions[{i}]"));
        return Err(Fault { field, ..Fault::new(Reason::LintFailed, what) });
    }
    let mut taken: Vec<String> = findings.iter().map(|f| f.code.to_owned()).collect();
    taken.sort_unstable();
    taken.dedup();
    Ok(taken)
}

fn events(
    actor: &Actor,
    prepared: &Prepared,
    decisions: &[PartnerDecision],
    accepted: Vec<String>,
    at: Time,
) -> Vec<Event> {
    let published = Deed::Published {
        assessment: prepared.manifest.assessment,
        version: prepared.manifest.version,
        manifest: prepared.id,
        accepted,
    };
    std::iter::once(Event::by(actor, at, published)).chain(decided(&prepared.id, decisions, at)).collect()
}

/// Every decision about a version for the ledger, denials included.
pub(super) fn decided(manifest: &StatementId, decisions: &[PartnerDecision], at: Time) -> Vec<Event> {
    let decisions = decisions.iter().map(|d| (&d.partner, d.portions.as_slice()));
    Deed::decided(*manifest, decisions).into_iter().map(|deed| Event::of_node(at, deed)).collect()
}

/// What the ledger keeps of a decision about one portion.
fn in_ledger(decided: &PortionVerdict, not_before: Option<Time>) -> PortionDecision {
    let because = decided.verdict.reasons().iter().map(ToString::to_string).collect();
    PortionDecision { portion: decided.item.to_digest(), release: decided.verdict.is_release(), because, not_before }
}

fn differs(error: crate::store::StoreError) -> Fault {
    match error {
        crate::store::StoreError::Conflict => Fault::new(
            Reason::ReplayDiffers,
            "this version of the assessment exists already, or does not follow the one that is here",
        ),
        crate::store::StoreError::Recalled => recalled(),
        other => other.into(),
    }
}
