//! `watchfire person pack`.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use zeroize::Zeroizing;

use super::packed::{Contents, Keys, Packed, pem};
use crate::{
    cli::{
        CliError, Global,
        context::{PersonFiles, persons, the_one_called},
        output,
    },
    config::Config,
    identity::files::{Existing, read_chain, read_pkcs8, read_roots, to_pem, write_secret},
};

/// Writes the file that a colleague needs on another machine: certificates, keys, the organisation's roots and the desk's address.
/// `watchfire person unpack` reads it there. After `ca renew` it brings the new certificates in the same way.
#[derive(Args)]
pub struct Pack {
    /// The person: name, role/name or SPIFFE id
    name: String,
    /// The address by which the other machine reaches the node's desk; default: `[listen] desk`, unless that is a loopback address
    #[arg(long, value_name = "HOST:PORT")]
    desk: Option<String>,
    /// The file to write; default: NAME.person
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Remove the keys from this directory afterwards, so that only the file has them
    #[arg(long = "move")]
    moves: bool,
}

#[derive(Serialize)]
struct Output {
    id: String,
    file: String,
    with_keys: bool,
    keys_removed_here: bool,
}

impl Pack {
    /// Runs the command.
    pub fn run(&self, global: &Global) -> Result<(), CliError> {
        let config = Config::load(&global.dir)?;
        let person = the_one_called(&persons(&global.dir)?, &self.name)?;
        let desk = self.desk(&config)?;
        let contents = Contents {
            bundle: pem(&read_roots(&config.bundle)?),
            tls: pem(&read_chain(&person.tls())?),
            signing: pem(&read_chain(&person.signing())?),
            keys: keys(&person)?,
        };
        let packed = Packed::new(&config.organisation, &desk, &person.id, contents);
        packed.config(&global.dir)?;
        let file = self.out.clone().unwrap_or_else(|| PathBuf::from(format!("{}.person", person.id.name())));
        write_secret(&file, packed.text()?.as_bytes(), Existing::Keep)?;
        // The file is read as the other machine will read it, before a key is removed here.
        let written = Packed::read(&file)?;
        let moved = self.moves && written.keys.is_some();
        if moved {
            for key in [person.signing_key(), person.tls_key()] {
                std::fs::remove_file(&key).map_err(|e| CliError::files(format!("{}: {e}", key.display())))?;
            }
        }
        let view = Output {
            id: person.id.to_string(),
            file: file.display().to_string(),
            with_keys: written.keys.is_some(),
            keys_removed_here: moved,
        };
        output::result(global, &view, || words(&view));
        Ok(())
    }

    fn desk(&self, config: &Config) -> Result<String, CliError> {
        if let Some(desk) = &self.desk {
            return Ok(desk.clone());
        }
        let host = config.desk.rsplit_once(':').map_or("", |(host, _)| host);
        let here_only = ["127.", "localhost", "[::1]", "0.0.0.0", "[::]"];
        if here_only.iter().any(|start| host.starts_with(start)) {
            return Err(CliError::usage(format!(
                "`desk` under [listen] is {}, which other machines can't reach; give --desk HOST:PORT, the address by which the other machine \
                 reaches the desk (and let the node listen there: `desk` in {})",
                config.desk,
                config.dir.join(crate::config::FILE).display()
            )));
        }
        Ok(config.desk.clone())
    }
}

fn words(view: &Output) -> String {
    let next = format!("on the other machine: watchfire --dir DIRECTORY person unpack {}", view.file);
    match (view.with_keys, view.keys_removed_here) {
        (false, _) => format!(
            "{} contains the certificates of {}, without keys, because they are not here.\n{next}",
            view.file, view.id
        ),
        (true, false) => format!(
            "{} contains the certificates and keys of {}. Carry it by hand, and remove it after unpacking. The keys are still here too; --move \
             removes them.\n{next}",
            view.file, view.id
        ),
        (true, true) => format!(
            "{} contains the certificates and the only keys of {}. Carry it by hand, and remove it after unpacking.\n{next}",
            view.file, view.id
        ),
    }
}

/// Both keys, checked against their certificates. `None` if both are on another machine.
fn keys(person: &PersonFiles) -> Result<Option<Keys>, CliError> {
    if !person.has_keys() {
        return Ok(None);
    }
    person.check()?;
    let pem = |file: PathBuf| -> Result<String, CliError> {
        let der: Zeroizing<Vec<u8>> = read_pkcs8(&file)?;
        Ok(to_pem("PRIVATE KEY", &der).to_string())
    };
    Ok(Some(Keys { tls_key: pem(person.tls_key())?, signing_key: pem(person.signing_key())? }))
}
