//! Byte ranges: the `Range` of a pull (RFC 9110, 14.1.2) and the `Content-Range` of a chunk (distribution-spec, "Pushing a blob in chunks").

/// One range of a `Range: bytes=…` header, before the size is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeRequest {
    /// `A-B`: from A up to and with B.
    Between(u64, u64),
    /// `A-`: from A to the end.
    From(u64),
    /// `-N`: the last N bytes.
    Last(u64),
}

/// What a range means for content of a known size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteRange {
    /// The first byte.
    pub start: u64,
    /// The last byte, which is included.
    pub end: u64,
}

impl ByteRange {
    /// How many bytes it covers: never 0.
    pub fn length(&self) -> u64 {
        self.end - self.start + 1
    }
}

/// The range lies outside the content: 416.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the range lies outside the content")]
pub struct Unsatisfiable;

impl RangeRequest {
    /// Parses a `Range` header. `Ok(None)` means that the header is to be ignored and all of the content sent:
    /// another unit, several ranges, or a text that is no range at all (RFC 9110, 14.2).
    /// A single range whose end lies before its start is refused, since it can never be satisfied.
    pub fn parse(header: &str) -> Result<Option<Self>, Unsatisfiable> {
        let Some(range) = header.trim().strip_prefix("bytes=") else {
            return Ok(None);
        };
        let Some((start, end)) = range.trim().split_once('-') else {
            return Ok(None);
        };
        match (start.trim(), end.trim()) {
            ("", "") => Ok(None),
            ("", last) => Ok(number(last).map(Self::Last)),
            (start, "") => Ok(number(start).map(Self::From)),
            (start, end) => match (number(start), number(end)) {
                (Some(start), Some(end)) if start <= end => Ok(Some(Self::Between(start, end))),
                (Some(_), Some(_)) => Err(Unsatisfiable),
                _ => Ok(None),
            },
        }
    }

    /// Fits the range to content of `size` bytes. An end beyond the content is drawn back to it.
    pub fn resolve(self, size: u64) -> Result<ByteRange, Unsatisfiable> {
        let last = size.checked_sub(1).ok_or(Unsatisfiable)?;
        let range = match self {
            Self::Between(start, end) => ByteRange {
                start,
                end: end.min(last),
            },
            Self::From(start) => ByteRange { start, end: last },
            Self::Last(0) => return Err(Unsatisfiable),
            Self::Last(count) => ByteRange {
                start: size.saturating_sub(count),
                end: last,
            },
        };
        if range.start > last {
            Err(Unsatisfiable)
        } else {
            Ok(range)
        }
    }
}

/// The place of a chunk in an upload: `Content-Range: START-END`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentRange {
    /// The first byte of the chunk.
    pub start: u64,
    /// The last byte of the chunk, which is included.
    pub end: u64,
}

/// Not a chunk's `Content-Range`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Content-Range of a chunk is written START-END, for example 0-1023")]
pub struct ContentRangeError;

impl ContentRange {
    /// Parses `START-END`. `bytes START-END/*` and `bytes START-END/TOTAL`, which some clients send, are understood too.
    pub fn parse(header: &str) -> Result<Self, ContentRangeError> {
        let text = header.trim();
        let text = text
            .strip_prefix("bytes ")
            .or_else(|| text.strip_prefix("bytes="))
            .unwrap_or(text);
        let text = text.split_once('/').map_or(text, |(range, _total)| range);
        let (start, end) = text.split_once('-').ok_or(ContentRangeError)?;
        match (number(start), number(end)) {
            (Some(start), Some(end)) if start <= end && end < u64::MAX => Ok(Self { start, end }),
            _ => Err(ContentRangeError),
        }
    }

    /// How many bytes the chunk has.
    pub fn length(&self) -> u64 {
        self.end - self.start + 1
    }
}

/// Digits only: `u64::from_str` would also take a plus sign.
fn number(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // More digits than a u64 holds still mean "very far away".
    Some(text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn resolve(header: &str, size: u64) -> Result<Option<(u64, u64)>, Unsatisfiable> {
        RangeRequest::parse(header)?
            .map(|range| range.resolve(size).map(|range| (range.start, range.end)))
            .transpose()
    }

    #[test]
    fn ranges_of_the_specification() {
        assert_eq!(resolve("bytes=500-1499", 2000), Ok(Some((500, 1499))));
        assert_eq!(resolve("bytes=500-", 2000), Ok(Some((500, 1999))));
        assert_eq!(resolve("bytes=-500", 2000), Ok(Some((1500, 1999))));
        assert_eq!(resolve("bytes=-5000", 2000), Ok(Some((0, 1999))));
        assert_eq!(
            resolve("bytes=500-99999999999999999999999999", 2000),
            Ok(Some((500, 1999)))
        );
        assert_eq!(resolve("bytes=2000-", 2000), Err(Unsatisfiable));
        assert_eq!(resolve("bytes=500-0", 2000), Err(Unsatisfiable));
        assert_eq!(resolve("bytes=-0", 2000), Err(Unsatisfiable));
        assert_eq!(resolve("bytes=0-0", 0), Err(Unsatisfiable));
        for ignored in [
            "items=0-1",
            "bytes=0-1,4-5",
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=+1-2",
            "",
        ] {
            assert_eq!(resolve(ignored, 2000), Ok(None), "{ignored}");
        }
    }

    #[test]
    fn chunks() {
        assert_eq!(
            ContentRange::parse("0-1023"),
            Ok(ContentRange {
                start: 0,
                end: 1023
            })
        );
        assert_eq!(
            ContentRange::parse("bytes 5-9/*"),
            Ok(ContentRange { start: 5, end: 9 })
        );
        for bad in [
            "",
            "0",
            "9-5",
            "a-b",
            "0-",
            "-5",
            "0-1-2",
            "0-18446744073709551615",
        ] {
            assert!(ContentRange::parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_resolved_range_lies_inside(header in "bytes=[0-9]{0,21}-[0-9]{0,21}", size: u64) {
            if let Ok(Some(request)) = RangeRequest::parse(&header)
                && let Ok(range) = request.resolve(size)
            {
                prop_assert!(range.start <= range.end && range.end < size);
                prop_assert!(range.length() >= 1);
            }
        }

        #[test]
        fn nothing_panics(header in "\\PC{0,60}") {
            let _ = RangeRequest::parse(&header);
            let _ = ContentRange::parse(&header);
        }
    }
}
