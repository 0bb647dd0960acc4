//! Explains who may have which portion and why: as decided at publication and as it would be decided now, what was released, and what
//! would have to change.

pub mod history;

use std::sync::Arc;

use crate::{
    domain::{
        actor::{Authorized, Explain},
        agreement::{Agreement, AgreementState},
        assessment::Portion,
        event::{Deed, Event, PortionDecision},
        fault::{Fault, Reason},
        ids::{AssessmentId, Digest, Role, StatementId, TrustDomain},
        partner::PartnerState,
        time::Time,
    },
    node::{
        assessment_cache::loaded::LoadedAssessment,
        assessments::{
            Assessments,
            explain::history::{Arrived, Released},
        },
        decisions::PartnerDecision,
        directory::{Partner, Partners},
        outbound::queued::is_queued,
        task::lost,
        unwritable::recorded_or_logged,
    },
    policy::{
        plan,
        remedy::{DecisionInputs, Line, Remedy, lines, remedy},
    },
    render,
    store::AssessmentState,
};

/// What is asked.
#[derive(Debug, Clone)]
pub struct ExplainQuery {
    /// The assessment.
    pub assessment: AssessmentId,
    /// The version; `None` means the latest.
    pub version: Option<u32>,
    /// The partner; `None` means all.
    pub partner: Option<TrustDomain>,
}

/// What would have to change so that one portion goes.
pub struct Remedied {
    /// The portion's digest.
    pub portion: Digest,
    /// Whether any change would do.
    pub possible: bool,
    /// The changes. All of them together are needed.
    pub steps: Vec<Line>,
}

/// Recipients are settled when a version is published. A permission that comes later applies only to what is published later.
const NOT_OFFERED: &str =
    "not-offered: it may have more of it now, and what is out already is not offered again; publish it anew";

/// The same for what came from another organisation.
const NOT_PASSED_ON: &str = "not-offered: it may have more of it now, and what came before is not passed on again; its originator would have to publish it anew";

impl Remedied {
    /// Adds the step of publishing anew, for a version that waits for nobody any more.
    fn publish_anew(&mut self, is_own: bool) {
        // Such a step leads to a new version anyway.
        let in_hand = self.steps.iter().any(|s| matches!(s.kind, "marking" | "version"));
        if self.possible && !in_hand && self.steps.iter().any(|s| s.kind != "none") {
            let words = match is_own {
                true => "then it would have to be published anew: what is out already is not offered again",
                false => "then its originator would have to publish it anew: what came before is not passed on again",
            };
            self.steps.push(Line { kind: "version", words: words.to_owned() });
        }
    }
}

/// All answers.
pub struct Explanation {
    /// The version that they are about.
    pub prepared: Arc<LoadedAssessment>,
    /// When it was published or first received here.
    pub since: Time,
    /// The time of the question.
    pub asked: Time,
    /// Whether the caller reads assessments.
    pub reads: bool,
    /// What was decided at publication, or when it came, from the ledger: for each portion that is here, in the author's order.
    pub then: Vec<PartnerDecision>,
    /// What would be decided now. It is empty where the version came from elsewhere and may not be passed on.
    pub now: Vec<PartnerDecision>,
    /// What was released so far.
    pub released: Vec<Released>,
    /// What would have to change, if one partner was asked for.
    pub remedies: Vec<Remedied>,
    /// The releases by which it came.
    pub arrived: Vec<Arrived>,
}

impl Assessments {
    /// Explains an assessment for one partner, or for all. Analysts and officers also see how each portion begins, and that is recorded
    /// as a reading. Officers also see what is in quarantine.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, `NOT_FOUND`, store faults.
    pub async fn explain(&self, actor: &Authorized<Explain>, asked: &ExplainQuery) -> Result<Explanation, Fault> {
        let id = &asked.assessment;
        let found = self.store.assessment(id, asked.version, actor.role() == Role::Officer).await?;
        let record =
            found.ok_or_else(|| Fault::new(Reason::NotFound, format!("there is no assessment `{id}` here")))?;
        let own = record.originator == *self.identity.domain();
        let closed = closed(record.state);
        let (at, since) = (self.clock.now(), record.since);
        let mut events = self.store.events_of(&record.manifest_id).await?;
        let known = |d: &TrustDomain| {
            self.directory.current().get(d).is_some()
                || events.iter().any(|e| {
                    crate::node::assessments::explain::history::is_about(e, d) && e.deed.as_decision().is_some()
                })
        };
        if let Some(unknown) = asked.partner.as_ref().filter(|d| !known(d)) {
            return Err(Fault::at(Reason::NotFound, "partner", format!("there is no partner `{unknown}` here")));
        }
        let kept = self.store.quarantine_records(&record.manifest_id).await?;
        // All senders are listed, whichever partner is asked about.
        let arrived = crate::node::assessments::explain::history::arrived(&record, &events, &kept)?;
        events.retain(|e| {
            asked.partner.as_ref().is_none_or(|asked| crate::node::assessments::explain::history::is_about(e, asked))
        });
        let reads = actor.role() != Role::Admin;
        if reads {
            let deed = Deed::Read { manifest: record.manifest_id };
            let recorded = self.store.record(vec![Event::by(actor, at, deed)]).await;
            recorded_or_logged(&*self.store, actor, &record.manifest_id.to_string(), recorded.map_err(Fault::from))?;
        }
        let prepared = Arc::new(LoadedAssessment::new(record)?);
        let released = self.released(&prepared, &events).await?;
        let decided = events.iter().flat_map(|event| as_decided(event, asked.partner.as_ref()));
        let then = merged(decided);
        // Nothing is decided about what came and may not be passed on at all. A question about one partner is answered all the same.
        let may_go_on = prepared.routes.iter().any(|route| route.provenance.terms.onward.is_some());
        let is_decided = own || may_go_on || asked.partner.is_some() || !then.is_empty();
        let (now, remedies) = match is_decided {
            true => self.explain_now(&prepared, asked.partner.as_ref(), at).await?,
            false => (vec![], vec![]),
        };
        // A closed version goes to nobody, whatever the rules say of it.
        let (now, remedies) = match closed {
            Some(why) => (now.into_iter().map(|decision| to_nobody(decision, why)).collect(), vec![]),
            None => (now, remedies),
        };
        let then = then.into_iter().map(|decision| aligned(decision, &prepared)).collect();
        Ok(Explanation { prepared, since, asked: at, reads, then, now, released, remedies, arrived })
    }

