//! Simulates: shows what other terms or rules would have given and withheld of what was published here. It only reads. Nothing reaches
//! the store, the ledger or a queue.

use std::{collections::BTreeMap, sync::Arc};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{
    domain::{
        actor::{Authorized, Explain},
        agreement::Agreement,
        body::{Body, Kind},
        fault::{Fault, Reason},
        ids::{AssessmentId, Role, StatementId, TrustDomain},
        partner::Organisation,
        rules::RuleFile,
        statement::StatementKind,
        time::{Clock, Time},
    },
    node::{
        assessment_cache::loaded::LoadedAssessment,
        directory::{PartnerDirectory, Partners},
        own_identity::OwnIdentity,
        parallel::on_all_cores,
        task::lost,
    },
    policy::{self, Change, HouseRules, PartnerPolicy, compare, without_dates},
    seal::statement::id_of,
    store::{AgreementRecord, AssessmentRecord, AssessmentState, ListFilter, Store},
    wire,
};

/// How many assessments are read and compared at once. It limits how much is held in memory.
const PAGE: u32 = 64;

/// How many assessments are compared if no number is given.
const LAST: u32 = 1000;

/// A change that is not in force and might be.
pub enum Proposal {
    /// Other terms with one partner.
    Terms {
        /// The agreement's encoding.
        payload: Vec<u8>,
        /// The agreement that they would replace. `None` means the only one in force.
        amends: Option<StatementId>,
        /// Whether they replace no agreement.
        beside: bool,
    },
    /// Other rules, in the place of all.
    Rules(Vec<RuleFile>),
}

/// What is told on the way.
pub enum SimulationEvent {
    /// What is compared. It comes first.
    Begun {
        /// The partners.
        partners: Vec<TrustDomain>,
        /// The agreement that the terms would replace, and its version.
        replaces: Option<(StatementId, u32)>,
        /// The version of the house rules in force.
        rules: u32,
    },
    /// How many assessments are done.
    Done(u32),
    /// One difference.
    Found(SimulationReport),
    /// The summary. It comes last.
    Ended(SimulationSummary),
}

/// What would become of one assessment for one partner. It covers all portions to which the same happens for the same reasons.
pub struct SimulationReport {
    /// The assessment.
    pub assessment: AssessmentId,
    /// Its version.
    pub version: u32,
    /// When it was issued.
    pub issued: Time,
    /// Its headline, for those who may read it.
    pub headline: Option<String>,
    /// The partner.
    pub partner: TrustDomain,
    /// What becomes of the portions.
    pub change: Change,
    /// The portions' kinds, in the author's order.
    pub kinds: Vec<Kind>,
    /// From when on they go now.
    pub before: Option<Time>,
    /// From when on they would go.
    pub after: Option<Time>,
    /// The reasons for it.
    pub because: Vec<policy::PolicyReason>,
}

/// The totals.
#[derive(Default)]
pub struct SimulationSummary {
    /// How many assessments were compared.
    pub assessments: u32,
    /// When the oldest of them was issued.
    pub since: Option<Time>,
    /// For each partner and change: in how many assessments it happens, and to how many portions.
    pub counts: BTreeMap<(TrustDomain, Change), (u64, u64)>,
    /// How many differences were counted but not told.
    pub untold: u64,
}

/// One partner's policies.
struct PolicyPair {
    partner: TrustDomain,
    before: PartnerPolicy,
    after: PartnerPolicy,
}

/// Everything that is compared.
struct Comparison {
    pairs: Vec<PolicyPair>,
    replaces: Option<(StatementId, u32)>,
    rules: u32,
}

type Agreements = Vec<(StatementId, Agreement)>;

/// Says what other rules or agreements would have changed.
pub struct Simulation {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) identity: Arc<OwnIdentity>,
    pub(crate) directory: Arc<PartnerDirectory>,
}

