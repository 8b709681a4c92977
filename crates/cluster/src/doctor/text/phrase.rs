//! A text beside its copy in lower case, cut together.

use super::{Complaint, Told};

/// A part of a text. ASCII letters alone are lowered, so both have the same length and the same boundaries.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'a> {
    raw: &'a str,
    lower: &'a str,
}

impl<'a> Text<'a> {
    pub(super) fn new(raw: &'a str, lower: &'a str) -> Self {
        debug_assert_eq!(raw.len(), lower.len());
        Self { raw, lower }
    }

    /// As it was written.
    pub(super) fn raw(self) -> &'a str {
        self.raw
    }

    /// In lower case, to look for phrases in.
    pub(super) fn lower(self) -> &'a str {
        self.lower
    }

    /// What is before and from a byte on. Beyond the end, or within a character, all is before.
    pub(super) fn split_at(self, at: usize) -> (Self, Self) {
        let raw = self.raw.split_at_checked(at).unwrap_or((self.raw, ""));
        let lower = self.lower.split_at_checked(at).unwrap_or((self.lower, ""));
        (Self::new(raw.0, lower.0), Self::new(raw.1, lower.1))
    }

    pub(super) fn trim(self) -> Self {
        let end = self.raw.trim_end().len();
        let (all, _) = self.split_at(end);
        let start = all.raw.len() - all.raw.trim_start().len();
        all.split_at(start).1
    }

    /// What follows a beginning; `phrase` is in lower case, as everywhere here.
    pub(super) fn strip_prefix(self, phrase: &str) -> Option<Self> {
        self.lower
            .starts_with(phrase)
            .then(|| self.split_at(phrase.len()).1)
    }

    pub(super) fn strip_suffix(self, phrase: &str) -> Option<Self> {
        self.lower
            .ends_with(phrase)
            .then(|| self.split_at(self.lower.len() - phrase.len()).0)
    }

    /// What stands before and behind the first place of a phrase.
    pub(super) fn split_once(self, phrase: &str) -> Option<(Self, Self)> {
        let at = self.lower.find(phrase)?;
        Some((self.split_at(at).0, self.split_at(at + phrase.len()).1))
    }

    /// What stands behind the first place of a phrase.
    pub(super) fn after(self, phrase: &str) -> Option<Self> {
        self.split_once(phrase).map(|(_, behind)| behind)
    }

    pub(super) fn has(self, phrase: &str) -> bool {
        self.lower.contains(phrase)
    }

    /// The first phrase of a table that the text has, in the order of the table.
    pub(super) fn first_of(self, table: &[(&str, Complaint)]) -> Option<Told<'a>> {
        table.iter().find_map(|(phrase, complaint)| {
            let at = self.lower.find(phrase)?;
            Some(Told::new(complaint.clone(), self, at))
        })
    }
}
