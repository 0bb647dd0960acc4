//! Likelihoods: a word with its lexicon, an interval in percent, or both.

use crate::{
    domain::likelihood::{Interval, Likelihood, Percent},
    draft::fields::{At, UNFILLED, is_unfilled},
};

pub(super) fn read(at: At<'_>) -> Option<Likelihood> {
    let fields = at.fields()?;
    let word = |at: At<'_>| if is_unfilled(at.node) { at.refuse(UNFILLED) } else { at.plain_text() };
    let lexicon = fields.maybe("lexicon", word);
    let term = fields.maybe("term", word);
    let interval = fields.maybe("interval", interval);
    fields.refuse_others();
    // The faults of these fields are recorded already.
    let is_faulty = |key, is_none: bool| fields.has(key) && is_none;
    if is_faulty("lexicon", lexicon.is_none())
        || is_faulty("term", term.is_none())
        || is_faulty("interval", interval.is_none())
    {
        return None;
    }
    let likelihood = match (lexicon, term, interval) {
        (Some(lexicon), Some(term), interval) => Likelihood::told(&lexicon, &term, interval),
        (None, None, Some(interval)) => Ok(Likelihood::of(interval)),
        (Some(_), None, _) => Err("a lexicon without a term; write `term` too".to_owned()),
        (None, Some(_), _) => Err("a term means nothing without its lexicon; write `lexicon` too".to_owned()),
        (None, None, None) => Err("no likelihood; write `lexicon` and `term`, or `interval`".to_owned()),
    };
    likelihood.map_or_else(|e| at.refuse(e), Some)
}

fn interval(at: At<'_>) -> Option<Interval> {
    let bounds = at.each(|at| Percent::new(at.number()?).map_or_else(|e| at.refuse(e), Some))?;
    match bounds.as_slice() {
        [lo, hi] => Interval::new(*lo, *hi).map_or_else(|e| at.refuse(e), Some),
        _ => at.refuse("an interval has two bounds in percent; write e.g. [55, 75]"),
    }
}
