//! How serious a warning is, and which crimes are at risk.

use serde::{Deserialize, Serialize};

use super::words::words;

/// How serious a warning is: 1 watch to 5 ongoing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum WarningLevel {
    /// Watch.
    Watch = 1,
    /// Concern.
    Concern = 2,
    /// Warning.
    Warning = 3,
    /// Imminent.
    Imminent = 4,
    /// Ongoing.
    Ongoing = 5,
}

impl WarningLevel {
    /// All values, ascending.
    pub const ALL: &'static [Self] = &[Self::Watch, Self::Concern, Self::Warning, Self::Imminent, Self::Ongoing];

    /// The word that people read.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Watch => "watch",
            Self::Concern => "concern",
            Self::Warning => "warning",
            Self::Imminent => "imminent",
            Self::Ongoing => "ongoing",
        }
    }

    /// As people read it in a list: `4 imminent`.
    pub fn label(self) -> String {
        format!("{} {}", u8::from(self), self.as_str())
    }
}

/// As people read it in a sentence: `4 (imminent)`.
impl std::fmt::Display for WarningLevel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", u8::from(*self), self.as_str())
    }
}

impl From<WarningLevel> for u8 {
    fn from(level: WarningLevel) -> u8 {
        level as u8
    }
}

impl TryFrom<u8> for WarningLevel {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, String> {
        Self::ALL.iter().copied().find(|l| u8::from(*l) == number).ok_or_else(|| {
            format!("`{number}` is not a level; write 1 (watch), 2 (concern), 3 (warning), 4 (imminent) or 5 (ongoing)")
        })
    }
}

words!(
    /// A crime of which there is a risk. It is never a legal finding.
    Crime, "crime" {
        /// 1948 Convention, Article II.
        Genocide = "genocide",
        /// Rome Statute, Article 7.
        CrimesAgainstHumanity = "crimes-against-humanity",
        /// Rome Statute, Article 8.
        WarCrimes = "war-crimes",
        /// A/RES/60/1, paragraph 138.
        EthnicCleansing = "ethnic-cleansing",
        /// A statistical term, not a legal one.
        MassKilling = "mass-killing",
    }
);

words!(
    /// Urgency as in CAP 1.2.
    Urgency, "urgency" {
        /// Act at once.
        Immediate = "Immediate",
        /// Act soon.
        Expected = "Expected",
        /// Act in the near future.
        Future = "Future",
        /// No longer.
        Past = "Past",
        /// Not known.
        Unknown = "Unknown",
    }
);

words!(
    /// Severity as in CAP 1.2.
    Severity, "severity" {
        /// Extraordinary threat to life.
        Extreme = "Extreme",
        /// Significant threat to life.
        Severe = "Severe",
        /// Possible threat to life.
        Moderate = "Moderate",
        /// Minimal threat to life.
        Minor = "Minor",
        /// Not known.
        Unknown = "Unknown",
    }
);

words!(
    /// Certainty as in CAP 1.2.
    Certainty, "certainty" {
        /// Has occurred or is going on.
        Observed = "Observed",
        /// More than one in two.
        Likely = "Likely",
        /// Not more than one in two.
        Possible = "Possible",
        /// Near to none.
        Unlikely = "Unlikely",
        /// Not known.
        Unknown = "Unknown",
    }
);

words!(
    /// Analytic confidence (ICD 203, UK PHIA). It is a separate field from the probability.
    Confidence, "confidence" {
        /// Low.
        Low = "low",
        /// Moderate.
        Moderate = "moderate",
        /// High.
        High = "high",
    }
);
