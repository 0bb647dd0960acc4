//! Frameworks of risk factors. Built in: the United Nations Framework of Analysis for Atrocity Crimes (2014; A/70/741-S/2016/71).
//! A risk can exist without all of its factors, and the absence of a factor is worth recording too.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::ids::shorten;

/// A published list of risk factors.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Framework {
    /// The id, such as `un-foa-2014`.
    pub id: &'static str,
    /// Its full name.
    pub title: &'static str,
    /// Where it was published.
    pub source: &'static str,
    /// Its factors by number.
    pub factors: &'static [Factor],
}

/// One factor of a framework.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Factor {
    /// Its number, from 1.
    pub number: u8,
    /// The crimes that it points to.
    pub group: CrimeGroup,
    /// Its name, shortened.
    pub name: &'static str,
    /// How many indicators it lists. `None` if the number is not certain.
    pub indicators: Option<u8>,
}

/// Which crimes a factor points to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CrimeGroup {
    /// All atrocity crimes.
    Common,
    /// Genocide.
    Genocide,
    /// Crimes against humanity.
    CrimesAgainstHumanity,
    /// War crimes.
    WarCrimes,
}

const fn factor(number: u8, group: CrimeGroup, name: &'static str, indicators: Option<u8>) -> Factor {
    Factor { number, group, name, indicators }
}

/// The frameworks that are built in.
pub static FRAMEWORKS: &[Framework] = &[Framework {
    id: "un-foa-2014",
    title: "United Nations Framework of Analysis for Atrocity Crimes",
    source: "United Nations, 2014; A/70/741-S/2016/71",
    factors: &[
        factor(1, CrimeGroup::Common, "Armed conflict or other instability", Some(11)),
        factor(2, CrimeGroup::Common, "Record of serious violations of human rights and humanitarian law", Some(8)),
        factor(3, CrimeGroup::Common, "Weakness of State structures", None),
        factor(4, CrimeGroup::Common, "Motives or incentives", None),
        factor(5, CrimeGroup::Common, "Capacity to commit atrocity crimes", Some(8)),
        factor(6, CrimeGroup::Common, "Absence of mitigating factors", Some(11)),
        factor(7, CrimeGroup::Common, "Enabling circumstances or preparatory action", Some(14)),
        factor(8, CrimeGroup::Common, "Triggering factors", Some(12)),
        factor(
            9,
            CrimeGroup::Genocide,
            "Intergroup tensions or patterns of discrimination against protected groups",
            Some(6),
        ),
        factor(10, CrimeGroup::Genocide, "Signs of intent to destroy a protected group, in whole or in part", Some(8)),
        factor(
            11,
            CrimeGroup::CrimesAgainstHumanity,
            "Signs of a widespread or systematic attack on a civilian population",
            None,
        ),
        factor(
            12,
            CrimeGroup::CrimesAgainstHumanity,
            "Signs of a plan or policy to attack a civilian population",
            None,
        ),
        factor(13, CrimeGroup::WarCrimes, "Serious threats to those protected by humanitarian law", None),
        factor(14, CrimeGroup::WarCrimes, "Serious threats to humanitarian or peacekeeping operations", None),
    ],
}];

/// The most indicators that any factor of a framework lists. It bounds the indicators of factors whose own number is not certain.
const MOST_INDICATORS: u8 = 18;

impl Framework {
    /// The framework of that id.
    pub fn by_id(id: &str) -> Result<&'static Self, String> {
        FRAMEWORKS
            .iter()
            .find(|f| f.id == id)
            .ok_or_else(|| format!("`{}` is not a framework that we know; write `un-foa-2014`", shorten(id)))
    }

    /// The factor of that number.
    pub fn factor(&self, number: u8) -> Result<&Factor, String> {
        let last = self.factors.len();
        self.factors
            .iter()
            .find(|f| f.number == number)
            .ok_or_else(|| format!("`{number}` is not a factor of {}; write 1 to {last}", self.id))
    }

    /// Checks that the factor exists, and the indicator as far as the number of its indicators is certain.
    pub fn check(&self, id: FactorId) -> Result<&Factor, String> {
        let factor = self.factor(id.factor)?;
        let most = factor.indicators.unwrap_or(MOST_INDICATORS);
        match id.indicator {
            Some(indicator) if indicator > most => {
                Err(format!("`{id}` is not an indicator of {}; its last is `RF{}.{most}`", self.id, id.factor))
            }
            _ => Ok(factor),
        }
    }
}

/// A factor, `RF7`, or one of its indicators, `RF7.14`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FactorId {
    factor: u8,
    indicator: Option<u8>,
}

impl FactorId {
    /// Both numbers begin at 1. Whether a framework has them is checked by [`Framework::check`].
    pub fn new(factor: u8, indicator: Option<u8>) -> Result<Self, String> {
        if factor == 0 || indicator == Some(0) {
            return Err("factors and indicators are counted from 1; write e.g. `RF7.14`".to_owned());
        }
        Ok(Self { factor, indicator })
    }

