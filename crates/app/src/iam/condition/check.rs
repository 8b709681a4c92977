//! What an expression may be: known names, right types, few nodes. Everything is found when a policy or a provider is
//! written, so that a mistake is an error there and not a silent refusal later. Only what a foreign token holds is not
//! known by then: that is of [`Type::Any`].

use std::fmt;

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, SelectExpr, operators};
use cel::common::types::CelBool;
use cel::{Context, Value};
use wharf_types::limits;
use wharf_types::text::shorten;

use super::functions::{self, MATCHES_CHECKED};

/// The type of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    /// Known when it is evaluated: a claim.
    Any,
    Bool,
    Int,
    Double,
    String,
    Timestamp,
    Duration,
    /// A list of strings, the only lists that conditions have a use for.
    Strings,
    /// A list of whole numbers.
    Ints,
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Any => "claim",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Double => "double",
            Self::String => "string",
            Self::Timestamp => "timestamp",
            Self::Duration => "duration",
            Self::Strings => "list of strings",
            Self::Ints => "list of ints",
        })
    }
}

/// The types that [`Type::Any`] may turn out to be, where a function wants one of these.
const KNOWN: [Type; 8] = [
    Type::Bool,
    Type::Int,
    Type::Double,
    Type::String,
    Type::Timestamp,
    Type::Duration,
    Type::Strings,
    Type::Ints,
];

/// The names that an expression may use.
#[derive(Clone, Copy)]
pub(super) enum Vocabulary<'a> {
    /// A binding's condition: `resource`, `request`.
    Binding,
    /// An attribute's expression: `assertion`.
    Mapping,
    /// A provider's condition: `assertion`, `google`, and `attribute` with the attributes that are mapped.
    Provider(&'a dyn Fn(&str) -> bool),
}

/// Checks a whole expression, and makes it ready: `has()` becomes its answer, or the look into the claims that finds it;
/// `matches()` its checked form. Answers the type of what it will give.
pub(super) fn expression(
    expression: &mut IdedExpr,
    vocabulary: Vocabulary<'_>,
) -> Result<Type, String> {
    let mut check = Check {
        vocabulary,
        nodes: 0,
        operators: 0,
    };
    check.expression(expression, 1)
}

/// Checks a whole condition.
pub(super) fn condition(whole: &mut IdedExpr, vocabulary: Vocabulary<'_>) -> Result<(), String> {
    match expression(whole, vocabulary)? {
        Type::Bool | Type::Any => Ok(()),
        other => Err(format!(
            "a condition is true or false, but this is a {other}"
        )),
    }
}

struct Check<'a> {
    vocabulary: Vocabulary<'a>,
    nodes: usize,
    operators: usize,
}

