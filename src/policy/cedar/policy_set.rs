//! The Cedar policies of one agreement, and one evaluation of them.

use std::{collections::HashMap, sync::LazyLock};

use cedar_policy::{
    Authorizer, Context, Entities, Entity, EntityUid, PolicyId, PolicySet, Request, Response, ValidationMode,
};

use super::{
    decision_cache::DecisionCache,
    entities::{grant_entity, organisation_entity},
    evaluation::{Evaluation, evaluation_error},
    grant_policy::permit_text,
    rule::ForbidRule,
    schema::{compiled_schema, entity_uid, internal_fault},
};
use crate::{
    domain::{
        agreement::Agreement,
        fault::{self, Fault},
        partner::Organisation,
    },
    policy::{grant::CompiledGrant, reason::PolicyReason},
};

/// It holds no state.
static AUTHORIZER: LazyLock<Authorizer> = LazyLock::new(Authorizer::new);

/// The policies of one agreement, with the entities that are the same for every request.
#[derive(Debug, Clone)]
pub(in crate::policy) struct AgreementPolicies {
    policies: PolicySet,
    rules: HashMap<PolicyId, PolicyOrigin>,
    fixed_entities: Entities,
    principal: EntityUid,
    /// The results of evaluations.
    pub cache: DecisionCache,
}

/// What a policy of the set was made from.
#[derive(Debug, Clone)]
enum PolicyOrigin {
    /// The grant at this index.
    Grant(usize),
    /// A rule that forbids.
    Forbid(PolicyReason),
}

impl AgreementPolicies {
    /// Compiles the grants, and validates them strictly together with the built-in rules and the house rules.
    pub fn compile(
        agreement: &Agreement,
        grants: &[CompiledGrant],
        taker: &Organisation,
        house_rules: &[ForbidRule],
    ) -> Result<Self, Fault> {
        let schema = compiled_schema()?;
        let mut set = Self {
            policies: PolicySet::new(),
            rules: HashMap::new(),
            fixed_entities: Entities::empty(),
            principal: entity_uid(&schema.organisation, taker.domain.as_str()),
            cache: DecisionCache::new([]),
        };
        for ForbidRule { policy, reason } in schema.built_in_rules.iter().chain(house_rules) {
            set.add(policy.clone(), PolicyOrigin::Forbid(reason.clone()))?;
        }
        let mut entities = vec![organisation_entity(&set.principal, agreement, taker)?];
        for (index, compiled) in grants.iter().enumerate() {
            let id = PolicyId::new(format!("grant:{}", compiled.grant.id));
            let policy = cedar_policy::Policy::parse(Some(id), permit_text(compiled, agreement))
                .map_err(|e| internal_fault(&format!("the terms of grant `{}`", compiled.grant.id), e))?;
            set.add(policy, PolicyOrigin::Grant(index))?;
            entities.push(grant_entity(schema, compiled)?);
        }
        let result = schema.validator.validate(&set.policies, ValidationMode::Strict);
        if !result.validation_passed() {
            return Err(internal_fault("the terms of the agreement", result));
        }
        set.fixed_entities = Entities::from_entities(entities, Some(schema.validator.schema()))
            .map_err(|e| internal_fault("the terms of the agreement", e))?;
        set.cache = DecisionCache::new(set.policies.policies().collect::<Vec<_>>());
        Ok(set)
    }

    fn add(&mut self, policy: cedar_policy::Policy, rule: PolicyOrigin) -> Result<(), Fault> {
        let id = policy.id().clone();
        self.policies.add(policy).map_err(|_| {
            let message = format!("two grants have the id `{id}`; give each its own");
            Fault::new(fault::Reason::InvalidArgument, message)
        })?;
        self.rules.insert(id, rule);
        Ok(())
    }

    /// All entities of an evaluation: the fixed ones and the assessment.
    pub fn entities(&self, assessment: Entity) -> Result<Entities, PolicyReason> {
        self.fixed_entities.clone().add_entities([assessment], None).map_err(|_| evaluation_error("the assessment"))
    }

    /// Evaluates the policies once.
    pub fn evaluate(&self, entities: &Entities, context: Context) -> Evaluation {
        let Ok(schema) = compiled_schema() else { return Evaluation::failed("the built-in rules") };
        let (action, resource) = (schema.release_action.clone(), schema.assessment.clone());
        match Request::new(self.principal.clone(), action, resource, context, None) {
            Ok(request) => self.read(&AUTHORIZER.is_authorized(&request, &self.policies, entities)),
            Err(_) => Evaluation::failed("the request"),
        }
    }

    /// Reads Cedar's response. Cedar skips a policy that fails to evaluate, even one that forbids, so any error at all is a denial.
    fn read(&self, response: &Response) -> Evaluation {
        let errors: Vec<PolicyReason> =
            response.diagnostics().errors().map(|e| evaluation_error(failed_policy(e))).collect();
        if !errors.is_empty() {
            return Evaluation::Denied { reasons: errors };
        }
        let (mut grants, mut reasons) = (Vec::new(), Vec::new());
        for id in response.diagnostics().reason() {
            match self.rules.get(id) {
                Some(PolicyOrigin::Grant(index)) => grants.push(*index),
                Some(PolicyOrigin::Forbid(reason)) => reasons.push(reason.clone()),
                None => reasons.push(evaluation_error(id)),
            }
        }
        grants.sort_unstable();
        reasons.sort_unstable();
        // Cedar's decision counts. A permit without a grant, or together with a rule that forbids, is a denial.
        match response.decision() {
            cedar_policy::Decision::Allow if reasons.is_empty() && !grants.is_empty() => {
                Evaluation::Permitted { grants }
            }
            cedar_policy::Decision::Allow | cedar_policy::Decision::Deny => Evaluation::Denied { reasons },
        }
    }

    /// Cedar's own check of an assessment entity and a context against the schema. It takes too long to be made at each decision.
    #[cfg(test)]
    pub fn check_against_schema(&self, assessment: Entity, context: &Context) {
        let compiled = compiled_schema().unwrap();
        let schema = compiled.validator.schema();
        let entities = self.entities(assessment).unwrap();
        Entities::from_entities(entities.iter().cloned(), Some(schema)).unwrap();
        context.validate(schema, &compiled.release_action).unwrap();
    }
}

fn failed_policy(error: &cedar_policy::AuthorizationError) -> &PolicyId {
    match error {
        cedar_policy::AuthorizationError::PolicyEvaluationError(e) => e.policy_id(),
    }
}
