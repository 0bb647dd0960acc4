//! Equivocation: two different statements about one subject, both signed by the organisation whose subject it is. It is a fault there, or a
//! deception.

use std::{fmt, str::FromStr};

use super::{
    event::{Deed, Event},
    ids::{AssessmentId, StatementId, TrustDomain},
    recall::RecallKind,
    time::Time,
};

/// The most equivocations of one originator that are kept. An originator with more of them is known well enough.
pub const MAX_EQUIVOCATIONS: u64 = 64;

/// What two different statements are about. An honest originator signs one manifest for each version, and at most one recall of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Twice {
    /// Two manifests of one version.
    Version(u32),
    /// Two recalls of one kind.
    Recall(RecallKind),
}

impl Twice {
    /// The words that readers see.
    pub fn words(self) -> String {
        let what = match self {
            Self::Version(version) => format!("versions {version}"),
            Self::Recall(RecallKind::Withdraw) => "withdrawals".to_owned(),
            Self::Recall(RecallKind::Purge) => "orders to purge".to_owned(),
        };
        format!("two different {what} were signed: a fault or a deception")
    }
}

impl fmt::Display for Twice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => write!(f, "version {version}"),
            Self::Recall(kind) => kind.fmt(f),
        }
    }
}

impl FromStr for Twice {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("version ") {
            Some(version) => version.parse().map(Self::Version).map_err(|_| format!("`{version}` is not a version")),
            None => text.parse().map(Self::Recall),
        }
    }
}

/// Identifies what a statement is about. Two different statements with the same subject contradict each other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StatementSubject {
    /// The organisation whose assessment it is.
    pub originator: TrustDomain,
    /// The assessment.
    pub assessment: AssessmentId,
    /// The version or the recall.
    pub twice: Twice,
}

/// An equivocation that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Equivocation {
    /// What it is about.
    pub subject: StatementSubject,
    /// The two statements: first the one that was here first, then the one that came later.
    pub statements: [StatementId; 2],
    /// When the second one came.
    pub at: Time,
}

impl Equivocation {
    /// The event for the ledger.
    pub fn event(&self) -> Event {
        let StatementSubject { originator, assessment, twice } = self.subject.clone();
        let deed = Deed::Equivocated { originator, assessment, twice: twice.to_string(), statements: self.statements };
        Event::of_node(self.at, deed)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn twice() -> impl Strategy<Value = Twice> {
        prop_oneof![
            any::<u32>().prop_map(Twice::Version),
            prop::sample::select(RecallKind::ALL).prop_map(Twice::Recall),
        ]
    }

    proptest! {
        #[test]
        fn what_was_signed_twice_is_read_as_it_was_written(twice in twice()) {
            prop_assert_eq!(twice.to_string().parse::<Twice>(), Ok(twice));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,20}") {
            let _ = text.parse::<Twice>();
        }
    }

    #[test]
    fn readers_are_told_which_version_it_is() {
        let words = Twice::Version(3).words();
        assert_eq!(words, "two different versions 3 were signed: a fault or a deception");
        assert!(Twice::Recall(RecallKind::Purge).words().contains("orders to purge"));
    }
}
