//! From JSON Schema to the older dialect of it that discovery documents are written in.

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::super::method::SchemaOf;

/// Collects the schemas of an API's bodies.
pub(super) struct Schemas(SchemaGenerator);

impl Schemas {
    pub(super) fn new() -> Self {
        Self(SchemaSettings::draft07().into_generator())
    }

    /// The reference to a body's schema: `{"$ref": "Policy"}`.
    pub(super) fn reference(&mut self, schema: SchemaOf) -> Value {
        converted(schema(&mut self.0).to_value())
    }

    /// Every schema that was referred to, by name.
    pub(super) fn finish(mut self) -> Map<String, Value> {
        let definitions = self.0.take_definitions(true);
        let all = definitions.into_iter().map(|(name, schema)| {
            let mut schema = converted(schema);
            if let Value::Object(fields) = &mut schema {
                fields.insert("id".to_owned(), json!(name));
            }
            (name, schema)
        });
        all.collect()
    }
}

/// A schema without what the older dialect does not have: a type is one word, what may be absent says nothing of it, and
/// a reference is a name.
fn converted(schema: Value) -> Value {
    let Value::Object(mut schema) = schema else {
        return json!({"type": "any"});
    };
    if let Some(Value::String(reference)) = schema.get("$ref") {
        let name = reference.rsplit('/').next().unwrap_or_default();
        return json!({"$ref": name});
    }
    for choice in ["anyOf", "oneOf", "allOf"] {
        if let Some(Value::Array(choices)) = schema.get_mut(choice) {
            choices.retain(|one| one["type"] != "null");
            return match choices.pop() {
                Some(one) if choices.is_empty() => converted(one),
                _ => json!({"type": "any"}),
            };
        }
    }
    let mut result = Map::new();
    let kind = kind(&schema);
    for (name, value) in schema {
        match (name.as_str(), value) {
            ("description" | "format", value) => {
                result.insert(name, value);
            }
            ("enum", Value::Array(mut values)) => {
                values.retain(|value| !value.is_null());
                result.insert(name, Value::Array(values));
            }
            ("items" | "additionalProperties", value) => {
                result.insert(name, converted(value));
            }
            ("properties", Value::Object(properties)) => {
                let properties = properties.into_iter();
                let converted = properties.map(|(name, value)| (name, converted(value)));
                result.insert(name, Value::Object(converted.collect()));
            }
            _ => {}
        }
    }
    result.insert("type".to_owned(), json!(kind));
    Value::Object(result)
}

/// The one word for a type.
fn kind(schema: &Map<String, Value>) -> String {
    let word = match schema.get("type") {
        Some(Value::Array(types)) => types.iter().find(|kind| *kind != "null"),
        kind => kind,
    };
    word.and_then(Value::as_str).unwrap_or("any").to_owned()
}

#[cfg(test)]
mod tests {
    use wharf_types::wire::keys::ServiceAccountKey;
    use wharf_types::wire::policies::SetIamPolicyRequest;

    use super::*;

    #[test]
    fn a_schema_is_written_as_google_writes_it() {
        let mut schemas = Schemas::new();
        let reference = schemas.reference(SchemaGenerator::subschema_for::<SetIamPolicyRequest>);
        assert_eq!(reference, json!({"$ref": "SetIamPolicyRequest"}));
        schemas.reference(SchemaGenerator::subschema_for::<ServiceAccountKey>);
        let all = Value::Object(schemas.finish());
        let set = &all["SetIamPolicyRequest"];
        assert_eq!(set["id"], "SetIamPolicyRequest");
        assert_eq!(set["type"], "object");
        assert_eq!(set["properties"]["policy"]["$ref"], "Policy");
        assert_eq!(set["properties"]["updateMask"]["type"], "string");
        let policy = &all["Policy"]["properties"];
        assert_eq!(policy["bindings"]["items"]["$ref"], "Binding");
        assert_eq!(policy["version"]["type"], "integer");
        assert_eq!(policy["version"]["format"], "int32");
        assert_eq!(policy["etag"]["format"], "byte");
        assert_eq!(all["Binding"]["properties"]["condition"]["$ref"], "Expr");
        let key = &all["ServiceAccountKey"]["properties"];
        assert_eq!(key["keyType"]["enum"][1], "USER_MANAGED");
        assert_eq!(key["validAfterTime"]["type"], "string");
        assert_eq!(key["disabled"]["type"], "boolean");
    }
}
