//! Opens the store: the file, its lock, its settings, its version and its key.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions, Permissions, TryLockError},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OpenFlags, config::DbConfig};

use super::{connection::SqliteConnection, readers::READERS};
use crate::store::{Result, StoreError, sql::ledger, vault::Vault};

/// "WFIR": marks the file as a Watchfire store.
pub(super) const APPLICATION_ID: i64 = 0x5746_4952;
/// The migrations of the schema. A store of version n has the first n applied.
pub(super) const MIGRATIONS: [&str; 30] = [
    include_str!("migrations/0001_first.sql"),
    include_str!("migrations/0002_standing.sql"),
    include_str!("migrations/0003_house_rules.sql"),
    include_str!("migrations/0004_receipts.sql"),
    include_str!("migrations/0005_ledger.sql"),
    include_str!("migrations/0006_hubs.sql"),
    include_str!("migrations/0007_recalls.sql"),
    include_str!("migrations/0008_requests.sql"),
    include_str!("migrations/0009_timers.sql"),
    include_str!("migrations/0010_lists.sql"),
    include_str!("migrations/0011_trust.sql"),
    include_str!("migrations/0012_persons.sql"),
    include_str!("migrations/0013_bundles.sql"),
    include_str!("migrations/0014_disowned.sql"),
    include_str!("migrations/0015_signers.sql"),
    include_str!("migrations/0016_held_of.sql"),
    include_str!("migrations/0017_equivocations.sql"),
    include_str!("migrations/0018_urgency.sql"),
    include_str!("migrations/0019_readings.sql"),
    include_str!("migrations/0020_about.sql"),
    include_str!("migrations/0021_outbox_digest.sql"),
    include_str!("migrations/0022_turns.sql"),
    include_str!("migrations/0023_catalogue.sql"),
    include_str!("migrations/0024_summary.sql"),
    include_str!("migrations/0025_drafts.sql"),
    include_str!("migrations/0026_came_back.sql"),
    include_str!("migrations/0027_words.sql"),
    include_str!("migrations/0028_personal.sql"),
    include_str!("migrations/0029_more_turns.sql"),
    include_str!("migrations/0030_browser_sessions.sql"),
];
/// Only the owner reads and writes the file.
const MODE: u32 = 0o600;
/// The migration that made the ledger a tree, counted from 0.
pub(super) const LEDGER: usize = 4;
/// How long a connection waits for another one's lock.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many prepared statements each connection caches.
const STATEMENTS: usize = 128;

/// An open store.
pub(super) struct Connections {
    pub(super) writer: Connection,
    pub(super) readers: Vec<Connection>,
    /// The writer holds it as long as it runs, so that no second process writes.
    pub(super) lock: File,
}

fn refusal(path: &Path, what: impl std::fmt::Display) -> StoreError {
    StoreError::Open(format!("the store `{}` {what}", path.display()))
}

/// Locks and opens the store at `path`. With `create`, a missing store is created.
pub(super) fn open(path: &Path, vault: &Vault, create: bool) -> Result<Connections> {
    if !create && !path.exists() {
        return Err(refusal(path, "does not exist; run `watchfire init`, or restore a backup"));
    }
    let lock = lock(path)?;
    open_locked(path, vault, create, lock)
}

/// Opens the store under a lock that the caller holds.
pub(super) fn open_locked(path: &Path, vault: &Vault, create: bool, lock: File) -> Result<Connections> {
    make_file(path, create).map_err(|e| refusal(path, format_args!("can't be opened: {e}")))?;
    let writer = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let version = version(&writer, path, create)?;
    configure(&writer, path, version).map_err(|e| named(path, e))?;
    migrate(&writer, vault, version)?;
    check_key(&writer, path, vault)?;
    let readers = (0..READERS).map(|_| reader(path)).collect::<Result<_>>()?;
    Ok(Connections { writer, readers, lock })
}

/// SQLite's error at opening, as a sentence that names the file.
fn named(path: &Path, error: rusqlite::Error) -> StoreError {
    if matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)) {
        return StoreError::Corrupt(format!("`{}`: {error}", path.display()));
    }
    refusal(path, format_args!("can't be opened: {error}"))
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".lock");
    name.into()
}

fn lock(path: &Path) -> Result<File> {
    let options = OpenOptions::new().create(true).truncate(false).write(true).mode(MODE).clone();
    let file = options.open(lock_path(path)).map_err(|e| match e.kind() {
        std::io::ErrorKind::ReadOnlyFilesystem | std::io::ErrorKind::PermissionDenied => refusal(
            path,
            format_args!("is in a directory that can't be written to ({e}); make it writable for the node"),
        ),
        _ => refusal(path, format_args!("can't be locked: {e}")),
    })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(refusal(path, "is in use by another process; stop that one first")),
        Err(TryLockError::Error(e)) => Err(refusal(path, format_args!("can't be locked: {e}"))),
    }
}

