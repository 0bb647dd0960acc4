//! Shows what each partner would read of an assessment that is not signed yet: the decisions of a publication, without their effects.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    domain::{
        actor::{Authorized, Write},
        assessment::Manifest,
        draft::Draft,
        fault::{Fault, Reason},
        ids::{Digest, TrustDomain},
        lint::{Finding, Severity, lint_for},
        order,
        partner::PartnerState,
        place::OwnNames,
        spelling,
        statement::{Envelope, Signature, StatementKind},
        time::Time,
    },
    node::{
        assessment_cache::loaded::LoadedAssessment,
        assessments::{
            Assessments,
            read::{AssessmentView, SignatureCheck},
        },
        decisions::{PARTNERS_A_THREAD, PartnerDecision, readership},
        directory::{Partner, Partners},
        parallel::on_all_cores,
        task::lost,
    },
    policy::{Decision, Facts, PartnerPolicy, plan},
    seal::{chains::VerificationTime, open::open_listed, rules, statement::id_of},
    store::{AssessmentRecord, AssessmentState},
    wire,
};

/// An assessment that is composed and not signed yet.
pub struct Unsigned {
    /// The payload that would be signed.
    pub manifest: Vec<u8>,
    /// The encodings of all portions.
    pub portions: Vec<Vec<u8>>,
    /// The certificates of the key that would sign, the end certificate first.
    pub certificates: Vec<Vec<u8>>,
}

/// What partners would read.
pub struct Preview {
    /// The assessment.
    pub prepared: LoadedAssessment,
    /// Who would sign it.
    signature: SignatureCheck,
    /// The time of the decisions.
    at: Time,
    /// Partners that would read something. Those that would read the same are together.
    pub readers: Vec<Readers>,
    /// Partners that would get nothing, each with the reasons.
    pub nothing: Vec<(TrustDomain, Vec<String>)>,
    /// The decisions from which this follows, by partner.
    pub decisions: Vec<PartnerDecision>,
    /// Partners that hold an earlier version and would get nothing of this one, each with the latest version that it was given.
    pub left_behind: Vec<(TrustDomain, u32)>,
    /// What only an officer may accept. It follows from who would read what.
    pub findings: Vec<Finding>,
}

/// Partners that would read the same.
pub struct Readers {
    /// By name.
    pub partners: Vec<TrustDomain>,
    /// What they would read, by time.
    pub steps: Vec<ReadingStep>,
}

/// What a partner has to read from a time on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReadingStep {
    /// The time; `None`: at once.
    pub from: Option<Time>,
    /// The portions' digests, in the order in which its readers see them.
    pub digests: Vec<Digest>,
}

/// What a partner has to read after each release of a plan whose first time is now. A release hands over all that may go at its time, in the author's
/// order; the partner's node merges the orders of several.
fn reading_steps(steps: &[(Time, Decision)]) -> Vec<ReadingStep> {
    let (mut releases, mut disclosed, mut readings): (Vec<Vec<Digest>>, BTreeSet<Digest>, Vec<ReadingStep>) =
        Default::default();
    for (i, (at, decision)) in steps.iter().enumerate() {
        let Some(cleared) = &decision.release else { continue };
        let digests: Vec<Digest> = cleared.digests().collect();
        // Nothing is released to a partner that has it all already.
        if digests.iter().all(|digest| disclosed.contains(digest)) {
            continue;
        }
        disclosed.extend(&digests);
        releases.push(digests);
        readings.push(ReadingStep { from: (i > 0).then_some(*at), digests: order::merged(releases.clone()) });
    }
    readings
}

