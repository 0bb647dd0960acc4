//! What a node finds repeated in freer parts, and who may accept it.

use std::fmt;

use serde::Serialize;

use crate::{
    cli::{CliError, Exit},
    domain::ids::Role,
    render::text::one_line,
    wire::proto,
};

/// A finding of the node that only an officer may accept.
#[derive(Serialize)]
pub(super) struct Repeated {
    code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    portion: Option<u32>,
    message: String,
    help: String,
    passages: Vec<Passage>,
}

#[derive(Serialize)]
struct Passage {
    portion: u32,
    readers: String,
    text: String,
}

impl Repeated {
    pub(super) fn new(finding: proto::PreviewFinding) -> Self {
        let proto::PreviewFinding { code, portion, message, help, passages } = finding;
        let passage = |passage: proto::PreviewPassage| {
            let proto::PreviewPassage { portion, readers, text } = passage;
            Passage { portion, readers, text }
        };
        Self { code, portion, message, help, passages: passages.into_iter().map(passage).collect() }
    }
}

impl fmt::Display for Repeated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, message, help, passages, .. } = self;
        write!(f, "{code}: {}\n    {}", one_line(message), one_line(help))?;
        passages.iter().try_for_each(|p| write!(f, "\n      {}: “{}”", one_line(&p.readers), one_line(&p.text)))
    }
}

/// Refuses, before anybody is asked, what the node would refuse.
pub(super) fn refuse(findings: &[Repeated], accepted: &[String], role: Role) -> Result<(), CliError> {
    let is_accepted = |finding: &&Repeated| role == Role::Officer && accepted.contains(&finding.code);
    let Some(first) = findings.iter().find(|finding| !is_accepted(finding)) else { return Ok(()) };
    let code = &first.code;
    let message =
        format!("not published, because of {code}; mend it, or have an officer publish it with --accept {code}");
    Err(CliError::new(Exit::Failed, "LINT_FAILED", message))
}
