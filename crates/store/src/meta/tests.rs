#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::{Arc, Mutex};

use super::*;

fn open(folder: &Path) -> (Meta, Arc<Mutex<Vec<Change>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = seen.clone();
    let meta = Meta::open(folder, move |changes| {
        sink.lock().unwrap().extend_from_slice(changes);
    });
    (meta.unwrap(), seen)
}

async fn put(meta: &Meta, name: &'static str, value: &'static [u8]) -> Result<(), Error> {
    meta.write(Durability::Machine, move |t| settings::put(t, name, value))
        .await
}

async fn find(meta: &Meta, name: &'static str) -> Option<Vec<u8>> {
    meta.read(move |t| settings::find(t, name)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_share_a_commit_and_an_error_undoes_only_its_own_work() {
    let folder = tempfile::tempdir().unwrap();
    let (meta, seen) = open(folder.path());
    let writes = (0..64).map(|number: i64| {
        let meta = meta.clone();
        tokio::spawn(async move {
            let name = format!("n{number}");
            let project: wharf_types::ProjectId = format!("project-{number}").parse().unwrap();
            meta.write(Durability::Machine, move |t| {
                settings::put(t, &name, b"x")?;
                t.changed(Change::Project(project.clone()));
                if number % 3 == 0 {
                    Err(Error::Closed)
                } else {
                    Ok(())
                }
            })
            .await
        })
    });
    for (number, write) in writes.collect::<Vec<_>>().into_iter().enumerate() {
        assert_eq!(write.await.unwrap().is_err(), number % 3 == 0);
    }
    for number in 0..64 {
        let name = format!("n{number}");
        let found = meta.read(move |t| settings::find(t, &name)).await.unwrap();
        assert_eq!(found.is_some(), number % 3 != 0, "n{number}");
    }
    assert_eq!(
        seen.lock().unwrap().len(),
        42,
        "an undone write changed nothing"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    {
        let (meta, _) = open(folder.path());
        put(&meta, "a", b"1").await.unwrap();
        put(&meta, "a", b"2").await.unwrap();
    }
    let (meta, _) = open(folder.path());
    assert_eq!(find(&meta, "a").await, Some(b"2".to_vec()));
    assert_eq!(find(&meta, "b").await, None);
}

#[tokio::test]
async fn newer_data_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    let connection = rusqlite::Connection::open(folder.path().join("metadata.sqlite")).unwrap();
    connection
        .pragma_update(None, "user_version", 9_999)
        .unwrap();
    let error = Meta::open(folder.path(), |_| ()).err().unwrap();
    assert!(
        matches!(error, Error::Newer { found: 9_999, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn values_are_bound_by_their_number_wherever_they_stand() {
    let folder = tempfile::tempdir().unwrap();
    let (meta, _) = open(folder.path());
    let row = meta
        .read(|t| {
            t.find("SELECT $2, $1, $2", &[1_i64.into(), 2_i64.into()], |row| {
                Ok((row.integer(0)?, row.integer(1)?, row.integer(2)?))
            })
        })
        .await
        .unwrap();
    assert_eq!(row, Some((2, 1, 2)));
}

#[tokio::test]
async fn a_writer_that_panics_harms_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let (meta, _) = open(folder.path());
    let panicked = meta
        .write(Durability::Machine, |transaction| {
            settings::put(transaction, "half", b"done")?;
            if settings::find(transaction, "half")?.is_some() {
                panic!("a bug");
            }
            Ok::<_, Error>(())
        })
        .await;
    assert!(panicked.is_err());
    put(&meta, "a", b"1").await.unwrap();
    assert_eq!(find(&meta, "a").await, Some(b"1".to_vec()));
    assert_eq!(find(&meta, "half").await, None);
}
