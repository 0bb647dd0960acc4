//! The request of one evaluation.

use cedar_policy::{Context, RestrictedExpression};

use super::{entities::string_set, evaluation::evaluation_error};
use crate::{
    domain::{marking::Topic, place::Country},
    policy::{
        attributes::{Authorship, PortionAttributes, SubjectSummary},
        audience::AudienceMembers,
        reason::PolicyReason,
    },
};

/// The times of a request, as policies see them.
#[derive(Debug, Clone, Copy)]
pub(in crate::policy) struct RequestTimes {
    /// The time of the decision, in nanoseconds since 1970.
    pub now: i64,
    /// Whole seconds since the giver logged the assessment.
    pub age: i64,
    /// The assessment's expiry, in nanoseconds since 1970.
    pub expires: i64,
}

/// All that an evaluation under one agreement depends on.
#[derive(Debug, Clone, Copy)]
pub(in crate::policy) struct ReleaseRequest<'a> {
    pub subjects: &'a SubjectSummary,
    pub authorship: &'a Authorship,
    pub portion: PortionAttributes<'a>,
    pub times: RequestTimes,
}

impl ReleaseRequest<'_> {
    /// The context of Cedar's request: the portion and the times.
    pub fn context(&self) -> Result<Context, PolicyReason> {
        let PortionAttributes { kind, tlp, topics, releasable_to, groups, caveats } = self.portion;
        let members = AudienceMembers::new(releasable_to, groups);
        let pairs = [
            ("now", RestrictedExpression::new_long(self.times.now)),
            ("age", RestrictedExpression::new_long(self.times.age)),
            ("kind", RestrictedExpression::new_string(kind.as_str().to_owned())),
            ("tlp", RestrictedExpression::new_long(tlp as i64)),
            ("topics", string_set(topics.iter().map(Topic::as_str))),
            ("releasable_to", string_set(releasable_to)),
            ("releasable_to_organisations", string_set(members.organisations())),
            ("releasable_to_states", string_set(members.states().map(Country::code))),
            ("caveats", string_set(caveats.iter().map(|c| c.as_str()))),
        ];
        Context::from_pairs(pairs.map(|(key, value)| (key.to_owned(), value)))
            .map_err(|_| evaluation_error("the request"))
    }
}