    /// What would be decided now and, if one partner is asked for, what would have to change.
    async fn explain_now(
        &self,
        prepared: &Arc<LoadedAssessment>,
        asked: Option<&TrustDomain>,
        at: Time,
    ) -> Result<(Vec<PartnerDecision>, Vec<Remedied>), Fault> {
        let directory = self.directory.current();
        let meant = |p: &&Arc<Partner>| asked.is_none_or(|a| *a == p.record.organisation.domain);
        let partners: Vec<Arc<Partner>> = directory.partners().filter(meant).cloned().collect();
        let inputs = match (asked, partners.first()) {
            (Some(_), Some(partner)) => Some(self.remedy_inputs(partner).await?),
            _ => None,
        };
        let (id, is_own) = (prepared.id, prepared.manifest.originator == *self.identity.domain());
        let (prepared, giver) = (prepared.clone(), self.identity.domain().clone());
        let work = tokio::task::spawn_blocking(move || {
            let facts = prepared.facts(at, &directory);
            let now: Vec<PartnerDecision> =
                partners.iter().map(|p| decided(p, &plan(&p.outgoing, &facts, at))).collect();
            // A portion that goes later by itself needs no remedy.
            let goes: Vec<Digest> = now.iter().flat_map(PartnerDecision::released).collect();
            let remedies = inputs.map(|s| s.remedies(&giver, &prepared, &directory, &goes, at)).unwrap_or_default();
            (now, remedies)
        });
        let (mut now, mut remedies) = work.await.map_err(lost)?;
        for decision in &mut now {
            if is_queued(&*self.store, &decision.partner, &id).await? {
                continue;
            }
            let given = self.store.disclosed(&decision.partner, &id).await?;
            if decision.released().any(|digest| !given.contains(&digest)) {
                decision.because.push(if is_own { NOT_OFFERED } else { NOT_PASSED_ON }.to_owned());
            }
            remedies.iter_mut().for_each(|remedied| remedied.publish_anew(is_own));
        }
        Ok((now, remedies))
    }

    async fn remedy_inputs(&self, partner: &Arc<Partner>) -> Result<RemedyInputs, Fault> {
        let (all, at) = (self.store.agreements().await?, self.clock.now());
        let of = |wanted: &dyn Fn(AgreementState) -> bool| -> Vec<(StatementId, Agreement)> {
            let ours = all.iter().filter(|r| r.partner == partner.record.organisation.domain && wanted(r.state(at)));
            ours.map(|r| (r.id, r.agreement.clone())).collect()
        };
        let could_be = |s: AgreementState| !(s.counts() || s == AgreementState::Ended);
        Ok(RemedyInputs {
            partner: partner.clone(),
            agreements: of(&AgreementState::counts),
            dormant: of(&could_be),
            house: self.directory.house.load_full(),
        })
    }
}

/// What the search for a remedy works with.
struct RemedyInputs {
    partner: Arc<Partner>,
    agreements: Vec<(StatementId, Agreement)>,
    dormant: Vec<(StatementId, Agreement)>,
    house: Arc<crate::node::house_rules::house::HouseInForce>,
}

