//! The house rules as files: their texts, their versions, and what is wrong with them.

use std::fmt;

use serde::Serialize;

use super::{ids::Sha256, time::Time};

/// How long all files of a set may be together, bytes: they are kept in one row and go over the desk in one message.
pub const MAX_BYTES: usize = 1 << 20;

/// One file of house rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleFile {
    /// The file's name, without its directory.
    pub name: String,
    /// Cedar.
    pub text: String,
}

/// One mistake in a file of house rules.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RuleFault {
    /// The file, as it was named.
    pub file: String,
    /// From 1; 0: it concerns the whole file.
    pub line: u32,
    /// In characters, from 1; 0: it concerns the whole file.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// What to do, where there is something to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

impl RuleFault {
    /// A fault of a file as a whole.
    pub fn of_file(file: impl Into<String>, message: impl Into<String>) -> Self {
        Self { file: file.into(), line: 0, column: 0, message: message.into(), help: None }
    }
}

impl fmt::Display for RuleFault {
    /// As compilers write it, so that editors find the place: `b.cedar:2:14: …`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, message, help } = self;
        f.write_str(file)?;
        if *line > 0 {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {message}")?;
        help.as_ref().map_or(Ok(()), |help| write!(f, " ({help})"))
    }
}

/// A set of house rules that came into force here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulesVersion {
    /// Counts from 1.
    pub version: u32,
    /// When it came into force.
    pub at: Time,
    /// Over the files' names and texts.
    pub digest: Sha256,
    /// By name. None: the rules were taken away.
    pub files: Vec<RuleFile>,
}
