//! Every byte and every row of the ledger's tables, changed: verifying names it.

use rusqlite::{Connection, types::Value};

use super::super::{
    SqliteStore,
    open::{APPLICATION_ID, LEDGER, MIGRATIONS},
};
use crate::store::{
    Store, StoreError,
    contract::{kit::*, sign},
    ledger::{LedgerRecord, LedgerRecordKind, LedgerStore, LedgerVerification},
};

/// The ledger's tables with their columns; the first ones are the key.
const TABLES: [(&str, usize, &[&str]); 5] = [
    ("ledger", 1, &["number", "leaf", "sealed"]),
    ("ledger_manifest", 2, &["manifest", "number"]),
    ("ledger_subtree", 2, &["level", "place", "hash"]),
    ("ledger_state", 1, &["one", "sealed"]),
    ("ledger_kept", 3, &["kind", "peer", "number", "sealed"]),
];

struct Bench {
    _dir: tempfile::TempDir,
    store: SqliteStore,
    conn: Connection,
}

impl Bench {
    async fn new(entries: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store.db");
        let store = SqliteStore::open_or_create(&path, &[7; 32]).unwrap();
        store.record(vec![decided(1, 1, "fr"), decided(2, 1, "fr"), refused("us")]).await.unwrap();
        store.checkpoint(1, at(1), sign()).await.unwrap();
        store.record(vec![refused("fr"); entries]).await.unwrap();
        store.checkpoint(1, at(2), sign()).await.unwrap();
        let kept = |kind, partner: &str, number| LedgerRecord {
            kind,
            of: Some(domain(partner)),
            number,
            value: format!("{kind} {number}").into_bytes(),
        };
        let records = vec![
            kept(LedgerRecordKind::Head, "fr", 8),
            kept(LedgerRecordKind::Head, "fr", 16),
            kept(LedgerRecordKind::Head, "ng", 8),
            kept(LedgerRecordKind::Cosigned, "fr", 8),
            kept(LedgerRecordKind::Key, "fr", 1),
            kept(LedgerRecordKind::Alarm, "fr", 1),
        ];
        store.put_ledger_records(records, vec![]).await.unwrap();
        let conn = Connection::open(&path).unwrap();
        conn.execute_batch("PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON")
            .unwrap();
        Self { _dir: dir, store, conn }
    }

    async fn verify(&self) -> LedgerVerification {
        self.store.verify_ledger(Box::new(|_| ())).await.unwrap()
    }

    fn rows(&self, table: &str, columns: &[&str]) -> Vec<Vec<Value>> {
        let mut statement = self.conn.prepare(&format!("SELECT {} FROM {table}", columns.join(", "))).unwrap();
        let read = |row: &rusqlite::Row<'_>| (0..columns.len()).map(|i| row.get(i)).collect();
        statement.query_map([], read).unwrap().collect::<Result<_, _>>().unwrap()
    }

    fn delete(&self, table: &str, columns: &[&str], key: usize, row: &[Value]) -> usize {
        let wheres: Vec<String> = columns[..key].iter().map(|c| format!("{c} = ?")).collect();
        let sql = format!("DELETE FROM {table} WHERE {}", wheres.join(" AND "));
        self.conn.execute(&sql, rusqlite::params_from_iter(&row[..key])).unwrap()
    }

    fn insert(&self, table: &str, columns: &[&str], row: &[Value]) -> bool {
        let places = vec!["?"; columns.len()].join(", ");
        let sql = format!("INSERT INTO {table} ({}) VALUES ({places})", columns.join(", "));
        self.conn.execute(&sql, rusqlite::params_from_iter(row)).is_ok()
    }

    /// Puts `changed` in the place of `row`, looks, and puts everything back.
    async fn with(
        &self,
        table: (&str, usize, &[&str]),
        row: &[Value],
        changed: Option<&[Value]>,
    ) -> Option<LedgerVerification> {
        let (name, key, columns) = table;
        assert_eq!(self.delete(name, columns, key, row), 1);
        let is_there = changed.is_none_or(|changed| self.insert(name, columns, changed));
        let check = if is_there { Some(self.verify().await) } else { None };
        if let Some(changed) = changed.filter(|_| is_there) {
            self.delete(name, columns, key, changed);
        }
        assert!(self.insert(name, columns, row));
        check
    }
}

/// Every value that differs from this one in a byte; of numbers and words, some neighbours.
fn neighbours(value: &Value) -> Vec<Value> {
    match value {
        Value::Blob(bytes) => {
            let flipped = (0..bytes.len()).map(|at| {
                let mut bytes = bytes.clone();
                bytes[at] ^= 1 << (at % 8);
                bytes
            });
            let cut = bytes[..bytes.len() - 1].to_vec();
            let longer = [&bytes[..], &[0]].concat();
            flipped.chain([cut, longer, vec![]]).map(Value::Blob).collect()
        }
        Value::Integer(n) => [n + 1, n - 1, n ^ 0x100, -n - 1].map(Value::Integer).into(),
        Value::Text(text) => {
            let flipped = (0..text.len()).map(|at| {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= 1;
                String::from_utf8(bytes).unwrap()
            });
            flipped.map(Value::Text).chain(["head", "checkpoint"].map(|t| Value::Text(t.into()))).collect()
        }
        _ => vec![],
    }
}

