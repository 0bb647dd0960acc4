//! Who runs a command at which node: the identities in the node's directory, and the connection to its desk.

use std::sync::Arc;

use super::{CliError, Exit, Global};
pub use crate::app::persons::{PERSONS, PersonFiles, persons};
use crate::{
    app::endings,
    config::Config,
    desk::client::{self, ConnectError, DeskClient},
    domain::{ids::Role, refusal::Refusal, time::Clock},
    seal::sign::SigningKey,
    telemetry::SystemClock,
};

/// The context of a command: the configuration, and the person who runs the command.
pub struct Context {
    /// The node's configuration.
    pub config: Config,
    /// The person who runs the command.
    pub person: PersonFiles,
}

impl Context {
    /// The context of a command that persons with one of `roles` may run. The person is the one that `--as` names, or the only one with such a
    /// role.
    pub fn load(global: &Global, roles: &[Role]) -> Result<Self, CliError> {
        let config = Config::load(&global.dir)?;
        let all = persons(&global.dir)?;
        let named = global.named();
        let person = choose(&all, named, roles).map_err(|error| match named.filter(|n| is_revoked(global, n)) {
            Some(_) => ConnectError::Refused(Refusal::Revoked).into(),
            None => error,
        })?;
        Ok(Self { config, person })
    }

    /// The key with which the person signs. It is an error if its certificate has ended, because the node would refuse the signature.
    pub fn signing_key(&self) -> Result<SigningKey, CliError> {
        let key = self.person.load_key()?;
        self.require_current("signing")?;
        Ok(key)
    }

    /// Refuses a certificate that has ended, with the words of `expiry list`.
    fn require_current(&self, usage: &'static str) -> Result<(), CliError> {
        let now = SystemClock.now();
        match endings::of_person(&self.config, &self.person, usage).filter(|ending| ending.has_ended(now)) {
            None => Ok(()),
            Some(ending) => {
                let words = format!("{}; {}", ending.words(now), ending.fix);
                Err(CliError::new(Exit::Denied, "CERTIFICATE_ENDED", words))
            }
        }
    }

    /// Connects to the desk.
    pub async fn connect(&self) -> Result<DeskClient, CliError> {
        self.require_current("tls")?;
        let (tls, key) = (self.person.tls(), self.person.tls_key());
        let address = dialable(&self.config.desk);
        let domain = &self.config.organisation.domain;
        let clock = Arc::new(SystemClock);
        Ok(client::connect(&address, domain, &self.config.bundle, &tls, &key, clock).await?)
    }
}

/// Whether a person with that name was here and was revoked.
fn is_revoked(global: &Global, name: &str) -> bool {
    let gone = crate::app::persons::revoked(&global.dir);
    gone.iter().any(|id| id.is_called(name))
}

/// The address to dial to reach an address on which the node listens.
fn dialable(address: &str) -> String {
    match address.rsplit_once(':') {
        Some(("0.0.0.0", port)) => format!("127.0.0.1:{port}"),
        Some(("[::]", port)) => format!("[::1]:{port}"),
        _ => address.to_owned(),
    }
}

fn choose(all: &[PersonFiles], named: Option<&str>, roles: &[Role]) -> Result<PersonFiles, CliError> {
    if let Some(name) = named {
        let person = the_one_called(all, name)?;
        if person.is_elsewhere() {
            let what = format!("the keys of {} are not in this directory", person.id);
            return Err(CliError::files(format!("{what}; run this command on the machine that has them")));
        }
        return Ok(person);
    }
    let able: Vec<&PersonFiles> = all.iter().filter(|p| roles.contains(&p.id.role()) && !p.is_elsewhere()).collect();
    let wanted: Vec<&str> = roles.iter().map(|r| r.as_str()).collect();
    match able.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(CliError::new(
            Exit::Denied,
            "ROLE_REQUIRED",
            format!(
                "nobody in this directory has the role {}; add one with `watchfire person add`",
                wanted.join(" or ")
            ),
        )),
        // If anybody may run a command, it does not matter which person runs it.
        [first, ..] if roles == ANYBODY => Ok((*first).clone()),
        several => {
            Err(CliError::usage(format!("several people here may do this: {}; choose one with --as", list(several))))
        }
    }
}

fn list(persons: &[&PersonFiles]) -> String {
    persons.iter().map(|p| format!("{}/{}", p.id.role(), p.id.name())).collect::<Vec<_>>().join(", ")
}

/// The person with that name, role/name or SPIFFE id.
pub fn the_one_called(all: &[PersonFiles], name: &str) -> Result<PersonFiles, CliError> {
    let found: Vec<&PersonFiles> = all.iter().filter(|p| p.id.is_called(name)).collect();
    match found.as_slice() {
        [one] => Ok((*one).clone()),
        [] => {
            let known = list(&all.iter().collect::<Vec<_>>());
            Err(CliError::files(format!("there is no `{name}` in this directory; there are: {known}")))
        }
        several => Err(CliError::usage(format!("`{name}` is ambiguous: {}; write role/name", list(several)))),
    }
}

/// Roles that write and read assessments.
pub const WRITERS: &[Role] = &[Role::Analyst, Role::Officer, Role::Service];
/// Roles that recall assessments and decide on purges.
pub const OFFICERS: &[Role] = &[Role::Officer];
/// Roles that may configure.
pub const ADMINS: &[Role] = &[Role::Admin];
/// Roles that may read the ledger.
pub const AUDITORS: &[Role] = &[Role::Admin, Role::Officer];
/// Roles that may look at feeds and partners.
pub const ANYBODY: &[Role] = &[Role::Analyst, Role::Officer, Role::Admin, Role::Service];