    /// The factor's number.
    pub fn factor(self) -> u8 {
        self.factor
    }

    /// The indicator's number within the factor.
    pub fn indicator(self) -> Option<u8> {
        self.indicator
    }
}

impl fmt::Display for FactorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RF{}", self.factor)?;
        self.indicator.map_or(Ok(()), |indicator| write!(f, ".{indicator}"))
    }
}

impl FromStr for FactorId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let numbers = text.strip_prefix("RF")?;
            let (factor, indicator) = numbers.split_once('.').map_or((numbers, None), |(f, i)| (f, Some(i)));
            let indicator = match indicator {
                Some(number) => Some(number.parse().ok()?),
                None => None,
            };
            // `+7` and `07` parse as numbers too, but only one spelling is accepted.
            Self::new(factor.parse().ok()?, indicator).ok().filter(|id| id.to_string() == text)
        };
        read().ok_or_else(|| {
            format!("`{}` is not a factor; write `RF7` for a factor or `RF7.14` for an indicator", shorten(text))
        })
    }
}

impl TryFrom<String> for FactorId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<FactorId> for String {
    fn from(id: FactorId) -> Self {
        id.to_string()
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "lowercase")]
        pub enum $name { $($(#[$variant_doc])* $variant),* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word for it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                Self::ALL.iter().copied().find(|word| word.as_str() == text).ok_or_else(|| {
                    format!("`{}` is unknown here; write one of {}", shorten(text), [$($word),*].join(", "))
                })
            }
        }
    };
}

words!(
    /// Whether a factor is present.
    State {
        /// It is present.
        Present = "present",
        /// It begins to show.
        Emerging = "emerging",
        /// It was looked for and is not present.
        Absent = "absent",
        /// It was not determined, or can't be.
        Unknown = "unknown",
    }
);
words!(
    /// The direction in which a factor changes.
    Trend {
        /// Getting stronger.
        Rising = "rising",
        /// As before.
        Steady = "steady",
        /// Getting weaker.
        Falling = "falling",
        /// It was not determined, or can't be yet.
        Unknown = "unknown",
    }
);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn un() -> &'static Framework {
        Framework::by_id("un-foa-2014").unwrap()
    }

    #[test]
    fn the_un_framework_has_fourteen_factors_in_order() {
        let numbers: Vec<u8> = un().factors.iter().map(|f| f.number).collect();
        assert_eq!(numbers, (1..=14).collect::<Vec<u8>>());
        let common = un().factors.iter().filter(|f| f.group == CrimeGroup::Common).count();
        assert_eq!(common, 8);
        assert_eq!(un().factor(7).unwrap().name, "Enabling circumstances or preparatory action");
        assert!(un().factors.iter().all(|f| f.indicators.is_none_or(|n| (6..=MOST_INDICATORS).contains(&n))));
    }

    #[test]
    fn an_indicator_that_a_factor_does_not_have_is_refused() {
        let check = |text: &str| un().check(text.parse().unwrap()).map(|f| f.number);
        assert_eq!(check("RF7.14"), Ok(7));
        assert_eq!(check("RF7"), Ok(7));
        assert_eq!(check("RF7.15").unwrap_err(), "`RF7.15` is not an indicator of un-foa-2014; its last is `RF7.14`");
        assert_eq!(check("RF15").unwrap_err(), "`15` is not a factor of un-foa-2014; write 1 to 14");
        assert_eq!(check("RF13.18"), Ok(13));
        assert!(check("RF13.19").is_err());
        assert!(Framework::by_id("un").is_err());
    }

    #[test]
    fn factor_ids_have_one_spelling() {
        for wrong in ["", "RF", "RF0", "RF07", "RF+7", "rf7", "RF7.", "RF7.0", "RF7.014", "RF256", "RF7.1.1", "7"] {
            assert!(wrong.parse::<FactorId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn states_and_trends_read_back() {
        for state in State::ALL {
            assert_eq!(state.as_str().parse::<State>().unwrap(), *state);
            assert_eq!(serde_json::to_string(state).unwrap(), format!("\"{state}\""));
        }
        for trend in Trend::ALL {
            assert_eq!(trend.as_str().parse::<Trend>().unwrap(), *trend);
            assert_eq!(serde_json::to_string(trend).unwrap(), format!("\"{trend}\""));
        }
        assert_eq!(
            "up".parse::<Trend>().unwrap_err(),
            "`up` is unknown here; write one of rising, steady, falling, unknown"
        );
    }

    proptest! {
        #[test]
        fn every_factor_id_round_trips(factor in 1u8.., indicator in proptest::option::of(1u8..)) {
            let id = FactorId::new(factor, indicator).unwrap();
            prop_assert_eq!(id.to_string().parse::<FactorId>().unwrap(), id);
        }

        #[test]
        fn what_parses_prints_the_same(text in "RF[0-9.+]{0,6}") {
            if let Ok(id) = text.parse::<FactorId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }
}
