//! What stands against trusting a signature that is valid by itself.

use super::text::one_line;

/// The mark of a statement that somebody else may have signed, since the CA's key may be known to others.
pub fn doubtful(since: &str) -> String {
    format!(
        "DOUBTFUL: it was first logged here after {since}; since then the key of the CA that issued its signer's certificate may be known to others"
    )
}

/// The mark of an organisation that is known only by a partner's introduction. `who` is what the organisation is here, such as `originator`.
pub fn introduced(by: &str, who: &str) -> String {
    let by = one_line(by);
    format!("KNOWN ONLY BY THE INTRODUCTION OF {by}: nobody here has compared the {who}'s own words")
}

/// The mark of a signature that counts only because a hub says when the key was used.
pub fn on_word_of(hub: &str) -> String {
    let hub = one_line(hub);
    format!("ON THE WORD OF {hub}: the key ended long before this arrived, and only {hub} says when it was used")
}
