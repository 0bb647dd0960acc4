//! Publishes an assessment: checks the role, the signature and the lint, decides for each partner, stores everything in one transaction,
//! and only then answers.

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    domain::{
        actor::{Actor, Authorized, Write},
        assessment::Manifest,
        draft::Draft,
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::{AssessmentId, Role, StatementId, TrustDomain},
        lint::{Readership, Severity, blocking, lint_for},
        place::Country,
        statement::Envelope,
        summary::Summary,
        time::Time,
    },
    node::{
        assessment_cache::loaded::LoadedAssessment,
        assessments::{Assessments, correct::recalled},
        decisions::{PartnerDecision, decided, plan_for_all, readership, urgency},
        task::lost,
    },
    seal::{open::open, rules, verify::verify},
    store::{Publication, Verification, subject_states, title},
    wire,
};

/// What an author hands in.
#[derive(Clone)]
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
    pub prepared: Arc<LoadedAssessment>,
    /// Partners that hold an earlier version and get nothing of this one, each with the latest version that it was given.
    pub left_behind: Vec<(TrustDomain, u32)>,
}

impl Assessments {
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
        self.directory.decide_again(|| Box::pin(self.publish_once(actor, submission.clone()))).await
    }

    async fn publish_once(
        self: &Arc<Self>,
        actor: &Authorized<Write>,
        submission: Submission,
    ) -> Result<Published, Fault> {
        let Submission { manifest, portions, accepted } = submission;
        let catalogue = Some(self.directory.version());
        let encoded = wire::envelope::encode(&manifest);
        let bytes = portions.clone();
        let now = self.clock.now();
        let is_officer = actor.role() == Role::Officer;
        let node = self.clone();
        let about = self.about_before(&manifest).await?;
        let work = move || {
            let (prepared, verified) = node.check_submission(manifest, portions, now)?;
            let prepared = LoadedAssessment { about, ..prepared };
            let (decisions, queue) = plan_for_all(&node.directory.current(), &prepared, now);
            let readership = readership(&prepared, &decisions);
            let accepted = check_lint(&prepared, &readership, (&accepted, is_officer), now)?;
            Ok::<_, Fault>((Arc::new(prepared), verified, accepted, (decisions, queue)))
        };
        let (prepared, verified, accepted, (decisions, queue)) =
            tokio::task::spawn_blocking(work).await.map_err(lost)??;
        self.require_attachments(&prepared).await?;
        self.require_open(&prepared.manifest).await?;
        let publication = Publication {
            catalogue,
            assessment: prepared.manifest.assessment,
            version: prepared.manifest.version,
            manifest_id: prepared.id,
            manifest: encoded,
            originator: self.identity.domain().clone(),
            author: actor.id().clone(),
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
        self.cache.entries.forget_versions(&prepared.manifest.assessment);
        if prepared.manifest.version == 1 {
            self.cache.entries.put_new(prepared.clone());
        }
        for partner in wake {
            self.sessions.of(&partner).wake();
        }
        let (assessment, version) = (prepared.manifest.assessment, prepared.manifest.version);
        let left_behind = self.left_behind(&prepared.manifest, &decisions).await?;
        Ok(Published { left_behind, assessment, version, manifest: prepared.id, is_new, decisions, prepared })
    }

    /// The states that the versions before this one are about. A manifest that can't be decoded gives none here and is refused when it is
    /// verified.
    pub(super) async fn about_before(&self, manifest: &Envelope) -> Result<BTreeSet<Country>, Fault> {
        match wire::manifest::decode(&manifest.payload) {
            Ok(Manifest { assessment, version, .. }) if version > 1 => {
                Ok(self.store.subject_states(self.identity.domain(), &assessment).await?)
            }
            _ => Ok(BTreeSet::new()),
        }
    }

    fn check_submission(
        &self,
        envelope: Envelope,
        portions: Vec<Vec<u8>>,
        now: Time,
    ) -> Result<(LoadedAssessment, Verification), Fault> {
        let manifest = verify(&envelope, &rules::MANIFEST, self.trust.chains(), now)?;
        if manifest.content().originator != *self.identity.domain() {
            let what = "a node publishes only what its own organisation has signed";
            return Err(Fault::at(Reason::WrongDomain, "manifest.originator", what));
        }
        let opened = open(&manifest, &portions)?;
        let verified = Verification { at: now, roots: manifest.roots().to_vec(), on_word_of: None };
        let (id, envelope) = (manifest.id(), Arc::new(envelope));
        Ok((LoadedAssessment::assemble(id, manifest.into_content(), envelope, opened, portions, now), verified))
    }
}

/// The findings that whoever publishes accepted, or a fault if any other finding blocks.
fn check_lint(
    prepared: &LoadedAssessment,
    readership: &Readership,
    (accepted, is_officer): (&[String], bool),
    now: Time,
) -> Result<Vec<String>, Fault> {
    let portions = prepared.portions.iter().map(|p| &p.portion);
    let findings = lint_for(&Draft::reopened(&prepared.manifest, portions), now, readership);
    if let Some(finding) = blocking(&findings, accepted, is_officer).first() {
        let what = match finding.severity {
            Severity::Error => format!("{}: {}", finding.code, finding.message),
            Severity::Officer => format!(
                "{}: {}; `watchfire assess preview` shows both passages; mend it, or have an officer publish it with --accept {}",
                finding.code, finding.message, finding.code
            ),
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
    prepared: &LoadedAssessment,
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
