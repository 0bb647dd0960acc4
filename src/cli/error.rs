//! The error of a command, and how it is made from the errors of other layers.

use serde::Serialize;
use tonic::Status;

use crate::{
    app::{NodeFilesError, StartError, devca::DevCaError},
    config::{ConfigError, ConfigFault},
    desk::client::ConnectError,
    domain::fault::{Fault, Reason},
    draft::{DraftError, DraftFault},
    identity::files::FileError,
    store::StoreError,
    wire::status::{refusal_of, to_fault},
};

/// The documented exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Refused or failed.
    Failed = 1,
    /// Wrong usage.
    Usage = 2,
    /// A fault in the configuration or in files.
    Files = 3,
    /// The node can't be reached.
    Unreachable = 4,
    /// Denied by policy or role.
    Denied = 5,
    /// Something does not verify.
    Unverified = 6,
}

/// Why a command failed.
#[derive(Debug)]
pub struct CliError {
    /// The exit code.
    pub exit: Exit,
    /// A stable reason, in capitals.
    pub reason: String,
    /// A sentence: what happened, then what to do.
    pub message: String,
    /// The faulty field.
    pub field: Option<String>,
    /// Each fault by itself, if there can be several. The message has all of them.
    pub faults: Vec<FaultLine>,
}

/// One of several faults, as `--json` shows it.
#[derive(Debug, Clone, Serialize)]
pub struct FaultLine {
    /// The file; empty if it is about none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub file: String,
    /// The line in it, from 1, if it is known.
    pub line: Option<usize>,
    /// The faulty field, if it is about one.
    pub field: Option<String>,
    /// The name of a finding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// What is wrong and what to do.
    pub message: String,
}

impl CliError {
    /// An error that concerns no single field.
    pub fn new(exit: Exit, reason: &str, message: impl Into<String>) -> Self {
        Self { exit, reason: reason.to_owned(), message: message.into(), field: None, faults: vec![] }
    }

    /// The faults of a file that a person wrote.
    pub fn written(error: &DraftError, file: &str) -> Self {
        let some = |field: &str| (!field.is_empty()).then(|| field.to_owned());
        let fault = |f: &DraftFault| FaultLine {
            file: file.to_owned(),
            line: f.line,
            field: some(&f.field),
            code: None,
            message: f.message.clone(),
        };
        let faults: Vec<FaultLine> = error.findings.iter().map(fault).collect();
        let field = faults.iter().find_map(|f| f.field.clone());
        Self { field, faults, ..Self::files(error.in_file(file)) }
    }

    /// A fault in files or in the configuration.
    pub fn files(message: impl Into<String>) -> Self {
        Self::new(Exit::Files, "FILES_AT_FAULT", message)
    }

    /// Wrong usage.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "USAGE", message)
    }

    /// A check has failed. Its result on stdout says so already.
    pub fn unverified(message: impl Into<String>) -> Self {
        Self::new(Exit::Unverified, "", message)
    }
}

impl From<Fault> for CliError {
    fn from(fault: Fault) -> Self {
        let exit = match fault.reason {
            Reason::SignatureInvalid
            | Reason::ChainInvalid
            | Reason::CertificateRevoked
            | Reason::ListLapsed
            | Reason::WrongDomain
            | Reason::UnknownOrNonCanonical
            | Reason::DigestNotListed
            | Reason::DigestRepeated
            | Reason::StatementFromFuture
            | Reason::SequenceFork
            | Reason::ReplayDiffers => Exit::Unverified,
            Reason::RoleRequired | Reason::SecondPersonRequired | Reason::NotCovered | Reason::NotAPartner => {
                Exit::Denied
            }
            _ => Exit::Failed,
        };
        Self { field: fault.field.clone(), ..Self::new(exit, fault.reason.as_str(), fault.to_string()) }
    }
}

