//! The command line's way to its node.

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
    identity::{bundle::TrustBundle, files::FileError, trust::Member, validity::Validity, verifier::fault_of},
    transport::{
        dialler::{self, DialError},
        limits::Limits,
        tls_config::{Credentials, TlsConfigError},
    },
    wire::{
        proto::{self, desk_service_client::DeskServiceClient},
        status::{refusal_of, to_fault},
    },
};

/// A client of the desk.
pub type DeskClient = DeskServiceClient<Channel>;

/// Why there is no way to the node.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// A file of the identity is at fault.
    #[error(transparent)]
    Identity(#[from] TlsConfigError),
    /// The bundle is at fault.
    #[error(transparent)]
    Bundle(#[from] FileError),
    /// The bundle does not parse.
    #[error(transparent)]
    Trust(#[from] Fault),
    /// The address is none.
    #[error(transparent)]
    Address(#[from] DialError),
    /// The node does not take the person's certificate.
    #[error("{}", .0.at_desk())]
    Refused(Refusal),
    /// The person's certificate has ended: the node would refuse it.
    #[error(
        "your TLS certificate ended on {day}; renew it with `watchfire ca renew` where the node has a development CA, else put the renewed \
         one in `{}`", file.display()
    )]
    Ended {
        /// When.
        day: Day,
        /// Where it is.
        file: PathBuf,
    },
    /// The node's own certificate is not taken here.
    #[error(
        "the node's TLS certificate can't be used: {0}. It is the node's to renew, not yours: `watchfire doctor` in the node's directory names \
         the file and what to do"
    )]
    OfNode(Fault),
    /// Another organisation's node answers.
    #[error(
        "another organisation's node answers at {address}: {fault}. `listen.desk` in watchfire.toml names the desk of the own node"
    )]
    Another {
        /// Where.
        address: String,
        /// What its certificate says.
        fault: Fault,
    },
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
    let leaf = crate::identity::files::read_chain(tls.0)?;
    let validity = leaf.first().and_then(|der| Validity::of_certificate(der).ok());
    if let Some(ended) = validity.filter(|v| v.until < clock.now()) {
        return Err(ConnectError::Ended { day: ended.until.last_day(), file: tls.0.to_owned() });
    }
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
