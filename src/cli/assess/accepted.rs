//! `--accept`: the warnings that an author accepts.

use clap::Args;

use crate::{
    cli::CliError,
    domain::{
        lint::{self, Severity},
        spelling,
    },
};

/// The warnings that an author accepts.
#[derive(Args, Clone, Default)]
pub struct Accepted {
    /// Publish in spite of this warning; may be given several times; it is recorded. Some only an officer may accept
    #[arg(long = "accept", value_name = "FINDING")]
    pub names: Vec<String>,
}

impl Accepted {
    /// Refuses a name that no finding has, and that of an error, which nobody can accept.
    pub fn check(&self) -> Result<(), CliError> {
        for name in &self.names {
            let told = crate::domain::ids::shorten(name);
            let what = match lint::NAMES.iter().find(|(known, _)| known == name) {
                Some((_, Severity::Warning | Severity::Officer)) => continue,
                Some((_, Severity::Error)) => {
                    format!("`{told}` is an error, and only warnings can be accepted; correct the draft")
                }
                None => match spelling::meant(name, lint::NAMES.iter().map(|(known, _)| *known)) {
                    Some(meant) => format!("no finding is called `{told}`; did you mean `{meant}`?"),
                    None => format!("no finding is called `{told}`; `watchfire assess lint FILE` names them"),
                },
            };
            return Err(CliError::usage(format!("--accept: {what}")));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_warnings_are_accepted_and_by_their_names() {
        let check = |name: &str| Accepted { names: vec![name.to_owned()] }.check().map_err(|e| e.message);
        assert_eq!(check("single-source"), Ok(()));
        assert_eq!(check("said-lower-too"), Ok(()));
        assert!(check("singel-source").unwrap_err().contains("did you mean `single-source`?"));
        assert!(check("no-subject").unwrap_err().contains("only warnings can be accepted"));
        assert!(check("everything").unwrap_err().contains("`watchfire assess lint FILE` names them"));
    }
}
