//! What the doctor says: one value for programs, a text for people.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::Serialize;
use wharf_cluster::doctor::finding::{Confidence, Finding};
use wharf_cluster::doctor::observation::Observations;
use wharf_cluster::doctor::observe::Scope;

use super::style::{Style, wrap};

/// Names that are shown before "and N more".
const NAMES_MAX: usize = 3;
/// Pieces of evidence that are shown of one finding; `-o json` has all.
const EVIDENCE_MAX: usize = 6;

/// The whole answer, as `-o json` has it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    /// What was found, the most certain first.
    pub(super) findings: Vec<Finding>,
    /// How far the look went.
    pub(super) looked_at: LookedAt,
}

/// How far the look went.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LookedAt {
    /// In words: `namespace web`.
    scope: String,
    /// Pods that were seen.
    pods: usize,
    /// Of those, how many are not well, for whatever reason.
    not_well: usize,
    /// Namespaces that they are in.
    namespaces: usize,
    /// Pulls that the doctor tried itself.
    pulls_tried: usize,
    /// What was not looked at, and why.
    unseen: Vec<String>,
}

impl Report {
    pub(super) fn new(scope: &Scope, observations: &Observations, findings: Vec<Finding>) -> Self {
        Self {
            findings,
            looked_at: LookedAt {
                scope: scope.to_string(),
                pods: observations.survey.pods,
                not_well: observations.pods.len(),
                namespaces: observations.survey.namespaces,
                pulls_tried: observations.probes.len(),
                unseen: observations.survey.unseen.clone(),
            },
        }
    }

    /// The text for people.
    pub(super) fn text(&self, style: Style) -> String {
        let mut text = String::new();
        for finding in &self.findings {
            // Writing into a string does not fail.
            let _ = write_finding(&mut text, finding, style);
            text.push('\n');
        }
        text += &self.looked_at.text(self.findings.len(), style);
        text
    }
}

impl LookedAt {
    fn text(&self, findings: usize, style: Style) -> String {
        let verdict = match findings {
            0 => style.good("Nothing keeps an image from being pulled."),
            1 => style.strong("1 problem."),
            count => style.strong(&format!("{count} problems.")),
        };
        let mut looked = format!("Looked at {}: {}", self.scope, count(self.pods, "Pod"));
        if self.namespaces > 1 {
            looked += &format!(" in {}", count(self.namespaces, "namespace"));
        }
        looked += &match (self.pods, self.not_well) {
            (0, _) => String::new(),
            (1, 0) => ", which is well".to_owned(),
            (_, 0) => ", all well".to_owned(),
            (pods, unwell) if pods == unwell && pods == 1 => ", which is not well".to_owned(),
            (_, 1) => ", 1 of them not well".to_owned(),
            (_, unwell) => format!(", {} of them not well", grouped(unwell)),
        };
        if findings == 0 && self.not_well > 0 {
            looked += ", for reasons that have nothing to do with pulling";
        }
        if self.pulls_tried > 0 {
            looked += &format!("; tried {} from here", count(self.pulls_tried, "pull"));
        }
        let mut text = format!("{verdict} {looked}.\n");
        if !self.unseen.is_empty() {
            text += "Not looked at:\n";
            for sentence in &self.unseen {
                text += &wrap(sentence, 2, 4);
            }
            text += &style
                .faint("`wharf doctor --print-rbac` prints the rights that a whole look needs.");
            text.push('\n');
        }
        text
    }
}

fn write_finding(text: &mut String, finding: &Finding, style: Style) -> std::fmt::Result {
    let summary = sentence(&finding.cause.summary());
    write!(text, "{}", style.bad(&wrap(&summary, 0, 0)))?;
    let sure = match finding.confidence {
        Confidence::Certain => "certain",
        Confidence::Likely => "likely",
        Confidence::Possible => "possible",
    };
    let code = finding.cause.code();
    writeln!(text, "  {}", style.faint(&format!("{code} · {sure}")))?;
    write!(text, "{}", wrap(&affected(finding), 2, 4))?;
    for evidence in finding.evidence.iter().take(EVIDENCE_MAX) {
        let place = style.faint(&printable(&evidence.place));
        writeln!(text, "\n  {place}")?;
        write!(text, "{}", wrap(&printable(&evidence.what), 4, 4))?;
    }
    let more = finding.evidence.len().saturating_sub(EVIDENCE_MAX);
    if more > 0 {
        writeln!(text, "  and {more} more; -o json has all")?;
    }
    let remedy = &finding.remedy;
    if !remedy.advice.is_empty() {
        write!(text, "\n{}", wrap(&sentence(&remedy.advice), 2, 2))?;
    }
    for command in &remedy.commands {
        for line in command.lines() {
            writeln!(text, "    {}", style.strong(&printable(line)))?;
        }
    }
    Ok(())
}

