//! Parameters behind the question mark.

use std::collections::BTreeSet;

use url::form_urlencoded;
use wharf_types::text::shorten;

use super::refusal::Refusal;

/// The parameters of a request. What is unknown is left alone: `alt`, `key`, `quotaUser` and `$`-parameters are sent by
/// every client and change nothing here.
#[derive(Debug, Default)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Parses what stands behind the question mark. Names are understood in camelCase and snake_case.
    pub(super) fn parse(text: &str) -> Self {
        let pairs = form_urlencoded::parse(text.as_bytes());
        Self(
            pairs
                .map(|(name, value)| (camel_case(&name), value.into_owned()))
                .collect(),
        )
    }

    /// The last value of a parameter; an empty one is none.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let mut last_first = self.0.iter().rev();
        let (_, value) = last_first.find(|(key, _)| key == name)?;
        Some(value.as_str()).filter(|value| !value.is_empty())
    }

    /// Every value of a parameter that may come several times.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// A switch; off when absent. Python's spelling counts too.
    pub(super) fn is_set(&self, name: &str) -> Result<bool, Refusal> {
        match self.get(name) {
            None => Ok(false),
            Some(value) if value.eq_ignore_ascii_case("true") || value == "1" => Ok(true),
            Some(value) if value.eq_ignore_ascii_case("false") || value == "0" => Ok(false),
            Some(value) => Err(Refusal::field(
                name,
                format!("{:?} is not true or false", shorten(value)),
            )),
        }
    }

    /// A number.
    pub(super) fn number(&self, name: &str) -> Result<Option<i64>, Refusal> {
        self.get(name)
            .map(|value| {
                value.parse().map_err(|_| {
                    Refusal::field(name, format!("{:?} is not a number", shorten(value)))
                })
            })
            .transpose()
    }

    /// A value of an enumeration, as wire types parse it.
    pub(super) fn value<T>(
        &self,
        name: &str,
        parse: fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Refusal> {
        self.get(name)
            .map(|value| parse(value).ok_or_else(|| unknown_value(name, value)))
            .transpose()
    }
}

/// The refusal of a value that an enumeration does not have.
pub(super) fn unknown_value(name: &str, value: &str) -> Refusal {
    Refusal::field(
        name,
        format!("{:?} is not a value of this field", shorten(value)),
    )
}

/// `page_size` as `pageSize`.
fn camel_case(name: &str) -> String {
    let mut camel = String::with_capacity(name.len());
    let mut is_upper = false;
    for c in name.chars() {
        match c {
            '_' => is_upper = true,
            c if is_upper => {
                camel.push(c.to_ascii_uppercase());
                is_upper = false;
            }
            c => camel.push(c),
        }
    }
    camel
}

/// Which fields of a body count: a `google.protobuf.FieldMask` in its text form.
#[derive(Debug)]
pub(super) struct Mask(Option<BTreeSet<String>>);

impl Mask {
    /// Parses a mask; none picks what the body has. A field that cannot be changed is refused.
    pub(super) fn parse(text: Option<&str>, changeable: &[&str]) -> Result<Self, Refusal> {
        let Some(text) = text.filter(|text| !text.is_empty() && *text != "*") else {
            return Ok(Self(None));
        };
        let mut fields = BTreeSet::new();
        for field in text.split(',') {
            let field = camel_case(field.trim());
            if !changeable.contains(&field.as_str()) {
                return Err(Refusal::field(
                    "updateMask",
                    format!(
                        "{:?} cannot be changed: use {}",
                        shorten(&field),
                        changeable.join(", ")
                    ),
                ));
            }
            fields.insert(field);
        }
        Ok(Self(Some(fields)))
    }

    /// Whether a field counts, if the body has it.
    pub(super) fn has(&self, field: &str) -> bool {
        self.0.as_ref().is_none_or(|fields| fields.contains(field))
    }

    /// The new value of a field: that of the body; empty when the mask has the field and the body does not.
    pub(super) fn pick<T: Default>(&self, field: &str, value: Option<T>) -> Option<T> {
        match &self.0 {
            None => value,
            Some(fields) if fields.contains(field) => Some(value.unwrap_or_default()),
            Some(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn parameters_are_found_however_clients_spell_them() {
        let query = Query::parse(
            "pageSize=100&page_token=&view=FULL&keyTypes=A&keyTypes=B&showDeleted=True&%24alt=json&options.requestedPolicyVersion=3",
        );
        assert_eq!(query.number("pageSize").unwrap(), Some(100));
        assert_eq!(query.get("pageToken"), None);
        assert_eq!(query.all("keyTypes").collect::<Vec<_>>(), ["A", "B"]);
        assert!(query.is_set("showDeleted").unwrap());
        assert_eq!(query.get("options.requestedPolicyVersion"), Some("3"));
        assert!(Query::parse("pageSize=x").number("pageSize").is_err());
        assert!(Query::parse("showDeleted=x").is_set("showDeleted").is_err());
    }

    #[test]
    fn a_mask_picks_what_the_body_has_or_clears_it() {
        let some = || Some("new".to_owned());
        let mask = Mask::parse(Some("display_name"), &["displayName", "description"]).unwrap();
        assert_eq!(mask.pick("displayName", some()), some());
        assert_eq!(
            mask.pick("displayName", None::<String>),
            Some(String::new())
        );
        assert_eq!(mask.pick("description", some()), None);
        let all = Mask::parse(None, &[]).unwrap();
        assert_eq!(all.pick("description", some()), some());
        assert_eq!(all.pick("description", None::<String>), None);
        assert!(Mask::parse(Some("displayName,email"), &["displayName"]).is_err());
    }
}
