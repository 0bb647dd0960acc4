//! Partners.

use std::sync::Arc;

use super::{
    catalogue,
    damages::{Sorted, sorted},
    driver::Driver,
    lock::Lock,
    peers,
    query::{Connection, execute, params, query_optional},
    roots,
    store::SqlStore,
    value::{SqlRow, text, text_optional, time},
};
use crate::{
    domain::{
        bundle::HeldBundle,
        event::Event,
        ids::{Sha256, TrustDomain},
        partner::{Organisation, PartnerState},
    },
    store::{
        PartnerRecord, Result, StoreError,
        catalogue::CatalogueMove,
        damage::Damage,
        vault::{LedgerLeaf, pack, unpack},
    },
};

/// Selects partners. The rest of the statement says which.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT d.domain, p.kind, p.country, p.endpoint, p.roots, p.state, p.accepted_at, p.bundle, p.introduces \
             FROM partner p JOIN peer d ON d.number = p.peer ",
            $rest
        )
    };
}

pub(super) async fn all(store: &SqlStore<impl Driver>) -> Result<Vec<PartnerRecord>> {
    const SQL: &str = select!("ORDER BY d.domain");
    let damages = Arc::clone(store.damages());
    store
        .read(move |conn| {
            let Sorted { whole, torn } = sorted(conn, SQL, params![], damage, whole)?;
            damages.replace(|damage| matches!(damage, Damage::Partner(_)), torn);
            Ok(whole)
        })
        .await
}

/// Those of these partners that are here and can be read, by name.
pub(super) async fn named(store: &SqlStore<impl Driver>, mut names: Vec<TrustDomain>) -> Result<Vec<PartnerRecord>> {
    const SQL: &str = select!("WHERE d.domain = ?1");
    names.sort_unstable();
    names.dedup();
    let damages = Arc::clone(store.damages());
    store
        .read(move |conn| {
            let mut found = vec![];
            for name in &names {
                let Sorted { whole, torn } = sorted(conn, SQL, params![name.as_str()], damage, whole)?;
                damages.replace(|damage| matches!(damage, Damage::Partner(of) if of == name), torn);
                found.extend(whole);
            }
            Ok(found)
        })
        .await
}

/// What is damaged if the row can't be read.
fn damage(row: &SqlRow<'_>) -> Result<Damage> {
    Ok(Damage::Partner(text(row, 0)?))
}

fn whole(row: &SqlRow<'_>) -> Result<PartnerRecord> {
    let (record, roots, bundle): Read = read(row)?;
    Ok(PartnerRecord { roots: unpack(&roots)?, bundle: bundle_from(&bundle, &record)?, ..record })
}

/// A partner without its roots, its roots in their stored form, and its bundle.
type Read = (PartnerRecord, Vec<u8>, Option<String>);

/// The bundle of a partner that was accepted before bundles were numbered: its first one, which no other follows.
fn bundle_from(text: &Option<String>, partner: &PartnerRecord) -> Result<HeldBundle> {
    let Some(text) = text else { return Ok(partner.bundle.clone()) };
    serde_json::from_str(text).map_err(|_| StoreError::Damaged(Damage::Partner(partner.organisation.domain.clone())))
}

fn bundle_text(bundle: &HeldBundle) -> Result<String> {
    serde_json::to_string(bundle).map_err(|e| StoreError::Failed(e.to_string()))
}

fn read(row: &SqlRow<'_>) -> Result<Read> {
    let record = PartnerRecord {
        organisation: Organisation { domain: text(row, 0)?, kind: text(row, 1)?, country: text_optional(row, 2)? },
        endpoint: text_optional(row, 3)?,
        roots: vec![],
        bundle: HeldBundle::new(1, Sha256([0; 32]), time(row, 6)?),
        state: text(row, 5)?,
        introduces: row.get(8)?,
        accepted_at: time(row, 6)?,
    };
    Ok((record, row.get(4)?, row.get(7)?))
}

/// `read` is the version of the catalogue that the change was decided on.
pub(super) async fn save(
    store: &SqlStore<impl Driver>,
    read: Option<u64>,
    partner: PartnerRecord,
    event: Event,
) -> Result<CatalogueMove> {
    let leaves = LedgerLeaf::all(&[event])?;
    store
        .interleave([Lock::catalogue()], move |conn, _, changes| {
            let moved = catalogue::move_on(conn, changes, read)?;
            put(conn, &partner, true)?;
            changes.record(leaves);
            Ok(moved)
        })
        .await
}

/// Adds or replaces a partner. `by_words` means that no bundle of its administrators says so. For the writer.
pub(super) fn put(conn: &dyn Connection, partner: &PartnerRecord, by_words: bool) -> Result<()> {
    const SQL: &str = "INSERT INTO partner (peer, kind, country, endpoint, roots, state, accepted_at, bundle, introduces) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (peer) DO UPDATE SET kind = excluded.kind, \
        country = excluded.country, endpoint = excluded.endpoint, state = excluded.state, \
        accepted_at = excluded.accepted_at, roots = excluded.roots, bundle = excluded.bundle, \
        introduces = excluded.introduces";
    const BEFORE: &str = "SELECT roots, accepted_at FROM partner WHERE peer = ?1";
    let peer = peers::number_of(conn, &partner.organisation.domain)?;
    let before = query_optional(conn, BEFORE, params![peer], |r| Ok((r.get::<Vec<u8>>(0)?, time(r, 1)?)))?;
    // Unreadable roots do not become retired roots, either.
    if let Some((roots, at)) = before
        && let Ok(roots) = unpack(&roots)
    {
        roots::note(conn, peer, &roots, at, by_words)?;
    }
    let since = if by_words { partner.accepted_at } else { partner.bundle.issued };
    roots::note(conn, peer, &partner.roots, since, by_words)?;
    if partner.state != PartnerState::Forgotten {
        roots::hold(conn, peer, &partner.bundle.fingerprint)?;
    }
    let values = params![
        peer,
        partner.organisation.kind.as_str(),
        partner.organisation.country.map(|c| c.to_string()),
        partner.endpoint.as_ref().map(|e| e.as_str()),
        pack(&partner.roots),
        partner.state.as_str(),
        partner.accepted_at.unix_nanos(),
        bundle_text(&partner.bundle)?,
        partner.introduces,
    ];
    execute(conn, SQL, values).map(drop)
}
