//! Partners, and the numbers that stand for trust domains in every other table.

use rusqlite::{Connection, Row, params};

use super::{
    SqliteStore,
    column::{change, row, rows, time, word, word_optional},
    ledger, roots,
};
use crate::{
    domain::{event::Event, ids::TrustDomain, partner::Organisation},
    store::{
        PartnerRecord, Result,
        vault::{Leaf, pack, unpack},
    },
};

/// The number of a trust domain, if it has one.
pub(super) fn find(conn: &Connection, domain: &TrustDomain) -> Result<Option<i64>> {
    row(conn, "SELECT number FROM peer WHERE domain = ?1", [domain.as_str()], |r| r.get(0))
}

/// The number of a trust domain, given to it now where it has none. For the writer.
pub(super) fn number_of(conn: &Connection, domain: &TrustDomain) -> Result<i64> {
    if let Some(number) = find(conn, domain)? {
        return Ok(number);
    }
    change(conn, "INSERT INTO peer (domain) VALUES (?1)", [domain.as_str()])?;
    Ok(conn.last_insert_rowid())
}

pub(super) async fn all(store: &SqliteStore) -> Result<Vec<PartnerRecord>> {
    const SQL: &str = "SELECT d.domain, p.kind, p.country, p.endpoint, p.roots, p.state, \
        p.accepted_at FROM partner p JOIN peer d ON d.number = p.peer ORDER BY d.domain";
    store
        .read(|conn| {
            let whole =
                |(record, roots): (PartnerRecord, Vec<u8>)| Ok(PartnerRecord { roots: unpack(&roots)?, ..record });
            rows(conn, SQL, [], read)?.into_iter().map(whole).collect()
        })
        .await
}

/// A partner without its roots, and those as they are kept.
fn read(row: &Row<'_>) -> rusqlite::Result<(PartnerRecord, Vec<u8>)> {
    let record = PartnerRecord {
        organisation: Organisation { domain: word(row, 0)?, kind: word(row, 1)?, country: word_optional(row, 2)? },
        endpoint: word_optional(row, 3)?,
        roots: vec![],
        state: word(row, 5)?,
        accepted_at: time(row, 6)?,
    };
    Ok((record, row.get(4)?))
}

pub(super) async fn save(store: &SqliteStore, partner: PartnerRecord, event: Event) -> Result<()> {
    const SQL: &str = "INSERT INTO partner (peer, kind, country, endpoint, roots, state, accepted_at) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (peer) DO UPDATE SET kind = excluded.kind, \
        country = excluded.country, endpoint = excluded.endpoint, state = excluded.state, \
        accepted_at = excluded.accepted_at, roots = excluded.roots";
    const BEFORE: &str = "SELECT roots, accepted_at FROM partner WHERE peer = ?1";
    let leaves = Leaf::all(&[event])?;
    store
        .write(move |conn, vault| {
            let peer = number_of(conn, &partner.organisation.domain)?;
            let before = row(conn, BEFORE, [peer], |r| Ok((r.get::<_, Vec<u8>>(0)?, time(r, 1)?)))?;
            if let Some((roots, at)) = before {
                roots::note(conn, peer, &unpack(&roots)?, at)?;
            }
            roots::note(conn, peer, &partner.roots, partner.accepted_at)?;
            let values = params![
                peer,
                partner.organisation.kind.as_str(),
                partner.organisation.country.map(|c| c.to_string()),
                partner.endpoint.as_ref().map(|e| e.as_str()),
                pack(&partner.roots),
                partner.state.as_str(),
                partner.accepted_at.unix_nanos(),
            ];
            change(conn, SQL, values)?;
            ledger::append(conn, vault, &leaves)
        })
        .await
}
