//! The client of the desk, which the command line uses.

mod lists;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use tonic::transport::Channel;

use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::TrustDomain,
        refusal::Refusal,
        time::{Clock, Day},
    },
    identity::{
        bundle::TrustBundle, files::FileError, trust::KnownOrganisation, validity::Validity, verifier::fault_of,
    },
    transport::{
        dialler::{self, DialError},
        limits::Limits,
        tls_config::{Credentials, TlsConfigError},
    },
    wire::{
        proto::{
            self, agreement_service_client::AgreementServiceClient, attachment_service_client::AttachmentServiceClient,
            console_service_client::ConsoleServiceClient, desk_service_client::DeskServiceClient,
            draft_service_client::DraftServiceClient, introduction_service_client::IntroductionServiceClient,
            ledger_service_client::LedgerServiceClient, node_service_client::NodeServiceClient,
            partner_service_client::PartnerServiceClient, person_service_client::PersonServiceClient,
            personal_service_client::PersonalServiceClient, recall_service_client::RecallServiceClient,
            receipt_service_client::ReceiptServiceClient, request_service_client::RequestServiceClient,
            rule_service_client::RuleServiceClient, trust_service_client::TrustServiceClient,
        },
        status::{refusal_of, to_fault},
    },
};

/// Declares the client of all services, with a field for each.
macro_rules! clients {
    ($($(#[$doc:meta])* $field:ident: $client:ident),+ $(,)?) => {
        /// A client of the desk, with a client of each of its services. They share one connection.
        #[derive(Clone)]
        pub struct DeskClient {
            $($(#[$doc])* pub $field: $client<Channel>,)+
        }

        impl DeskClient {
            /// The client on a connection, for messages of at most `message_bytes`.
            pub fn new(channel: &Channel, message_bytes: usize) -> Self {
                Self {
                    $($field: $client::new(channel.clone())
                        .max_decoding_message_size(message_bytes)
                        .max_encoding_message_size(message_bytes),)+
                }
            }
        }
    };
}

clients! {
    /// Agreements.
    agreements: AgreementServiceClient,
    /// Assessments, and the feed of them.
    assessments: DeskServiceClient,
    /// Links into the console, and the caller's sessions there.
    console: ConsoleServiceClient,
    /// Attachments.
    attachments: AttachmentServiceClient,
    /// Drafts, and previews of what partners would read.
    drafts: DraftServiceClient,
    /// Introductions.
    introductions: IntroductionServiceClient,
    /// The ledger.
    ledger: LedgerServiceClient,
    /// The node itself.
    node: NodeServiceClient,
    /// Partners.
    partners: PartnerServiceClient,
    /// People of the organisation.
    people: PersonServiceClient,
    /// What concerns the caller as a person.
    personal: PersonalServiceClient,
    /// Recalls.
    recalls: RecallServiceClient,
    /// Receipts and holders.
    receipts: ReceiptServiceClient,
    /// Requests for more of an assessment.
    requests: RequestServiceClient,
    /// House rules and simulations.
    rules: RuleServiceClient,
    /// Bundles and revocation lists.
    trust: TrustServiceClient,
}

/// Why the client can't connect to the node.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// A file of the identity is missing or wrong.
    #[error(transparent)]
    Identity(#[from] TlsConfigError),
    /// The bundle is at fault.
    #[error(transparent)]
    Bundle(#[from] FileError),
    /// The bundle can't be parsed, or the node's answer is a fault.
    #[error(transparent)]
    Trust(#[from] Fault),
    /// The address is not valid.
    #[error(transparent)]
    Address(#[from] DialError),
    /// The node refuses the person's certificate.
    #[error("{}", .0.at_desk())]
    Refused(Refusal),
    /// The person's certificate has ended, so the node would refuse it.
    #[error(
        "your TLS certificate ended on {day}; renew it with `watchfire ca renew` where the node has a development CA, else put the renewed \
         one in `{}`", file.display()
    )]
    Ended {
        /// When.
        day: Day,
        /// Its file.
        file: PathBuf,
    },
    /// The node's own certificate can't be verified.
    #[error(
        "the node's TLS certificate can't be used: {0}. It is the node's to renew, not yours: `watchfire doctor` in the node's directory names \
         the file and what to do"
    )]
    OfNode(Fault),
    /// The node of another organisation answers.
    #[error(
        "another organisation's node answers at {address}: {fault}. `listen.desk` in watchfire.toml names the desk of the own node"
    )]
    Another {
        /// The address.
        address: String,
        /// What is wrong with its certificate.
        fault: Fault,
    },
    /// Nobody answers at the address.
    #[error("the node can't be reached at {address}: {why}")]
    Unreachable {
        /// The address.
        address: String,
        /// What the network or TLS reports, and what to do.
        why: String,
    },
}

/// Connects as the identity whose TLS certificate and key are given, and calls `GetNode` once.
///
/// # Errors
/// [`ConnectError`]
pub async fn connect(
    address: &str,
    own: &TrustDomain,
    bundle: &Path,
    certificate: &Path,
    key: &Path,
    clock: Arc<dyn Clock>,
) -> Result<DeskClient, ConnectError> {
    let credentials = Credentials::load(certificate, key)?;
    let leaf = crate::identity::files::read_chain(certificate)?;
    let validity = leaf.first().and_then(|der| Validity::of_certificate(der).ok());
    if let Some(ended) = validity.filter(|v| v.until < clock.now()) {
        return Err(ConnectError::Ended { day: ended.until.last_day(), file: certificate.to_owned() });
    }
    let roots = crate::identity::files::read_roots(bundle)?;
    let member = KnownOrganisation {
        bundle: TrustBundle::new(own.clone(), roots)?,
        crls: vec![],
        state: crate::domain::partner::PartnerState::Active,
    };
    let limits = Limits::default();
    let channel = dialler::connect_own(address, credentials, member, clock, &limits)?;
    let mut client = DeskClient::new(&channel, limits.message_bytes as usize);
    // With TLS 1.3, a refusal of this side's certificate shows only in the first call.
    match client.node.get_node(proto::GetNodeRequest::default()).await {
        Ok(_) => Ok(client),
        Err(status) => {
            if let Some(refusal) = refusal_of(&status) {
                return Err(ConnectError::Refused(refusal));
            }
            let address = address.to_owned();
            if let Some(fault) = fault_of(&status) {
                return Err(match fault.reason {
                    Reason::WrongDomain => ConnectError::Another { address, fault },
                    _ => ConnectError::OfNode(fault),
                });
            }
            let fault = to_fault(&status);
            match fault.reason {
                Reason::Unavailable => {
                    let why = format!(
                        "{}; start it with `watchfire serve`, or correct `listen.desk` in watchfire.toml",
                        fault.message
                    );
                    Err(ConnectError::Unreachable { address, why })
                }
                _ => Err(ConnectError::Trust(fault)),
            }
        }
    }
}
