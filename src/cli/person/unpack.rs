//! `watchfire person unpack`.

use std::{
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use clap::Args;
use rustls_pki_types::CertificateDer;
use serde::Serialize;

use super::packed::{Packed, chain_in, pem};
use crate::{
    app::is_node_here,
    cli::{
        CliError, Exit, Global,
        context::{PERSONS, PersonFiles},
        output,
    },
    config::{Config, FILE},
    identity::{
        certificate::Leaf,
        files::{
            Existing, private_directory, read_chain, read_roots, read_secret, write_over, write_public, write_secret,
        },
    },
};

/// Sets up this machine for the person of a `watchfire person pack` file, in the directory that --dir names; or loads renewed certificates
/// from it.
#[derive(Args)]
pub struct Unpack {
    /// The file of `watchfire person pack`
    file: PathBuf,
}

#[derive(Serialize)]
struct Output {
    id: String,
    dir: String,
    desk: String,
    /// Whether the person was on this machine before.
    renewed: bool,
    new_roots: usize,
}

impl Unpack {
    /// Runs the command.
    pub fn run(&self, global: &Global) -> Result<(), CliError> {
        let packed = Packed::read(&self.file)?;
        let (dir, id) = (&global.dir, packed.id()?);
        let there = dir.join(FILE).exists().then(|| Config::load(dir)).transpose()?;
        if let Some(config) = &there {
            if is_node_here(config) {
                let what = "a person's keys need a directory of their own; choose another with --dir";
                return Err(CliError::files(format!("there is a node in {}; {what}", dir.display())));
            }
            if config.organisation.domain != *id.domain() {
                let what = format!("{} belongs to `{}`", dir.join(FILE).display(), config.organisation.domain);
                return Err(CliError::files(format!("{what}, but the file is of `{}`", id.domain())));
            }
        }
        let place = dir.join(PERSONS).join(format!("{}-{}", id.role(), id.name()));
        let person = PersonFiles { id, dir: place };
        restore_cut_off(&person)?;
        if packed.keys.is_none() && !person.has_keys() {
            let what = "the file contains no keys, and this person has none here; pack it on the machine with the keys";
            return Err(CliError::files(what));
        }
        let config = match there {
            Some(config) => config,
            None => packed.config(dir)?,
        };
        if let Some(why) = replaces(&packed, &person, &config)?.filter(|_| !global.yes) {
            let what = "compare the file with the person who packed it, then run the command again with --yes";
            return Err(CliError::new(
                Exit::Denied,
                "CONFIRMATION_REQUIRED",
                format!("{}: {why}; {what}", self.file.display()),
            ));
        }
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
        made.map_err(|e| CliError::files(format!("`{}` can't be created: {e}", dir.display())))?;
        private_directory(dir)?;
        private_directory(&dir.join(PERSONS))?;
        let renewed = person.tls().exists();
        put(&packed, &person)?;
        let new_roots = bundle(&packed, &config)?;
        // The configuration is written last: it makes the directory a person's.
        if !dir.join(FILE).exists() {
            write_public(&dir.join(FILE), packed.config_text()?.as_bytes(), Existing::Keep)?;
        }
        if config.desk != packed.desk {
            let what = format!("the file names the desk {}, but {} says {}", packed.desk, FILE, config.desk);
            output::note(global, &format!("{what}, which is kept"));
        }
        let view =
            Output { id: person.id.to_string(), dir: dir.display().to_string(), desk: config.desk, renewed, new_roots };
        output::result(global, &view, || self.words(&view));
        Ok(())
    }

    fn words(&self, view: &Output) -> String {
        let roots = match view.new_roots {
            0 => String::new(),
            n => format!(" {n} of the organisation's roots are new here."),
        };
        if view.renewed {
            return format!("{} contains the new certificates of {}.{roots}", view.dir, view.id);
        }
        format!(
            "{} uses the node at {} from {}.\nNext:\n  watchfire --dir {} doctor\n  remove {}",
            view.id,
            view.desk,
            view.dir,
            view.dir,
            self.file.display()
        )
    }
}

/// A directory next to the person's own. It can't have the name of a person's directory, because those begin with the role.
fn beside(person: &PersonFiles, what: &str) -> PathBuf {
    person.dir.with_file_name(format!(".{}-{}.{what}", person.id.role(), person.id.name()))
}

fn failed(path: &Path, error: &std::io::Error) -> CliError {
    CliError::files(format!("{}: {error}", path.display()))
}

/// Restores what an interrupted run has moved away between two renames.
fn restore_cut_off(person: &PersonFiles) -> Result<(), CliError> {
    let aside = beside(person, "before");
    if person.dir.exists() || !aside.exists() {
        return Ok(());
    }
    std::fs::rename(&aside, &person.dir).map_err(|e| failed(&aside, &e))
}

/// Writes certificates and keys after checking that they belong together. They are written to a directory next to the person's own, which is
/// then renamed. No key is removed before the new ones are in place.
fn put(packed: &Packed, person: &PersonFiles) -> Result<(), CliError> {
    let (draft, aside) =
        (PersonFiles { id: person.id.clone(), dir: beside(person, "draft") }, beside(person, "before"));
    for left in [&draft.dir, &aside] {
        if left.exists() {
            std::fs::remove_dir_all(left).map_err(|e| failed(left, &e))?;
        }
    }
    private_directory(&draft.dir)?;
    let put = fill(packed, person, &draft).and_then(|()| {
        if person.dir.exists() {
            std::fs::rename(&person.dir, &aside).map_err(|e| failed(&person.dir, &e))?;
        }
        std::fs::rename(&draft.dir, &person.dir).map_err(|e| {
            // The previous directory is restored.
            let _ = std::fs::rename(&aside, &person.dir);
            failed(&person.dir, &e)
        })
    });
    if put.is_err() {
        let _ = std::fs::remove_dir_all(&draft.dir);
        return put;
    }
    if aside.exists() {
        std::fs::remove_dir_all(&aside).map_err(|e| failed(&aside, &e))?;
    }
    Ok(())
}

/// What is suspicious about replacing the present files: other keys of this person, an older certificate, or roots none of which is known.
fn replaces(packed: &Packed, person: &PersonFiles, config: &Config) -> Result<Option<&'static str>, CliError> {
    let leaf = |chain: &[CertificateDer<'_>]| chain.first().map(|der| Leaf::parse(der)).transpose();
    if packed.keys.is_some() && person.tls().exists() {
        let (here, there) = (leaf(&read_chain(&person.signing())?)?, leaf(&chain_in(&packed.signing))?);
        if here.map(|l| l.public_key) != there.map(|l| l.public_key) {
            return Ok(Some("it has another key of this person than this machine"));
        }
    }
    if person.tls().exists() {
        let (here, there) = (leaf(&read_chain(&person.tls())?)?, leaf(&chain_in(&packed.tls))?);
        if there.map(|l| l.not_before) < here.map(|l| l.not_before) {
            return Ok(Some("its certificate is older than the one on this machine"));
        }
    }
    if config.bundle.exists() {
        let here = read_roots(&config.bundle)?;
        if !packed.roots()?.roots().iter().any(|root| here.contains(root)) {
            return Ok(Some("none of its roots is among the organisation's roots on this machine"));
        }
    }
    Ok(None)
}

fn fill(packed: &Packed, person: &PersonFiles, draft: &PersonFiles) -> Result<(), CliError> {
    let secret = |to: PathBuf, pem: &str| write_secret(&to, pem.as_bytes(), Existing::Keep);
    match &packed.keys {
        Some(keys) => {
            secret(draft.tls_key(), &keys.tls_key)?;
            secret(draft.signing_key(), &keys.signing_key)?;
        }
        None => {
            for (from, to) in [(person.tls_key(), draft.tls_key()), (person.signing_key(), draft.signing_key())] {
                let pem = read_secret(&from)?;
                write_secret(&to, &pem, Existing::Keep)?;
            }
        }
    }
    write_public(&draft.tls(), pem(&chain_in(&packed.tls)).as_bytes(), Existing::Keep)?;
    write_public(&draft.signing(), pem(&chain_in(&packed.signing)).as_bytes(), Existing::Keep)?;
    Ok(draft.check()?)
}

/// Writes the organisation's roots. Returns how many are new, if there were some before.
fn bundle(packed: &Packed, config: &Config) -> Result<usize, CliError> {
    let before = config.bundle.exists().then(|| read_roots(&config.bundle)).transpose()?;
    write_over(&config.bundle, packed.roots()?.to_pem().as_bytes())?;
    let after = read_roots(&config.bundle)?;
    Ok(before.map_or(0, |before| after.iter().filter(|root| !before.contains(root)).count()))
}
