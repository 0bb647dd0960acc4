//! An agreement as the commands show it: its terms, its state, and the next step.

use serde::Serialize;

use crate::{
    cli::{CliError, output},
    domain::{
        agreement::{Agreement, Grant},
        ending::in_days,
        statement::{Envelope, StatementKind},
        time::{Clock, Time},
    },
    render::{self, Heading, text::one_line},
    seal::statement::id_of,
    telemetry::SystemClock,
    wire::{self, field::time, proto},
};

/// One version of an agreement.
#[derive(Serialize)]
pub struct AgreementDetails {
    pub id: String,
    pub version: u32,
    parties: Vec<String>,
    pub state: String,
    from: String,
    until: String,
    /// The person and the time.
    pub approvals: Vec<Person>,
    pub approvals_needed: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    suspended_here: Option<Person>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suspended_there: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    partner_reason: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    ended: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ends_at: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    followed_by: String,
    days_left: i64,
    /// Whether its notice period has begun.
    ends_soon: bool,
    grants: Vec<Grant>,
    #[serde(skip)]
    pub agreement: Agreement,
    #[serde(skip)]
    pub envelope: Envelope,
}

/// A person who did something, and when.
#[derive(Serialize)]
pub struct Person {
    id: String,
    at: String,
    /// The id of the person's signed approval, which the ledger names. `None` if no approval is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    approval: Option<String>,
}

impl Person {
    fn new(message: proto::ApprovalView) -> Self {
        let approval = message.statement.map(|s| id_of(StatementKind::Approval, &s.payload).to_string());
        Self { at: written(message.at).unwrap_or_default(), id: message.id, approval }
    }

    /// The name without the organisation, because these are always persons of this node's organisation.
    fn name(&self) -> &str {
        self.id.rsplit('/').next().unwrap_or_default()
    }
}

fn written(at: Option<prost_types::Timestamp>) -> Option<String> {
    at.and_then(|t| time("at", Some(t)).ok()).map(|t: Time| t.to_string())
}

/// All agreements as a table. Notes are shown only if there are any.
pub fn table(all: &[AgreementDetails], width: usize) -> String {
    let mut headings = vec![
        Heading::whole("ID", 0),
        Heading::whole("VERSION", 4),
        Heading::whole("PARTIES", 0),
        Heading::whole("STATE", 0),
        Heading::whole("FROM", 3),
        Heading::whole("UNTIL", 2),
    ];
    let rows: Vec<_> = all.iter().map(AgreementDetails::row).collect();
    if all.iter().any(|agreement| !agreement.remark().is_empty()) {
        headings.push(Heading { title: "NOTE", least: 20, rank: 1 });
    }
    render::fitted(&headings, &rows, width)
}

impl AgreementDetails {
    pub fn new(view: proto::AgreementView) -> Result<Self, CliError> {
        let envelope = wire::envelope::draft_from_proto(wire::field::present("envelope", view.envelope)?)?;
        let agreement = wire::agreement::decode(&envelope.payload)?;
        let now = SystemClock.now();
        let is_live = matches!(view.state.as_str(), "agreed" | "in-force" | "suspended");
        Ok(Self {
            id: hex::encode(&view.id),
            version: agreement.version,
            parties: agreement.parties.iter().map(ToString::to_string).collect(),
            state: view.state,
            from: agreement.from.to_string(),
            until: agreement.until.to_string(),
            approvals: view.approvals.into_iter().map(Person::new).collect(),
            approvals_needed: usize::try_from(view.approvals_needed).unwrap_or(usize::MAX),
            suspended_here: view.suspended_here.map(Person::new),
            suspended_there: written(view.suspended_there),
            partner_reason: view.partner_reason,
            ended: view.ended,
            ends_at: written(view.ends_at),
            followed_by: hex::encode(&view.followed_by),
            days_left: agreement.until.days_since(now.day()).max(0),
            ends_soon: is_live && agreement.is_ending(now),
            grants: agreement.grants.clone(),
            agreement,
            envelope,
        })
    }

    /// The beginning of its id, for people.
    pub fn short(&self) -> &str {
        short(&self.id)
    }

    /// A row of the list.
    fn row(&self) -> Vec<String> {
        vec![
            self.short().to_owned(),
            self.version.to_string(),
            self.parties.join(" + "),
            self.state.clone(),
            self.from.clone(),
            self.until.clone(),
            self.remark(),
        ]
    }

