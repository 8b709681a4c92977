//! `kill -9` at random moments of concurrent pushes. What was acknowledged is there and right; what was not can be
//! pushed as if nothing had happened; uploads that were under way go on where the server says.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

use std::io::Cursor;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use wharf_e2e::content::{Image, digest};
use wharf_e2e::http::with_digest;
use wharf_e2e::random::Random;
use wharf_e2e::wait::wait_for;
use wharf_e2e::{Client, Program, TestRegistry};

/// Kills in CI. `WHARF_E2E_ROUNDS` changes it.
const ROUNDS: usize = 100;
/// Clients that push at once.
const PUSHERS: u64 = 4;
/// A kill comes within this time after the first request: some hit logins, most hit pushes.
const KILL_WITHIN_MICROSECONDS: u64 = 250_000;
/// Every so many rounds, all that was ever acknowledged is read again.
const LOOK_BACK_EVERY: usize = 20;

/// Blobs up to this many bytes have no file of their own.
const INLINE_MAX: usize = 64 << 10;
/// A start looks for orphans in the background.
const ORPHANS_GONE_WITHIN: Duration = Duration::from_secs(30);

/// What the registry has promised so far, or may have done without being able to say so.
#[derive(Debug, Default)]
struct Ledger {
    blobs: Vec<Blob>,
    images: Vec<Pushed>,
    /// By tag: what a reader may see, which is the last acknowledged image and any that was under way after it.
    tags: Vec<(String, Vec<Option<String>>)>,
    uploads: Vec<Upload>,
    /// Pushes that broke off: their content can be pushed again.
    broken: Vec<Blob>,
}

/// A blob: the seed makes its bytes again.
#[derive(Clone, Debug)]
struct Blob {
    repository: String,
    seed: u64,
    length: usize,
}

#[derive(Clone, Debug)]
struct Pushed {
    repository: String,
    digest: String,
    manifest: Bytes,
}

/// An upload that was open when the registry died.
#[derive(Clone, Debug)]
struct Upload {
    blob: Blob,
    path: String,
    /// Bytes that the registry has acknowledged.
    acknowledged: usize,
    /// Bytes that were sent, acknowledged or not.
    sent: usize,
    /// Whether the request that finishes it had been sent.
    finishing: bool,
}

impl Blob {
    fn bytes(&self) -> Bytes {
        Random::new(self.seed).bytes(self.length).into()
    }
}

