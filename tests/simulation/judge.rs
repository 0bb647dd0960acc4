//! Asks the oracle of `tests/policy`, which knows nothing of the code under test, about every entry that leaves a node, and about everything
//! that should have arrived in the end.

use std::collections::BTreeSet;

use watchfire::{
    domain::{
        agreement::{Agreement, AgreementState, End},
        assessment::Portion,
        ids::{Digest, StatementId, TrustDomain},
        place::Country,
        statement::StatementKind,
        time::Time,
    },
    policy::Provenance,
    seal::statement::id_of,
    store::{AgreementRecord, AssessmentRecord, Delivery},
    wire,
};

use crate::{
    cases::Case,
    cast::Org,
    content::decoded,
    fixture,
    oracle::{self, Rule},
};

/// What the giver has of a version, and the agreements and releases that may permit it.
pub struct Held {
    pub originator: TrustDomain,
    pub portions: Vec<(Digest, Portion)>,
    pub provenances: Vec<Provenance>,
    /// The states that its versions are about.
    pub about: BTreeSet<Country>,
    /// When this node logged it. Delays count from then, whatever its author says.
    pub logged_at: Time,
    pub expires: Time,
}

impl Held {
    /// Reads it from a store, with its agreements.
    pub fn of(record: &AssessmentRecord, agreements: &[AgreementRecord], now: Time) -> Self {
        let manifest = wire::manifest::decode(&wire::envelope::decode(&record.manifest).unwrap().payload).unwrap();
        Self {
            originator: record.originator.clone(),
            portions: record.portions.iter().map(|bytes| decoded(&record.assessment, bytes)).collect(),
            provenances: record
                .releases
                .iter()
                .map(|way| provenance(way, &record.originator, (agreements, now)))
                .collect(),
            about: record.subject_states.clone(),
            logged_at: record.since,
            expires: manifest.expires,
        }
    }

    /// As it was when it was released before. A partner that asks again for what it was given must learn neither what a later version is about
    /// nor that another agreement was suspended.
    pub fn when_released(mut self) -> Self {
        self.about.clear();
        self.provenances.iter_mut().for_each(|provenance| provenance.is_stopped = false);
        self
    }

    /// The digests that may go to the taker now, by the oracle, under one of these agreements and one of the ways by which the giver has it.
    /// With `via`, only that way is considered.
    pub fn may_go(
        &self,
        (giver, taker): (Org, Org),
        agreements: Vec<Agreement>,
        via: Option<StatementId>,
        house: &[usize],
        now: Time,
        without: Option<Rule>,
    ) -> BTreeSet<Digest> {
        let case = Case {
            giver: giver.domain(),
            originator: self.originator.clone(),
            provenances: self
                .provenances
                .iter()
                .filter(|p| via.is_none_or(|v| v == p.release))
                .map(|p| self.placed(p))
                .collect(),
            house: house.to_vec(),
            control: vec![],
            taker: taker.organisation(),
            agreements,
            issued: self.logged_at.min(now),
            expires: self.expires,
            portions: self.portions.iter().map(|(_, portion)| portion.clone()).collect(),
            endorsers: vec![giver.domain(); self.portions.len()],
            endorsed_at: vec![now; self.portions.len()],
            exceptions: vec![],
            versions: self.about.clone(),
            now,
            later: vec![],
        };
        let Some(answer) = oracle::answer(&case, without) else { return BTreeSet::new() };
        answer.portions.keys().map(|index| self.portions[*index].0).collect()
    }

    /// The oracle names portions by their indexes.
    fn placed(&self, provenance: &Provenance) -> Provenance {
        let places = self.portions.iter().enumerate().filter(|(_, (digest, _))| provenance.digests.contains(digest));
        Provenance { digests: places.map(|(index, _)| fixture::digest(index)).collect(), ..provenance.clone() }
    }
}

fn provenance(way: &Delivery, originator: &TrustDomain, (agreements, now): (&[AgreementRecord], Time)) -> Provenance {
    let mut carriers = BTreeSet::from([originator.clone()]);
    for hop in &way.provenance {
        let envelope = wire::envelope::decode(hop).unwrap();
        carriers.insert(wire::release::decode(&envelope.payload).unwrap().recipient);
    }
    let envelope = wire::envelope::decode(&way.release).unwrap();
    let release = wire::release::decode(&envelope.payload).unwrap();
    let series = agreements.iter().find(|r| r.id == release.agreement.id).map(|r| r.agreement.series);
    let is_stopped = agreements.iter().filter(|r| Some(r.agreement.series) == series).any(|r| {
        let is_terminated = matches!(r.standing.end, Some(End::Terminated { .. }));
        r.standing.is_signed_by_both() && (is_terminated || r.state(now) == AgreementState::Suspended)
    });
    let provenance = Provenance::new(id_of(StatementKind::Release, &envelope.payload), &release, carriers);
    Provenance { is_stopped, ..provenance }
}

/// The giver's agreements with a taker that are in force.
pub fn in_force(records: &[AgreementRecord], taker: Org, now: Time) -> Vec<(StatementId, Agreement)> {
    let stands = |r: &&AgreementRecord| r.partner == taker.domain() && r.state(now).counts();
    records
        .iter()
        .filter(stands)
        .map(|r| (r.id, Agreement { until: r.standing.last_day(r.agreement.until), ..r.agreement.clone() }))
        .collect()
}
