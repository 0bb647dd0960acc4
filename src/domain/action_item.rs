//! What waits for a person: something to decide, to answer or to look after.

use super::{ids::TrustDomain, level::WarningLevel, marking::Tlp, place::Place, time::Time, words::words};

words!(
    /// Kinds of action items.
    ActionKind, "kind of action item" {
        /// The sender of an assessment is owed an acknowledgement.
        Acknowledge = "acknowledge",
        /// A partner asks for more of an assessment.
        AnswerRequest = "answer-request",
        /// An agreement waits for approvals, and then for this organisation's signature.
        ApproveAgreement = "approve-agreement",
        /// Another administrator has approved a decision that takes several.
        ApproveChange = "approve-change",
        /// A person waits for approvals.
        ConfirmPerson = "confirm-person",
        /// A purge waits for two officers.
        DecidePurge = "decide-purge",
        /// Entries of a partner are in quarantine.
        Quarantine = "quarantine",
        /// Entries can't be verified yet.
        Verification = "verification",
        /// An alarm stands.
        Alarm = "alarm",
        /// A draft was handed over to the person, who has not saved a text of it yet.
        Draft = "draft",
        /// Something ends soon, or has ended.
        Ending = "ending",
    }
);

/// Something that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionItem {
    /// What kind of thing it is.
    pub kind: ActionKind,
    /// The partner or organisation that it is about.
    pub organisation: TrustDomain,
    /// What distinguishes it from others of its kind.
    pub subject: String,
    /// The version, if the subject is an assessment and one version is meant.
    pub version: Option<u32>,
    /// What it is, in words.
    pub summary: String,
    /// What to do; may be empty.
    pub fix: String,
    /// By when.
    pub due_at: Option<Time>,
    /// Since when it waits.
    pub since: Option<Time>,
    /// What the assessment is about, if there is one that the person may read.
    pub gist: Option<Gist>,
    /// Set on the last item of a kind and an organisation of which there are more than are listed.
    pub rest: Option<Rest>,
}

/// What an assessment is about, in as few words as a list has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gist {
    /// Whose assessment it is.
    pub originator: TrustDomain,
    /// The highest level of its subjects that are here.
    pub level: Option<WarningLevel>,
    /// The places of its subjects that are here, each once.
    pub places: Vec<Place>,
    /// The highest TLP level of its portions that are here.
    pub tlp: Option<Tlp>,
    /// Its headline that is here.
    pub headline: Option<String>,
    /// Whether it is an exercise.
    pub exercise: bool,
}

/// What is not listed, so that one organisation does not fill the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rest {
    /// How many there are besides those that are listed.
    pub number: u64,
    /// The organisation of which they are.
    pub of: TrustDomain,
    /// The command that lists them, without `watchfire`.
    pub command: String,
}

/// The place of an item in the list: those with a deadline come first, the earliest first, and then those that have waited longest. No two items
/// have the same place.
pub type ActionOrder = (bool, Time, String, TrustDomain, String, u32);

impl ActionItem {
    /// Its place in the list.
    pub fn order(&self) -> ActionOrder {
        let at = self.due_at.or(self.since).unwrap_or(Time::from_unix_nanos(0));
        let name = (self.kind.to_string(), self.organisation.clone(), format!("{}\n{}", self.subject, self.summary));
        (self.due_at.is_none(), at, name.0, name.1, name.2, self.version.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_come_first_and_then_what_has_waited_longest() {
        let item = |subject: &str, due: Option<i64>, since: Option<i64>| ActionItem {
            kind: ActionKind::Acknowledge,
            organisation: "no.example".parse().unwrap(),
            subject: subject.to_owned(),
            version: None,
            summary: String::new(),
            fix: String::new(),
            due_at: due.map(Time::from_unix_nanos),
            since: since.map(Time::from_unix_nanos),
            gist: None,
            rest: None,
        };
        let mut all = [
            item("young", None, Some(9)),
            item("late", Some(7), Some(1)),
            item("old", None, Some(2)),
            item("soon", Some(5), None),
        ];
        all.sort_by_key(ActionItem::order);
        assert_eq!(all.map(|item| item.subject), ["soon", "late", "old", "young"]);
    }
}
