//! `watchfire assess list`.

use clap::Args;
use serde::Serialize;

use crate::{
    cli::{
        CliError, Global,
        assess::saved,
        context::{Context, WRITERS},
        filter::FilterArgs,
        output,
        quarantine::QuarantinedEntry,
        recall_details::RecallDetails,
        show::OpenedAssessment,
    },
    desk::client::DeskClient,
    domain::ids::TrustDomain,
    wire::proto,
};

/// Lists assessments, newest first.
#[derive(Args)]
pub struct List {
    /// List only assessments of this originator
    #[arg(long, value_name = "DOMAIN")]
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
    #[arg(long, value_name = "NAME")]
    saved: Option<String>,
    /// The most assessments to list
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
}

#[derive(Serialize)]
struct Row {
    assessment: String,
    version: u32,
    originator: String,
    issued: String,
    level: Option<u8>,
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
}

impl Row {
    fn new(held: &OpenedAssessment, unread: bool) -> Self {
        Self {
            assessment: held.manifest.assessment.to_string(),
            version: held.manifest.version,
            originator: held.manifest.originator.to_string(),
            issued: held.manifest.issued.to_string(),
            level: crate::domain::assessment::level(&held.portions).map(u8::from),
            headline: held.headline().map(str::to_owned),
            state: held.state.clone(),
            exercise: held.manifest.exercise,
            unread,
            introduced_by: held.introduced_by.clone(),
            doubtful_since: held.doubtful_since.clone(),
            quarantines: held.quarantines.clone(),
            recall: held.recall.clone(),
            signed_twice: held.signed_twice.iter().map(ToString::to_string).collect(),
        }
    }
}

impl Row {
    /// Its state, and what a reader must know before reading. `assess show` says it in full.
    fn standing(&self) -> String {
        let doubtful = self.doubtful_since.as_ref().map(|_| ", DOUBTFUL").unwrap_or_default();
        let introduced = self.introduced_by.as_ref().map(|_| ", by introduction").unwrap_or_default();
        let twice = if self.signed_twice.is_empty() { "" } else { ", SIGNED TWICE" };
        let unread = if self.unread { ", unread" } else { "" };
        format!("{}{doubtful}{introduced}{twice}{unread}", self.state)
    }
}

impl List {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let mut desk = Context::load(global, WRITERS)?.connect().await?;
        let search = self.searched(global, &mut desk).await?;
        let mut rows = vec![];
        let ended = self.read(&mut desk, &search, &mut rows).await;
        if global.json {
            rows.iter().for_each(output::print_json);
        } else if rows.is_empty() && ended.is_ok() && search != proto::ListAssessmentsRequest::default() {
            output::print("no assessment matches these options");
        } else if rows.is_empty() && ended.is_ok() {
            output::print("there are no assessments yet; use `watchfire assess publish` or `watchfire feed pull`");
        } else if !rows.is_empty() {
            let cells = rows.iter().map(|r| {
                let exercise = if r.exercise { "EXERCISE " } else { "" };
                let absent = if r.recall.is_some() { "(recalled)" } else { "(withheld)" };
                let headline = format!("{exercise}{}", r.headline.as_deref().unwrap_or(absent));
                let level = r.level.map_or_else(|| "-".to_owned(), |l| l.to_string());
                let day = r.issued.get(..10).unwrap_or_default().to_owned();
                vec![r.assessment.clone(), day, r.originator.clone(), level, r.standing(), headline]
            });
            let cells: Vec<_> = cells.collect();
            output::print(&output::table(&["ASSESSMENT", "ISSUED", "FROM", "LEVEL", "STATE", "HEADLINE"], &cells));
            self.print_quarantines(&rows, ended.is_ok());
        }
        crate::cli::waiting::warn(global, &mut desk).await?;
        ended
    }
}

impl List {
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
                return Err(CliError::usage("`--saved` takes no other options than `--limit`".to_owned()));
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

    /// Reads the list. With a filter the node looks at so many assessments in one call, and the next call goes on. What came before an error is
    /// shown before the error, because one damaged assessment must not hide others.
    async fn read(
        &self,
        desk: &mut DeskClient,
        search: &proto::ListAssessmentsRequest,
        rows: &mut Vec<Row>,
    ) -> Result<(), CliError> {
        let (mut cursor, mut damaged) = (String::new(), Ok(()));
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        loop {
            let left = u32::try_from(limit.saturating_sub(rows.len())).unwrap_or(u32::MAX);
            let request = proto::ListAssessmentsRequest { limit: left, cursor, ..search.clone() };
            let mut answers = desk.assessments.list_assessments(request).await?.into_inner();
            let mut stopped_at = None;
            let ended = loop {
                match answers.message().await {
                    Ok(Some(answer)) if answer.assessment.is_none() => stopped_at = Some(answer.cursor),
                    Ok(Some(answer)) => match OpenedAssessment::new(answer.assessment) {
                        Ok(held) => rows.push(Row::new(&held, answer.unread)),
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
