//! One strict Ed25519 rule on every node (01-protocol §2): canonical S, canonical encodings, no points of small order.
//! ring checks S < L and the equation; it lets keys and nonces of small order pass, which would make one
//! signature valid for many messages.

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

/// Whether neither the key nor the signature's nonce point is of small order or not canonically encoded.
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
