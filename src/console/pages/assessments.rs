//! The list of assessments. The address is the query, so it can be kept as a bookmark. Words that are searched for never stand in an address.

use askama::Template;
use axum::{extract::Query, response::Response};
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
        actor::{Authorized, Write},
        fault::Fault,
        ids::{StatementId, TrustDomain},
        level::WarningLevel,
        marking::Tlp,
        place::{Place, find_places},
        spelling::meant,
        summary::Filter,
    },
    node::assessments::{
        read::{AssessmentView, ListFilter, ListedAssessment},
        search::{AssessmentState, VersionFilter},
    },
    render::{self, tlp_class},
};

/// How many assessments a page shows.
const SHOWN: u32 = 50;
/// How many pages of the store one request reads at most. Each looks at some thousand assessments.
const MOST_READ: usize = 16;

/// What is wanted, as the address says it.
#[derive(Default, Deserialize)]
pub struct Wanted {
    #[serde(default)]
    place: String,
    #[serde(default)]
    level: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    unread: String,
    #[serde(default)]
    before: String,
}

/// A choice of a field.
struct Choice {
    value: String,
    text: String,
    is_chosen: bool,
}

struct Row {
    id: String,
    level: Option<u8>,
    level_word: String,
    places: String,
    headline: Option<String>,
    originator: String,
    tlp: String,
    class: &'static str,
    issued: Moment,
    acknowledge_by: Option<Moment>,
    state: &'static str,
    is_exercise: bool,
    is_unread: bool,
}

#[derive(Template)]
#[template(path = "pages/assessments.html")]
struct AssessmentsPage<'a> {
    frame: Frame<'a>,
    rows: Vec<Row>,
    damaged: usize,
    next: Option<String>,
    is_filtered: bool,
    place: String,
    from: String,
    levels: Vec<Choice>,
    states: Vec<Choice>,
    is_unread: bool,
    faults: Vec<String>,
}

/// What a page of the list has.
#[derive(Default)]
struct Found {
    rows: Vec<Row>,
    damaged: usize,
    next: Option<StatementId>,
}

/// The page.
pub async fn list(visitor: Visitor, Query(wanted): Query<Wanted>) -> Response {
    let page = page(&visitor, wanted).await;
    respond(&visitor.reader, page)
}

async fn page(visitor: &Visitor, wanted: Wanted) -> Result<String, PageError> {
    let actor: Authorized<Write> = visitor.authorize()?;
    let mut faults = vec![];
    let filters = wanted.filters(visitor, &mut faults);
    let found = if faults.is_empty() { read(visitor, &actor, filters).await? } else { Found::default() };
    let t = visitor.reader.texts();
    let chosen = |value: &str, now: &str| value == now;
    let levels = WarningLevel::ALL.iter().rev().map(|level| Choice {
        value: u8::from(*level).to_string(),
        text: level.to_string(),
        is_chosen: chosen(&u8::from(*level).to_string(), &wanted.level),
    });
    let states = [
        ("current", t.say("state-current")),
        ("expired", t.say("state-expired")),
        ("superseded", t.say("state-superseded")),
        ("withdrawn", t.say("state-withdrawn")),
    ];
    let states =
        states.map(|(value, text)| Choice { value: value.to_owned(), text, is_chosen: chosen(value, &wanted.state) });
    let page = AssessmentsPage {
        frame: visitor.frame("/assessments"),
        rows: found.rows,
        damaged: found.damaged,
        next: found.next.map(|last| wanted.address(&last)),
        is_filtered: wanted.selects(),
        levels: levels.collect(),
        states: states.into(),
        is_unread: !wanted.unread.is_empty(),
        place: wanted.place,
        from: wanted.from,
        faults,
    };
    Ok(page.render()?)
}

impl Wanted {
    fn selects(&self) -> bool {
        let all = [&self.place, &self.level, &self.from, &self.state, &self.unread];
        all.iter().any(|field| !field.trim().is_empty())
    }

