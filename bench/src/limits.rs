//! What the machine can do at most, measured in the same run as what servers do on it.

use std::fs::OpenOptions;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::content::MIB;
use crate::report::median;

pub(crate) const HASH: &str = "SHA-256, one core";
pub(crate) const DISK: &str = "disk, write and fsync";
pub(crate) const COMMITS: &str = "4 KiB appended and fdatasync";
pub(crate) const LOOPBACK: &str = "loopback, one stream";

/// Records of the commit log that are timed.
const RECORDS: usize = 500;
const MEASUREMENTS: usize = 3;

/// A limit of the machine.
#[derive(Serialize)]
pub(crate) struct Limit {
    pub(crate) name: &'static str,
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
}

/// Measures all limits with so many bytes each.
pub(crate) fn measure(scratch: &Path, bytes: usize) -> Result<Vec<Limit>> {
    let block: Vec<u8> = (0..MIB).map(|index| index.to_le_bytes()[0]).collect();
    let megabytes = bytes as f64 / 1e6;
    let rate = |name, work: &dyn Fn() -> Result<()>| {
        Ok::<_, anyhow::Error>(Limit {
            name,
            value: megabytes / seconds(work)?,
            unit: "MB/s",
        })
    };
    Ok(vec![
        rate(HASH, &|| {
            hash(&block, bytes);
            Ok(())
        })?,
        rate(DISK, &|| write(scratch, &block, bytes))?,
        rate(LOOPBACK, &|| copy(&block, bytes))?,
        Limit {
            name: COMMITS,
            value: RECORDS as f64 / seconds(&|| append(scratch))?,
            unit: "records/s",
        },
    ])
}

/// The median time of some measurements.
fn seconds(work: &dyn Fn() -> Result<()>) -> Result<f64> {
    let mut times = Vec::new();
    for _ in 0..MEASUREMENTS {
        let start = Instant::now();
        work()?;
        times.push(start.elapsed().as_secs_f64());
    }
    Ok(median(times).unwrap_or(f64::NAN))
}

fn hash(block: &[u8], bytes: usize) {
    let mut hasher = Sha256::new();
    for _ in 0..bytes / block.len() {
        hasher.update(block);
    }
    std::hint::black_box(hasher.finalize());
}

fn write(scratch: &Path, block: &[u8], bytes: usize) -> Result<()> {
    let mut file = tempfile::tempfile_in(scratch)?;
    for _ in 0..bytes / block.len() {
        file.write_all(block)?;
    }
    Ok(file.sync_all()?)
}

/// Records into a file whose blocks are there already, as a database's log is.
fn append(scratch: &Path) -> Result<()> {
    let folder = tempfile::tempdir_in(scratch)?;
    let path = folder.path().join("log");
    let record = [7; 4096];
    std::fs::write(&path, vec![0; RECORDS * record.len()])?;
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.sync_all()?;
    for _ in 0..RECORDS {
        file.write_all(&record)?;
        file.sync_data()?;
    }
    Ok(())
}

fn copy(block: &[u8], bytes: usize) -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let mut writer = TcpStream::connect(listener.local_addr()?)?;
    let (mut reader, _) = listener.accept()?;
    std::thread::scope(|scope| {
        let reading = scope.spawn(move || {
            let mut buffer = vec![0; MIB / 4];
            while reader.read(&mut buffer)? > 0 {}
            Ok::<_, std::io::Error>(())
        });
        for _ in 0..bytes / block.len() {
            writer.write_all(block)?;
        }
        drop(writer);
        reading
            .join()
            .map_err(|_| anyhow::anyhow!("the reader panicked"))??;
        Ok(())
    })
}
