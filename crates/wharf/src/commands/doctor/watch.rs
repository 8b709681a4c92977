//! `--watch`: findings as they come and go.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use wharf_cluster::doctor::finding::Finding;

use super::style::Style;

/// What became of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Turn {
    /// It was not there before.
    Came,
    /// Other Pods suffer from it, or it is more or less sure.
    Changed,
    /// It is not there any more.
    Went,
}

/// A finding that came or went, as `-o json` has it: one on a line.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Change {
    pub(super) time: Timestamp,
    pub(super) turn: Turn,
    pub(super) finding: Finding,
}

/// The findings that are known, by their causes.
#[derive(Debug, Default)]
pub(super) struct Known(BTreeMap<String, Finding>);

impl Known {
    /// Takes the findings of a new look, and says what changed.
    pub(super) fn learn(&mut self, findings: &[Finding], time: Timestamp) -> Vec<Change> {
        let now: BTreeMap<_, _> = findings
            .iter()
            .map(|finding| (key(finding), finding.clone()))
            .collect();
        let change = |turn, finding: &Finding| Change {
            time,
            turn,
            finding: finding.clone(),
        };
        let mut changes = Vec::new();
        for (key, finding) in &self.0 {
            if !now.contains_key(key) {
                changes.push(change(Turn::Went, finding));
            }
        }
        for (key, finding) in &now {
            match self.0.get(key) {
                None => changes.push(change(Turn::Came, finding)),
                Some(known)
                    if known.affected != finding.affected
                        || known.confidence != finding.confidence =>
                {
                    changes.push(change(Turn::Changed, finding));
                }
                Some(_) => {}
            }
        }
        self.0 = now;
        changes
    }

    /// Whether nothing is the matter.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The cause with what it is about, which is what makes two findings the same. Lists are left out: they tell what
/// else there is, and that changes by itself.
fn key(finding: &Finding) -> String {
    let mut cause = serde_json::to_value(&finding.cause).unwrap_or_default();
    if let Some(fields) = cause.as_object_mut() {
        fields.retain(|_, value| !value.is_array());
    }
    cause.to_string()
}

impl Change {
    /// One line for people.
    pub(super) fn line(&self, style: Style) -> String {
        let time = style.faint(&self.time.strftime("%H:%M:%SZ").to_string());
        let cause = &self.finding.cause;
        let code = cause.code();
        let count = self.finding.affected.len();
        let containers = match count {
            1 => "1 container".to_owned(),
            count => format!("{count} containers"),
        };
        let summary = cause.summary().replace(char::is_control, " ");
        match self.turn {
            Turn::Came => format!(
                "{time} {} {code}: {summary} ({containers})\n",
                style.bad("+")
            ),
            Turn::Changed => format!("{time} ~ {code}: {summary} (now {containers})\n"),
            Turn::Went => format!("{time} {} {code}: {summary}\n", style.good("-")),
        }
    }
}

#[cfg(test)]
mod tests {
    use wharf_cluster::doctor::cause::Cause;
    use wharf_cluster::doctor::finding::{Affected, Confidence};
    use wharf_cluster::doctor::observation::NamespacedName;
    use wharf_cluster::doctor::remedy::Remedy;

    use super::*;

    fn finding(elsewhere: &[&str], pods: usize) -> Finding {
        let affected = (0..pods).map(|pod| Affected {
            namespace: "web".to_owned(),
            pod: format!("app-{pod}"),
            container: "main".to_owned(),
            image: "us.example.com/app:v1".to_owned(),
        });
        Finding {
            cause: Cause::SecretInOtherNamespace {
                secret: NamespacedName {
                    namespace: "web".to_owned(),
                    name: "regcred".to_owned(),
                },
                elsewhere: elsewhere.iter().map(|text| (*text).to_owned()).collect(),
            },
            confidence: Confidence::Certain,
            evidence: Vec::new(),
            remedy: Remedy::default(),
            affected: affected.collect(),
        }
    }

    #[test]
    fn findings_come_change_and_go() {
        let mut known = Known::default();
        let mut turns = |findings: &[Finding]| {
            let changes = known.learn(findings, Timestamp::UNIX_EPOCH);
            changes.iter().map(|change| change.turn).collect::<Vec<_>>()
        };
        assert_eq!(turns(&[finding(&["a"], 1)]), [Turn::Came]);
        assert_eq!(turns(&[finding(&["a"], 1)]), []);
        assert_eq!(turns(&[finding(&["a", "b"], 1)]), []);
        assert_eq!(turns(&[finding(&["a"], 2)]), [Turn::Changed]);
        assert_eq!(turns(&[]), [Turn::Went]);
    }
}
