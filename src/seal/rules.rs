//! Who may sign what (01-protocol §2).

use super::verify::StatementRule;
use crate::{
    domain::{
        agreement::{Agreement, AgreementNotice},
        approval::Approval,
        assessment::Manifest,
        bundle::Bundle,
        endorsement::Endorsement,
        ids::Role,
        introduction::Introduction,
        ledger::{LedgerKey, of_origin},
        logged::Logged,
        partner::Invitation,
        recall::Recall,
        receipt::Receipt,
        release::{Release, Void},
        request::{Answer, Exception, Request},
        statement::StatementKind,
    },
    wire,
};

/// A manifest is signed by persons, or a program, of its originator.
pub const MANIFEST: StatementRule<Manifest> = StatementRule {
    kind: StatementKind::Manifest,
    roles: &[Role::Analyst, Role::Officer, Role::Service],
    decode: wire::manifest::decode,
    may_speak: |manifest, domain| manifest.originator == *domain,
    made_at: |manifest| Some(manifest.issued),
};

/// A release is signed by a node. The receiver compares whose feed it is in.
pub const RELEASE: StatementRule<Release> = StatementRule {
    kind: StatementKind::Release,
    roles: &[Role::Node],
    decode: wire::release::decode,
    may_speak: |release, domain| release.recipient != *domain,
    made_at: |release| Some(release.released_at),
};

/// A void is signed by a node.
pub const VOID: StatementRule<Void> = StatementRule {
    kind: StatementKind::Void,
    roles: &[Role::Node],
    decode: wire::release::decode_void,
    may_speak: |void, domain| void.recipient != *domain,
    made_at: |void| Some(void.voided_at),
};

/// An agreement is signed by the nodes of its two parties.
pub const AGREEMENT: StatementRule<Agreement> = StatementRule {
    kind: StatementKind::Agreement,
    roles: &[Role::Node],
    decode: wire::agreement::decode,
    may_speak: |agreement, domain| agreement.parties.contains(domain),
    made_at: |_| None,
};

/// A notice is signed by the node of a party. The receiver compares whose agreement it names. Its time only orders the notices of one side. A
/// notice whose time is in the future counts at once, because otherwise a stop would be delayed by a wrong clock.
pub const NOTICE: StatementRule<AgreementNotice> = StatementRule {
    kind: StatementKind::Notice,
    roles: &[Role::Node],
    decode: wire::notice::decode,
    may_speak: |_, _| true,
    made_at: |_| None,
};

/// A receipt is signed by the recipient's node.
pub const RECEIPT: StatementRule<Receipt> = StatementRule {
    kind: StatementKind::Receipt,
    roles: &[Role::Node],
    decode: wire::receipt::decode,
    may_speak: |receipt, domain| receipt.sender != *domain,
    made_at: |receipt| Some(receipt.at),
};

/// An invitation is signed by a node of the organisation that it is about.
pub const INVITATION: StatementRule<Invitation> = StatementRule {
    kind: StatementKind::Invitation,
    roles: &[Role::Node],
    decode: wire::invitation::decode,
    may_speak: |invitation, domain| invitation.organisation.domain == *domain,
    made_at: |invitation| Some(invitation.issued),
};

/// A bundle is signed by administrators of the organisation whose roots it names. The receiver checks that they are two, and that the roots
/// before prove them.
pub const BUNDLE: StatementRule<Bundle> = StatementRule {
    kind: StatementKind::Bundle,
    roles: &[Role::Admin],
    decode: wire::bundle::decode,
    may_speak: |bundle, domain| bundle.domain == *domain,
    made_at: |bundle| Some(bundle.issued),
};

/// An introduction is signed by administrators of the introducing organisation. The receiver checks that they are two.
pub const INTRODUCTION: StatementRule<Introduction> = StatementRule {
    kind: StatementKind::Introduction,
    roles: &[Role::Admin],
    decode: wire::introduction::decode,
    may_speak: |introduction, domain| introduction.introducer == *domain,
    made_at: |introduction| Some(introduction.issued),
};

/// An approval is signed by a person of the organisation that it is about. The node checks that this person may decide on the matter.
pub const APPROVAL: StatementRule<Approval> = StatementRule {
    kind: StatementKind::Approval,
    roles: &[Role::Admin, Role::Officer],
    decode: wire::approval::decode,
    may_speak: |approval, domain| approval.domain == *domain,
    made_at: |approval| Some(approval.issued),
};

/// A ledger's key is signed by the node of the organisation whose ledger it is.
pub const LEDGER_KEY: StatementRule<LedgerKey> = StatementRule {
    kind: StatementKind::LedgerKey,
    roles: &[Role::Node],
    decode: wire::ledger::decode_key,
    may_speak: |key, domain| of_origin(&key.origin).is_some_and(|(of, _)| of == *domain),
    made_at: |key| Some(key.created),
};

/// An endorsement is signed by persons, or a program, of the endorsing organisation.
pub const ENDORSEMENT: StatementRule<Endorsement> = StatementRule {
    kind: StatementKind::Endorsement,
    roles: &[Role::Analyst, Role::Officer, Role::Service],
    decode: wire::endorsement::decode,
    may_speak: |endorsement, domain| endorsement.endorser == *domain,
    made_at: |endorsement| Some(endorsement.endorsed_at),
};

/// A request is signed by the node of the organisation that asks.
pub const REQUEST: StatementRule<Request> = StatementRule {
    kind: StatementKind::Request,
    roles: &[Role::Node],
    decode: wire::request::decode,
    may_speak: |request, domain| request.addressee != *domain,
    made_at: |request| Some(request.requested_at),
};

/// An answer is signed by a node. The receiver compares whose request it answers.
pub const ANSWER: StatementRule<Answer> = StatementRule {
    kind: StatementKind::Answer,
    roles: &[Role::Node],
    decode: wire::request::decode_answer,
    may_speak: |_, _| true,
    made_at: |answer| Some(answer.answered_at),
};

/// An exception is signed by an officer of the giving organisation, and by nobody else.
pub const EXCEPTION: StatementRule<Exception> = StatementRule {
    kind: StatementKind::Exception,
    roles: &[Role::Officer],
    decode: wire::request::decode_exception,
    may_speak: |exception, domain| exception.giver == *domain,
    made_at: |exception| Some(exception.from),
};

/// A recall is signed by officers of the assessment's originator, and by nobody else.
pub const RECALL: StatementRule<Recall> = StatementRule {
    kind: StatementKind::Recall,
    roles: &[Role::Officer],
    decode: wire::recall::decode,
    may_speak: |recall, domain| recall.originator == *domain,
    made_at: |recall| Some(recall.recalled_at),
};

/// A statement of when another statement was first logged. It is signed by a node. The receiver checks that the node's organisation signed that
/// other statement.
pub const LOGGED: StatementRule<Logged> = StatementRule {
    kind: StatementKind::Logged,
    roles: &[Role::Node],
    decode: wire::logged::decode,
    may_speak: |_, _| true,
    made_at: |logged| Some(logged.at),
};