#[test]
fn what_was_acknowledged_survives_kill_9_and_what_was_not_is_no_obstacle() {
    let rounds = std::env::var("WHARF_E2E_ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let mut random = Random::from_environment("crash");
    let mut registry = TestRegistry::start();
    let mut everything = Ledger::default();
    let mut resumed = 0;
    for round in 1..=rounds {
        let ledger = push_until_killed(&mut registry, &mut random);
        registry.start_again();
        let owner = registry.owner();
        resumed += ledger.uploads.len();
        check(&owner, &ledger);
        push_again(&owner, &ledger);
        everything.blobs.extend(ledger.blobs);
        everything.images.extend(ledger.images);
        // By now these are pushed as well.
        everything.blobs.extend(ledger.broken);
        everything
            .blobs
            .extend(ledger.uploads.into_iter().map(|upload| upload.blob));
        if round % LOOK_BACK_EVERY == 0 || round == rounds {
            check(&owner, &everything);
            eprintln!(
                "crash: {round} kills, {} blobs and {} images acknowledged and right, {resumed} uploads resumed",
                everything.blobs.len(),
                everything.images.len(),
            );
        }
    }
    assert!(
        everything.blobs.len() > rounds,
        "hardly anything was pushed: the test tests nothing"
    );
    assert!(
        resumed > rounds / 4,
        "hardly any upload was hit: the test tests nothing"
    );
    leaves_no_orphan(&mut registry, &everything);
    let log = registry.log();
    assert!(!log.contains("panic"), "{log}");
}

/// Files that a kill left behind go once they are old; of what was acknowledged, none does.
fn leaves_no_orphan(registry: &mut TestRegistry, everything: &Ledger) {
    assert!(registry.stop().success());
    let folder = registry.data().join("blobs");
    Program::new("find")
        .arg(&folder)
        .args([
            "-type",
            "f",
            "-exec",
            "touch",
            "--date=3 days ago",
            "{}",
            "+",
        ])
        .succeeds();
    let mut kept: Vec<u64> = everything
        .blobs
        .iter()
        .filter(|blob| blob.length > INLINE_MAX)
        .map(|blob| blob.length as u64)
        .collect();
    kept.sort_unstable();
    let before = sizes(&folder).len();
    registry.start_again();
    wait_for("end of orphans", ORPHANS_GONE_WITHIN, || {
        (sizes(&folder) == kept).then_some(())
    });
    eprintln!(
        "crash: {} orphaned files of {before} are gone",
        before - kept.len()
    );
    check(&registry.owner(), everything);
}

/// The sizes of all files below a folder, in order.
fn sizes(folder: &Path) -> Vec<u64> {
    let listed = Program::new("find")
        .arg(folder)
        .args(["-type", "f", "-printf", "%s\n"])
        .succeeds();
    let mut sizes: Vec<u64> = listed
        .stdout
        .lines()
        .map(|size| size.parse().unwrap())
        .collect();
    sizes.sort_unstable();
    sizes
}

/// Lets some clients push until the registry is killed in the middle of it; returns what they know.
fn push_until_killed(registry: &mut TestRegistry, random: &mut Random) -> Ledger {
    let ledger = Mutex::new(Ledger::default());
    let dead = AtomicBool::new(false);
    let owner = registry.owner();
    // A token is at hand, so that the time until the kill is a time of pushes.
    owner.start_upload("default/warm");
    thread::scope(|scope| {
        for number in 0..PUSHERS {
            let pusher = Pusher {
                client: owner.clone(),
                repository: format!("default/crash{number}"),
                ledger: &ledger,
                random: random.fork(),
            };
            let dead = &dead;
            scope.spawn(move || pusher.push_until(dead));
        }
        thread::sleep(Duration::from_micros(
            random.below(KILL_WITHIN_MICROSECONDS),
        ));
        registry.kill();
        dead.store(true, Ordering::Relaxed);
    });
    ledger.into_inner().unwrap()
}

struct Pusher<'a> {
    client: Client,
    repository: String,
    ledger: &'a Mutex<Ledger>,
    random: Random,
}

/// The registry did not answer: it is dead, or dies just now.
struct Died;

impl From<reqwest::Error> for Died {
    fn from(_: reqwest::Error) -> Self {
        Self
    }
}

