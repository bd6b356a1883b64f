//! Opening the file: what every kind of connection to it is set to, and its layout.

#[cfg(unix)]
use std::fs::Permissions;
use std::{fs::File, io, path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, TransactionBehavior, config::DbConfig};
use uuid::Uuid;

use crate::{fault::Fault, rows::Columns};

/// How long a foreign lock, such as a backup's, is waited for.
const BUSY: Duration = Duration::from_secs(2);
/// The checkpointer may hold up the writer for this long at most.
const BUSY_CHECKPOINT: Duration = Duration::from_millis(50);
/// More than there are different statements.
const STATEMENTS: usize = 96;

/// The layouts, each with the statements that lead to it from the one before.
const MIGRATIONS: [&str; 4] = [
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003.sql"),
    include_str!("migrations/0004.sql"),
];

/// Makes the file if there is none. Only at the start: a file that vanishes later must not be replaced by an empty one.
pub(super) fn make(file: &Path) -> Result<(), Fault> {
    private(file)?;
    Ok(())
}

/// Opens a file, making it if need be, and closes it to other accounts, whatever the umask. The log beside the database gets the
/// database's mode.
pub(super) fn private(file: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let opened = options.open(file)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if opened.metadata()?.permissions().mode() & 0o777 != 0o600 {
            opened.set_permissions(Permissions::from_mode(0o600))?;
        }
    }
    Ok(opened)
}

/// A connection whose prepared statements stay prepared. Without the planner's guarantee of stability, SQLite plans a
/// statement again whenever other values are bound to it: near half of what reading one item takes.
fn open(file: &Path, flags: OpenFlags) -> Result<Connection, Fault> {
    let sql = Connection::open_with_flags(file, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    sql.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(sql)
}

/// The connection that writes. Checkpoints are the checkpointer's, because they are what makes a write slow.
pub(super) fn for_writing(file: &Path) -> Result<Connection, Fault> {
    let sql = open(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    sql.busy_timeout(BUSY)?;
    sql.set_prepared_statement_cache_capacity(STATEMENTS);
    sql.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = OFF;
         PRAGMA wal_autocheckpoint = 0;
         PRAGMA cache_size = -65536;
         PRAGMA temp_store = MEMORY;",
    )?;
    Ok(sql)
}

/// A connection that only reads.
pub(super) fn for_reading(file: &Path) -> Result<Connection, Fault> {
    let sql = open(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    sql.busy_timeout(BUSY)?;
    sql.set_prepared_statement_cache_capacity(STATEMENTS);
    sql.execute_batch("PRAGMA cache_size = -16384;")?;
    Ok(sql)
}

/// The connection that moves what was written from the log into the file.
pub(super) fn for_checkpoints(file: &Path) -> Result<Connection, Fault> {
    let sql = open(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    sql.busy_timeout(BUSY_CHECKPOINT)?;
    sql.execute_batch("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;")?;
    Ok(sql)
}

/// Brings the file to the newest layout; a layout that is newer than that is refused.
pub(super) fn migrate(sql: &mut Connection) -> Result<(), Fault> {
    let step = sql.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let layout: i64 = step.query_row("PRAGMA user_version", (), |row| row.get(0))?;
    let done = usize::try_from(layout)
        .ok()
        .filter(|done| *done <= MIGRATIONS.len())
        .ok_or_else(|| {
            Fault::inconsistent(
                "store",
                "user_version",
                "store.sqlite",
                format!(
                    "the layout is {layout}, this program knows those up to {}; start a newer one, or restore a backup",
                    MIGRATIONS.len()
                ),
            )
        })?;
    for migration in &MIGRATIONS[done..] {
        step.execute_batch(migration)?;
    }
    step.commit()?;
    Ok(())
}

/// The store's identity, made with it.
#[expect(
    clippy::disallowed_methods,
    reason = "nobody chooses a store's identity; it only has to be new"
)]
pub(super) fn identity(sql: &Connection) -> Result<Uuid, Fault> {
    sql.execute(
        "INSERT OR IGNORE INTO meta (key, value) VALUES ('identity', ?1)",
        [Uuid::new_v4().to_string()],
    )?;
    let mut statement = sql.prepare("SELECT key, value FROM meta WHERE key = 'identity'")?;
    let mut rows = statement.query(())?;
    let Some(row) = rows.next()? else {
        return Err(Fault::inconsistent(
            "meta",
            "value",
            "identity",
            "there is none",
        ));
    };
    let columns = Columns::new(row, "meta", 0);
    Uuid::try_parse(columns.text(1, "value")?)
        .map_err(|error| columns.wrong("value", error.to_string()))
}
