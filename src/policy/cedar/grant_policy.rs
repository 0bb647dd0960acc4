//! A grant as the text of a Cedar policy.

use crate::{
    domain::agreement::{Agreement, Grant},
    policy::grant::CompiledGrant,
};

/// The `permit` of a grant.
///
/// All texts in it have restricted alphabets (lower-case letters, digits, `-`, `.`, `_`, `+`, `:`), so nothing needs to be escaped. A text of
/// any other type must not be inserted here.
pub(super) fn permit_text(compiled: &CompiledGrant, agreement: &Agreement) -> String {
    let Grant { id, to, max_tlp, .. } = &compiled.grant;
    let mut conditions = vec![
        format!("context.now >= {}", agreement.from.start().unix_nanos()),
        format!("context.now < {}", agreement.until.end().unix_nanos()),
        format!("context.tlp <= {}", *max_tlp as u8),
        format!("context.age >= {}", compiled.delay_seconds()),
        format!("Grant::\"{id}\".kinds.contains(context.kind)"),
    ];
    if let Some(level) = compiled.grant.min_level {
        conditions.push(format!("resource.level >= {}", u8::from(level)));
    }
    if !compiled.grant.topics.is_empty() {
        conditions.push(format!("Grant::\"{id}\".topics.containsAny(context.topics)"));
    }
    let places = if compiled.parts.is_empty() { "countries" } else { "places" };
    conditions.push(format!("Grant::\"{id}\".{places}.containsAll(resource.{places})"));
    format!(
        "@id(\"{id}\")\n@reason(\"{}\")\n\
         permit (\n  principal == Organisation::\"{to}\",\n  action == Action::\"release\",\n  resource\n)\n\
         when {{\n  {}\n}};\n",
        compiled.reason.words,
        conditions.join(" &&\n  "),
    )
}
