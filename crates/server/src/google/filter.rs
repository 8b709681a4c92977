//! Filters of project lists: `lifecycleState:ACTIVE AND labels.team=blue` (Resource Manager, "filter"; AIP-160).

use wharf_app::iam::projects::Project;
use wharf_types::text::shorten;

use super::projects::{labels, state};
use super::refusal::Refusal;

/// Nesting of parentheses and negations.
const DEPTH_MAX: usize = 16;

/// Which projects are wanted.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Filter {
    /// All of these hold; with none, everything is wanted.
    All(Vec<Filter>),
    /// One of these holds.
    Any(Vec<Filter>),
    /// It does not hold.
    Not(Box<Filter>),
    /// A field has a value, perhaps with `*` at its ends. Upper and lower case are the same.
    Is(Field, String),
}

/// What can be asked of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Id,
    Number,
    Name,
    State,
    ParentType,
    ParentId,
    Parent,
    Label(String),
}

impl Filter {
    /// Parses a parameter; none wants everything.
    pub(super) fn parse(parameter: &str, text: Option<&str>) -> Result<Self, Refusal> {
        let refused = |message: String| Refusal::field(parameter, message);
        let mut parser = Parser {
            tokens: tokens(text.unwrap_or_default()).map_err(refused)?,
            next: 0,
        };
        let filter = parser.any(0).map_err(refused)?;
        match parser.tokens.get(parser.next) {
            None => Ok(filter),
            Some(token) => Err(refused(format!("{:?} is out of place", token.text()))),
        }
    }

    /// Whether a project is wanted.
    pub(super) fn matches(&self, project: &Project) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.matches(project)),
            Self::Any(parts) => parts.iter().any(|part| part.matches(project)),
            Self::Not(part) => !part.matches(project),
            Self::Is(field, pattern) => field
                .of(project)
                .is_some_and(|value| is_like(&value, pattern)),
        }
    }
}

impl Field {
    fn parse(text: &str) -> Result<Self, String> {
        Ok(match text {
            "id" | "projectId" | "project_id" => Self::Id,
            "projectNumber" | "project_number" | "number" => Self::Number,
            "name" | "displayName" | "display_name" => Self::Name,
            "lifecycleState" | "lifecycle_state" | "state" => Self::State,
            "parent" => Self::Parent,
            "parent.type" => Self::ParentType,
            "parent.id" => Self::ParentId,
            _ => match text.strip_prefix("labels.") {
                Some(label) if !label.is_empty() => Self::Label(label.to_owned()),
                _ => {
                    return Err(format!(
                        "{:?} is not a field: use id, name, lifecycleState, projectNumber, parent.id or labels.KEY",
                        shorten(text)
                    ));
                }
            },
        })
    }

    fn of(&self, project: &Project) -> Option<String> {
        Some(match self {
            Self::Id => project.id.to_string(),
            Self::Number => project.number.to_string(),
            Self::Name => project.display_name.clone(),
            Self::State => state(project).as_str().to_owned(),
            Self::ParentType => "organization".to_owned(),
            Self::ParentId => "0".to_owned(),
            Self::Parent => "organizations/0".to_owned(),
            Self::Label(key) => return labels(project).remove(key),
        })
    }
}

fn is_like(value: &str, pattern: &str) -> bool {
    let (value, pattern) = (value.to_lowercase(), pattern.to_lowercase());
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(_), Some(_)) => value.contains(pattern.trim_matches('*')),
        (Some(end), None) => value.ends_with(end),
        (None, Some(start)) => value.starts_with(start),
        (None, None) => value == pattern,
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Quoted(String),
    /// `:` `=` `!=` `(` `)` `-`
    Sign(&'static str),
}

impl Token {
    fn text(&self) -> String {
        match self {
            Self::Word(text) | Self::Quoted(text) => shorten(text),
            Self::Sign(sign) => (*sign).to_owned(),
        }
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    const SIGNS: [&str; 5] = ["!=", ":", "=", "(", ")"];
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            tokens.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        } else if first == '-' {
            tokens.push(Token::Sign("-"));
            rest = &rest[1..];
        } else if first == '"' || first == '\'' {
            let (quoted, after) = rest[1..]
                .split_once(first)
                .ok_or_else(|| format!("a quote is not closed: {}", shorten(rest)))?;
            tokens.push(Token::Quoted(quoted.to_owned()));
            rest = after;
        } else {
            let is_end = |c: char| {
                c.is_whitespace() || matches!(c, ':' | '=' | '!' | '(' | ')' | '"' | '\'')
            };
            let length = rest.find(is_end).unwrap_or(rest.len());
            if length == 0 {
                return Err(format!("{:?} is out of place", shorten(rest)));
            }
            tokens.push(Token::Word(rest[..length].to_owned()));
            rest = &rest[length..];
        }
        rest = rest.trim_start();
    }
    Ok(tokens)
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
}

impl Parser {
    fn any(&mut self, depth: usize) -> Result<Filter, String> {
        let mut parts = vec![self.all(depth)?];
        while self.take_word("OR") {
            parts.push(self.all(depth)?);
        }
        Ok(one_or(parts, Filter::Any))
    }

