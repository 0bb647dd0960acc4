//! Which states the subjects of an arrival are about. Kept by itself, so that what other versions of an assessment say is known without
//! reading them whole.

use std::collections::BTreeSet;

use crate::domain::{
    assessment::{Manifest, Portion, subject_states},
    place::Country,
};

/// The states that these portions of a version are about.
pub fn of<'a>(manifest: &Manifest, portions: impl Iterator<Item = &'a Portion>) -> BTreeSet<Country> {
    let life = (manifest.issued, manifest.expires);
    portions.flat_map(|portion| subject_states(std::slice::from_ref(portion), life)).collect()
}

/// Codes of two letters, in rows of so many: how long it is does not tell how many there are.
const ROW: usize = 32;
/// A place of a row without a code.
const EMPTY: [u8; 2] = [0; 2];

/// As the store keeps them.
pub(super) fn pack(states: &BTreeSet<Country>) -> Vec<u8> {
    let mut bytes: Vec<u8> = states.iter().flat_map(|state| state.code().bytes()).collect();
    bytes.resize(bytes.len().div_ceil(ROW * EMPTY.len()).max(1) * ROW * EMPTY.len(), 0);
    bytes
}

/// What [`pack`] packed; `None` for anything else.
pub(super) fn unpack(bytes: &[u8]) -> Option<BTreeSet<Country>> {
    let codes = bytes.chunks(EMPTY.len()).take_while(|code| *code != EMPTY);
    codes.map(|code| std::str::from_utf8(code).ok()?.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_read_back_and_their_number_does_not_show() {
        let states = |codes: &[&str]| codes.iter().map(|c| c.parse().unwrap()).collect::<BTreeSet<Country>>();
        let all: BTreeSet<Country> = Country::all().collect();
        for set in [states(&[]), states(&["ML"]), states(&["BF", "ML", "NE"]), all] {
            assert_eq!(unpack(&pack(&set)), Some(set));
        }
        assert_eq!(pack(&states(&[])).len(), pack(&states(&["BF", "ML", "NE"])).len());
        assert_eq!(unpack(b"zz\0\0"), None);
    }
}
