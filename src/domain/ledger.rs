//! Whose ledger is which, and which key signs it.

use super::{ids::TrustDomain, time::Time};

/// The name of an organisation's ledger in an epoch, from 1 on: what its notes begin with.
pub fn origin(domain: &TrustDomain, epoch: u32) -> String {
    match epoch {
        0 | 1 => format!("{domain}/ledger"),
        later => format!("{domain}/ledger/{later}"),
    }
}

/// The organisation and the epoch that a ledger's name stands for.
pub fn of_origin(text: &str) -> Option<(TrustDomain, u32)> {
    let (domain, rest) = text.split_once("/ledger")?;
    let epoch = match rest.strip_prefix('/') {
        Some(number) => number.parse().ok()?,
        None => 1,
    };
    let domain: TrustDomain = domain.parse().ok()?;
    (origin(&domain, epoch) == text).then_some((domain, epoch))
}

/// An organisation's statement of which key signs its ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerKey {
    /// What its notes begin with.
    pub origin: String,
    /// Ed25519.
    pub public: [u8; 32],
    /// From 1 on; one more each time that a lost ledger was settled.
    pub epoch: u32,
    /// When the node began to use it.
    pub created: Time,
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
        for wrong in ["gb.example", "gb.example/ledger/1", "gb.example/ledger/02", "gb.example/ledgers", "/ledger", ""]
        {
            assert_eq!(of_origin(wrong), None, "{wrong}");
        }
    }
}
