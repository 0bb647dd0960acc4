//! The portions of a draft, as readers and the table of decisions see them.

use crate::{
    cli::output,
    domain::{
        assessment::Portion,
        draft::{Draft, DraftPortion},
        ids::{Handle, Salt},
    },
    render::{self, Row},
};

/// The draft's portions, without the salts and handles that they get when they are composed.
pub(super) fn portions_of(draft: &Draft) -> Vec<Portion> {
    let portion = |p: &DraftPortion| Portion {
        language: p.language.clone(),
        ..Portion::new(Salt([0; 32]), Handle([0; 8]), p.marking.clone(), p.body.clone())
    };
    draft.portions.iter().map(portion).collect()
}

/// The draft's portions, as rows of the table of portions and partners.
pub(super) fn rows(draft: &Draft) -> Vec<Row> {
    let portions = portions_of(draft);
    let names = render::portion_names(portions.iter());
    let lexicon = output::options().lexicon;
    let row = |(name, p): (String, &Portion)| Row { name, tlp: p.marking.tlp, text: render::beginning(p, lexicon) };
    names.into_iter().zip(&portions).map(row).collect()
}
