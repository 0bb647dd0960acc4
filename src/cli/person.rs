//! `watchfire person`: the organisation's own people.

mod list;
mod pack;
mod packed;
mod registered;
mod revoke;
mod unpack;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

use self::{list::Confirm, pack::Pack, revoke::Revoke, unpack::Unpack};
use super::{
    CliError, Global,
    context::{PERSONS, PersonFiles},
    init::issue,
    output,
};
use crate::{
    app::{devca::OpenCa, register::recover},
    config::Config,
    domain::{
        ids::{Role, SpiffeId},
        time::Clock,
    },
    identity::{
        certificate::Leaf,
        devca::Purpose,
        files::{Existing, private_directory, read_chain, read_secret, write_public, write_secret},
    },
    telemetry::SystemClock,
};

/// Add, confirm and revoke the organisation's own people.
#[derive(Subcommand)]
pub enum Person {
    /// Create certificates and keys for a person, or register those that the organisation's PKI has issued
    Add(Add),
    /// List everybody who was ever registered, wherever their files are
    List,
    /// Confirm a person of the organisation, who then counts in decisions that take several persons
    Confirm(Confirm),
    /// Revoke a person's certificates, wherever their files are; a running node applies it within 2 seconds
    Revoke(Revoke),
    /// Write the file that a colleague needs on another machine
    Pack(Pack),
    /// Set up this machine from a file of `person pack`
    Unpack(Unpack),
}

/// The role of a person.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum PersonRole {
    /// Writes and signs assessments
    Analyst,
    /// May do what an analyst may, reads what is in quarantine, and recalls assessments
    Officer,
    /// Configures partners and agreements
    Admin,
    /// A program
    Service,
}

impl From<PersonRole> for Role {
    fn from(role: PersonRole) -> Self {
        match role {
            PersonRole::Analyst => Self::Analyst,
            PersonRole::Officer => Self::Officer,
            PersonRole::Admin => Self::Admin,
            PersonRole::Service => Self::Service,
        }
    }
}

/// Issues two certificates (TLS, signing) from the development CA, or copies the given ones.
#[derive(Args)]
pub struct Add {
    /// A pseudonym; partners see it
    name: String,
    /// What the person may do
    #[arg(long, value_enum)]
    role: PersonRole,
    /// Let this administrator or officer count at once, if nobody is left to confirm them; the node must be stopped, and the administrators of
    /// every partner get an alarm
    #[arg(long)]
    recover: bool,
    /// A TLS certificate chain from the organisation's own PKI (PEM), instead of the development CA
    #[arg(long, value_name = "FILE", requires_all = ["tls_key", "signing", "signing_key"])]
    tls: Option<PathBuf>,
    /// The key of the TLS certificate
    #[arg(long, value_name = "FILE", requires = "tls")]
    tls_key: Option<PathBuf>,
    /// A signing certificate chain from the organisation's own PKI (PEM)
    #[arg(long, value_name = "FILE", requires = "tls")]
    signing: Option<PathBuf>,
    /// The key of the signing certificate
    #[arg(long, value_name = "FILE", requires = "tls")]
    signing_key: Option<PathBuf>,
}

#[derive(Serialize)]
struct Output {
    id: String,
    role: String,
    certificate: String,
    key: String,
}

impl From<&PersonFiles> for Output {
    fn from(person: &PersonFiles) -> Self {
        Self {
            id: person.id.to_string(),
            role: person.id.role().to_string(),
            certificate: person.signing().display().to_string(),
            key: person.signing_key().display().to_string(),
        }
    }
}

impl Person {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        match self {
            Self::Add(add) => add.run(global).await,
            Self::List => list::run(global).await,
            Self::Confirm(confirm) => confirm.run(global).await,
            Self::Revoke(revoke) => revoke.run(global).await,
            Self::Pack(pack) => pack.run(global),
            Self::Unpack(unpack) => unpack.run(global),
        }
    }
}

impl Add {
    async fn run(&self, global: &Global) -> Result<(), CliError> {
        let config = Config::load(&global.dir)?;
        let id =
            SpiffeId::new(config.organisation.domain.clone(), self.role.into(), &self.name).map_err(CliError::usage)?;
        let dir = global.dir.join(PERSONS).join(format!("{}-{}", id.role(), id.name()));
        let person = PersonFiles { id, dir };
        if self.recover && !matches!(self.role, PersonRole::Admin | PersonRole::Officer) {
            let what =
                "--recover is for administrators and officers only; for anybody else use `watchfire person confirm`";
            return Err(CliError::usage(what));
        }
        let is_here = person.tls().exists();
        if is_here && !self.recover {
            return Err(CliError::files(format!(
                "`{}` already has certificates; renew them with `watchfire ca renew`, or revoke them with `watchfire person revoke {}` to \
                 create new ones",
                person.id, self.name
            )));
        }
        if !is_here {
            self.make(global, &config, &person)?;
        }
        if self.recover {
            self.recover(&config, &person).await?;
        }
        output::result(global, &Output::from(&person), || {
            let counts = "counts for decisions that take two; partners get an alarm about it when the node runs";
            match self.recover {
                true => format!("{} {counts}; the keys are in {}", person.id, person.dir.display()),
                false => {
                    format!("{} may give commands to the node; the keys are in {}", person.id, person.dir.display())
                }
            }
        });
        Ok(())
    }

    /// Writes certificates and keys.
    fn make(&self, global: &Global, config: &Config, person: &PersonFiles) -> Result<(), CliError> {
        private_directory(&global.dir.join(PERSONS))?;
        match (&self.tls, &self.tls_key, &self.signing, &self.signing_key) {
            (Some(tls), Some(tls_key), Some(signing), Some(signing_key)) => {
                register(person, [tls, tls_key, signing, signing_key])
            }
            _ => {
                let open = OpenCa::open(config)?;
                let now = SystemClock.now();
                issue(&open.ca, &person.id, &person.dir, Purpose::Signing, "signing", now)?;
                issue(&open.ca, &person.id, &person.dir, Purpose::PersonTls, "tls", now)
            }
        }
    }

    /// Lets the person count, in the store of the stopped node.
    async fn recover(&self, config: &Config, person: &PersonFiles) -> Result<(), CliError> {
        let recovered = recover(config, person, SystemClock.now()).await;
        recovered.map_err(|why| CliError::files(format!("{} does not count yet: {why}", person.id)))
    }
}

/// Copies certificates that the organisation's own PKI has issued, after checking that they are this person's.
fn register(person: &PersonFiles, [tls, tls_key, signing, signing_key]: [&PathBuf; 4]) -> Result<(), CliError> {
    for chain in [tls, signing] {
        let leaf = read_chain(chain)?.first().map(|der| Leaf::parse(der)).transpose()?;
        if leaf.is_none_or(|l| l.id != person.id) {
            let what = format!("{} is not a certificate of `{}`", chain.display(), person.id);
            return Err(CliError::files(what));
        }
    }
    private_directory(&person.dir)?;
    let public = |from: &Path, to: &Path| -> Result<(), CliError> {
        let bytes = std::fs::read(from).map_err(|e| CliError::files(format!("{}: {e}", from.display())))?;
        Ok(write_public(to, &bytes, Existing::Keep)?)
    };
    write_secret(&person.signing_key(), &read_secret(signing_key)?, Existing::Keep)?;
    write_secret(&person.tls_key(), &read_secret(tls_key)?, Existing::Keep)?;
    public(signing, &person.signing())?;
    public(tls, &person.tls())
}
