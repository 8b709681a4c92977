//! Paths with variables, in the form of `google.api.http`.

use std::fmt;

/// A path: `v1/{name=projects/*/serviceAccounts/*}:disable`. `{name}` is `{name=*}`, and each `*` one segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template {
    pub(super) pieces: Vec<Piece>,
    /// What stands behind the colon.
    pub(super) verb: Option<&'static str>,
}

/// What stands between two slashes that are in no variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Itself.
    Literal(&'static str),
    /// A variable, and which segments it spans.
    Variable {
        name: &'static str,
        pattern: Vec<Segment>,
    },
}

/// One segment of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    /// Itself.
    Literal(&'static str),
    /// Any that is not empty.
    Any,
}

impl Template {
    /// Reads a template. It is a row's, so that a test has seen to its form.
    pub(super) fn parse(text: &'static str) -> Self {
        let (mut rest, verb) = match text.rsplit_once(':') {
            Some((name, verb)) => (name, Some(verb)),
            None => (text, None),
        };
        let mut pieces = Vec::new();
        while !rest.is_empty() {
            let (piece, after) = match rest.strip_prefix('{') {
                Some(inside) => {
                    let (variable, after) = inside.split_once('}').unwrap_or((inside, ""));
                    (variable_of(variable), after)
                }
                None => {
                    let end = rest.find('/').unwrap_or(rest.len());
                    let (literal, after) = rest.split_at(end);
                    (Piece::Literal(literal), after)
                }
            };
            pieces.push(piece);
            rest = after.strip_prefix('/').unwrap_or(after);
        }
        Self { pieces, verb }
    }

    /// All segments.
    pub(super) fn segments(&self) -> Vec<Segment> {
        let of_piece = |piece: &Piece| match piece {
            Piece::Literal(literal) => vec![Segment::Literal(literal)],
            Piece::Variable { pattern, .. } => pattern.clone(),
        };
        self.pieces.iter().flat_map(of_piece).collect()
    }
}

fn variable_of(text: &'static str) -> Piece {
    let (name, pattern) = text.split_once('=').unwrap_or((text, "*"));
    let segment = |segment| match segment {
        "*" => Segment::Any,
        literal => Segment::Literal(literal),
    };
    Piece::Variable {
        name,
        pattern: pattern.split('/').map(segment).collect(),
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Literal(literal) => literal,
            Self::Any => "*",
        })
    }
}

impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(literal) => f.write_str(literal),
            Self::Variable { name, pattern } if *pattern == [Segment::Any] => {
                write!(f, "{{{name}}}")
            }
            Self::Variable { name, pattern } => write!(f, "{{{name}={}}}", joined(pattern)),
        }
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&joined(&self.pieces))?;
        match self.verb {
            Some(verb) => write!(f, ":{verb}"),
            None => Ok(()),
        }
    }
}

/// With slashes between them.
pub(super) fn joined<T: fmt::Display>(parts: &[T]) -> String {
    let parts: Vec<_> = parts.iter().map(ToString::to_string).collect();
    parts.join("/")
}
