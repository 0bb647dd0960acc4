//! Portions and their translations. A reader sees a portion in their own language first, and next to it the original.

use crate::domain::{assessment::Portion, language::Language};

/// How a portion relates to its translations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stands {
    /// It has no translation here.
    Alone,
    /// It was translated.
    Original,
    /// It translates another one that is here.
    Translation,
}

/// The portions in the author's order, with each translation next to its original. The one in the reader's language comes first. If the original
/// of a translation is not here, the translation keeps the author's place.
pub(super) fn arranged<'a>(portions: &'a [Portion], reader: Option<&Language>) -> Vec<(&'a Portion, Stands)> {
    let original = |p: &Portion| p.translates.and_then(|of| portions.iter().find(|o| o.handle == of));
    let is_first = |p: &Portion| original(p).is_none_or(|o| o.translates.is_some());
    let is_read = |p: &Portion| reader.zip(p.language.as_ref()).is_some_and(|(reader, own)| reader.is_like(own));
    let mut all = Vec::with_capacity(portions.len());
    for first in portions.iter().filter(|p| is_first(p)) {
        let is_of_it = |p: &&Portion| p.translates == Some(first.handle) && !is_first(p);
        let translations: Vec<&Portion> = portions.iter().filter(is_of_it).collect();
        let stands = if translations.is_empty() { Stands::Alone } else { Stands::Original };
        let mut group = vec![(first, stands)];
        group.extend(translations.into_iter().map(|p| (p, Stands::Translation)));
        // The original stays first if the reader reads its language.
        if !is_read(first) {
            group.sort_by_key(|(p, _)| !is_read(p));
        }
        all.extend(group);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        body::Body,
        ids::{Handle, Salt},
        marking::{Marking, Tlp},
    };

    fn portion(number: u8, language: &str, translates: Option<u8>) -> Portion {
        let marking = Marking::new(Tlp::Green);
        Portion {
            language: language.parse().ok(),
            translates: translates.map(|n| Handle([n; 8])),
            ..Portion::new(Salt([0; 32]), Handle([number; 8]), marking, Body::Gap { text: String::new() })
        }
    }

    fn places(portions: &[Portion], reader: &str) -> Vec<u8> {
        let reader = reader.parse().ok();
        arranged(portions, reader.as_ref()).iter().map(|(p, _)| p.handle.0[0]).collect()
    }

    #[test]
    fn a_reader_s_own_language_goes_first_and_nothing_is_lost() {
        let all = [
            portion(1, "en", None),
            portion(2, "", None),
            portion(3, "fr", Some(1)),
            portion(4, "ha", Some(1)),
            // A translation of a withheld portion, one of itself, and one of a translation.
            portion(5, "fr", Some(9)),
            portion(6, "fr", Some(6)),
            portion(7, "pt", Some(3)),
        ];
        assert_eq!(places(&all, ""), [1, 3, 4, 2, 5, 6, 7]);
        assert_eq!(places(&all, "fr-CA"), [3, 1, 4, 2, 5, 6, 7]);
        assert_eq!(places(&all, "en"), [1, 3, 4, 2, 5, 6, 7]);
        assert_eq!(places(&all, "ha"), [4, 1, 3, 2, 5, 6, 7]);
        let stands: Vec<Stands> = arranged(&all, None).into_iter().map(|(_, stands)| stands).collect();
        assert_eq!(stands[..4], [Stands::Original, Stands::Translation, Stands::Translation, Stands::Alone]);
    }

    #[test]
    fn two_that_translate_each_other_are_both_shown() {
        let all = [portion(1, "en", Some(2)), portion(2, "fr", Some(1))];
        assert_eq!(places(&all, "fr"), [1, 2]);
    }
}
