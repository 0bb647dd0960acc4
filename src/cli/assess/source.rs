//! Where the draft of a command comes from: a file, or a draft that the node keeps.

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};

use super::{
    draft_files::DraftFiles,
    lint::{checked_text, show},
};
use crate::{
    cli::{
        CliError, Exit, FaultLine, Global, complete,
        context::{Context, WRITERS},
        draft::view::{RevisionRow, find, text},
        files::read_written,
        input, output, terminal,
    },
    desk::client::DeskClient,
    domain::{
        body::Body,
        draft::{Draft, DraftPortion},
        ids::AssessmentId,
        lint::{Finding, REPEATED, Severity, blocking, lint},
        time::Clock,
    },
    draft::Format,
    render::text::one_line,
    telemetry::SystemClock,
};

/// A draft: a file, or one that the node keeps.
#[derive(Args, Clone)]
pub struct Source {
    /// The draft (TOML, or JSON if its name ends in .json); `-` reads stdin
    #[arg(value_hint = ValueHint::FilePath)]
    file: Option<PathBuf>,
    /// The same as FILE
    #[arg(short = 'f', long = "file", id = "file_option", value_name = "FILE", conflicts_with = "file", value_hint = ValueHint::FilePath)]
    file_option: Option<PathBuf>,
    /// A draft that the node keeps, by its id or its beginning
    #[arg(long, value_name = "ID", conflicts_with_all = ["file", "file_option"], add = complete::drafts())]
    draft: Option<String>,
    /// This revision of the kept draft, by its number; default: the current one
    #[arg(long, value_name = "N", requires = "draft", value_parser = clap::value_parser!(u32).range(1..))]
    revision: Option<u32>,
    /// The directory of the files that the kept draft names
    #[arg(long, value_name = "DIR", requires = "draft", value_hint = ValueHint::DirPath)]
    files: Option<PathBuf>,
}

/// A checked draft, and a connection to the node.
pub struct OpenSource {
    /// The draft.
    pub written: Written,
    /// The node's directory, and who runs the command.
    pub context: Context,
    /// The connection.
    pub desk: DeskClient,
}

/// A draft that can be published, with what the lint finds in it.
pub struct Written {
    /// The draft.
    pub draft: Draft,
    /// What the lint finds.
    pub findings: Vec<Finding>,
    /// The id that its assessment gets, if the node keeps the draft.
    pub assessment: Option<AssessmentId>,
    /// The revision that it is, if the node keeps the draft and nobody has named a revision.
    newest: Option<RevisionRow>,
    /// What errors call it.
    shown: PathBuf,
    /// The path beside which its files are.
    beside: PathBuf,
}

impl Source {
    /// Reads and checks the draft, and connects to the node. What `refuse` refuses of a draft in a file is said before anything is asked of the node.
    pub async fn open(
        &self,
        global: &Global,
        refuse: impl Fn(&Written) -> Result<(), CliError>,
    ) -> Result<OpenSource, CliError> {
        let in_file = match &self.draft {
            Some(_) => None,
            None => Some(self.file(global)?),
        };
        in_file.iter().try_for_each(&refuse)?;
        let context = Context::load(global, WRITERS)?;
        let mut desk = context.connect().await?;
        let written = match (in_file, &self.draft) {
            (None, Some(id)) => self.kept(global, &mut desk, id).await?,
            (Some(written), _) => return Ok(OpenSource { written, context, desk }),
            (None, None) => return Err(nothing_named()),
        };
        refuse(&written)?;
        Ok(OpenSource { written, context, desk })
    }

    /// Reads and checks a draft that the node keeps.
    async fn kept(&self, global: &Global, desk: &mut DeskClient, id: &str) -> Result<Written, CliError> {
        let id = find(desk, id).await?;
        let (kept, number, text) = text(desk, &id, self.revision.unwrap_or(0)).await?;
        let shown = PathBuf::from(format!("draft {id}"));
        let beside = self.files.as_ref().map(|dir| dir.join("draft.toml"));
        let (draft, findings) = checked_text(global, (&text, Format::Toml), &shown, beside.as_deref())?;
        let revision = kept.revisions.into_iter().find(|revision| revision.number == number);
        revision
            .iter()
            .for_each(|revision| output::note(global, &format!("{}: {}", shown.display(), revision.words())));
        tell_files(global, &draft);
        let newest = revision.filter(|_| self.revision.is_none());
        let beside = beside.unwrap_or_else(|| shown.clone());
        Ok(Written { draft, findings, assessment: Some(id.assessment()), newest, shown, beside })
    }

