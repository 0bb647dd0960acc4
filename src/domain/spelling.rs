//! Guesses which known word was meant.

/// How many letters must change (Levenshtein distance).
pub fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut last = i;
        let mut left = i + 1;
        for (slot, cb) in row.iter_mut().skip(1).zip(&b) {
            let cost = last + usize::from(ca != *cb);
            last = *slot;
            left = cost.min(last + 1).min(left + 1);
            *slot = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

/// The longest word that is compared. No known word is nearly as long, and a long one must not cause much work.
const LONGEST: usize = 100;

/// The known word of which the given one is a misspelling; the nearest, if there are several. Capitals, and blanks or `_` for `-`, do not count
/// as differences. A short word may differ in only one letter.
pub fn meant<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > LONGEST {
        return None;
    }
    let plain = |word: &str| word.trim().to_lowercase().replace([' ', '_'], "-");
    let word = plain(word);
    let most = if word.chars().count() < 6 { 1 } else { 2 };
    let near = known.into_iter().map(|known| (distance(&plain(known), &word), known));
    near.filter(|(distance, _)| *distance <= most).min_by_key(|(distance, _)| *distance).map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_meant_where_one_is_near() {
        let known = ["state", "regional", "ngo", "no-attribution"];
        for (word, near) in [
            ("State", Some("state")),
            ("sate", Some("state")),
            ("states", Some("state")),
            ("region", Some("regional")),
            ("No_Attribution", Some("no-attribution")),
            ("no attribution", Some("no-attribution")),
            ("ngos", Some("ngo")),
            ("university", None),
            ("", None),
        ] {
            assert_eq!(meant(word, known), near, "{word}");
        }
        assert_eq!(meant(&"state".repeat(1_000_000), known), None);
        assert_eq!((distance("", "abc"), distance("abc", "abc"), distance("abc", "axcd")), (3, 0, 2));
    }
}
