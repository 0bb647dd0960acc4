//! Everything that Cedar evaluates: the schema, the policies of one agreement, the entities and the request of an evaluation, and a cache of
//! the results.

mod decision_cache;
mod entities;
mod entity_cache;
mod evaluation;
mod grant_policy;
mod next_change;
mod policy_set;
mod request;
mod rule;
mod schema;

pub(super) use cedar_policy::Entities;
#[cfg(test)]
pub(super) use decision_cache::DecisionCache;
pub(super) use entities::assessment_entity;
pub(super) use entity_cache::EntityCache;
pub(super) use evaluation::Evaluation;
pub(super) use policy_set::AgreementPolicies;
pub(super) use request::{ReleaseRequest, RequestTimes};
pub(super) use rule::ForbidRule;
pub(super) use schema::{SCHEMA_TEXT, compiled_schema};
