//! Statements: whatever is read is the one encoding of what it means, of every kind and in the envelope.

use watchfire::{
    domain::{
        fault::{Fault, Reason},
        release::Release,
        statement::{Envelope, StatementKind},
    },
    wire,
};

/// The first byte says as what the rest is read: an envelope, or the payload of a kind.
pub fn check(data: &[u8]) {
    let Some((selector, bytes)) = data.split_first() else { return };
    let kinds = StatementKind::ALL;
    match usize::from(*selector) % (kinds.len() + 1) {
        0 => envelope(bytes),
        n => payload(kinds[n - 1], bytes),
    }
}

/// An envelope, and what is in it.
fn envelope(bytes: &[u8]) {
    let read = refused_by_name(wire::envelope::decode(bytes), bytes, wire::envelope::encode);
    let draft = refused_by_name(wire::envelope::decode_draft(bytes), bytes, wire::envelope::encode);
    if let Some(envelope) = &read {
        assert!((1..=4).contains(&envelope.signatures.len()), "a statement has 1 to 4 signatures");
        assert_eq!(draft.as_ref(), Some(envelope), "what may be signed may be a draft");
    }
    if let Some(Envelope { kind, payload: inner, logged, path, .. }) = draft {
        payload(kind, &inner);
        assert!(logged.len() <= 2 && (kind != StatementKind::Logged || logged.is_empty()));
        for told in &logged {
            assert!(told.kind == StatementKind::Logged && told.logged.is_empty() && !told.signatures.is_empty());
            payload(told.kind, &told.payload);
        }
        assert!(path.is_empty() || (kind == StatementKind::Receipt && (2..=9).contains(&path.len())));
        for hop in &path {
            assert!(hop.kind == StatementKind::Release && hop.logged.is_empty() && hop.path.is_empty());
            assert!(!hop.signatures.is_empty(), "a release on a path is signed");
            payload(hop.kind, &hop.payload);
        }
    }
}

/// The content of a payload without who speaks, which the codecs leave out; nothing where what it says of that is refused.
fn content(payload: &[u8]) -> Option<&[u8]> {
    match wire::speaker::decode(payload) {
        Ok(speaker) => payload.strip_suffix(&wire::speaker::spoken_by(&speaker, vec![])[..]),
        Err(fault) => {
            (fault.field.as_deref() == Some("speaker") && fault.message == "the field is missing").then_some(payload)
        }
    }
}

/// A payload as a statement of that kind.
pub(crate) fn payload(kind: StatementKind, bytes: &[u8]) {
    match kind {
        StatementKind::Agreement => said(kind, bytes),
        _ => content(bytes).into_iter().for_each(|content| said(kind, content)),
    }
}

