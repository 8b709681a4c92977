//! The language of the cases. What a line means shows by how far it is indented:
//!
//! ```text
//! page Title of the page of the documentation that the cases below come from
//!
//! a claim
//!     RESOURCE gives ROLE to MEMBER, MEMBER [if TITLE: EXPRESSION]
//!     RESOURCE takes ROLE from MEMBER
//!     RESOURCE has no bindings
//!     role NAME carries PERMISSION, PERMISSION      role NAME is deleted | restored | STAGE
//!     account ID is given a key | disabled | enabled | deleted | made anew
//!     project ID is deleted | restored
//!     NAME is PRINCIPAL [in SET, SET]
//!     WHO may [not] PERMISSION on RESOURCE [at TIME]
//!         the reason, in which … stands for anything
//!     asked by the owner, WHO may [not] PERMISSION on RESOURCE
//!         the reason
//!     on RESOURCE [at TIME]
//!         true EXPRESSION
//!         false EXPRESSION
//!         fails EXPRESSION -> why it could not be evaluated
//!         refused EXPRESSION -> why no policy takes it
//! ```

use jiff::Timestamp;

/// When a question is asked that names no time: a Tuesday.
const NOW: &str = "2026-11-24T12:30:15Z";

/// A claim, and the steps that show that it holds.
pub(super) struct Case {
    pub(super) claim: String,
    /// The page of the documentation.
    pub(super) page: String,
    pub(super) steps: Vec<Step>,
}

/// One line, with the reason below it.
pub(super) struct Step {
    pub(super) line: usize,
    pub(super) statement: Statement,
    /// Why, for a question; else empty.
    pub(super) reason: String,
}

/// What a line says. Names are as written.
pub(super) enum Statement {
    /// Adds to the policy of a resource.
    Gives(String, Binding),
    /// Takes a role from a member: resource, role, member.
    Takes(String, String, String),
    /// Empties a policy.
    Clears(String),
    /// Makes or changes a custom role: its name, and `carries …` or `is …`.
    Role(String, String),
    /// Changes an account: its id, and what it is from now on.
    Account(String, String),
    /// Changes a project: its id, and what it is from now on.
    Project(String, String),
    /// Names a federated principal: the name, the principal, its sets.
    Federated(String, String, Vec<String>),
    /// A question.
    Asks {
        who: String,
        permission: String,
        on: String,
        at: Timestamp,
        answer: Answer,
    },
    /// A question that the owner asks about somebody else.
    Troubleshoots {
        who: String,
        permission: String,
        on: String,
        answer: Answer,
    },
    /// A question about nothing but an expression.
    Evaluates {
        expression: String,
        on: String,
        at: Timestamp,
        answer: Answer,
    },
}

/// A role, its members, and title and expression of its condition.
pub(super) struct Binding {
    pub(super) role: String,
    pub(super) members: Vec<String>,
    pub(super) condition: Option<(String, String)>,
}

/// What comes of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Yes,
    No,
    /// The expression has no value here, which grants nothing.
    Fails,
    /// No policy takes the expression.
    Refused,
}

impl Step {
    /// Whether something is decided here.
    pub(super) fn is_decision(&self) -> bool {
        match &self.statement {
            Statement::Asks { .. } | Statement::Troubleshoots { .. } => true,
            Statement::Evaluates { answer, .. } => *answer != Answer::Refused,
            _ => false,
        }
    }
}

/// Reads a file. An error names its line.
pub(super) fn parse(text: &str) -> Result<Vec<Case>, String> {
    let mut cases: Vec<Case> = Vec::new();
    let mut page = None;
    // What the expressions that follow are evaluated on, and when.
    let mut scene = None;
    for (number, line) in text.lines().enumerate() {
        let number = number + 1;
        let wrong = |what: &str| format!("line {number}: {what}: {line}");
        let content = line.trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        match line.len() - line.trim_start().len() {
            0 => {
                scene = None;
                match (content.strip_prefix("page "), &page) {
                    (Some(title), _) => page = Some(title.to_owned()),
                    (None, Some(page)) => cases.push(Case {
                        claim: content.to_owned(),
                        page: page.clone(),
                        steps: Vec::new(),
                    }),
                    (None, None) => return Err(wrong("a claim without a page")),
                }
            }
            4 => {
                let case = cases.last_mut().ok_or_else(|| wrong("no claim"))?;
                scene = content.strip_prefix("on ").map(resource_and_time);
                if scene.is_none() {
                    let statement = statement(content).ok_or_else(|| wrong("not understood"))?;
                    case.steps.push(Step {
                        line: number,
                        statement,
                        reason: String::new(),
                    });
                }
            }
            8 => {
                let case = cases.last_mut().ok_or_else(|| wrong("no claim"))?;
                if let Some((on, at)) = &scene {
                    let (statement, reason) =
                        evaluation(content, on, *at).ok_or_else(|| wrong("not understood"))?;
                    case.steps.push(Step {
                        line: number,
                        statement,
                        reason,
                    });
                } else {
                    let step = case.steps.last_mut().ok_or_else(|| wrong("no question"))?;
                    content.clone_into(&mut step.reason);
                }
            }
            _ => return Err(wrong("indented by neither 4 nor 8")),
        }
    }
    for step in cases.iter().flat_map(|case| &case.steps) {
        if step.is_decision()
            && step.reason.is_empty()
            && !matches!(step.statement, Statement::Evaluates { .. })
        {
            return Err(format!(
                "line {}: the question has no reason below it",
                step.line
            ));
        }
    }
    Ok(cases)
}

