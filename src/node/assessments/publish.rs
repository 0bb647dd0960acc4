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
        lint::{Finding, Readership, Severity, blocking, lint_for},
        place::{Country, OwnNames},
        statement::Envelope,
        summary::Summary,
        time::Time,
    },
    node::{
        assessment_cache::loaded::LoadedAssessment,
        assessments::{
            Assessments,
            correct::recalled,
            naming::{self, Outcome},
        },
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
        let (node, role) = (self.clone(), actor.role());
        let about = self.about_before(&manifest).await?;
        let work = move || {
            let (prepared, verified) = node.check_submission(manifest, portions, now)?;
            let prepared = LoadedAssessment { about, ..prepared };
            let known = node.directory.current();
            let (decisions, queue) = plan_for_all(&known, &prepared, now);
            let outcome =
                Outcome { prepared: &prepared, decisions: &decisions, known: &known, own: node.identity.domain() };
            let found = node.check_findings(outcome, &accepted, role, now)?;
            Ok::<_, Fault>((Arc::new(prepared), verified, found, (decisions, queue)))
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

    /// The names of the findings, all of which whoever publishes may accept and has accepted.
    fn check_findings(
        &self,
        outcome: Outcome<'_>,
        accepted: &[String],
        role: Role,
        now: Time,
    ) -> Result<Vec<String>, Fault> {
        let house = self.directory.house.load_full();
        let readership = readership(outcome.prepared, outcome.decisions);
        let draft = LintedDraft { prepared: outcome.prepared, names: house.rules.names(), readership: &readership };
        let findings = draft.check(accepted, role == Role::Officer, now)?;
        naming::check(outcome, &findings, accepted, role)?;
        Ok(codes(&findings))
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

/// What the lint looks at.
struct LintedDraft<'a> {
    prepared: &'a LoadedAssessment,
    names: &'a OwnNames,
    readership: &'a Readership,
}

impl LintedDraft<'_> {
    /// The findings, which whoever publishes has accepted, or a fault if any other finding blocks. Those that name states are decided by
    /// [`naming::check`].
    fn check(&self, accepted: &[String], is_officer: bool, now: Time) -> Result<Vec<Finding>, Fault> {
        let portions = self.prepared.portions.iter().map(|p| &p.portion);
        let draft = Draft::reopened(&self.prepared.manifest, portions);
        let findings = lint_for(&draft, now, self.names, self.readership);
        let mut others =
            blocking(&findings, accepted, is_officer).into_iter().filter(|finding| finding.named.is_none());
        match others.next() {
            Some(finding) => Err(refusal(finding)),
            None => Ok(findings),
        }
    }
}

fn refusal(finding: &Finding) -> Fault {
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
    Fault { field, ..Fault::new(Reason::LintFailed, what) }
}

/// The findings' names, each once.
fn codes(findings: &[Finding]) -> Vec<String> {
    let codes: BTreeSet<&str> = findings.iter().map(|finding| finding.code).collect();
    codes.into_iter().map(str::to_owned).collect()
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
