//! The partners with the agreements in force, compiled for the decision. It is a snapshot: it is replaced as a whole and read without a
//! lock.

pub mod roots;
pub mod doubts;
pub mod reload;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use arc_swap::ArcSwap;

use crate::{
    domain::{
        agreement::{Agreement, AgreementState, Duties, End, Series, Standing},
        bundle::HeldBundle,
        fault::{Fault, Reason},
        ids::{Sha256, StatementId, TrustDomain},
        level::WarningLevel,
        partner::{Organisation, PartnerState},
        time::{Clock, Day, Time},
    },
    identity::trust::KnownOrganisation,
    node::{
        bundles::own_bundle::OwnBundle,
        catalogue::CatalogueInForce,
        directory::{doubts::Doubts, roots::bundle_of},
        house_rules::house::HouseInForce,
        ledger::loss::LedgerLoss,
        own_identity::OwnIdentity,
        parallel::on_all_cores,
        people::register_in_force::RegisterInForce,
        revocations::held::HeldLists,
        sessions::PartnerSessions,
        task::lost,
        trust_in_force::TrustInForce,
    },
    policy::{HouseRules, PartnerPolicy},
    store::{AgreementRecord, PartnerRecord, Store, damage::Damage},
};

/// All partners, by name.
#[derive(Default)]
pub struct Partners {
    partners: BTreeMap<TrustDomain, Arc<Partner>>,
}

/// One partner.
#[derive(Clone)]
pub struct Partner {
    /// Its stored record.
    pub record: PartnerRecord,
    /// The policy for what it may have.
    pub outgoing: Arc<PartnerPolicy>,
    /// The policy for what it may send.
    pub incoming: Arc<PartnerPolicy>,
    /// What both policies were compiled from.
    compiled_from: Vec<(StatementId, Day, bool)>,
    /// The version of the house rules that `outgoing` was compiled with.
    rules: u32,
    /// The versions that a later one has followed, with the time.
    followed: Vec<(StatementId, Time)>,
    /// The agreements with it that either side has suspended or terminated, with all their versions.
    stopped: Vec<(StatementId, Stopped)>,
    /// The duties of the parties, for each agreement that is in force or may still be cited.
    duties: Vec<(StatementId, Duties)>,
    /// Whether an originator's purge of what came from this partner runs here without a decision.
    purges: bool,
    /// A damage that hides something that must be known of it. Nothing is exchanged with it then.
    damage: Option<Damage>,
}

/// For how many seconds a release under a version that was followed is still taken. Its giver learns of the next version only by the
/// partner's signature, which reaches it when the two are linked again.
const HANDOVER_SECONDS: i64 = 86_400;

impl Partner {
    /// Whether anything is exchanged with it now. While an agreement with it can't be read it counts as suspended, because that agreement
    /// may forbid the rest. While its revocations or other records can't be read it counts as forgotten.
    pub fn standing(&self) -> PartnerState {
        match (self.record.standing(), &self.damage) {
            (standing, None) => standing,
            (PartnerState::Active | PartnerState::Suspended, Some(Damage::Agreement(..))) => PartnerState::Suspended,
            (_, Some(_)) => PartnerState::Forgotten,
        }
    }

    /// The damage that hides something that must be known of it.
    pub fn damage(&self) -> Option<&Damage> {
        self.damage.as_ref()
    }

    /// Whether a release that comes now may still name the agreement, which both have signed. The release's own date does not count here,
    /// because its sender writes it.
    pub fn could_stand_on(&self, agreement: &StatementId, now: Time) -> bool {
        let followed = self.followed.iter().find(|(id, _)| id == agreement);
        followed.is_none_or(|(_, at)| now < at.plus_seconds(HANDOVER_SECONDS))
    }

    /// Whether either side has suspended or terminated the agreement, or another version of it.
    pub fn stopped(&self, agreement: &StatementId) -> Option<Stopped> {
        self.stopped.iter().find(|(id, _)| id == agreement).map(|(_, how)| *how)
    }

