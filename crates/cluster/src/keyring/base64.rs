//! Base64 as the kubelet decodes `auth`: with padding if the text ends with it, else without; line breaks are passed
//! over, and bits beyond the last byte ignored. The error says at which byte Go stumbles.

/// What ends a text: nothing, or `=`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Padding {
    None,
    Standard,
}

/// Decodes a whole text. The error is Go's.
pub(super) fn decode(text: &str) -> Result<Vec<u8>, String> {
    let padding = match text.trim().ends_with('=') {
        true => Padding::Standard,
        false => Padding::None,
    };
    let mut decoded = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let mut reader = Reader {
        text: text.as_bytes(),
        at: 0,
    };
    while reader.at < reader.text.len() {
        reader
            .read_four(padding, &mut decoded)
            .map_err(|byte| format!("illegal base64 data at input byte {byte}"))?;
    }
    Ok(decoded)
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    /// Reads four digits, or what the text ends with. The error is the place that Go names.
    fn read_four(&mut self, padding: Padding, decoded: &mut Vec<u8>) -> Result<(), usize> {
        let mut digits = [0_u8; 4];
        let mut count = 0;
        while let Some(place) = digits.get_mut(count) {
            let Some(byte) = self.text.get(self.at).copied() else {
                match count {
                    0 => return Ok(()),
                    1 => return Err(self.at - count),
                    _ if padding == Padding::Standard => return Err(self.at - count),
                    _ => break,
                }
            };
            self.at += 1;
            if let Some(digit) = value(byte) {
                *place = digit;
                count += 1;
            } else if byte == b'=' && padding == Padding::Standard {
                self.read_padding(count)?;
                break;
            } else if !matches!(byte, b'\n' | b'\r') {
                return Err(self.at - 1);
            }
        }
        let bits = digits
            .iter()
            .fold(0_u32, |bits, digit| bits << 6 | u32::from(*digit));
        let [_, bytes @ ..] = bits.to_be_bytes();
        decoded.extend(bytes.iter().take(count.saturating_sub(1)));
        Ok(())
    }

    /// After the first `=`, behind so many digits: a second one if need be, and then nothing but line breaks.
    fn read_padding(&mut self, count: usize) -> Result<(), usize> {
        match count {
            0 | 1 => return Err(self.at - 1),
            2 => {
                self.skip_line_breaks();
                match self.text.get(self.at) {
                    None => return Err(self.text.len()),
                    Some(b'=') => self.at += 1,
                    Some(_) => return Err(self.at - 1),
                }
            }
            _ => {}
        }
        self.skip_line_breaks();
        match self.at < self.text.len() {
            true => Err(self.at),
            false => Ok(()),
        }
    }

    fn skip_line_breaks(&mut self) {
        while matches!(self.text.get(self.at), Some(b'\n' | b'\r')) {
            self.at += 1;
        }
    }
}

fn value(digit: u8) -> Option<u8> {
    Some(match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::base64::Engine as _;
    use ::base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
    use proptest::prelude::*;

    #[test]
    fn what_go_takes_is_taken() {
        for (text, plain) in [
            ("YTpi", "a:b"),
            ("YTpiYg==", "a:bb"),
            ("YTpiYg", "a:bb"),
            ("YTpi\nYg=\r\n=\n", "a:bb"),
            ("YTpiYh", "a:bb"),
            ("YTpi\n", "a:b"),
            ("", ""),
        ] {
            assert_eq!(decode(text), Ok(plain.as_bytes().to_vec()), "{text:?}");
        }
    }

    #[test]
    fn the_error_names_the_byte_that_go_names() {
        for (text, byte) in [
            ("!", 0),
            ("YTpi Yg==", 4),
            ("YTpiYg== ", 8),
            (" YTpi", 0),
            ("YTp-", 3),
            ("YTpiY", 4),
            ("YTpiYg=", 7),
            ("YTpiYg=x=", 6),
            ("YTpi=", 4),
            ("Y=", 1),
            ("YTpiYg=\n", 8),
            ("YTpiYg==YTpi=", 8),
            ("YTpiYg=\n=x=", 9),
            ("YQ\n=", 4),
        ] {
            let message = format!("illegal base64 data at input byte {byte}");
            assert_eq!(decode(text), Err(message), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn padded_or_not_the_bytes_come_back(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(&decode(&STANDARD.encode(&bytes)), &Ok(bytes.clone()));
            prop_assert_eq!(&decode(&STANDARD_NO_PAD.encode(&bytes)), &Ok(bytes));
        }

        #[test]
        fn no_text_makes_it_fall_over(text in "[A-Za-z0-9+/=\n\r :!]{0,20}") {
            let _ = decode(&text);
        }
    }
}
