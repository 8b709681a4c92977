//! Reading the log: in pieces, forwards or backwards, from files that may be renamed meanwhile.
//!
//! A file is known by the time of its first record, which stays when the file moves up. A page ends at a place in such
//! a file, and the next one goes on from there. One page reads a bounded number of bytes, so that it may be empty and
//! still be followed by another.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use wharf_types::limits;

use super::file;
use super::record::Record;

/// Bytes that are in memory at once, and longer than any line.
const PIECE_SIZE: u64 = 64 * 1024;
/// Records stand in the order in which they were written, which may be that much off the order of their times.
const DISORDER_MAX: SignedDuration = SignedDuration::from_secs(10);

/// In which order records are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The oldest first.
    #[default]
    Ascending,
    /// The newest first.
    Descending,
}

/// Whether a record is wanted.
pub type IsWanted = Box<dyn Fn(&Record) -> bool + Send>;

/// Which records are wanted.
pub struct Search {
    /// In which order.
    pub order: Order,
    /// None that is older.
    pub from: Option<Timestamp>,
    /// None that is newer.
    pub until: Option<Timestamp>,
    /// How many at most.
    pub size: usize,
    /// Where the page before ended.
    pub after: Option<Place>,
    /// What else must hold.
    pub is_wanted: IsWanted,
}

/// A place in the log, which names the record that begins there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The time of the file's first record, in microseconds.
    file: i64,
    /// Bytes before it in the file.
    offset: u64,
}

/// One page.
#[derive(Debug, Default)]
pub struct Found {
    /// Records, each with its place.
    pub records: Vec<(Place, Record)>,
    /// Where the next page goes on; none: this was the last one.
    pub next: Option<Place>,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:x}-{:x}", self.file, self.offset)
    }
}

impl Place {
    /// Reads what `Display` writes.
    pub fn parse(text: &str) -> Option<Self> {
        let (file, offset) = text.split_once('-')?;
        Some(Self {
            file: i64::from_str_radix(file, 16).ok()?,
            offset: u64::from_str_radix(offset, 16).ok()?,
        })
    }
}

/// Reads one page of the log at `path`.
pub(super) fn search(path: &Path, search: &Search) -> std::io::Result<Found> {
    let mut files = open(path)?;
    if search.order == Order::Ascending {
        files.reverse();
    }
    let (mut number, mut at) = search.start(&files)?;
    let mut page = Page {
        search,
        found: Found::default(),
    };
    let mut size_read = 0;
    while let Some(file) = files.get(number) {
        let Some(piece) = file.piece(at, search.order)? else {
            number += 1;
            at = files.get(number).map_or(0, |file| file.edge(search.order));
            continue;
        };
        if page.take(file, &piece) {
            return Ok(page.finish());
        }
        at = piece.end(search.order);
        size_read += PIECE_SIZE;
        if size_read >= limits::AUDIT_READ_SIZE_MAX {
            page.found.next = Some(file.place(at));
            return Ok(page.finish());
        }
    }
    Ok(page.finish())
}

/// One file of the log.
struct Opened {
    file: File,
    born: i64,
    size: u64,
}

/// Opens the files, the newest first. One that moves up meanwhile is met twice and taken once.
fn open(path: &Path) -> std::io::Result<Vec<Opened>> {
    let mut files: Vec<Opened> = Vec::new();
    for path in file::all(path) {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        let size = file.metadata()?.len();
        let Some((_, born)) = first_time(&file, 0)? else {
            continue;
        };
        let born = born.as_microsecond();
        if files.iter().all(|other| other.born != born) {
            files.push(Opened { file, born, size });
        }
    }
    Ok(files)
}

/// The first record that begins at or after `offset`, where a line begins, or at the first line after that: its
/// offset and time.
fn first_time(file: &File, offset: u64) -> std::io::Result<Option<(u64, Timestamp)>> {
    #[derive(Deserialize)]
    struct Time {
        time: Timestamp,
    }
    let bytes = read(file, offset, offset + PIECE_SIZE)?;
    Ok(lines(offset, &bytes).find_map(|(offset, line)| {
        let Time { time } = serde_json::from_slice(line).ok()?;
        Some((offset, time))
    }))
}

/// Bytes of a file, fewer where it ends.
fn read(file: &File, start: u64, end: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(end - start).unwrap_or(0)];
    let mut length = 0;
    while length < bytes.len() {
        match file.read_at(&mut bytes[length..], start + length as u64) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(length);
    Ok(bytes)
}

/// Whole lines with their offsets. What has no line end is still being written.
fn lines(mut offset: u64, bytes: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    bytes
        .split_inclusive(|byte| *byte == b'\n')
        .filter_map(move |line| {
            let start = offset;
            offset += line.len() as u64;
            Some((start, line.strip_suffix(b"\n")?))
        })
}

/// Whole lines of a file.
struct Piece {
    start: u64,
    bytes: Vec<u8>,
    /// Up to where it was read: behind a line that is longer than a piece, or not finished.
    read_to: u64,
}

impl Piece {
    fn end(&self, order: Order) -> u64 {
        match order {
            Order::Ascending => self.read_to,
            Order::Descending => self.start,
        }
    }
}

impl Opened {
    fn place(&self, offset: u64) -> Place {
        Place {
            file: self.born,
            offset,
        }
    }

