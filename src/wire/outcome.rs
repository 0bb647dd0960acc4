//! What became of a statement that was handed over.

use super::proto;
use crate::domain::{
    fault::{Fault, Reason},
    statement::Outcome,
};

/// For the wire.
pub fn to_proto(outcome: &Outcome) -> proto::StatementOutcome {
    let (result, fault) = match outcome {
        Outcome::Accepted => (proto::StatementResult::Accepted, None),
        Outcome::Received => (proto::StatementResult::Received, None),
        Outcome::NotYet(fault) => (proto::StatementResult::NotYet, Some(fault)),
        Outcome::Refused(fault) => (proto::StatementResult::Refused, Some(fault)),
    };
    proto::StatementOutcome {
        result: result.into(),
        reason: fault.map(|f| f.reason.to_string()).unwrap_or_default(),
        message: fault.map(Fault::to_string).unwrap_or_default(),
    }
}

/// From the wire. A result that is not known here counts as not yet: nothing is dropped for it. Only the reason is taken
/// over, and that only where it is one of the stable names: no free text of a partner's program stands in logs.
pub fn from_proto(outcome: &proto::StatementOutcome) -> Outcome {
    let reason = Reason::from_name(&outcome.reason).unwrap_or(Reason::NotYet);
    let fault = Fault::new(reason, "the partner said so");
    match outcome.result() {
        proto::StatementResult::Accepted => Outcome::Accepted,
        proto::StatementResult::Received => Outcome::Received,
        proto::StatementResult::Refused => Outcome::Refused(fault),
        proto::StatementResult::NotYet | proto::StatementResult::Unspecified => Outcome::NotYet(fault),
    }
}

impl proto::StatementOutcome {
    /// Whether the statement is verified and durable there.
    pub fn is_accepted(&self) -> bool {
        self.result() == proto::StatementResult::Accepted
    }

    /// Whether it was read, and nothing is said of what became of it: no reason and no sentence either.
    pub fn is_received(&self) -> bool {
        self.result() == proto::StatementResult::Received && self.reason.is_empty() && self.message.is_empty()
    }

    /// Whether its sender is done with it.
    pub fn is_taken(&self) -> bool {
        self.is_accepted() || self.is_received()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_only_received_is_not_accepted_and_says_nothing_more() {
        let (received, accepted) = (to_proto(&Outcome::Received), to_proto(&Outcome::Accepted));
        assert_eq!(received.result, 4);
        assert!(received.is_received() && !received.is_accepted() && received.is_taken());
        assert!(accepted.is_accepted() && !accepted.is_received() && accepted.is_taken());
        let refused = to_proto(&Outcome::Refused(Fault::new(Reason::SignatureInvalid, "x")));
        assert!(!refused.is_taken());
    }

    #[test]
    fn outcomes_read_back_and_an_unknown_one_drops_nothing() {
        let fault = |reason| Fault::new(reason, "the partner said so");
        for outcome in [
            Outcome::Accepted,
            Outcome::Received,
            Outcome::NotYet(fault(Reason::ChainInvalid)),
            Outcome::Refused(fault(Reason::SignatureInvalid)),
        ] {
            assert_eq!(from_proto(&to_proto(&outcome)), outcome);
        }
        let unknown = proto::StatementOutcome { result: 9, reason: "FREE text".into(), message: "x".into() };
        assert_eq!(from_proto(&unknown), Outcome::NotYet(fault(Reason::NotYet)));
    }
}