/// What a statement of that kind says.
fn said(kind: StatementKind, bytes: &[u8]) {
    use wire::{agreement, approval, endorsement, ledger, logged, manifest, notice, recall, receipt, release, request};
    match kind {
        StatementKind::Manifest => {
            if let Some(m) = refused_by_name(manifest::decode(bytes), bytes, manifest::encode) {
                assert!(m.digests.len() % 16 == 0 && (16..=1024).contains(&m.digests.len()));
                assert!(m.digests.windows(2).all(|pair| pair[0] < pair[1]), "digests ascend, none twice");
                assert_eq!(m.version == 1, m.previous.is_none());
                assert!(m.version > 0 && m.issued < m.expires);
            }
        }
        StatementKind::Agreement => {
            if let Some(a) = refused_by_name(agreement::decode(bytes), bytes, agreement::encode) {
                super::agreement_text::written(&a);
            }
        }
        StatementKind::Notice => drop(refused_by_name(notice::decode(bytes), bytes, notice::encode)),
        StatementKind::Release => {
            if let Some(r) = refused_by_name(release::decode(bytes), bytes, release::encode) {
                keeps_the_rules(&r);
            }
        }
        StatementKind::Void => {
            if let Some(v) = refused_by_name(release::decode_void(bytes), bytes, release::encode_void) {
                assert_eq!(v.position.sequence == 1, v.position.previous.is_none(), "the chain has one beginning");
            }
        }
        StatementKind::Receipt => {
            if let Some(r) = refused_by_name(receipt::decode(bytes), bytes, receipt::encode) {
                assert!(!r.releases.is_empty() || r.recall.is_some(), "a receipt is about something");
            }
        }
        StatementKind::Invitation | StatementKind::Introduction | StatementKind::Bundle => of_trust(kind, bytes),
        StatementKind::Logged => {
            if let Some(l) = refused_by_name(logged::decode(bytes), bytes, logged::encode) {
                assert_eq!(l.at.parts().1, 0, "times are whole seconds");
            }
        }
        StatementKind::Approval => drop(refused_by_name(approval::decode(bytes), bytes, approval::encode)),
        StatementKind::LedgerKey => drop(refused_by_name(ledger::decode_key(bytes), bytes, ledger::encode_key)),
        StatementKind::Endorsement => {
            drop(refused_by_name(endorsement::decode(bytes), bytes, endorsement::encode));
        }
        StatementKind::Request => drop(refused_by_name(request::decode(bytes), bytes, request::encode)),
        StatementKind::Answer => {
            drop(refused_by_name(request::decode_answer(bytes), bytes, request::encode_answer));
        }
        StatementKind::Exception => {
            let read = refused_by_name(request::decode_exception(bytes), bytes, request::encode_exception);
            if let Some(e) = read {
                assert!(e.from < e.until && !e.digests.is_empty(), "an exception is of something, for a time");
            }
        }
        StatementKind::Recall => drop(refused_by_name(recall::decode(bytes), bytes, recall::encode)),
    }
}

/// A payload as a statement by which organisations know each other.
fn of_trust(kind: StatementKind, bytes: &[u8]) {
    use wire::{bundle, introduction, invitation};
    match kind {
        StatementKind::Invitation => {
            if let Some(i) = refused_by_name(invitation::decode(bytes), bytes, invitation::encode) {
                assert!((1..=8).contains(&i.roots.len()) && i.sequence > 0);
                assert!(i.lists.len() <= 24);
            }
        }
        StatementKind::Introduction => {
            let written = |i: &_| introduction::encode(i).expect("what was read can be written");
            drop(refused_by_name(introduction::decode(bytes), bytes, written));
        }
        StatementKind::Bundle => {
            if let Some(b) = refused_by_name(bundle::decode(bytes), bytes, bundle::encode) {
                assert!((1..=8).contains(&b.roots.len()) && b.sequence > 1);
                assert!(b.compromised.windows(2).all(|pair| pair[0].root < pair[1].root), "digests ascend, none twice");
            }
        }
        _ => {}
    }
}

fn keeps_the_rules(r: &Release) {
    assert!(!r.grants.is_empty(), "a release names what allows it");
    assert_eq!(r.position.sequence == 1, r.position.previous.is_none(), "the chain has one beginning");
    assert!(r.position.sequence > 0, "numbers are counted from 1");
    let listed = r.endorsements.iter().chain(&r.exceptions).map(|l| l.logged_at);
    assert!(listed.chain([r.logged_at]).all(|t| t.parts().1 == 0), "times are whole seconds");
}

/// What was read, which writes back as the same bytes; or nothing, where it was refused for a reason that the protocol has for it.
pub(crate) fn refused_by_name<T>(read: Result<T, Fault>, bytes: &[u8], encode: impl Fn(&T) -> Vec<u8>) -> Option<T> {
    match read {
        Ok(value) => {
            assert_eq!(encode(&value), bytes, "what was read has another encoding");
            Some(value)
        }
        Err(fault) => {
            let named = [Reason::UnknownOrNonCanonical, Reason::StatementTooLarge, Reason::DigestRepeated];
            let is_later =
                fault.reason == Reason::NotYet && fault.field.as_ref().is_some_and(|f| f.ends_with("edition"));
            assert!(is_later || named.contains(&fault.reason), "refused for {}", fault.reason.as_str());
            assert!(!fault.message.is_empty());
            None
        }
    }
}
