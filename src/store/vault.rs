//! The vault encrypts what the store keeps secret before it reaches a backend: portions, attachments, ledger entries, agreements,
//! house rules and statements in outboxes. Each ciphertext is bound to its row.

use std::collections::BTreeSet;

use zeroize::Zeroizing;

pub use super::row::SealedRow;
use super::{Result, StoreError, damage::Damage, row::torn_row};
use crate::{
    domain::{
        event::{Deed, Event},
        ids::StatementId,
    },
    seal::{
        at_rest::{AtRestError, KEY_LEN, RestKey},
        hash::sha256,
        keyed_hash::KeyedHash,
        random::{self, NoRandomness},
    },
};

/// The length of a word's token, in bytes.
pub const TOKEN_LEN: usize = 8;
/// The plaintext of the key check.
const KEY_CHECK: &[u8] = b"watchfire store";
/// How many random bytes precede an event, so that a proof's sibling hashes can't be guessed (01-protocol §7).
const SALT_LEN: usize = 32;

impl From<AtRestError> for StoreError {
    fn from(error: AtRestError) -> Self {
        match error {
            AtRestError::Corrupt => Self::Damaged(Damage::Row),
            AtRestError::NoRandomness(error) => error.into(),
        }
    }
}

impl From<NoRandomness> for StoreError {
    fn from(error: NoRandomness) -> Self {
        Self::Failed(error.to_string())
    }
}

/// A content key, with its stored form.
pub struct ContentKey {
    key: RestKey,
    /// The key, wrapped by the storage key and bound to its row.
    pub wrapped: Vec<u8>,
}

impl ContentKey {
    /// Encrypts bytes for a row.
    ///
    /// # Errors
    /// [`StoreError::Failed`] if the operating system has no random bytes.
    pub fn seal(&self, row: SealedRow<'_>, plain: &[u8]) -> Result<Vec<u8>> {
        Ok(self.key.seal(&row.name(), plain)?)
    }

    /// Decrypts the ciphertext of a row.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] with the row's thing; [`StoreError::Corrupt`] if the store as a whole is damaged.
    pub fn open(&self, row: SealedRow<'_>, sealed: &[u8]) -> Result<Vec<u8>> {
        self.key.open(&row.name(), sealed).map_err(|_| torn_row(&row))
    }
}

/// Encrypts and decrypts with the storage key, and hashes with keys that are derived from it.
pub struct Vault {
    rest: RestKey,
    words: KeyedHash,
    names: KeyedHash,
}

impl Vault {
    /// Makes a vault with a storage key.
    pub fn new(storage_key: &[u8; KEY_LEN]) -> Self {
        let derived = |purpose| KeyedHash::derive(storage_key, purpose);
        Self { rest: RestKey::new(storage_key), words: derived("words"), names: derived("names") }
    }

    /// The token of a word in an index with this salt. Without the storage key nobody can tell which word it is, and with another salt the
    /// same word has another token.
    pub fn word_token(&self, salt: &[u8], word: &str) -> [u8; TOKEN_LEN] {
        let hash = self.words.hash(&[salt, word.as_bytes()]);
        std::array::from_fn(|at| hash.get(at).copied().unwrap_or_default())
    }

    /// What stands in a column for a name that must not be there in plain: a person's id, or the name of something of a person.
    pub fn pseudonym(&self, parts: &[&str]) -> [u8; 32] {
        let parts: Vec<&[u8]> = parts.iter().flat_map(|part| [part.as_bytes(), b"\0"]).collect();
        self.names.hash(&parts)
    }

    /// Encrypts bytes for a row under the storage key itself.
    ///
    /// # Errors
    /// [`StoreError::Failed`] if the operating system has no random bytes.
    pub fn seal(&self, row: SealedRow<'_>, plain: &[u8]) -> Result<Vec<u8>> {
        Ok(self.rest.seal(&row.name(), plain)?)
    }

