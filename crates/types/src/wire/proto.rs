//! How proto3 writes its scalars in JSON: 64-bit numbers, bytes, durations, enumerations, times.

use base64::Engine as _;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// Bytes as base64: written in the standard alphabet, read in either, padded or not. Wiped when dropped and never
/// shown by `Debug`, since some of them are keys.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Base64(pub Zeroizing<Vec<u8>>);

crate::schema::text!(Base64, "byte");

impl From<&[u8]> for Base64 {
    fn from(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }
}

impl std::fmt::Debug for Base64 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Base64({} bytes)", self.0.len())
    }
}

impl Serialize for Base64 {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let text = Zeroizing::new(base64::engine::general_purpose::STANDARD.encode(&*self.0));
        to.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(from)?);
        crate::policy::decode_base64(&text)
            .map(|bytes| Self(Zeroizing::new(bytes)))
            .ok_or_else(|| serde::de::Error::custom("not base64"))
    }
}

/// The schema of what [`int64`] writes.
pub struct Int64;

crate::schema::text!(Int64, "int64");

/// The schema of what [`duration`] writes.
pub struct DurationText;

crate::schema::text!(DurationText, "google-duration");

/// The answer that says nothing: `{}` (`google.protobuf.Empty`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Empty {}

/// Reads a `bool`. google-auth writes one as text, which Google takes.
///
/// # Errors
///
/// Anything but `true` and `false`, as they are or in quotes.
pub fn lenient_bool<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Bool(bool),
        Text(String),
    }
    match Either::deserialize(from)? {
        Either::Bool(value) => Ok(value),
        Either::Text(text) => text
            .parse()
            .map_err(|_| serde::de::Error::custom("expected true or false")),
    }
}

/// A 64-bit number as a string, read from a number as well. For `#[serde(with = "…")]`.
pub mod int64 {
    use super::*;

    /// Writes a string.
    pub fn serialize<S: Serializer>(number: &u64, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(number)
    }

    /// Reads a string or a number.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Text(String),
            Number(u64),
        }
        match Either::deserialize(from)? {
            Either::Number(number) => Ok(number),
            Either::Text(text) => text.parse().map_err(|_| {
                serde::de::Error::custom("not a 64-bit number: write it in decimal digits")
            }),
        }
    }
}

/// A `google.protobuf.Duration`, such as `"3600s"`. For `#[serde(with = "…")]` on an `Option`.
pub mod duration {
    use std::time::Duration;

    use super::*;

    /// Writes whole seconds.
    pub fn serialize<S: Serializer>(length: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
        match length {
            Some(length) => to.collect_str(&format_args!("{}s", length.as_secs())),
            None => to.serialize_none(),
        }
    }

    /// Reads seconds, perhaps with a fraction, and the letter `s`.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
        let Some(text) = Option::<String>::deserialize(from)? else {
            return Ok(None);
        };
        parse(&text).map(Some).ok_or_else(|| {
            serde::de::Error::custom("not a duration: write seconds, such as \"86400s\"")
        })
    }

    fn parse(text: &str) -> Option<Duration> {
        let (seconds, fraction) = match text.strip_suffix('s')?.split_once('.') {
            Some((seconds, fraction)) => (seconds, fraction),
            None => (text.strip_suffix('s')?, ""),
        };
        let is_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if seconds.is_empty() || !is_digits(seconds) || !is_digits(fraction) || fraction.len() > 9 {
            return None;
        }
        Some(Duration::new(
            seconds.parse().ok()?,
            format!("{fraction:0<9}").parse().ok()?,
        ))
    }
}

/// A time that may be "never": `9999-12-31T23:59:59Z` in Google's answers, which lies beyond the last instant of
/// [`jiff::Timestamp`] and is kept as that. For `#[serde(with = "…")]` on an `Option`.
pub mod time_or_never {
    use jiff::Timestamp;

    use super::*;

    /// What Google writes for "never".
    pub const NEVER: &str = "9999-12-31T23:59:59Z";

