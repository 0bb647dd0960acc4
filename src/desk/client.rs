//! The command line's way to its node.

use std::{path::Path, sync::Arc};

use tonic::transport::Channel;

use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::TrustDomain,
        time::Clock,
    },
    identity::{bundle::TrustBundle, files::FileError, trust::Member},
    transport::{
        dialler::{self, DialError},
        gate::{Credentials, GateError},
        limits::Limits,
    },
    wire::proto::{self, desk_service_client::DeskServiceClient},
};

/// A client of the desk.
pub type DeskClient = DeskServiceClient<Channel>;

/// Why there is no way to the node.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// A file of the identity is at fault.
    #[error(transparent)]
    Identity(#[from] GateError),
    /// The bundle is at fault.
    #[error(transparent)]
    Bundle(#[from] FileError),
    /// The bundle does not parse.
    #[error(transparent)]
    Trust(#[from] Fault),
    /// The address is none.
    #[error(transparent)]
    Address(#[from] DialError),
    /// Nobody answers, or not the node that is meant.
    #[error("the node can't be reached at {address}: {why}")]
    Unreachable {
        /// Where.
        address: String,
        /// What the network or TLS said, and what to do.
        why: String,
    },
}

/// Connects as the identity whose TLS certificate and key are given, and says hello.
///
/// # Errors
/// [`ConnectError`]
pub async fn connect(
    address: &str,
    own: &TrustDomain,
    bundle: &Path,
    tls: (&Path, &Path),
    clock: Arc<dyn Clock>,
) -> Result<DeskClient, ConnectError> {
    let credentials = Credentials::load(tls.0, tls.1)?;
    let roots = crate::identity::files::read_roots(bundle)?;
    let member = Member {
        bundle: TrustBundle::new(own.clone(), roots)?,
        crls: vec![],
        state: crate::domain::partner::PartnerState::Active,
    };
    let limits = Limits::default();
    let channel = dialler::connect_own(address, credentials, member, clock, &limits)?;
    let bytes = limits.message_bytes as usize;
    let mut client = DeskServiceClient::new(channel).max_decoding_message_size(bytes).max_encoding_message_size(bytes);
    // With TLS 1.3 a refusal of this side's certificate shows in the first call only.
    match client.get_node(proto::GetNodeRequest::default()).await {
        Ok(_) => Ok(client),
        Err(status) => {
            let fault = crate::wire::status::to_fault(&status);
            match fault.reason {
                Reason::Unavailable => {
                    // One that refuses a certificate runs.
                    let is_there = fault.message.contains("certificate");
                    let advice = if is_there { "" } else { "; start it with `watchfire serve`" };
                    let why = format!("{}{advice}", fault.message);
                    Err(ConnectError::Unreachable { address: address.to_owned(), why })
                }
                _ => Err(ConnectError::Trust(fault)),
            }
        }
    }
}