impl Check<'_> {
    fn expression(&mut self, expression: &mut IdedExpr, depth: usize) -> Result<Type, String> {
        self.nodes += 1;
        if self.nodes > limits::CONDITION_NODES_MAX {
            return Err(format!(
                "it has more than {} parts",
                limits::CONDITION_NODES_MAX
            ));
        }
        if depth > limits::CONDITION_DEPTH_MAX {
            return Err(format!(
                "it is nested deeper than {} levels",
                limits::CONDITION_DEPTH_MAX
            ));
        }
        if let Expr::Call(call) = &mut expression.expr
            && call.func_name == operators::HAS
            && call.target.is_none()
        {
            expression.expr = match self.vocabulary {
                Vocabulary::Binding => {
                    Expr::Literal(LiteralValue::Boolean(CelBool::from(has(call)?)))
                }
                _ => self.presence(call, depth)?,
            };
            return Ok(Type::Bool);
        }
        match &mut expression.expr {
            Expr::Literal(literal) => literal_type(literal),
            Expr::Select(select) => self.select(select, depth),
            Expr::Ident(name) => match self.vocabulary {
                Vocabulary::Mapping | Vocabulary::Provider(_) if name == "assertion" => {
                    Ok(Type::Any)
                }
                _ => Err(self.unknown(name)),
            },
            Expr::List(list) => {
                let mut of = None;
                for element in &mut list.elements {
                    let this = self.expression(element, depth + 1)?;
                    if of.is_some_and(|of| of != this && of != Type::Any && this != Type::Any) {
                        return Err("a list has elements of one type".to_owned());
                    }
                    of = Some(this);
                }
                match of {
                    None | Some(Type::String | Type::Any) => Ok(Type::Strings),
                    Some(Type::Int) => Ok(Type::Ints),
                    Some(other) => Err(format!("a list of {other}s has no use here")),
                }
            }
            Expr::Call(call) => self.call(call, depth),
            Expr::Map(_) | Expr::Struct(_) | Expr::Comprehension(_) | Expr::Unspecified => {
                Err("conditions know no maps, messages and loops".to_owned())
            }
        }
    }

    fn select(&mut self, select: &mut SelectExpr, depth: usize) -> Result<Type, String> {
        let nothing = || {
            format!(
                "{:?} is a field of nothing that has fields",
                shorten(&select.field)
            )
        };
        if select.test {
            return Err(nothing());
        }
        if let Expr::Ident(root) = &select.operand.expr
            && root != "assertion"
        {
            return self
                .attribute(root, &select.field)
                .ok_or_else(|| self.unknown(&format!("{root}.{}", select.field)));
        }
        if matches!(self.vocabulary, Vocabulary::Binding) {
            return match &select.operand.expr {
                Expr::Ident(root) => Err(self.unknown(&format!("{root}.{}", select.field))),
                _ => Err(nothing()),
            };
        }
        match self.expression(&mut select.operand, depth + 1)? {
            Type::Any => Ok(Type::Any),
            _ => Err(nothing()),
        }
    }

    fn attribute(&self, root: &str, field: &str) -> Option<Type> {
        match (self.vocabulary, root, field) {
            (Vocabulary::Binding, ..) => attribute(root, field),
            (Vocabulary::Provider(_), "google", "subject") => Some(Type::String),
            (Vocabulary::Provider(_), "google", "groups") => Some(Type::Strings),
            (Vocabulary::Provider(is_mapped), "attribute", name) if is_mapped(name) => {
                Some(Type::String)
            }
            _ => None,
        }
    }

    fn unknown(&self, name: &str) -> String {
        let known = match self.vocabulary {
            Vocabulary::Binding => {
                "conditions see resource.name, resource.type, resource.service and request.time"
            }
            Vocabulary::Mapping => {
                "the mapping sees the token's claims as assertion.CLAIM or assertion[\"CLAIM\"]"
            }
            Vocabulary::Provider(_) => {
                "the condition sees assertion.CLAIM, google.subject, google.groups and each attribute.NAME that is mapped"
            }
        };
        format!("{:?} is not known here: {known}", shorten(name))
    }

    /// `has(assertion.x)`: looked up when it is evaluated.
    fn presence(&mut self, call: &mut CallExpr, depth: usize) -> Result<Expr, String> {
        let [argument] = call.args.as_mut_slice() else {
            return Err("has() takes a claim, as in has(assertion.groups)".to_owned());
        };
        self.expression(argument, depth + 1)?;
        match std::mem::take(&mut argument.expr) {
            Expr::Select(mut select) => {
                select.test = true;
                Ok(Expr::Select(select))
            }
            _ => Err("has() takes a claim, as in has(assertion.groups)".to_owned()),
        }
    }

    fn call(&mut self, call: &mut CallExpr, depth: usize) -> Result<Type, String> {
        if matches!(
            call.func_name.as_str(),
            operators::LOGICAL_AND | operators::LOGICAL_OR | operators::LOGICAL_NOT
        ) {
            self.operators += 1;
            if self.operators > limits::CONDITION_OPERATORS_MAX {
                return Err(format!(
                    "it has more than {} of the operators &&, || and !",
                    limits::CONDITION_OPERATORS_MAX
                ));
            }
        }
        // `f(x, y)` and `x.f(y)` are told apart by how many operands come before the parentheses.
        let mut operands = Vec::new();
        let is_method = call.target.is_some();
        for operand in call.target.as_deref_mut().into_iter().chain(&mut call.args) {
            operands.push(self.expression(operand, depth + 1)?);
        }
        let name = call.func_name.as_str();
        let result = result(name, is_method, &mut operands.clone())
            .ok_or_else(|| no_overload(name, is_method, &operands))?;
        check_literals(call)?;
        Ok(result)
    }
}

