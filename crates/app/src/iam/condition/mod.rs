//! Conditions of bindings: CEL expressions over the resource and the time (Google IAM, "Attribute reference for IAM
//! Conditions"). Whoever may write a policy writes them, and every request may evaluate them: so they are checked and
//! bounded when a policy is written, and evaluated without loops.

mod check;
pub(super) mod claims;
mod functions;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use cel::common::types::{CelBool, CelString, CelTimestamp};
use cel::common::value::CowVal;
use cel::context::VariableResolver;
use cel::{Context, Value};
use chrono::DateTime;
use jiff::Timestamp;
use quick_cache::sync::Cache;
use wharf_types::limits;
use wharf_types::text::shorten;

use check::Vocabulary;

/// The parser recurses, deepest in long flat chains: 1,024 bytes need between 8 and 32 MiB in a debug build.
const STACK_SIZE_PER_BYTE: usize = 64 * 1024;
/// … and a little to begin with.
const STACK_SIZE_MIN: usize = 8 * 1024 * 1024;
/// Conditions that are kept ready; a few KiB each.
const COMPILED_MAX: usize = 4_096;

/// A condition that was checked and can be evaluated at every request.
#[derive(Debug)]
pub struct Compiled(cel::IdedExpr);

/// Why a text is no condition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConditionError(String);

/// What a condition sees.
#[derive(Clone, Copy, Debug)]
pub struct Attributes<'a> {
    /// `resource.name`
    pub name: &'a str,
    /// `resource.type`
    pub kind: &'a str,
    /// `resource.service`
    pub service: &'a str,
    /// `request.time`
    pub time: Timestamp,
}

impl Compiled {
    /// Parses and checks a condition. Takes a millisecond at most, on a thread of its own: call it where blocking is
    /// allowed.
    pub fn parse(text: &str) -> Result<Self, ConditionError> {
        parse(text, limits::CONDITION_SIZE_MAX, |expression| {
            check::condition(expression, Vocabulary::Binding)
        })
        .map(|(expression, ())| Self(expression))
    }

    /// Whether the condition holds. The error says why it could not be evaluated: then it grants nothing.
    pub fn evaluate(&self, attributes: &Attributes<'_>) -> Result<bool, String> {
        evaluate(&self.0, attributes, truth)
    }
}

/// Parses and checks an expression, on a thread with the stack that this needs.
fn parse<T: Send>(
    text: &str,
    size_max: usize,
    check: impl FnOnce(&mut cel::IdedExpr) -> Result<T, String> + Send,
) -> Result<(cel::IdedExpr, T), ConditionError> {
    if text.len() > size_max {
        return Err(ConditionError(format!(
            "the condition is longer than {size_max} bytes"
        )));
    }
    // What is refused is dropped there too: dropping recurses like parsing.
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .name("condition-parser".to_owned())
            .stack_size(STACK_SIZE_MIN + STACK_SIZE_PER_BYTE * text.len())
            .spawn_scoped(scope, || parse_here(text, check))
            .map_err(|error| ConditionError(format!("no thread to parse it on: {error}")))?
            .join()
            .unwrap_or_else(|_| Err(ConditionError("it cannot be parsed".to_owned())))
    })
}

fn parse_here<T>(
    text: &str,
    check: impl FnOnce(&mut cel::IdedExpr) -> Result<T, String>,
) -> Result<(cel::IdedExpr, T), ConditionError> {
    let parsed = functions::environment().parser().parse(text);
    let mut expression = parsed.map_err(|errors| {
        ConditionError(match errors.errors.first() {
            Some(error) => format!(
                "it is not CEL: {} (line {}, column {})",
                shorten(&error.msg),
                error.pos.0,
                error.pos.1
            ),
            None => "it is not CEL".to_owned(),
        })
    })?;
    let checked = check(&mut expression).map_err(ConditionError)?;
    Ok((expression, checked))
}

/// What an expression gives, handed to `shape` while it is there. The error says why it gives nothing.
fn evaluate<T>(
    expression: &cel::IdedExpr,
    variables: &dyn VariableResolver,
    shape: impl FnOnce(&CowVal<'_, '_>) -> Result<T, String>,
) -> Result<T, String> {
    // Arithmetic on times and numbers of a caller's choosing: a panic of the library is an error of the condition.
    catch_unwind(AssertUnwindSafe(|| {
        let mut context = Context::with_env(functions::environment());
        context.set_variable_resolver(variables);
        let value =
            Value::resolve_val(expression, &context).map_err(|e| shorten(&e.to_string()))?;
        shape(&value)
    }))
    .unwrap_or_else(|_| Err("its arithmetic overflows".to_owned()))
}

fn truth(value: &CowVal<'_, '_>) -> Result<bool, String> {
    match value.downcast_ref::<CelBool>() {
        Some(value) => Ok(*value.inner()),
        None => Err(format!(
            "it is neither true nor false, but a {}",
            value.get_type().name()
        )),
    }
}

impl VariableResolver for Attributes<'_> {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        let text = match variable {
            "resource.name" => self.name,
            "resource.type" => self.kind,
            "resource.service" => self.service,
            "request.time" => {
                let nanosecond = self.time.subsec_nanosecond().unsigned_abs();
                let time = DateTime::from_timestamp(self.time.as_second(), nanosecond)?;
                return Some(CowVal::owned(CelTimestamp::from(time.fixed_offset())));
            }
            _ => return None,
        };
        Some(CowVal::owned(CelString::from(text)))
    }
}

/// The conditions that were parsed, by their text: a policy that is read again costs no parsing.
pub(super) struct Conditions(Cache<Box<str>, Parsed>);

/// What came of parsing a condition.
pub(super) type Parsed = Result<Arc<Compiled>, ConditionError>;

impl Default for Conditions {
    fn default() -> Self {
        Self(Cache::new(COMPILED_MAX))
    }
}

impl Conditions {
    /// The condition of this text; see [`Compiled::parse`].
    pub(super) fn get(&self, text: &str) -> Parsed {
        if let Some(parsed) = self.0.get(text) {
            return parsed;
        }
        let parsed = Compiled::parse(text).map(Arc::new);
        if parsed.is_ok() {
            self.0.insert(text.into(), parsed.clone());
        }
        parsed
    }
}

#[cfg(test)]
mod tests;