impl Simulation {
    /// Compares what is in force with the proposal over the `last` assessments published here (0: 1,000), the newest first. It tells at
    /// most `limit` differences one by one. It ends early if nobody listens.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`; `NOT_A_PARTNER`, `NOT_FOUND` or `CONFLICT` where it is not clear what would be replaced; faults of the proposal;
    /// store faults.
    pub async fn simulate(
        self: &Arc<Self>,
        actor: &Authorized<Explain>,
        proposal: Proposal,
        last: u32,
        limit: u32,
        tell: mpsc::Sender<SimulationEvent>,
    ) -> Result<(), Fault> {
        // Administrators configure and do not read assessments.
        let reads = actor.role() != Role::Admin;
        let comparison = match proposal {
            Proposal::Terms { payload, amends, beside } => self.other_terms(&payload, amends, beside).await?,
            Proposal::Rules(files) => self.other_rules(files).await?,
        };
        let partners = comparison.pairs.iter().map(|p| p.partner.clone()).collect();
        let begun = SimulationEvent::Begun { partners, replaces: comparison.replaces, rules: comparison.rules };
        say(&tell, begun).await?;
        let comparison = Arc::new(comparison);
        // It is cancelled when this future is dropped. The threads check it between two partners.
        let stop = CancellationToken::new();
        let _stopped_with_us = stop.clone().drop_guard();
        let mut summary = SimulationSummary::default();
        let mut left = if last == 0 { LAST } else { last };
        let mut told = 0;
        let mut filter = ListFilter {
            originator: Some(self.identity.domain().clone()),
            current_only: true,
            whole: true,
            ..Default::default()
        };
        while left > 0 {
            filter.limit = left.min(PAGE);
            let mut page = self.store.list(&filter).await?.whole()?;
            let Some(oldest) = page.last() else { break };
            filter.before = Some(oldest.manifest_id);
            page.retain(|r| r.state == AssessmentState::Current);
            let (comparison, stop) = (comparison.clone(), stop.clone());
            let looked = tokio::task::spawn_blocking(move || {
                on_all_cores(page, 1, |record| look(&comparison, record, reads, &stop))
            });
            for one in looked.await.map_err(lost)? {
                let (issued, found) = one?;
                left = left.saturating_sub(1);
                summary.assessments += 1;
                summary.since = Some(summary.since.map_or(issued, |s| s.min(issued)));
                summary.count(&found);
                for found in found {
                    if told < limit {
                        told += 1;
                        say(&tell, SimulationEvent::Found(found)).await?;
                    } else {
                        summary.untold += 1;
                    }
                }
            }
            say(&tell, SimulationEvent::Done(summary.assessments)).await?;
        }
        say(&tell, SimulationEvent::Ended(summary)).await
    }

    async fn other_terms(
        &self,
        payload: &[u8],
        amends: Option<StatementId>,
        beside: bool,
    ) -> Result<Comparison, Fault> {
        let agreement = wire::agreement::decode(payload)?;
        let id = id_of(StatementKind::Agreement, payload);
        let other = agreement.other(self.identity.domain()).cloned().ok_or_else(|| {
            Fault::at(Reason::WrongDomain, "parties", format!("`{}` is not among the parties", self.identity.domain()))
        })?;
        let directory = self.directory.current();
        let unknown =
            || Fault::new(Reason::NotAPartner, format!("`{other}` is no partner; see `watchfire partner list`"));
        let taker = directory.get(&other).ok_or_else(unknown)?.record.organisation.clone();
        let (mut held, now) = (self.store.agreements().await?, self.clock.now());
        held.retain(|r| r.partner == other);
        let replaces = if beside { None } else { replaced(&held, amends, &other, now)? };
        held.retain(|r| r.state(now).counts());
        let before: Agreements = held.iter().map(|r| (r.id, without_dates(&r.agreement))).collect();
        let mut after = before.clone();
        // If the same terms are proposed again, they replace themselves instead of counting twice.
        after.retain(|(held, _)| Some(*held) != replaces.map(|(id, _)| id) && *held != id);
        after.push((id, without_dates(&agreement)));
        let (own, house) = (self.identity.domain().clone(), self.directory.house.load_full());
        let compiled = tokio::task::spawn_blocking(move || {
            let rules = house.version;
            let with = |agreements| PolicySource { agreements, rules: &house.rules };
            let (before, after) = (with(before), with(after));
            Ok(Comparison { pairs: vec![pair(&own, &taker, before, after)?], replaces, rules })
        });
        compiled.await.map_err(lost)?
    }

    async fn other_rules(&self, files: Vec<RuleFile>) -> Result<Comparison, Fault> {
        let now = self.clock.now();
        let mut terms: BTreeMap<TrustDomain, Agreements> = BTreeMap::new();
        for record in self.store.agreements().await? {
            if record.state(now).counts() {
                terms.entry(record.partner).or_default().push((record.id, without_dates(&record.agreement)));
            }
        }
        let with_terms = |organisation: &Organisation| {
            (organisation.clone(), terms.remove(&organisation.domain).unwrap_or_default())
        };
        let takers = self.directory.current();
        let work: Vec<_> = takers.all_active().map(|p| &p.record.organisation).map(with_terms).collect();
        let (own, house) = (self.identity.domain().clone(), self.directory.house.load_full());
        let compiled = tokio::task::spawn_blocking(move || {
            let other = HouseRules::compile(&files).map_err(|faults| {
                let all: Vec<String> = faults.iter().map(ToString::to_string).collect();
                Fault::at(Reason::InvalidArgument, "rules", all.join("; "))
            })?;
            let pairs = on_all_cores(work, 1, |(taker, terms)| {
                let before = PolicySource { agreements: terms.clone(), rules: &house.rules };
                pair(&own, &taker, before, PolicySource { agreements: terms, rules: &other })
            });
            let pairs = pairs.into_iter().collect::<Result<_, _>>()?;
            Ok(Comparison { pairs, replaces: None, rules: house.version })
        });
        compiled.await.map_err(lost)?
    }
}