    /// Decrypts the ciphertext of a row.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] with the row's thing; [`StoreError::Corrupt`] if the store as a whole is damaged.
    pub fn open(&self, row: SealedRow<'_>, sealed: &[u8]) -> Result<Vec<u8>> {
        self.rest.open(&row.name(), sealed).map_err(|_| torn_row(&row))
    }

    /// The key check of a new store.
    ///
    /// # Errors
    /// [`StoreError::Failed`] if the operating system has no random bytes.
    pub fn key_check(&self) -> Result<Vec<u8>> {
        self.seal(SealedRow::KeyCheck, KEY_CHECK)
    }

    /// Whether the key check was made with this key.
    pub fn knows(&self, key_check: &[u8]) -> bool {
        self.open(SealedRow::KeyCheck, key_check).is_ok_and(|plain| plain == KEY_CHECK)
    }

    /// Makes a content key for a row.
    ///
    /// # Errors
    /// [`StoreError::Failed`] if the operating system has no random bytes.
    pub fn generate_key(&self, row: SealedRow<'_>) -> Result<ContentKey> {
        let bytes = RestKey::generate()?;
        Ok(ContentKey { key: RestKey::new(&bytes), wrapped: self.seal(row, bytes.as_slice())? })
    }

    /// Unwraps a stored content key.
    ///
    /// # Errors
    /// [`StoreError::Damaged`].
    pub fn unwrap_key(&self, row: SealedRow<'_>, wrapped: Vec<u8>) -> Result<ContentKey> {
        let bytes = Zeroizing::new(self.open(row, &wrapped)?);
        let bytes: &[u8; KEY_LEN] = bytes.as_slice().try_into().map_err(|_| torn_row(&row))?;
        Ok(ContentKey { key: RestKey::new(bytes), wrapped })
    }

    /// Encrypts a ledger entry for its index.
    ///
    /// # Errors
    /// [`StoreError::Failed`] if the operating system has no random bytes.
    pub fn seal_leaf(&self, index: u64, leaf: &LedgerLeaf) -> Result<Vec<u8>> {
        self.seal(SealedRow::LedgerEntry(index), &leaf.plain)
    }

    /// Decrypts a ledger entry, and checks it against its leaf.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn open_leaf(&self, index: u64, hash: &[u8], sealed: &[u8]) -> Result<Event> {
        let plain = self.open_plain_leaf(index, hash, sealed)?;
        Self::event_in(index, &plain)
    }

    /// The 32 random bytes and the JSON of a ledger entry, checked against its leaf.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn open_plain_leaf(&self, index: u64, hash: &[u8], sealed: &[u8]) -> Result<Vec<u8>> {
        let plain = self.open(SealedRow::LedgerEntry(index), sealed)?;
        if sha256(&[&plain]) != hash {
            return Err(StoreError::Corrupt(format!("ledger entry {index} is not what its leaf says")));
        }
        Ok(plain)
    }

    /// The event in a leaf's content.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn event_in(index: u64, plain: &[u8]) -> Result<Event> {
        let unreadable = || StoreError::Corrupt(format!("ledger entry {index} can't be read"));
        let json = plain.get(SALT_LEN..).ok_or_else(unreadable)?;
        serde_json::from_slice(json).map_err(|_| unreadable())
    }
}

/// An event, ready to become a ledger entry as soon as its index is known.
pub struct LedgerLeaf {
    plain: Vec<u8>,
    /// SHA-256 over the random bytes and the event: what the Merkle tree holds.
    pub hash: [u8; 32],
    /// The versions that the event decides about.
    pub manifests: Vec<StatementId>,
}

impl LedgerLeaf {
    /// Salts and hashes an event.
    ///
    /// # Errors
    /// [`StoreError::Failed`] if the operating system has no random bytes.
    pub fn of(event: &Event) -> Result<Self> {
        let mut plain = random::bytes::<SALT_LEN>()?.to_vec();
        serde_json::to_writer(&mut plain, event)
            .map_err(|e| StoreError::Failed(format!("an event can't be written: {e}")))?;
        Ok(Self { hash: sha256(&[&plain]), plain, manifests: decided(&event.deed) })
    }

