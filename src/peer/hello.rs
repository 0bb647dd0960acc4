//! Hello, the first call on every connection. Both sides exchange what they can read, their time, and their revocation lists.

use std::sync::Arc;

use super::{ledger, lists};
use crate::{
    domain::{
        edition,
        fault::{Fault, Reason},
        ids::{Sha256, TrustDomain},
        statement::StatementKind,
        time::Time,
    },
    ledger::note::Note,
    node::{
        Node,
        ledger::take::GreetingAnswer,
        revocations::{exchanged::Wanted, passed_on::MAX_PASSED_ON, places::MAX_LISTS},
        task::to_the_end,
    },
    wire::{
        field::{time, timestamp},
        proto,
    },
};

/// The version of the protocol that this program speaks.
const PROTOCOL_VERSION: u32 = 1;
/// The longest name of an edition of roots and lists, in bytes.
const LONGEST_EDITION: usize = 32;
/// The difference between two clocks that is worth a log line, in seconds.
const NOTABLE_SKEW: i64 = 60;

/// What this node says about itself and about both ledgers. With `is_limited`, it says nothing about ledgers. That is for a partner whose
/// revocation list is past its next update.
pub(super) async fn request(node: &Node, partner: &TrustDomain, is_limited: bool) -> proto::HelloRequest {
    let greeting = if is_limited { None } else { greeting(node, partner, None).await };
    told(node, partner, greeting).await
}

/// The same, as an answer to a partner that has just said how much it holds of this node's ledger.
pub(super) async fn response(
    node: &Node,
    partner: &TrustDomain,
    asked: &HelloFollowUp,
    is_limited: bool,
) -> proto::HelloResponse {
    let holds = Some(asked.next.holds.unwrap_or(0));
    let greeting = if is_limited { None } else { greeting(node, partner, holds).await };
    let said = told(node, partner, greeting).await;
    let wanted = asked.wanted.iter().map(|wanted| wanted.list.sha256.0.to_vec().into()).collect();
    node.sessions.of(partner).ask_for(asked.wanted.clone());
    proto::HelloResponse {
        protocol_versions: said.protocol_versions,
        payload_types: said.payload_types,
        now: said.now,
        revocation_lists: said.revocation_lists,
        ledger: said.ledger,
        trust_edition: said.trust_edition,
        wanted_revocation_lists: wanted,
        bundle_sequence: said.bundle_sequence,
        held_bundle_sequence: said.held_bundle_sequence,
        recovered_at: said.recovered_at,
        persons_needed: said.persons_needed,
        held_persons_needed: said.held_persons_needed,
        passed_on_lists: said.passed_on_lists,
        vocabulary_edition: said.vocabulary_edition,
    }
}

async fn greeting(node: &Node, partner: &TrustDomain, holds: Option<u64>) -> Option<proto::LedgerGreeting> {
    let greeting = node.ledger.greeting(partner, holds).await.inspect_err(|fault| {
        tracing::error!(%partner, reason = %fault.reason, "nothing can be said of the ledger");
    });
    greeting.ok().map(ledger::to_proto)
}

async fn told(node: &Node, partner: &TrustDomain, ledger: Option<proto::LedgerGreeting>) -> proto::HelloRequest {
    let passed_on = node.revocations.passed_on_lists(partner).await.inspect_err(|fault| {
        tracing::error!(%partner, reason = %fault.reason, "others' revocation lists can't be passed on");
    });
    proto::HelloRequest {
        protocol_versions: vec![PROTOCOL_VERSION],
        payload_types: payload_types(),
        now: timestamp(node.now()),
        revocation_lists: node.revocations.announced_lists().iter().map(lists::to_proto).collect(),
        ledger,
        trust_edition: node.sessions.edition().to_vec().into(),
        bundle_sequence: node.bundles.own_sequence(),
        held_bundle_sequence: node.bundles.held_sequence(partner),
        recovered_at: node.ledger.recovered_at().and_then(timestamp),
        persons_needed: node.ledger.own_persons_needed(),
        held_persons_needed: node.ledger.held_persons_needed(partner),
        passed_on_lists: passed_on
            .unwrap_or_default()
            .iter()
            .map(|(of, list)| lists::passed_on_to_proto(of, list))
            .collect(),
        vocabulary_edition: edition::NEWEST,
    }
}

/// Reads a response as if it were a request. Also returns the SHA-256 of each list of this node that the partner wants.
pub(super) fn answered(message: proto::HelloResponse) -> (proto::HelloRequest, Vec<Sha256>) {
    let wanted = message
        .wanted_revocation_lists
        .iter()
        .take(MAX_LISTS + MAX_PASSED_ON)
        .filter_map(|id| Sha256::try_from(&id[..]).ok());
    (
        proto::HelloRequest {
            protocol_versions: message.protocol_versions,
            payload_types: message.payload_types,
            now: message.now,
            revocation_lists: message.revocation_lists,
            ledger: message.ledger,
            trust_edition: message.trust_edition,
            bundle_sequence: message.bundle_sequence,
            held_bundle_sequence: message.held_bundle_sequence,
            recovered_at: message.recovered_at,
            persons_needed: message.persons_needed,
            held_persons_needed: message.held_persons_needed,
            passed_on_lists: message.passed_on_lists,
            vocabulary_edition: message.vocabulary_edition,
        },
        wanted.collect(),
    )
}

/// The sizes of two ledgers, as stated in one hello.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    /// How much of the partner's ledger this node holds, as it told the partner.
    pub held: u64,
    /// The size of this node's own ledger.
    pub own: u64,
}