impl Pusher<'_> {
    fn push_until(mut self, dead: &AtomicBool) {
        while !dead.load(Ordering::Relaxed) {
            let done = match self.random.below(5) {
                0 => self.push_whole(),
                1 => self.push_in_one_request(),
                2 => self.push_in_chunks(),
                3 => self.push_as_stream(),
                _ => self.push_image(),
            };
            if done.is_err() {
                return;
            }
        }
    }

    /// Half of them small enough for the database, half in files.
    fn new_blob(&mut self) -> Blob {
        let bound = if self.random.below(2) == 0 {
            64 << 10
        } else {
            3 << 20
        };
        Blob {
            repository: self.repository.clone(),
            seed: self.random.number(),
            length: usize::try_from(self.random.below(bound)).unwrap(),
        }
    }

    fn acknowledge(&self, blob: Blob) {
        self.ledger.lock().unwrap().blobs.push(blob);
    }

    fn start_upload(&self) -> Result<String, Died> {
        let path = format!("/v2/{}/blobs/uploads/", self.repository);
        Ok(self.client.post(&path).try_send()?.expect(202).location())
    }

    /// POST, PUT.
    fn push_whole(&mut self) -> Result<(), Died> {
        let blob = self.new_blob();
        let path = self.start_upload()?;
        let mut upload = Upload {
            blob,
            path,
            acknowledged: 0,
            sent: 0,
            finishing: false,
        };
        self.finish(&mut upload)
    }

    /// One POST.
    fn push_in_one_request(&mut self) -> Result<(), Died> {
        let blob = self.new_blob();
        self.post(blob)
    }

    fn post(&self, blob: Blob) -> Result<(), Died> {
        let bytes = blob.bytes();
        let path = format!(
            "/v2/{}/blobs/uploads/?digest={}",
            self.repository,
            digest(&bytes)
        );
        match self.client.post(&path).body(bytes).try_send() {
            Ok(answer) => {
                answer.expect(201);
                self.acknowledge(blob);
                Ok(())
            }
            Err(_) => {
                self.ledger.lock().unwrap().broken.push(blob);
                Err(Died)
            }
        }
    }

    /// POST, some PATCH with `Content-Range`, PUT with the rest.
    fn push_in_chunks(&mut self) -> Result<(), Died> {
        let blob = self.new_blob();
        let path = self.start_upload()?;
        let mut upload = Upload {
            blob,
            path,
            acknowledged: 0,
            sent: 0,
            finishing: false,
        };
        let bytes = upload.blob.bytes();
        for _ in 0..self.random.below(5) {
            let rest = upload.blob.length - upload.acknowledged;
            if rest < 2 {
                break;
            }
            let length = 1 + usize::try_from(self.random.below(rest as u64 - 1)).unwrap();
            let (begin, end) = (upload.acknowledged, upload.acknowledged + length);
            upload.sent = end;
            let patch = self
                .client
                .patch(&upload.path)
                .header("content-type", "application/octet-stream")
                .header("content-range", &format!("{begin}-{}", end - 1))
                .body(bytes.slice(begin..end));
            let answer = self.or_open(&upload, patch.try_send())?.expect(202);
            upload.path = answer.location();
            upload.acknowledged = end;
        }
        self.finish(&mut upload)
    }

    /// POST, one PATCH of unknown length as docker sends it, PUT.
    fn push_as_stream(&mut self) -> Result<(), Died> {
        let blob = self.new_blob();
        let path = self.start_upload()?;
        let mut upload = Upload {
            blob,
            path,
            acknowledged: 0,
            sent: 0,
            finishing: false,
        };
        upload.sent = upload.blob.length;
        let scope = format!("repository:{}:pull,push", self.repository);
        let Ok(token) = self.client.ask_for_token(&scope) else {
            return Err(Died);
        };
        let token = token.expect(200).json()["token"]
            .as_str()
            .unwrap()
            .to_owned();
        let patch = self
            .client
            .patch(&upload.path)
            .bearer(&token)
            .stream(Cursor::new(upload.blob.bytes()));
        let answer = self.or_open(&upload, patch.try_send())?.expect(202);
        upload.path = answer.location();
        upload.acknowledged = upload.blob.length;
        self.finish(&mut upload)
    }

    /// The closing PUT, with all bytes that are not there yet.
    fn finish(&self, upload: &mut Upload) -> Result<(), Died> {
        let bytes = upload.blob.bytes();
        upload.sent = bytes.len();
        upload.finishing = true;
        let put = self
            .client
            .put(&with_digest(&upload.path, &digest(&bytes)))
            .body(bytes.slice(upload.acknowledged..));
        self.or_open(upload, put.try_send())?.expect(201);
        self.acknowledge(upload.blob.clone());
        Ok(())
    }

    fn or_open<T>(&self, upload: &Upload, result: reqwest::Result<T>) -> Result<T, Died> {
        if result.is_err() {
            self.ledger.lock().unwrap().uploads.push(upload.clone());
        }
        Ok(result?)
    }

    /// An image under one of few tags, so that tags move.
    fn push_image(&mut self) -> Result<(), Died> {
        let layers = [self.new_blob(), self.new_blob()];
        for layer in layers.clone() {
            self.post(layer)?;
        }
        let image = Image::of(layers.iter().map(|layer| layer.bytes().to_vec()).collect());
        let config = image.blobs.last().unwrap().clone();
        let path = format!(
            "/v2/{}/blobs/uploads/?digest={}",
            self.repository,
            digest(&config)
        );
        self.client.post(&path).body(config).try_send()?.expect(201);
        let tag = format!("{}:tag{}", self.repository, self.random.below(2));
        self.under_way(&tag, &image);
        let put = self
            .client
            .put(&format!("/v2/{}", tag.replace(':', "/manifests/")))
            .header("content-type", &image.media_type)
            .body(image.manifest.clone());
        put.try_send()?.expect(201);
        let mut ledger = self.ledger.lock().unwrap();
        let seen = ledger
            .tags
            .iter_mut()
            .find(|(name, _)| *name == tag)
            .unwrap();
        seen.1 = vec![Some(image.digest())];
        ledger.images.push(Pushed {
            repository: self.repository.clone(),
            digest: image.digest(),
            manifest: image.manifest.into(),
        });
        Ok(())
    }

    fn under_way(&self, tag: &str, image: &Image) {
        let mut ledger = self.ledger.lock().unwrap();
        match ledger.tags.iter_mut().find(|(name, _)| name == tag) {
            Some((_, seen)) => seen.push(Some(image.digest())),
            // Nobody knows in this round what an earlier one left there.
            None => ledger
                .tags
                .push((tag.to_owned(), vec![None, Some(image.digest())])),
        }
    }
}

