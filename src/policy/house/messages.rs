//! Cedar's messages about a mistake, reworded for people who write rules and have never read Cedar's manual.

/// The message, and what to do about the mistake.
pub(super) fn reworded(message: &str, help: Option<&str>) -> (String, Option<String>) {
    let message = without_policy_name(message);
    let help = help.map(without_policy_name);
    (message.to_owned(), help_for(message).or_else(|| help.map(|help| with_variable_name(message, help))))
}

/// What to write instead, for the most frequent mistakes.
fn help_for(message: &str) -> Option<String> {
    let is_mixed = |one: &str, other: &str| {
        let of = |a: &str, b: &str| message.contains(&format!("types {a} and {b} are not compatible"));
        of(one, other) || of(other, one)
    };
    let help = if is_mixed("Organisation", "String") {
        "write an organisation as `Organisation::\"fr.example\"`"
    } else if is_mixed("Set<String>", "String") {
        "ask whether it holds a word by `.contains(\"...\")`"
    } else if message == "unexpected end of input" {
        "a bracket or quotation mark is open, or the `;` is missing that ends a rule"
    } else {
        return None;
    };
    Some(help.to_owned())
}

/// Cedar's help calls the entity that has an attribute `e`. This puts the variable's name there.
fn with_variable_name(message: &str, help: &str) -> String {
    let variable = if message.contains("entity type `Organisation`") { "principal" } else { "resource" };
    help.replace("`e has ", &format!("`{variable} has "))
}

/// Cedar's messages begin with "for policy `policy0`, ", a name that the writer of the rule never gave. This removes it.
fn without_policy_name(text: &str) -> &str {
    let rest = text.strip_prefix("for policy `policy").and_then(|rest| rest.split_once("`, "));
    rest.map_or(text, |(_, what)| what)
}
