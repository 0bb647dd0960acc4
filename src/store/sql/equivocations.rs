//! Proofs of equivocations. They are found when an entry is stored, and kept encrypted, one for each subject.

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    damages::sorted,
    dialect,
    driver::Driver,
    ledger::append,
    lock::Lock,
    peers,
    query::{Connection, Queries, execute, params, query_all, query_optional},
    roots,
    store::SqlStore,
    value::{SqlRow, count, id, text, time},
};
use crate::{
    domain::{
        equivocation::{Equivocation, MAX_EQUIVOCATIONS, StatementSubject, Twice},
        ids::{AssessmentId, StatementId, TrustDomain},
        time::Time,
    },
    store::{
        Result, StoreError, Verification,
        damage::Damage,
        equivocations::{EquivocationProof, EquivocationStore, SignedVersion},
        vault::{LedgerLeaf, SealedRow, Vault, pack, unpack},
    },
};

/// How many other manifests of a version are compared. Each was verified on arrival, and one that counts is enough.
const LOOKED_AT: u32 = 16;

/// Looks for another manifest of the same version that its originator has signed, and stores the proof if there is one. For the
/// writer, in the transaction that stores the entry with this manifest.
pub(super) fn detect(
    conn: &dyn Connection,
    vault: &Vault,
    signed: &SignedVersion,
    at: Time,
) -> Result<Option<Equivocation>> {
    let Some((other, envelope)) = other_manifest(conn, signed)? else { return Ok(None) };
    let SignedVersion { subject, manifest_id, manifest } = signed;
    let found = Equivocation { subject: subject.clone(), statements: [other, *manifest_id], at };
    let proof = EquivocationProof { found, envelopes: [envelope, manifest.clone()] };
    Ok(keep(conn, vault, &proof)?.then_some(proof.found))
}

/// Another manifest of the version that the originator's own signature verified, under roots that count. A manifest that
/// counted on the statement of a hub alone does not qualify, because nobody can tell whether the originator has signed it.
fn other_manifest(conn: &dyn Queries, signed: &SignedVersion) -> Result<Option<(StatementId, Vec<u8>)>> {
    const SQL: &str = concat!(
        "SELECT m.id, m.envelope, m.verified, m.originator FROM manifest m \
        JOIN assessment a ON a.number = m.assessment JOIN peer o ON o.number = a.originator \
        WHERE a.id = ?1 AND o.domain = ?2 AND m.version = ?3 AND m.id <> ?4 AND ",
        dialect::is_json!("m.verified"),
        " AND ",
        dialect::json_field!("m.verified", "on_word_of"),
        " IS NULL ORDER BY m.number LIMIT ?5"
    );
    let StatementSubject { originator, assessment, twice: Twice::Version(version) } = &signed.subject else {
        return Ok(None);
    };
    let values = params![assessment.as_bytes(), originator.as_str(), version, signed.manifest_id.as_bytes(), LOOKED_AT];
    let others =
        query_all(conn, SQL, values, |r| Ok((id(r, 0)?, r.get::<Vec<u8>>(1)?, r.get::<String>(2)?, r.get::<i64>(3)?)))?;
    for (manifest, envelope, verified, peer) in others {
        // An unreadable manifest proves nothing, and does not block the entry.
        let Ok(verified) = serde_json::from_str::<Verification>(&verified) else { continue };
        if !roots::are_disowned(conn, peer, &verified.roots)? {
            return Ok(Some((manifest, envelope)));
        }
    }
    Ok(None)
}

