#![expect(clippy::unwrap_used, reason = "tests")]

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use proptest::prelude::*;
use wharf_types::Algorithm;

use super::*;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
}

fn content(length: usize) -> Vec<u8> {
    (0..length)
        .map(|i| u8::try_from((i * 7 + i / 251) % 256).unwrap())
        .collect()
}

async fn read(blobs: &Blobs, key: &ObjectKey, start: u64, length: u64) -> Result<Vec<u8>, Error> {
    let reader = blobs.read(key).await?.unwrap();
    let pieces: Vec<Bytes> = Box::pin(reader.read(start, length)).try_collect().await?;
    Ok(pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever the frames, and wherever the upload is interrupted and continued, bytes and hash come out right.
    #[test]
    fn what_is_written_in_frames_is_read_back(
        frames in proptest::collection::vec(1_usize..300_000, 1..8),
        stop in 0_usize..8,
        algorithm in prop_oneof![Just(Algorithm::Sha256), Just(Algorithm::Sha512)],
    ) {
        runtime().block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let blobs = Blobs::open(folder.path()).unwrap();
            let whole = content(frames.iter().sum());
            let key = ObjectKey::random();
            let mut writer = blobs.create(&key, Hasher::new(algorithm));
            let mut at = 0;
            for (index, length) in frames.iter().enumerate() {
                if index == stop {
                    let hasher = writer.flush().await.unwrap();
                    let (size, state) = (writer.size(), hasher.save());
                    // Bytes that no row knows of, as a crash leaves them.
                    writer.write(Bytes::from_static(b"lost")).await.unwrap();
                    writer.flush().await.unwrap();
                    writer = blobs.resume(&key, size, Hasher::restore(&state).unwrap());
                }
                writer.write(Bytes::copy_from_slice(&whole[at..at + length])).await.unwrap();
                at += length;
            }
            let digest = writer.flush().await.unwrap().digest();
            assert_eq!(digest, Hasher::digest_of(algorithm, &whole));
            let other = writer.rehash(Hasher::new(Algorithm::Sha512)).await.unwrap().digest();
            assert_eq!(other, Hasher::digest_of(Algorithm::Sha512, &whole));
            writer.sync().await.unwrap();
            assert_eq!(read(&blobs, &key, 0, whole.len() as u64).await.unwrap(), whole);
            let middle = whole.len() / 2;
            assert_eq!(read(&blobs, &key, middle as u64, 1).await.unwrap(), &whole[middle..=middle]);
        });
    }
}

#[test]
fn an_object_that_is_too_short_is_an_error_not_an_early_end() {
    runtime().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path()).unwrap();
        let key = ObjectKey::random();
        let mut writer = blobs.create(&key, Hasher::new(Algorithm::Sha256));
        writer.write(Bytes::from_static(b"four")).await.unwrap();
        writer.sync().await.unwrap();
        assert!(matches!(
            read(&blobs, &key, 0, 5).await,
            Err(Error::Corrupt(_))
        ));
        blobs.remove(&key).await.unwrap();
        blobs.remove(&key).await.unwrap();
        assert!(blobs.read(&key).await.unwrap().is_none());
    });
}

#[test]
fn an_object_that_lost_bytes_is_not_what_its_hash_says() {
    runtime().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path()).unwrap();
        let key = ObjectKey::random();
        let mut writer = blobs.create(&key, Hasher::new(Algorithm::Sha256));
        writer.write(Bytes::from(content(700_000))).await.unwrap();
        let hasher = writer.flush().await.unwrap();
        writer.write(Bytes::from_static(b"beyond")).await.unwrap();
        writer.flush().await.unwrap();
        assert!(blobs.has_prefix(&key, 700_000, &hasher).await.unwrap());
        let file = std::fs::File::options()
            .write(true)
            .open(blobs.path(&key))
            .unwrap();
        std::os::unix::fs::FileExt::write_all_at(&file, &[0; 4096], 300_000).unwrap();
        assert!(
            !blobs.has_prefix(&key, 700_000, &hasher).await.unwrap(),
            "a hole"
        );
        file.set_len(699_999).unwrap();
        assert!(
            !blobs.has_prefix(&key, 700_000, &hasher).await.unwrap(),
            "too short"
        );
        blobs.remove(&key).await.unwrap();
        assert!(
            !blobs.has_prefix(&key, 700_000, &hasher).await.unwrap(),
            "gone"
        );
    });
}

#[test]
fn a_lease_lasts_as_long_as_bytes_are_on_their_way() {
    runtime().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path()).unwrap();
        let lease: Lease = Arc::new(());
        let hasher = Hasher::new(Algorithm::Sha256);
        let mut writer = blobs.create(&ObjectKey::random(), hasher);
        writer.set_lease(Some(lease.clone()));
        writer.write(Bytes::from(vec![1; 8 << 20])).await.unwrap();
        drop(writer);
        while Arc::strong_count(&lease) > 1 {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    });
}
