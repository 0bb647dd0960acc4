//! The ledger, as messages.

use std::sync::Arc;

use tokio::sync::mpsc;
use tonic::Status;

use super::{
    argument::{approval, optional_domain, told},
    feed::tell,
};
use crate::{
    domain::{
        actor::Actor,
        event::Deed,
        fault::{Fault, Reason},
        ids::StatementId,
        time::Time,
    },
    node::{
        Node,
        ledger::{Alarm, HeadView, Listed, NoteKnown, Settlement, Step, WitnessView},
        to_the_end,
    },
    store::AgreementRecord,
    wire::{
        field::{text_of, timestamp},
        proto,
    },
};

/// How many entries are listed where nothing else is said, and at most.
const LISTED: u32 = 100;
const MOST_LISTED: u32 = 100_000;

type Out<T> = mpsc::Sender<Result<T, Status>>;

pub(super) fn head(view: &HeadView) -> proto::GetLedgerHeadResponse {
    let checkpoint = &view.note.checkpoint;
    proto::GetLedgerHeadResponse {
        note: view.note.to_string(),
        origin: checkpoint.origin.clone(),
        size: checkpoint.size,
        root: checkpoint.root.to_vec().into(),
        entries: view.entries,
        key: view.key.to_string(),
        witnesses: view.witnesses.iter().map(witness).collect(),
        behind: if view.is_behind { Reason::BehindWitnesses.to_string() } else { String::new() },
    }
}

fn witness(view: &WitnessView) -> proto::LedgerWitness {
    let at = |seconds: u64| Time::from_parts(i64::try_from(seconds).ok()?, 0).and_then(timestamp);
    proto::LedgerWitness {
        partner: view.partner.to_string(),
        cosigned_size: view.cosigned.map_or(0, |(size, _)| size),
        cosigned_at: view.cosigned.and_then(|(_, seconds)| at(seconds)),
        held_size: view.held,
        key: text_of(view.key.as_ref()),
    }
}

pub(super) async fn list(
    node: Arc<Node>,
    actor: Actor,
    request: proto::ListLedgerRequest,
    to: Out<proto::ListLedgerResponse>,
) -> Result<(), Fault> {
    let proto::ListLedgerRequest { from, about, limit, padding } = request;
    let limit = if limit == 0 { LISTED } else { limit.min(MOST_LISTED) };
    let wanted = Listed { from, about, limit: usize::try_from(limit).unwrap_or(usize::MAX), padding };
    for found in node.list_ledger(&actor.authorize()?, &wanted).await? {
        let (index, leaf, event) = (found.index, found.leaf.to_vec().into(), found.event);
        tell(&to, proto::ListLedgerResponse { index, leaf, event }).await?;
    }
    Ok(())
}

pub(super) async fn verify(node: Arc<Node>, actor: Actor, to: Out<proto::VerifyLedgerResponse>) -> Result<(), Fault> {
    let (sender, mut receiver) = mpsc::channel(8);
    let forward = async {
        while let Some(step) = receiver.recv().await {
            tell(&to, verified(step)).await?;
        }
        Ok(())
    };
    let auditor = actor.authorize()?;
    tokio::try_join!(node.verify_ledger(&auditor, sender), forward).map(|_| ())
}

fn verified(step: Step) -> proto::VerifyLedgerResponse {
    match step {
        Step::At(size) => proto::VerifyLedgerResponse { size, ..proto::VerifyLedgerResponse::default() },
        Step::Done(check) => proto::VerifyLedgerResponse {
            size: check.size,
            done: true,
            root: check.root.to_vec().into(),
            fault_index: check.fault.as_ref().and_then(|f| f.index),
            fault: check.fault.map(|f| f.what).unwrap_or_default(),
        },
    }
}

pub(super) async fn export(node: Arc<Node>, actor: Actor, to: Out<proto::ExportLedgerResponse>) -> Result<(), Fault> {
    let (sender, mut receiver) = mpsc::channel::<Vec<u8>>(4);
    let forward = async {
        while let Some(data) = receiver.recv().await {
            tell(&to, proto::ExportLedgerResponse { data: data.into() }).await?;
        }
        Ok(())
    };
    let auditor = actor.authorize()?;
    tokio::try_join!(node.export_ledger(&auditor, sender), forward).map(|_| ())
}

pub(super) fn known(known: &NoteKnown) -> proto::CheckLedgerNoteResponse {
    proto::CheckLedgerNoteResponse {
        organisation: text_of(known.organisation.as_ref()),
        is_key_known: known.is_key_known,
        is_head_known: known.is_head_known,
        is_forked: known.is_forked,
    }
}

pub(super) async fn rotate_key(node: Arc<Node>, actor: Actor) -> Result<proto::RotateLedgerKeyResponse, Fault> {
    let origin = to_the_end(async move { node.rotate_ledger_key(&actor.authorize()?).await }).await?;
    Ok(proto::RotateLedgerKeyResponse { origin })
}

pub(super) fn alarms(node: &Node, all: Vec<Alarm>) -> proto::ListLedgerAlarmsResponse {
    let one = |alarm: Alarm| {
        let open = node.is_open(&alarm);
        let Alarm { partner, kind, what, at, evidence } = alarm;
        let (partner, kind) = (partner.to_string(), kind.to_string());
        proto::LedgerAlarm { partner, kind, message: what, at: timestamp(at), evidence, open }
    };
    proto::ListLedgerAlarmsResponse { alarms: all.into_iter().map(one).collect() }
}

pub(super) fn settled(settlement: Settlement) -> proto::SettleLedgerResponse {
    let Settlement { settled, approvals, needed, origin } = settlement;
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    proto::SettleLedgerResponse { settled, approvals: count(approvals), needed: count(needed), origin }
}

/// One agreement, taken out; that goes on record.
pub(super) async fn agreement(node: &Node, actor: &Actor, id: &StatementId) -> Result<AgreementRecord, Fault> {
    let found = node.agreements().await?.into_iter().find(|a| a.id == *id);
    let record = found.ok_or_else(|| Fault::new(Reason::NotFound, format!("there is no agreement `{id}`")))?;
    node.took_out(actor, Deed::AgreementExported { agreement: *id }).await?;
    Ok(record)
}

/// Begins a lost ledger anew.
pub(super) async fn settle(
    node: Arc<Node>,
    actor: Actor,
    request: proto::SettleLedgerRequest,
) -> Result<Settlement, Fault> {
    let reason = told("reason", request.reason)?;
    let approved = approval(request.approval)?;
    to_the_end(async move { node.settle_ledger(&actor.authorize()?, &reason, &approved).await }).await
}

/// Proves an entry.
pub(super) async fn prove(
    node: &Node,
    actor: &Actor,
    request: proto::ProveLedgerEventRequest,
) -> Result<String, Fault> {
    let proto::ProveLedgerEventRequest { event, partner } = request;
    let partner = optional_domain("partner", &partner)?;
    node.prove(&actor.authorize()?, &event, partner.as_ref()).await
}
