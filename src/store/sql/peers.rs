//! The numbers that represent trust domains in all other tables.

use super::{
    query::{Connection, Queries, params, query_optional},
    transaction::Changes,
};
use crate::{domain::ids::TrustDomain, store::Result};

/// The number of a trust domain, if it has one.
pub(super) fn find(conn: &dyn Queries, domain: &TrustDomain) -> Result<Option<i64>> {
    query_optional(conn, "SELECT number FROM peer WHERE domain = ?1", params![domain.as_str()], |r| r.get(0))
}

/// The number of a trust domain. If it has none, it gets one now. For the writer.
pub(super) fn number_of(conn: &dyn Connection, domain: &TrustDomain) -> Result<i64> {
    if let Some(number) = find(conn, domain)? {
        return Ok(number);
    }
    conn.insert("INSERT INTO peer (domain) VALUES (?1)", params![domain.as_str()])
}

/// The number of a trust domain. If it has none, it gets one with these changes.
pub(super) fn numbered(conn: &dyn Queries, changes: &mut Changes, domain: &TrustDomain) -> Result<i64> {
    // Two processes may choose the same number for two organisations. Then the second one gets a conflict, and runs again.
    const NEXT: &str = "SELECT coalesce(max(number), 0) + 1 FROM peer";
    if let Some(number) = changes.new_peer(domain) {
        return Ok(number);
    }
    if let Some(number) = find(conn, domain)? {
        return Ok(number);
    }
    let next = query_optional(conn, NEXT, params![], |r| r.get(0))?;
    Ok(changes.add_peer(domain, next.unwrap_or(1)))
}
