//! A transaction as the table modules see it: statements with `$1` placeholders, values, rows.

use std::cell::RefCell;
use std::ops::ControlFlow;

use rusqlite::types::{ToSqlOutput, ValueRef};

use super::Change;
use crate::Error;

/// A value bound to a placeholder. Three column types are all that the shared dialect has.
#[derive(Clone, Copy, Debug)]
pub enum Value<'v> {
    /// NULL
    Null,
    /// BIGINT
    Integer(i64),
    /// TEXT
    Text(&'v str),
    /// BYTEA
    Bytes(&'v [u8]),
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Integer(number) => ValueRef::Integer(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}
impl From<bool> for Value<'_> {
    fn from(yes: bool) -> Self {
        Self::Integer(i64::from(yes))
    }
}
impl From<jiff::Timestamp> for Value<'_> {
    /// Microseconds since 1970.
    fn from(time: jiff::Timestamp) -> Self {
        Self::Integer(time.as_microsecond())
    }
}
impl<'v> From<&'v str> for Value<'v> {
    fn from(text: &'v str) -> Self {
        Self::Text(text)
    }
}
impl<'v> From<&'v String> for Value<'v> {
    fn from(text: &'v String) -> Self {
        Self::Text(text)
    }
}
impl<'v> From<&'v [u8]> for Value<'v> {
    fn from(bytes: &'v [u8]) -> Self {
        Self::Bytes(bytes)
    }
}
impl<'v> From<&'v Vec<u8>> for Value<'v> {
    fn from(bytes: &'v Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}
impl<'v, T: Into<Value<'v>>> From<Option<T>> for Value<'v> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// One row of a result. Columns are counted from 0.
pub struct Row<'r>(&'r rusqlite::Row<'r>);

impl Row<'_> {
    /// A BIGINT.
    pub fn integer(&self, column: usize) -> Result<i64, Error> {
        Ok(self.0.get(column)?)
    }
    /// A BIGINT that counts bytes or things, so it is never negative.
    pub fn count(&self, column: usize) -> Result<u64, Error> {
        u64::try_from(self.integer(column)?)
            .map_err(|_| Error::Corrupt(format!("column {column} is negative")))
    }
    /// A BIGINT that is 0 or 1.
    pub fn boolean(&self, column: usize) -> Result<bool, Error> {
        Ok(self.integer(column)? != 0)
    }
    /// A BIGINT of microseconds since 1970.
    pub fn time(&self, column: usize) -> Result<jiff::Timestamp, Error> {
        timestamp(self.integer(column)?)
    }
    /// A BIGINT of microseconds since 1970 that may be NULL.
    pub fn optional_time(&self, column: usize) -> Result<Option<jiff::Timestamp>, Error> {
        self.optional_integer(column)?.map(timestamp).transpose()
    }
    /// A TEXT.
    pub fn text(&self, column: usize) -> Result<String, Error> {
        Ok(self.0.get(column)?)
    }
    /// A TEXT that may be NULL.
    pub fn optional_text(&self, column: usize) -> Result<Option<String>, Error> {
        Ok(self.0.get(column)?)
    }
    /// A BIGINT that may be NULL.
    pub fn optional_integer(&self, column: usize) -> Result<Option<i64>, Error> {
        Ok(self.0.get(column)?)
    }
    /// A BYTEA.
    pub fn bytes(&self, column: usize) -> Result<Vec<u8>, Error> {
        Ok(self.0.get(column)?)
    }
    /// A BYTEA that may be NULL.
    pub fn optional_bytes(&self, column: usize) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.0.get(column)?)
    }
    /// A TEXT that one of our own types wrote.
    pub fn parsed<T: std::str::FromStr>(&self, column: usize) -> Result<T, Error>
    where
        T::Err: std::fmt::Display,
    {
        self.text(column)?
            .parse()
            .map_err(|error: T::Err| Error::Corrupt(format!("column {column}: {error}")))
    }
}

