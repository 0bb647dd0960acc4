//! The fingerprint of a trust bundle, in hexadecimal and in words that two people can read to each other.

use std::fmt;

/// The word list of BIP 39 (English): 2,048 words that differ in their first four letters. Public domain.
static WORDS: &str = include_str!("words.txt");

/// The number of words in the spoken form. 12 words of 11 bits are the first 132 bits.
const SPOKEN: usize = 12;
const BITS: usize = 11;

/// What both sides compare over another channel than the network, before they trust each other's bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// Twelve words that people can read out on the telephone.
    pub fn words(&self) -> String {
        let words: Vec<&str> = (0..SPOKEN).filter_map(|n| WORDS.lines().nth(self.group(n))).collect();
        words.join(" ")
    }

    /// Whether `text` is this fingerprint: 64 hexadecimal digits or the twelve words, in any case and with any spacing.
    ///
    /// # Errors
    /// A sentence, if the text is neither. So a typing mistake is not taken for an attack.
    pub fn agrees_with(&self, text: &str) -> Result<bool, String> {
        let text = text.to_lowercase();
        let parts: Vec<&str> =
            text.split(|c: char| c.is_whitespace() || matches!(c, '-' | ':' | ',')).filter(|p| !p.is_empty()).collect();
        let joined = parts.concat();
        if let Ok(bytes) = hex::decode(&joined)
            && bytes.len() == 32
        {
            return Ok(bytes == self.0);
        }
        if let Some(unknown) = parts.iter().find(|part| !WORDS.lines().any(|word| word == **part)) {
            let unknown = crate::domain::ids::shorten(unknown);
            return Err(format!(
                "`{unknown}` is not a word of a fingerprint; give its 12 words or its 64 hexadecimal digits"
            ));
        }
        if parts.len() != SPOKEN {
            return Err(format!("a fingerprint has 12 words or 64 hexadecimal digits, not {} words", parts.len()));
        }
        Ok(parts.join(" ") == self.words())
    }

    /// The n-th group of 11 bits, the most significant first.
    fn group(&self, n: usize) -> usize {
        (n * BITS..(n + 1) * BITS).fold(0, |value, bit| {
            let byte = self.0.get(bit / 8).copied().unwrap_or_default();
            value << 1 | usize::from(byte >> (7 - bit % 8) & 1)
        })
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_word_list_is_that_of_bip_39() {
        assert_eq!(WORDS.lines().count(), 2048);
        let digest = crate::seal::hash::sha256(&[WORDS.as_bytes()]);
        assert_eq!(hex::encode(digest), "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda");
    }

    #[test]
    fn words_follow_bip_39() {
        // The vector of BIP 39 for 128 zero bits is `abandon` eleven times. Its twelfth word contains a checksum.
        assert_eq!(Fingerprint([0; 32]).words(), ["abandon"; 12].join(" "));
        assert_eq!(
            Fingerprint([0x7f; 32]).words().split(' ').take(3).collect::<Vec<_>>(),
            ["legal", "winner", "thank"]
        );
    }

    #[test]
    fn a_slip_of_the_pen_is_no_mismatch() {
        let print = Fingerprint([7; 32]);
        assert!(print.agrees_with("abandon ability").is_err());
        assert!(print.agrees_with("0707").is_err());
        assert!(print.agrees_with(&print.words().replacen(' ', " xyzzy ", 1)).is_err());
        assert_eq!(print.agrees_with(&Fingerprint([8; 32]).words()), Ok(false));
        assert_eq!(print.agrees_with(&Fingerprint([8; 32]).to_string()), Ok(false));
    }

    proptest! {
        #[test]
        fn both_forms_read_back(bytes in any::<[u8; 32]>(), flip in 0usize..132) {
            let print = Fingerprint(bytes);
            prop_assert_eq!(print.agrees_with(&print.words().to_uppercase()), Ok(true));
            prop_assert_eq!(print.agrees_with(&print.words().replace(' ', "-")), Ok(true));
            prop_assert_eq!(print.agrees_with(&print.to_string()), Ok(true));
            let mut other = bytes;
            other[flip / 8] ^= 0x80 >> (flip % 8);
            prop_assert_eq!(print.agrees_with(&Fingerprint(other).words()), Ok(false));
        }
    }
}
