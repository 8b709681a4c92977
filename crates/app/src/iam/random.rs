//! Names that nobody chooses.

use aws_lc_rs::rand;

use crate::Error;

/// The id of a new key: 40 hex digits.
pub(super) fn key_id() -> Result<String, Error> {
    let mut bytes = [0; 20];
    rand::fill(&mut bytes).map_err(Error::internal)?;
    Ok(hex::encode(bytes))
}

/// The unique id of a new account: 21 digits, of which the first is 1.
pub(super) fn unique_id() -> Result<String, Error> {
    Ok(format!("1{}", digits(20)?))
}

/// A project's number: 12 digits.
pub(super) fn project_number() -> Result<u64, Error> {
    loop {
        let number = digits(12)?;
        if !number.starts_with('0') {
            return number.parse().map_err(Error::internal);
        }
    }
}

fn digits(count: usize) -> Result<String, Error> {
    let mut text = String::with_capacity(count);
    let mut bytes = [0; 32];
    while text.len() < count {
        rand::fill(&mut bytes).map_err(Error::internal)?;
        // Bytes from 250 on would make the low digits likelier.
        let fair = bytes.iter().filter(|byte| **byte < 250);
        text.extend(
            fair.map(|byte| char::from(b'0' + byte % 10))
                .take(count - text.len()),
        );
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn shapes() {
        assert_eq!(key_id().unwrap().len(), 40);
        assert_ne!(key_id().unwrap(), key_id().unwrap());
        let id = unique_id().unwrap();
        assert!(id.len() == 21 && id.starts_with('1') && id.bytes().all(|b| b.is_ascii_digit()));
        for _ in 0..50 {
            assert!((100_000_000_000..1_000_000_000_000).contains(&project_number().unwrap()));
        }
    }
}
