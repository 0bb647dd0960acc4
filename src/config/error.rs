//! What is wrong with a configuration.

use std::{fmt, path::PathBuf};

/// One fault of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFault {
    /// The line in the file, if the key is in it.
    pub line: Option<usize>,
    /// `section.key`, or the variable's name.
    pub key: String,
    /// What is wrong and what to do.
    pub message: String,
}

/// Why a configuration can't be used: all its faults.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    /// The file.
    pub file: PathBuf,
    /// At least one.
    pub faults: Vec<ConfigFault>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, fault) in self.faults.iter().enumerate() {
            let new_line = if i == 0 { "" } else { "\n" };
            write!(f, "{new_line}{}", self.file.display())?;
            if let Some(line) = fault.line {
                write!(f, ":{line}")?;
            }
            if fault.key.is_empty() {
                write!(f, ": {}", fault.message)?;
            } else {
                write!(f, ": {}: {}", fault.key, fault.message)?;
            }
        }
        Ok(())
    }
}
