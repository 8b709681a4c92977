//! `Range` and `Content-Range`: a range that resolves lies inside the content.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wharf_types::range::{ContentRange, RangeRequest};

fuzz_target!(|input: (u64, &str)| {
    let (size, header) = input;
    if let Ok(Some(request)) = RangeRequest::parse(header)
        && let Ok(range) = request.resolve(size)
    {
        assert!(range.start <= range.end && range.end < size);
        assert_eq!(range.length(), range.end - range.start + 1);
    }
    if let Ok(chunk) = ContentRange::parse(header) {
        assert!(chunk.start <= chunk.end);
        assert!(chunk.length() >= 1);
        let written = format!("{}-{}", chunk.start, chunk.end);
        assert_eq!(ContentRange::parse(&written), Ok(chunk));
    }
});