    /// The time by which the recipient is to acknowledge what is released under an agreement. `level` is called only where there is such
    /// a duty.
    pub fn due(
        &self,
        agreement: &StatementId,
        level: impl FnOnce() -> Option<WarningLevel>,
        released_at: Time,
    ) -> Option<Time> {
        let (_, duties) = self.duties.iter().find(|(id, duties)| id == agreement && !duties.acknowledge.is_empty())?;
        duties.due(level(), released_at)
    }

    /// Whether an originator's purge of what came from this partner runs without a second decision here.
    pub fn purges_on_recall(&self) -> bool {
        self.purges
    }
}

/// What either side has done with an agreement before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stopped {
    /// It may be resumed.
    Suspended,
    /// It is over for good. So is one whose last day has passed while it was suspended.
    Ended,
}

/// A partner's agreements, as they count for decisions.
#[derive(Default)]
struct Terms {
    /// Those in force, each with the last day on which it is.
    in_force: Vec<(StatementId, Agreement)>,
    /// Versions that the partner may still cite: each is followed by a later version, or will be, at that time.
    followed: Vec<(StatementId, Agreement, Time)>,
    /// All that both have signed, each with its series; and the series that are stopped.
    signed: Vec<(StatementId, Series)>,
    stopped: BTreeMap<Series, Stopped>,
}

impl Partners {
    /// An active partner.
    ///
    /// # Errors
    /// `NOT_A_PARTNER`, for unknown and suspended ones alike.
    pub fn active(&self, domain: &TrustDomain) -> Result<&Arc<Partner>, Fault> {
        let active = self.partners.get(domain).filter(|p| p.standing() == PartnerState::Active);
        active.ok_or_else(|| Fault::new(Reason::NotAPartner, "there is no active partner of that name"))
    }

    /// Any organisation of which a bundle is held.
    pub fn get(&self, domain: &TrustDomain) -> Option<&Arc<Partner>> {
        self.partners.get(domain)
    }

    /// All active partners, by name.
    pub fn all_active(&self) -> impl Iterator<Item = &Arc<Partner>> {
        self.partners.values().filter(|p| p.standing() == PartnerState::Active)
    }

    /// Active and suspended partners, by name.
    pub fn partners(&self) -> impl Iterator<Item = &Arc<Partner>> {
        let is_partner = |p: &&Arc<Partner>| matches!(p.record.state, PartnerState::Active | PartnerState::Suspended);
        self.partners.values().filter(is_partner)
    }

    /// All organisations of which a bundle is held, by name.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Partner>> {
        self.partners.values()
    }
}

/// The partners with their agreements, the house rules and the trust in force.
pub struct PartnerDirectory {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) trust: Arc<TrustInForce>,
    pub(crate) identity: Arc<OwnIdentity>,
    pub(crate) sessions: Arc<PartnerSessions>,
    pub(crate) lists: Arc<HeldLists>,
    /// The snapshot of partners and agreements in force, which only a reload replaces. The store decides: whatever is decided by it names the
    /// catalogue's version, and is refused if a partner or an agreement has changed since.
    pub(crate) partners: ArcSwap<Partners>,
    /// The house rules in force. The store decides: whatever is decided by them names the catalogue's version. A second process reads its own
    /// files, and puts them in force when they change.
    pub(crate) house: ArcSwap<HouseInForce>,
    /// The roots that are said to be compromised, as old as the snapshot of partners. The store decides, as for these.
    pub(crate) doubts: Doubts,
    /// The register of people, which is loaded anew with the partners.
    pub(crate) register: Arc<RegisterInForce>,
    /// The own bundle, which is loaded anew with the partners.
    pub(crate) own_bundle: Arc<OwnBundle>,
    /// Whether signed entries of the ledger are lost, which is read anew with the partners.
    pub(crate) loss: Arc<LedgerLoss>,
    /// Which version of the catalogue all of these have.
    pub(crate) catalogue: Arc<CatalogueInForce>,
}

impl PartnerDirectory {
    /// The directory in force.
    pub fn current(&self) -> Arc<Partners> {
        self.partners.load_full()
    }