    fn remark(&self) -> String {
        let (there, needed) = (self.approvals.len(), self.approvals_needed);
        match self.state.as_str() {
            "awaiting-approval" => format!("{there} of {needed} have approved it"),
            "proposed" if there > 0 => format!("{there} of {needed} have approved it"),
            "suspended" => self.stopped_by().to_owned(),
            "ended" => match self.ended.as_str() {
                "terminated-here" => "by this side".to_owned(),
                "terminated-there" => "by the partner".to_owned(),
                "followed" => format!("version {} replaces it", self.version + 1),
                _ => "it has expired".to_owned(),
            },
            _ if self.ends_soon => format!("ends {}", in_days(self.days_left)),
            _ => String::new(),
        }
    }

    fn stopped_by(&self) -> &'static str {
        match (&self.suspended_here, &self.suspended_there) {
            (Some(_), Some(_)) => "by both",
            (Some(_), None) => "by this side",
            _ => "by the partner",
        }
    }

    /// The whole agreement in words.
    pub fn words(&self) -> String {
        let terms = render::agreement(&self.agreement, &output::options());
        format!("agreement {} (version {}, {})\n{}\n\n{terms}", self.short(), self.version, self.state, self.standing())
    }

    /// Its state and the next step.
    fn standing(&self) -> String {
        let id = self.short();
        let mut lines = vec![];
        let names: Vec<&str> = self.approvals.iter().map(Person::name).collect();
        let missing = self.approvals_needed.saturating_sub(names.len());
        let more = match missing {
            1 if names.is_empty() => "an administrator signs".to_owned(),
            1 => "another administrator signs".to_owned(),
            n => format!("{n}{} administrators sign", if names.is_empty() { "" } else { " other" }),
        };
        match self.state.as_str() {
            "awaiting-approval" => {
                lines.push(format!("Proposed by {}; nobody has signed it.", names.join(" and ")));
                lines.push(format!("It is sent to the partner when {more}: watchfire agreement sign {id}"));
            }
            "proposed" => {
                if !names.is_empty() {
                    lines.push(format!("The partner has signed it, and {} has approved it.", names.join(" and ")));
                }
                lines.push(format!("It is in force when {more}: watchfire agreement sign {id}"));
                lines.push(format!("To decline it: watchfire agreement terminate {id}"));
            }
            "agreed" => {
                lines.push(format!(
                    "Both have signed it. It begins on {}, and nothing is released under it before.",
                    self.from
                ));
            }
            "signed-here" => lines.push("Signed here. It waits for the partner's signature.".to_owned()),
            "suspended" => {
                if let Some(by) = &self.suspended_here {
                    lines.push(format!("Suspended by {} since {}: nothing is given or taken.", by.name(), by.at));
                    lines.push(format!("To lift this side's suspension: watchfire agreement resume {id}"));
                }
                if let Some(at) = &self.suspended_there {
                    lines.push(format!("Suspended by the partner since {at}.{}", self.told()));
                }
            }
            "ended" => lines.push(self.end()),
            _ => {
                let have = if names.len() == 1 { "has" } else { "have" };
                lines.push(format!("Signed by both. On this side {} {have} approved it.", names.join(" and ")));
            }
        }
        if let (false, Some(at)) = (self.state == "ended", &self.ends_at) {
            lines.push(format!(
                "From {at} on, version {} replaces it ({}).",
                self.version + 1,
                short(&self.followed_by)
            ));
        } else if self.ends_soon {
            lines.push(format!(
                "It ends {}. The next version: watchfire agreement draft --amends {id}, then propose --amends {id}",
                in_days(self.days_left)
            ));
        }
        lines.join("\n")
    }

    fn end(&self) -> String {
        let at = self.ends_at.as_deref().unwrap_or_default();
        match self.ended.as_str() {
            "terminated-here" => format!("Ended by this side on {at}."),
            "terminated-there" => format!("Ended by the partner on {at}.{}", self.told()),
            "followed" => format!("Replaced by {} on {at}.", short(&self.followed_by)),
            _ => format!(
                "It has expired; its last day was {}. The next version: watchfire agreement draft --amends {id}, then propose --amends {id}",
                self.until,
                id = self.short()
            ),
        }
    }

    fn told(&self) -> String {
        if self.partner_reason.is_empty() {
            String::new()
        } else {
            format!(" Its reason: {}", one_line(&self.partner_reason))
        }
    }
}

/// The beginning of an id, for people.
fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}
