//! The language of a text.

use serde::Serialize;

use super::ids::shorten;

/// The longest tag, in bytes. RFC 5646, section 4.4.1 asks for room for 35.
const MAX_BYTES: usize = 64;

/// A language tag of BCP 47 in the case that RFC 5646, section 2.1.1 recommends: `fr`, `zh-Hant-TW`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Language(String);

impl Language {
    /// The tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether both are the same language in any script and region, such as `fr` and `fr-CA`.
    pub fn is_like(&self, other: &Self) -> bool {
        self.primary() == other.primary()
    }

    fn primary(&self) -> &str {
        self.0.split('-').next().unwrap_or_default()
    }
}

impl std::fmt::Display for Language {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

impl std::str::FromStr for Language {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = oxilangtag::LanguageTag::parse_and_normalize(text).ok().filter(|_| text.len() <= MAX_BYTES);
        match read {
            Some(tag) if tag.as_str() == text => Ok(Self(text.to_owned())),
            Some(tag) => Err(format!("`{}` is written `{}`", shorten(text), tag.as_str())),
            None => Err(format!("`{}` is not a language tag of BCP 47; write e.g. fr or pt-BR", shorten(text))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_has_one_spelling() {
        for good in ["fr", "ha-Latn-NG", "zh-Hant-TW", "sw", "ff-Adlm"] {
            assert_eq!(good.parse::<Language>().unwrap().as_str(), good);
        }
        for (wrong, right) in [("FR", "`fr`"), ("pt-br", "`pt-BR`"), ("ff-adlm", "`ff-Adlm`")] {
            assert!(wrong.parse::<Language>().unwrap_err().contains(right), "{wrong}");
        }
        for wrong in ["", "f", "french language", "fr_FR", "-", "fr-", &format!("x{}", "-abcdefgh".repeat(9))] {
            assert!(wrong.parse::<Language>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_region_makes_no_other_language() {
        let read = |text: &str| text.parse::<Language>().unwrap();
        assert!(read("fr").is_like(&read("fr-CA")) && !read("fr").is_like(&read("fy")));
    }
}
