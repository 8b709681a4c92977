//! Partial responses: which fields of an answer a caller wants (Google's `fields` parameter).

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use wharf_types::limits;
use wharf_types::text::shorten;

use super::refusal::Refusal;

/// Matches every name.
const ANY: &str = "*";

/// What is wanted of a value: `items(name,labels/x),nextPageToken`. A field that an answer does not have is simply not
/// there: which fields there are depends on what they are of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields(BTreeMap<String, Fields>);

impl Fields {
    /// Parses the parameter. Names are joined by commas, a name and what is wanted in it by a slash or, as in a field
    /// mask, a dot; several of those stand in brackets.
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        let mut parser = Parser { rest: text };
        let mut fields = Self::default();
        let is_whole = parser.list(&mut fields, 0).is_some() && parser.rest.is_empty();
        if !is_whole {
            return Err(Refusal::field(
                "fields",
                format!(
                    "{:?} is no list of fields: write names as in items(name,labels/x),nextPageToken",
                    shorten(text)
                ),
            ));
        }
        Ok(fields)
    }

    /// What is wanted of `value`. In a list, it is wanted of each element.
    pub(super) fn of(&self, value: Value) -> Value {
        if self.0.is_empty() {
            return value;
        }
        match value {
            Value::Object(object) => Value::Object(self.of_object(object)),
            Value::Array(elements) => elements
                .into_iter()
                .map(|element| self.of(element))
                .collect(),
            scalar => scalar,
        }
    }

    fn of_object(&self, object: Map<String, Value>) -> Map<String, Value> {
        let wanted = object.into_iter().filter_map(|(name, value)| {
            let inside = match (self.0.get(&name), self.0.get(ANY)) {
                (None, None) => return None,
                (Some(inside), None) | (None, Some(inside)) => inside.of(value),
                (Some(one), Some(other)) => one.or(other).of(value),
            };
            Some((name, inside))
        });
        wanted.collect()
    }

    /// What either wants. One that is empty wants all.
    fn or(&self, other: &Self) -> Self {
        let mut both = self.clone();
        both.add(other.clone());
        both
    }

    fn add(&mut self, other: Self) {
        if self.0.is_empty() || other.0.is_empty() {
            self.0.clear();
            return;
        }
        for (name, inside) in other.0 {
            self.insert(name, inside);
        }
    }

    /// Wants `inside` of the field `name` too.
    fn insert(&mut self, name: String, inside: Self) {
        match self.0.get_mut(&name) {
            Some(present) => present.add(inside),
            None => {
                self.0.insert(name, inside);
            }
        }
    }
}

/// Reads from the left; `None` when the text is none of the language.
struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    /// `item,item…`
    fn list(&mut self, into: &mut Fields, depth: usize) -> Option<()> {
        loop {
            let (name, inside) = self.item(depth)?;
            into.insert(name.to_owned(), inside);
            if !self.take(',') {
                return Some(());
            }
        }
    }

    /// `name`, `name/item`, `name(list)`
    fn item(&mut self, depth: usize) -> Option<(&'a str, Fields)> {
        if depth == limits::FIELDS_DEPTH_MAX {
            return None;
        }
        let end = self.rest.find([',', '/', '.', '(', ')']);
        let (name, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        let name = name.trim();
        if name.is_empty() {
            return None;
        }
        let mut inside = Fields::default();
        if self.take('/') || self.take('.') {
            let (name, wanted) = self.item(depth + 1)?;
            inside.insert(name.to_owned(), wanted);
        } else if self.take('(') {
            self.list(&mut inside, depth + 1)?;
            if !self.take(')') {
                return None;
            }
        }
        Some((name, inside))
    }

    fn take(&mut self, expected: char) -> bool {
        match self.rest.strip_prefix(expected) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn of(fields: &str, value: Value) -> Value {
        Fields::parse(fields).unwrap().of(value)
    }

    #[test]
    fn what_is_named_is_left() {
        let value = json!({
            "kind": "list",
            "items": [
                {"name": "a", "labels": {"x": 1, "y": 2}, "size": 3},
                {"name": "b", "size": 4},
            ],
            "nextPageToken": "t",
        });
        for (fields, left) in [
            ("kind", json!({"kind": "list"})),
            (
                "items/name,nextPageToken",
                json!({"items": [{"name": "a"}, {"name": "b"}], "nextPageToken": "t"}),
            ),
            (
                "items(name,labels/x)",
                json!({"items": [{"name": "a", "labels": {"x": 1}}, {"name": "b"}]}),
            ),
            (
                "items.name, kind",
                json!({"items": [{"name": "a"}, {"name": "b"}], "kind": "list"}),
            ),
            (
                "items/*/x",
                json!({"items": [{"name": "a", "labels": {"x": 1}, "size": 3}, {"name": "b", "size": 4}]}),
            ),
            (
                "items(*/x,labels/y)",
                json!({"items": [{"name": "a", "labels": {"x": 1, "y": 2}, "size": 3}, {"name": "b", "size": 4}]}),
            ),
            ("*", value.clone()),
            ("kind/x,kind", json!({"kind": "list"})),
            (
                "items/labels/x,items/labels",
                json!({"items": [{"labels": {"x": 1, "y": 2}}, {}]}),
            ),
            ("nothing,items/nothing", json!({"items": [{}, {}]})),
        ] {
            assert_eq!(of(fields, value.clone()), left, "{fields}");
        }
    }

    #[test]
    fn what_is_no_list_of_fields_is_refused() {
        let deep = "a/".repeat(limits::FIELDS_DEPTH_MAX) + "a";
        let open = "(".repeat(10_000);
        for text in [
            "", ",", "a,", ",a", "a(", "a()", "a)", "(a)", "a(b", "a(b))", "a/", "/a", "a//b",
            "a(b)c", "a(b)/c", &deep, &open,
        ] {
            assert!(Fields::parse(text).is_err(), "{text}");
        }
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![Just(Value::Null), any::<i32>().prop_map(Value::from)];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[abc]", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    /// Whether `part` is `whole` with fields left out.
    fn is_part(part: &Value, whole: &Value) -> bool {
        match (part, whole) {
            (Value::Object(part), Value::Object(whole)) => part
                .iter()
                .all(|(name, part)| whole.get(name).is_some_and(|whole| is_part(part, whole))),
            (Value::Array(part), Value::Array(whole)) => {
                part.len() == whole.len() && part.iter().zip(whole).all(|(p, w)| is_part(p, w))
            }
            (part, whole) => part == whole,
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "[a-c*,/.() ]{0,40}") {
            let _ = Fields::parse(&text);
        }

        #[test]
        fn an_answer_only_loses_fields_and_only_once(
            fields in "[abc*](/[abc*]|,[abc*]|\\([abc],[abc*]\\)){0,2}",
            value in any_value(),
        ) {
            let Ok(fields) = Fields::parse(&fields) else { return Ok(()) };
            let left = fields.of(value.clone());
            prop_assert!(is_part(&left, &value), "{left} of {value}");
            prop_assert_eq!(fields.of(left.clone()), left);
        }
    }
}
