//! The ledger: the service, and the forms in which it shows the ledger.

use std::{cmp::Reverse, sync::Arc};

use tokio::sync::mpsc;
use tonic::{Request, Response};

use super::{
    argument::{self, approval, optional_line},
    call::{Desk, Reply, answer, authorize, count},
    page::RequestedPage,
    stream::{ResponseStream, Sender, response_stream, send},
};
use crate::{
    domain::{
        actor::{Audit, Authorized},
        fault::{Fault, Reason},
        time::Time,
    },
    node::{
        Node,
        alarms::Alarm,
        ledger::{
            audit::{HeadView, LedgerLine, LedgerPage, WitnessView},
            prove::{NoteKnown, VerifyProgress},
            settle::Settlement,
        },
        task::to_the_end,
    },
    wire::{
        envelope,
        field::{text_of, timestamp},
        proto::{self, ledger_service_server::LedgerService},
    },
};

#[tonic::async_trait]
impl LedgerService for Desk {
    async fn get_ledger_head(
        &self,
        request: Request<proto::GetLedgerHeadRequest>,
    ) -> Reply<proto::GetLedgerHeadResponse> {
        let (actor, _) = authorize(request)?;
        answer(async { Ok(head(&self.node.ledger.ledger_head(&actor).await?)) }).await
    }

    async fn list_ledger(&self, request: Request<proto::ListLedgerRequest>) -> Reply<proto::ListLedgerResponse> {
        let (actor, mut message) = authorize(request)?;
        answer(async {
            // The key is the index, so a page ends with the entry before the next one.
            let page = RequestedPage::<u64>::of(self, &mut message)?;
            let proto::ListLedgerRequest { from, about, padding, newest, .. } = message;
            let (mut before, mut from) = (0, page.after.map_or(from, |after| after.saturating_add(1)));
            if newest > 0 && page.after.is_none() {
                let limit = usize::try_from(newest).unwrap_or(usize::MAX);
                let wanted = LedgerLine { from: 0, about: about.clone(), limit, padding };
                before = self.node.ledger.first_of_newest(&actor, &wanted).await?;
                from = before;
            }
            // One more than the page holds, so that there is a next page only if it has entries.
            let wanted = LedgerLine { from, about, limit: page.size.saturating_add(1), padding };
            let found = self.node.ledger.list_ledger(&actor, &wanted).await?;
            let (entries, next_page_token) = page.cut(found, |entry| entry.index, entry);
            Ok(proto::ListLedgerResponse { entries, next_page_token, before })
        })
        .await
    }

    type VerifyLedgerStream = ResponseStream<proto::VerifyLedgerResponse>;

    async fn verify_ledger(&self, request: Request<proto::VerifyLedgerRequest>) -> Reply<Self::VerifyLedgerStream> {
        let (actor, _) = authorize(request)?;
        let node = self.node.clone();
        Ok(Response::new(response_stream(move |to| verify(node, actor, to))))
    }

    async fn prove_ledger_event(
        &self,
        request: Request<proto::ProveLedgerEventRequest>,
    ) -> Reply<proto::ProveLedgerEventResponse> {
        let (actor, proto::ProveLedgerEventRequest { event, partner }) = authorize(request)?;
        answer(async {
            let partner = argument::optional_domain("partner", &partner)?;
            let proof = self.node.ledger.prove(&actor, &event, partner.as_ref()).await?;
            Ok(proto::ProveLedgerEventResponse { proof })
        })
        .await
    }

    async fn check_ledger_note(
        &self,
        request: Request<proto::CheckLedgerNoteRequest>,
    ) -> Reply<proto::CheckLedgerNoteResponse> {
        let proto::CheckLedgerNoteRequest { note, key } = request.into_inner();
        answer(async { Ok(known(&self.node.ledger.known_note(&note, &key).await?)) }).await
    }

    type ExportLedgerStream = ResponseStream<proto::ExportLedgerResponse>;

    async fn export_ledger(&self, request: Request<proto::ExportLedgerRequest>) -> Reply<Self::ExportLedgerStream> {
        let (actor, _) = authorize(request)?;
        let node = self.node.clone();
        Ok(Response::new(response_stream(move |to| export(node, actor, to))))
    }

    async fn list_ledger_alarms(
        &self,
        request: Request<proto::ListLedgerAlarmsRequest>,
    ) -> Reply<proto::ListLedgerAlarmsResponse> {
        answer(async {
            let page = RequestedPage::of(self, &mut request.into_inner())?;
            let all = self.node.ledger.alarms().await?;
            // No two alarms of one moment about one organisation say the same.
            let key = |a: &Alarm| (Reverse(a.at), a.partner.clone(), a.kind.to_string(), a.what.clone());
            let (alarms, next_page_token) = page.cut(all, key, |a| alarm(&self.node, a));
            Ok(proto::ListLedgerAlarmsResponse { alarms, next_page_token })
        })
        .await
    }

