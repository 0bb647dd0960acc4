//! `watchfire assess list`.

use std::cmp::Reverse;

use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::{
    cli::{
        CliError, Global,
        assess::saved,
        complete,
        context::{Context, WRITERS},
        deadline,
        filter::FilterArgs,
        id_prefix::shown_digits,
        output,
        quarantine::QuarantinedEntry,
        recall_details::RecallDetails,
        show::OpenedAssessment,
    },
    desk::client::DeskClient,
    domain::{
        assessment::{level, subjects},
        ids::TrustDomain,
        level::WarningLevel,
        place::Place,
        spelling::meant,
        time::{Clock, Time},
    },
    render::{self, Heading},
    telemetry::SystemClock,
    wire::proto,
};

/// Lists assessments, newest first.
#[derive(Args)]
pub struct List {
    /// List only assessments of this originator
    #[arg(long, value_name = "DOMAIN", add = complete::partners())]
    from: Option<TrustDomain>,
    /// Also list earlier versions
    #[arg(long)]
    all_versions: bool,
    /// Also list what is in quarantine (officers only)
    #[arg(long)]
    quarantined: bool,
    /// List only versions that you have not read
    #[arg(long)]
    unread: bool,
    #[command(flatten)]
    filter: FilterArgs,
    /// Save these options under a name, for `--saved`
    #[arg(long, value_name = "NAME", conflicts_with = "saved")]
    save: Option<String>,
    /// List with the options that you have saved under this name
    #[arg(long, value_name = "NAME", add = complete::saved_searches())]
    saved: Option<String>,
    /// The most assessments to list
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=MOST))]
    limit: u32,
    /// What comes first
    #[arg(long, value_enum, default_value_t)]
    sort: Sort,
    /// List the other way round
    #[arg(long)]
    reverse: bool,
}

/// The most assessments that the desk lists in one call.
const MOST: i64 = 10_000;

/// What comes first in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Sort {
    /// The newest
    #[default]
    Issued,
    /// The most serious
    Level,
    /// What expires soonest
    Expires,
    /// What must be acknowledged soonest
    Acknowledge,
}

#[derive(Serialize)]
struct Row {
    assessment: String,
    version: u32,
    originator: String,
    issued: String,
    expires: String,
    level: Option<u8>,
    /// The places of the subjects that are listed, by code.
    places: Vec<String>,
    /// The time by which it must be acknowledged here.
    acknowledge_by: Option<String>,
    /// The highest TLP level of the portions that are here.
    tlp: Option<String>,
    headline: Option<String>,
    state: String,
    exercise: bool,
    /// Whether the caller has not read this version.
    unread: bool,
    /// The partner on whose introduction alone the originator is known here.
    introduced_by: Option<String>,
    /// The day after which statements under the signer's CA are doubtful.
    doubtful_since: Option<String>,
    /// Why it is in quarantine. Filled for officers who asked for it.
    quarantines: Vec<QuarantinedEntry>,
    /// The recall, if it was recalled.
    recall: Option<RecallDetails>,
    /// The subjects about which its originator has signed two different statements.
    signed_twice: Vec<String>,
    #[serde(skip)]
    known: Known,
}

/// What a row is sorted by and told from.
struct Known {
    level: Option<WarningLevel>,
    places: Vec<Place>,
    issued: Time,
    expires: Time,
    acknowledge_by: Option<Time>,
}

impl Row {
    fn new(held: &OpenedAssessment, unread: bool, tlp: String) -> Self {
        let mut places: Vec<Place> = subjects(&held.portions).flat_map(|s| s.places.iter().copied()).collect();
        places.dedup();
        let known = Known {
            level: level(&held.portions),
            places,
            issued: held.manifest.issued,
            expires: held.manifest.expires,
            acknowledge_by: held.acknowledge_by,
        };
        Self {
            assessment: held.manifest.assessment.to_string(),
            version: held.manifest.version,
            originator: held.manifest.originator.to_string(),
            issued: known.issued.to_string(),
            expires: known.expires.to_string(),
            level: known.level.map(u8::from),
            places: known.places.iter().map(ToString::to_string).collect(),
            acknowledge_by: known.acknowledge_by.map(|by| by.to_string()),
            tlp: Some(tlp).filter(|tlp| !tlp.is_empty()),
            headline: held.headline().map(str::to_owned),
            state: held.state.clone(),
            exercise: held.manifest.exercise,
            unread,
            introduced_by: held.introduced_by.clone(),
            doubtful_since: held.doubtful_since.clone(),
            quarantines: held.quarantines.clone(),
            recall: held.recall.clone(),
            signed_twice: held.signed_twice.iter().map(ToString::to_string).collect(),
            known,
        }
    }

