//! `watchfire assess answer`.

use clap::{ArgGroup, Args};

use super::{endorse::draft_text, request::RequestRow};
use crate::{
    cli::{CliError, Exit, Global, context::Context, decision::Decision, id_prefix, output},
    desk::client::DeskClient,
    domain::{
        ids::{Digest, Role, StatementId},
        request::{AnswerKind, DEFAULT_DAYS, Exception},
        statement::{Envelope, StatementKind},
        time::{Clock, Day, Time},
    },
    render,
    telemetry::SystemClock,
    wire::{self, field, proto},
};

const DAY_SECONDS: i64 = 86_400;

/// Answers a partner's request: with a text, with portions that no grant gives it, or by declining.
///
/// To release portions, the officer signs an exception: for these portions and this partner only, and for a limited time. It replaces a
/// missing grant and lifts no rule that forbids.
#[derive(Args)]
#[command(group = ArgGroup::new("what").required(true).args(["text", "release", "decline"]))]
pub struct Answer {
    /// The request's id, or its beginning
    request: String,
    /// Answer with a text
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
    /// Release this portion, named by the beginning of its handle or as in `policy explain`, e.g. "evidence 1"; may be given several times
    #[arg(long, value_name = "PORTION")]
    release: Vec<String>,
    /// Decline, with this reason
    #[arg(long, value_name = "WHY")]
    decline: Option<String>,
    /// Until when the portions may be given: a day, which is included, or a time; default: 7 days, at most 90
    #[arg(long, value_name = "DATE", requires = "release")]
    until: Option<String>,
    /// Why it is released, in one line; the partner reads it
    #[arg(long, value_name = "TEXT", requires = "release", required_unless_present_any = ["text", "decline"])]
    reason: Option<String>,
}

impl Answer {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let context = Context::load(global, &[Role::Officer])?;
        let mut desk = context.connect().await?;
        let request = self.request(&mut desk).await?;
        let (kind, text, exception) = match (&self.text, &self.decline) {
            (Some(text), _) => (AnswerKind::Text, draft_text(text), None),
            (None, Some(why)) => (AnswerKind::Declined, draft_text(why), None),
            (None, None) => {
                let exception = self.exception(&context, &mut desk, &request).await?;
                (AnswerKind::Released, self.reason(), Some(exception))
            }
        };
        let message = proto::AnswerRequestRequest {
            request_id: hex::decode(&request.id).unwrap_or_default().into(),
            kind: field::number_of(AnswerKind::ALL, &kind),
            text,
            exception: exception.as_ref().map(wire::envelope::to_proto),
        };
        let row = RequestRow::new(desk.requests.answer_request(message).await?.into_inner().request)?;
        output::result(global, &row, || row.words());
        Ok(())
    }

    fn reason(&self) -> String {
        self.reason
            .as_deref()
            .map(draft_text)
            .filter(|r| !r.is_empty())
            .unwrap_or_else(|| "as you have asked".to_owned())
    }

    /// The request that is meant.
    async fn request(&self, desk: &mut DeskClient) -> Result<RequestRow, CliError> {
        let all = desk.all_requests(false).await?;
        let mut found = vec![];
        for view in all.into_iter().filter(|v| !v.outgoing && hex::encode(&v.id).starts_with(&self.request)) {
            found.push(RequestRow::new(Some(view))?);
        }
        id_prefix::only(found, &self.request, "request", "assess requests")
    }

    /// Signs the exception with the officer's own key, after the node has said that all portions would be released.
    async fn exception(
        &self,
        context: &Context,
        desk: &mut DeskClient,
        request: &RequestRow,
    ) -> Result<Envelope, CliError> {
        let labels = labels(desk, request).await?;
        let mut digests: Vec<Digest> = vec![];
        for wanted in &self.release {
            digests.push(digest(&labels, wanted)?);
        }
        digests.sort_unstable();
        digests.dedup();
        let from = SystemClock.now();
        let exception = Exception {
            giver: context.config.organisation.domain.clone(),
            partner: request.partner.parse().map_err(CliError::usage)?,
            manifest: request.manifest,
            digests,
            request: request.id.parse::<StatementId>().map_err(CliError::usage)?,
            reason: self.reason(),
            from,
            until: self.until(from)?,
        };
        let payload = wire::request::encode_exception(&exception);
        wire::request::decode_exception(&payload).map_err(|f| CliError::usage(f.to_string()))?;
        let weighed =
            desk.requests.weigh_exception(proto::WeighExceptionRequest { exception: payload.clone().into() }).await?;
        refuse_what_stays(&labels, weighed.into_inner().decision.map(Decision::new))?;
        let key = context.signing_key()?;
        key.statement(StatementKind::Exception, payload).map_err(|e| CliError::files(e.to_string()))
    }

    fn until(&self, from: Time) -> Result<Time, CliError> {
        match self.until.as_deref() {
            None => Ok(from.plus_seconds(DEFAULT_DAYS * DAY_SECONDS)),
            Some(text) => match text.parse::<Day>() {
                Ok(day) => Ok(day.end()),
                Err(_) => text.parse::<Time>().map_err(|_| {
                    let text = crate::domain::ids::shorten(text);
                    CliError::usage(format!(
                        "`{text}` is neither a day as in 2026-05-01 nor a time as in 2026-05-01T09:30:00Z"
                    ))
                }),
            },
        }
    }
}

/// The portions of the version, as `policy explain` names them.
async fn labels(desk: &mut DeskClient, request: &RequestRow) -> Result<Vec<proto::PortionLabel>, CliError> {
    let asked = proto::ExplainRequest {
        assessment_id: hex::decode(&request.assessment).unwrap_or_default().into(),
        version: request.version,
        partner: request.partner.clone(),
    };
    Ok(desk.assessments.explain(asked).await?.into_inner().portions)
}

fn digest(labels: &[proto::PortionLabel], wanted: &str) -> Result<Digest, CliError> {
    let by_name: Vec<_> = labels.iter().filter(|l| l.name == wanted).cloned().collect();
    let found = if by_name.is_empty() {
        labels.iter().filter(|l| hex::encode(&l.handle).starts_with(wanted)).cloned().collect()
    } else {
        by_name
    };
    let one = id_prefix::only(found, wanted, "portion", "policy explain")?;
    Digest::try_from(&*one.digest).map_err(CliError::usage)
}

/// Refuses an exception for portions that a rule withholds nevertheless.
fn refuse_what_stays(labels: &[proto::PortionLabel], decision: Option<Decision>) -> Result<(), CliError> {
    let portions = decision.map(|d| d.portions).unwrap_or_default();
    let name = |handle: &str| {
        let found = labels.iter().find(|l| hex::encode(&l.handle) == handle);
        found.map_or_else(|| handle.to_owned(), |l| l.name.clone())
    };
    let stays: Vec<String> = portions
        .iter()
        .filter(|p| !p.goes())
        .map(|p| {
            let why: Vec<&str> = p.because.iter().map(|b| render::tidy(b)).collect();
            format!("{} ({})", name(&p.handle), why.join("; "))
        })
        .collect();
    if stays.is_empty() && !portions.is_empty() {
        return Ok(());
    }
    let what =
        format!("nothing was signed; no exception can release these portions: {}; leave them out", stays.join(", "));
    Err(CliError::new(Exit::Denied, "NOT_COVERED", what))
}
