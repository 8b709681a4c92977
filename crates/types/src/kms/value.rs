//! Enumerations of Cloud KMS: written by name, read by name or number, as proto3's JSON has it.

/// Not a value of an enumeration of Cloud KMS.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a {kind} of Cloud KMS")]
pub struct KmsValueError {
    /// Of which enumeration.
    kind: &'static str,
    text: String,
}

impl KmsValueError {
    pub(super) fn new(kind: &'static str, text: &str) -> Self {
        let text = crate::text::shorten(text);
        Self { kind, text }
    }
}

/// What an enumeration with `ALL` and `as_str` is read and written with.
macro_rules! kms_enumeration {
    ($type:ty, $kind:literal) => {
        impl $type {
            /// Parses a value's name.
            pub fn parse(text: &str) -> Result<Self, KmsValueError> {
                let mut all = Self::ALL.iter().copied();
                all.find(|value| value.as_str() == text)
                    .ok_or_else(|| KmsValueError::new($kind, text))
            }

            /// The value of a number of the API's enumeration.
            pub fn of_number(number: i64) -> Result<Self, KmsValueError> {
                let mut all = Self::ALL.iter().copied();
                all.find(|value| i64::from(*value as u8) == number)
                    .ok_or_else(|| KmsValueError::new($kind, &number.to_string()))
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $type {
            type Err = KmsValueError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
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
                let names: Vec<_> = Self::ALL.iter().map(|value| value.as_str()).collect();
                $crate::schemars::json_schema!({"type": "string", "enum": names})
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let names: Vec<_> = Self::ALL.iter().map(|value| value.as_str()).collect();
                $crate::wire::proto::deserialize_enum(
                    from,
                    |text| Self::parse(text).ok(),
                    |number| Self::of_number(number).ok(),
                    &names.join(", "),
                )
            }
        }
    };
}
