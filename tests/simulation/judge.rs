//! May it go? Asked of the oracle of `tests/policy`, which knows nothing of the code under test, about every entry that leaves a
//! node, and about everything that should have arrived in the end.

use std::collections::BTreeSet;

use watchfire::{
    domain::{
        agreement::{Agreement, AgreementState},
        assessment::Portion,
        ids::{Digest, StatementId, TrustDomain},
        statement::StatementKind,
        time::Time,
    },
    policy::Provenance,
    seal::statement::id_of,
    store::{AgreementRecord, AssessmentRecord, CameBy},
    wire,
};

use crate::{
    cases::Case,
    cast::Org,
    content::decoded,
    fixture,
    oracle::{self, Rule},
};

/// What the giver has of a version, and on what it may stand.
pub struct Held {
    pub originator: TrustDomain,
    pub portions: Vec<(Digest, Portion)>,
    pub provenances: Vec<Provenance>,
    /// When this node logged it: delays count from then, whatever its author says.
    pub logged_at: Time,
    pub expires: Time,
}

impl Held {
    /// As a store has it.
    pub fn of(record: &AssessmentRecord) -> Self {
        let manifest = wire::manifest::decode(&wire::envelope::decode(&record.manifest).unwrap().payload).unwrap();
        Self {
            originator: record.originator.clone(),
            portions: record.portions.iter().map(|bytes| decoded(&record.assessment, bytes)).collect(),
            provenances: record.releases.iter().map(|way| provenance(way, &record.originator)).collect(),
            logged_at: record.since,
            expires: manifest.expires,
        }
    }

    /// What may go to the taker now: the digests, by the oracle. Under one of these agreements and one of the ways by which the
    /// giver has it: `via` where only one is meant.
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
            taker: taker.organisation(),
            agreements,
            issued: self.logged_at.min(now),
            expires: self.expires,
            portions: self.portions.iter().map(|(_, portion)| portion.clone()).collect(),
            endorsers: vec![giver.domain(); self.portions.len()],
            exceptions: vec![],
            now,
            later: vec![],
        };
        let Some(answer) = oracle::answer(&case, without) else { return BTreeSet::new() };
        answer.portions.keys().map(|index| self.portions[*index].0).collect()
    }

    /// The oracle names portions by their places.
    fn placed(&self, provenance: &Provenance) -> Provenance {
        let places = self.portions.iter().enumerate().filter(|(_, (digest, _))| provenance.digests.contains(digest));
        Provenance { digests: places.map(|(index, _)| fixture::digest(index)).collect(), ..provenance.clone() }
    }
}

fn provenance(way: &CameBy, originator: &TrustDomain) -> Provenance {
    let mut carriers = BTreeSet::from([originator.clone()]);
    for hop in &way.provenance {
        let envelope = wire::envelope::decode(hop).unwrap();
        carriers.insert(wire::release::decode(&envelope.payload).unwrap().recipient);
    }
    let envelope = wire::envelope::decode(&way.release).unwrap();
    let release = wire::release::decode(&envelope.payload).unwrap();
    Provenance::of(id_of(StatementKind::Release, &envelope.payload), &release, carriers)
}

/// Those of a giver's agreements with a taker that are in force.
pub fn in_force(records: &[AgreementRecord], taker: Org, now: Time) -> Vec<(StatementId, Agreement)> {
    let stands = |r: &&AgreementRecord| r.partner == taker.domain() && r.state(now) == AgreementState::InForce;
    records
        .iter()
        .filter(stands)
        .map(|r| (r.id, Agreement { until: r.standing.last_day(r.agreement.until), ..r.agreement.clone() }))
        .collect()
}
