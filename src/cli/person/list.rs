//! `watchfire person list` and `watchfire person confirm`.

use clap::Args;
use serde::Serialize;

use super::registered::{self, Certificate, READERS, Registered};
use crate::{
    cli::{
        CliError, Exit, Global,
        approval::approve,
        context::{Context, PersonFiles, persons},
        output,
    },
    config::Config,
    domain::{
        approval::Matter,
        ids::{SpiffeId, shorten},
    },
    seal::subject,
    wire::proto,
};

/// Takes one administrator. If there have been two other administrators, it takes two of them, or the only one left and an officer.
#[derive(Args)]
pub struct Confirm {
    /// The person: name, role/name or SPIFFE id
    person: String,
}

#[derive(Serialize)]
struct Output {
    id: String,
    role: String,
    /// `counts`, `waits` (for a confirmation) or `gone` (no certificate is valid); `unknown` if only the files are known.
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    confirmed_by: Vec<String>,
    /// When somebody used `--recover` for the person on the stopped node.
    #[serde(skip_serializing_if = "Option::is_none")]
    recovered: Option<String>,
    certificates: Vec<Certificate>,
    /// The directory with the person's files, if it is on this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<String>,
}

impl Output {
    fn new(person: &Registered, here: &[PersonFiles]) -> Self {
        let state = match (person.works, person.is_confirmed) {
            (false, _) => "gone",
            (true, true) => "counts",
            (true, false) => "waits",
        };
        let files = here.iter().find(|p| p.id == person.id).map(|p| p.dir.display().to_string());
        Self {
            id: person.id.to_string(),
            role: person.id.role().to_string(),
            state,
            since: Some(person.since.to_string()),
            confirmed_by: person.confirmed_by.iter().map(ToString::to_string).collect(),
            recovered: person.recovered_at.map(|at| at.to_string()),
            certificates: person.certificates.clone(),
            files,
        }
    }

    fn of_files(person: &PersonFiles) -> Self {
        Self {
            id: person.id.to_string(),
            role: person.id.role().to_string(),
            state: "unknown",
            since: None,
            confirmed_by: vec![],
            recovered: None,
            certificates: vec![],
            files: Some(person.dir.display().to_string()),
        }
    }

    fn row(&self) -> Vec<String> {
        let words = match self.state {
            "waits" => "waits for `person confirm`",
            "gone" => "revoked or ended",
            other => other,
        };
        let words = match &self.recovered {
            Some(at) => format!("{words}, by `--recover` on {}", at.split('T').next().unwrap_or(at)),
            None => words.to_owned(),
        };
        let files = self.files.clone().unwrap_or_else(|| "elsewhere".to_owned());
        vec![self.id.clone(), words, files]
    }
}

pub(super) async fn run(global: &Global) -> Result<(), CliError> {
    let config = Config::load(&global.dir)?;
    let here = persons(&global.dir)?;
    let views: Vec<Output> = match registered::all(global, &config).await? {
        Ok(people) => {
            // Somebody who was added a moment ago may not be registered yet.
            let new = here.iter().filter(|p| people.iter().all(|known| known.id != p.id)).map(Output::of_files);
            people.iter().map(|person| Output::new(person, &here)).chain(new).collect()
        }
        Err(why) => {
            output::note(
                global,
                &format!("listing only the people whose files are here; the node's register could not be read: {why}"),
            );
            here.iter().map(Output::of_files).collect()
        }
    };
    if global.json {
        views.iter().for_each(output::print_json);
    } else if views.is_empty() {
        output::print("there are no people yet; add one with `watchfire person add NAME --role analyst`");
    } else {
        let rows: Vec<_> = views.iter().map(Output::row).collect();
        output::print(&output::table(&["IDENTITY", "STATE", "FILES"], &rows));
    }
    Ok(())
}

impl Confirm {
    /// The person whose id the approval names.
    fn meant(&self, people: Vec<proto::PersonView>) -> Result<SpiffeId, CliError> {
        let people = people.into_iter().map(Registered::new).collect::<Result<Vec<_>, _>>()?;
        let mut found = people.into_iter().map(|person| person.id).filter(|id| id.is_called(&self.person));
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one),
            (Some(_), Some(_)) => Err(CliError::usage("several people have this name; write ROLE/NAME")),
            (None, _) => {
                let what = format!("nobody is registered as `{}`; see `watchfire person list`", shorten(&self.person));
                Err(CliError::new(Exit::Failed, "NOT_FOUND", what))
            }
        }
    }

    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let context = Context::load(global, READERS)?;
        let mut desk = context.connect().await?;
        let people = desk.all_people().await?;
        let id = self.meant(people)?;
        let approval = Some(approve(&context, Matter::Person, subject::person(&id))?);
        let request = proto::ConfirmPersonRequest { person: id.to_string(), approval };
        let person = desk.people.confirm_person(request).await?.into_inner().person;
        let missing = || CliError::new(Exit::Failed, "INTERNAL", "the node's answer names nobody");
        let person = Registered::new(person.ok_or_else(missing)?)?;
        output::result(global, &Output::new(&person, &persons(&global.dir)?), || match person.is_confirmed {
            true => format!("{} counts from now on for decisions that take several persons", person.id),
            false => format!(
                "recorded; {} counts after somebody else runs the same command: another administrator, or an officer if you are the only \
                 administrator left",
                person.id
            ),
        });
        Ok(())
    }
}