    /// Terms in a row; `AND` between them may be left out.
    fn all(&mut self, depth: usize) -> Result<Filter, String> {
        let mut parts = Vec::new();
        while !self.is_at_end() {
            parts.push(self.term(depth)?);
            while self.take_word("AND") {
                parts.push(self.term(depth)?);
            }
        }
        if parts.is_empty() && !self.tokens.is_empty() {
            return Err("something is missing beside OR or in parentheses".to_owned());
        }
        Ok(one_or(parts, Filter::All))
    }

    fn is_at_end(&self) -> bool {
        match self.tokens.get(self.next) {
            None | Some(Token::Sign(")")) => true,
            Some(Token::Word(word)) => word == "OR",
            _ => false,
        }
    }

    fn term(&mut self, depth: usize) -> Result<Filter, String> {
        if depth > DEPTH_MAX {
            return Err("it is nested too deep".to_owned());
        }
        if self.take_word("NOT") || self.take_sign("-") {
            return Ok(Filter::Not(Box::new(self.term(depth + 1)?)));
        }
        if self.take_sign("(") {
            let inner = self.any(depth + 1)?;
            if !self.take_sign(")") {
                return Err("a parenthesis is not closed".to_owned());
            }
            return Ok(inner);
        }
        let field = match self.take() {
            Some(Token::Word(word)) => Field::parse(&word)?,
            Some(other) => return Err(format!("{:?} is out of place", other.text())),
            None => return Err("it ends too early".to_owned()),
        };
        let is_negated = match self.take() {
            Some(Token::Sign(":" | "=")) => false,
            Some(Token::Sign("!=")) => true,
            _ => return Err("behind a field comes :, = or != and a value".to_owned()),
        };
        // A hyphen at the beginning of a value is part of it.
        let sign = if self.take_sign("-") { "-" } else { "" };
        let value = match self.take() {
            Some(Token::Word(text) | Token::Quoted(text)) => format!("{sign}{text}"),
            _ => return Err("behind :, = or != comes a value".to_owned()),
        };
        let term = Filter::Is(field, value);
        Ok(if is_negated {
            Filter::Not(Box::new(term))
        } else {
            term
        })
    }

    fn take(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.next).cloned();
        self.next += 1;
        token
    }

    fn take_word(&mut self, word: &str) -> bool {
        let is_there =
            matches!(self.tokens.get(self.next), Some(Token::Word(next)) if next == word);
        self.next += usize::from(is_there);
        is_there
    }

    fn take_sign(&mut self, sign: &str) -> bool {
        let is_there =
            matches!(self.tokens.get(self.next), Some(Token::Sign(next)) if *next == sign);
        self.next += usize::from(is_there);
        is_there
    }
}

fn one_or(mut parts: Vec<Filter>, several: fn(Vec<Filter>) -> Filter) -> Filter {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            several(parts)
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;
    use wharf_types::ProjectId;

    use super::*;

    fn project() -> Project {
        Project {
            id: ProjectId::parse("my-project").unwrap(),
            number: 123_456_789_012,
            display_name: "My Project".to_owned(),
            labels: [("team".to_owned(), "blue".to_owned())].into(),
            strict_deletes: true,
            generation: 1,
            created_at: jiff::Timestamp::UNIX_EPOCH,
            deleted_at: None,
        }
    }

    fn matches(filter: &str) -> bool {
        Filter::parse("filter", Some(filter))
            .unwrap()
            .matches(&project())
    }

    #[test]
    fn projects_are_found_by_their_fields() {
        for filter in [
            "",
            "lifecycleState:ACTIVE",
            "lifecycleState=active",
            "id:my-project",
            "projectId:my-*",
            "name:*project",
            "name:\"my project\"",
            "projectNumber=123456789012",
            "parent.type:organization parent.id:0",
            "labels.team:blue",
            "labels.team:*",
            "labels.wharf-strict-deletes:true",
            "labels.team=blue AND (id:other OR name:my*)",
            "NOT labels.absent:*",
            "-id:other",
            "id!=other",
        ] {
            assert!(matches(filter), "{filter}");
        }
        for filter in [
            "lifecycleState:DELETE_REQUESTED",
            "id:my",
            "labels.absent:*",
            "labels.team:blue id:other",
            "NOT (id:my-project)",
            "id:other OR name:x",
            "id:-my-project",
        ] {
            assert!(!matches(filter), "{filter}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for filter in [
            "colour:red",
            "labels.:x",
            "id",
            "id:",
            "(id:x",
            "id:x)",
            "id:x AND",
            "OR id:x",
            "()",
            "\"id",
            "! id:x",
            "id > 3",
            &"(".repeat(1_000),
            &"-".repeat(1_000),
        ] {
            assert!(Filter::parse("filter", Some(filter)).is_err(), "{filter}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(filter in "[a-z():=!\"'* \\-]{0,60}|\\PC{0,40}") {
            if let Ok(filter) = Filter::parse("filter", Some(&filter)) {
                filter.matches(&project());
            }
        }
    }
}
