//! The yardstick for durable writes: a raw SQLite loop of item upserts with outbox rows, grouped into commits, and nothing else.
//!
//! `group_commit DIR SECONDS ROWS_PER_COMMIT` prints rows per second.
#![expect(
    clippy::unwrap_used,
    reason = "a measurement that cannot measure stops"
)]

use std::time::{Duration, Instant};

use rusqlite::{Connection, params};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().unwrap_or_else(|| ".".to_owned());
    let seconds: u64 = arguments.next().map_or(3, |text| text.parse().unwrap());
    let rows: usize = arguments.next().map_or(64, |text| text.parse().unwrap());
    let file = std::path::Path::new(&directory).join("yardstick.sqlite");
    let mut connection = Connection::open(&file).unwrap();
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 16000;
             CREATE TABLE item(ordinal INTEGER PRIMARY KEY, connection INTEGER, id TEXT, body TEXT, UNIQUE(connection, id));
             CREATE TABLE dirty(ordinal INTEGER PRIMARY KEY, version INTEGER);",
        )
        .unwrap();
    let body = "x".repeat(1000);
    let (began, limit) = (Instant::now(), Duration::from_secs(seconds));
    let mut written = 0u64;
    while began.elapsed() < limit {
        let transaction = connection.transaction().unwrap();
        for _ in 0..rows {
            // Ids in an order that has nothing to do with insertion, as real ones are.
            let id = format!("{:016x}", written.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            transaction
                .prepare_cached("INSERT INTO item(connection, id, body) VALUES (1, ?1, ?2) ON CONFLICT DO UPDATE SET body = ?2")
                .unwrap()
                .execute(params![id, body])
                .unwrap();
            let ordinal = transaction.last_insert_rowid();
            transaction
                .prepare_cached(
                    "INSERT INTO dirty VALUES (?1, 1) ON CONFLICT DO UPDATE SET version = 1",
                )
                .unwrap()
                .execute([ordinal])
                .unwrap();
            written += 1;
        }
        transaction.commit().unwrap();
    }
    println!("{:.0}", written as f64 / began.elapsed().as_secs_f64());
    drop(connection);
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", file.display()));
    }
}
