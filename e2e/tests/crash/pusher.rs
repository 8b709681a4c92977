//! Clients that push in every way there is until the registry is gone.

use std::io::Cursor;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use wharf_e2e::Client;
use wharf_e2e::content::{Image, digest};
use wharf_e2e::http::with_digest;
use wharf_e2e::random::Random;

use crate::ledger::{Blob, Ledger, Pushed, Upload};

pub(crate) struct Pusher<'a> {
    pub(crate) client: Client,
    pub(crate) repository: String,
    pub(crate) ledger: &'a Mutex<Ledger>,
    pub(crate) random: Random,
}

/// The registry did not answer: it is dead, or dies just now.
struct Died;

impl From<reqwest::Error> for Died {
    fn from(_: reqwest::Error) -> Self {
        Self
    }
}

impl Pusher<'_> {
    pub(crate) fn push_until(mut self, dead: &AtomicBool) {
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

    /// POST for a new blob.
    fn start_upload(&mut self) -> Result<Upload, Died> {
        let blob = self.new_blob();
        let path = format!("/v2/{}/blobs/uploads/", self.repository);
        Ok(Upload {
            blob,
            path: self.client.post(&path).try_send()?.expect(202).location(),
            acknowledged: 0,
            sent: 0,
            finishing: false,
        })
    }

    /// POST, PUT.
    fn push_whole(&mut self) -> Result<(), Died> {
        let mut upload = self.start_upload()?;
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
        let mut upload = self.start_upload()?;
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
        let mut upload = self.start_upload()?;
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