impl Preview {
    /// What a reader of a partner's node would see of these portions, as [`Assessments::read`] gives it there, without the release by which they
    /// came.
    pub fn view(&self, digests: &[Digest]) -> AssessmentView {
        let LoadedAssessment { id, manifest, envelope, .. } = &self.prepared;
        let portions = self.prepared.encodings_of(digests).iter().map(|bytes| bytes.to_vec()).collect();
        let record = AssessmentRecord {
            assessment: manifest.assessment,
            version: manifest.version,
            manifest_id: *id,
            manifest: wire::envelope::encode(envelope),
            originator: manifest.originator.clone(),
            since: self.at,
            state: AssessmentState::Current,
            releases: vec![],
            portions,
            attached: vec![],
            subject_states: BTreeSet::new(),
            verified: None,
        };
        let SignatureCheck { id, suite, .. } = &self.signature;
        let signature = SignatureCheck { id: id.clone(), suite: *suite, fault: None, doubtful_since: None };
        AssessmentView {
            record,
            manifest: envelope.as_ref().clone(),
            routes: vec![],
            signatures: vec![signature],
            endorsements: vec![],
            quarantines: vec![],
            recall: None,
            introduced_by: None,
            signed_twice: vec![],
            acknowledge_by: None,
        }
    }
}

impl Assessments {
    /// What each partner, or only one, would read if this were signed and published now. Nothing changes, and nothing is recorded.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`; whatever a publication would refuse, `LINT_FAILED` for errors only; `NOT_FOUND` for an unknown partner.
    pub async fn preview(
        self: &Arc<Self>,
        _actor: &Authorized<Write>,
        unsigned: Unsigned,
        partner: Option<TrustDomain>,
    ) -> Result<Preview, Fault> {
        let now = self.clock.now();
        let Unsigned { manifest: payload, portions, certificates } = unsigned;
        let manifest = wire::manifest::decode(&payload)?;
        self.require_open(&manifest).await?;
        let signature = self.would_sign(&manifest, &certificates, now)?;
        let unsigned = Signature { suite: signature.suite, certificates, value: vec![] };
        let envelope = Envelope::new(StatementKind::Manifest, payload, vec![unsigned]);
        let about = self.about_before(&envelope).await?;
        let directory = self.directory.current();
        if let Some(unknown) = partner.as_ref().filter(|name| !directory.partners().any(|p| name_of(p) == *name)) {
            return Err(Fault::at(
                Reason::NotFound,
                "partner",
                no_partner(unknown, directory.partners().map(|p| name_of(p))),
            ));
        }
        let meant = |p: &&Arc<Partner>| partner.as_ref().is_none_or(|name| name_of(p) == name);
        let addressees = directory.partners().filter(meant).map(|p| Addressee::of(p)).collect();
        let work = move || {
            let opened = open_listed(&manifest, &portions)?;
            let id = id_of(envelope.kind, &envelope.payload);
            let prepared = LoadedAssessment::assemble(id, manifest, Arc::new(envelope), opened, portions, now);
            let prepared = LoadedAssessment { about, ..prepared };
            let preview = decided(prepared, signature, addressees, now);
            let findings = check_errors(&preview.prepared, &preview.decisions, now)?;
            Ok::<_, Fault>(Preview { findings, ..preview })
        };
        let preview = tokio::task::spawn_blocking(work).await.map_err(lost)??;
        let mut left_behind = self.left_behind(&preview.prepared.manifest, &preview.decisions).await?;
        left_behind.retain(|(holder, _)| partner.as_ref().is_none_or(|name| name == holder));
        Ok(Preview { left_behind, ..preview })
    }

    /// Who would sign with these certificates, if they may sign the manifest.
    fn would_sign(&self, manifest: &Manifest, chain: &[Vec<u8>], now: Time) -> Result<SignatureCheck, Fault> {
        let signer =
            self.trust.chains().signer(chain, &VerificationTime::from(now)).map_err(|f| f.within("certificates"))?;
        if manifest.originator != *self.identity.domain() || signer.id.domain() != self.identity.domain() {
            let what = "a node publishes only what its own organisation has signed";
            return Err(Fault::at(Reason::WrongDomain, "manifest.originator", what));
        }
        if !rules::MANIFEST.roles.contains(&signer.id.role()) {
            let what = format!("`{}` may not sign assessments", signer.id);
            return Err(Fault::at(Reason::RoleRequired, "certificates", what));
        }
        Ok(SignatureCheck { id: Some(signer.id), suite: signer.suite, fault: None, doubtful_since: None })
    }
}

