//! The bundles of organisations, in their order.

use async_trait::async_trait;

use super::{
    catalogue,
    driver::Driver,
    lock::Lock,
    outbox::{self, SealedStatement},
    partners, peers, quarantine,
    query::{Connection, Queries, execute, params, query_all, query_optional},
    roots,
    store::SqlStore,
    value::{SqlRow, count, id, number, text, text_optional, time},
};
use crate::{
    domain::{
        bundle::BundleState,
        event::Event,
        ids::{Sha256, StatementId, TrustDomain},
    },
    store::{
        Result,
        bundles::{BundleChange, BundleRecord, BundleStore},
        catalogue::CatalogueMove,
        damage::Damage,
        vault::LedgerLeaf,
    },
};

fn read(r: &SqlRow<'_>) -> Result<BundleRecord> {
    Ok(BundleRecord {
        of: text(r, 0)?,
        sequence: count(r, 1)?,
        fingerprint: id(r, 2)?,
        digest: id(r, 3)?,
        state: text(r, 4)?,
        envelope: r.get(5)?,
        courier: text_optional(r, 6)?,
        at: time(r, 7)?,
    })
}

fn put(conn: &dyn Connection, record: &BundleRecord) -> Result<()> {
    const SQL: &str = "INSERT INTO bundle (peer, sequence, fingerprint, digest, state, envelope, courier, at) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (peer, sequence, digest) DO UPDATE SET \
        state = excluded.state, envelope = excluded.envelope, courier = excluded.courier, at = excluded.at";
    let BundleRecord { of, sequence, fingerprint, digest, state, envelope, courier, at } = record;
    let peer = peers::number_of(conn, of)?;
    let courier = courier.as_ref().map(|c| peers::number_of(conn, c)).transpose()?;
    let (fingerprint, digest) = (fingerprint.as_bytes(), digest.as_bytes());
    let values =
        params![peer, number(*sequence)?, fingerprint, digest, state.as_str(), envelope, courier, at.unix_nanos()];
    execute(conn, SQL, values).map(drop)
}

fn forget(conn: &dyn Connection, of: &TrustDomain, sequence: u64, digest: &Sha256) -> Result<()> {
    const SQL: &str = "DELETE FROM bundle WHERE peer = ?1 AND sequence = ?2 AND digest = ?3";
    let peer = peers::number_of(conn, of)?;
    execute(conn, SQL, params![peer, number(sequence)?, digest.as_bytes()]).map(drop)
}

/// How many bundles wait from this courier: of one organisation, and of all.
fn waiting(conn: &dyn Queries, record: &BundleRecord) -> Result<(u64, u64)> {
    const SQL: &str =
        "SELECT count(*) FILTER (WHERE peer = ?1), count(*) FROM bundle WHERE courier = ?2 AND state = ?3";
    // A query must not add a row for an unknown organisation.
    let peer = peers::find(conn, &record.of)?;
    let courier = record.courier.as_ref().map(|c| peers::find(conn, c)).transpose()?.flatten();
    let values = params![peer, courier, BundleState::Waiting.as_str()];
    Ok(query_optional(conn, SQL, values, |r| Ok((count(r, 0)?, count(r, 1)?)))?.unwrap_or_default())
}

