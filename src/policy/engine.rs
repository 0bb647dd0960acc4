//! Cedar itself: the schema, the policy set of one agreement, and one evaluation.

use std::{
    collections::{HashMap, HashSet},
    str::FromStr,
    sync::LazyLock,
};

use cedar_policy::{
    Authorizer, Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, PolicyId, PolicySet, Request, Response,
    RestrictedExpression, Schema, ValidationMode, Validator,
};

use super::{grant::Covered, house::HouseRules, memo::Memo, onward::Circle, outcome, signed::Signed};
use crate::domain::{
    agreement::Agreement,
    assessment::Portion,
    body::Kind,
    fault::{Fault, Reason},
    group::Group,
    marking::{Audience, Caveat, Tlp, Topic},
    partner::Organisation,
    place::Country,
};

/// The schema's text.
pub(super) const SCHEMA: &str = include_str!("release.cedarschema");

/// What all policies are checked against, and the rules that are always there.
pub(super) struct Ground {
    pub validator: Validator,
    builtin: Vec<(cedar_policy::Policy, outcome::Reason)>,
    organisation: EntityTypeName,
    grant: EntityTypeName,
    assessment: EntityUid,
    action: EntityUid,
}

static AUTHORIZER: LazyLock<Authorizer> = LazyLock::new(Authorizer::new);

static GROUND: LazyLock<Result<Ground, String>> = LazyLock::new(|| Ground::new().map_err(|e| e.to_string()));

/// The schema and what comes with it.
pub(super) fn schema() -> Result<&'static Ground, Fault> {
    GROUND.as_ref().map_err(|e| internal("the built-in rules", e))
}

fn internal(what: &str, error: impl std::fmt::Display) -> Fault {
    Fault::new(Reason::Internal, format!("{what} do not compile: {error}; this is a fault of the program, report it"))
}

impl Ground {
    fn new() -> Result<Self, Box<dyn std::error::Error>> {
        let schema: Schema = SCHEMA.parse()?;
        let mut builtin = Vec::new();
        for policy in PolicySet::from_str(include_str!("builtin.cedar"))?.policies() {
            let annotation = |key| policy.annotation(key).map(str::to_owned).ok_or("a built-in rule lacks its name");
            let reason = outcome::Reason::new(annotation("id")?, annotation("reason")?);
            builtin.push((policy.new_id(PolicyId::new(&reason.id)), reason));
        }
        let uid = |kind: EntityTypeName, name| EntityUid::from_type_name_and_id(kind, EntityId::new(name));
        Ok(Self {
            validator: Validator::new(schema),
            builtin,
            organisation: "Organisation".parse()?,
            grant: "Grant".parse()?,
            assessment: uid("Assessment".parse()?, "this"),
            action: uid("Action".parse()?, "release"),
        })
    }
}

/// One agreement's policy set, with what it knows of the taker and its grants.
#[derive(Debug, Clone)]
pub(super) struct Engine {
    policies: PolicySet,
    rules: HashMap<PolicyId, Rule>,
    fixed: Entities,
    taker: EntityUid,
    /// What was asked before.
    pub memo: Memo,
}

#[derive(Debug, Clone)]
enum Rule {
    Grant(usize),
    Forbid(outcome::Reason),
}

/// What Cedar answered for one portion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// These grants permit it and nothing forbids it; ascending.
    Permitted(Vec<usize>),
    /// These rules forbid it; none of them: no grant permits it.
    Denied(Vec<outcome::Reason>),
}

/// What tells one portion from another in a decision. Portions that are equal in this share one evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Traits<'a> {
    pub kind: Kind,
    pub tlp: Tlp,
    pub topics: &'a [Topic],
    pub releasable_to: &'a [Audience],
    pub groups: &'a [Group],
    pub caveats: &'a [Caveat],
}

impl<'a> Traits<'a> {
    pub fn of(portion: &'a Portion) -> Self {
        let marking = &portion.marking;
        Self {
            kind: portion.kind(),
            tlp: marking.tlp,
            topics: &marking.topics,
            releasable_to: &marking.releasable_to,
            groups: &marking.groups,
            caveats: &marking.caveats,
        }
    }

    /// How many names it holds, as a measure of its size; eight states count as one.
    pub fn names(&self) -> usize {
        let of_group = |group: &Group| 1 + group.organisations.len() + group.countries.len() / 8;
        self.topics.len() + self.releasable_to.len() + self.groups.iter().map(of_group).sum::<usize>()
    }
}