    /// All partners as the store has them, compiled with these rules.
    pub(in crate::node) async fn compile_all(&self, house: &Arc<HouseInForce>) -> Result<Vec<Partner>, Fault> {
        self.compile(self.store.partners().await?, self.store.agreements().await?, house).await
    }

    /// Compiles partners with all their agreements.
    pub(in crate::node) async fn compile(
        &self,
        records: Vec<PartnerRecord>,
        agreements: Vec<AgreementRecord>,
        house: &Arc<HouseInForce>,
    ) -> Result<Vec<Partner>, Fault> {
        let kept = records.into_iter().filter(|record| self.is_readable(record));
        let records: Vec<PartnerRecord> = kept.map(numbered).collect();
        let now = self.clock.now();
        let mut terms = terms_of(agreements, now);
        let damages = self.store.damages();
        let with_terms = |record: PartnerRecord| {
            let domain = &record.organisation.domain;
            let terms = terms.remove(domain).unwrap_or_default();
            // The last damage counts most: unreadable revocations close more than an unreadable agreement.
            let damage = damages.iter().rev().find(|damage| damage.closes() == Some(domain)).cloned();
            (record, terms, damage)
        };
        let work: Vec<_> = records.into_iter().map(with_terms).collect();
        let own = (self.identity.organisation.clone(), self.current(), house.clone());
        let compiled = tokio::task::spawn_blocking(move || {
            let (own, before, house) = &own;
            on_all_cores(work, 1, |(record, terms, damage)| {
                compile(own, before, house, record, terms, now).map(|partner| Partner { damage, ..partner })
            })
        });
        compiled.await.map_err(lost)?.into_iter().collect()
    }

    /// Whether a record holds roots that can be read. If not, it is reported as damaged.
    fn is_readable(&self, record: &PartnerRecord) -> bool {
        let is_readable = bundle_of(record).is_ok();
        if !is_readable {
            self.store.report_corruption(Damage::Partner(record.organisation.domain.clone()));
        }
        is_readable
    }

    pub(in crate::node) fn members(&self, partners: &[Partner]) -> Result<Vec<KnownOrganisation>, Fault> {
        partners.iter().map(|partner| self.member(partner)).collect()
    }

    fn member(&self, partner: &Partner) -> Result<KnownOrganisation, Fault> {
        let bundle = bundle_of(&partner.record)?;
        let crls = self.lists.of(bundle.domain());
        Ok(KnownOrganisation { bundle, crls, state: partner.standing() })
    }

    /// The partner on whose introduction alone an organisation is held.
    pub fn introduced_by(&self, of: &TrustDomain) -> Option<TrustDomain> {
        self.current().get(of)?.record.bundle.introduced_by.clone()
    }
}

/// The agreements of each partner, as they count for decisions at that time.
fn terms_of(agreements: Vec<AgreementRecord>, now: Time) -> HashMap<TrustDomain, Terms> {
    let mut terms: HashMap<TrustDomain, Terms> = HashMap::new();
    for record in agreements {
        let state = record.state(now);
        let terms = terms.entry(record.partner).or_default();
        if record.standing.is_signed_by_both() {
            let series = record.agreement.series;
            terms.signed.push((record.id, series));
            let stopped = terms.stopped.get(&series).copied();
            if let Some(how) = how_stopped(&record.standing, state).max(stopped) {
                terms.stopped.insert(series, how);
            }
        }
        match (state, &record.standing.end) {
            (AgreementState::Agreed | AgreementState::InForce, end) => {
                if let Some(End::Followed { from, .. }) = end {
                    terms.followed.push((record.id, record.agreement.clone(), *from));
                }
                let until = record.standing.last_day(record.agreement.until);
                terms.in_force.push((record.id, Agreement { until, ..record.agreement }));
            }
            (AgreementState::Ended, Some(End::Followed { from, .. })) if record.standing.was_in_force() => {
                terms.followed.push((record.id, record.agreement, *from));
            }
            _ => {}
        }
    }
    terms
}

