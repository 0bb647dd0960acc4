//! One assessment: who says so, what it says, and what the reader answers.

use askama::Template;
use axum::{
    extract::{Form, Path, Query},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use crate::{
    console::{
        error::{PageError, respond},
        frame::Frame,
        moment::Moment,
        opened::OpenedAssessment,
        session::Visitor,
    },
    domain::{
        actor::Acknowledge,
        fault::Fault,
        ids::AssessmentId,
        lexicon::{DEFAULT_LEXICON, Lexicon},
        receipt::ReceiptKind,
    },
    node::task::to_the_end,
    render::{self, Options},
};

/// Which version.
#[derive(Deserialize)]
pub struct Version {
    version: Option<u32>,
}

/// What the reader answers.
#[derive(Deserialize)]
pub struct Answer {
    #[serde(default)]
    token: String,
    kind: String,
    #[serde(default)]
    text: String,
}

/// A form that was refused, with what was typed.
#[derive(Default)]
struct Typed {
    kind: String,
    text: String,
    fault: String,
}

impl Typed {
    fn is(&self, kind: &str) -> bool {
        self.kind == kind
    }
}

#[derive(Template)]
#[template(path = "pages/assessment.html")]
struct AssessmentPage<'a> {
    frame: Frame<'a>,
    id: String,
    short: String,
    version: u32,
    is_exercise: bool,
    is_recalled: bool,
    can_answer: bool,
    acknowledge_by: Option<Moment>,
    content: String,
    form_token: String,
    typed: Typed,
}

/// The page.
pub async fn show(visitor: Visitor, Path(id): Path<String>, Query(Version { version }): Query<Version>) -> Response {
    let page = page(&visitor, &id, version, Typed::default()).await;
    respond(&visitor.reader, page)
}

async fn page(visitor: &Visitor, id: &str, version: Option<u32>, typed: Typed) -> Result<String, PageError> {
    let id: AssessmentId = id.parse().map_err(|_| PageError::Malformed)?;
    let console = visitor.console();
    let view = console.node.assessments.read(&visitor.authorize()?, &id, version, false).await?;
    let held = OpenedAssessment::new(&view)?;
    let (t, now) = (visitor.reader.texts(), console.node.now());
    let lexicon = Lexicon::by_id(DEFAULT_LEXICON).map_err(|_| PageError::Unwritten)?;
    let content = render::assessment_content(&held.text(), &Options { lexicon, width: 80, color: false })?;
    let id = id.to_string();
    let is_recalled = view.record.state.is_recalled();
    let page = AssessmentPage {
        frame: visitor.frame("/assessments"),
        short: id.chars().take(8).collect(),
        id,
        version: held.manifest.version,
        is_exercise: held.manifest.exercise,
        is_recalled,
        can_answer: !held.is_own && !is_recalled && visitor.authorize::<Acknowledge>().is_ok(),
        acknowledge_by: view.acknowledge_by.map(|by| Moment::new(t, by, now)),
        content,
        form_token: visitor.form_token(),
        typed,
    };
    Ok(page.render()?)
}

/// Tells the sender what the reader answers.
pub async fn acknowledge(visitor: Visitor, Path(id): Path<String>, Form(answer): Form<Answer>) -> Response {
    let Answer { token, kind, text } = answer;
    let answered = async {
        visitor.check_form(&token)?;
        let of: AssessmentId = id.parse().map_err(|_| PageError::Malformed)?;
        let kind = match kind.as_str() {
            "read" => ReceiptKind::Read,
            "acting" => ReceiptKind::Acting,
            "declined" => ReceiptKind::Declined,
            _ => return Err(PageError::Malformed),
        };
        let words = Some(text.trim().to_owned()).filter(|text| !text.is_empty() && kind != ReceiptKind::Read);
        let (actor, node) = (visitor.authorize::<Acknowledge>()?, visitor.console().node.clone());
        // As on the desk, nothing changes while entries of the ledger are lost.
        node.ledger.may_change()?;
        to_the_end(async move { node.assessments.acknowledge_assessment(&actor, &of, kind, words).await }).await?;
        Ok(())
    };
    match answered.await {
        Ok(()) => Redirect::to(&format!("/assessments/{id}")).into_response(),
        // What was typed comes back with the fault beside it.
        Err(PageError::Fault(Fault { message, field: Some(_), .. })) => {
            let page = page(&visitor, &id, None, Typed { kind, text, fault: message }).await;
            respond(&visitor.reader, page)
        }
        Err(error) => respond(&visitor.reader, Err(error)),
    }
}
