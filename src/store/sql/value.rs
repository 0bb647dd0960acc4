//! Values of parameters and columns, and how ids, names and times are read from a row.
//!
//! Columns have five types: a number is a signed integer of 64 bits, a flag is a boolean (SQLite: 0 or 1), a time is nanoseconds
//! since 1970, ids and ciphertexts are bytes, and names are text.

use std::str::FromStr;

use crate::{
    domain::time::Time,
    store::{Result, StoreError, damage::Damage},
};

/// No bytes, as a parameter. The spelling of a literal differs between databases.
pub(super) const NO_BYTES: [u8; 0] = [];

/// A value of a parameter or a column, borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SqlValue<'a> {
    Null,
    Number(i64),
    Flag(bool),
    Text(&'a str),
    Bytes(&'a [u8]),
}

/// A value that belongs to a statement that runs later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OwnedValue {
    Null,
    Number(i64),
    Flag(bool),
    Text(String),
    Bytes(Vec<u8>),
}

impl From<SqlValue<'_>> for OwnedValue {
    fn from(value: SqlValue<'_>) -> Self {
        match value {
            SqlValue::Null => Self::Null,
            SqlValue::Number(number) => Self::Number(number),
            SqlValue::Flag(flag) => Self::Flag(flag),
            SqlValue::Text(text) => Self::Text(text.to_owned()),
            SqlValue::Bytes(bytes) => Self::Bytes(bytes.to_vec()),
        }
    }
}

/// What can be a parameter of a statement.
pub trait ToValue {
    fn value(&self) -> SqlValue<'_>;
    /// Makes a value of it that a statement can keep. Bytes that are owned already are not copied.
    fn into_value(self) -> OwnedValue
    where
        Self: Sized,
    {
        self.value().into()
    }
}

impl ToValue for OwnedValue {
    fn value(&self) -> SqlValue<'_> {
        match self {
            Self::Null => SqlValue::Null,
            Self::Number(number) => SqlValue::Number(*number),
            Self::Flag(flag) => SqlValue::Flag(*flag),
            Self::Text(text) => SqlValue::Text(text),
            Self::Bytes(bytes) => SqlValue::Bytes(bytes),
        }
    }
    fn into_value(self) -> OwnedValue {
        self
    }
}

impl ToValue for i64 {
    fn value(&self) -> SqlValue<'_> {
        SqlValue::Number(*self)
    }
}

impl ToValue for u32 {
    fn value(&self) -> SqlValue<'_> {
        SqlValue::Number((*self).into())
    }
}

impl ToValue for i32 {
    fn value(&self) -> SqlValue<'_> {
        SqlValue::Number((*self).into())
    }
}

impl ToValue for u8 {
    fn value(&self) -> SqlValue<'_> {
        SqlValue::Number((*self).into())
    }
}

impl ToValue for bool {
    fn value(&self) -> SqlValue<'_> {
        SqlValue::Flag(*self)
    }
}

impl ToValue for Time {
    fn value(&self) -> SqlValue<'_> {
        SqlValue::Number(self.unix_nanos())
    }
}

impl ToValue for str {
    fn value(&self) -> SqlValue<'_> {
        SqlValue::Text(self)
    }
}

impl ToValue for String {
    fn value(&self) -> SqlValue<'_> {
        SqlValue::Text(self)
    }
    fn into_value(self) -> OwnedValue {
        OwnedValue::Text(self)
    }
}

impl ToValue for [u8] {
    fn value(&self) -> SqlValue<'_> {
        SqlValue::Bytes(self)
    }
}

impl<const N: usize> ToValue for [u8; N] {
    fn value(&self) -> SqlValue<'_> {
        SqlValue::Bytes(self)
    }
}

impl ToValue for Vec<u8> {
    fn value(&self) -> SqlValue<'_> {
        SqlValue::Bytes(self)
    }
    fn into_value(self) -> OwnedValue {
        OwnedValue::Bytes(self)
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn value(&self) -> SqlValue<'_> {
        self.as_ref().map_or(SqlValue::Null, T::value)
    }
    fn into_value(self) -> OwnedValue {
        self.map_or(OwnedValue::Null, T::into_value)
    }
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn value(&self) -> SqlValue<'_> {
        (**self).value()
    }
}