/// `1,000 containers wait: web/app-1, web/app-2, web/app-3 and 997 more, for image …`
fn affected(finding: &Finding) -> String {
    let pods: BTreeSet<_> = finding
        .affected
        .iter()
        .map(|affected| format!("{}/{}", affected.namespace, affected.pod))
        .collect();
    let images: BTreeSet<_> = finding.affected.iter().map(|a| a.image.clone()).collect();
    let containers: BTreeSet<_> = finding.affected.iter().map(|a| &a.container).collect();
    let label = match (pods.len(), containers.len()) {
        (0, _) => return "no Pod".to_owned(),
        (1, 1) => "Pod ".to_owned(),
        (1, count) => format!("{count} containers of Pod "),
        (pods, _) => format!("{} Pods: ", grouped(pods)),
    };
    let image = match images.len() {
        1 => "image",
        _ => "images",
    };
    format!("{label}{}; {image} {}", some(&pods), some(&images))
}

/// The first few, and how many more there are.
fn some(names: &BTreeSet<String>) -> String {
    let first: Vec<_> = names.iter().take(NAMES_MAX).map(|n| printable(n)).collect();
    match names.len().saturating_sub(NAMES_MAX) {
        0 => first.join(", "),
        more => format!("{} and {} more", first.join(", "), grouped(more)),
    }
}

/// Begins with a capital letter and ends with a full stop, whoever wrote it. A host's name or a path keeps its letters.
fn sentence(text: &str) -> String {
    let mut text = printable(text);
    let is_word = |word: &str| word.chars().all(|c| c.is_ascii_lowercase());
    let (first, rest) = text.split_at(text.chars().next().map_or(0, char::len_utf8));
    if is_word(text.split(' ').next().unwrap_or_default()) {
        text = first.to_ascii_uppercase() + rest;
    }
    match text.trim_end().ends_with(['.', '!', '?', ':']) {
        true => text.trim_end().to_owned(),
        false => format!("{}.", text.trim_end()),
    }
}

fn count(number: usize, thing: &str) -> String {
    match number {
        1 => format!("1 {thing}"),
        number => format!("{} {thing}s", grouped(number)),
    }
}

/// `1,204`
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// What registries and runtimes say must not steer the terminal.
fn printable(text: &str) -> String {
    text.replace(|c: char| c.is_control() && c != '\n', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_numbers_are_grouped() {
        for (number, text) in [
            (7, "7"),
            (997, "997"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn many_names_are_a_few_and_a_number() {
        let names: BTreeSet<_> = (0..1000).map(|n| format!("web/app-{n:04}")).collect();
        assert_eq!(
            some(&names),
            "web/app-0000, web/app-0001, web/app-0002 and 997 more"
        );
    }

    fn looked_at(pods: usize, not_well: usize, unseen: &[&str]) -> LookedAt {
        LookedAt {
            scope: "namespace web".to_owned(),
            pods,
            not_well,
            namespaces: 1,
            pulls_tried: 0,
            unseen: unseen.iter().map(|text| (*text).to_owned()).collect(),
        }
    }

    #[test]
    fn that_nothing_is_wrong_is_said_with_what_was_looked_at() {
        let well = looked_at(12, 0, &[]).text(0, Style::PLAIN);
        assert_eq!(
            well,
            "Nothing keeps an image from being pulled. Looked at namespace web: 12 Pods, all well.\n"
        );
        let crashing = looked_at(12, 1, &[]).text(0, Style::PLAIN);
        assert!(
            crashing.ends_with(
                "12 Pods, 1 of them not well, for reasons that have nothing to do with pulling.\n"
            ),
            "{crashing}"
        );
    }

    #[test]
    fn what_could_not_be_looked_at_is_said() {
        let text = looked_at(1, 1, &["events: jane may not list events"]).text(1, Style::PLAIN);
        assert!(
            text.contains("\nNot looked at:\n  events: jane may not list events\n"),
            "{text}"
        );
        assert!(text.contains("--print-rbac"), "{text}");
    }

    #[test]
    fn a_registrys_words_do_not_steer_the_terminal() {
        assert_eq!(sentence("gone\u{1b}[2J"), "gone\u{fffd}[2J.");
        assert_eq!(
            sentence("us.example.com is gone"),
            "us.example.com is gone."
        );
        assert_eq!(sentence("the node is full:"), "The node is full:");
        assert_eq!(sentence(""), ".");
    }
}
