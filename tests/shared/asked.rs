//! Numbers that are set by environment variables.

use std::{env, str::FromStr};

/// The value of a variable, if it is set. A value that is not a number is refused, because a run that is smaller than intended must not pass.
pub fn asked<T: FromStr>(variable: &str) -> Result<Option<T>, String> {
    let Some(value) = env::var_os(variable) else { return Ok(None) };
    let number = value.to_str().and_then(|text| text.parse().ok());
    number.map(Some).ok_or_else(|| format!("{variable} is {value:?}, which is not such a number as is wanted"))
}

/// The same, with a default for a test.
pub fn number<T: FromStr>(variable: &str, usual: T) -> T {
    asked(variable).unwrap_or_else(|wrong| panic!("{wrong}")).unwrap_or(usual)
}