    /// The address of the page that begins after this version.
    fn address(&self, last: &StatementId) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in [
            ("place", &self.place),
            ("level", &self.level),
            ("from", &self.from),
            ("state", &self.state),
            ("unread", &self.unread),
        ] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        query.append_pair("before", &last.to_string());
        format!("/assessments?{}", query.finish())
    }

    /// The filters of the store. What can't be understood becomes a fault in words.
    fn filters(&self, visitor: &Visitor, faults: &mut Vec<String>) -> (ListFilter, Option<VersionFilter>) {
        let t = visitor.reader.texts();
        let node = &visitor.console().node;
        let places = match self.place.trim() {
            "" => vec![],
            name => match find_places(name, 1).first() {
                Some(found) => vec![found.place],
                None => {
                    faults.push(t.with("fault-place", "place", &render::text::one_line(name)));
                    Vec::<Place>::new()
                }
            },
        };
        let levels = match self.level.as_str() {
            "" => vec![],
            number => match number.parse().ok().and_then(|number: u8| WarningLevel::try_from(number).ok()) {
                Some(level) => vec![level],
                None => {
                    faults.push(t.say("fault-level"));
                    vec![]
                }
            },
        };
        let states: Vec<AssessmentState> = self.state.parse().ok().into_iter().collect();
        let originator = self.originator(visitor, faults);
        let summary = Filter { places, levels, ..Filter::default() };
        let mut wanted = VersionFilter::new(summary, states, node.now());
        wanted.unread_by = (!self.unread.is_empty()).then(|| visitor.actor.id().clone());
        let filter = ListFilter {
            originator,
            current_only: self.state != "superseded",
            limit: SHOWN,
            before: self.before.parse().ok(),
            ..ListFilter::default()
        };
        let selects =
            !(self.place.is_empty() && self.level.is_empty() && self.state.is_empty() && self.unread.is_empty());
        (filter, selects.then_some(wanted))
    }

    fn originator(&self, visitor: &Visitor, faults: &mut Vec<String>) -> Option<TrustDomain> {
        let name = self.from.trim().to_lowercase();
        if name.is_empty() {
            return None;
        }
        let (t, node) = (visitor.reader.texts(), &visitor.console().node);
        let partners = node.directory.current();
        let known: Vec<String> = partners
            .partners()
            .map(|p| p.record.organisation.domain.to_string())
            .chain([node.domain().to_string()])
            .collect();
        if let Ok(domain) = name.parse::<TrustDomain>()
            && known.contains(&name)
        {
            return Some(domain);
        }
        let shown = render::text::one_line(&name);
        faults.push(match meant(&name, known.iter().map(String::as_str)) {
            Some(meant) => t.with_two("fault-from-meant", "name", &shown, "meant", &meant),
            None => t.with("fault-from", "name", &shown),
        });
        None
    }
}

/// Reads until the page is full or everything was looked at.
async fn read(
    visitor: &Visitor,
    actor: &Authorized<Write>,
    (mut filter, wanted): (ListFilter, Option<VersionFilter>),
) -> Result<Found, PageError> {
    let assessments = &visitor.console().node.assessments;
    if let Some(before) = filter.before
        && !assessments.can_list(actor, &before, false).await?
    {
        return Err(PageError::Malformed);
    }
    let mut found = Found::default();
    for _ in 0..MOST_READ {
        let page = match &wanted {
            Some(wanted) => assessments.search(actor, &filter, wanted).await?,
            None => assessments.list(actor, &filter).await?,
        };
        let ListedAssessment { views, damaged, next, read, tlp } = page;
        found.damaged += damaged.len();
        for view in &views {
            let is_unread = !read.contains(&view.record.manifest_id);
            let tlp = tlp.get(&view.record.manifest_id).copied();
            found.rows.push(row(visitor, view, (is_unread, tlp))?);
        }
        let last = views.last().map(|view| view.record.manifest_id);
        match next {
            Some(next) => {
                found.next = next.before;
                filter = next;
            }
            None => {
                found.next = last.filter(|_| found.rows.len() >= SHOWN as usize);
                break;
            }
        }
    }
    Ok(found)
}

fn row(visitor: &Visitor, view: &AssessmentView, (is_unread, tlp): (bool, Option<Tlp>)) -> Result<Row, Fault> {
    let (t, now) = (visitor.reader.texts(), visitor.console().node.now());
    let held = OpenedAssessment::new(view)?;
    let level = held.level();
    Ok(Row {
        id: held.manifest.assessment.to_string(),
        level: level.map(u8::from),
        level_word: level.map_or_else(String::new, |level| level.as_str().to_owned()),
        places: render::places(&held.places()),
        headline: held.headline().map(render::text::one_line),
        originator: held.manifest.originator.to_string(),
        tlp: tlp.map_or_else(String::new, |tlp| tlp.to_string()),
        class: tlp.map_or("", tlp_class),
        issued: Moment::new(t, held.manifest.issued, now),
        acknowledge_by: view.acknowledge_by.map(|by| Moment::new(t, by, now)),
        state: held.state,
        is_exercise: held.manifest.exercise,
        is_unread,
    })
}
