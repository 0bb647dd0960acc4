//! `watchfire person revoke`.

use clap::Args;
use serde::Serialize;

use super::registered;
use crate::{
    app::devca::{DevCaError, OpenCa},
    cli::{
        CliError, Global,
        context::{PERSONS, PersonFiles, persons},
        output,
    },
    config::Config,
    domain::{ids::SpiffeId, time::Clock},
    identity::{
        certificate::serial,
        files::{private_directory, read_chain},
    },
    telemetry::SystemClock,
};

/// Puts a person's certificates on the development CA's revocation list: those in this directory, and all those in the register.
#[derive(Args)]
pub struct Revoke {
    /// The person: name, role/name or SPIFFE id; or the serial number of one certificate, as `person list --json` prints it
    id: String,
}

#[derive(Serialize)]
struct Revoked {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    serials: Vec<String>,
}

/// What is to be revoked.
struct Meant {
    /// The person; `None` if a single certificate is meant.
    person: Option<SpiffeId>,
    files: Option<PersonFiles>,
    serials: Vec<Vec<u8>>,
}

impl Revoke {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let config = Config::load(&global.dir)?;
        let meant = self.meant(global, &config).await?;
        let open = OpenCa::open(&config).map_err(|error| match error {
            DevCaError::None(_) => CliError::files(format!(
                "your own PKI issues the certificates of `{}`: revoke those with these serial numbers there, and write its next list to {}, which \
                 a running node loads within 2 seconds: {}",
                self.id,
                config.crl.display(),
                meant.serials.iter().map(hex::encode).collect::<Vec<_>>().join(", ")
            )),
            other => other.into(),
        })?;
        let now = SystemClock.now();
        open.revoke(&config.crl, meant.serials.clone(), now)?;
        if let Some(person) = &meant.files {
            // Moved away, so that `--as` does not find it. The name is unique even if a person is revoked for the second time.
            let aside = global.dir.join(PERSONS).join("revoked");
            private_directory(&aside)?;
            let gone = aside.join(format!("{}-{}-{}", person.id.role(), person.id.name(), now.unix_nanos()));
            std::fs::rename(&person.dir, &gone).map_err(|e| CliError::files(format!("{}: {e}", gone.display())))?;
        }
        let serials = meant.serials.iter().map(hex::encode).collect();
        let who = meant.person.map_or_else(|| format!("the certificate {}", self.id), |id| id.to_string());
        let revoked = Revoked { id: (who.starts_with("spiffe:")).then(|| who.clone()), serials };
        output::result(global, &revoked, || format!("{who} is revoked; a running node applies it within 2 seconds"));
        Ok(())
    }

    async fn meant(&self, global: &Global, config: &Config) -> Result<Meant, CliError> {
        let here = persons(&global.dir)?;
        let registered = match registered::all(global, config).await? {
            Ok(people) => people,
            Err(why) => {
                let what = "only the certificates in this directory are known, because the node could not be reached";
                output::note(global, &format!("{what}: {why}"));
                vec![]
            }
        };
        let mut ids: Vec<SpiffeId> =
            registered.iter().filter(|p| p.works && p.id.is_called(&self.id)).map(|p| p.id.clone()).collect();
        ids.extend(here.iter().filter(|p| p.id.is_called(&self.id)).map(|p| p.id.clone()));
        ids.sort();
        ids.dedup();
        let mut certificates = registered.iter().flat_map(|p| &p.certificates);
        if ids.is_empty() && certificates.any(|c| c.serial.eq_ignore_ascii_case(&self.id)) {
            let serial = hex::decode(&self.id).map_err(|e| CliError::files(e.to_string()))?;
            return Ok(Meant { person: None, files: None, serials: vec![serial] });
        }
        let [id] = ids.as_slice() else {
            let what = if ids.is_empty() {
                "no person who is not revoked has the name"
            } else {
                "several people have the name"
            };
            return Err(CliError::files(format!("{what} `{}`; see `watchfire person list`", self.id)));
        };
        let files = here.into_iter().find(|p| p.id == *id);
        let mut serials = vec![];
        for chain in files.iter().flat_map(|person| [person.tls(), person.signing()]) {
            let chain = read_chain(&chain)?;
            serials.extend(chain.first().map(|der| serial(der)).transpose()?);
        }
        let known = registered.iter().filter(|p| p.id == *id).flat_map(|p| &p.certificates).filter(|c| !c.revoked);
        serials.extend(known.filter_map(|c| hex::decode(&c.serial).ok()));
        serials.sort_unstable();
        serials.dedup();
        Ok(Meant { person: Some(id.clone()), files, serials })
    }
}