impl Engine {
    /// Compiles and strictly validates.
    pub fn new(
        agreement: &Agreement,
        grants: &[Covered],
        taker: &Organisation,
        house: &HouseRules,
    ) -> Result<Self, Fault> {
        let ground = schema()?;
        let mut engine = Self {
            policies: PolicySet::new(),
            rules: HashMap::new(),
            fixed: Entities::empty(),
            taker: named(&ground.organisation, taker.domain.as_str()),
            memo: Memo::of([]),
        };
        for (policy, reason) in ground.builtin.iter().chain(&house.rules) {
            engine.add(policy.clone(), Rule::Forbid(reason.clone()))?;
        }
        let mut entities = vec![organisation(&engine.taker, agreement, taker)?];
        for (index, covered) in grants.iter().enumerate() {
            let id = PolicyId::new(format!("grant:{}", covered.grant.id));
            let policy = cedar_policy::Policy::parse(Some(id), covered.policy(agreement))
                .map_err(|e| internal(&format!("the terms of grant `{}`", covered.grant.id), e))?;
            engine.add(policy, Rule::Grant(index))?;
            entities.push(grant(&ground.grant, covered)?);
        }
        let result = ground.validator.validate(&engine.policies, ValidationMode::Strict);
        if !result.validation_passed() {
            return Err(internal("the terms of the agreement", result));
        }
        engine.fixed = Entities::from_entities(entities, Some(ground.validator.schema()))
            .map_err(|e| internal("the terms of the agreement", e))?;
        engine.memo = Memo::of(engine.policies.policies().collect::<Vec<_>>());
        Ok(engine)
    }

    fn add(&mut self, policy: cedar_policy::Policy, rule: Rule) -> Result<(), Fault> {
        let id = policy.id().clone();
        self.policies.add(policy).map_err(|_| {
            Fault::new(Reason::InvalidArgument, format!("`{id}` is there twice; give each grant an id of its own"))
        })?;
        self.rules.insert(id, rule);
        Ok(())
    }

    /// The fixed entities and the assessment.
    pub fn entities(&self, assessment: Entity) -> Result<Entities, outcome::Reason> {
        self.fixed.clone().add_entities([assessment], None).map_err(|_| evaluation_error("the assessment"))
    }

    /// One evaluation.
    pub fn ask(&self, entities: &Entities, context: Context) -> Answer {
        let Ok(ground) = schema() else { return Answer::Denied(vec![evaluation_error("the built-in rules")]) };
        match Request::new(self.taker.clone(), ground.action.clone(), ground.assessment.clone(), context, None) {
            Ok(request) => self.read(&AUTHORIZER.is_authorized(&request, &self.policies, entities)),
            Err(_) => Answer::Denied(vec![evaluation_error("the request")]),
        }
    }

    /// Cedar's own check of what [`assessment`] and [`context`] build, too dear to be made at each decision.
    #[cfg(test)]
    pub fn check_against_schema(&self, view: &super::facts::View, signed: &Signed) {
        let schema = schema().unwrap().validator.schema();
        let entities = self.entities(assessment(view, signed, i64::MAX).unwrap()).unwrap();
        Entities::from_entities(entities.iter().cloned(), Some(schema)).unwrap();
        let topics = ["sahel".parse().unwrap()];
        let releasable_to = ["group:ecowas".parse().unwrap(), "gb.example".parse().unwrap()];
        let groups = [super::tests::fixture::group("ecowas", &["BF"], &["ecowas.example"])];
        for (topics, releasable_to, caveats) in [(&[][..], &[][..], &[][..]), (&topics, &releasable_to, Caveat::ALL)] {
            let traits = Traits { kind: Kind::Gap, tlp: Tlp::Red, topics, releasable_to, groups: &groups, caveats };
            let context = context(traits, i64::MIN, -1).unwrap();
            context.validate(schema, &self::schema().unwrap().action).unwrap();
        }
    }

    /// A rule that errors is skipped by Cedar, a forbid too: so any error at all is a denial.
    fn read(&self, response: &Response) -> Answer {
        let errors: Vec<outcome::Reason> =
            response.diagnostics().errors().map(|e| evaluation_error(policy_of(e))).collect();
        if !errors.is_empty() {
            return Answer::Denied(errors);
        }
        let (mut grants, mut forbids) = (Vec::new(), Vec::new());
        for id in response.diagnostics().reason() {
            match self.rules.get(id) {
                Some(Rule::Grant(index)) => grants.push(*index),
                Some(Rule::Forbid(reason)) => forbids.push(reason.clone()),
                None => forbids.push(evaluation_error(id)),
            }
        }
        grants.sort_unstable();
        forbids.sort_unstable();
        // Cedar's answer decides; a permit without a grant behind it, or beside a forbid, is none.
        match response.decision() {
            cedar_policy::Decision::Allow if forbids.is_empty() && !grants.is_empty() => Answer::Permitted(grants),
            cedar_policy::Decision::Allow | cedar_policy::Decision::Deny => Answer::Denied(forbids),
        }
    }
}

