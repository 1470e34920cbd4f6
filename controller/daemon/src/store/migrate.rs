//! Brings a database up to this version: all missing steps in one transaction, or none.

use super::error::OpenError;
use rusqlite::Connection;
use std::path::Path;

/// Marks the file as ours (`COTM`).
const APPLICATION_ID: u32 = 0x434f_544d;

/// Every step ever released, in order. Steps are only ever added.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003.sql"),
    include_str!("migrations/0004.sql"),
    include_str!("migrations/0005.sql"),
    include_str!("migrations/0006.sql"),
    include_str!("migrations/0007.sql"),
    include_str!("migrations/0008.sql"),
    include_str!("migrations/0009.sql"),
    include_str!("migrations/0010.sql"),
    include_str!("migrations/0011.sql"),
];

/// Refuses a database of a newer version or of another program, without touching it.
pub(super) fn check(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let open = |source| OpenError::Open {
        path: path.to_owned(),
        source,
    };
    let found = pragma(connection, "user_version").map_err(open)?;
    let id = pragma(connection, "application_id").map_err(open)?;
    let tables: u32 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(open)?;
    if tables > 0 && id != APPLICATION_ID {
        return Err(OpenError::Foreign {
            path: path.to_owned(),
        });
    }
    let known = version_of(MIGRATIONS);
    if found > known {
        return Err(OpenError::Newer {
            path: path.to_owned(),
            found,
            known,
        });
    }
    Ok(())
}

/// Runs the steps that are missing. Before an upgrade the database is copied beside itself.
pub(super) fn migrate(
    connection: &mut Connection,
    path: &Path,
    steps: &[&str],
) -> Result<(), OpenError> {
    let target = version_of(steps);
    let failed = |source| OpenError::Migrate {
        path: path.to_owned(),
        version: target,
        source,
    };
    let found = pragma(connection, "user_version").map_err(failed)?;
    if found >= target {
        return Ok(());
    }
    if found > 0 {
        copy(connection, path, found)?;
    }
    run(connection, steps, found, target).map_err(failed)
}

fn run(
    connection: &mut Connection,
    steps: &[&str],
    found: u32,
    target: u32,
) -> rusqlite::Result<()> {
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let done = usize::try_from(found).unwrap_or(usize::MAX);
    for step in steps.iter().skip(done) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", target)?;
    transaction.commit()
}

fn copy(connection: &Connection, path: &Path, found: u32) -> Result<(), OpenError> {
    let copy = path.with_extension(format!("before-upgrade-from-{found}.db"));
    if copy.exists() {
        return Ok(());
    }
    let target = copy.to_string_lossy().into_owned();
    connection
        .execute("VACUUM INTO ?1", [target])
        .map(|_rows| ())
        .map_err(|source| OpenError::Copy {
            path: path.to_owned(),
            source,
        })
}

fn version_of(steps: &[&str]) -> u32 {
    u32::try_from(steps.len()).unwrap_or(u32::MAX)
}