/// The sizes that this node's own message states.
pub(super) fn sizes(said: &proto::HelloRequest) -> Sizes {
    let size = |note: &[u8]| Note::parse(note).map_or(0, |n| n.checkpoint.size);
    let ledger = said.ledger.as_ref();
    Sizes { held: ledger.map_or(0, |l| size(&l.witnessed)), own: ledger.map_or(0, |l| size(&l.note)) }
}

/// What follows from the other side's hello.
pub(super) struct HelloFollowUp {
    /// About ledgers.
    pub next: GreetingAnswer,
    /// Revocation lists that this side wants.
    pub wanted: Vec<Wanted>,
}

fn payload_types() -> Vec<String> {
    StatementKind::ALL.iter().map(|k| k.payload_type().to_owned()).collect()
}

/// Processes what the other side said about itself. `told` is the size of its ledger that this node holds, as the other side knew it when it
/// spoke. With `is_limited`, what it says about ledgers is ignored.
pub(super) async fn take(
    node: &Arc<Node>,
    partner: &TrustDomain,
    said: proto::HelloRequest,
    told: Option<u64>,
    is_limited: bool,
) -> Result<HelloFollowUp, Fault> {
    let proto::HelloRequest {
        protocol_versions,
        payload_types,
        now,
        revocation_lists,
        ledger,
        trust_edition,
        bundle_sequence,
        held_bundle_sequence,
        recovered_at,
        persons_needed,
        held_persons_needed,
        passed_on_lists,
        vocabulary_edition: _,
    } = said;
    if !protocol_versions.contains(&PROTOCOL_VERSION) {
        let what = format!("this node speaks version {PROTOCOL_VERSION} of the protocol only");
        return Err(Fault::at(Reason::UnknownOrNonCanonical, "protocol_versions", what));
    }
    note_clock(node, partner, time("now", now)?).await?;
    // This node does not send kinds that it does not know itself.
    let kinds = payload_types.iter().filter_map(|t| StatementKind::from_payload_type(t)).collect();
    node.sessions.of(partner).set_reads(kinds);
    let announced = revocation_lists.into_iter().take(MAX_LISTS).map(lists::from_proto).collect::<Result<_, _>>()?;
    let own = node.revocations.wanted_lists(partner, announced).into_iter().map(|list| Wanted { list, of: None });
    let passed_on = passed_on_lists.into_iter().take(MAX_PASSED_ON).map(lists::passed_on_from_proto);
    let others = node.revocations.wanted_of_others(partner, passed_on.collect::<Result<_, _>>()?);
    let wanted = own.chain(others).collect();
    if trust_edition.len() > LONGEST_EDITION {
        let what = format!("the edition has at most {LONGEST_EDITION} bytes");
        return Err(Fault::at(Reason::InvalidArgument, "trust_edition", what));
    }
    node.outbox.saw_edition(partner, trust_edition.into()).await?;
    let next = if is_limited { GreetingAnswer::default() } else { hear(node, partner, ledger, told).await };
    node.bundles.named_bundles(partner, bundle_sequence, held_bundle_sequence).await?;
    node.ledger.named_persons_needed(partner, persons_needed, held_persons_needed).await?;
    if recovered_at.is_some() {
        node.ledger.partner_recovered(partner, time("recovered_at", recovered_at)?).await?;
    }
    Ok(HelloFollowUp { next, wanted })
}

/// What a partner says of ledgers. Whatever is wrong with it, or with the disk here, the feed goes on: warnings must flow.
async fn hear(
    node: &Arc<Node>,
    partner: &TrustDomain,
    said: Option<proto::LedgerGreeting>,
    told: Option<u64>,
) -> GreetingAnswer {
    let greeting = said.map(ledger::from_proto).transpose().unwrap_or_else(|fault| {
        if node.sessions.of(partner).allows_a_line(node.now()) {
            tracing::warn!(%partner, reason = %fault.reason, "what the partner says of its ledger can't be read");
        }
        None
    });
    let (node, of) = (node.clone(), partner.clone());
    // To its end, even where the caller goes away: an alarm must not be lost halfway.
    let taken = to_the_end(async move { node.ledger.take_greeting(&of, greeting, told).await }).await;
    taken.unwrap_or_else(|fault| {
        tracing::error!(%partner, reason = %fault.reason, "what the partner says of its ledger could not be taken");
        GreetingAnswer::default()
    })
}

/// Stores how far the partner's clock is ahead. When the two clocks agree again, entries that could not be verified because of a wrong clock are
/// re-evaluated.
async fn note_clock(node: &Arc<Node>, partner: &TrustDomain, theirs: Time) -> Result<(), Fault> {
    let ahead = theirs.seconds_since(node.now());
    let live = node.sessions.of(partner);
    let before = live.inbound().borrow().clock_ahead;
    live.inbound().send_modify(|i| i.clock_ahead = ahead);
    if ahead.abs() >= NOTABLE_SKEW && before.abs() < NOTABLE_SKEW && live.allows_a_line(node.now()) {
        tracing::warn!(
            %partner,
            seconds_ahead = ahead,
            "the partner's clock differs from this node's; statements more than 5 minutes in the future are refused"
        );
    }
    if ahead.abs() < NOTABLE_SKEW && before.abs() >= NOTABLE_SKEW {
        node.inbound.clocks_agree_again(partner).await?;
    }
    Ok(())
}
