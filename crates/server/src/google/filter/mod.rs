//! Filters of lists (AIP-160, "Filtering"; Cloud Logging, "Logging query language"): comparisons joined by `NOT`, `OR`
//! and `AND`, which bind in that order. What a comparison may ask is a language's own [`Term`].

pub(super) mod entries;
pub(super) mod projects;

use wharf_types::text::shorten;

use super::refusal::Refusal;

/// Nesting of parentheses and negations.
const DEPTH_MAX: usize = 16;

/// What is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Filter<T> {
    /// All of these hold; with none, everything is wanted.
    All(Vec<Filter<T>>),
    /// One of these holds.
    Any(Vec<Filter<T>>),
    /// It does not hold.
    Not(Box<Filter<T>>),
    /// A comparison holds.
    Is(T),
}

/// A comparison of one language.
pub(super) trait Term: Sized {
    /// Reads `FIELD SIGN VALUE`.
    fn compare(field: &str, sign: Sign, value: Value) -> Result<Self, String>;

    /// Reads a value that stands alone.
    fn alone(value: Value) -> Result<Self, String>;
}

/// How a field is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// `:`
    Has,
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Sign {
    /// The longer ones first, so that none is taken for its own beginning.
    const ALL: [(&str, Self); 7] = [
        ("!=", Self::NotEqual),
        ("<=", Self::LessOrEqual),
        (">=", Self::GreaterOrEqual),
        (":", Self::Has),
        ("=", Self::Equal),
        ("<", Self::Less),
        (">", Self::Greater),
    ];

    /// Whether an order fits the sign; `None` for [`Sign::Has`], which is no order.
    pub(super) fn holds(self, order: std::cmp::Ordering) -> Option<bool> {
        Some(match self {
            Self::Has => return None,
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        })
    }
}

/// What a field is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Value {
    /// The text, without its quotes.
    pub(super) text: String,
    /// Whether it stood in quotes: then `*` is a star.
    pub(super) is_quoted: bool,
}

impl<T: Term> Filter<T> {
    /// Parses a parameter; an empty one wants everything. A refusal names the place.
    pub(super) fn parse(parameter: &str, text: &str) -> Result<Self, Refusal> {
        let mut parser = Parser {
            tokens: tokens(text).map_err(|error| error.refusal(parameter))?,
            next: 0,
            end: text.chars().count(),
        };
        let filter = match parser.tokens.is_empty() {
            true => Ok(Self::All(Vec::new())),
            false => parser.all(0).and_then(|filter| match parser.peek() {
                None => Ok(filter),
                Some(_) => Err(parser.out_of_place()),
            }),
        };
        filter.map_err(|error| error.refusal(parameter))
    }
}

impl<T> Filter<T> {
    /// Whether something is wanted, by what its comparisons come to.
    pub(super) fn matches(&self, holds: &impl Fn(&T) -> bool) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.matches(holds)),
            Self::Any(parts) => parts.iter().any(|part| part.matches(holds)),
            Self::Not(part) => !part.matches(holds),
            Self::Is(term) => holds(term),
        }
    }

    /// The comparisons that must hold, whatever else does.
    pub(super) fn required(&self) -> Vec<&T> {
        match self {
            Self::All(parts) => parts.iter().flat_map(Self::required).collect(),
            Self::Is(term) => vec![term],
            Self::Any(_) | Self::Not(_) => Vec::new(),
        }
    }
}

/// What is wrong, and where.
#[derive(Debug)]
struct Problem {
    message: String,
    /// In characters, from 0.
    at: usize,
}

