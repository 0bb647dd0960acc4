//! The names of ledgers, and the statements of the keys that sign them.

use super::{ids::TrustDomain, time::Time};

/// The last epoch that a ledger may reach. Each new epoch needs a loss, or administrators who begin it.
pub const MAX_EPOCH: u32 = 1_000_000;
/// The most entries of a ledger.
pub const MAX_ENTRIES: u64 = (1 << 40) - 1;

/// The name of an organisation's ledger in an epoch (from 1), with which its notes begin.
pub fn origin(domain: &TrustDomain, epoch: u32) -> String {
    match epoch {
        0 | 1 => format!("{domain}/ledger"),
        later => format!("{domain}/ledger/{later}"),
    }
}

/// The organisation and the epoch in a ledger's name. `None` for other texts and for epochs beyond [`MAX_EPOCH`].
pub fn of_origin(text: &str) -> Option<(TrustDomain, u32)> {
    let (domain, rest) = text.split_once("/ledger")?;
    let epoch = match rest.strip_prefix('/') {
        Some(number) => number.parse().ok()?,
        None => 1,
    };
    let domain: TrustDomain = domain.parse().ok()?;
    (epoch <= MAX_EPOCH && origin(&domain, epoch) == text).then_some((domain, epoch))
}

/// An organisation's statement of which key signs its ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerKey {
    /// The name with which its notes begin.
    pub origin: String,
    /// The Ed25519 public key.
    pub public: [u8; 32],
    /// The epoch, from 1. It grows by one each time that a lost ledger is settled or the key is rotated.
    pub epoch: u32,
    /// When the node began to use it.
    pub created: Time,
    /// The handover by the key of the epoch before. `None` in the first epoch, and if the earlier key is lost.
    pub succession: Option<Succession>,
}

/// The handover from the key of one epoch to the key of the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Succession {
    /// The size of the ledger at the handover.
    pub size: u64,
    /// The root over these entries.
    pub root: [u8; 32],
    /// The Ed25519 signature by the earlier key.
    pub signature: Vec<u8>,
}

impl Succession {
    /// What the earlier key signs: that it hands over from one origin to another, to this key, at this size and root.
    pub fn message(before: &str, next: &str, public: &[u8; 32], size: u64, root: &[u8; 32]) -> Vec<u8> {
        let names = [&b"watchfire.ledger.succession.v1"[..], before.as_bytes(), next.as_bytes()]
            .map(|name| [name, b"\0"].concat());
        [&names.concat()[..], public, &size.to_be_bytes(), root].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_names_its_organisation_and_its_epoch() {
        let domain: TrustDomain = "gb.example".parse().unwrap();
        for epoch in [1, 2, 10] {
            assert_eq!(of_origin(&origin(&domain, epoch)), Some((domain.clone(), epoch)));
        }
        let (last, beyond) = (origin(&domain, MAX_EPOCH), origin(&domain, MAX_EPOCH + 1));
        assert_eq!(of_origin(&last), Some((domain.clone(), MAX_EPOCH)));
        for wrong in
            [&beyond, "gb.example", "gb.example/ledger/1", "gb.example/ledger/02", "gb.example/ledgers", "/ledger", ""]
        {
            assert_eq!(of_origin(wrong), None, "{wrong}");
        }
    }
}
