//! The node itself, and what ends on a known day: the service, and the forms in which it shows them.

use tonic::Request;

use super::{
    call::{Desk, Reply, actor, answer},
    page::RequestedPage,
};
use crate::{
    domain::{actor::Actor, ending::Ending, fault::Fault, partner::PartnerKind},
    node::Node,
    wire::{
        field::{number_of, text_of, timestamp},
        proto::{self, node_service_server::NodeService},
    },
};

#[tonic::async_trait]
impl NodeService for Desk {
    async fn get_node(&self, request: Request<proto::GetNodeRequest>) -> Reply<proto::GetNodeResponse> {
        let actor = actor(&request)?;
        answer(async {
            let trouble = self.node.monitor.store_trouble(request.into_inner().check_store).await;
            Ok(view(&self.node, &actor, trouble).await)
        })
        .await
    }

    async fn list_endings(&self, request: Request<proto::ListEndingsRequest>) -> Reply<proto::ListEndingsResponse> {
        actor(&request)?;
        answer(async {
            let page = RequestedPage::of(self, &mut request.into_inner())?;
            let all = self.node.monitor.endings().await?;
            let key = |e: &Ending| {
                let what = (e.kind.to_string(), e.domain.clone(), e.usage.to_owned());
                (e.ends_at, e.name.clone(), e.subject.clone(), what)
            };
            let (endings, next_page_token) = page.cut(all, key, ending);
            Ok(proto::ListEndingsResponse { endings, next_page_token })
        })
        .await
    }
}

async fn view(node: &Node, actor: &Actor, trouble: Option<Fault>) -> proto::GetNodeResponse {
    let organisation = node.organisation();
    proto::GetNodeResponse {
        domain: organisation.domain.to_string(),
        country: text_of(organisation.country.as_ref()),
        kind: number_of(PartnerKind::ALL, &organisation.kind),
        bundle_fingerprint: node.identity.bundle().fingerprint().to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        caller: actor.id().to_string(),
        store_trouble: trouble.map(|f| proto::StoreTrouble { reason: f.reason.to_string(), message: f.message }),
        withheld: node.identity.good_key().err().map(|f| f.message).unwrap_or_default(),
        lost_note: node.ledger.lost_note().await.unwrap_or_default(),
        // Whatever can't be known here costs a search some time, and nothing else.
        word_index: node.assessments.has_word_index().await.unwrap_or_default(),
    }
}

fn ending(ending: Ending) -> proto::EndingView {
    let Ending { kind, domain, name, usage, subject, starts_at, ends_at, act_from, fix, is_revoked } = ending;
    proto::EndingView {
        kind: kind.to_string(),
        domain: domain.to_string(),
        name,
        usage: usage.to_owned(),
        subject,
        ends_at: timestamp(ends_at),
        act_from: timestamp(act_from),
        fix,
        starts_at: timestamp(starts_at),
        revoked: is_revoked,
    }
}
