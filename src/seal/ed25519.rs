//! The one strict Ed25519 rule of every node (01-protocol §2): canonical S, canonical encodings, no points of small order. ring checks that S <
//! L and that the equation holds. It accepts keys and nonces of small order, with which one signature would be valid for many messages.

/// The y coordinates (little endian, sign bit clear) of the eight points of small order, with their non-canonical
/// encodings (y + p). Facts of the curve: Chalkias, Garillot, Nikolaenko, "Taming the many EdDSAs", table 1.
const SMALL_ORDER_Y: [&str; 7] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

static SMALL_ORDER: std::sync::LazyLock<Vec<[u8; 32]>> = std::sync::LazyLock::new(|| {
    SMALL_ORDER_Y
        .iter()
        .filter_map(|text| {
            let mut bytes = [0; 32];
            hex::decode_to_slice(text, &mut bytes).ok().map(|()| bytes)
        })
        .collect()
});

/// Whether both the key and the signature's nonce point are canonically encoded and not of small order.
pub(super) fn is_acceptable(public_key: &[u8], signature: &[u8]) -> bool {
    let nonce = signature.get(..32).unwrap_or_default();
    is_good_point(public_key) && is_good_point(nonce)
}

fn is_good_point(encoded: &[u8]) -> bool {
    let Ok(mut y): Result<[u8; 32], _> = encoded.try_into() else { return false };
    y[31] &= 0x7f;
    !SMALL_ORDER.contains(&y) && is_below_p(&y)
}

/// Whether y < p = 2^255 - 19, little endian.
fn is_below_p(y: &[u8; 32]) -> bool {
    let [first, middle @ .., last] = y;
    !(*last == 0x7f && middle.iter().all(|b| *b == 0xff) && *first >= 0xed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A y coordinate, little endian: 2^255 - 1 with another first byte.
    fn high(first: u8) -> [u8; 32] {
        let mut y = [0xff; 32];
        (y[0], y[31]) = (first, 0x7f);
        y
    }

    #[test]
    fn a_point_has_one_encoding() {
        // p - 2 is the highest y that is not a point of small order. p + 2 to p + 18 are second encodings of 2 to 18.
        assert!(is_good_point(&high(0xeb)));
        for first in 0xec..=0xff {
            assert!(!is_good_point(&high(first)), "{first:#x}");
            let signed = [&high(first)[..31], &[0xff]].concat();
            assert!(!is_good_point(&signed), "{first:#x} with the sign bit");
        }
        // A high first byte alone is harmless, and so are high bytes above a low last one.
        let mut lower = high(0xff);
        lower[17] = 0xfe;
        assert!(is_good_point(&lower));
        lower = high(0xff);
        lower[31] = 0x7e;
        assert!(is_good_point(&lower));
    }

    #[test]
    fn key_and_nonce_must_both_be_good_and_whole() {
        let (good, bad) = (high(0xeb), [0; 32]);
        let signature = |nonce: [u8; 32]| [nonce, [1; 32]].concat();
        assert!(is_acceptable(&good, &signature(good)));
        assert!(!is_acceptable(&bad, &signature(good)));
        assert!(!is_acceptable(&good, &signature(bad)));
        assert!(!is_acceptable(&good[..31], &signature(good)));
        assert!(!is_acceptable(&good, &good[..31]));
    }
}