/// The assessment as the subjects among some of its portions show it.
pub(super) fn assessment(view: &super::facts::View, signed: &Signed, expires: i64) -> Result<Entity, outcome::Reason> {
    let ground = schema().map_err(|_| evaluation_error("the built-in rules"))?;
    let attributes = [
        ("subject_known", RestrictedExpression::new_bool(view.known)),
        ("subject_states", set(view.states.iter().map(|c| c.code()))),
        ("countries", set(view.countries())),
        ("places", set(view.fine_places())),
        ("level", RestrictedExpression::new_long(view.level.map_or(0, |l| i64::from(u8::from(l))))),
        ("expires", RestrictedExpression::new_long(expires)),
        ("originator", RestrictedExpression::new_string(signed.originator.to_string())),
    ];
    let signers = signed
        .by
        .iter()
        .flat_map(|by| [("signers", set(&by.all)), ("cosigners", RestrictedExpression::new_long(by.cosigners))]);
    entity(ground.assessment.clone(), attributes.into_iter().chain(signers))
        .map_err(|_| evaluation_error("the assessment"))
}

/// What a request says of a portion.
pub(super) fn context(traits: Traits<'_>, now: i64, age: i64) -> Result<Context, outcome::Reason> {
    let Traits { kind, tlp, topics, releasable_to, groups, caveats } = traits;
    let circle = Circle::of(releasable_to, groups);
    let pairs = [
        ("now", RestrictedExpression::new_long(now)),
        ("age", RestrictedExpression::new_long(age)),
        ("kind", RestrictedExpression::new_string(kind.as_str().to_owned())),
        ("tlp", RestrictedExpression::new_long(tlp as i64)),
        ("topics", set(topics.iter().map(Topic::as_str))),
        ("releasable_to", set(releasable_to)),
        ("releasable_to_organisations", set(circle.organisations())),
        ("releasable_to_states", set(circle.states().map(Country::code))),
        ("caveats", set(caveats.iter().map(|c| c.as_str()))),
    ];
    Context::from_pairs(pairs.map(|(key, value)| (key.to_owned(), value))).map_err(|_| evaluation_error("the request"))
}

fn policy_of(error: &cedar_policy::AuthorizationError) -> &PolicyId {
    match error {
        cedar_policy::AuthorizationError::PolicyEvaluationError(e) => e.policy_id(),
    }
}

fn evaluation_error(what: impl std::fmt::Display) -> outcome::Reason {
    outcome::Reason::new(
        "evaluation-error",
        format!("`{what}` could not be evaluated, so nothing is permitted; mend it"),
    )
}

fn named(kind: &EntityTypeName, name: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(name))
}

fn set<T: ToString>(items: impl IntoIterator<Item = T>) -> RestrictedExpression {
    RestrictedExpression::new_set(items.into_iter().map(|i| RestrictedExpression::new_string(i.to_string())))
}

fn entity(
    uid: EntityUid,
    attributes: impl IntoIterator<Item = (&'static str, RestrictedExpression)>,
) -> Result<Entity, Fault> {
    let attributes = attributes.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    Entity::new(uid, attributes, HashSet::new()).map_err(|e| internal("the attributes", e))
}

fn grant(kind: &EntityTypeName, covered: &Covered) -> Result<Entity, Fault> {
    entity(
        named(kind, covered.grant.id.as_str()),
        [
            ("kinds", set(&covered.grant.kinds)),
            ("topics", set(&covered.grant.topics)),
            ("countries", set(covered.countries.iter().map(|c| c.code()))),
            ("places", set(covered.fine_places())),
        ],
    )
}

/// The taker as this agreement names it.
fn organisation(uid: &EntityUid, agreement: &Agreement, taker: &Organisation) -> Result<Entity, Fault> {
    let mut own_names = vec![taker.domain.to_string()];
    let mut names = own_names.clone();
    for group in &agreement.groups {
        let name = Audience::Group(group.name.clone()).to_string();
        if group.organisations.contains(&taker.domain) {
            own_names.push(name.clone());
            names.push(name);
        } else if taker.state().is_some_and(|country| group.countries.contains(&country)) {
            names.push(name);
        }
    }
    let mut attributes: HashMap<String, RestrictedExpression> = HashMap::from([
        ("kind".to_owned(), RestrictedExpression::new_string(taker.kind.as_str().to_owned())),
        ("names".to_owned(), set(names)),
        ("own_names".to_owned(), set(own_names)),
        ("states".to_owned(), set(taker.states())),
    ]);
    for (key, country) in [("country", taker.country), ("state", taker.state())] {
        if let Some(country) = country {
            attributes.insert(key.to_owned(), RestrictedExpression::new_string(country.code().to_owned()));
        }
    }
    Entity::new(uid.clone(), attributes, HashSet::new()).map_err(|e| internal("the attributes", e))
}