impl Problem {
    fn refusal(self, parameter: &str) -> Refusal {
        let Self { message, at } = self;
        Refusal::field(parameter, format!("at character {}: {message}", at + 1))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Lexeme {
    Value(Value),
    Sign(Sign),
    Open,
    Close,
    Minus,
}

#[derive(Clone, Debug)]
struct Token {
    lexeme: Lexeme,
    /// Where it begins, in characters.
    at: usize,
    /// Its text, for messages.
    text: String,
}

fn tokens(text: &str) -> Result<Vec<Token>, Problem> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let at = text[..text.len() - rest.len()].chars().count();
        let (lexeme, length) = lexeme(rest).map_err(|message| Problem { message, at })?;
        tokens.push(Token {
            lexeme,
            at,
            text: shorten(&rest[..length]),
        });
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

/// The first lexeme of a text that does not begin with a space, and its length in bytes.
fn lexeme(text: &str) -> Result<(Lexeme, usize), String> {
    if text.starts_with("=~") || text.starts_with("!~") {
        return Err(
            "regular expressions are not understood: use : for a part of a text".to_owned(),
        );
    }
    if text.starts_with("--") {
        return Err("comments are not understood".to_owned());
    }
    let sign = Sign::ALL.iter().find(|(sign, _)| text.starts_with(sign));
    if let Some((text, sign)) = sign {
        return Ok((Lexeme::Sign(*sign), text.len()));
    }
    match text.as_bytes().first() {
        Some(b'(') => return Ok((Lexeme::Open, 1)),
        Some(b')') => return Ok((Lexeme::Close, 1)),
        Some(b'-') => return Ok((Lexeme::Minus, 1)),
        Some(quote @ (b'"' | b'\'')) => return quoted(text, char::from(*quote)),
        _ => {}
    }
    let is_end = |c: char| {
        c.is_whitespace() || matches!(c, ':' | '=' | '!' | '<' | '>' | '(' | ')' | '"' | '\'')
    };
    match text.find(is_end).unwrap_or(text.len()) {
        0 => Err(format!("{:?} is out of place", shorten(text))),
        length => {
            let value = Value {
                text: text[..length].to_owned(),
                is_quoted: false,
            };
            Ok((Lexeme::Value(value), length))
        }
    }
}

/// A text in quotes, in which a backslash takes the next character as it is.
fn quoted(text: &str, quote: char) -> Result<(Lexeme, usize), String> {
    let mut value = String::new();
    let mut characters = text.char_indices().skip(1);
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' => value.extend(characters.next().map(|(_, c)| c)),
            c if c == quote => {
                let value = Value {
                    text: value,
                    is_quoted: true,
                };
                return Ok((Lexeme::Value(value), at + 1));
            }
            c => value.push(c),
        }
    }
    Err("a quote is not closed".to_owned())
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    /// Where the text ends, in characters.
    end: usize,
}

impl Parser {
    /// Parts in a row; `AND` between them may be left out.
    fn all<T: Term>(&mut self, depth: usize) -> Result<Filter<T>, Problem> {
        let mut parts = vec![self.any(depth)?];
        while self.take_word("AND") || self.is_at_part() {
            parts.push(self.any(depth)?);
        }
        Ok(one_or(parts, Filter::All))
    }

    fn is_at_part(&self) -> bool {
        self.peek()
            .is_some_and(|token| token.lexeme != Lexeme::Close)
    }

    fn any<T: Term>(&mut self, depth: usize) -> Result<Filter<T>, Problem> {
        let mut parts = vec![self.part(depth)?];
        while self.take_word("OR") {
            parts.push(self.part(depth)?);
        }
        Ok(one_or(parts, Filter::Any))
    }

    fn part<T: Term>(&mut self, depth: usize) -> Result<Filter<T>, Problem> {
        if depth > DEPTH_MAX {
            return Err(self.problem("it is nested too deep"));
        }
        if self.take_word("NOT") || self.take(&Lexeme::Minus) {
            return Ok(Filter::Not(Box::new(self.part(depth + 1)?)));
        }
        if self.take(&Lexeme::Open) {
            let inner = self.all(depth + 1)?;
            return match self.take(&Lexeme::Close) {
                true => Ok(inner),
                false => Err(self.problem("a parenthesis is not closed")),
            };
        }
        self.term()
    }

    fn term<T: Term>(&mut self) -> Result<Filter<T>, Problem> {
        let at = self.at();
        let is_word = ["AND", "OR"].iter().any(|word| self.is_word(word));
        let Some(field) = self.take_value().filter(|_| !is_word) else {
            self.next = self.next.saturating_sub(usize::from(is_word));
            return Err(self.out_of_place());
        };
        let wrong = |message| Problem { message, at };
        let Some(Lexeme::Sign(sign)) = self.peek().map(|token| token.lexeme.clone()) else {
            if self.is_call(&field, at) {
                return Err(wrong(format!(
                    "functions such as {}(…) are not understood",
                    shorten(&field.text)
                )));
            }
            return T::alone(field).map(Filter::Is).map_err(wrong);
        };
        self.next += 1;
        // A hyphen at the beginning of a value is part of it.
        let hyphen = if self.take(&Lexeme::Minus) { "-" } else { "" };
        let Some(mut value) = self.take_value() else {
            return Err(self.problem("a value is missing behind the comparison"));
        };
        value.text.insert_str(0, hyphen);
        T::compare(&field.text, sign, value)
            .map(Filter::Is)
            .map_err(wrong)
    }