impl RemedyInputs {
    /// The remedies for all portions except those that go anyway.
    fn remedies(
        &self,
        giver: &TrustDomain,
        prepared: &LoadedAssessment,
        directory: &Partners,
        goes: &[Digest],
        now: Time,
    ) -> Vec<Remedied> {
        let portions: Vec<(Digest, Portion)> =
            prepared.portions.iter().map(|p| (p.digest, p.portion.clone())).collect();
        let provenances: Vec<_> = prepared.routes.iter().map(|route| route.provenance(directory)).collect();
        let question = DecisionInputs {
            giver,
            taker: &self.partner.record.organisation,
            agreements: &self.agreements,
            dormant: &self.dormant,
            house: &self.house.rules,
            manifest: &prepared.manifest,
            logged_at: prepared.logged_at.min(now),
            portions: &portions,
            provenances: &provenances,
            states_of_versions: &prepared.about,
            signers: prepared.signed.known(),
            now,
        };
        let names = render::portion_names(portions.iter().map(|(_, p)| p));
        let withheld = portions.iter().enumerate().filter(|(_, (digest, _))| !goes.contains(digest));
        let each = withheld.filter_map(|(index, (digest, _))| {
            let name = |other: usize| match names.get(other) {
                Some(name) if other != index => name.clone(),
                _ => "the portion".to_owned(),
            };
            let found = remedy(&question, index);
            let mut steps = found.iter().flat_map(|r| lines(&question, r, name)).collect::<Vec<_>>();
            if self.partner.standing() == PartnerState::Suspended && !matches!(found, Some(Remedy::Nothing(_))) {
                let words = format!("{} would have to be resumed", self.partner.record.organisation.domain);
                steps.insert(0, Line { kind: "partner", words });
            }
            let possible = !matches!(found, Some(Remedy::Nothing(_)));
            (!steps.is_empty()).then_some(Remedied { portion: *digest, possible, steps })
        });
        each.collect()
    }
}

/// Why nobody gets any more of it, whatever agreements say.
fn closed(state: AssessmentState) -> Option<&'static str> {
    match state {
        AssessmentState::Quarantined => Some("quarantined: what is kept from users here goes to nobody"),
        state if state.is_recalled() => Some("recalled: the assessment was taken back"),
        _ => None,
    }
}

/// The decision changed so that nothing goes.
fn to_nobody(decision: PartnerDecision, why: &str) -> PartnerDecision {
    let because = vec![why.to_owned()];
    let nothing =
        |p: PortionDecision| PortionDecision { release: false, because: because.clone(), not_before: None, ..p };
    let portions = decision.portions.into_iter().map(nothing).collect();
    PartnerDecision { portions, release: false, not_before: None, because: because.clone(), ..decision }
}

/// What is decided for a partner. A suspended partner gets nothing, whatever its agreement says.
fn decided(partner: &Partner, steps: &[(Time, crate::policy::Decision)]) -> PartnerDecision {
    let mut decision = PartnerDecision::new(partner, steps);
    if partner.standing() == PartnerState::Suspended {
        let because = vec!["partner-suspended: nothing is exchanged with it until it is resumed".to_owned()];
        decision.release = false;
        decision.not_before = None;
        for portion in &mut decision.portions {
            *portion = PortionDecision {
                portion: portion.portion,
                release: false,
                because: because.clone(),
                not_before: None,
            };
        }
    }
    decision
}

/// One decision for each partner, with each portion as it was decided last. Endorsements, and further portions that came through hubs,
/// are decided later than the rest.
fn merged(decisions: impl Iterator<Item = PartnerDecision>) -> Vec<PartnerDecision> {
    let mut all: Vec<PartnerDecision> = vec![];
    for decision in decisions {
        match all.iter_mut().find(|d| d.partner == decision.partner) {
            Some(before) => {
                before.portions.retain(|p| decision.portions.iter().all(|d| d.portion != p.portion));
                before.portions.extend(decision.portions);
                before.release |= decision.release;
            }
            None => all.push(decision),
        }
    }
    all
}

/// The decision with an answer for each portion that is here now, in the author's order. A portion that came after the decision gets an
/// answer without a reason.
fn aligned(decision: PartnerDecision, prepared: &LoadedAssessment) -> PartnerDecision {
    let answer = |digest: Digest| {
        let decided = decision.portions.iter().find(|p| p.portion == digest);
        decided.cloned().unwrap_or(PortionDecision {
            portion: digest,
            release: false,
            because: vec![],
            not_before: None,
        })
    };
    PartnerDecision { portions: prepared.all().map(|(digest, _)| answer(digest)).collect(), ..decision }
}

/// The decisions that an event of the ledger records.
fn as_decided(event: &Event, asked: Option<&TrustDomain>) -> Vec<PartnerDecision> {
    let Some((partners, portions)) = event.deed.as_decision() else { return vec![] };
    let released: Vec<_> = portions.iter().filter(|p| p.release).collect();
    let at_once = released.iter().any(|p| p.not_before.is_none());
    let not_before = if at_once { None } else { released.iter().filter_map(|p| p.not_before).min() };
    let decision = |partner: &TrustDomain| PartnerDecision {
        partner: partner.clone(),
        release: !released.is_empty(),
        not_before,
        portions: portions.to_vec(),
        because: vec![],
        onward: vec![],
    };
    partners.iter().filter(|partner| asked.is_none_or(|asked| asked == *partner)).map(decision).collect()
}
