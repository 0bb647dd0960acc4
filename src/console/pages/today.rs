//! What waits for the reader, and by when.

use askama::Template;
use axum::response::Response;

use crate::{
    console::{error::respond, frame::Frame, moment::Moment, session::Visitor, texts::Texts},
    domain::{
        action_item::{ActionItem, ActionKind, Gist, Rest},
        harmless::one_line,
        level::WarningLevel,
        time::Time,
    },
    render::{self, tlp_class},
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
    about: Option<About>,
    rest: Option<String>,
}

/// What the assessment is about.
struct About {
    level: u8,
    level_word: &'static str,
    places: String,
    tlp: String,
    class: &'static str,
    headline: Option<String>,
    is_exercise: bool,
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
        Ok(TodayPage { frame: visitor.frame("/"), items, overdue }.render()?)
    };
    respond(&visitor.reader, page.await)
}

fn item(t: &Texts, now: Time, item: ActionItem) -> Item {
    let ActionItem { kind, organisation, subject, version: _, summary, fix, due_at, since, gist, rest } = item;
    let link = (kind == ActionKind::Acknowledge).then(|| format!("/assessments/{subject}"));
    Item {
        command: Some(fix).filter(|fix| link.is_none() && !fix.is_empty()).map(|fix| one_line(&fix)),
        kind: kind_in_words(t, kind),
        summary: one_line(&summary),
        organisation: organisation.to_string(),
        link,
        about: gist.map(about),
        rest: rest.map(|Rest { number, of, .. }| t.count_with("today-rest", &number, "name", &of)),
        due: due_at.map(|due| Moment::new(t, due, now)),
        since: since.map(|since| Moment::new(t, since, now)),
    }
}

fn about(gist: Gist) -> About {
    let Gist { originator: _, level, places, tlp, headline, exercise } = gist;
    About {
        level: level.map_or(0, u8::from),
        level_word: level.map_or("", WarningLevel::as_str),
        places: render::places(&places),
        tlp: tlp.map_or_else(String::new, |tlp| tlp.to_string()),
        class: tlp.map_or("", tlp_class),
        headline: headline.as_deref().map(one_line),
        is_exercise: exercise,
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
        ActionKind::Draft => t.say("kind-draft"),
        ActionKind::Alarm => t.say("kind-alarm"),
        ActionKind::Ending => t.say("kind-ending"),
    }
}