fn pragma(connection: &Connection, name: &str) -> rusqlite::Result<u32> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cotmoc_controller_core::cluster::{Cluster, Clusters};

    fn schema(connection: &Connection) -> Vec<String> {
        let mut statement = connection
            .prepare("SELECT coalesce(sql, name) FROM sqlite_schema ORDER BY name")
            .unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }

    #[test]
    fn a_database_that_was_upgraded_step_by_step_is_like_a_fresh_one() {
        let folder = tempfile::tempdir().unwrap();
        let extra = "CREATE TABLE later (x INTEGER) STRICT;";
        let steps = [MIGRATIONS, &[extra]].concat();
        let at = |name: &str| folder.path().join(name);
        let mut fresh = Connection::open(at("fresh.db")).unwrap();
        migrate(&mut fresh, &at("fresh.db"), &steps).unwrap();
        let mut old = Connection::open(at("old.db")).unwrap();
        for upto in 1..=steps.len() {
            migrate(&mut old, &at("old.db"), &steps[..upto]).unwrap();
        }
        assert_eq!(schema(&fresh), schema(&old));
        assert_eq!(
            pragma(&old, "user_version").unwrap(),
            u32::try_from(steps.len()).unwrap()
        );
        assert!(at("old.before-upgrade-from-1.db").exists());
    }

    #[test]
    fn a_failed_upgrade_loses_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let mut connection = Connection::open(&path).unwrap();
        migrate(&mut connection, &path, MIGRATIONS).unwrap();
        connection
            .execute("INSERT INTO channel VALUES ('C1', 1, 1)", [])
            .unwrap();
        let before = schema(&connection);
        let broken = [
            MIGRATIONS,
            &["DROP TABLE draft; CREATE TABLE half (x) STRICT;"],
        ]
        .concat();
        let error = migrate(&mut connection, &path, &broken).unwrap_err();
        let known = version_of(MIGRATIONS);
        assert!(
            matches!(error, OpenError::Migrate { version, .. } if version == known + 1),
            "{error}"
        );
        assert_eq!(schema(&connection), before);
        let count: i64 = connection
            .query_row("SELECT count(*) FROM channel", [], |row| row.get(0))
            .unwrap();
        assert_eq!(count, 1);
        assert_eq!(pragma(&connection, "user_version").unwrap(), known);
    }

    #[tokio::test]
    async fn devices_of_the_first_version_keep_their_keys_and_have_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let mut connection = Connection::open(&path).unwrap();
        migrate(&mut connection, &path, &MIGRATIONS[..1]).unwrap();
        let spki_sha256 = cotmoc_proto::Digest::of(b"key");
        let insert = format!(
            "INSERT INTO channel VALUES ('hall', 1, 1);
             INSERT INTO device VALUES ('W01', 'hall', 'active', '{spki_sha256}', x'6b6579', 1, 2, NULL);"
        );
        connection.execute_batch(&insert).unwrap();
        drop(connection);
        let store = super::super::Store::open(&path).unwrap();
        let rows = store.devices().await.unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].spki_sha256, spki_sha256);
        assert_eq!(rows[0].spki.as_deref(), Some(&b"key"[..]));
        assert_eq!((&rows[0].next, &rows[0].previous), (&None, &None));
        assert_eq!(rows[0].renewed_ms, None);
    }

    #[tokio::test]
    async fn what_the_second_version_published_stays_and_is_still_referred_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let mut connection = Connection::open(&path).unwrap();
        connection
            .execute_batch("PRAGMA foreign_keys = ON")
            .unwrap();
        migrate(&mut connection, &path, &MIGRATIONS[..2]).unwrap();
        let sha256 = cotmoc_proto::Digest::of(b"envelope");
        let insert = format!(
            "INSERT INTO channel VALUES ('hall', 1, 1);
             INSERT INTO document VALUES
                 ('{sha256}', 'release', 'hall', 1, 1, '{sha256}', 5, x'656e76656c6f7065');
             INSERT INTO document_device VALUES ('{sha256}', 'W01');
             INSERT INTO document_blob VALUES ('{sha256}', '{sha256}', 'hall');"
        );
        connection.execute_batch(&insert).unwrap();
        drop(connection);
        let store = super::super::Store::open(&path).unwrap();
        let newest = store
            .newest_releases("hall".parse().unwrap(), 1)
            .await
            .unwrap();
        assert_eq!(newest.len(), 1);
        assert_eq!((newest[0].1.number, newest[0].1.resigned), (1, 0));
        let (_, bytes) = store.envelope(sha256).await.unwrap().unwrap();
        assert_eq!(bytes, b"envelope");
        let connection = Connection::open(&path).unwrap();
        let broken: i64 = connection
            .query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| {
                row.get(0)
            })
            .unwrap();
        assert_eq!(broken, 0);
        connection.execute("DELETE FROM document", []).unwrap_err();
    }

    #[tokio::test]
    async fn logs_of_devices_are_those_of_their_clusters_and_only_the_newest_events_are_weighed_again()
     {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let mut connection = Connection::open(&path).unwrap();
        migrate(&mut connection, &path, &MIGRATIONS[..6]).unwrap();
        let opened = r#"{"at_ms": 5, "what": {"opened": {"cause": "power", "last_proof_ms": 4, "window":
            {"zone": "Asia/Ho_Chi_Minh", "opens": "07:00", "closes": "22:00", "quota_min": 840}}}}"#;
        let insert = format!(
            "INSERT INTO channel VALUES ('hall', 1, 1);
             INSERT INTO device (device, channel, state, spki_sha256, registered_ms)
                 VALUES ('W01', 'hall', 'active', 'a', 1);
             INSERT INTO incident_entry (incident, device, at_ms, entry)
                 VALUES ('W01-1', 'W01', 5, '{opened}'), ('W09-1', 'W09', 5, '{opened}');
             INSERT INTO maintenance VALUES (1, 'hall', 1, 9, 'fan', 'lan', NULL);
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 700)
             INSERT INTO record (id, received_ms, wall_ms, clock, kind, body)
                 SELECT i, 1, 1, 'held', 'event', '{{}}' FROM n;"
        );
        connection.execute_batch(&insert).unwrap();
        drop(connection);
        let store = super::super::Store::open(&path).unwrap();
        let mut hall = Cluster::of_channel(&"hall".parse().unwrap());
        hall.id = "cua-khau".parse().unwrap();
        let clusters = Clusters::new(vec![hall]).unwrap();
        let rows = store.entries(clusters).await.unwrap();
        let of: Vec<&str> = rows.iter().map(|row| row.cluster.as_str()).collect();
        assert_eq!(
            of,
            ["cua-khau", "W09"],
            "a device that is gone was a cluster of its own"
        );
        assert_eq!(store.weighed().await.unwrap(), 200);
        store.add_entries(rows.clone()).await.unwrap();
        let again = store.entries(Clusters::default()).await.unwrap();
        assert_eq!(again[2..], rows, "what is written now names its cluster");
        let maintained = store.maintenance(cotmoc_proto::TimeMs(2)).await.unwrap();
        assert_eq!(maintained[0].maintenance.cluster.as_str(), "hall");
    }

    #[test]
    fn a_newer_or_foreign_database_is_refused_untouched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("newer.db");
        let mut connection = Connection::open(&path).unwrap();
        migrate(&mut connection, &path, MIGRATIONS).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        drop(connection);
        let foreign = folder.path().join("foreign.db");
        let other = Connection::open(&foreign).unwrap();
        other.execute_batch("CREATE TABLE t (x)").unwrap();
        drop(other);
        for path in [path, foreign] {
            let before = std::fs::read(&path).unwrap();
            let error = super::super::Store::open(&path).unwrap_err();
            assert!(matches!(
                error,
                OpenError::Newer { found: 99, .. } | OpenError::Foreign { .. }
            ));
            assert_eq!(std::fs::read(&path).unwrap(), before);
            assert_eq!(
                folder.path().read_dir().unwrap().count(),
                2,
                "no journal was left"
            );
        }
    }
}
