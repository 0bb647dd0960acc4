//! Cedar's messages about the most frequent mistakes in house rules, reworded.

use crate::{domain::rules::RuleFile, policy::HouseRules};

#[test]
fn the_mistakes_that_are_made_most_are_told_with_what_to_write() {
    for (condition, help) in [
        (r#"principal == "fr.example""#, "write an organisation as `Organisation::\"fr.example\"`"),
        (r#"context.topics == "sahel""#, "ask whether it holds a word by `.contains(\"...\")`"),
        (r#"principal.country == "FR""#, "try testing for the attribute's presence with `principal has country && ..`"),
        (r#"principal.kynd == "state""#, "did you mean `kind`?"),
    ] {
        let text = format!("@id(\"a\") @reason(\"b\") forbid (principal, action, resource) when {{ {condition} }};");
        let told = HouseRules::compile(&[RuleFile { name: "a.cedar".to_owned(), text }]).unwrap_err();
        assert_eq!(told.iter().map(|f| f.help.as_deref().unwrap_or_default()).collect::<Vec<_>>(), [help]);
    }
    let text = "@id(\"a\") @reason(\"b\") forbid (principal, action, resource)".to_owned();
    let told = HouseRules::compile(&[RuleFile { name: "a.cedar".to_owned(), text }]).unwrap_err();
    assert!(told[0].help.as_ref().unwrap().contains("the `;` is missing"), "{told:?}");
}
