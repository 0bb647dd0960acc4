//! All services of the desk, on one router.

use std::sync::Arc;

use tonic::{
    server::NamedService,
    service::{Routes, RoutesBuilder},
};

use super::call::Desk;
use crate::{
    node::Node,
    wire::proto::{
        agreement_service_server::AgreementServiceServer, attachment_service_server::AttachmentServiceServer,
        console_service_server::ConsoleServiceServer, desk_service_server::DeskServiceServer,
        draft_service_server::DraftServiceServer, introduction_service_server::IntroductionServiceServer,
        ledger_service_server::LedgerServiceServer, node_service_server::NodeServiceServer,
        partner_service_server::PartnerServiceServer, person_service_server::PersonServiceServer,
        personal_service_server::PersonalServiceServer, recall_service_server::RecallServiceServer,
        receipt_service_server::ReceiptServiceServer, request_service_server::RequestServiceServer,
        rule_service_server::RuleServiceServer, trust_service_server::TrustServiceServer,
    },
};

macro_rules! services {
    ($($server:ident),+ $(,)?) => {
        /// The names of the desk's services.
        pub const NAMES: &[&str] = &[$($server::<Desk>::NAME),+];

        /// The desk's services over a node. No message may be larger than `message_bytes`. That holds for the organisation's own people too:
        /// an assessment comes in one message, and 1,024 portions of 256 KiB would be more than a listener should take.
        pub fn routes(node: Arc<Node>, message_bytes: usize) -> Routes {
            let desk = Desk { node, message_bytes };
            let mut routes = RoutesBuilder::default();
            $(
                let service = $server::new(desk.clone());
                routes.add_service(
                    service.max_decoding_message_size(message_bytes).max_encoding_message_size(message_bytes),
                );
            )+
            routes.routes()
        }
    };
}

services!(
    AgreementServiceServer,
    AttachmentServiceServer,
    ConsoleServiceServer,
    DeskServiceServer,
    DraftServiceServer,
    IntroductionServiceServer,
    LedgerServiceServer,
    NodeServiceServer,
    PartnerServiceServer,
    PersonServiceServer,
    PersonalServiceServer,
    RecallServiceServer,
    ReceiptServiceServer,
    RequestServiceServer,
    RuleServiceServer,
    TrustServiceServer,
);
