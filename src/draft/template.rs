//! The files that an author begins with. Each place that has to be filled in is marked. A draft in which a mark is left is refused: by the lint where
//! text may stand, by the reader elsewhere.

use crate::domain::{ids::TrustDomain, lint::PLACEHOLDER, time::Day};

/// A commented draft for an author of `own`, with days from `today` on. Level, places, crimes, likelihoods and probabilities are the author's to fill
/// in; none has a value that could be published by mistake.
pub fn template(own: &TrustDomain, today: Day) -> String {
    filled(include_str!("template/assessment.toml"), today).replace("@own", own.as_str())
}

/// A commented first agreement with a partner: a cautious grant in each direction, for two years from `today`.
///
/// # Errors
/// A sentence, if both are the same organisation.
pub fn agreement_template(own: &TrustDomain, partner: &TrustDomain, today: Day) -> Result<String, String> {
    if own == partner {
        return Err(format!("`{own}` is this organisation itself; name a partner"));
    }
    let text = filled(include_str!("template/agreement.toml"), today);
    Ok(text.replace("@own", own.as_str()).replace("@partner", partner.as_str()))
}

pub(super) fn filled(template: &str, today: Day) -> String {
    let later = |days| plus(today, days).to_string();
    template
        .replace("@today", &today.to_string())
        .replace("@tomorrow", &later(1))
        .replace("@half-year", &later(182))
        .replace("@year", &later(365))
        .replace("@decided", &later(548))
        .replace("@two-years", &later(730))
        .replace("@fill-in", PLACEHOLDER)
}

fn plus(day: Day, days: i64) -> Day {
    day.start().plus_seconds(days.saturating_mul(86_400)).day()
}
