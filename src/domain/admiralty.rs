//! The NATO (Admiralty) grading of evidence: how reliable the source is, and how credible the information. The axes are independent, and `F6`
//! means ungraded, not false. Some taxonomies add the letter G for deception. NATO does not, so it is refused.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::ids::shorten;

/// How reliable the source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Reliability {
    /// Completely reliable.
    A,
    /// Usually reliable.
    B,
    /// Fairly reliable.
    C,
    /// Not usually reliable.
    D,
    /// Unreliable.
    E,
    /// Reliability cannot be judged.
    F,
}

impl Reliability {
    /// All grades, the best first and the ungraded last.
    pub const ALL: [Self; 6] = [Self::A, Self::B, Self::C, Self::D, Self::E, Self::F];

    /// The letter.
    pub fn letter(self) -> char {
        match self {
            Self::A => 'A',
            Self::B => 'B',
            Self::C => 'C',
            Self::D => 'D',
            Self::E => 'E',
            Self::F => 'F',
        }
    }

    /// The words of the scale.
    pub fn words(self) -> &'static str {
        match self {
            Self::A => "completely reliable",
            Self::B => "usually reliable",
            Self::C => "fairly reliable",
            Self::D => "not usually reliable",
            Self::E => "unreliable",
            Self::F => "reliability cannot be judged",
        }
    }
}

/// How credible the information is in itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum Credibility {
    /// 1: confirmed by other sources.
    Confirmed,
    /// 2: probably true.
    Probable,
    /// 3: possibly true.
    Possible,
    /// 4: doubtful.
    Doubtful,
    /// 5: improbable.
    Improbable,
    /// 6: truth cannot be judged.
    Unjudged,
}

impl Credibility {
    /// All grades, the best first and the ungraded last.
    pub const ALL: [Self; 6] =
        [Self::Confirmed, Self::Probable, Self::Possible, Self::Doubtful, Self::Improbable, Self::Unjudged];

    /// The figure, 1 to 6.
    pub fn figure(self) -> u8 {
        match self {
            Self::Confirmed => 1,
            Self::Probable => 2,
            Self::Possible => 3,
            Self::Doubtful => 4,
            Self::Improbable => 5,
            Self::Unjudged => 6,
        }
    }

    /// The words of the scale.
    pub fn words(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed by other sources",
            Self::Probable => "probably true",
            Self::Possible => "possibly true",
            Self::Doubtful => "doubtful",
            Self::Improbable => "improbable",
            Self::Unjudged => "truth cannot be judged",
        }
    }
}

impl TryFrom<u8> for Credibility {
    type Error = String;

    fn try_from(figure: u8) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|c| c.figure() == figure)
            .ok_or_else(|| format!("`{figure}` is not a credibility; write 1 to 6"))
    }
}

impl From<Credibility> for u8 {
    fn from(credibility: Credibility) -> Self {
        credibility.figure()
    }
}

/// A grade such as `B2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Grade {
    /// The grade of the source.
    pub reliability: Reliability,
    /// The grade of the information.
    pub credibility: Credibility,
}

impl Grade {
    /// Both axes in words.
    pub fn words(self) -> String {
        format!("{}, {}", self.reliability.words(), self.credibility.words())
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.reliability.letter(), self.credibility.figure())
    }
}

impl FromStr for Grade {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(grade) = read(text) {
            return Ok(grade);
        }
        let told = shorten(text);
        match read(text.trim().to_uppercase().as_str()) {
            Some(grade) => Err(format!("`{told}` is not a grade; write `{grade}`")),
            None => Err(format!(
                "`{told}` is not an Admiralty grade; write a letter A to F and a figure 1 to 6, as in `B2`"
            )),
        }
    }
}

/// Exactly a letter and a figure.
fn read(text: &str) -> Option<Grade> {
    let mut chars = text.chars();
    let (letter, figure, None) = (chars.next()?, chars.next()?, chars.next()) else { return None };
    let reliability = Reliability::ALL.into_iter().find(|r| r.letter() == letter)?;
    let credibility = Credibility::ALL.into_iter().find(|c| figure.to_digit(10) == Some(u32::from(c.figure())))?;
    Some(Grade { reliability, credibility })
}

impl TryFrom<String> for Grade {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Grade> for String {
    fn from(grade: Grade) -> Self {
        grade.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn all_36_grades_round_trip() {
        for reliability in Reliability::ALL {
            for credibility in Credibility::ALL {
                let grade = Grade { reliability, credibility };
                assert_eq!(grade.to_string().parse::<Grade>().unwrap(), grade);
                let json = serde_json::to_string(&grade).unwrap();
                assert_eq!(serde_json::from_str::<Grade>(&json).unwrap(), grade);
            }
        }
        assert_eq!("B2".parse::<Grade>().unwrap().words(), "usually reliable, probably true");
    }

    #[test]
    fn near_misses_are_refused_with_what_to_write() {
        assert_eq!("b2".parse::<Grade>().unwrap_err(), "`b2` is not a grade; write `B2`");
        for wrong in ["", "B", "2B", "B0", "B7", "G1", "B22", "B2 ", "Β2", "B٢"] {
            assert!(wrong.parse::<Grade>().is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn only_the_one_spelling_is_read(text in "\\PC{0,3}") {
            if let Ok(grade) = text.parse::<Grade>() {
                prop_assert_eq!(grade.to_string(), text);
            }
        }
    }
}
