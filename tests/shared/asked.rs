//! Numbers that the environment asks for.

use std::{env, str::FromStr};

/// What a variable says, where it is set. What is no number is refused: a run that is smaller than it was meant to be must not pass.
pub fn asked<T: FromStr>(variable: &str) -> Result<Option<T>, String> {
    let Some(value) = env::var_os(variable) else { return Ok(None) };
    let number = value.to_str().and_then(|text| text.parse().ok());
    number.map(Some).ok_or_else(|| format!("{variable} is {value:?}, which is not such a number as is wanted"))
}

/// The same with what is usual, for a test.
pub fn number<T: FromStr>(variable: &str, usual: T) -> T {
    asked(variable).unwrap_or_else(|wrong| panic!("{wrong}")).unwrap_or(usual)
}
