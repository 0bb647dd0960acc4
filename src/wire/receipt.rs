//! Receipts.

use prost::Message;

use super::{
    canonical,
    field::{
        bytes_all, bytes_optional, line, number_of, parsed, parsed_optional, refuse, text_of, time, timestamp, word,
    },
    proto,
};
use crate::domain::{
    fault::{Fault, Reason},
    ids::Role,
    receipt::{MAX_NOTE, Receipt, ReceiptKind},
};

/// The most releases in one receipt.
pub const MAX_RECEIPT: usize = 4096;

/// Decodes a statement's payload. Whether the reasons are stable names is for the caller to check.
///
/// # Errors
/// `UNKNOWN_OR_NON_CANONICAL`, `STATEMENT_TOO_LARGE`, with the field's path.
pub fn decode(payload: &[u8]) -> Result<Receipt, Fault> {
    let proto::Receipt { sender, kind, release_ids, at, reason, role, recall_id, path_hash, mandate, speaker: _ } =
        canonical::decode(payload)?;
    if release_ids.len() > MAX_RECEIPT {
        return Err(Fault::at(
            Reason::StatementTooLarge,
            "release_ids",
            format!("a receipt names 1 to {MAX_RECEIPT} releases"),
        ));
    }
    let receipt = Receipt {
        sender: parsed("sender", &sender)?,
        kind: word("kind", ReceiptKind::ALL, kind)?,
        releases: bytes_all("release_ids", &release_ids)?,
        at: time("at", at)?,
        reason: if reason.is_empty() { None } else { Some(line("reason", reason)?) },
        role: parsed_optional("role", &role)?,
        recall: bytes_optional("recall_id", &recall_id)?,
        path: bytes_optional("path_hash", &path_hash)?,
        mandate: parsed_optional("mandate", &mandate)?,
    };
    check(&receipt)?;
    Ok(receipt)
}

/// Checks the rules between the fields.
fn check(receipt: &Receipt) -> Result<(), Fault> {
    let Receipt { kind, releases, reason, role, recall, path, mandate, .. } = receipt;
    let answers_recall = match kind {
        ReceiptKind::Withdrawn | ReceiptKind::Purged => true,
        ReceiptKind::Declined => recall.is_some(),
        _ => false,
    };
    if recall.is_some() != answers_recall {
        return Err(refuse("recall_id", "exactly the receipts `withdrawn` and `purged` name the recall"));
    }
    let mut each = releases.clone();
    each.sort_unstable();
    if each.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err(refuse("release_ids", "a receipt must name each release once"));
    }
    if releases.is_empty() && !answers_recall {
        return Err(Fault::at(
            Reason::StatementTooLarge,
            "release_ids",
            format!("a receipt names 1 to {MAX_RECEIPT} releases"),
        ));
    }
    let is_of_a_reader = |role: &Role| matches!(role, Role::Analyst | Role::Officer | Role::Service);
    if role.is_some() != kind.acknowledges() || !role.iter().all(is_of_a_reader) {
        return Err(refuse("role", "exactly the receipts for a reading or an answer name the reader's role"));
    }
    if mandate.is_some() && !kind.acknowledges() {
        return Err(refuse("mandate", "only a receipt for a reading or an answer may name a mandate"));
    }
    if path.is_some() && releases.len() != 1 {
        return Err(refuse(
            "path_hash",
            "a receipt that names a path must be about the last release of that path alone",
        ));
    }
    if kind.acknowledges() && reason.as_ref().is_some_and(|r| r.len() > MAX_NOTE) {
        return Err(Fault::at(
            Reason::StatementTooLarge,
            "reason",
            format!("a reason is one line of at most {MAX_NOTE} bytes"),
        ));
    }
    Ok(())
}

/// Encodes a payload for signing.
pub fn encode(receipt: &Receipt) -> Vec<u8> {
    let Receipt { sender, kind, releases, at, reason, role, recall, path, mandate } = receipt;
    proto::Receipt {
        speaker: None,
        sender: sender.to_string(),
        kind: number_of(ReceiptKind::ALL, kind),
        release_ids: releases.iter().map(|r| r.0.to_vec().into()).collect(),
        at: timestamp(*at),
        reason: reason.clone().unwrap_or_default(),
        role: text_of(role.as_ref()),
        recall_id: recall.map(|r| r.0.to_vec()).unwrap_or_default().into(),
        path_hash: path.map(|p| p.0.to_vec()).unwrap_or_default().into(),
        mandate: text_of(mandate.as_ref()),
    }
    .encode_to_vec()
}
