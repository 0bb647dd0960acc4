//! `watchfire assess list`.

use clap::Args;
use serde::Serialize;

use crate::{
    cli::{
        CliError, Global,
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
    #[command(flatten)]
    filter: FilterArgs,
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
    fn new(held: &OpenedAssessment) -> Self {
        Self {
            assessment: held.manifest.assessment.to_string(),
            version: held.manifest.version,
            originator: held.manifest.originator.to_string(),
            issued: held.manifest.issued.to_string(),
            level: crate::domain::assessment::level(&held.portions).map(u8::from),
            headline: held.headline().map(str::to_owned),
            state: held.state.clone(),
            exercise: held.manifest.exercise,
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
        format!("{}{doubtful}{introduced}{twice}", self.state)
    }
}

impl List {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let mut desk = Context::load(global, WRITERS)?.connect().await?;
        let mut rows = vec![];
        let ended = self.read(&mut desk, &mut rows).await;
        if global.json {
            rows.iter().for_each(output::print_json);
        } else if rows.is_empty() && ended.is_ok() && self.is_filtered() {
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
    fn is_filtered(&self) -> bool {
        self.from.is_some() || self.filter.message().is_some()
    }

    /// Reads the list. With a filter the node looks at so many assessments in one call, and the next call goes on. What came before an error is
    /// shown before the error, because one damaged assessment must not hide others.
    async fn read(&self, desk: &mut DeskClient, rows: &mut Vec<Row>) -> Result<(), CliError> {
        let (mut cursor, mut damaged) = (String::new(), Ok(()));
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        loop {
            let left = u32::try_from(limit.saturating_sub(rows.len())).unwrap_or(u32::MAX);
            let request = proto::ListAssessmentsRequest {
                originator: self.from.as_ref().map(ToString::to_string).unwrap_or_default(),
                all_versions: self.all_versions,
                quarantined: self.quarantined,
                limit: left,
                cursor,
                filter: self.filter.message(),
            };
            let mut answers = desk.assessments.list_assessments(request).await?.into_inner();
            let mut stopped_at = None;
            let ended = loop {
                match answers.message().await {
                    Ok(Some(proto::ListAssessmentsResponse { assessment: None, cursor })) => stopped_at = Some(cursor),
                    Ok(Some(answer)) => match OpenedAssessment::new(answer.assessment) {
                        Ok(held) => rows.push(Row::new(&held)),
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
