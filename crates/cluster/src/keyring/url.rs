//! `https://…` as Go's `net/url` parses it, as far as the kubelet looks at it: host with port, and path. Works on
//! bytes, since an escape may stand for any.

use std::net::Ipv6Addr;

/// The part of a URL that a text with escapes stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Host,
    Zone,
    Other,
}

/// Host with port, and path, of a URL whose scheme was `http` or `https` and is cut off with its `://`. None where Go
/// reports an error.
pub(super) fn parse(url: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (url, fragment) = cut(url, b'#');
    unescape(fragment.unwrap_or_default(), Part::Other)?;
    if url.iter().any(u8::is_ascii_control) {
        return None;
    }
    let (url, _query) = cut(url, b'?');
    let slash = url.iter().position(|b| *b == b'/').unwrap_or(url.len());
    let (authority, path) = url.split_at_checked(slash)?;
    let host = match authority.iter().rposition(|b| *b == b'@') {
        Some(at) => {
            let user = authority.get(..at)?;
            if !user.iter().copied().all(is_user) {
                return None;
            }
            unescape(user, Part::Other)?;
            authority.get(at + 1..)?
        }
        None => authority,
    };
    Some((parse_host(host)?, unescape(path, Part::Other)?))
}

/// `HOST[:PORT]` apart, as Go's `net.SplitHostPort`; a text that has no port, or several colons, is all host.
pub(super) fn split_port(authority: &[u8]) -> (&[u8], &[u8]) {
    let whole = (authority, &[][..]);
    let Some(colon) = authority.iter().rposition(|b| *b == b':') else {
        return whole;
    };
    let (head, port) = (
        authority.get(..colon).unwrap_or_default(),
        authority.get(colon + 1..).unwrap_or_default(),
    );
    let host = match head {
        [b'[', inner @ .., b']'] => inner,
        [b'[', ..] => return whole,
        _ if head.contains(&b':') => return whole,
        _ => head,
    };
    if [host, port]
        .iter()
        .any(|part| part.contains(&b'[') || part.contains(&b']'))
    {
        return whole;
    }
    (host, port)
}

fn parse_host(host: &[u8]) -> Option<Vec<u8>> {
    match host.iter().rposition(|b| *b == b'[') {
        // Before Go 1.26 a bracket further on was taken, and made a pattern.
        Some(1..) => None,
        Some(0) => {
            let close = host.iter().rposition(|b| *b == b']')?;
            let (address, port) = (host.get(1..close)?, host.get(close + 1..)?);
            if !is_port(port) {
                return None;
            }
            let address = unescape_address(address)?;
            is_ipv6(&address).then(|| [b"[", address.as_slice(), b"]", port].concat())
        }
        None => {
            let colon = host.iter().position(|b| *b == b':').unwrap_or(host.len());
            is_port(host.get(colon..)?).then_some(())?;
            unescape(host, Part::Host)
        }
    }
}

fn unescape_address(address: &[u8]) -> Option<Vec<u8>> {
    let zone = address.windows(3).position(|three| three == b"%25");
    let (host, zone) = address.split_at_checked(zone.unwrap_or(address.len()))?;
    let mut address = unescape(host, Part::Host)?;
    address.extend(unescape(zone, Part::Zone)?);
    Some(address)
}

fn is_ipv6(address: &[u8]) -> bool {
    let (address, zone) = cut(address, b'%');
    zone != Some(&[])
        && std::str::from_utf8(address).is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok())
}

/// Nothing, or a colon and any number of digits, even none.
fn is_port(text: &[u8]) -> bool {
    match text {
        [] => true,
        [b':', digits @ ..] => digits.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

fn is_user(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&byte)
}

/// The characters that may stand in a host as they are. Those beyond ASCII may, too.
fn is_host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii() || b"-_.~!$&'()*+,;=:[]<>\"".contains(&byte)
}

/// Puts bytes in place of `%XX`. In a host only bytes beyond ASCII and the percent sign may be written so.
fn unescape(text: &[u8], part: Part) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, behind @ ..] = rest {
        rest = behind;
        if *first != b'%' {
            if part != Part::Other && !is_host(*first) {
                return None;
            }
            plain.push(*first);
            continue;
        }
        let [high, low, behind @ ..] = rest else {
            return None;
        };
        let byte = hex(*high)? << 4 | hex(*low)?;
        let allowed = match part {
            Part::Host => !byte.is_ascii() || byte == b'%',
            Part::Zone => byte == b'%' || byte == b' ' || is_host(byte),
            Part::Other => true,
        };
        if !allowed {
            return None;
        }
        plain.push(byte);
        rest = behind;
    }
    Some(plain)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16)?.try_into().ok()
}

fn cut(text: &[u8], at: u8) -> (&[u8], Option<&[u8]>) {
    match text.iter().position(|b| *b == at) {
        Some(place) => (text.get(..place).unwrap_or_default(), text.get(place + 1..)),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parsed(url: &str) -> Option<(String, String)> {
        let (host, path) = parse(url.as_bytes())?;
        Some((
            String::from_utf8_lossy(&host).into_owned(),
            String::from_utf8_lossy(&path).into_owned(),
        ))
    }

    #[test]
    fn urls_are_taken_apart_as_go_takes_them_apart() {
        for (url, host, path) in [
            ("a.example:5000/b/c", "a.example:5000", "/b/c"),
            ("a.example", "a.example", ""),
            ("a.example?x/y", "a.example", ""),
            ("a.example/b#c", "a.example", "/b"),
            ("user:p@ss@a.example/b", "a.example", "/b"),
            ("a.example/b%2Fc%20d", "a.example", "/b/c d"),
            ("a.example:", "a.example:", ""),
            ("%C3%A4.example", "ä.example", ""),
            ("a%25b", "a%b", ""),
            ("HTTPS:", "HTTPS:", ""),
            ("[fd00::1]:5000/a", "[fd00::1]:5000", "/a"),
            ("[fe80::1%25en0]/a", "[fe80::1%en0]", "/a"),
            ("*.example.com", "*.example.com", ""),
            ("a_b.example", "a_b.example", ""),
            ("", "", ""),
        ] {
            let expected = Some((host.to_owned(), path.to_owned()));
            assert_eq!(parsed(url), expected, "{url}");
        }
    }

    #[test]
    fn what_go_refuses_is_refused() {
        for url in [
            "a b",
            "a\\b",
            "a.example/%",
            "a.example/%zz",
            "a.example#%",
            "a%20b",
            "%",
            "a\n",
            "a:b",
            "a:1:2",
            "a[b]c",
            "[a]",
            "[::1",
            "[1.2.3.4]",
            "[::1]x",
            "[fe80::1%25]",
            "a^b",
            "a|b",
            "u ser@a",
        ] {
            assert_eq!(parsed(url), None, "{url}");
        }
    }

    #[test]
    fn ports_are_split_off_as_go_splits_them_off() {
        for (authority, host, port) in [
            ("a:1", "a", "1"),
            ("a", "a", ""),
            ("a:", "a", ""),
            ("[::1]:5", "::1", "5"),
            ("[::1]", "[::1]", ""),
            ("a:b:1", "a:b:1", ""),
        ] {
            assert_eq!(
                split_port(authority.as_bytes()),
                (host.as_bytes(), port.as_bytes()),
                "{authority}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_fall_over(bytes in prop::collection::vec(any::<u8>(), 0..30)) {
            if let Some((host, _)) = parse(&bytes) {
                let _ = split_port(&host);
            }
        }
    }
}