/// What a partner's policy is compiled from.
struct PolicySource<'a> {
    agreements: Agreements,
    rules: &'a HouseRules,
}

fn pair(
    own: &TrustDomain,
    taker: &Organisation,
    before: PolicySource<'_>,
    after: PolicySource<'_>,
) -> Result<PolicyPair, Fault> {
    let compile = |from: PolicySource<'_>| PartnerPolicy::compile(own, taker, &from.agreements, from.rules);
    Ok(PolicyPair { partner: taker.domain.clone(), before: compile(before)?, after: compile(after)? })
}

/// The agreement that the terms would replace: the one that is named, or the only one in force.
fn replaced(
    held: &[AgreementRecord],
    amends: Option<StatementId>,
    partner: &TrustDomain,
    now: Time,
) -> Result<Option<(StatementId, u32)>, Fault> {
    if let Some(id) = amends {
        let found = held.iter().find(|r| r.id == id);
        let what = || Fault::new(Reason::NotFound, format!("there is no agreement `{id}` with {partner}"));
        return found.map(|r| Some((r.id, r.agreement.version))).ok_or_else(what);
    }
    let mut in_force = held.iter().filter(|r| r.state(now).counts());
    match (in_force.next(), in_force.count()) {
        (None, _) => Ok(None),
        (Some(only), 0) => Ok(Some((only.id, only.agreement.version))),
        (Some(_), more) => {
            let what = format!(
                "{} agreements with {partner} are in force; say with --amends which one these terms would replace, or with \
                 --beside that they replace none",
                more + 1
            );
            Err(Fault::new(Reason::Conflict, what))
        }
    }
}

async fn say(tell: &mpsc::Sender<SimulationEvent>, what: SimulationEvent) -> Result<(), Fault> {
    tell.send(what).await.map_err(|_| Fault::new(Reason::Unavailable, "nobody listens any more"))
}

/// Compares one assessment for all partners.
fn look(
    comparison: &Comparison,
    record: AssessmentRecord,
    reads: bool,
    stop: &CancellationToken,
) -> Result<(Time, Vec<SimulationReport>), Fault> {
    let prepared = LoadedAssessment::new(record)?;
    // The facts are those of the time when it was logged.
    let facts = prepared.facts(prepared.logged_at, &Partners::default());
    let issued = prepared.manifest.issued;
    let kinds: BTreeMap<_, _> = prepared.portions.iter().map(|p| (p.digest, p.portion.kind())).collect();
    let headline = prepared.portions.iter().filter(|_| reads).find_map(|p| match &p.portion.body {
        Body::Headline { text } => Some(text.clone()),
        _ => None,
    });
    let mut all: Vec<SimulationReport> = vec![];
    for PolicyPair { partner, before, after } in &comparison.pairs {
        if stop.is_cancelled() {
            break;
        }
        let first = all.len();
        for difference in compare(before, after, &facts) {
            let kind = kinds.get(&difference.item.to_digest()).copied();
            let alike = all.iter_mut().skip(first).find(|f| {
                (f.change, f.before, f.after) == (difference.change, difference.before, difference.after)
                    && f.because == difference.reasons
            });
            match alike {
                Some(found) => found.kinds.extend(kind),
                None => all.push(SimulationReport {
                    assessment: prepared.manifest.assessment,
                    version: prepared.manifest.version,
                    issued,
                    headline: headline.clone(),
                    partner: partner.clone(),
                    change: difference.change,
                    kinds: kind.into_iter().collect(),
                    before: difference.before,
                    after: difference.after,
                    because: difference.reasons,
                }),
            }
        }
    }
    Ok((issued, all))
}

impl SimulationSummary {
    /// Adds what was found in one assessment.
    fn count(&mut self, found: &[SimulationReport]) {
        let mut of_one: BTreeMap<(&TrustDomain, Change), u64> = BTreeMap::new();
        for found in found {
            *of_one.entry((&found.partner, found.change)).or_default() += found.kinds.len() as u64;
        }
        for ((partner, change), portions) in of_one {
            let (assessments, all) = self.counts.entry((partner.clone(), change)).or_default();
            *assessments += 1;
            *all += portions;
        }
    }
}