    /// Salts and hashes several events.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn all(events: &[Event]) -> Result<Vec<Self>> {
        events.iter().map(Self::of).collect()
    }
}

/// The versions that a deed decides about. A reading decides nothing.
#[expect(clippy::too_many_lines, reason = "it names every deed, so that none is forgotten")]
pub(super) fn decided(deed: &Deed) -> Vec<StatementId> {
    match deed {
        Deed::Published { manifest, .. }
        | Deed::Decided { manifest, .. }
        | Deed::DecidedAlike { manifest, .. }
        | Deed::Released { manifest, .. }
        | Deed::ReleasedAgain { manifest, .. }
        | Deed::Dropped { manifest, .. }
        | Deed::Received { manifest, .. }
        | Deed::Readmitted { manifest, .. }
        | Deed::GaveWay { manifest, .. }
        | Deed::Endorsed { manifest, .. }
        | Deed::Requested { manifest, .. }
        | Deed::RequestSettled { manifest, .. }
        | Deed::Excepted { manifest, .. } => vec![*manifest],
        Deed::Answered { releases, .. } => {
            let each: BTreeSet<_> = releases.iter().map(|r| r.manifest).collect();
            each.into_iter().collect()
        }
        Deed::HolderAnswered { manifest, .. } | Deed::Acknowledged { manifest, .. } => vec![*manifest],
        Deed::Voided { .. }
        | Deed::PartnerChanged { .. }
        | Deed::BundleProposed { .. }
        | Deed::Introduced { .. }
        | Deed::IntroductionContested { .. }
        | Deed::IntroductionsAllowed { .. }
        | Deed::IntroductionSigned { .. }
        | Deed::LedgerKeyRotated { .. }
        | Deed::BundleTaken { .. }
        | Deed::AgreementChanged { .. }
        | Deed::AgreementApproved { .. }
        | Deed::RulesChanged { .. }
        | Deed::Read { .. }
        | Deed::Refused { .. }
        | Deed::Padding
        | Deed::SignedIn
        | Deed::SignInLinkMade { .. }
        | Deed::SessionOpened { .. }
        | Deed::SessionEnded { .. }
        | Deed::SignInRefused { .. }
        | Deed::KeyChanged { .. }
        | Deed::AttachmentDownloaded { .. }
        | Deed::InvitationWritten
        | Deed::ListTaken { .. }
        | Deed::ListReplacementApproved { .. }
        | Deed::PartnerChangeApproved { .. }
        | Deed::PersonRegistered { .. }
        | Deed::PersonConfirmed { .. }
        | Deed::PersonRecovered { .. }
        | Deed::AgreementExported { .. }
        | Deed::LedgerExported { .. }
        | Deed::LedgerProved { .. }
        | Deed::LedgerAlarm { .. }
        | Deed::SettlingApproved { .. }
        | Deed::LedgerSettled { .. }
        | Deed::DraftRead { .. }
        | Deed::DraftAccess { .. }
        | Deed::DraftDeleted { .. }
        | Deed::Equivocated { .. }
        | Deed::EvidenceExported { .. }
        | Deed::PositionAdopted { .. } => vec![],
        Deed::Stored { .. } | Deed::Recalled { .. } | Deed::PurgeApproved { .. } | Deed::RecallAnswered { .. } => {
            vec![]
        }
    }
}

/// Packs byte strings into one: each after its length (four bytes, big-endian).
pub fn pack<B: AsRef<[u8]>>(items: &[B]) -> Vec<u8> {
    let total = items.iter().map(|i| i.as_ref().len().saturating_add(4)).sum();
    let mut out = Vec::with_capacity(total);
    for item in items.iter().map(AsRef::as_ref) {
        // Nothing here is near 4 GiB (01-protocol §8). A longer string would not unpack, and would count as damage.
        out.extend_from_slice(&u32::try_from(item.len()).unwrap_or(u32::MAX).to_be_bytes());
        out.extend_from_slice(item);
    }
    out
}

