//! The command line. Each command has a file of its own, which parses the arguments, calls the node and renders the answer.

mod agreement;
mod approval;
mod armour;
mod assess;
mod bundle;
mod ca;
mod complete;
mod completions;
mod config;
mod console;
mod context;
mod core_dumps;
mod deadline;
mod decision;
mod demo;
mod doctor;
mod draft;
mod encoding;
mod error;
mod evidence;
mod expiry;
mod feed;
mod files;
mod filter;
mod global;
mod init;
mod input;
mod ledger;
mod id_prefix;
mod output;
mod pager;
mod partner;
mod person;
mod place;
mod policy;
mod serve;
mod quarantine;
mod show;
mod signals;
mod today;
mod simulated;
mod terminal;
mod recall_details;
mod waiting;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::CompleteEnv;

pub use error::{CliError, Exit, FaultLine};
use global::Global;

/// Exchanges signed early-warning assessments with partners, under an agreement with each partner.
#[derive(Parser)]
#[command(name = "watchfire", version, max_term_width = 110, arg_required_else_help = true)]
#[command(
    after_help = "Exit codes: 0 success; 1 refused or failed; 2 wrong usage; 3 a fault in the configuration or in files; \
                        4 the node can't be reached; 5 denied by policy or role; 6 verification failed."
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Create a node: development CA, keys, configuration and store in one directory
    Init(init::Init),
    /// Run the node
    Serve(serve::Serve),
    /// Run six nodes on this machine, with a real exchange between them
    Demo(demo::Demo),
    /// Write, publish and read assessments
    #[command(subcommand)]
    Assess(assess::Assess),
    /// Keep drafts on the node, with their history, and hand them over
    #[command(subcommand)]
    Draft(draft::DraftCommand),
    /// List what waits for you, with deadlines
    Today(today::Today),
    /// Receive what partners send, and show the state of each feed
    #[command(subcommand)]
    Feed(feed::Feed),
    /// Invite and accept partners, and change what is exchanged with them
    #[command(subcommand)]
    Partner(partner::Partner),
    /// Change the organisation's own root certificates
    #[command(subcommand)]
    Bundle(bundle::BundleCommand),
    /// Propose, sign and end agreements with partners
    #[command(subcommand)]
    Agreement(agreement::AgreementCommand),
    /// Explain who gets what and why, and check house rules
    #[command(subcommand)]
    Policy(policy::Policy),
    /// Verify and prove the record of decisions, and watch partners' ledgers
    #[command(subcommand)]
    Ledger(ledger::Ledger),
    /// Prove to others that an organisation has signed two different statements about one subject
    #[command(subcommand)]
    Evidence(evidence::Evidence),
    /// List what ends and when: certificates, revocation lists, agreements
    #[command(subcommand)]
    Expiry(expiry::Expiry),
    /// Look up the codes of places by their names in several languages
    Place(place::PlaceCommand),
    /// Sign in to the web console, and list and end your sessions there
    #[command(subcommand)]
    Console(console::ConsoleCommand),
    /// Add, confirm and revoke the organisation's own people
    #[command(subcommand)]
    Person(person::Person),
    /// Use the development CA that `init` has created
    #[command(subcommand)]
    Ca(ca::Ca),
    /// Check the node's configuration
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Check files, keys, certificates, clock, store and partners' reachability
    Doctor(doctor::Doctor),
    /// Print shell completions
    Completions(completions::Completions),
    /// Write the manual pages
    Man(completions::Man),
}

impl Command {
    /// Whether the command only shows something, so that its answer may be long and nobody is asked anything.
    fn only_shows(&self) -> bool {
        match self {
            Self::Assess(command) => command.only_shows(),
            Self::Agreement(command) => command.only_shows(),
            Self::Draft(command) => command.only_shows(),
            Self::Policy(_) | Self::Expiry(_) => true,
            Self::Ledger(command) => matches!(command, ledger::Ledger::List(_) | ledger::Ledger::Alarms),
            Self::Feed(command) => matches!(command, feed::Feed::Status),
            Self::Partner(command) => matches!(command, partner::Partner::List | partner::Partner::Show(_)),
            _ => false,
        }
    }
}

/// Runs the program with the process's arguments.
pub fn run() -> ExitCode {
    core_dumps::forbid();
    // A shell asks what may be typed next. This answers and ends the process; otherwise it does nothing.
    CompleteEnv::with_factory(completed).var(completions::VARIABLE).complete();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return output::usage(&error),
    };
    let global = cli.global.clone();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return output::fail(&global, &CliError::new(Exit::Failed, "UNAVAILABLE", error.to_string())),
    };
    if cli.command.only_shows() {
        pager::begin(&global);
    }
    let done = runtime.block_on(async {
        let done = execute(cli).await;
        if let Some(held) = pager::finish().await {
            output::print(&held);
        }
        done.and_then(|()| output::ended())
    });
    // A worker that hangs must not keep the process alive.
    runtime.shutdown_timeout(std::time::Duration::from_millis(500));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => output::fail(&global, &error),
    }
}

/// The command line with what a shell can't know by itself.
fn completed() -> clap::Command {
    Cli::command().mut_arg("identity", |arg| arg.add(complete::people()))
}

async fn execute(cli: Cli) -> Result<(), CliError> {
    let global = &cli.global;
    match cli.command {
        Command::Init(command) => command.run(global),
        Command::Serve(command) => command.run(global).await,
        Command::Demo(command) => command.run(global).await,
        Command::Assess(command) => command.run(global).await,
        Command::Draft(command) => command.run(global).await,
        Command::Today(command) => command.run(global).await,
        Command::Feed(command) => command.run(global).await,
        Command::Partner(command) => command.run(global).await,
        Command::Bundle(command) => command.run(global).await,
        Command::Agreement(command) => command.run(global).await,
        Command::Policy(command) => command.run(global).await,
        Command::Ledger(command) => command.run(global).await,
        Command::Evidence(command) => command.run(global).await,
        Command::Expiry(command) => command.run(global).await,
        Command::Console(command) => command.run(global).await,
        Command::Person(command) => command.run(global).await,
        Command::Place(command) => command.run(global),
        Command::Ca(command) => command.run(global),
        Command::Config(command) => command.run(global),
        Command::Doctor(command) => command.run(global).await,
        Command::Completions(command) => command.run(),
        Command::Man(command) => command.run(global, Cli::command()),
    }
}
