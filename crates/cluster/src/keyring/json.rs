//! JSON as Go's `encoding/json` takes it, with its words for what it refuses. The kubelet shows them to people as they
//! are. A text is checked whole before anything is read from it; nothing here calls itself, however deep a text nests.

/// Go's limit; deeper texts are refused.
const DEPTH_MAX: usize = 10_000;

/// What kind of value a JSON text holds, in the words of Go's errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    Bool,
    Number,
    String,
    Array,
    Object,
}

impl Kind {
    /// The word for it in `json: cannot unmarshal WORD into …`.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "bool",
            Self::Number => "number",
            Self::String => "string",
            Self::Array => "array",
            Self::Object => "object",
        }
    }
}

/// One value within a text that was checked.
#[derive(Clone, Copy)]
pub(super) struct Value<'a>(&'a [u8]);

impl<'a> Value<'a> {
    /// Checks a whole text. The error is Go's.
    pub(super) fn check(text: &'a [u8]) -> Result<Self, String> {
        Scanner::default().check(text)?;
        Ok(Self(text.trim_ascii()))
    }

    pub(super) fn kind(self) -> Kind {
        match self.0.first() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'"') => Kind::String,
            Some(b't' | b'f') => Kind::Bool,
            Some(b'n') | None => Kind::Null,
            Some(_) => Kind::Number,
        }
    }

    /// The members of an object, in order and with all duplicates. Of another value: none.
    pub(super) fn members(self) -> impl Iterator<Item = (String, Value<'a>)> {
        let mut rest = match self.0 {
            [b'{', rest @ ..] => rest,
            _ => &[],
        };
        std::iter::from_fn(move || {
            let key = Self::next(&mut rest)?;
            let value = Self::next(&mut rest)?;
            Some((key.text()?, value))
        })
    }

    /// What a string says. None for another value.
    pub(super) fn text(self) -> Option<String> {
        match self.0 {
            [b'"', inner @ .., b'"'] => Some(unquote(inner)),
            _ => None,
        }
    }

    /// The value at the beginning of `rest`, which goes on behind it.
    fn next(rest: &mut &'a [u8]) -> Option<Self> {
        let start = rest
            .iter()
            .position(|b| !matches!(b, b' ' | b'\t' | b'\r' | b'\n' | b',' | b':'))?;
        let text = rest.get(start..)?;
        if matches!(text.first(), Some(b'}' | b']')) {
            return None;
        }
        let (value, behind) = text.split_at_checked(length(text))?;
        *rest = behind;
        Some(Self(value))
    }
}