/// Creates the file, for the owner only, before SQLite opens it. The log and its index inherit its mode.
fn make_file(path: &Path, create: bool) -> std::io::Result<()> {
    if create && !path.exists() {
        OpenOptions::new().create_new(true).write(true).mode(MODE).open(path)?.sync_all()?;
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()?;
    }
    fs::set_permissions(path, Permissions::from_mode(MODE))
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection> {
    let open = || {
        let conn = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        conn.busy_timeout(PATIENCE)?;
        // Only the writer copies the log into the database, and never after a failed fsync.
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        // Query plans do not depend on the values. Otherwise a statement is compiled anew at almost every use.
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        conn.set_prepared_statement_cache_capacity(STATEMENTS);
        conn.pragma_update(None, "temp_store", "MEMORY")?;
        Ok(conn)
    };
    open().map_err(|e| named(path, e))
}

fn reader(path: &Path) -> Result<Connection> {
    let conn = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    conn.pragma_update(None, "query_only", true)?;
    Ok(conn)
}

/// The schema version of the file; 0 for a new one.
fn version(conn: &Connection, path: &Path, create: bool) -> Result<usize> {
    let read = |name| conn.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let foreign = |_| refusal(path, "is no Watchfire store, or is damaged; restore a backup");
    let pages = read("page_count").map_err(foreign)?;
    let application = read("application_id").map_err(foreign)?;
    let version = read("user_version").map_err(foreign)?;
    match (pages, application, usize::try_from(version)) {
        // A start that was interrupted before its first transaction leaves such a file.
        (0, 0, Ok(0)) if create => Ok(0),
        (0, ..) => Err(refusal(path, "is empty; run `watchfire init`, or restore a backup")),
        (_, APPLICATION_ID, Ok(version)) if (1..=MIGRATIONS.len()).contains(&version) => Ok(version),
        (_, APPLICATION_ID, _) => Err(refusal(
            path,
            format_args!(
                "has version {version}, and this program knows versions up to {}; use the newer program",
                MIGRATIONS.len()
            ),
        )),
        _ => Err(refusal(path, "is no Watchfire store")),
    }
}

fn configure(conn: &Connection, path: &Path, version: usize) -> rusqlite::Result<()> {
    if version == 0 {
        conn.pragma_update(None, "page_size", 4096)?;
    }
    let mode: String = conn.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode != "wal" {
        return Err(rusqlite::Error::InvalidPath(path.to_owned()));
    }
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "secure_delete", "ON")?;
    conn.pragma_update(None, "foreign_keys", "ON")?;
    conn.pragma_update(None, "wal_autocheckpoint", 0)?;
    conn.pragma_update(None, "journal_size_limit", 64 << 20)?;
    conn.pragma_update(None, "cache_size", -16_384)
}

/// Applies the missing migrations. Each one is a transaction, with the version that it leads to.
fn migrate(conn: &Connection, vault: &Vault, version: usize) -> Result<()> {
    for (number, step) in MIGRATIONS.iter().enumerate().skip(version) {
        let transaction = conn.unchecked_transaction()?;
        transaction.execute_batch(step)?;
        if number == 0 {
            let check = vault.key_check()?;
            transaction.execute("INSERT INTO meta (name, value) VALUES ('key check', ?1)", [check])?;
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        }
        if number == LEDGER {
            ledger::append::begin(&SqliteConnection::writer(&transaction, &AtomicBool::default()), vault)?;
        }
        transaction.pragma_update(None, "user_version", i64::try_from(number).unwrap_or_default().saturating_add(1))?;
        transaction.commit()?;
    }
    Ok(())
}

/// Checks every page: each table and index by itself, and against each other. It does not check the meaning of rows; a damaged
/// encrypted row is found when it is read. (This is as fast as `quick_check`, because most of it is reading.)
pub(super) fn check(conn: &Connection) -> Result<()> {
    let said: String = conn.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if said == "ok" { Ok(()) } else { Err(StoreError::Corrupt("a page of the database is unreadable".to_owned())) }
}

fn check_key(conn: &Connection, path: &Path, vault: &Vault) -> Result<()> {
    let check: Vec<u8> = conn
        .query_row("SELECT value FROM meta WHERE name = 'key check'", [], |row| row.get(0))
        .map_err(|e| named(path, e))?;
    if vault.knows(&check) {
        Ok(())
    } else {
        Err(refusal(path, "belongs to another storage key; give the key that it was made with"))
    }
}
