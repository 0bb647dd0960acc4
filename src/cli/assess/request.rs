//! `watchfire assess request` and `requests`.

use clap::Args;
use serde::Serialize;

use super::endorse::draft_text;
use crate::{
    cli::{
        CliError, Global, complete,
        context::{Context, WRITERS},
        decision::when,
        id_prefix, output,
    },
    domain::{
        body::Kind,
        fault::Fault,
        ids::StatementId,
        request::{Answer, Request as Asked},
        time::Time,
    },
    render::text::one_line,
    wire::{self, field, names, proto},
};

/// Asks the sender of an assessment for more of it: for portions that may be withheld, or a question.
#[derive(Args)]
pub struct Request {
    /// The assessment's id, or its beginning
    #[arg(add = complete::assessments())]
    id: String,
    /// A kind of portion to ask for, e.g. evidence; may be given several times
    #[arg(long, value_name = "KIND", required_unless_present = "question")]
    kind: Vec<Kind>,
    /// A question; at most 2,000 bytes
    #[arg(long, value_name = "TEXT")]
    question: Option<String>,
    /// The version; default: the latest
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    version: u32,
}

/// Lists requests in both directions, newest first, with their state.
#[derive(Args)]
pub struct Requests {
    /// List only requests that wait for an answer
    #[arg(long)]
    open: bool,
    /// List only requests of partners
    #[arg(long, conflicts_with = "outgoing")]
    incoming: bool,
    /// List only requests of this organisation
    #[arg(long)]
    outgoing: bool,
}

/// A request, as JSON and as words.
#[derive(Serialize)]
pub struct RequestRow {
    /// Its statement id.
    pub id: String,
    /// `incoming` or `outgoing`.
    pub direction: &'static str,
    /// The other side.
    pub partner: String,
    /// The assessment.
    pub assessment: String,
    /// The version.
    pub version: u32,
    /// That version's manifest.
    pub manifest: StatementId,
    /// sent, delivered, refused, answered, released, declined or expired.
    pub state: String,
    kinds: Vec<Kind>,
    question: String,
    /// The role of the person who asked.
    role: String,
    at: Option<String>,
    /// The person of this organisation who asked or answered.
    by: Option<String>,
    answer: Option<AnswerRow>,
    /// When the exception ends, if that is known here.
    until: Option<String>,
    /// Why the other side has refused to take it.
    reason: Option<String>,
}

#[derive(Serialize)]
struct AnswerRow {
    kind: String,
    text: String,
    at: String,
    exception: Option<StatementId>,
}

impl RequestRow {
    /// Decodes the desk's answer.
    pub fn new(view: Option<proto::RequestView>) -> Result<Self, CliError> {
        let view = field::present("request", view)?;
        let request = wire::envelope::draft_from_proto(field::present("request", view.request)?)?;
        // A purge of the assessment also removes the text and the role.
        let is_gone = request.signatures.is_empty();
        let Asked { assessment, version, manifest, kinds, question, role, .. } =
            wire::request::decode(&request.payload)?;
        let answered = |message| -> Result<AnswerRow, Fault> {
            let Answer { kind, text, answered_at, exception, .. } =
                wire::request::decode_answer(&wire::envelope::from_proto(message)?.payload)?;
            Ok(AnswerRow { kind: kind.to_string(), text, at: answered_at.to_string(), exception })
        };
        let some = |text: String| (!text.is_empty()).then_some(text);
        Ok(Self {
            id: hex::encode(&view.id),
            direction: if view.outgoing { "outgoing" } else { "incoming" },
            partner: view.partner,
            assessment: assessment.to_string(),
            version,
            manifest,
            state: view.state,
            kinds,
            question: if is_gone { String::new() } else { question },
            role: if is_gone { "-".to_owned() } else { role.to_string() },
            at: when(view.at),
            by: some(view.by),
            answer: view.answer.map(answered).transpose()?,
            until: when(view.until),
            reason: some(view.reason),
        })
    }

    /// A few lines about it.
    pub fn words(&self) -> String {
        let Self { id, partner, assessment, version, state, role, .. } = self;
        let way = if self.direction == "incoming" { "from" } else { "to" };
        let mut lines = vec![format!("{}  {way} {partner}, by the role {role}: {state}", id.get(..16).unwrap_or(id))];
        lines.push(format!("    about {assessment} version {version}, {}", self.at.as_deref().unwrap_or("-")));
        if !self.kinds.is_empty() {
            let kinds: Vec<&str> = self.kinds.iter().map(|k| k.as_str()).collect();
            lines.push(format!("    asks for: {}", kinds.join(", ")));
        }
        if !self.question.is_empty() {
            lines.push(format!("    asks: {}", one_line(&self.question)));
        }
        if let Some(answer) = &self.answer {
            let text = if answer.text.is_empty() { String::new() } else { format!(": {}", one_line(&answer.text)) };
            lines.push(format!("    {} on {}{text}", answer.kind, answer.at));
        }
        if let Some(until) = &self.until {
            let until = until.parse().map_or_else(|_| until.clone(), Time::as_end);
            lines.push(format!("    the released portions are given until {until}"));
        }
        if let Some(reason) = &self.reason {
            lines.push(format!("    the other side has refused it: {reason}"));
        }
        lines.join("\n")
    }

    fn is_open(&self) -> bool {
        matches!(self.state.as_str(), "sent" | "delivered")
    }
}

impl Request {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let mut desk = Context::load(global, WRITERS)?.connect().await?;
        let id = id_prefix::assessment(&mut desk, &self.id).await?;
        let request = proto::RequestMoreRequest {
            assessment_id: id.0.to_vec().into(),
            version: self.version,
            kinds: names::encode(&self.kind),
            question: self.question.as_deref().map(draft_text).unwrap_or_default(),
        };
        let row = RequestRow::new(desk.requests.request_more(request).await?.into_inner().request)?;
        output::result(global, &row, || format!("asked\n\n{}", row.words()));
        Ok(())
    }
}

impl Requests {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let mut desk = Context::load(global, WRITERS)?.connect().await?;
        let all = desk.all_requests(self.open).await?;
        let rows = all.into_iter().map(|view| RequestRow::new(Some(view))).collect::<Result<Vec<_>, _>>()?;
        let is_asked = |row: &&RequestRow| {
            let direction = match row.direction {
                "incoming" => !self.outgoing,
                _ => !self.incoming,
            };
            direction && (!self.open || row.is_open())
        };
        let rows: Vec<&RequestRow> = rows.iter().filter(is_asked).collect();
        if global.json {
            rows.iter().for_each(output::print_json);
        } else if rows.is_empty() {
            output::print("no requests");
        } else {
            rows.iter().for_each(|row| output::print(&row.words()));
        }
        Ok(())
    }
}