/// Unpacks what [`pack`] packed.
///
/// # Errors
/// [`StoreError::Damaged`], of a row; see [`StoreError::of`].
pub fn unpack(mut packed: &[u8]) -> Result<Vec<Vec<u8>>> {
    let mut items = Vec::new();
    while let Some((length, rest)) = packed.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        let (item, rest) = rest.split_at_checked(length).ok_or_else(torn)?;
        items.push(item.to_vec());
        packed = rest;
    }
    if packed.is_empty() { Ok(items) } else { Err(torn()) }
}

fn torn() -> StoreError {
    StoreError::Damaged(Damage::Row)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::AssessmentId;

    proptest::proptest! {
        #[test]
        fn what_was_packed_unpacks(items: Vec<Vec<u8>>) {
            let packed = pack(&items);
            proptest::prop_assert_eq!(unpack(&packed).unwrap(), items);
        }

        #[test]
        fn unpacking_never_panics_and_has_one_spelling(bytes: Vec<u8>) {
            if let Ok(items) = unpack(&bytes) {
                proptest::prop_assert_eq!(pack(&items), bytes);
            }
        }
    }

    #[test]
    fn a_quarantine_is_not_lifted_by_a_flipped_column() {
        let vault = Vault::new(&[7; KEY_LEN]);
        let (manifest, from) = (StatementId([1; 32]), "gb.example".parse().unwrap());
        let row = |quarantined| SealedRow::PortionSet { manifest: &manifest, from: &from, sequence: 4, quarantined };
        let sealed = vault.seal(row(true), b"x").unwrap();
        assert_eq!(vault.open(row(true), &sealed).unwrap(), b"x");
        assert_eq!(vault.open(row(false), &sealed), Err(StoreError::Damaged(Damage::Version(manifest))));
    }

    #[test]
    fn a_key_opens_in_its_own_row_only() {
        let vault = Vault::new(&[7; KEY_LEN]);
        let [one, other] = [[1; 16], [2; 16]].map(AssessmentId);
        let originator = "gb.example".parse().unwrap();
        let key = vault.generate_key(SealedRow::AssessmentKey(&one, &originator)).unwrap();
        assert!(vault.unwrap_key(SealedRow::AssessmentKey(&one, &originator), key.wrapped.clone()).is_ok());
        assert!(vault.unwrap_key(SealedRow::AssessmentKey(&other, &originator), key.wrapped).is_err());
    }

    #[test]
    fn a_word_has_a_token_for_each_key_and_salt() {
        let (vault, other) = (Vault::new(&[7; KEY_LEN]), Vault::new(&[8; KEY_LEN]));
        let token = vault.word_token(b"salt", "mali");
        assert_eq!(token, Vault::new(&[7; KEY_LEN]).word_token(b"salt", "mali"));
        for another in
            [vault.word_token(b"salt", "niger"), vault.word_token(b"tlas", "mali"), other.word_token(b"salt", "mali")]
        {
            assert_ne!(token, another);
        }
        assert_ne!(vault.pseudonym(&["a", "b"]), vault.pseudonym(&["ab"]));
        assert_ne!(vault.pseudonym(&["a"]), other.pseudonym(&["a"]));
    }

    #[test]
    fn a_moved_or_exchanged_ledger_entry_is_found() {
        let vault = Vault::new(&[7; KEY_LEN]);
        let read = Deed::Read { manifest: StatementId([1; 32]) };
        let event = Event::of_node(crate::domain::time::Time::from_unix_nanos(1), read);
        let leaf = LedgerLeaf::of(&event).unwrap();
        let sealed = vault.seal_leaf(3, &leaf).unwrap();
        assert_eq!(vault.open_leaf(3, &leaf.hash, &sealed).unwrap(), event);
        assert!(vault.open_leaf(4, &leaf.hash, &sealed).is_err());
        assert!(vault.open_leaf(3, &[0; 32], &sealed).is_err());
        assert_ne!(LedgerLeaf::of(&event).unwrap().hash, leaf.hash, "the salt must make it unguessable");
    }
}