/// Stores a proof with its ledger entry. `false` if there is one about the same subject, or if the originator has too many. For
/// the writer.
fn keep(conn: &dyn Connection, vault: &Vault, proof: &EquivocationProof) -> Result<bool> {
    const COUNT: &str = "SELECT count(*), count(*) FILTER (WHERE assessment = ?2 AND twice = ?3) FROM equivocation \
        WHERE originator = ?1";
    const KEEP: &str = "INSERT INTO equivocation (originator, assessment, twice, first, second, at, sealed) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let Equivocation { subject, statements: [first, second], at } = &proof.found;
    let originator = peers::number_of(conn, &subject.originator)?;
    let (assessment, twice) = (subject.assessment.as_bytes(), subject.twice.to_string());
    let counts =
        query_optional(conn, COUNT, params![originator, assessment, twice], |r| Ok((count(r, 0)?, count(r, 1)?)))?;
    let (all, same) = counts.unwrap_or_default();
    if same > 0 || all >= MAX_EQUIVOCATIONS {
        return Ok(false);
    }
    let sealed = vault.seal(sealed_row(&proof.found), &pack(&proof.envelopes))?;
    let (first, second) = (first.as_bytes(), second.as_bytes());
    execute(conn, KEEP, params![originator, assessment, twice, first, second, at.unix_nanos(), sealed])?;
    append::append(conn, vault, &[LedgerLeaf::of(&proof.found.event())?])?;
    Ok(true)
}

fn sealed_row(found: &Equivocation) -> SealedRow<'_> {
    let StatementSubject { originator, assessment, .. } = &found.subject;
    SealedRow::Equivocation { assessment, statements: &found.statements, originator }
}

/// Logs an equivocation after its proof is on disk.
pub(super) fn tell(found: &Equivocation) {
    let StatementSubject { originator, assessment, twice } = &found.subject;
    let what = twice.words();
    tracing::error!(%originator, %assessment, "ALARM: {what}; `watchfire evidence export {assessment}` writes the proof");
}

fn found(r: &SqlRow<'_>) -> Result<Equivocation> {
    let subject = StatementSubject { originator: text(r, 0)?, assessment: id(r, 1)?, twice: text(r, 2)? };
    Ok(Equivocation { subject, statements: [id(r, 3)?, id(r, 4)?], at: time(r, 5)? })
}

fn named(r: &SqlRow<'_>) -> Result<Damage> {
    Ok(Damage::Equivocation(id(r, 1)?, text(r, 0)?))
}

#[async_trait]
impl<D: Driver> EquivocationStore for SqlStore<D> {
    async fn keep_equivocation(&self, proof: EquivocationProof) -> Result<bool> {
        let found = proof.found.clone();
        let lock = Lock::assessment(&found.subject.originator, &found.subject.assessment);
        let is_new = self.interleave([lock], move |conn, vault, _| keep(conn, vault, &proof)).await?;
        if is_new {
            tell(&found);
        }
        Ok(is_new)
    }

    async fn equivocations(&self, of: Option<(&TrustDomain, &AssessmentId)>) -> Result<Vec<Equivocation>> {
        const SQL: &str = "SELECT o.domain, e.assessment, e.twice, e.first, e.second, e.at FROM equivocation e \
            JOIN peer o ON o.number = e.originator WHERE ?1 IS NULL OR (o.domain = ?1 AND e.assessment = ?2) ORDER BY e.number";
        let of = of.map(|(originator, id)| (originator.clone(), *id));
        let damages = Arc::clone(self.damages());
        self.read(move |conn| {
            let (originator, id) = (of.as_ref().map(|o| o.0.as_str()), of.as_ref().map(|o| o.1.as_bytes()));
            Ok(sorted(conn, SQL, params![originator, id], named, found)?.noted(&damages))
        })
        .await
    }

    async fn equivocation_proofs(&self, id: &AssessmentId) -> Result<Vec<EquivocationProof>> {
        const SQL: &str = "SELECT o.domain, e.assessment, e.twice, e.first, e.second, e.at, e.sealed FROM equivocation e \
            JOIN peer o ON o.number = e.originator WHERE e.assessment = ?1 ORDER BY e.number";
        let id = *id;
        let damages = Arc::clone(self.damages());
        self.read_sealed(move |conn, vault| {
            let open = |r: &SqlRow<'_>| {
                let (found, sealed): (Equivocation, Vec<u8>) = (found(r)?, r.get(6)?);
                let torn = |_| StoreError::Damaged(Damage::Row);
                let envelopes = unpack(&vault.open(sealed_row(&found), &sealed)?)?.try_into().map_err(torn)?;
                Ok(EquivocationProof { found, envelopes })
            };
            Ok(sorted(conn, SQL, params![id.as_bytes()], named, open)?.noted(&damages))
        })
        .await
    }
}