fn timestamp(micros: i64) -> Result<jiff::Timestamp, Error> {
    jiff::Timestamp::from_microsecond(micros).map_err(|error| Error::Corrupt(error.to_string()))
}

/// The placeholders. SQLite takes `$2` for a name and numbers names as they appear, so values are bound by name.
const PLACEHOLDERS: [&str; 16] = [
    "$1", "$2", "$3", "$4", "$5", "$6", "$7", "$8", "$9", "$10", "$11", "$12", "$13", "$14", "$15",
    "$16",
];

fn bind(statement: &mut rusqlite::Statement<'_>, values: &[Value<'_>]) -> Result<(), Error> {
    let corrupt = || Error::Corrupt("a statement and its values do not match".to_owned());
    if statement.parameter_count() != values.len() {
        return Err(corrupt());
    }
    for ((number, value), name) in (1..).zip(values).zip(PLACEHOLDERS) {
        let index = if statement.parameter_name(number) == Some(name) {
            number
        } else {
            statement.parameter_index(name)?.ok_or_else(corrupt)?
        };
        statement.raw_bind_parameter(index, value)?;
    }
    Ok(())
}

/// An open transaction: a snapshot when reading, the whole write lane when writing.
pub struct Transaction<'c> {
    connection: &'c rusqlite::Connection,
    changes: RefCell<Vec<Change>>,
}

impl<'c> Transaction<'c> {
    pub(super) fn new(connection: &'c rusqlite::Connection) -> Self {
        Self {
            connection,
            changes: RefCell::default(),
        }
    }

    pub(super) fn into_changes(self) -> Vec<Change> {
        self.changes.into_inner()
    }

    /// Notes what this transaction changes; see [`super::Meta::open`].
    pub fn changed(&self, change: Change) {
        self.changes.borrow_mut().push(change);
    }

    /// Runs a statement and tells how many rows it touched.
    pub(crate) fn execute(&self, sql: &'static str, values: &[Value<'_>]) -> Result<usize, Error> {
        let mut statement = self.connection.prepare_cached(sql)?;
        bind(&mut statement, values)?;
        Ok(statement.raw_execute()?)
    }

    /// Runs an `INSERT … RETURNING` of one integer and answers it.
    pub(crate) fn insert(&self, sql: &'static str, values: &[Value<'_>]) -> Result<i64, Error> {
        self.find(sql, values, |row| row.integer(0))?
            .ok_or_else(|| Error::Corrupt("an insert returned nothing".to_owned()))
    }

    /// The first row, if there is one.
    pub(crate) fn find<T>(
        &self,
        sql: &'static str,
        values: &[Value<'_>],
        read: impl FnOnce(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let mut statement = self.connection.prepare_cached(sql)?;
        bind(&mut statement, values)?;
        let mut rows = statement.raw_query();
        match rows.next()? {
            Some(row) => read(&Row(row)).map(Some),
            None => Ok(None),
        }
    }

    /// Every row, in the statement's order.
    pub(crate) fn list<T>(
        &self,
        sql: &'static str,
        values: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let mut statement = self.connection.prepare_cached(sql)?;
        bind(&mut statement, values)?;
        let mut rows = statement.raw_query();
        let mut list = Vec::new();
        while let Some(row) = rows.next()? {
            list.push(read(&Row(row))?);
        }
        Ok(list)
    }

    /// Hands over row after row, in the statement's order, until `read` has enough.
    pub(crate) fn scan(
        &self,
        sql: &'static str,
        values: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<ControlFlow<()>, Error>,
    ) -> Result<(), Error> {
        let mut statement = self.connection.prepare_cached(sql)?;
        bind(&mut statement, values)?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            if read(&Row(row))?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Whether a query has a row.
    pub(crate) fn exists(&self, sql: &'static str, values: &[Value<'_>]) -> Result<bool, Error> {
        Ok(self.find(sql, values, |_| Ok(()))?.is_some())
    }
}
