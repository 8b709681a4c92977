#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::Write as _;
use std::path::PathBuf;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::audit::file::RotatingFile;
use crate::audit::record::RecordedEvent;

/// A log whose records are one second apart and say their number.
struct TestLog {
    folder: TempDir,
    file: RotatingFile,
    next: usize,
    /// What a record says besides.
    padding: String,
}

impl TestLog {
    fn new(file_size: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        Self {
            file: RotatingFile::open_limited(path, file_size).unwrap(),
            folder,
            next: 0,
            padding: String::new(),
        }
    }

    fn write(&mut self, count: usize) {
        for _ in 0..count {
            let (time, number, padding) = (time(self.next), self.next, &self.padding);
            let line = format!(
                "{{\"time\":\"{time}\",\"event\":\"authentication_failed\",\"user_agent\":\"{padding}\",\"reason\":\"{number}\"}}\n"
            );
            self.file.append(line.as_bytes()).unwrap();
            self.next += 1;
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("audit.jsonl")
    }

    fn page(&self, search: &Search) -> (Vec<usize>, Option<Place>) {
        let found = super::search(&self.path(), search).unwrap();
        let numbers = found.records.iter().map(|(_, record)| number(record));
        (numbers.collect(), found.next)
    }

    fn all(&self, mut search: Search) -> Vec<usize> {
        let mut all = Vec::new();
        loop {
            let (numbers, next) = self.page(&search);
            assert!(numbers.len() <= search.size);
            all.extend(numbers);
            if next.is_none() {
                return all;
            }
            search.after = next;
        }
    }
}

fn time(number: usize) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + i64::try_from(number).unwrap()).unwrap()
}

fn number(record: &Record) -> usize {
    match &record.event {
        RecordedEvent::AuthenticationFailed { reason } => reason.parse().unwrap(),
        other => panic!("{other:?}"),
    }
}

fn search_in(order: Order, size: usize) -> Search {
    Search {
        order,
        from: None,
        until: None,
        size,
        after: None,
        is_wanted: Box::new(|_| true),
    }
}

/// What both orders must find: the same, one backwards.
fn assert_finds(
    log: &TestLog,
    bounds: (Option<usize>, Option<usize>),
    size: usize,
    wanted: &[usize],
) {
    let bounded = |order| Search {
        from: bounds.0.map(time),
        until: bounds.1.map(time),
        ..search_in(order, size)
    };
    assert_eq!(log.all(bounded(Order::Ascending)), wanted);
    let backwards: Vec<usize> = wanted.iter().rev().copied().collect();
    assert_eq!(log.all(bounded(Order::Descending)), backwards);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pages_hold_every_record_once_and_in_order(
        count in 0_usize..60, file_size in 100_u64..2_000, size in 1_usize..20, from in 0_usize..60, length in 0_usize..60,
    ) {
        let mut log = TestLog::new(file_size);
        log.write(count);
        // The oldest files may be gone.
        let there = log.all(search_in(Order::Ascending, 1_000));
        prop_assert!(there.iter().copied().eq(count - there.len()..count));
        assert_finds(&log, (None, None), size, &there);
        let until = from + length;
        let wanted: Vec<_> = there.iter().copied().filter(|n| (from..=until).contains(n)).collect();
        assert_finds(&log, (Some(from), Some(until)), size, &wanted);
    }
}

#[test]
fn a_page_goes_on_where_the_one_before_ended_though_files_moved_up() {
    let mut log = TestLog::new(1_000);
    log.write(40);
    let mut search = search_in(Order::Descending, 7);
    let mut all = Vec::new();
    loop {
        let (numbers, next) = log.page(&search);
        all.extend(numbers);
        let Some(next) = next else { break };
        search.after = Some(Place::parse(&next.to_string()).unwrap());
        log.write(3);
    }
    assert!(all.iter().copied().eq((0..40).rev()), "{all:?}");
}

#[test]
fn a_page_reads_no_more_than_its_share_and_says_where_to_go_on() {
    let mut log = TestLog::new(u64::MAX);
    log.padding = "x".repeat(4_000);
    log.write(6_000);
    assert!(std::fs::metadata(log.path()).unwrap().len() > limits::AUDIT_READ_SIZE_MAX);
    for order in [Order::Ascending, Order::Descending] {
        let rare = || Search {
            is_wanted: Box::new(|record| number(record) % 5_000 == 5),
            ..search_in(order, 10)
        };
        let (first, next) = log.page(&rare());
        assert!(first.len() < 2 && next.is_some(), "{first:?} {next:?}");
        let mut all = log.all(rare());
        all.sort_unstable();
        assert_eq!(all, [5, 5_005]);
    }
    // A window is found without reading what is before it or after it.
    for order in [Order::Ascending, Order::Descending] {
        let window = Search {
            from: Some(time(4_000)),
            until: Some(time(4_002)),
            ..search_in(order, 10)
        };
        let (mut numbers, next) = log.page(&window);
        numbers.sort_unstable();
        assert_eq!((numbers, next), (vec![4_000, 4_001, 4_002], None));
    }
}

#[test]
fn what_is_cut_off_or_endless_is_passed_by() {
    let mut log = TestLog::new(u64::MAX);
    log.write(3);
    let mut raw = std::fs::OpenOptions::new()
        .append(true)
        .open(log.path())
        .unwrap();
    raw.write_all(b"{\"time\":\n\n").unwrap();
    raw.write_all(&vec![b'x'; 200_000]).unwrap();
    raw.write_all(b"\n").unwrap();
    log.write(3);
    raw.write_all(b"{\"time\":\"2030-01-01T00:00:00Z\",\"event\"")
        .unwrap();
    assert_finds(&log, (None, None), 2, &[0, 1, 2, 3, 4, 5]);
}

#[test]
fn an_absent_log_has_no_records_and_places_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let found = search(
        &folder.path().join("audit.jsonl"),
        &search_in(Order::Descending, 5),
    );
    assert!(found.unwrap().records.is_empty());
    let place = Place {
        file: 1_800_000_000_000_000,
        offset: 77,
    };
    assert_eq!(Place::parse(&place.to_string()), Some(place));
    for text in ["", "-", "x-1", "1", "1-x", "1-ffffffffffffffffff"] {
        assert_eq!(Place::parse(text), None, "{text}");
    }
}