fn statement(line: &str) -> Option<Statement> {
    let owned = |text: &str| text.to_owned();
    let list = |text: &str| text.split(", ").map(str::to_owned).collect::<Vec<_>>();
    if let Some(question) = line.strip_prefix("asked by the owner, ") {
        let (who, permission, on, _, answer) = asked(question)?;
        return Some(Statement::Troubleshoots {
            who,
            permission,
            on,
            answer,
        });
    }
    if let Some(on) = line.strip_suffix(" has no bindings") {
        return Some(Statement::Clears(owned(on)));
    }
    if let Some((on, rest)) = line.split_once(" gives ") {
        let (role, rest) = rest.split_once(" to ")?;
        let (members, condition) = match rest.split_once(" if ") {
            Some((members, condition)) => (members, Some(condition.split_once(": ")?)),
            None => (rest, None),
        };
        let binding = Binding {
            role: owned(role),
            members: list(members),
            condition: condition.map(|(title, expression)| (owned(title), owned(expression))),
        };
        return Some(Statement::Gives(owned(on), binding));
    }
    if let Some((on, rest)) = line.split_once(" takes ") {
        let (role, member) = rest.split_once(" from ")?;
        return Some(Statement::Takes(owned(on), owned(role), owned(member)));
    }
    if line.contains(" may ") {
        let (who, permission, on, at, answer) = asked(line)?;
        return Some(Statement::Asks {
            who,
            permission,
            on,
            at,
            answer,
        });
    }
    let (subject, rest) = line.split_once(' ')?;
    match (subject, rest.split_once(' ')?) {
        ("role", (name, change)) => Some(Statement::Role(owned(name), owned(change))),
        ("account", (id, change)) => Some(Statement::Account(
            owned(id),
            owned(change.strip_prefix("is ")?),
        )),
        ("project", (id, change)) => Some(Statement::Project(
            owned(id),
            owned(change.strip_prefix("is ")?),
        )),
        (name, ("is", principal)) => {
            let (principal, sets) = match principal.split_once(" in ") {
                Some((principal, sets)) => (principal, list(sets)),
                None => (principal, Vec::new()),
            };
            Some(Statement::Federated(owned(name), owned(principal), sets))
        }
        _ => None,
    }
}

type Asked = (String, String, String, Timestamp, Answer);

fn asked(line: &str) -> Option<Asked> {
    let (who, rest) = line.split_once(" may ")?;
    let (answer, rest) = match rest.strip_prefix("not ") {
        Some(rest) => (Answer::No, rest),
        None => (Answer::Yes, rest),
    };
    let (permission, place) = rest.split_once(" on ")?;
    let (on, at) = resource_and_time(place);
    Some((who.to_owned(), permission.to_owned(), on, at, answer))
}

fn resource_and_time(text: &str) -> (String, Timestamp) {
    let (on, at) = text.split_once(" at ").unwrap_or((text, NOW));
    (on.to_owned(), at.parse().unwrap())
}

fn evaluation(line: &str, on: &str, at: Timestamp) -> Option<(Statement, String)> {
    let (word, rest) = line.split_once(' ')?;
    let answer = match word {
        "true" => Answer::Yes,
        "false" => Answer::No,
        "fails" => Answer::Fails,
        "refused" => Answer::Refused,
        _ => return None,
    };
    let (expression, reason) = match answer {
        Answer::Yes | Answer::No => (rest, ""),
        Answer::Fails | Answer::Refused => rest.split_once(" -> ")?,
    };
    let statement = Statement::Evaluates {
        expression: expression.trim().to_owned(),
        on: on.to_owned(),
        at,
        answer,
    };
    Some((statement, reason.to_owned()))
}