/// What can be read from a column. `None` if the column has a value of another type, or out of range.
pub trait FromColumn: Sized {
    fn from_column(value: SqlValue<'_>) -> Option<Self>;
}

impl FromColumn for i64 {
    fn from_column(value: SqlValue<'_>) -> Option<Self> {
        if let SqlValue::Number(number) = value { Some(number) } else { None }
    }
}

impl FromColumn for u32 {
    fn from_column(value: SqlValue<'_>) -> Option<Self> {
        i64::from_column(value)?.try_into().ok()
    }
}

impl FromColumn for bool {
    fn from_column(value: SqlValue<'_>) -> Option<Self> {
        match value {
            SqlValue::Flag(flag) => Some(flag),
            SqlValue::Number(number) => Some(number != 0),
            _ => None,
        }
    }
}

impl FromColumn for String {
    fn from_column(value: SqlValue<'_>) -> Option<Self> {
        if let SqlValue::Text(text) = value { Some(text.to_owned()) } else { None }
    }
}

impl FromColumn for Vec<u8> {
    fn from_column(value: SqlValue<'_>) -> Option<Self> {
        if let SqlValue::Bytes(bytes) = value { Some(bytes.to_vec()) } else { None }
    }
}

impl<const N: usize> FromColumn for [u8; N] {
    fn from_column(value: SqlValue<'_>) -> Option<Self> {
        if let SqlValue::Bytes(bytes) = value { bytes.try_into().ok() } else { None }
    }
}

impl<T: FromColumn> FromColumn for Option<T> {
    fn from_column(value: SqlValue<'_>) -> Option<Self> {
        if value == SqlValue::Null { Some(None) } else { T::from_column(value).map(Some) }
    }
}

/// The columns of a row, as a driver has them.
pub trait Columns {
    /// # Errors
    /// [`StoreError::Damaged`] if there is no such column, or if it has a value that no [`SqlValue`] holds.
    fn column(&self, index: usize) -> Result<SqlValue<'_>>;
}

/// A row of a query's result.
pub struct SqlRow<'a>(pub &'a dyn Columns);

fn torn() -> StoreError {
    StoreError::Damaged(Damage::Row)
}

impl SqlRow<'_> {
    fn value(&self, column: usize) -> Result<SqlValue<'_>> {
        self.0.column(column)
    }

    /// Reads a column.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if it has a value of another type, or out of range.
    pub fn get<T: FromColumn>(&self, column: usize) -> Result<T> {
        T::from_column(self.value(column)?).ok_or_else(torn)
    }

    fn bytes(&self, column: usize) -> Result<&[u8]> {
        if let SqlValue::Bytes(bytes) = self.value(column)? { Ok(bytes) } else { Err(torn()) }
    }

    fn is_null(&self, column: usize) -> Result<bool> {
        Ok(self.value(column)? == SqlValue::Null)
    }
}

/// Reads an id.
pub(super) fn id<T: for<'a> TryFrom<&'a [u8], Error = String>>(row: &SqlRow<'_>, column: usize) -> Result<T> {
    T::try_from(row.bytes(column)?).map_err(|_| torn())
}

/// Reads an id that may be null.
pub(super) fn id_optional<T: for<'a> TryFrom<&'a [u8], Error = String>>(
    row: &SqlRow<'_>,
    column: usize,
) -> Result<Option<T>> {
    if row.is_null(column)? { Ok(None) } else { id(row, column).map(Some) }
}

/// Reads concatenated ids.
pub(super) fn ids<T: for<'a> TryFrom<&'a [u8], Error = String>>(row: &SqlRow<'_>, column: usize) -> Result<Vec<T>> {
    row.bytes(column)?.chunks(32).map(|id| T::try_from(id).map_err(|_| torn())).collect()
}

/// Reads a name, or a word of a closed set.
pub(super) fn text<T: FromStr>(row: &SqlRow<'_>, column: usize) -> Result<T> {
    let SqlValue::Text(text) = row.value(column)? else { return Err(torn()) };
    text.parse().map_err(|_| torn())
}

/// Reads a name, or a word of a closed set, that may be null.
pub(super) fn text_optional<T: FromStr>(row: &SqlRow<'_>, column: usize) -> Result<Option<T>> {
    if row.is_null(column)? { Ok(None) } else { text(row, column).map(Some) }
}

/// Reads names that are separated by spaces.
pub(super) fn texts<T: FromStr>(row: &SqlRow<'_>, column: usize) -> Result<Vec<T>> {
    let text: String = row.get(column)?;
    text.split_ascii_whitespace().map(|name| name.parse().map_err(|_| torn())).collect()
}

/// Reads a time.
pub(super) fn time(row: &SqlRow<'_>, column: usize) -> Result<Time> {
    row.get(column).map(Time::from_unix_nanos)
}

/// Reads a time that may be null.
pub(super) fn time_optional(row: &SqlRow<'_>, column: usize) -> Result<Option<Time>> {
    Ok(row.get::<Option<i64>>(column)?.map(Time::from_unix_nanos))
}

/// Reads a count.
pub(super) fn count(row: &SqlRow<'_>, column: usize) -> Result<u64> {
    u64::try_from(row.get::<i64>(column)?).map_err(|_| torn())
}

/// Makes a column's value of a count.
///
/// # Errors
/// [`StoreError::TooLarge`]: a truncated number would name another row, or bind a ciphertext to it.
pub(super) fn number(count: u64) -> Result<i64> {
    i64::try_from(count).map_err(|_| StoreError::TooLarge)
}
