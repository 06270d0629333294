//! The header `Range`: no panic, and parts that are sound, apart from each other and no more than were
//! asked for.
#![no_main]

use libfuzzer_sys::fuzz_target;
use paste_static::range::{Ranges, parse};

fuzz_target!(|input: (u64, u8, &str)| {
    let (length, limit, text) = input;
    for header in [text.to_owned(), format!("bytes={text}")] {
        if let Ranges::Parts(mut parts) = parse(&header, length, limit.into()) {
            assert!(!parts.is_empty() && parts.len() <= usize::from(limit));
            assert!(parts.iter().all(|part| part.start < part.end && part.end <= length));
            parts.sort_by_key(|part| part.start);
            assert!(parts.windows(2).all(|pair| pair[0].end < pair[1].start));
        }
    }
});
