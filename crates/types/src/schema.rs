//! The JSON schema of types that are a text on the wire. What is a structure derives its own.

/// Implements [`schemars::JsonSchema`] of a type that is a string, perhaps in a format of Google's discovery documents.
#[macro_export]
macro_rules! text_schema {
    ($type:ty $(, $format:literal)?) => {
        impl $crate::schemars::JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut $crate::schemars::SchemaGenerator) -> $crate::schemars::Schema {
                $crate::schemars::json_schema!({"type": "string" $(, "format": $format)?})
            }
        }
    };
}
pub use text_schema as text;
