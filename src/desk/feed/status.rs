//! Where a feed stands, as a message.

use crate::{
    node::monitor::status::FeedStatus,
    store::receipts::{AnswerRecord, OverdueRecord},
    wire::{field::timestamp, proto},
};

/// Where one feed stands.
pub(in crate::desk) fn view(status: &FeedStatus) -> proto::FeedStatus {
    proto::FeedStatus {
        partner: status.partner.to_string(),
        outgoing: status.outgoing,
        last_sequence: status.last_sequence,
        acknowledged: status.acknowledged,
        queued: status.queued,
        live: status.live,
        overdue: status.overdue,
        last_at: status.last_at.and_then(timestamp),
        problem: status.problem.clone().unwrap_or_default(),
        clock_ahead_seconds: status.clock_ahead,
        quarantined_there: status.quarantined_there,
        quarantined_newest: status.quarantined_newest.iter().map(quarantined_there).collect(),
        open_requests: status.open_requests,
        overdue_oldest: status.overdue_oldest.iter().map(overdue).collect(),
    }
}

fn overdue(duty: &OverdueRecord) -> proto::OverdueDuty {
    proto::OverdueDuty {
        assessment_id: duty.assessment.0.0.to_vec().into(),
        version: duty.assessment.1,
        due: timestamp(duty.due_at),
    }
}

fn quarantined_there(answer: &AnswerRecord) -> proto::QuarantinedThere {
    proto::QuarantinedThere {
        sequence: answer.sequence,
        assessment_id: answer.assessment.0.0.to_vec().into(),
        version: answer.assessment.1,
        reason: answer.reason.clone().unwrap_or_default(),
        at: timestamp(answer.at),
    }
}
