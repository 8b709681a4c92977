//! Lists come in pages. A page's token is the name that it ends with, which a list continues after whatever was created or
//! deleted meanwhile.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use wharf_types::limits;

use super::query::Query;
use super::refusal::Refusal;

/// Which page of a list is wanted.
#[derive(Debug)]
pub(super) struct Page {
    /// How many at most.
    pub(super) size: usize,
    /// The name that the page before ended with.
    pub(super) after: Option<String>,
}

impl Page {
    /// Reads `pageSize` and `pageToken`.
    pub(super) fn of(query: &Query) -> Result<Self, Refusal> {
        Self::new(query.number("pageSize")?, query.get("pageToken"))
    }

    /// A page by its size (0 or none: the server's choice; too large: as large as may be) and token.
    pub(super) fn new(size: Option<i64>, token: Option<&str>) -> Result<Self, Refusal> {
        let size = match size {
            None | Some(0) => limits::PAGE_SIZE_DEFAULT,
            Some(size) => usize::try_from(size)
                .map_err(|_| Refusal::field("pageSize", "a page has no negative size"))?
                .min(limits::PAGE_SIZE_DEFAULT),
        };
        let after = token
            .filter(|token| !token.is_empty())
            .map(|token| {
                let name = URL_SAFE_NO_PAD.decode(token).ok();
                name.and_then(|name| String::from_utf8(name).ok())
                    .ok_or_else(bad_token)
            })
            .transpose()?;
        Ok(Self { size, after })
    }

    /// The name to continue after, parsed.
    pub(super) fn after<T, E>(
        &self,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Option<T>, Refusal> {
        self.after
            .as_deref()
            .map(|name| parse(name).map_err(|_| bad_token()))
            .transpose()
    }

    /// Cuts a list that has one more than the page, if there is more, and answers the next page's token.
    pub(super) fn cut<T>(&self, items: &mut Vec<T>, name: impl Fn(&T) -> String) -> Option<String> {
        if items.len() <= self.size {
            return None;
        }
        items.truncate(self.size);
        items.last().map(|last| Self::token(&name(last)))
    }

    /// The token of the page after this name.
    pub(super) fn token(name: &str) -> String {
        URL_SAFE_NO_PAD.encode(name)
    }

    /// The page of a list that is in memory, in order of name.
    pub(super) fn of_list<T>(
        &self,
        items: impl IntoIterator<Item = T>,
        name: impl Fn(&T) -> String,
    ) -> (Vec<T>, Option<String>) {
        let mut items: Vec<T> = items
            .into_iter()
            .filter(|item| self.after.as_ref().is_none_or(|after| name(item) > *after))
            .take(self.size + 1)
            .collect();
        let token = self.cut(&mut items, name);
        (items, token)
    }
}

fn bad_token() -> Refusal {
    Refusal::field(
        "pageToken",
        "not a token of this list: begin again without one",
    )
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn pages_hold_every_item_once() {
        let items = ["a", "b", "c", "d", "e"];
        for size in 1..=6 {
            let (mut seen, mut token) = (Vec::new(), None);
            loop {
                let page = Page::new(Some(size), token.as_deref()).unwrap();
                let (some, next) = page.of_list(items, |item| (*item).to_owned());
                assert!(!some.is_empty());
                seen.extend(some);
                match next {
                    Some(next) => token = Some(next),
                    None => break,
                }
            }
            assert_eq!(seen, items);
        }
    }

    #[test]
    fn sizes_are_bounded_and_foreign_tokens_refused() {
        assert_eq!(
            Page::new(Some(i64::MAX), None).unwrap().size,
            limits::PAGE_SIZE_DEFAULT
        );
        assert_eq!(
            Page::new(Some(0), Some("")).unwrap().size,
            limits::PAGE_SIZE_DEFAULT
        );
        assert!(Page::new(Some(-1), None).is_err());
        assert!(Page::new(None, Some("*")).is_err());
    }
}
