//! The agreements between a giver and a taker, compiled.

use super::{cedar::AgreementPolicies, grant::CompiledGrant, house::HouseRules};
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

/// The agreements in force under which one giver releases to one taker. They are compiled once and evaluated often.
#[derive(Debug, Clone)]
pub struct PartnerPolicy {
    pub(super) giver: TrustDomain,
    pub(super) taker: Organisation,
    /// The giver's own control table: who controls which place.
    pub(super) control: ControlTable,
    /// Sorted by id, so that the choice among them does not depend on the order in which the caller gave them.
    pub(super) agreements: Vec<CompiledAgreement>,
}

/// One agreement.
#[derive(Debug, Clone)]
pub(super) struct CompiledAgreement {
    pub reference: AgreementRef,
    /// The first moment at which it is in force.
    pub from: Time,
    /// The first moment at which it is no longer in force.
    pub until: Time,
    /// The groups that this agreement defines.
    pub groups: Vec<Group>,
    /// The grants from the giver to the taker.
    pub grants: Vec<CompiledGrant>,
    pub policies: AgreementPolicies,
}

impl PartnerPolicy {
    /// Compiles and validates the agreements. The caller leaves out those that are suspended, ended or not signed by both parties. Each decision
    /// checks whether an agreement is in force at its time.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if an agreement is not between the two or can't be compiled. Also if the taker is a state without a country,
    /// because the subject rule could not recognise it. Then nothing may be given.
    pub fn compile(
        giver: &TrustDomain,
        taker: &Organisation,
        agreements: &[(StatementId, Agreement)],
        house: &HouseRules,
    ) -> Result<Self, Fault> {
        if taker.kind == PartnerKind::State && taker.country.is_none() {
            let message = format!("`{}` is a state without a country; state its country", taker.domain);
            return Err(Fault::at(Reason::InvalidArgument, "country", message));
        }
        let mut compiled = Vec::with_capacity(agreements.len());
        for (id, agreement) in agreements {
            if agreement.other(giver) != Some(&taker.domain) {
                return Err(Fault::new(
                    Reason::InvalidArgument,
                    format!("agreement `{id}` is not between `{giver}` and `{}`", taker.domain),
                ));
            }
            compiled.push(CompiledAgreement::new(*id, agreement, giver, taker, house)?);
        }
        compiled.sort_by_key(|c| c.reference.id);
        Ok(Self { giver: giver.clone(), taker: taker.clone(), control: house.control().clone(), agreements: compiled })
    }

    /// The agreements in force, by id.
    pub fn references(&self) -> impl Iterator<Item = AgreementRef> {
        self.agreements.iter().map(|c| c.reference)
    }

    /// The organisation that gives.
    pub fn giver(&self) -> &TrustDomain {
        &self.giver
    }

    /// The organisation that gets.
    pub fn taker(&self) -> &Organisation {
        &self.taker
    }
}

impl CompiledAgreement {
    fn new(
        id: StatementId,
        agreement: &Agreement,
        giver: &TrustDomain,
        taker: &Organisation,
        house: &HouseRules,
    ) -> Result<Self, Fault> {
        let grants: Vec<CompiledGrant> = agreement
            .grants
            .iter()
            .filter(|g| g.from == *giver && g.to == taker.domain)
            .map(|g| CompiledGrant::new(agreement, g))
            .collect::<Result<_, _>>()?;
        let policies = AgreementPolicies::compile(agreement, &grants, taker, house.rules())?;
        Ok(Self {
            reference: AgreementRef { id, version: agreement.version },
            from: agreement.from.start(),
            until: agreement.until.end(),
            groups: agreement.groups.clone(),
            grants,
            policies,
        })
    }

    /// Whether it is in force at this time.
    pub fn is_in_force(&self, now: Time) -> bool {
        self.from <= now && now < self.until
    }
}