impl From<Status> for CliError {
    fn from(status: Status) -> Self {
        // A person who is revoked during a call reads the same as one who was revoked before it.
        match refusal_of(&status) {
            Some(refusal) => ConnectError::Refused(refusal).into(),
            None => to_fault(&status).into(),
        }
    }
}

impl From<ConfigError> for CliError {
    fn from(error: ConfigError) -> Self {
        let some = |key: &str| (!key.is_empty()).then(|| key.to_owned());
        let file = error.file.display().to_string();
        let fault = |f: &ConfigFault| FaultLine {
            file: file.clone(),
            line: f.line,
            field: some(&f.key),
            code: None,
            message: f.message.clone(),
        };
        let faults: Vec<FaultLine> = error.faults.iter().map(fault).collect();
        let field = faults.first().and_then(|f| f.field.clone());
        Self { field, faults, ..Self::new(Exit::Files, "CONFIG_AT_FAULT", error.to_string()) }
    }
}

impl From<ConnectError> for CliError {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Unreachable { .. } => Self::new(Exit::Unreachable, "UNREACHABLE", error.to_string()),
            ConnectError::Refused(refusal) => Self::new(Exit::Denied, refusal.reason().as_str(), error.to_string()),
            ConnectError::Ended { .. } => Self::new(Exit::Denied, "CERTIFICATE_ENDED", error.to_string()),
            ConnectError::Trust(fault) => fault.into(),
            ConnectError::OfNode(ref fault) | ConnectError::Another { ref fault, .. } => {
                Self { message: error.to_string(), ..fault.clone().into() }
            }
            other => Self::files(other.to_string()),
        }
    }
}

impl From<StartError> for CliError {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Node(fault) => Self { exit: Exit::Files, ..fault.into() },
            StartError::Listen { .. } => Self::new(Exit::Failed, "ADDRESS_IN_USE", error.to_string()),
            StartError::Store(StoreError::Full) => {
                Self::new(Exit::Failed, Reason::StoreFull.as_str(), error.to_string())
            }
            StartError::Store(StoreError::Corrupt(_)) => {
                Self::new(Exit::Files, Reason::StoreCorrupt.as_str(), error.to_string())
            }
            other => Self::files(other.to_string()),
        }
    }
}

impl From<FileError> for CliError {
    fn from(error: FileError) -> Self {
        Self::files(error.to_string())
    }
}

impl From<NodeFilesError> for CliError {
    fn from(error: NodeFilesError) -> Self {
        Self::files(error.to_string())
    }
}

impl From<DevCaError> for CliError {
    fn from(error: DevCaError) -> Self {
        Self::files(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_who_is_revoked_during_a_call_reads_what_the_desk_says() {
        let error = CliError::from(Status::unavailable("received fatal alert: CertificateRevoked"));
        assert_eq!((error.exit, error.reason.as_str()), (Exit::Denied, "CERTIFICATE_REVOKED"));
        assert!(error.message.contains("refuses you"), "{}", error.message);
    }

    /// The texts of this directory and those below.
    fn sources(dir: &std::path::Path, all: &mut String) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => sources(&path, all),
                false => all.push_str(&std::fs::read_to_string(&path).unwrap()),
            }
        }
    }

    #[test]
    fn every_reason_of_the_command_line_is_documented() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut source = String::new();
        sources(&root.join("src/cli"), &mut source);
        let is_reason = |text: &&str| text.len() > 4 && text.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
        // The second argument of every error.
        let errors = source.split("Exit::").skip(1).filter_map(|rest| rest.split_once(',')).map(|(_, rest)| rest);
        let reasons = errors.filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next());
        let reasons: std::collections::BTreeSet<&str> = reasons.filter(is_reason).collect();
        assert!(reasons.len() > 15, "{reasons:?}");
        let documented = std::fs::read_to_string(root.join("docs/for-operators.md")).unwrap();
        for reason in reasons.into_iter().filter(|reason| Reason::from_name(reason).is_none()) {
            assert!(documented.contains(&format!("| `{reason}` |")), "{reason} is missing in docs/for-operators.md");
        }
    }
}