#[tokio::test]
async fn every_single_byte_and_every_single_row_that_is_changed_is_named() {
    let bench = Bench::new(5).await;
    let good = bench.verify().await;
    assert_eq!((good.size, good.fault), (8, None));
    let mut tried = 0;
    for table in TABLES {
        let (name, _, columns) = table;
        for row in bench.rows(name, columns) {
            let gone = bench.with(table, &row, None).await.unwrap();
            assert!(gone.fault.is_some(), "{name}: the row {row:?} left out");
            for column in 0..columns.len() {
                for value in neighbours(&row[column]) {
                    if value == row[column] {
                        continue;
                    }
                    let mut changed = row.clone();
                    changed[column] = value;
                    if let Some(check) = bench.with(table, &row, Some(&changed)).await {
                        assert!(check.fault.is_some(), "{name}.{}: {row:?} became {changed:?}", columns[column]);
                        tried += 1;
                    }
                }
            }
        }
    }
    assert!(tried > 3000, "only {tried} changes were tried");
    assert_eq!(bench.verify().await.fault, None, "everything was put back");
}

#[tokio::test]
async fn every_row_that_is_added_or_stands_for_another_is_named() {
    let bench = Bench::new(5).await;
    for table in TABLES {
        let (name, key, columns) = table;
        let rows = bench.rows(name, columns);
        for row in &rows {
            for column in 0..key {
                for value in neighbours(&row[column]).into_iter().take(40) {
                    let mut added = row.clone();
                    added[column] = value;
                    if !rows.iter().any(|r| r[..key] == added[..key]) && bench.insert(name, columns, &added) {
                        assert!(bench.verify().await.fault.is_some(), "{name}: {added:?} added");
                        bench.delete(name, columns, key, &added);
                    }
                }
            }
            for other in rows.iter().filter(|o| *o != row && key < columns.len()) {
                let changed = [&row[..key], &other[key..]].concat();
                let check = bench.with(table, row, Some(&changed)).await.unwrap();
                assert!(check.fault.is_some(), "{name}: {other:?} in the place of {row:?}");
            }
        }
    }
}

#[tokio::test]
async fn changed_subtrees_are_named_and_so_are_entries() {
    let bench = Bench::new(300).await;
    assert_eq!(bench.verify().await.fault, None);
    let table = TABLES[2];
    for row in bench.rows(table.0, table.2) {
        for value in neighbours(&row[2]) {
            let changed = [&row[..2], &[value]].concat();
            let fault = bench.with(table, &row, Some(&changed)).await.unwrap().fault.unwrap();
            assert_eq!(fault.index, Some(255));
        }
        assert!(bench.with(table, &row, None).await.unwrap().fault.is_some());
    }
    let table = TABLES[0];
    for row in bench.rows(table.0, table.2).into_iter().step_by(50) {
        let Value::Integer(index) = row[0] else { panic!("no number") };
        let changed = [&row[..1], &[neighbours(&row[1]).remove(3)], &row[2..]].concat();
        let fault = bench.with(table, &row, Some(&changed)).await.unwrap().fault.unwrap();
        assert_eq!(fault.index, Some(index as u64), "{}", fault.what);
    }
}

#[tokio::test]
async fn an_older_row_in_the_place_of_a_newer_one_is_named() {
    let bench = Bench::new(5).await;
    let old: Vec<_> = TABLES.iter().map(|(name, _, columns)| bench.rows(name, columns)).collect();
    let head = |value: &str| LedgerRecord {
        kind: LedgerRecordKind::Head,
        of: Some(domain("fr")),
        number: 16,
        value: value.as_bytes().to_vec(),
    };
    bench.store.put_ledger_records(vec![head("another")], vec![refused("fr")]).await.unwrap();
    assert_eq!(bench.verify().await.fault, None);
    for (table, before) in TABLES.into_iter().zip(old) {
        let (name, key, columns) = table;
        let now = bench.rows(name, columns);
        for row in before.iter().filter(|r| !now.contains(r)) {
            let current = now.iter().find(|n| n[..key] == row[..key]).unwrap();
            let check = bench.with(table, current, Some(row)).await.unwrap();
            assert!(check.fault.is_some(), "{name}: an older row");
        }
    }
    assert_eq!(bench.verify().await.fault, None);
}

#[tokio::test]
async fn an_entry_that_somebody_else_has_put_at_the_end_is_damage_and_no_race() {
    let bench = Bench::new(5).await;
    let sql = "INSERT INTO ledger SELECT number + 1, leaf, sealed FROM ledger ORDER BY number DESC LIMIT 1";
    bench.conn.execute(sql, []).unwrap();
    let refused_to = bench.store.record(vec![refused("fr")]).await.unwrap_err();
    assert!(matches!(&refused_to, StoreError::Corrupt(what) if what.contains("entry 8")), "{refused_to}");
    assert_eq!(bench.verify().await.fault.unwrap().index, Some(8));
}

#[tokio::test]
async fn a_ledger_from_before_the_tree_gets_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.db");
    let store = SqliteStore::open_or_create(&path, &[7; 32]).unwrap();
    store.record(vec![refused("fr"); 600]).await.unwrap();
    let before = store.ledger().await.unwrap();
    drop(store);
    // The same entries in a store of the step before.
    let older = dir.path().join("older.db");
    let conn = Connection::open(&older).unwrap();
    MIGRATIONS[..LEDGER].iter().for_each(|step| conn.execute_batch(step).unwrap());
    conn.execute("ATTACH ?1 AS newer", [path.to_str().unwrap()]).unwrap();
    for table in ["meta", "ledger", "ledger_manifest"] {
        conn.execute(&format!("INSERT INTO {table} SELECT * FROM newer.{table}"), []).unwrap();
    }
    conn.execute_batch(&format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {LEDGER}")).unwrap();
    drop(conn);
    std::fs::set_permissions(&older, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let store = SqliteStore::open(&older, &[7; 32]).unwrap();
    assert_eq!(store.ledger().await.unwrap(), before);
    assert_eq!(store.verify_ledger(Box::new(|_| ())).await.unwrap().fault, None);
}
