//! What waits for the reader, and by when.

use askama::Template;
use axum::response::Response;

use super::respond;
use crate::{
    console::{frame::Frame, moment::Moment, session::Visitor, texts::Texts},
    domain::{
        action_item::{ActionItem, ActionKind},
        harmless::one_line,
        time::Time,
    },
};

struct Item {
    kind: String,
    summary: String,
    organisation: String,
    /// The page where it is done.
    link: Option<String>,
    /// The command by which it is done, where no page does it.
    command: Option<String>,
    due: Option<Moment>,
    since: Option<Moment>,
}

impl Item {
    fn is_late(&self) -> bool {
        self.due.as_ref().is_some_and(|due| due.is_past)
    }
}

#[derive(Template)]
#[template(path = "pages/today.html")]
struct TodayPage<'a> {
    frame: Frame<'a>,
    items: Vec<Item>,
    overdue: usize,
}

/// The page.
pub async fn show(visitor: Visitor) -> Response {
    let page = async {
        let console = visitor.console();
        let (t, now) = (visitor.reader.texts(), console.node.now());
        let all = console.node.today.action_items(&visitor.authorize()?).await?;
        let items: Vec<Item> = all.into_iter().map(|found| item(t, now, found)).collect();
        let overdue = items.iter().filter(|item| item.due.as_ref().is_some_and(|due| due.is_past)).count();
        Ok(TodayPage { frame: Frame::of(&visitor, "/"), items, overdue }.render()?)
    };
    respond(&visitor.reader, page.await)
}

fn item(t: &Texts, now: Time, item: ActionItem) -> Item {
    let ActionItem { kind, organisation, subject, version: _, summary, fix, due_at, since } = item;
    let link = (kind == ActionKind::Acknowledge).then(|| format!("/assessments/{subject}"));
    Item {
        command: Some(fix).filter(|fix| link.is_none() && !fix.is_empty()).map(|fix| one_line(&fix)),
        kind: kind_in_words(t, kind),
        summary: one_line(&summary),
        organisation: organisation.to_string(),
        link,
        due: due_at.map(|due| Moment::new(t, due, now)),
        since: since.map(|since| Moment::new(t, since, now)),
    }
}

fn kind_in_words(t: &Texts, kind: ActionKind) -> String {
    match kind {
        ActionKind::Acknowledge => t.say("kind-acknowledge"),
        ActionKind::AnswerRequest => t.say("kind-answer-request"),
        ActionKind::ApproveAgreement => t.say("kind-approve-agreement"),
        ActionKind::ApproveChange => t.say("kind-approve-change"),
        ActionKind::ConfirmPerson => t.say("kind-confirm-person"),
        ActionKind::DecidePurge => t.say("kind-decide-purge"),
        ActionKind::Quarantine => t.say("kind-quarantine"),
        ActionKind::Verification => t.say("kind-verification"),
        ActionKind::Alarm => t.say("kind-alarm"),
        ActionKind::Ending => t.say("kind-ending"),
    }
}
