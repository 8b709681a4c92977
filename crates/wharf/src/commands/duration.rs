//! Lengths of time as people write them.

use std::time::Duration;

/// Parses a number and a unit: `90d`, `12h`.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    let refused = || "write a number and s, m, h or d, for example 90d".to_owned();
    let unit = text.chars().last().ok_or_else(refused)?;
    let seconds: u64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(refused()),
    };
    let number = text.strip_suffix(unit).ok_or_else(refused)?;
    // `parse` would take a sign too.
    if !number.bytes().all(|b| b.is_ascii_digit()) {
        return Err(refused());
    }
    let number: u64 = number.parse().map_err(|_| refused())?;
    match number.checked_mul(seconds) {
        Some(seconds) if seconds > 0 => Ok(Duration::from_secs(seconds)),
        _ => Err(refused()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_a_number_and_a_unit() {
        for (text, seconds) in [("90d", 7_776_000), ("12h", 43_200), ("5m", 300), ("1s", 1)] {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)));
        }
        for text in [
            "",
            "d",
            "90",
            "0d",
            "-1d",
            "+1d",
            "1.5d",
            "1w",
            "9999999999999999999d",
            "1dd",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