    async fn export_evidence(
        &self,
        request: Request<proto::ExportEvidenceRequest>,
    ) -> Reply<proto::ExportEvidenceResponse> {
        let (actor, message) = authorize(request)?;
        answer(async {
            let id = argument::bytes("assessment_id", &message.assessment_id)?;
            let proofs = self.node.assessments.evidence(&actor, &id).await?;
            let statement = |bytes: &Vec<u8>| envelope::decode(bytes).map(|e| envelope::to_proto(&e));
            let statements = proofs.iter().flat_map(|p| &p.envelopes).map(statement).collect::<Result<_, _>>()?;
            Ok(proto::ExportEvidenceResponse { statements })
        })
        .await
    }

    async fn settle_ledger(&self, request: Request<proto::SettleLedgerRequest>) -> Reply<proto::SettleLedgerResponse> {
        let (actor, proto::SettleLedgerRequest { reason, approval: approved }) = authorize(request)?;
        let node = self.node.clone();
        answer(async {
            let (reason, approved) = (optional_line("reason", reason)?, approval(approved)?);
            let settled =
                to_the_end(async move { node.ledger.settle_ledger(&actor, &reason, &approved).await }).await?;
            let Settlement { settled, approvals, needed, origin } = settled;
            Ok(proto::SettleLedgerResponse { settled, approvals: count(approvals), needed: count(needed), origin })
        })
        .await
    }

    async fn rotate_ledger_key(
        &self,
        request: Request<proto::RotateLedgerKeyRequest>,
    ) -> Reply<proto::RotateLedgerKeyResponse> {
        let (actor, _) = authorize(request)?;
        let node = self.node.clone();
        answer(async {
            let origin = to_the_end(async move { node.ledger.rotate_ledger_key(&actor).await }).await?;
            Ok(proto::RotateLedgerKeyResponse { origin })
        })
        .await
    }
}

fn head(view: &HeadView) -> proto::GetLedgerHeadResponse {
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

fn entry(found: LedgerPage) -> proto::LedgerEntryView {
    proto::LedgerEntryView { index: found.index, leaf: found.leaf.to_vec().into(), event: found.event }
}

/// Verifies the ledger, and sends the progress and the result.
async fn verify(
    node: Arc<Node>,
    actor: Authorized<Audit>,
    to: Sender<proto::VerifyLedgerResponse>,
) -> Result<(), Fault> {
    let (sender, mut receiver) = mpsc::channel(8);
    let forward = async {
        while let Some(step) = receiver.recv().await {
            send(&to, verified(step)).await?;
        }
        Ok(())
    };
    tokio::try_join!(node.ledger.verify_ledger(&actor, sender), forward).map(|_| ())
}

fn verified(step: VerifyProgress) -> proto::VerifyLedgerResponse {
    match step {
        VerifyProgress::At(size) => proto::VerifyLedgerResponse { size, ..proto::VerifyLedgerResponse::default() },
        VerifyProgress::Done(check) => proto::VerifyLedgerResponse {
            size: check.size,
            done: true,
            root: check.root.to_vec().into(),
            fault_index: check.fault.as_ref().and_then(|f| f.index),
            fault: check.fault.map(|f| f.what).unwrap_or_default(),
        },
    }
}

/// Sends the lines of the export file.
async fn export(
    node: Arc<Node>,
    actor: Authorized<Audit>,
    to: Sender<proto::ExportLedgerResponse>,
) -> Result<(), Fault> {
    let (sender, mut receiver) = mpsc::channel::<Vec<u8>>(4);
    let forward = async {
        while let Some(data) = receiver.recv().await {
            send(&to, proto::ExportLedgerResponse { data: data.into() }).await?;
        }
        Ok(())
    };
    tokio::try_join!(node.ledger.export_ledger(&actor, sender), forward).map(|_| ())
}

fn known(known: &NoteKnown) -> proto::CheckLedgerNoteResponse {
    proto::CheckLedgerNoteResponse {
        organisation: text_of(known.organisation.as_ref()),
        is_key_known: known.is_key_known,
        is_head_known: known.is_head_known,
        is_forked: known.is_forked,
    }
}

fn alarm(node: &Node, alarm: Alarm) -> proto::LedgerAlarm {
    let open = node.ledger.is_open(&alarm);
    let Alarm { partner, kind, what, at, evidence } = alarm;
    let (partner, kind) = (partner.to_string(), kind.to_string());
    proto::LedgerAlarm { partner, kind, message: what, at: timestamp(at), evidence, open }
}
