//! Go's `path/filepath.Match`, which the kubelet compares each label of a host with. Works on bytes, as Go does.

/// A pattern that no text matches, since it is malformed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadPattern;

/// Whether a whole name matches a pattern of `*`, `?`, `[a-z]`, `[^a]` and `\c`. Where a name fails to match before the
/// malformed part is reached, the answer is no rather than an error, as in Go.
pub(super) fn matches(mut pattern: &[u8], mut name: &[u8]) -> Result<bool, BadPattern> {
    'pattern: while !pattern.is_empty() {
        let (star, chunk, rest) = next_chunk(pattern);
        pattern = rest;
        if star && chunk.is_empty() {
            return Ok(!name.contains(&b'/'));
        }
        let last = pattern.is_empty();
        match match_chunk(chunk, name)? {
            Some(behind) if behind.is_empty() || !last => {
                name = behind;
                continue;
            }
            _ => {}
        }
        if star {
            for (at, byte) in name.iter().enumerate() {
                if *byte == b'/' {
                    break;
                }
                match match_chunk(chunk, name.get(at + 1..).unwrap_or_default())? {
                    Some(behind) if behind.is_empty() || !last => {
                        name = behind;
                        continue 'pattern;
                    }
                    _ => {}
                }
            }
        }
        return Ok(false);
    }
    Ok(name.is_empty())
}

/// Whether a star stands in front, the part up to the next star, and what comes behind.
fn next_chunk(pattern: &[u8]) -> (bool, &[u8], &[u8]) {
    let stars = pattern.iter().take_while(|b| **b == b'*').count();
    let text = pattern.get(stars..).unwrap_or_default();
    let (mut in_class, mut escaped) = (false, false);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'[' => in_class = true,
            b']' => in_class = false,
            b'*' if !in_class => {
                let (chunk, rest) = text.split_at(at);
                return (stars > 0, chunk, rest);
            }
            _ => {}
        }
    }
    (stars > 0, text, &[])
}

/// What is left of a text that begins with a chunk, which has no star. Once it does not, the rest of the chunk is still
/// read for mistakes.
fn match_chunk<'a>(mut chunk: &[u8], text: &'a [u8]) -> Result<Option<&'a [u8]>, BadPattern> {
    let mut left = Some(text);
    while let [first, rest @ ..] = chunk {
        left = left.filter(|text| !text.is_empty());
        match first {
            b'[' => {
                let c = left.map(first_char);
                let (within, behind) = match_class(rest, c.map(|(c, _)| c))?;
                chunk = behind;
                left = match (left, c) {
                    (Some(text), Some((_, length))) if within => text.get(length..),
                    _ => None,
                };
            }
            b'?' => {
                left = left
                    .filter(|text| text.first() != Some(&b'/'))
                    .and_then(|text| text.get(first_char(text).1..));
                chunk = rest;
            }
            _ => {
                let (literal, behind) = match (first, rest) {
                    (b'\\', []) => return Err(BadPattern),
                    (b'\\', [literal, behind @ ..]) => (literal, behind),
                    _ => (first, rest),
                };
                left = left.and_then(|text| text.strip_prefix(&[*literal]));
                chunk = behind;
            }
        }
    }
    Ok(left)
}

/// Whether a character is in the class whose text comes behind the `[`, and what comes behind its `]`.
fn match_class(mut text: &[u8], c: Option<u32>) -> Result<(bool, &[u8]), BadPattern> {
    let negated = text.first() == Some(&b'^');
    if negated {
        text = text.get(1..).unwrap_or_default();
    }
    let (mut within, mut ranges) = (false, 0_usize);
    loop {
        if let [b']', behind @ ..] = text
            && ranges > 0
        {
            return Ok((within != negated, behind));
        }
        let (low, behind) = class_char(text)?;
        let (high, behind) = match behind {
            [b'-', behind @ ..] => class_char(behind)?,
            _ => (low, behind),
        };
        // Where nothing is left of the name, Go compares with the character zero; it does not match anyway.
        within |= (low..=high).contains(&c.unwrap_or_default());
        text = behind;
        ranges += 1;
    }
}

fn class_char(text: &[u8]) -> Result<(u32, &[u8]), BadPattern> {
    let text = match text {
        [] | [b'-' | b']', ..] => return Err(BadPattern),
        [b'\\', rest @ ..] => rest,
        _ => text,
    };
    let (c, length) = first_char(text);
    let broken = c == u32::from(char::REPLACEMENT_CHARACTER) && length <= 1;
    match text.get(length..) {
        Some(behind) if !broken && !behind.is_empty() => Ok((c, behind)),
        _ => Err(BadPattern),
    }
}

/// The first character and its length. A byte that is not UTF-8 counts as U+FFFD.
fn first_char(text: &[u8]) -> (u32, usize) {
    let head = text.get(..4).unwrap_or(text);
    let chunk = head.utf8_chunks().next();
    match chunk
        .as_ref()
        .and_then(|chunk| chunk.valid().chars().next())
    {
        Some(c) => (u32::from(c), c.len_utf8()),
        None => (u32::from(char::REPLACEMENT_CHARACTER), text.len().min(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn patterns_match_as_in_go() {
        for (pattern, name, expected) in [
            ("abc", "abc", Ok(true)),
            ("*", "abc", Ok(true)),
            ("*", "", Ok(true)),
            ("*c", "abc", Ok(true)),
            ("a*", "a", Ok(true)),
            ("a*b*c", "aXbYbZc", Ok(true)),
            ("a*b", "a/b", Ok(false)),
            ("*", "a/b", Ok(false)),
            ("a?c", "abc", Ok(true)),
            ("a?c", "aäc", Ok(true)),
            ("a?", "a", Ok(false)),
            ("[a-c]x", "bx", Ok(true)),
            ("[^a-c]x", "bx", Ok(false)),
            ("[^a-c]x", "dx", Ok(true)),
            ("[ä]", "ä", Ok(true)),
            ("[\\]]", "]", Ok(true)),
            ("[\\-x]", "-", Ok(true)),
            ("\\*", "*", Ok(true)),
            ("\\*", "a", Ok(false)),
            ("[*]a", "*a", Ok(true)),
            ("[", "a", Err(BadPattern)),
            ("[]a]", "]", Err(BadPattern)),
            ("[-x]", "x", Err(BadPattern)),
            ("[a-]", "a", Err(BadPattern)),
            ("a[", "a", Err(BadPattern)),
            ("a[", "ab", Err(BadPattern)),
            ("\\", "a", Err(BadPattern)),
            ("a*[", "b", Ok(false)),
            ("", "", Ok(true)),
            ("", "a", Ok(false)),
        ] {
            assert_eq!(
                matches(pattern.as_bytes(), name.as_bytes()),
                expected,
                "{pattern} {name}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_name_with_stars_for_parts_of_it_matches(parts in prop::collection::vec("[a-z]{0,3}", 1..5)) {
            let (pattern, name) = (parts.join("*"), parts.join("xy"));
            prop_assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), Ok(true));
        }

        #[test]
        fn no_pattern_makes_it_fall_over(pattern in prop::collection::vec(any::<u8>(), 0..20), name in prop::collection::vec(any::<u8>(), 0..20)) {
            let _ = matches(&pattern, &name);
        }

        #[test]
        fn nor_do_patterns_full_of_signs(pattern in "[\\[\\]^\\\\*?a-c-]{0,12}", name in "[a-c\\[\\]-]{0,8}") {
            let _ = matches(pattern.as_bytes(), name.as_bytes());
        }
    }
}