/// `read` is the version of the catalogue that the change was decided on.
pub(super) async fn change(
    store: &SqlStore<impl Driver>,
    read: Option<u64>,
    change: BundleChange,
    events: Vec<Event>,
) -> Result<CatalogueMove> {
    let leaves = LedgerLeaf::all(&events)?;
    let BundleChange { put: added, forget: gone, partner, compromised, disown, settled_by_words, send } = change;
    let seal = |(to, envelope): (Vec<TrustDomain>, Vec<u8>)| -> Result<Vec<(TrustDomain, SealedStatement)>> {
        let one = |partner: TrustDomain| {
            let statement = SealedStatement::new(store.vault(), &partner, &envelope)?;
            Ok((partner, statement))
        };
        to.into_iter().map(one).collect()
    };
    let send = send.map(seal).transpose()?.unwrap_or_default();
    let told = send.iter().map(|(partner, _)| Lock::peer_out(partner));
    // What is hidden needs no locks of its own: whatever admits or releases something holds the catalogue's shared lock.
    let locks: Vec<_> = told.chain([Lock::catalogue()]).collect();
    // What is only handed over changes nothing that anybody decides by.
    let is_handed_over_only = added.is_empty()
        && gone.is_empty()
        && partner.is_none()
        && compromised.is_empty()
        && disown.is_empty()
        && settled_by_words.is_none();
    store
        .interleave(locks, move |conn, vault, changes| {
            let moved = match is_handed_over_only {
                true => catalogue::stay(conn, read)?,
                false => catalogue::move_on(conn, changes, read)?,
            };
            gone.iter().try_for_each(|(of, sequence, digest)| forget(conn, of, *sequence, digest))?;
            added.iter().try_for_each(|record| put(conn, record))?;
            partner.iter().try_for_each(|partner| partners::put(conn, partner, false))?;
            compromised.iter().try_for_each(|(of, root)| roots::compromised(conn, of, root))?;
            settled_by_words.iter().try_for_each(|of| roots::settle_by_words(conn, of))?;
            for (partner, statement) in send {
                outbox::put(conn, changes, &partner, statement, None)?;
            }
            changes.apply(conn)?;
            let mut hidden = vec![];
            for (of, fingerprint) in &disown {
                hidden.extend(quarantine::disown(conn, vault, of, fingerprint)?);
            }
            changes.record(leaves);
            Ok(CatalogueMove { hidden, ..moved })
        })
        .await
}

#[async_trait]
impl<D: Driver> BundleStore for SqlStore<D> {
    async fn bundles(&self, of: &TrustDomain) -> Result<Vec<BundleRecord>> {
        const SQL: &str = "SELECT d.domain, b.sequence, b.fingerprint, b.digest, b.state, b.envelope, c.domain, b.at \
            FROM bundle b JOIN peer d ON d.number = b.peer LEFT JOIN peer c ON c.number = b.courier \
            WHERE d.domain = ?1 ORDER BY b.sequence, b.digest";
        let of = of.clone();
        // A chain with a gap proves nothing, so the whole chain is out of service.
        self.read(move |conn| {
            query_all(conn, SQL, params![of.as_str()], read).map_err(|e| e.of(Damage::Bundles(of.clone())))
        })
        .await
    }

    async fn await_bundle(&self, record: BundleRecord, of_pair: u32, of_courier: u32) -> Result<bool> {
        const KNOWN: &str = "SELECT 1 FROM bundle b JOIN peer d ON d.number = b.peer \
            WHERE d.domain = ?1 AND b.sequence = ?2 AND b.digest = ?3";
        self.interleave([Lock::catalogue()], move |conn, _, _| {
            let name = params![record.of.as_str(), number(record.sequence)?, record.digest.as_bytes()];
            if query_optional(conn, KNOWN, name, |_| Ok(()))?.is_some() {
                return Ok(true);
            }
            let (pair, courier) = waiting(conn, &record)?;
            let has_room = pair < of_pair.into() && courier < of_courier.into();
            if has_room {
                put(conn, &record)?;
            }
            Ok(has_room)
        })
        .await
    }

    async fn change_bundles(&self, change: BundleChange, events: Vec<Event>) -> Result<Vec<StatementId>> {
        Ok(self::change(self, None, change, events).await?.hidden)
    }

    async fn given_of(&self, signer: &TrustDomain) -> Result<Vec<TrustDomain>> {
        const SQL: &str = "SELECT p.domain FROM signer_given g JOIN peer p ON p.number = g.peer \
            WHERE g.signer = (SELECT number FROM peer WHERE domain = ?1) ORDER BY p.domain";
        let signer = signer.clone();
        self.read(move |conn| query_all(conn, SQL, params![signer.as_str()], |r| text(r, 0))).await
    }

    async fn given_to(&self, partner: &TrustDomain) -> Result<Vec<TrustDomain>> {
        const SQL: &str = "SELECT p.domain FROM signer_given g JOIN peer p ON p.number = g.signer \
            WHERE g.peer = (SELECT number FROM peer WHERE domain = ?1) ORDER BY p.domain";
        let partner = partner.clone();
        self.read(move |conn| query_all(conn, SQL, params![partner.as_str()], |r| text(r, 0))).await
    }
}