fn literal_type(literal: &LiteralValue) -> Result<Type, String> {
    match literal {
        LiteralValue::Boolean(_) => Ok(Type::Bool),
        LiteralValue::Int(_) => Ok(Type::Int),
        LiteralValue::Double(_) => Ok(Type::Double),
        LiteralValue::String(_) => Ok(Type::String),
        LiteralValue::Bytes(_) | LiteralValue::Null | LiteralValue::UInt(_) => Err(
            "conditions know no bytes, unsigned numbers and null: use strings and plain numbers"
                .to_owned(),
        ),
    }
}

fn attribute(root: &str, field: &str) -> Option<Type> {
    match (root, field) {
        ("resource", "name" | "type" | "service") => Some(Type::String),
        ("request", "time") => Some(Type::Timestamp),
        _ => None,
    }
}

/// `has(resource.x)`: known when the condition is written.
fn has(call: &CallExpr) -> Result<bool, String> {
    if let [argument] = call.args.as_slice()
        && let Expr::Select(select) = &argument.expr
        && let Expr::Ident(root) = &select.operand.expr
        && matches!(root.as_str(), "resource" | "request")
    {
        return Ok(attribute(root, &select.field).is_some());
    }
    Err("has() takes an attribute, as in has(resource.name)".to_owned())
}

/// What a call gives, if there is such a one. Where an operand is not known yet, what it gives for any that it may be.
fn result(name: &str, is_method: bool, operands: &mut [Type]) -> Option<Type> {
    let Some(place) = operands.iter().position(|one| *one == Type::Any) else {
        return match is_method {
            true => method(name, operands),
            false => operator(name, operands).or_else(|| function(name, operands)),
        };
    };
    // A claim can be a map or list of anything.
    if let (operators::INDEX, [Type::Any, Type::String | Type::Int | Type::Any]) =
        (name, &*operands)
    {
        return Some(Type::Any);
    }
    let mut found = None;
    for known in KNOWN {
        operands[place] = known;
        let this = result(name, is_method, operands);
        operands[place] = Type::Any;
        found = match (found, this) {
            (found, None) => found,
            (None, this) => this,
            (Some(found), Some(this)) if found == this => Some(this),
            _ => Some(Type::Any),
        };
    }
    found
}

fn operator(name: &str, operands: &[Type]) -> Option<Type> {
    use Type::{Bool, Double, Duration, Int, Ints, String, Strings, Timestamp};
    Some(match (name, operands) {
        (operators::LOGICAL_AND | operators::LOGICAL_OR, [Bool, Bool])
        | (operators::LOGICAL_NOT, [Bool]) => Bool,
        (operators::EQUALS | operators::NOT_EQUALS, [a, b]) if a == b => Bool,
        (
            operators::LESS
            | operators::LESS_EQUALS
            | operators::GREATER
            | operators::GREATER_EQUALS,
            [a, b],
        ) if a == b && !matches!(a, Strings | Ints) => Bool,
        (operators::IN, [String, Strings] | [Int, Ints]) => Bool,
        (operators::CONDITIONAL, [Bool, a, b]) if a == b => *a,
        (operators::INDEX, [Strings, Int]) => String,
        (operators::INDEX, [Ints, Int]) => Int,
        (operators::NEGATE, [a @ (Int | Double)]) => *a,
        (operators::ADD, [a @ (Int | Double | String | Duration | Strings | Ints), b])
            if a == b =>
        {
            *a
        }
        (operators::ADD, [Timestamp, Duration] | [Duration, Timestamp]) => Timestamp,
        (operators::SUBSTRACT, [a @ (Int | Double | Duration), b]) if a == b => *a,
        (operators::SUBSTRACT, [Timestamp, Timestamp]) => Duration,
        (operators::SUBSTRACT, [Timestamp, Duration]) => Timestamp,
        (operators::MULTIPLY | operators::DIVIDE, [a @ (Int | Double), b]) if a == b => *a,
        (operators::MODULO, [Int, Int]) => Int,
        _ => return None,
    })
}