    fn file(&self, global: &Global) -> Result<Written, CliError> {
        let Some(file) = self.file.clone().or_else(|| self.file_option.clone()) else {
            return Err(nothing_named());
        };
        let (text, format) = read_written(&file)?;
        let (draft, findings) = checked_text(global, (&text, format), &file, Some(&file))?;
        Ok(Written { draft, findings, assessment: None, newest: None, shown: file.clone(), beside: file })
    }
}

/// Says which files a kept draft attaches, because it may come from somebody else: the name that readers see may be another than the file's.
fn tell_files(global: &Global, draft: &Draft) {
    for (place, path) in draft.files() {
        let Some(Body::Attachment(attachment)) = draft.portions.get(place).map(|portion| &portion.body) else {
            continue;
        };
        let (name, path) = (one_line(&attachment.name), one_line(&path.to_string_lossy()));
        output::note(global, &format!("attaches {path} as {name}, {} bytes", attachment.size));
    }
}

fn nothing_named() -> CliError {
    CliError::usage("name the draft's file, or a draft that the node keeps with --draft")
}

impl Written {
    /// An assessment that is composed already, with what the lint finds in it. `shown` is its file.
    pub fn reopened(draft: Draft, shown: &Path) -> Self {
        let findings = lint(&draft, SystemClock.now());
        Self { draft, findings, assessment: None, newest: None, shown: shown.to_owned(), beside: shown.to_owned() }
    }

    /// Adds a portion, and checks the draft again.
    pub fn add(&mut self, portion: DraftPortion) {
        self.draft.portions.push(portion);
        self.findings = lint(&self.draft, SystemClock.now());
    }

    /// Refuses to sign what a colleague has saved last if nobody has said that this revision is meant. On a terminal a question follows, and the
    /// revision is told before it.
    pub fn refuse_unseen(&self, global: &Global, context: &Context) -> Result<(), CliError> {
        let Some(revision) = self.newest.as_ref().filter(|revision| revision.by != context.person.id.to_string())
        else {
            return Ok(());
        };
        let what = format!("{} is now at {}", self.shown.display(), revision.words());
        if terminal::can_ask(global) {
            output::show(&what);
            return Ok(());
        }
        let message = format!("{what}; read it, then name it with --revision {}", revision.number);
        Err(CliError::new(Exit::Failed, "NOT_CONFIRMED", message))
    }

    /// Where its files are.
    pub fn files<'a>(&'a self, context: &'a Context) -> DraftFiles<'a> {
        DraftFiles { draft: &self.beside, node: Some(&context.config) }
    }

    /// Refuses a draft with errors, and prints what has to be changed. Warnings may be accepted when it is published.
    pub fn refuse_errors(&self, global: &Global, what: &str) -> Result<(), CliError> {
        let is_error = |finding: &&Finding| finding.severity == Severity::Error;
        self.refuse(global, what, self.findings.iter().filter(is_error).cloned().collect())
    }

    /// Refuses a draft with errors, or with warnings that are not accepted, and prints all of them. The node decides what is repeated, because it knows
    /// who reads what, and who accepts it.
    pub fn refuse_unaccepted(&self, global: &Global, what: &str, accepted: &[String]) -> Result<(), CliError> {
        let all = blocking(&self.findings, accepted, true);
        self.refuse(global, what, all.into_iter().filter(|f| f.code != REPEATED).cloned().collect())
    }

    fn refuse(&self, global: &Global, what: &str, found: Vec<Finding>) -> Result<(), CliError> {
        if found.is_empty() {
            return Ok(());
        }
        if !global.json {
            show(&self.shown, &found);
        }
        let list: Vec<&str> = found.iter().map(|f| f.code).collect();
        let warnings = found.iter().all(|f| f.severity == Severity::Warning);
        let hint = if warnings { "; correct them, or accept each with --accept" } else { "" };
        let message = format!("{what}, because of {}{hint}", list.join(", "));
        let fault = |f: &Finding| FaultLine {
            file: input::name(&self.shown),
            line: f.line,
            field: f.portion.map(|place| format!("portion[{place}]")),
            code: Some(f.code),
            message: format!("{}; {}", f.message, f.help),
        };
        let faults = found.iter().map(fault).collect();
        Err(CliError { faults, ..CliError::new(Exit::Failed, "LINT_FAILED", message) })
    }

    /// The warnings that would have to be accepted.
    pub fn warnings(&self) -> Vec<&'static str> {
        let mut all: Vec<&'static str> =
            self.findings.iter().filter(|f| f.severity == Severity::Warning).map(|f| f.code).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}
