//! The schema, the built-in rules, and the names of the entities that the schema declares.

use std::{str::FromStr, sync::LazyLock};

use cedar_policy::{EntityId, EntityTypeName, EntityUid, PolicyId, PolicySet, Schema, Validator};

use super::rule::ForbidRule;
use crate::{
    domain::fault::{self, Fault},
    policy::reason::PolicyReason,
};

/// The schema's text.
pub(in crate::policy) const SCHEMA_TEXT: &str = include_str!("release.cedarschema");

/// The schema that all policies are validated against, and the rules that are part of every policy set.
pub(in crate::policy) struct CompiledSchema {
    pub validator: Validator,
    pub(super) built_in_rules: Vec<ForbidRule>,
    pub(super) organisation: EntityTypeName,
    pub(super) grant: EntityTypeName,
    pub(super) assessment: EntityUid,
    pub(super) release_action: EntityUid,
}

/// It is made from the text of this program alone, so that every process has the same.
static COMPILED: LazyLock<Result<CompiledSchema, String>> =
    LazyLock::new(|| CompiledSchema::new().map_err(|e| e.to_string()));

/// The schema and the built-in rules, compiled once.
pub(in crate::policy) fn compiled_schema() -> Result<&'static CompiledSchema, Fault> {
    COMPILED.as_ref().map_err(|e| internal_fault("the built-in rules", e))
}

/// What this program itself writes does not compile.
pub(super) fn internal_fault(what: &str, error: impl std::fmt::Display) -> Fault {
    let message = format!("{what} do not compile: {error}; this is a fault of the program, report it");
    Fault::new(fault::Reason::Internal, message)
}

impl CompiledSchema {
    fn new() -> Result<Self, Box<dyn std::error::Error>> {
        let schema: Schema = SCHEMA_TEXT.parse()?;
        let mut built_in_rules = Vec::new();
        for policy in PolicySet::from_str(include_str!("builtin.cedar"))?.policies() {
            let annotation = |key| policy.annotation(key).map(str::to_owned).ok_or("a built-in rule lacks its name");
            let reason = PolicyReason::new(annotation("id")?, annotation("reason")?);
            built_in_rules.push(ForbidRule { policy: policy.new_id(PolicyId::new(&reason.id)), reason });
        }
        Ok(Self {
            validator: Validator::new(schema),
            built_in_rules,
            organisation: "Organisation".parse()?,
            grant: "Grant".parse()?,
            assessment: entity_uid(&"Assessment".parse()?, "this"),
            release_action: entity_uid(&"Action".parse()?, "release"),
        })
    }
}

/// The id of an entity of this type.
pub(super) fn entity_uid(kind: &EntityTypeName, name: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(name))
}
