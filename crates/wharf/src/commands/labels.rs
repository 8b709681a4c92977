//! Labels on the command line: `KEY=VALUE,KEY=VALUE`.

use std::collections::BTreeMap;
use std::str::FromStr;

use clap::Args;

/// One label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Label {
    key: String,
    value: String,
}

impl FromStr for Label {
    type Err = String;

    /// That key and value are well-formed is the server's to say.
    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((key, value)) if !key.is_empty() => Ok(Self {
                key: key.to_owned(),
                value: value.to_owned(),
            }),
            _ => Err("a label is written KEY=VALUE".to_owned()),
        }
    }
}

/// The labels of a thing that is created.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct NewLabels {
    /// Labels: KEY=VALUE, separated by commas
    #[arg(long, value_name = "KEY=VALUE,…", value_delimiter = ',')]
    labels: Vec<Label>,
}

impl NewLabels {
    pub(super) fn map(self) -> BTreeMap<String, String> {
        map(self.labels)
    }
}

/// Changes to labels.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct LabelChanges {
    /// Labels to set: KEY=VALUE, separated by commas
    #[arg(long, value_name = "KEY=VALUE,…", value_delimiter = ',')]
    update_labels: Vec<Label>,
    /// Labels to remove, separated by commas
    #[arg(long, value_name = "KEY,…", value_delimiter = ',')]
    pub(super) remove_labels: Vec<String>,
    /// Remove all labels first
    #[arg(long)]
    pub(super) clear_labels: bool,
}

impl LabelChanges {
    pub(super) fn is_empty(&self) -> bool {
        self.update_labels.is_empty() && self.remove_labels.is_empty() && !self.clear_labels
    }

    pub(super) fn updates(&self) -> BTreeMap<String, String> {
        map(self.update_labels.clone())
    }
}

fn map(labels: Vec<Label>) -> BTreeMap<String, String> {
    labels
        .into_iter()
        .map(|label| (label.key, label.value))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_a_key_and_a_value_that_may_be_empty() {
        let label = |key: &str, value: &str| Label {
            key: key.to_owned(),
            value: value.to_owned(),
        };
        assert_eq!("team=blue".parse(), Ok(label("team", "blue")));
        assert_eq!("team=".parse(), Ok(label("team", "")));
        assert!("team".parse::<Label>().is_err() && "=x".parse::<Label>().is_err());
    }
}
