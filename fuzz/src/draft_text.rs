//! Drafts as people write them: whatever is read and passes the lint can be sealed, and its portions read back.

use watchfire::{
    domain::{
        assessment::{MAX_PORTION_BYTES, Portion},
        draft::DraftPortion,
        ids::{Handle, Salt},
        lint::{blocking, lint},
        time::Time,
    },
    draft::{Format, parse},
    wire,
};

use super::shown;

/// The bytes are a text: JSON where it begins like that, else TOML.
pub fn check(data: &[u8]) {
    let Some(text) = shown::text(data) else { return };
    let format = if text.starts_with('{') { Format::Json } else { Format::Toml };
    let draft = match parse(text, format, Time::from_unix_nanos(0).day()) {
        Ok(draft) => draft,
        Err(error) => {
            assert!(!error.findings.is_empty(), "refused for nothing");
            let lines = text.matches('\n').count() + 1;
            assert!(error.findings.iter().all(|f| f.line.is_none_or(|l| (1..=lines + 1).contains(&l))), "no such line");
            return;
        }
    };
    let findings = lint(&draft, "2026-05-01T09:30:00Z".parse().expect("a time"));
    for finding in &findings {
        shown::harmless(&finding.to_string());
    }
    if blocking(&findings, &[], false).is_empty() {
        draft.portions.iter().for_each(sealed);
    }
}

fn sealed(portion: &DraftPortion) {
    let sealed = Portion::new(Salt([1; 32]), Handle([2; 8]), portion.marking.clone(), portion.body.clone());
    let portion = Portion { language: portion.language.clone(), ..sealed };
    let bytes = wire::portion::encode(&portion);
    if bytes.len() <= MAX_PORTION_BYTES {
        let again = wire::portion::decode(&bytes);
        assert_eq!(again.as_ref(), Ok(&portion), "a portion that passed the lint does not read back");
    }
}