    /// Writes RFC 3339, the last day that there is as [`NEVER`].
    pub fn serialize<S: Serializer>(time: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) if time.as_second() >= Timestamp::MAX.as_second() - 24 * 3600 => {
                to.serialize_str(NEVER)
            }
            Some(time) => to.collect_str(time),
            None => to.serialize_none(),
        }
    }

    /// Reads RFC 3339.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
        match Option::<String>::deserialize(from)? {
            None => Ok(None),
            Some(text) if text.starts_with("9999-12-31T") => Ok(Some(Timestamp::MAX)),
            Some(text) => text.parse().map(Some).map_err(serde::de::Error::custom),
        }
    }
}

/// Declares a proto enumeration: written by name, read by name or number, as proto3's JSON has it.
macro_rules! proto_enum {
    ($(#[$doc:meta])* $type:ident { $($(#[$value_doc:meta])* $value:ident = $number:literal $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $type { $($(#[$value_doc])* $value,)* }

        impl $type {
            /// The name as it stands in JSON.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$value => $name,)* }
            }

            /// Finds a value by its name.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($name => Some(Self::$value),)* _ => None }
            }

            fn of_number(number: i64) -> Option<Self> {
                match number { $($number => Some(Self::$value),)* _ => None }
            }
        }

        impl $crate::schemars::JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut $crate::schemars::SchemaGenerator) -> $crate::schemars::Schema {
                $crate::schemars::json_schema!({"type": "string", "enum": [$($name),*]})
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                $crate::wire::proto::deserialize_enum(
                    from, Self::parse, Self::of_number, &[$($name),*].join(", "),
                )
            }
        }
    };
}
pub(crate) use proto_enum;

pub(crate) fn deserialize_enum<'de, D: Deserializer<'de>, T>(
    from: D,
    by_name: fn(&str) -> Option<T>,
    by_number: fn(i64) -> Option<T>,
    names: &str,
) -> Result<T, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Name(String),
        Number(i64),
    }
    let found = match Either::deserialize(from)? {
        Either::Name(name) => by_name(&name),
        Either::Number(number) => by_number(number),
    };
    found.ok_or_else(|| serde::de::Error::custom(format_args!("not one of {names}")))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::time::Duration;

    use super::*;

    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    struct Scalars {
        #[serde(with = "int64", default)]
        number: u64,
        #[serde(with = "duration", default)]
        length: Option<Duration>,
        #[serde(with = "time_or_never", default)]
        until: Option<jiff::Timestamp>,
        #[serde(default)]
        bytes: Base64,
    }

    fn read(json: &str) -> Scalars {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn scalars_are_written_as_proto3_does() {
        let scalars = Scalars {
            number: u64::MAX,
            length: Some(Duration::from_secs(3_600)),
            until: Some(jiff::Timestamp::MAX),
            bytes: Base64::from([0xfe].as_slice()),
        };
        let json = serde_json::to_string(&scalars).unwrap();
        assert_eq!(
            json,
            r#"{"number":"18446744073709551615","length":"3600s","until":"9999-12-31T23:59:59Z","bytes":"/g=="}"#
        );
        assert_eq!(read(&json), scalars);
    }

    #[test]
    fn scalars_are_read_in_every_form_that_clients_send() {
        assert_eq!(read(r#"{"number":7}"#).number, 7);
        assert_eq!(
            read(r#"{"bytes":"_g"}"#).bytes,
            Base64::from([0xfe].as_slice())
        );
        assert_eq!(
            read(r#"{"length":"1.5s"}"#).length,
            Some(Duration::from_millis(1_500))
        );
        assert_eq!(read(r#"{"length":null}"#).length, None);
        for bad in [
            r#"{"number":"x"}"#,
            r#"{"number":-1}"#,
            r#"{"length":"1"}"#,
            r#"{"length":"s"}"#,
            r#"{"length":"-1s"}"#,
            r#"{"length":"1.s1s"}"#,
            r#"{"length":"99999999999999999999s"}"#,
            r#"{"until":"tomorrow"}"#,
            r#"{"bytes":"***"}"#,
        ] {
            assert!(serde_json::from_str::<Scalars>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn bytes_do_not_show_themselves() {
        assert_eq!(
            format!("{:?}", Base64::from(b"secret".as_slice())),
            "Base64(6 bytes)"
        );
    }
}
