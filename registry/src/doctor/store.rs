//! The store: each bucket lists, writes, reads the same bytes back, refuses to write over an object, and deletes.

use bytes::Bytes;

use super::{Check, clock, whole};
use crate::{Artifacts, Bucket, RegistryError, StoreConfig, StoreLocation, now_ms};

/// Objects are written a moment before they are looked at, and a store may round to seconds.
const MOST_CLOCK_DIFFERENCE_MS: i64 = 60_000;
/// More than one read of a socket, so that a proxy that cuts bodies short is found out.
const PROBE_BYTES: usize = 300_000;

/// The store, when its buckets could be opened.
pub(super) async fn examine(config: &StoreConfig, checks: &mut Vec<Check>) -> Option<Artifacts> {
    let place = match &config.store {
        StoreLocation::Folder(folder) if !folder.exists() => {
            checks.push(Check::fail(
                "store",
                format!("the folder {} isn't there", folder.display()),
                "mount or make it, or check store_url",
            ));
            return None;
        }
        StoreLocation::Folder(folder) => format!("the folder {}", folder.display()),
        StoreLocation::S3(s3) => match &s3.endpoint {
            Some(endpoint) => format!("S3 at {endpoint}"),
            None => "S3 of AWS".to_owned(),
        },
    };
    let artifacts = match Artifacts::open(config) {
        Ok(artifacts) => artifacts,
        Err(error) => {
            checks.push(Check::fail(
                "store",
                format!("{place}: {}", whole(&error)),
                "check store_url and the s3_… options, and that this user may write the folder",
            ));
            return None;
        }
    };
    checks.push(Check::pass("store", place));
    let mut written_at = None;
    for (bucket, name) in [
        (Bucket::Artifacts, &config.artifacts_bucket),
        (Bucket::Data, &config.data_bucket),
        (Bucket::Logs, &config.logs_bucket),
    ] {
        let key = format!("clickleaf-doctor/{}", unique()?);
        let probe = Probe {
            artifacts: &artifacts,
            bucket,
            name,
            key: &key,
        };
        let difference = probe.all(checks).await;
        written_at = written_at.or(difference);
        // Whatever failed, the probe goes; that it can't be deleted has been told.
        let _ = artifacts.delete(bucket, &key).await;
    }
    if let Some(difference) = written_at {
        checks.push(clock("clock of the store", difference, MOST_CLOCK_DIFFERENCE_MS));
    }
    Some(artifacts)
}

struct Probe<'a> {
    artifacts: &'a Artifacts,
    bucket: Bucket,
    name: &'a str,
    key: &'a str,
}

impl Probe<'_> {
    /// Every step until one fails. How far the store's clock is ahead of this one, in ms, where it is known.
    async fn all(&self, checks: &mut Vec<Check>) -> Option<i64> {
        if let Err(error) = self.artifacts.folder(self.bucket, "clickleaf-doctor").await {
            let remedy = "make the bucket, and allow this key to list it (k8s/services/bucket-policy.json)";
            checks.push(self.failed("list", &error, remedy));
            return None;
        }
        checks.push(self.passed("list", "answers"));
        let bytes: Vec<u8> = (0..PROBE_BYTES).map(|at| (at * 31 % 251) as u8).collect();
        let bytes = Bytes::from(bytes);
        let before = now_ms();
        let stored = match self.artifacts.put(self.bucket, self.key, bytes).await {
            Ok(stored) => stored,
            Err(error) => {
                checks.push(self.failed(
                    "write",
                    &error,
                    "allow this key to put objects; is the disk full?",
                ));
                return None;
            }
        };
        checks.push(self.passed("write", "an object was written"));
        let looked = self.artifacts.head(self.bucket, self.key).await;
        let difference = looked.ok().flatten().map(|meta| {
            let after = now_ms();
            match meta.modified_at_ms {
                at if at < before - 1_000 => at - before,
                at if at > after => at - after,
                _ => 0,
            }
        });
        checks.push(match self.artifacts.digest(self.bucket, self.key).await {
            Ok(Some(read)) if read.sha256 == stored.sha256 => {
                self.passed("read", "the same bytes came back, by their SHA-256")
            }
            Ok(Some(read)) => Check::fail(
                self.step("read"),
                format!("{} bytes came back for {PROBE_BYTES}, or others", read.bytes),
                "look for what changes bodies between here and the store, and at its disks",
            ),
            Ok(None) => Check::fail(
                self.step("read"),
                "the object that was just written isn't found",
                "use a store that reads what was written before",
            ),
            Err(error) => self.failed("read", &error, "allow this key to get objects"),
        });
        self.create_once(checks).await;
        self.delete(checks).await;
        difference
    }

    async fn create_once(&self, checks: &mut Vec<Check>) {
        let again = self
            .artifacts
            .put_if_absent(self.bucket, self.key, Bytes::from_static(b"other"));
        checks.push(match again.await {
            Ok(false) => self.passed("create once", "what is there isn't written over"),
            Ok(true) => Check::warning(
                self.step("create once"),
                "the store takes no notice of If-None-Match, and writes over what is there",
                "nothing is needed while model files are named by their digest, as they are; a store that keeps to it is \
                 safer",
            ),
            Err(error) => self.failed(
                "create once",
                &error,
                "use a store that understands If-None-Match on a put, as AWS and MinIO do",
            ),
        });
    }

    async fn delete(&self, checks: &mut Vec<Check>) {
        let deleted = async {
            self.artifacts.delete(self.bucket, self.key).await?;
            self.artifacts.head(self.bucket, self.key).await
        };
        checks.push(match deleted.await {
            Ok(None) => self.passed("delete", "and it is gone"),
            Ok(Some(_)) => Check::fail(
                self.step("delete"),
                format!("{} is still there", self.key),
                "check that the bucket has no retention rule; gc can't work with one",
            ),
            Err(error) => self.failed("delete", &error, "allow this key to delete objects"),
        });
    }

    fn step(&self, step: &str) -> String {
        format!("bucket {}: {step}", self.name)
    }

    fn passed(&self, step: &str, detail: &str) -> Check {
        Check::pass(self.step(step), detail)
    }

    fn failed(&self, step: &str, error: &RegistryError, remedy: &str) -> Check {
        Check::fail(self.step(step), whole(error), remedy)
    }
}

fn unique() -> Option<String> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).ok()?;
    Some(hex::encode(bytes))
}
