//! The Cedar entities: the organisation that would get the assessment, the grants, and the assessment itself.

use std::collections::{HashMap, HashSet};

use cedar_policy::{Entity, EntityUid, RestrictedExpression};

use super::{
    evaluation::evaluation_error,
    schema::{CompiledSchema, compiled_schema, entity_uid, internal_fault},
};
use crate::{
    domain::{agreement::Agreement, fault::Fault, marking::Audience, partner::Organisation},
    policy::{
        attributes::{Authorship, SubjectSummary},
        grant::CompiledGrant,
        reason::PolicyReason,
    },
};

/// The assessment, as some of its subjects describe it. `expires` is in nanoseconds since 1970.
pub(in crate::policy) fn assessment_entity(
    subjects: &SubjectSummary,
    authorship: &Authorship,
    expires: i64,
) -> Result<Entity, PolicyReason> {
    let schema = compiled_schema().map_err(|_| evaluation_error("the built-in rules"))?;
    let attributes = [
        ("subject_known", RestrictedExpression::new_bool(subjects.is_known)),
        ("subject_states", string_set(subjects.states.iter().map(|c| c.code()))),
        ("countries", string_set(subjects.country_codes())),
        ("places", string_set(subjects.place_codes())),
        ("level", RestrictedExpression::new_long(subjects.level.map_or(0, |l| i64::from(u8::from(l))))),
        ("expires", RestrictedExpression::new_long(expires)),
        ("originator", RestrictedExpression::new_string(authorship.originator.to_string())),
    ];
    let signers = authorship.signers.iter().flat_map(|signers| {
        [("signers", string_set(&signers.ids)), ("cosigners", RestrictedExpression::new_long(signers.cosigners))]
    });
    entity(schema.assessment.clone(), attributes.into_iter().chain(signers))
        .map_err(|_| evaluation_error("the assessment"))
}

/// One grant and what it covers.
pub(super) fn grant_entity(schema: &CompiledSchema, compiled: &CompiledGrant) -> Result<Entity, Fault> {
    entity(
        entity_uid(&schema.grant, compiled.grant.id.as_str()),
        [
            ("kinds", string_set(&compiled.grant.kinds)),
            ("topics", string_set(&compiled.grant.topics)),
            ("countries", string_set(compiled.countries.iter().map(|c| c.code()))),
            ("places", string_set(compiled.place_codes())),
        ],
    )
}

/// The organisation that would get the assessment, with its names in this agreement.
pub(super) fn organisation_entity(
    uid: &EntityUid,
    agreement: &Agreement,
    organisation: &Organisation,
) -> Result<Entity, Fault> {
    let mut own_names = vec![organisation.domain.to_string()];
    let mut names = own_names.clone();
    for group in &agreement.groups {
        let name = Audience::Group(group.name.clone()).to_string();
        if group.organisations.contains(&organisation.domain) {
            own_names.push(name.clone());
            names.push(name);
        } else if organisation.state().is_some_and(|country| group.countries.contains(&country)) {
            names.push(name);
        }
    }
    let attributes = [
        ("kind", RestrictedExpression::new_string(organisation.kind.as_str().to_owned())),
        ("names", string_set(names)),
        ("own_names", string_set(own_names)),
        ("states", string_set(organisation.states())),
    ];
    let countries = [("country", organisation.country), ("state", organisation.state())];
    let countries = countries.into_iter().filter_map(|(key, country)| {
        country.map(|country| (key, RestrictedExpression::new_string(country.code().to_owned())))
    });
    entity(uid.clone(), attributes.into_iter().chain(countries))
}

/// A set of strings.
pub(super) fn string_set<T: ToString>(items: impl IntoIterator<Item = T>) -> RestrictedExpression {
    RestrictedExpression::new_set(items.into_iter().map(|i| RestrictedExpression::new_string(i.to_string())))
}

fn entity(
    uid: EntityUid,
    attributes: impl IntoIterator<Item = (&'static str, RestrictedExpression)>,
) -> Result<Entity, Fault> {
    let attributes: HashMap<_, _> = attributes.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    Entity::new(uid, attributes, HashSet::new()).map_err(|e| internal_fault("the attributes", e))
}
