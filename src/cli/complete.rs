//! What a shell offers while somebody types: ids of assessments and agreements, partners and persons, as the node knows them at that moment.

use std::{ffi::OsStr, path::PathBuf, time::Duration};

use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};

use super::{
    CliError, Global,
    context::{ANYBODY, Context, WRITERS, persons},
    show::OpenedAssessment,
};
use crate::{
    desk::client::DeskClient,
    domain::ids::Role,
    render::text::{one_line, shortened},
    wire::proto,
};

/// How long somebody waits for an offer.
const PATIENCE: Duration = Duration::from_secs(2);
/// How many of the newest assessments are offered.
const OFFERED: u32 = 200;
/// How many digits of an id are offered.
const DIGITS: usize = 12;
/// The longest explanation, in columns.
const EXPLAINED: usize = 60;

/// Ids of assessments, with their headlines.
pub fn assessments() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| offered(current, WRITERS, async |mut desk| newest(&mut desk).await))
}

/// Ids of agreements, with their parties.
pub fn agreements() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        offered(current, ANYBODY, async |mut desk: DeskClient| {
            let all = desk.all_agreements().await?;
            Ok(all.into_iter().map(|a| (beginning(&hex::encode(&a.id)), a.state)).collect())
        })
    })
}

/// Ids of drafts that the node keeps, with their names.
pub fn drafts() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        offered(current, WRITERS, async |mut desk: DeskClient| {
            let all = desk.all_drafts().await?;
            Ok(all.into_iter().map(|d| (beginning(&hex::encode(&d.id)), d.name)).collect())
        })
    })
}

/// The names of the searches that the person has saved.
pub fn saved_searches() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        offered(current, WRITERS, async |mut desk: DeskClient| {
            let all =
                desk.personal.list_saved_searches(proto::ListSavedSearchesRequest {}).await?.into_inner().searches;
            Ok(all.into_iter().map(|search| (search.name, String::new())).collect())
        })
    })
}

/// Partners, with their state.
pub fn partners() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        offered(current, ANYBODY, async |mut desk: DeskClient| {
            let (all, _) = desk.all_partners().await?;
            Ok(all.into_iter().map(|p| (p.domain, p.state)).collect())
        })
    })
}

/// The persons in the directory, with their role.
pub fn people() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let all = persons(&typed().dir).unwrap_or_default();
        let all = all.into_iter().filter(|p| !p.is_elsewhere());
        candidates(current, all.map(|p| (p.id.name().to_owned(), p.id.role().to_string())).collect())
    })
}

/// The newest assessments.
async fn newest(desk: &mut DeskClient) -> Result<Vec<(String, String)>, CliError> {
    let request = proto::ListAssessmentsRequest { limit: OFFERED, ..proto::ListAssessmentsRequest::default() };
    let mut answers = desk.assessments.list_assessments(request).await?.into_inner();
    let mut all = vec![];
    // What came before an error is offered.
    while let Ok(Some(answer)) = answers.message().await {
        let Ok(held) = OpenedAssessment::new(answer.assessment) else { continue };
        let id = held.manifest.assessment.to_string();
        all.push((beginning(&id), held.headline().unwrap_or_default().to_owned()));
    }
    Ok(all)
}

fn beginning(id: &str) -> String {
    id.get(..DIGITS).unwrap_or(id).to_owned()
}

/// Asks the node, as one of the persons with such a role. If that fails there is nothing to offer, and nobody to tell why.
fn offered(
    current: &OsStr,
    roles: &[Role],
    ask: impl AsyncFnOnce(DeskClient) -> Result<Vec<(String, String)>, CliError>,
) -> Vec<CompletionCandidate> {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return vec![] };
    let answer = runtime.block_on(async {
        let call = async { ask(Context::load(&typed(), roles)?.connect().await?).await };
        tokio::time::timeout(PATIENCE, call).await
    });
    candidates(current, answer.ok().and_then(Result::ok).unwrap_or_default())
}

/// Those that begin as typed so far.
fn candidates(current: &OsStr, all: Vec<(String, String)>) -> Vec<CompletionCandidate> {
    let typed = current.to_string_lossy();
    let fitting = all.into_iter().filter(|(value, _)| value.starts_with(&*typed));
    // A partner has written the explanation.
    let help = |text: String| (!text.is_empty()).then(|| shortened(&one_line(&text), EXPLAINED).into());
    fitting.map(|(value, text)| CompletionCandidate::new(value).help(help(text))).collect()
}

/// The directory and the person, from the words that were typed so far. They come after `--`.
fn typed() -> Global {
    let words: Vec<String> = std::env::args().skip_while(|word| word != "--").skip(1).collect();
    let of = |option: &str, variable: &str| {
        let equals = format!("{option}=");
        let apart =
            words.iter().zip(words.iter().skip(1)).find(|(word, _)| *word == option).map(|(_, value)| value.clone());
        let joined = || words.iter().find_map(|word| word.strip_prefix(&equals)).map(str::to_owned);
        apart.or_else(joined).or_else(|| std::env::var(variable).ok())
    };
    Global {
        dir: of("--dir", "WATCHFIRE_DIR").map_or_else(|| PathBuf::from("."), PathBuf::from),
        json: false,
        identity: of("--as", "WATCHFIRE_AS"),
        yes: false,
        no_pager: true,
        quiet: true,
    }
}