    /// Whether a parenthesis opens right behind a name that stands at `at`.
    fn is_call(&self, name: &Value, at: usize) -> bool {
        let end = at + name.text.chars().count();
        let is_open = |token: &Token| token.lexeme == Lexeme::Open && token.at == end;
        !name.is_quoted && self.peek().is_some_and(is_open)
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    fn at(&self) -> usize {
        self.peek().map_or(self.end, |token| token.at)
    }

    fn problem(&self, message: &str) -> Problem {
        Problem {
            message: message.to_owned(),
            at: self.at(),
        }
    }

    fn out_of_place(&self) -> Problem {
        match self.peek() {
            Some(token) => self.problem(&format!("{:?} is out of place", token.text)),
            None => self.problem("it ends too early"),
        }
    }

    fn take_value(&mut self) -> Option<Value> {
        match self.peek().map(|token| token.lexeme.clone()) {
            Some(Lexeme::Value(value)) => {
                self.next += 1;
                Some(value)
            }
            _ => None,
        }
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(
            self.peek().map(|token| &token.lexeme),
            Some(Lexeme::Value(value)) if !value.is_quoted && value.text == word
        )
    }

    fn take_word(&mut self, word: &str) -> bool {
        let is_there = self.is_word(word);
        self.next += usize::from(is_there);
        is_there
    }

    fn take(&mut self, lexeme: &Lexeme) -> bool {
        let is_there = self.peek().is_some_and(|token| token.lexeme == *lexeme);
        self.next += usize::from(is_there);
        is_there
    }
}

fn one_or<T>(mut parts: Vec<Filter<T>>, several: fn(Vec<Filter<T>>) -> Filter<T>) -> Filter<T> {
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

    use super::*;

    /// A comparison that shows how it was read.
    #[derive(Debug, PartialEq)]
    struct Shown(String);

    impl Term for Shown {
        fn compare(field: &str, sign: Sign, value: Value) -> Result<Self, String> {
            Ok(Self(format!("{field} {sign:?} {}", value.text)))
        }

        fn alone(value: Value) -> Result<Self, String> {
            Ok(Self(value.text))
        }
    }

    fn shown(filter: &Filter<Shown>) -> String {
        let all = |parts: &[Filter<Shown>]| parts.iter().map(shown).collect::<Vec<_>>();
        match filter {
            Filter::All(parts) => format!("({})", all(parts).join(" & ")),
            Filter::Any(parts) => format!("({})", all(parts).join(" | ")),
            Filter::Not(part) => format!("!{}", shown(part)),
            Filter::Is(Shown(text)) => text.clone(),
        }
    }

    fn read(text: &str) -> String {
        shown(&Filter::parse("filter", text).unwrap())
    }

    #[test]
    fn not_binds_before_or_and_or_before_and() {
        for (filter, expected) in [
            ("", "()"),
            ("a", "a"),
            ("a OR NOT b AND NOT c OR d", "((a | !b) & (!c | d))"),
            ("a b OR c", "(a & (b | c))"),
            ("(a AND b) OR c", "((a & b) | c)"),
            ("-(a b)", "!(a & b)"),
            ("a=1\nAND b!=-2", "(a Equal 1 & b NotEqual -2)"),
            (
                "a>=\"x \\\" y\" b<3 c:d",
                "(a GreaterOrEqual x \" y & b Less 3 & c Has d)",
            ),
            ("\"OR\" OR 'AND'", "(OR | AND)"),
        ] {
            assert_eq!(read(filter), expected, "{filter}");
        }
    }

    #[test]
    fn a_refusal_names_the_place() {
        for (filter, expected) in [
            ("a AND", "at character 6: it ends too early"),
            ("OR a", "at character 1: \"OR\" is out of place"),
            ("a = ", "at character 5: a value is missing"),
            ("é (a", "at character 5: a parenthesis is not closed"),
            ("a)", "at character 2: \")\" is out of place"),
            ("a \"b", "at character 3: a quote is not closed"),
            ("a ! b", "at character 3: \"! b\" is out of place"),
            ("a =~ b", "at character 3: regular expressions"),
            ("a -- b", "at character 3: comments"),
            ("log_id(\"a\")", "at character 1: functions such as log_id"),
            ("()", "at character 2: \")\" is out of place"),
            (&"(".repeat(100), "at character 18: it is nested too deep"),
        ] {
            match Filter::<Shown>::parse("filter", filter) {
                Err(Refusal::Field { message, .. }) => {
                    assert!(message.starts_with(expected), "{filter}: {message}");
                }
                other => panic!("{filter}: {other:?}"),
            }
        }
    }

    #[test]
    fn what_must_hold_is_known() {
        let filter = Filter::<Shown>::parse("filter", "a (b c) (d OR e) NOT f").unwrap();
        let required: Vec<_> = filter.required().into_iter().map(|term| &*term.0).collect();
        assert_eq!(required, ["a", "b", "c"]);
    }
}