fn function(name: &str, operands: &[Type]) -> Option<Type> {
    use Type::{Bool, Double, Duration, Int, Ints, String, Strings, Timestamp};
    Some(match (name, operands) {
        ("size", [String | Strings | Ints]) => Int,
        ("matches", [String, String]) => Bool,
        ("timestamp", [String | Int | Timestamp]) => Timestamp,
        ("duration", [String | Duration]) => Duration,
        ("int", [Int | Double | String | Timestamp]) => Int,
        ("string", [Bool | Int | Double | String | Timestamp | Duration]) => String,
        _ => return None,
    })
}

/// The first operand is the one before the dot.
fn method(name: &str, operands: &[Type]) -> Option<Type> {
    use Type::{Bool, Duration, Int, Ints, String, Strings, Timestamp};
    Some(match (name, operands) {
        ("startsWith" | "endsWith" | "contains" | "matches", [String, String]) => Bool,
        ("extract", [String, String]) => String,
        ("size", [String | Strings | Ints]) => Int,
        (
            "getFullYear" | "getMonth" | "getDate" | "getDayOfMonth" | "getDayOfWeek"
            | "getDayOfYear" | "getHours" | "getMinutes" | "getSeconds" | "getMilliseconds",
            [Timestamp] | [Timestamp, String],
        ) => Int,
        ("getHours" | "getMinutes" | "getSeconds" | "getMilliseconds", [Duration]) => Int,
        _ => return None,
    })
}

fn no_overload(name: &str, is_method: bool, operands: &[Type]) -> String {
    let symbol = name.trim_matches(['_', '@']);
    let types: Vec<_> = operands.iter().map(ToString::to_string).collect();
    let types = types.join(", ");
    let hint = match operands {
        [Type::Timestamp, Type::String] | [Type::String, Type::Timestamp] if !is_method => {
            ": write the time as timestamp(\"2026-12-31T00:00:00Z\")"
        }
        _ if is_method || name.starts_with(|c: char| c.is_ascii_alphabetic()) => {
            "; there are startsWith, endsWith, contains, matches, extract, size, timestamp, duration, int, string, getFullYear, getMonth, getDate, getDayOfMonth, getDayOfWeek, getDayOfYear, getHours, getMinutes, getSeconds, getMilliseconds and has, not every one for every type"
        }
        _ => "",
    };
    format!("there is no {:?} for ({types}){hint}", shorten(symbol))
}

/// Checks the arguments that stand in the text, and gives `matches` its checked form.
fn check_literals(call: &mut CallExpr) -> Result<(), String> {
    match call.func_name.as_str() {
        "matches" => {
            let pattern = literal_text(call.args.last())
                .ok_or("matches() takes its pattern as a text, not computed from something else")?;
            if pattern.len() > limits::CONDITION_REGEX_SIZE_MAX {
                return Err(format!(
                    "the pattern of matches() is longer than {} bytes",
                    limits::CONDITION_REGEX_SIZE_MAX
                ));
            }
            functions::pattern(pattern).map_err(|error| {
                format!(
                    "the pattern of matches() is not one of RE2's: {}",
                    shorten(&error.to_string())
                )
            })?;
            if call.target.is_none() {
                call.target = Some(Box::new(call.args.remove(0)));
            }
            MATCHES_CHECKED.clone_into(&mut call.func_name);
            Ok(())
        }
        "extract" => {
            let template = literal_text(call.args.last()).ok_or("extract() takes a text")?;
            match functions::split_template(template) {
                Some(_) => Ok(()),
                None => Err(
                    "extract() takes a text with one {name} in it, such as \"buckets/{bucket}/\""
                        .to_owned(),
                ),
            }
        }
        name @ ("timestamp" | "duration") if literal_text(call.args.first()).is_some() => {
            let name = name.to_owned();
            let whole = IdedExpr {
                id: 0,
                expr: Expr::Call(call.clone()),
            };
            let context = Context::with_env(functions::environment());
            match Value::resolve_val(&whole, &context) {
                Ok(_) => Ok(()),
                Err(error) => Err(format!(
                    "{name}(): {}; {}",
                    shorten(&error.to_string()),
                    match name.as_str() {
                        "timestamp" => "write timestamp(\"2026-12-31T00:00:00Z\")",
                        _ => "write duration(\"3600s\")",
                    }
                )),
            }
        }
        _ => Ok(()),
    }
}

fn literal_text(expression: Option<&IdedExpr>) -> Option<&str> {
    match &expression?.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner()),
        _ => None,
    }
}