/// The length of the value that a text begins with.
fn length(text: &[u8]) -> usize {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.iter().enumerate() {
        if quoted {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => quoted = false,
                _ => {}
            }
            if !quoted && depth == 0 {
                return at + 1;
            }
            continue;
        }
        match byte {
            b'"' => quoted = true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth <= 1 => return at + depth,
            b'}' | b']' => depth -= 1,
            b',' | b' ' | b'\t' | b'\r' | b'\n' if depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

/// The text of a string literal without its quotes. Bytes that are not UTF-8 become U+FFFD one by one, as do halves of
/// surrogate pairs.
fn unquote(literal: &[u8]) -> String {
    let mut text = String::with_capacity(literal.len());
    let mut rest = literal;
    while let Some(at) = rest.iter().position(|b| *b == b'\\') {
        let (plain, escape) = rest.split_at(at);
        push_lossy(&mut text, plain);
        let (c, length) = unescape(escape);
        text.push(c);
        rest = escape.get(length..).unwrap_or_default();
    }
    push_lossy(&mut text, rest);
    text
}

fn push_lossy(text: &mut String, bytes: &[u8]) {
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
}

/// The character that an escape stands for, and the escape's length.
fn unescape(escape: &[u8]) -> (char, usize) {
    let c = match escape.get(1) {
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unescape_unicode(escape),
        Some(other) => char::from(*other),
        None => char::REPLACEMENT_CHARACTER,
    };
    (c, 2)
}

fn unescape_unicode(escape: &[u8]) -> (char, usize) {
    let unit = |at: usize| -> Option<u16> {
        let [b'\\', b'u', digits @ ..] = escape.get(at..at + 6)? else {
            return None;
        };
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let first = unit(0).unwrap_or_default();
    if let Some(c) = char::from_u32(u32::from(first)) {
        return (c, 6);
    }
    let pair = unit(6).and_then(|second| char::decode_utf16([first, second]).next()?.ok());
    match pair {
        Some(c) => (c, 12),
        None => (char::REPLACEMENT_CHARACTER, 6),
    }
}

/// What is expected next.
#[derive(Clone, Copy, Default)]
enum State {
    #[default]
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    AfterValue,
    Top,
    Text,
    Escape,
    /// So many hex digits are still to come.
    Hex(u8),
    Minus,
    Zero,
    Digits,
    Dot,
    Fraction,
    Exponent,
    Sign,
    Power,
    /// Within `true`, `false` or `null`: the word, and how much of it was read.
    Word(&'static str, usize),
}

/// What encloses the place that is read.
#[derive(Clone, Copy)]
enum Within {
    Key,
    Member,
    Array,
}

#[derive(Default)]
struct Scanner {
    state: State,
    within: Vec<Within>,
}

impl Scanner {
    fn check(mut self, text: &[u8]) -> Result<(), String> {
        for byte in text {
            self.step(*byte)?;
        }
        // Go ends a text with a space, and complains of that space if it does not fit.
        self.step(b' ')?;
        match self.state {
            State::Top => Ok(()),
            _ => Err("unexpected end of JSON input".to_owned()),
        }
    }

    fn step(&mut self, byte: u8) -> Result<(), String> {
        let digit = byte.is_ascii_digit();
        let exponent = matches!(byte, b'e' | b'E');
        let space = matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        self.state = match self.state {
            State::Value | State::ValueOrEnd | State::Key | State::KeyOrEnd | State::Top
                if space =>
            {
                return Ok(());
            }
            State::ValueOrEnd if byte == b']' => return self.after_value(byte),
            State::Value | State::ValueOrEnd => return self.begin(byte),
            State::KeyOrEnd if byte == b'}' => {
                self.within.pop();
                self.within.push(Within::Member);
                return self.after_value(byte);
            }
            State::Key | State::KeyOrEnd if byte == b'"' => State::Text,
            State::Key | State::KeyOrEnd => {
                return refuse(byte, "looking for beginning of object key string");
            }
            State::AfterValue => return self.after_value(byte),
            State::Top => return refuse(byte, "after top-level value"),
            State::Text => match byte {
                b'"' => State::AfterValue,
                b'\\' => State::Escape,
                0..0x20 => return refuse(byte, "in string literal"),
                _ => State::Text,
            },
            State::Escape => match byte {
                b'b' | b'f' | b'n' | b'r' | b't' | b'\\' | b'/' | b'"' => State::Text,
                b'u' => State::Hex(4),
                _ => return refuse(byte, "in string escape code"),
            },
            State::Hex(_) if !byte.is_ascii_hexdigit() => {
                return refuse(byte, "in \\u hexadecimal character escape");
            }
            State::Hex(1) => State::Text,
            State::Hex(left) => State::Hex(left - 1),
            State::Minus => match byte {
                b'0' => State::Zero,
                b'1'..=b'9' => State::Digits,
                _ => return refuse(byte, "in numeric literal"),
            },
            State::Digits if digit => State::Digits,
            State::Zero | State::Digits if byte == b'.' => State::Dot,
            State::Zero | State::Digits | State::Fraction if exponent => State::Exponent,
            State::Dot if digit => State::Fraction,
            State::Dot => return refuse(byte, "after decimal point in numeric literal"),
            State::Fraction if digit => State::Fraction,
            State::Exponent if matches!(byte, b'+' | b'-') => State::Sign,
            State::Exponent | State::Sign | State::Power if digit => State::Power,
            State::Exponent | State::Sign => {
                return refuse(byte, "in exponent of numeric literal");
            }
            State::Zero | State::Digits | State::Fraction | State::Power => {
                return self.after_value(byte);
            }
            State::Word(word, read) => match word.as_bytes().get(read) {
                Some(expected) if *expected == byte && read + 1 == word.len() => State::AfterValue,
                Some(expected) if *expected == byte => State::Word(word, read + 1),
                expected => {
                    let expected = expected.copied().map_or(' ', char::from);
                    return refuse(byte, &format!("in literal {word} (expecting '{expected}')"));
                }
            },
        };
        Ok(())
    }

    fn begin(&mut self, byte: u8) -> Result<(), String> {
        self.state = match byte {
            b'{' => {
                self.enter(Within::Key, byte)?;
                State::KeyOrEnd
            }
            b'[' => {
                self.enter(Within::Array, byte)?;
                State::ValueOrEnd
            }
            b'"' => State::Text,
            b'-' => State::Minus,
            b'0' => State::Zero,
            b'1'..=b'9' => State::Digits,
            b't' => State::Word("true", 1),
            b'f' => State::Word("false", 1),
            b'n' => State::Word("null", 1),
            _ => return refuse(byte, "looking for beginning of value"),
        };
        Ok(())
    }

    fn enter(&mut self, within: Within, byte: u8) -> Result<(), String> {
        self.within.push(within);
        if self.within.len() > DEPTH_MAX {
            return refuse(byte, "exceeded max depth");
        }
        Ok(())
    }

    /// A value ended before this byte.
    fn after_value(&mut self, byte: u8) -> Result<(), String> {
        let space = matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        self.state = match self.within.last() {
            None if space => State::Top,
            None => return refuse(byte, "after top-level value"),
            Some(_) if space => State::AfterValue,
            Some(Within::Key) if byte == b':' => {
                self.within.pop();
                self.within.push(Within::Member);
                State::Value
            }
            Some(Within::Key) => return refuse(byte, "after object key"),
            Some(Within::Member) if byte == b',' => {
                self.within.pop();
                self.within.push(Within::Key);
                State::Key
            }
            Some(Within::Array) if byte == b',' => State::Value,
            Some(Within::Member) if byte != b'}' => {
                return refuse(byte, "after object key:value pair");
            }
            Some(Within::Array) if byte != b']' => return refuse(byte, "after array element"),
            Some(_) => {
                self.within.pop();
                match self.within.is_empty() {
                    true => State::Top,
                    false => State::AfterValue,
                }
            }
        };
        Ok(())
    }
}

fn refuse(byte: u8, context: &str) -> Result<(), String> {
    Err(format!("invalid character {} {context}", quote(byte)))
}

/// A byte in Go's single quotes, taken for a character of Latin-1.
fn quote(byte: u8) -> String {
    match byte {
        b'\'' => r"'\''".to_owned(),
        b'\\' => r"'\\'".to_owned(),
        7 => r"'\a'".to_owned(),
        8 => r"'\b'".to_owned(),
        9 => r"'\t'".to_owned(),
        10 => r"'\n'".to_owned(),
        11 => r"'\v'".to_owned(),
        12 => r"'\f'".to_owned(),
        13 => r"'\r'".to_owned(),
        0..0x20 | 0x7f => format!(r"'\x{byte:02x}'"),
        0x80..=0xa0 | 0xad => format!(r"'\u{byte:04x}'"),
        _ => format!("'{}'", char::from(byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn error(text: &str) -> String {
        Value::check(text.as_bytes()).err().unwrap_or_default()
    }

    #[test]
    fn what_is_no_json_is_refused_in_the_words_of_go() {
        for (text, message) in [
            ("", "unexpected end of JSON input"),
            ("{", "unexpected end of JSON input"),
            (r#"{"a""#, "unexpected end of JSON input"),
            (r#""a"#, "unexpected end of JSON input"),
            ("-", "invalid character ' ' in numeric literal"),
            (
                "tru",
                "invalid character ' ' in literal true (expecting 'e')",
            ),
            (
                "nul}",
                "invalid character '}' in literal null (expecting 'l')",
            ),
            (
                "{,",
                "invalid character ',' looking for beginning of object key string",
            ),
            (
                r#"{"a":1,}"#,
                "invalid character '}' looking for beginning of object key string",
            ),
            (r#"{"a" 1}"#, "invalid character '1' after object key"),
            (
                r#"{"a":1 "b"}"#,
                "invalid character '\"' after object key:value pair",
            ),
            ("[1 2]", "invalid character '2' after array element"),
            (
                "[1,]",
                "invalid character ']' looking for beginning of value",
            ),
            ("1 x", "invalid character 'x' after top-level value"),
            (
                "'a'",
                r"invalid character '\'' looking for beginning of value",
            ),
            ("\"\n\"", r"invalid character '\n' in string literal"),
            (r#""\x""#, "invalid character 'x' in string escape code"),
            (
                r#""\u00g""#,
                r"invalid character 'g' in \u hexadecimal character escape",
            ),
            ("01", "invalid character '1' after top-level value"),
            (
                "1.",
                "invalid character ' ' after decimal point in numeric literal",
            ),
            ("1e", "invalid character ' ' in exponent of numeric literal"),
            (
                "\u{7f}",
                r"invalid character '\x7f' looking for beginning of value",
            ),
            (
                "\u{e9}",
                "invalid character 'Ã' looking for beginning of value",
            ),
        ] {
            assert_eq!(error(text), message, "{text}");
        }
        let deep = "[".repeat(DEPTH_MAX + 1);
        assert_eq!(error(&deep), "invalid character '[' exceeded max depth");
        let closed = format!("{}{}", "[".repeat(DEPTH_MAX), "]".repeat(DEPTH_MAX));
        assert_eq!(error(&closed), "");
    }

    #[test]
    fn members_come_in_order_with_duplicates_and_whatever_they_hold() {
        let text = br#" { "a" : [1,{"x":"}"}] , "a":null,"b":"\"]","c":-1e5,"d":{} } "#;
        let Ok(value) = Value::check(text) else {
            panic!("not JSON");
        };
        let members: Vec<_> = value
            .members()
            .map(|(k, v)| (k, v.kind(), v.text()))
            .collect();
        assert_eq!(
            members,
            [
                ("a".to_owned(), Kind::Array, None),
                ("a".to_owned(), Kind::Null, None),
                ("b".to_owned(), Kind::String, Some("\"]".to_owned())),
                ("c".to_owned(), Kind::Number, None),
                ("d".to_owned(), Kind::Object, None),
            ]
        );
    }

    #[test]
    fn broken_text_is_mended_as_go_mends_it() {
        for (literal, text) in [
            (&br#""\ud83d\ude00""#[..], "😀"),
            (br#""\ud83dx""#, "\u{fffd}x"),
            (br#""\ud83d\ud83d""#, "\u{fffd}\u{fffd}"),
            (br#""\ude00""#, "\u{fffd}"),
            (b"\"\xe2\x82\"", "\u{fffd}\u{fffd}"),
            (br#""\/\u0041\\""#, "/A\\"),
        ] {
            assert_eq!(
                Value::check(literal).ok().and_then(Value::text).as_deref(),
                Some(text)
            );
        }
    }

    proptest! {
        #[test]
        fn it_takes_what_serde_takes(text in "[\\[\\]{}:,\"\\\\u0-2eE.tn a-]{0,16}") {
            let ours = Value::check(text.as_bytes()).is_ok();
            // Go takes halves of surrogate pairs and numbers of any size.
            if serde_json::from_str::<&serde_json::value::RawValue>(&text).is_ok() {
                prop_assert!(ours);
            } else {
                prop_assert!(!ours || text.contains("\\u"));
            }
        }

        #[test]
        fn strings_come_back(text in any::<String>()) {
            let literal = serde_json::Value::from(text.clone()).to_string();
            let read = Value::check(literal.as_bytes()).ok().and_then(Value::text);
            prop_assert_eq!(read, Some(text));
        }

        #[test]
        fn no_bytes_make_it_fall_over(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(value) = Value::check(&bytes) {
                let _ = (value.kind(), value.text(), value.members().count());
            }
        }
    }
}