/// Says that a partner is not known here, and which one may be meant.
fn no_partner<'a>(unknown: &TrustDomain, known: impl Iterator<Item = &'a TrustDomain>) -> String {
    match spelling::meant(unknown.as_str(), known.map(TrustDomain::as_str)) {
        Some(near) => format!("there is no partner `{unknown}` here; did you mean `{near}`?"),
        None => format!("there is no partner `{unknown}` here"),
    }
}

fn name_of(partner: &Partner) -> &TrustDomain {
    &partner.record.organisation.domain
}

/// What only an officer may accept, or a fault for what nobody may.
fn check_errors(prepared: &LoadedAssessment, decisions: &[PartnerDecision], now: Time) -> Result<Vec<Finding>, Fault> {
    let portions = prepared.portions.iter().map(|p| &p.portion);
    let draft = Draft::reopened(&prepared.manifest, portions);
    let mut findings = lint_for(&draft, now, &OwnNames::none(), &readership(prepared, decisions));
    match findings.iter().find(|f| f.severity == Severity::Error) {
        None => {
            findings.retain(|f| f.severity == Severity::Officer);
            Ok(findings)
        }
        Some(finding) => {
            let field = finding.portion.map(|i| format!("portions[{i}]"));
            Err(Fault { field, ..Fault::new(Reason::LintFailed, format!("{}: {}", finding.code, finding.message)) })
        }
    }
}

/// A partner, as a preview decides for it.
struct Addressee {
    name: TrustDomain,
    policy: Arc<PartnerPolicy>,
    is_active: bool,
}

impl Addressee {
    fn of(partner: &Partner) -> Self {
        let is_active = partner.standing() == PartnerState::Active;
        Self { name: name_of(partner).clone(), policy: partner.outgoing.clone(), is_active }
    }

    /// The decision, and what there is to read. A publication plans for active partners only.
    fn decide(&self, facts: &Facts<'_>, now: Time) -> (PartnerDecision, Vec<ReadingStep>) {
        let steps = plan(&self.policy, facts, now);
        let decision = PartnerDecision::about_partner(&self.name, &steps);
        if self.is_active { (decision, reading_steps(&steps)) } else { (suspended(decision), vec![]) }
    }
}

fn decided(prepared: LoadedAssessment, signature: SignatureCheck, addressees: Vec<Addressee>, now: Time) -> Preview {
    // What is not published yet came by no way, so the partners by which it might have come do not matter.
    let facts = prepared.facts(now, &Partners::default());
    let planned = on_all_cores(addressees, PARTNERS_A_THREAD, |addressee| addressee.decide(&facts, now));
    let (mut together, mut nothing): (BTreeMap<Vec<ReadingStep>, Vec<TrustDomain>>, Vec<_>) = Default::default();
    let mut decisions = vec![];
    for (decision, steps) in planned {
        match steps.is_empty() {
            true => nothing.push((decision.partner.clone(), why_nothing(&decision))),
            false => together.entry(steps).or_default().push(decision.partner.clone()),
        }
        decisions.push(decision);
    }
    let mut readers: Vec<Readers> = together.into_iter().map(|(steps, partners)| Readers { partners, steps }).collect();
    readers.sort_by(|a, b| a.partners.cmp(&b.partners));
    Preview { signature, at: now, readers, nothing, decisions, left_behind: vec![], findings: vec![], prepared }
}

/// The decision for a partner with which nothing is exchanged.
fn suspended(decision: PartnerDecision) -> PartnerDecision {
    let because = vec!["partner-suspended: nothing is exchanged with it until it is resumed".to_owned()];
    let mut decision = PartnerDecision { release: false, not_before: None, because: because.clone(), ..decision };
    for portion in &mut decision.portions {
        (portion.release, portion.not_before, portion.because) = (false, None, because.clone());
    }
    decision
}

/// Why a partner gets nothing: the reasons for all portions, each once.
fn why_nothing(decision: &PartnerDecision) -> Vec<String> {
    let all = decision.because.iter().chain(decision.portions.iter().flat_map(|p| &p.because));
    let mut each: Vec<String> = vec![];
    for reason in all {
        if !each.contains(reason) {
            each.push(reason.clone());
        }
    }
    each
}

#[cfg(test)]
mod tests;