fn how_stopped(standing: &Standing, state: AgreementState) -> Option<Stopped> {
    let is_suspended = standing.suspended_here.is_some() || standing.suspended_there.is_some();
    match standing.end {
        Some(End::Terminated { .. }) => Some(Stopped::Ended),
        _ if !is_suspended => None,
        _ if state == AgreementState::Ended => Some(Stopped::Ended),
        _ => Some(Stopped::Suspended),
    }
}

/// A partner that was accepted before bundles were numbered holds bundle number 1.
fn numbered(mut record: PartnerRecord) -> PartnerRecord {
    if record.bundle.fingerprint.0 == [0; 32]
        && let Ok(bundle) = bundle_of(&record)
    {
        record.bundle = HeldBundle::invited(1, Sha256(bundle.fingerprint().0), record.accepted_at);
    }
    record
}

/// A partner with its policies. The current policies are reused if nothing has changed for it. Compiling takes milliseconds, and usually
/// one of a thousand partners has changed.
fn compile(
    own: &Organisation,
    before: &Partners,
    house: &HouseInForce,
    record: PartnerRecord,
    terms: Terms,
    now: Time,
) -> Result<Partner, Fault> {
    let Terms { in_force, followed, signed, stopped } = terms;
    // A version that is in force was agreed after earlier versions were stopped, so the stop does not count.
    let is_in_force = |series: &Series| in_force.iter().any(|(_, agreement)| agreement.series == *series);
    let how = |series: &Series| stopped.get(series).copied().filter(|_| !is_in_force(series));
    let stopped = signed.iter().filter_map(|(id, series)| Some((*id, how(series)?))).collect();
    let organisation = &record.organisation;
    // The handover lasts only while the following version is in force. If that ends or is suspended, the handover ends too.
    let is_handed_over = |agreement: &Agreement, at: &Time| {
        now < at.plus_seconds(HANDOVER_SECONDS) && in_force.iter().any(|(_, a)| a.series == agreement.series)
    };
    let handed_over = followed.iter().filter(|(_, agreement, at)| is_handed_over(agreement, at));
    let handed_over: Vec<(StatementId, Agreement)> = handed_over.map(|(id, a, _)| (*id, a.clone())).collect();
    // A version that is to be followed is taken until its own last day, because nothing is compiled again when the next one begins.
    let lasting = in_force.iter().filter(|(id, _)| !handed_over.iter().any(|(other, _)| other == id)).cloned();
    let taken: Vec<(StatementId, Agreement)> = lasting.chain(handed_over.iter().cloned()).collect();
    let compiled_from: Vec<(StatementId, Day, bool)> = [(&in_force, true), (&taken, false)]
        .into_iter()
        .flat_map(|(all, gives)| all.iter().map(move |(id, a)| (*id, a.until, gives)))
        .collect();
    let is_same = |b: &&Arc<Partner>| b.compiled_from == compiled_from && b.record.organisation == *organisation;
    let same = before.get(&organisation.domain).filter(is_same);
    let outgoing = match same.filter(|b| b.rules == house.version) {
        Some(same) => same.outgoing.clone(),
        None => Arc::new(PartnerPolicy::compile(&own.domain, organisation, &in_force, &house.rules)?),
    };
    let incoming = match same {
        Some(same) => same.incoming.clone(),
        // The sender's house rules are its own. Here only the agreement's terms and the built-in rules count.
        None => Arc::new(PartnerPolicy::compile(&organisation.domain, own, &taken, &HouseRules::none())?),
    };
    let followed = followed.into_iter().map(|(id, _, at)| (id, at)).collect();
    let purges = in_force.iter().any(|(_, a)| a.duties.purge_on_recall);
    let duties = in_force.iter().chain(&taken).map(|(id, a)| (*id, a.duties.clone())).collect();
    Ok(Partner {
        record,
        outgoing,
        incoming,
        compiled_from,
        rules: house.version,
        followed,
        stopped,
        duties,
        purges,
        damage: None,
    })
}