    /// Where reading begins.
    fn edge(&self, order: Order) -> u64 {
        match order {
            Order::Ascending => 0,
            Order::Descending => self.size,
        }
    }

    /// The lines that end or begin at `at`; none where the file ends.
    fn piece(&self, at: u64, order: Order) -> std::io::Result<Option<Piece>> {
        let (start, end) = match order {
            Order::Ascending => (at, (at + PIECE_SIZE).min(self.size)),
            Order::Descending => (at.saturating_sub(PIECE_SIZE), at.min(self.size)),
        };
        if start >= end {
            return Ok(None);
        }
        let mut bytes = read(&self.file, start, end)?;
        let mut piece = Piece {
            start,
            read_to: end,
            bytes: Vec::new(),
        };
        match order {
            Order::Ascending => {
                if let Some(last) = bytes.iter().rposition(|byte| *byte == b'\n') {
                    bytes.truncate(last + 1);
                    piece.read_to = start + bytes.len() as u64;
                }
            }
            Order::Descending if start > 0 => {
                // The first line began before the piece: it is the last one of the next.
                if let Some(first) = bytes.iter().position(|byte| *byte == b'\n')
                    && first + 1 < bytes.len()
                {
                    bytes.drain(..=first);
                    piece.start = start + first as u64 + 1;
                }
            }
            Order::Descending => {}
        }
        piece.bytes = bytes;
        Ok(Some(piece))
    }

    /// Two places close together: what stands before the first is older than `time`, what begins at the second or
    /// after it is not.
    fn bracket(&self, time: Timestamp) -> std::io::Result<(u64, u64)> {
        let (mut low, mut high) = (0, self.size);
        while high - low > PIECE_SIZE {
            let middle = low + (high - low) / 2;
            match first_time(&self.file, middle)? {
                Some((offset, found)) if offset < high => {
                    if found < time {
                        low = offset;
                    } else {
                        high = offset;
                    }
                }
                _ => break,
            }
        }
        Ok((low, high))
    }
}

impl Search {
    /// The file to begin with, of those in reading order, and where in it.
    fn start(&self, files: &[Opened]) -> std::io::Result<(usize, u64)> {
        let begin = |number: usize| {
            let edge = files.get(number).map_or(0, |file| file.edge(self.order));
            (number, edge)
        };
        if let Some(after) = self.after {
            let found = files.iter().position(|file| file.born == after.file);
            return Ok(match found {
                Some(number) => (number, after.offset.min(files[number].size)),
                // It was the oldest and is gone.
                None => begin(match self.order {
                    Order::Ascending => 0,
                    Order::Descending => files.len(),
                }),
            });
        }
        let micros = |time: Timestamp| time.as_microsecond();
        match (self.order, self.from.map(earlier), self.until.map(later)) {
            (Order::Ascending, Some(from), _) => {
                let older = files.iter().rposition(|file| file.born <= micros(from));
                let number = older.unwrap_or(0);
                match files.get(number) {
                    Some(file) => Ok((number, file.bracket(from)?.0)),
                    None => Ok((0, 0)),
                }
            }
            (Order::Descending, _, Some(until)) => {
                let older = files.iter().position(|file| file.born <= micros(until));
                match older {
                    Some(number) => Ok((number, files[number].bracket(until)?.1)),
                    None => Ok((files.len(), 0)),
                }
            }
            _ => Ok(begin(0)),
        }
    }
}

fn earlier(time: Timestamp) -> Timestamp {
    time.saturating_sub(DISORDER_MAX).unwrap_or(Timestamp::MIN)
}

fn later(time: Timestamp) -> Timestamp {
    time.saturating_add(DISORDER_MAX).unwrap_or(Timestamp::MAX)
}

/// A page that is being filled.
struct Page<'s> {
    search: &'s Search,
    found: Found,
}

impl Page<'_> {
    /// Takes what is wanted of a piece. True: the page is full, or nothing that is wanted can come any more.
    fn take(&mut self, file: &Opened, piece: &Piece) -> bool {
        let mut lines: Vec<_> = lines(piece.start, &piece.bytes).collect();
        if self.search.order == Order::Descending {
            lines.reverse();
        }
        for (offset, line) in lines {
            let Some(record) = Record::parse(line) else {
                continue;
            };
            let Search { from, until, .. } = self.search;
            let is_over = match self.search.order {
                Order::Ascending => until.is_some_and(|until| record.time > later(until)),
                Order::Descending => from.is_some_and(|from| record.time < earlier(from)),
            };
            if is_over {
                return true;
            }
            let is_outside = from.is_some_and(|from| record.time < from)
                || until.is_some_and(|until| record.time > until);
            if is_outside || !(self.search.is_wanted)(&record) {
                continue;
            }
            self.found.records.push((file.place(offset), record));
            if self.found.records.len() >= self.search.size {
                let next = match self.search.order {
                    Order::Ascending => offset + line.len() as u64 + 1,
                    Order::Descending => offset,
                };
                self.found.next = Some(file.place(next));
                return true;
            }
        }
        false
    }

    /// The page, in order of time.
    fn finish(self) -> Found {
        let mut found = self.found;
        found.records.sort_by_key(|(_, record)| record.time);
        if self.search.order == Order::Descending {
            found.records.reverse();
        }
        found
    }
}

#[cfg(test)]
mod tests;
