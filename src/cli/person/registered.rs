//! The register of the organisation's own people: from the running node, or from its store if no node runs.

use serde::Serialize;

use crate::{
    app::register,
    cli::{
        CliError, Global,
        context::{Context, persons},
    },
    config::Config,
    domain::{
        ids::{Role, SpiffeId},
        time::{Clock, Time},
    },
    node::people::PersonView,
    telemetry::SystemClock,
    wire::{field::time, proto},
};

/// The roles that may ask the node for the register.
pub(super) const READERS: &[Role] = &[Role::Admin, Role::Officer];

/// A certificate of a person.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Certificate {
    /// `tls` or `signing`.
    #[serde(rename = "use")]
    pub usage: String,
    /// The serial number, hexadecimal.
    pub serial: String,
    /// When it ends.
    pub until: Time,
    /// Whether it is revoked.
    pub revoked: bool,
}

/// A person, with the state of their certificates.
#[derive(Debug, Clone)]
pub(super) struct Registered {
    /// The person.
    pub id: SpiffeId,
    /// Since when the person is registered.
    pub since: Time,
    /// Whether the person counts in decisions that take several persons.
    pub is_confirmed: bool,
    /// When somebody used `--recover` for the person on the stopped node.
    pub recovered_at: Option<Time>,
    /// Who has confirmed the person, as long as that is not enough.
    pub confirmed_by: Vec<SpiffeId>,
    /// Whether any TLS certificate is valid: neither revoked nor ended.
    pub works: bool,
    /// The certificates, the oldest first.
    pub certificates: Vec<Certificate>,
}

impl Registered {
    /// From the node's answer.
    pub fn new(view: proto::PersonView) -> Result<Self, CliError> {
        let id = |text: &str| text.parse::<SpiffeId>().map_err(CliError::files);
        let certificate = |c: proto::PersonCertificateView| -> Result<Certificate, CliError> {
            Ok(Certificate { usage: c.usage, serial: c.serial, until: time("until", c.until)?, revoked: c.revoked })
        };
        Ok(Self {
            id: id(&view.id)?,
            since: time("since", view.since)?,
            is_confirmed: view.confirmed_at.is_some(),
            recovered_at: view.recovered_at.map(|at| time("recovered_at", Some(at))).transpose()?,
            confirmed_by: view.confirmed_by.iter().map(|text| id(text)).collect::<Result<_, _>>()?,
            works: view.works,
            certificates: view.certificates.into_iter().map(certificate).collect::<Result<_, _>>()?,
        })
    }

    fn of_store(PersonView { person, revoked, works }: PersonView) -> Self {
        let certificate = |c: &crate::domain::person::PersonCertificate| Certificate {
            usage: c.usage.to_string(),
            serial: c.serial.clone(),
            until: c.until,
            revoked: revoked.contains(&c.serial),
        };
        Self {
            since: person.since,
            is_confirmed: person.confirmed_at.is_some(),
            recovered_at: person.recovered_at,
            certificates: person.certificates.iter().map(certificate).collect(),
            confirmed_by: person.confirmed_by.into_iter().map(|approved| approved.by).collect(),
            works,
            id: person.id,
        }
    }
}

/// The register, by role and name. The inner error says why it is not available.
pub(super) async fn all(global: &Global, config: &Config) -> Result<Result<Vec<Registered>, String>, CliError> {
    // If no node uses the store, it is read directly. Otherwise the node is asked.
    match register::on_disk(config, SystemClock.now()).await {
        Ok(people) => return Ok(Ok(sorted(people.into_iter().map(Registered::of_store).collect()))),
        Err(why) => tracing::debug!(why, "the store can't be read; the node is asked"),
    }
    match asked(global).await {
        Ok(people) => people.into_iter().map(Registered::new).collect::<Result<_, _>>().map(sorted).map(Ok),
        Err(why) => Ok(Err(why.message)),
    }
}

async fn asked(global: &Global) -> Result<Vec<proto::PersonView>, CliError> {
    let context = match global.named() {
        Some(_) => Context::load(global, READERS)?,
        // It makes no difference which of them asks.
        None => {
            let reader = persons(&global.dir)?.into_iter().find(|p| READERS.contains(&p.id.role()));
            let identity = reader.map(|p| p.id.to_string());
            Context::load(&Global { identity, ..global.clone() }, READERS)?
        }
    };
    let mut desk = context.connect().await?;
    Ok(desk.all_people().await?)
}

fn sorted(mut people: Vec<Registered>) -> Vec<Registered> {
    people.sort_by(|a, b| (a.id.role().as_str(), a.id.name()).cmp(&(b.id.role().as_str(), b.id.name())));
    people
}
