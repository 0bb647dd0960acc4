//! The outcome of a statement that was handed over.

use super::proto;
use crate::domain::{
    fault::{Fault, Reason},
    statement::SubmitOutcome,
};

/// Encodes an outcome for the wire.
pub fn to_proto(outcome: &SubmitOutcome) -> proto::StatementOutcome {
    let (result, fault) = match outcome {
        SubmitOutcome::Accepted => (proto::StatementResult::Accepted, None),
        SubmitOutcome::Received => (proto::StatementResult::Received, None),
        SubmitOutcome::NotYet(fault) => (proto::StatementResult::NotYet, Some(fault)),
        SubmitOutcome::Refused(fault) => (proto::StatementResult::Refused, Some(fault)),
    };
    proto::StatementOutcome {
        result: result.into(),
        reason: fault.map(|f| f.reason.to_string()).unwrap_or_default(),
        message: fault.map(Fault::to_string).unwrap_or_default(),
    }
}

/// Decodes an outcome from the wire. An unknown result counts as not yet, so that nothing is dropped because of it. Of the fault only the reason
/// is used, and only if it is one of the stable names, so that no free text of a partner's program gets into the log.
pub fn from_proto(outcome: &proto::StatementOutcome) -> SubmitOutcome {
    let reason = Reason::from_name(&outcome.reason).unwrap_or(Reason::NotYet);
    let fault = Fault::new(reason, "the partner said so");
    match outcome.result() {
        proto::StatementResult::Accepted => SubmitOutcome::Accepted,
        proto::StatementResult::Received => SubmitOutcome::Received,
        proto::StatementResult::Refused => SubmitOutcome::Refused(fault),
        proto::StatementResult::NotYet | proto::StatementResult::Unspecified => SubmitOutcome::NotYet(fault),
    }
}

impl proto::StatementOutcome {
    /// Whether the statement is verified and durable at the receiver.
    pub fn is_accepted(&self) -> bool {
        self.result() == proto::StatementResult::Accepted
    }

    /// Whether the statement was read and the answer says nothing about what became of it. Then there is no reason and no sentence either.
    pub fn is_received(&self) -> bool {
        self.result() == proto::StatementResult::Received && self.reason.is_empty() && self.message.is_empty()
    }

    /// Whether the sender is done with the statement.
    pub fn is_taken(&self) -> bool {
        self.is_accepted() || self.is_received()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_only_received_is_not_accepted_and_says_nothing_more() {
        let (received, accepted) = (to_proto(&SubmitOutcome::Received), to_proto(&SubmitOutcome::Accepted));
        assert_eq!(received.result, 4);
        assert!(received.is_received() && !received.is_accepted() && received.is_taken());
        assert!(accepted.is_accepted() && !accepted.is_received() && accepted.is_taken());
        let refused = to_proto(&SubmitOutcome::Refused(Fault::new(Reason::SignatureInvalid, "x")));
        assert!(!refused.is_taken());
    }

    #[test]
    fn outcomes_read_back_and_an_unknown_one_drops_nothing() {
        let fault = |reason| Fault::new(reason, "the partner said so");
        for outcome in [
            SubmitOutcome::Accepted,
            SubmitOutcome::Received,
            SubmitOutcome::NotYet(fault(Reason::ChainInvalid)),
            SubmitOutcome::Refused(fault(Reason::SignatureInvalid)),
        ] {
            assert_eq!(from_proto(&to_proto(&outcome)), outcome);
        }
        let unknown = proto::StatementOutcome { result: 9, reason: "FREE text".into(), message: "x".into() };
        assert_eq!(from_proto(&unknown), SubmitOutcome::NotYet(fault(Reason::NotYet)));
    }
}