    /// The cells, in the order of [`HEADINGS`].
    fn cells(&self, digits: usize, now: Time) -> Vec<String> {
        let exercise = if self.exercise { "EXERCISE " } else { "" };
        let absent = if self.recall.is_some() { "(recalled)" } else { "(withheld)" };
        let level = self.known.level.map(WarningLevel::label);
        let or_none = |cell: Option<String>| cell.filter(|c| !c.is_empty()).unwrap_or_else(|| "-".to_owned());
        vec![
            self.assessment.get(..digits).unwrap_or(&self.assessment).to_owned(),
            if self.unread { "●" } else { "" }.to_owned(),
            or_none(level),
            or_none(self.known.acknowledge_by.map(|by| deadline::left(by, now))),
            or_none(Some(render::places(&self.known.places))),
            self.known.expires.last_day().to_string(),
            self.standing(),
            or_none(self.tlp.clone()),
            self.originator.clone(),
            self.known.issued.day().to_string(),
            format!("{exercise}{}", self.headline.as_deref().unwrap_or(absent)),
        ]
    }
}

/// The columns of the list: at 80 columns what tells how urgent it is and where. The deadline is shown only where there is one. An originator is
/// whole or not there, because names that are cut may look alike.
const HEADINGS: [Heading; 11] = {
    const fn heading(title: &'static str, least: usize, rank: u8) -> Heading {
        Heading { title, least, rank }
    }
    [
        Heading::whole("ID", 0),
        heading("NEW", 3, 0),
        heading("LEVEL", 10, 0),
        heading("ACKNOWLEDGE", 12, 1),
        heading("PLACE", 11, 0),
        heading("EXPIRES", 10, 2),
        heading("STATE", 24, 3),
        heading("TLP", 12, 4),
        Heading::whole("FROM", 5),
        heading("ISSUED", 10, 6),
        heading("HEADLINE", 28, 0),
    ]
};

/// Where the deadline is among the columns.
const DEADLINE: usize = 3;

impl Row {
    /// Its state, and what a reader must know before reading. `assess show` says it in full.
    fn standing(&self) -> String {
        let doubtful = self.doubtful_since.as_ref().map(|_| ", DOUBTFUL").unwrap_or_default();
        let introduced = self.introduced_by.as_ref().map(|_| ", by introduction").unwrap_or_default();
        let twice = if self.signed_twice.is_empty() { "" } else { ", SIGNED TWICE" };
        format!("{}{doubtful}{introduced}{twice}", self.state)
    }
}

impl List {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let mut desk = Context::load(global, WRITERS)?.connect().await?;
        let search = self.searched(global, &mut desk).await?;
        let mut rows = vec![];
        let ended = self.read(&mut desk, &search, &mut rows).await;
        self.arrange(&mut rows);
        if rows.is_empty() && ended.is_ok() {
            self.doubt_originator(global, &mut desk).await?;
        }
        if global.json {
            rows.iter().for_each(output::print_json);
        } else if rows.is_empty() && ended.is_ok() && search != proto::ListAssessmentsRequest::default() {
            output::print("no assessment matches these options");
        } else if rows.is_empty() && ended.is_ok() {
            output::print("there are no assessments yet; use `watchfire assess publish` or `watchfire feed pull`");
        } else if !rows.is_empty() {
            output::print(table(&rows).trim_end());
            self.print_quarantines(&rows, ended.is_ok());
        }
        crate::cli::waiting::warn(global, &mut desk).await?;
        ended
    }
}

impl List {
    /// Whether the order is that in which the desk lists. For another order, everything must be read before the first can be told.
    fn is_newest_first(&self) -> bool {
        self.sort == Sort::Issued && !self.reverse
    }

    fn arrange(&self, rows: &mut Vec<Row>) {
        match self.sort {
            Sort::Issued => {}
            Sort::Level => rows.sort_by_key(|row| Reverse(row.known.level)),
            Sort::Expires => rows.sort_by_key(|row| row.known.expires),
            Sort::Acknowledge => rows.sort_by_key(|row| {
                let by = row.known.acknowledge_by;
                (by.is_none(), by)
            }),
        }
        if self.reverse {
            rows.reverse();
        }
        rows.truncate(usize::try_from(self.limit).unwrap_or(usize::MAX));
    }

    /// The search that the options describe.
    pub fn search(&self) -> proto::ListAssessmentsRequest {
        proto::ListAssessmentsRequest {
            originator: self.from.as_ref().map(ToString::to_string).unwrap_or_default(),
            all_versions: self.all_versions,
            quarantined: self.quarantined,
            filter: self.filter.message(),
            unread: self.unread,
            ..Default::default()
        }
    }

    /// The search to make, which may be a saved one. It is saved if that is asked for.
    async fn searched(
        &self,
        global: &Global,
        desk: &mut DeskClient,
    ) -> Result<proto::ListAssessmentsRequest, CliError> {
        let mut search = self.search();
        if let Some(name) = &self.saved {
            if search != proto::ListAssessmentsRequest::default() {
                return Err(CliError::usage(
                    "`--saved` takes no option that selects, only `--limit`, `--sort` and `--reverse`".to_owned(),
                ));
            }
            search = saved::find(desk, name).await?;
        }
        if let Some(name) = &self.save {
            saved::save(desk, name, search.clone()).await?;
            output::note(global, &format!("saved as `{name}`"));
        }
        let has_words = search.filter.as_ref().is_some_and(|filter| !filter.words.is_empty());
        if has_words && !desk.node.get_node(proto::GetNodeRequest::default()).await?.into_inner().word_index {
            let what =
                "the node has no whole index of words, so it reads every assessment that the other options select";
            output::note(global, what);
        }
        Ok(search)
    }

