//! Cedar's words about a mistake, for somebody who writes rules and has never read its manual.

/// What Cedar says of a mistake, and what to do about it.
pub(super) fn told(message: &str, help: Option<&str>) -> (String, Option<String>) {
    let message = without_the_engine_s_name(message);
    let help = help.map(without_the_engine_s_name);
    (message.to_owned(), known(message).or_else(|| help.map(|help| with_the_variable_s_name(message, help))))
}

/// For the mistakes that are made most, what to write.
fn known(message: &str) -> Option<String> {
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

/// Cedar calls whatever an attribute belongs to `e`.
fn with_the_variable_s_name(message: &str, help: &str) -> String {
    let variable = if message.contains("entity type `Organisation`") { "principal" } else { "resource" };
    help.replace("`e has ", &format!("`{variable} has "))
}

/// Cedar begins with "for policy `policy0`, ", a name that the writer never gave.
fn without_the_engine_s_name(text: &str) -> &str {
    let rest = text.strip_prefix("for policy `policy").and_then(|rest| rest.split_once("`, "));
    rest.map_or(text, |(_, what)| what)
}

#[cfg(test)]
mod tests {
    use crate::{domain::rules::RuleFile, policy::HouseRules};

    #[test]
    fn the_mistakes_that_are_made_most_are_told_with_what_to_write() {
        for (condition, help) in [
            (r#"principal == "fr.example""#, "write an organisation as `Organisation::\"fr.example\"`"),
            (r#"context.topics == "sahel""#, "ask whether it holds a word by `.contains(\"...\")`"),
            (
                r#"principal.country == "FR""#,
                "try testing for the attribute's presence with `principal has country && ..`",
            ),
            (r#"principal.kynd == "state""#, "did you mean `kind`?"),
        ] {
            let text =
                format!("@id(\"a\") @reason(\"b\") forbid (principal, action, resource) when {{ {condition} }};");
            let told = HouseRules::compile(&[RuleFile { name: "a.cedar".to_owned(), text }]).unwrap_err();
            assert_eq!(told.iter().map(|f| f.help.as_deref().unwrap_or_default()).collect::<Vec<_>>(), [help]);
        }
        let text = "@id(\"a\") @reason(\"b\") forbid (principal, action, resource)".to_owned();
        let told = HouseRules::compile(&[RuleFile { name: "a.cedar".to_owned(), text }]).unwrap_err();
        assert!(told[0].help.as_ref().unwrap().contains("the `;` is missing"), "{told:?}");
    }
}
