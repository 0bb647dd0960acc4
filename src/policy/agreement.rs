//! What lies between one giver and one taker, compiled.

use super::{engine::Engine, grant::Covered, house::HouseRules};
use crate::domain::{
    agreement::Agreement,
    fault::{Fault, Reason},
    group::Group,
    ids::{StatementId, TrustDomain},
    partner::{Organisation, PartnerKind},
    place::ControlTable,
    release::AgreementRef,
    time::Time,
};

/// The agreements in force between one giver and one taker in that direction, compiled once and asked often.
#[derive(Debug, Clone)]
pub struct PartnerPolicy {
    pub(super) giver: TrustDomain,
    pub(super) taker: Organisation,
    /// The giver's own rows on who controls a place.
    pub(super) control: ControlTable,
    /// By id, so that choosing among them does not depend on the order in which they were given.
    pub(super) agreements: Vec<Compiled>,
}

/// One agreement.
#[derive(Debug, Clone)]
pub(super) struct Compiled {
    pub reference: AgreementRef,
    pub from: Time,
    pub until: Time,
    /// As this agreement spells them out.
    pub groups: Vec<Group>,
    pub grants: Vec<Covered>,
    pub engine: Engine,
}

impl PartnerPolicy {
    /// Compiles and validates. The caller leaves out what is suspended, ended or not signed by both; validity in time is
    /// part of each decision.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` where an agreement is not between the two or can't be compiled, or the taker is a state of no known
    /// country, which the subject rule could not see. Then nothing may be given.
    pub fn compile(
        giver: &TrustDomain,
        taker: &Organisation,
        agreements: &[(StatementId, Agreement)],
        house: &HouseRules,
    ) -> Result<Self, Fault> {
        if taker.kind == PartnerKind::State && taker.country.is_none() {
            let told = format!("`{}` is a state of no country; give it its country", taker.domain);
            return Err(Fault::at(Reason::InvalidArgument, "country", told));
        }
        let mut compiled = Vec::with_capacity(agreements.len());
        for (id, agreement) in agreements {
            if agreement.other(giver) != Some(&taker.domain) {
                return Err(Fault::new(
                    Reason::InvalidArgument,
                    format!("agreement `{id}` is not between `{giver}` and `{}`", taker.domain),
                ));
            }
            compiled.push(Compiled::new(*id, agreement, giver, taker, house)?);
        }
        compiled.sort_by_key(|c| c.reference.id);
        Ok(Self { giver: giver.clone(), taker: taker.clone(), control: house.control.clone(), agreements: compiled })
    }

    /// The agreements in force, by id.
    pub fn references(&self) -> impl Iterator<Item = AgreementRef> {
        self.agreements.iter().map(|c| c.reference)
    }

    /// Who gives.
    pub fn giver(&self) -> &TrustDomain {
        &self.giver
    }

    /// Who gets.
    pub fn taker(&self) -> &Organisation {
        &self.taker
    }
}

impl Compiled {
    fn new(
        id: StatementId,
        agreement: &Agreement,
        giver: &TrustDomain,
        taker: &Organisation,
        house: &HouseRules,
    ) -> Result<Self, Fault> {
        let grants: Vec<Covered> = agreement
            .grants
            .iter()
            .filter(|g| g.from == *giver && g.to == taker.domain)
            .map(|g| Covered::new(agreement, g))
            .collect::<Result<_, _>>()?;
        let engine = Engine::new(agreement, &grants, taker, house)?;
        Ok(Self {
            reference: AgreementRef { id, version: agreement.version },
            from: agreement.from.start(),
            until: agreement.until.end(),
            groups: agreement.groups.clone(),
            grants,
            engine,
        })
    }
}