/// Everything that was acknowledged is there, byte by byte.
fn check(client: &Client, ledger: &Ledger) {
    for blob in &ledger.blobs {
        let bytes = blob.bytes();
        let path = format!("/v2/{}/blobs/{}", blob.repository, digest(&bytes));
        let answer = client.get(&path).send().expect(200);
        assert!(answer.body == bytes, "other bytes: {path}");
    }
    for image in &ledger.images {
        let path = format!("/v2/{}/manifests/{}", image.repository, image.digest);
        let answer = client.get(&path).send().expect(200);
        assert!(answer.body == image.manifest, "other bytes: {path}");
        for blob in image_blobs(&image.manifest) {
            let path = format!("/v2/{}/blobs/{blob}", image.repository);
            let answer = client.get(&path).send().expect(200);
            assert_eq!(digest(&answer.body), blob, "{path}");
        }
    }
    for (tag, seen) in &ledger.tags {
        if seen.contains(&None) {
            continue;
        }
        let answer = client
            .get(&format!("/v2/{}", tag.replace(':', "/manifests/")))
            .send()
            .expect(200);
        let found = Some(digest(&answer.body));
        assert!(
            seen.contains(&found),
            "{tag} is {found:?}, none of {seen:?}"
        );
    }
}

/// What was under way is finished: uploads go on from the offset that the registry reports, the rest begins anew.
fn push_again(client: &Client, ledger: &Ledger) {
    for blob in &ledger.broken {
        client.push_blob(&blob.repository, &blob.bytes());
    }
    for upload in &ledger.uploads {
        resume(client, upload);
        let bytes = upload.blob.bytes();
        let path = format!("/v2/{}/blobs/{}", upload.blob.repository, digest(&bytes));
        let answer = client.get(&path).send().expect(200);
        assert!(answer.body == bytes, "other bytes after resuming: {path}");
    }
}

fn resume(client: &Client, upload: &Upload) {
    let bytes = upload.blob.bytes();
    let digest = digest(&bytes);
    let status = client.get(&upload.path).send();
    if status.status == 404 {
        // Only one that was finished, though nobody heard of it, may be gone.
        status.oci_error(404, "BLOB_UPLOAD_UNKNOWN");
        assert!(upload.finishing, "an open upload is gone: {upload:?}");
        client
            .head(&format!("/v2/{}/blobs/{digest}", upload.blob.repository))
            .send()
            .expect(200);
        return;
    }
    let status = status.expect(204);
    let last: usize = status
        .header("range")
        .strip_prefix("0-")
        .unwrap()
        .parse()
        .unwrap();
    // `0-0` stands for one byte and for none.
    let offset = if last == 0 {
        upload.acknowledged.min(1)
    } else {
        last + 1
    };
    assert!(
        offset >= upload.acknowledged,
        "acknowledged bytes are gone: {upload:?} {status}"
    );
    assert!(
        offset <= upload.sent,
        "bytes that nobody sent: {upload:?} {status}"
    );
    let path = status.location();
    let rest = bytes.slice(offset..);
    if rest.is_empty() {
        client.put(&with_digest(&path, &digest)).send().expect(201);
        return;
    }
    let (first, second) = rest.split_at(rest.len() / 2);
    let mut path = path;
    if !first.is_empty() {
        let patched = client
            .patch(&path)
            .header(
                "content-range",
                &format!("{offset}-{}", offset + first.len() - 1),
            )
            .body(first.to_vec())
            .send()
            .expect(202);
        path = patched.location();
    }
    client
        .put(&with_digest(&path, &digest))
        .body(second.to_vec())
        .send()
        .expect(201);
}

fn image_blobs(manifest: &[u8]) -> Vec<String> {
    let manifest: serde_json::Value = serde_json::from_slice(manifest).unwrap();
    let layers = manifest["layers"].as_array().unwrap();
    let all = layers.iter().chain([&manifest["config"]]);
    all.map(|item| item["digest"].as_str().unwrap().to_owned())
        .collect()
}
