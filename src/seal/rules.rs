//! Who may sign what (01-protocol §2).

use super::verify::Rule;
use crate::{
    domain::{
        agreement::{Agreement, Notice},
        assessment::Manifest,
        ids::Role,
        partner::Invitation,
        recall::Recall,
        receipt::Receipt,
        release::{Release, Void},
        statement::StatementKind,
    },
    wire,
};

/// A manifest: by persons, or a program, of its originator.
pub const MANIFEST: Rule<Manifest> = Rule {
    kind: StatementKind::Manifest,
    roles: &[Role::Analyst, Role::Officer, Role::Service],
    decode: wire::manifest::decode,
    may_speak: |manifest, domain| manifest.originator == *domain,
    made_at: |manifest| Some(manifest.issued),
};

/// A release: by a node. Whose feed it stands in is for the receiver to compare.
pub const RELEASE: Rule<Release> = Rule {
    kind: StatementKind::Release,
    roles: &[Role::Node],
    decode: wire::release::decode,
    may_speak: |release, domain| release.recipient != *domain,
    made_at: |release| Some(release.released_at),
};

/// A void: by a node.
pub const VOID: Rule<Void> = Rule {
    kind: StatementKind::Void,
    roles: &[Role::Node],
    decode: wire::release::decode_void,
    may_speak: |void, domain| void.recipient != *domain,
    made_at: |void| Some(void.voided_at),
};

/// An agreement: by the nodes of its two parties.
pub const AGREEMENT: Rule<Agreement> = Rule {
    kind: StatementKind::Agreement,
    roles: &[Role::Node],
    decode: wire::agreement::decode,
    may_speak: |agreement, domain| agreement.parties.contains(domain),
    made_at: |_| None,
};

/// A notice: by the node of a party. Whose agreement it names is for the receiver to compare.
pub const NOTICE: Rule<Notice> = Rule {
    kind: StatementKind::Notice,
    roles: &[Role::Node],
    decode: wire::notice::decode,
    may_speak: |_, _| true,
    made_at: |notice| Some(notice.at),
};

/// A receipt: by the recipient's node.
pub const RECEIPT: Rule<Receipt> = Rule {
    kind: StatementKind::Receipt,
    roles: &[Role::Node],
    decode: wire::receipt::decode,
    may_speak: |receipt, domain| receipt.sender != *domain,
    made_at: |receipt| Some(receipt.at),
};

/// An invitation: by a node of the organisation that it is about.
pub const INVITATION: Rule<Invitation> = Rule {
    kind: StatementKind::Invitation,
    roles: &[Role::Node],
    decode: wire::invitation::decode,
    may_speak: |invitation, domain| invitation.organisation.domain == *domain,
    made_at: |invitation| Some(invitation.issued),
};

/// A recall: by an officer or the node of the assessment's originator.
pub const RECALL: Rule<Recall> = Rule {
    kind: StatementKind::Recall,
    roles: &[Role::Officer, Role::Node],
    decode: wire::recall::decode,
    may_speak: |recall, domain| recall.originator == *domain,
    made_at: |recall| Some(recall.recalled_at),
};
