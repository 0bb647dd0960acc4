//! Prints the members of the groups in markings before anything is signed.

use crate::{
    cli::{Global, output},
    domain::{draft::Draft, group::Group},
    render,
};

/// Prints the members of groups, one group a line.
pub(super) fn tell<'a>(global: &Global, source: &str, groups: impl IntoIterator<Item = &'a Group>) {
    for group in groups {
        output::note(global, &format!("{source}, {}", render::group(group)));
    }
}

/// The groups whose members a draft lists, without repetition.
pub(super) fn spelled_in(draft: &Draft) -> Vec<&Group> {
    let mut all: Vec<&Group> = vec![];
    for group in draft.portions.iter().flat_map(|portion| &portion.marking.groups) {
        if !all.contains(&group) {
            all.push(group);
        }
    }
    all
}