    /// Says if the originator that was asked for is no partner. A misspelt name must not look as if nothing had been sent.
    async fn doubt_originator(&self, global: &Global, desk: &mut DeskClient) -> Result<(), CliError> {
        let Some(from) = self.from.as_ref().map(ToString::to_string) else { return Ok(()) };
        let own = desk.node.get_node(proto::GetNodeRequest::default()).await?.into_inner().domain;
        let known: Vec<String> = desk.all_partners().await?.0.into_iter().map(|p| p.domain).chain([own]).collect();
        if !known.contains(&from) {
            let meant = meant(&from, known.iter().map(String::as_str));
            let meant = meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
            output::note(global, &format!("`{from}` is no partner of this node{meant}"));
        }
        Ok(())
    }

    /// Reads the list. With a filter the node looks at so many assessments in one call, and the next call goes on. What came before an error is
    /// shown before the error, because one damaged assessment must not hide others.
    async fn read(
        &self,
        desk: &mut DeskClient,
        search: &proto::ListAssessmentsRequest,
        rows: &mut Vec<Row>,
    ) -> Result<(), CliError> {
        let (mut cursor, mut damaged) = (String::new(), Ok(()));
        let limit = if self.is_newest_first() { i64::from(self.limit) } else { MOST };
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        loop {
            let left = u32::try_from(limit.saturating_sub(rows.len())).unwrap_or(u32::MAX);
            let request = proto::ListAssessmentsRequest { limit: left, cursor, ..search.clone() };
            let mut answers = desk.assessments.list_assessments(request).await?.into_inner();
            let mut stopped_at = None;
            let ended = loop {
                match answers.message().await {
                    Ok(Some(answer)) if answer.assessment.is_none() => stopped_at = Some(answer.cursor),
                    Ok(Some(answer)) => match OpenedAssessment::new(answer.assessment) {
                        Ok(held) => rows.push(Row::new(&held, answer.unread, answer.tlp)),
                        Err(error) => break Err(error),
                    },
                    Ok(None) => break Ok(()),
                    Err(status) => break Err(status.into()),
                }
            };
            damaged = damaged.and(ended);
            match stopped_at {
                Some(place) if rows.len() < limit => cursor = place,
                _ => return damaged,
            }
        }
    }

    /// Prints why each is in quarantine, if that was asked for.
    fn print_quarantines(&self, rows: &[Row], is_all: bool) {
        if !self.quarantined && !rows.iter().any(|row| row.state == "quarantined") {
            return;
        }
        for row in rows.iter().filter(|r| !r.quarantines.is_empty()) {
            output::print(&format!("\n{} version {} is in quarantine:", row.assessment, row.version));
            row.quarantines.iter().for_each(|kept| output::print(&format!("    {}", kept.words())));
        }
        if is_all && rows.iter().all(|r| r.quarantines.is_empty()) {
            output::print("\nnothing is in quarantine");
        }
    }
}

/// The list as a table, with as many digits of each id as tell it apart.
fn table(rows: &[Row]) -> String {
    let (digits, now) = (shown_digits(rows.iter().map(|row| row.assessment.as_str())), SystemClock.now());
    let mut cells: Vec<Vec<String>> = rows.iter().map(|row| row.cells(digits, now)).collect();
    let mut headings = HEADINGS.to_vec();
    if rows.iter().all(|row| row.acknowledge_by.is_none()) {
        headings.remove(DEADLINE);
        cells.iter_mut().for_each(|row| drop(row.remove(DEADLINE)));
    }
    render::fitted(&headings, &cells, output::table_width())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        list: List,
    }

    #[test]
    fn the_options_that_are_shown_for_a_saved_search_make_the_same_search() {
        let parse = |line: &str| {
            let line = line.replace('"', "");
            let words = ["list"].into_iter().chain(line.split_whitespace());
            Line::try_parse_from(words).unwrap_or_else(|e| panic!("{line}: {e}")).list.search()
        };
        for line in [
            "",
            "--from no.example --all-versions --unread",
            "--place ML,M49:011 --level 4,5 --kind genocide --topic sahel --marking AMBER --state current --words djibo",
            "--since 2026-05-01 --until 2026-05-02 --expires-before 2026-06-01 --no-exercise --quarantined",
            "--exercise --words one --words two",
        ] {
            let search = parse(line);
            let shown = saved::options(&search);
            assert_eq!(parse(&shown), search, "{shown}");
        }
    }
}
