//! The development CA in a node's directory. One process at a time opens it. It renews what it has issued before that ends.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio_util::sync::CancellationToken;

use super::{error::NodeFilesError, paths::is_node_here, persons::persons};
use crate::{
    config::Config,
    domain::{
        fault::Fault,
        time::{Clock, Time},
    },
    identity::{
        certificate::{Leaf, window},
        crl::{Crl, Revocation},
        devca::{CaError, DevCa, ListFacts},
        files::{Existing, FileError, holds_key, read_chain, read_crls, read_secret, to_pem, write_over, write_public},
        validity::Validity,
    },
};

/// The CA's key, in the node's directory.
pub const KEY: &str = "ca/ca.key";
/// The CA's certificate, in the node's directory.
pub const CERTIFICATE: &str = "ca/ca.pem";
/// The CA's own copy of its revocation list, in the node's directory. A revocation in it survives the loss of the node's file.
const LIST: &str = "ca/crl.pem";
/// For how many days certificates are valid.
pub const LEAF_DAYS: u32 = 365;
/// For how many days a revocation list is valid.
pub const CRL_DAYS: u32 = 365;
/// What ends within this many days is renewed.
const AHEAD_DAYS: i64 = 30;
/// How many days ahead the end of the CA itself is announced.
const CA_END_DAYS: i64 = 365;
/// How often a running node looks for something to renew.
const INTERVAL: Duration = Duration::from_secs(3600);

/// Why the development CA could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum DevCaError {
    /// There is no development CA.
    #[error(
        "this node has no development CA (`{0}` is missing), so your own PKI issues its certificates and lists; put new \
         ones in the places of the old ones, as certs/README.md describes"
    )]
    None(PathBuf),
    /// The configuration is of a person's own machine, which has no CA.
    #[error("{0} is a person's own machine, where no CA is: give this command on the node's machine")]
    Elsewhere(PathBuf),
    /// A file can't be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A person's files can't be used.
    #[error(transparent)]
    Persons(#[from] NodeFilesError),
    /// The CA itself can't be used.
    #[error(transparent)]
    Ca(#[from] CaError),
    /// A certificate or list that should be renewed can't be read. The file, and what is wrong with it.
    #[error("{0}: {1}")]
    Malformed(PathBuf, Fault),
}

/// The name of the development CA in a node's directory, as its certificates name it. `None` if there is no such CA.
pub fn name(dir: &Path) -> Option<String> {
    dir.join(KEY).exists().then_some(())?;
    let chain = read_chain(&dir.join(CERTIFICATE)).ok()?;
    Validity::of_certificate(chain.first()?).ok().map(|ca| ca.name)
}

/// The development CA, locked against other processes until it is dropped.
pub struct OpenCa {
    /// The CA.
    pub ca: DevCa,
    /// The path of the CA's own copy of its list.
    copy: PathBuf,
    _lock: File,
}

/// A file that was renewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewed {
    /// Its file.
    pub file: PathBuf,
    /// Whose certificate it is, or `revocation list`.
    pub what: String,
    /// Until when the new one is valid.
    pub until: Time,
}

impl OpenCa {
    /// Waits until no other process uses the CA, then reads it.
    ///
    /// # Errors
    /// [`DevCaError::None`] if there is no development CA, otherwise what can't be read.
    pub fn open(config: &Config) -> Result<Self, DevCaError> {
        let certificate = config.dir.join(CERTIFICATE);
        if !certificate.exists() {
            return Err(match is_node_here(config) {
                true => DevCaError::None(certificate),
                false => DevCaError::Elsewhere(config.dir.clone()),
            });
        }
        let unreadable = |error| FileError::Unreadable(certificate.clone(), error);
        let lock = File::open(&certificate).map_err(unreadable)?;
        lock.lock().map_err(unreadable)?;
        let text = fs::read_to_string(&certificate).map_err(unreadable)?;
        let file = config.dir.join(KEY);
        let key = read_secret(&file)?;
        let key =
            std::str::from_utf8(&key).map_err(|_| FileError::Content(file, "contains no key in PEM".to_owned()))?;
        let ca = DevCa::load(&config.organisation.domain, &text, key)?;
        Ok(Self { ca, copy: config.dir.join(LIST), _lock: lock })
    }

    /// Renews what this CA has issued and what ends soon. With `all`, renews everything that it has issued. The keys stay the same.
    ///
    /// # Errors
    /// [`DevCaError`]. What was renewed before the error stays renewed.
    pub fn renew(&self, config: &Config, now: Time, all: bool) -> Result<Vec<Renewed>, DevCaError> {
        let mut renewed = vec![];
        for file in [&config.tls.certificate, &config.signing.certificate] {
            renewed.extend(self.renew_certificate(file, now, all)?);
        }
        renewed.extend(self.renew_list(&config.crl, now, all)?);
        for file in persons(&config.dir)?.iter().flat_map(|person| [person.tls(), person.signing()]) {
            renewed.extend(self.renew_certificate(&file, now, all)?);
        }
        Ok(renewed)
    }

    /// Renews one certificate. Its key stays, so that certificate and key belong together at every moment.
    fn renew_certificate(&self, file: &Path, now: Time, all: bool) -> Result<Option<Renewed>, DevCaError> {
        let malformed = |fault| DevCaError::Malformed(file.to_owned(), fault);
        let chain = read_chain(file)?;
        let Some(der) = chain.first().filter(|der| self.ca.has_issued(der)) else { return Ok(None) };
        let leaf = Leaf::parse(der).map_err(malformed)?;
        if !all && !is_soon(leaf.not_after, now) {
            return Ok(None);
        }
        if holds_key(file)? {
            let what = "also contains a private key, which would be lost; move the key to a separate file first";
            return Err(FileError::Content(file.to_owned(), what.to_owned()).into());
        }
        let until = self.end(now, LEAF_DAYS)?;
        write_over(file, self.ca.reissue(der, now, until)?.as_bytes())?;
        Ok(Some(Renewed { file: file.to_owned(), what: leaf.id.to_string(), until }))
    }

    /// Renews the list of this CA. Lists of other CAs in the same file stay as they are.
    fn renew_list(&self, file: &Path, now: Time, all: bool) -> Result<Option<Renewed>, DevCaError> {
        let newest = |lists: Vec<Vec<u8>>| -> Option<ListFacts> {
            lists.iter().filter_map(|der| self.ca.list_facts(der)).max_by_key(|facts| facts.number)
        };
        let (in_file, kept) = (newest(lists_in(file)?), newest(lists_in(&self.copy)?));
        let is_behind = kept.is_some_and(|kept| in_file.as_ref().is_none_or(|facts| facts.number < kept.number));
        if !all && !is_behind && in_file.is_none_or(|facts| !is_soon(facts.next_update, now)) {
            return Ok(None);
        }
        let until = self.end(now, CRL_DAYS)?;
        self.write_list(file, &[], now, until)?;
        Ok(Some(Renewed { file: file.to_owned(), what: "revocation list".to_owned(), until }))
    }

    /// Revokes the certificates with these serial numbers. They are added to those on the list.
    ///
    /// # Errors
    /// [`DevCaError`], if the list can't be read, signed or written.
    pub fn revoke(&self, file: &Path, serials: Vec<Vec<u8>>, now: Time) -> Result<(), DevCaError> {
        let revoked: Vec<_> = serials.into_iter().map(|s| (s, Revocation { at: now, invalid_since: None })).collect();
        self.write_list(file, &revoked, now, self.end(now, CRL_DAYS)?)
    }

    fn write_list(
        &self,
        file: &Path,
        more: &[(Vec<u8>, Revocation)],
        now: Time,
        until: Time,
    ) -> Result<(), DevCaError> {
        let mut revoked: Vec<(Vec<u8>, Revocation)> = vec![];
        let mut number = u64::try_from(now.unix_nanos()).unwrap_or_default();
        let mut others = String::new();
        let (kept, in_file) = (lists_in(&self.copy)?, lists_in(file)?);
        for der in kept.iter().chain(&in_file) {
            match self.ca.list_facts(der) {
                Some(facts) => {
                    number = number.max(facts.number.saturating_add(1));
                    let entries = Crl::entries(der).map_err(|fault| DevCaError::Malformed(file.to_owned(), fault))?;
                    revoked.extend(entries);
                }
                None => others += &to_pem("X509 CRL", der),
            }
        }
        revoked.extend_from_slice(more);
        // Both files contain most of the entries. The earliest date of each counts.
        let mut known = BTreeSet::new();
        revoked.retain(|(serial, _)| known.insert(serial.clone()));
        let list = to_pem("X509 CRL", &self.ca.revocation_list_until(number, &revoked, now, until)?);
        write_public(&self.copy, list.as_bytes(), Existing::Replace)?;
        Ok(write_over(file, (list + &others).as_bytes())?)
    }

    /// The end of what is issued now. Nothing is valid for longer than the CA itself.
    fn end(&self, now: Time, days: u32) -> Result<Time, DevCaError> {
        Ok(now.plus_seconds(i64::from(days) * 86_400).min(self.not_after()?))
    }

    /// The end of the CA's own certificate.
    ///
    /// # Errors
    /// [`DevCaError::Malformed`], if the certificate can't be read.
    pub fn not_after(&self) -> Result<Time, DevCaError> {
        let end = window(self.ca.certificate()).map(|(_, end)| end);
        end.map_err(|fault| DevCaError::Malformed(PathBuf::from(CERTIFICATE), fault))
    }

    /// A sentence about the CA's own end, if it is near, because nothing renews a root.
    ///
    /// # Errors
    /// [`DevCaError::Malformed`], if the certificate can't be read.
    pub fn own_end(&self, now: Time) -> Result<Option<String>, DevCaError> {
        let end = self.not_after()?;
        let words = || {
            format!(
                "the development CA itself ends on {end}, and so does everything that it issued; before then, let a PKI of your own \
                 issue the certificates (certs/README.md), and keep both roots in bundle.pem until all are replaced"
            )
        };
        Ok((end.seconds_since(now) < CA_END_DAYS * 86_400).then(words))
    }
}

/// The lists in a file; none if it is missing or empty.
fn lists_in(file: &Path) -> Result<Vec<Vec<u8>>, FileError> {
    match fs::metadata(file) {
        Ok(meta) if meta.len() > 0 => read_crls(file),
        _ => Ok(vec![]),
    }
}

fn is_soon(end: Time, now: Time) -> bool {
    end.seconds_since(now) < AHEAD_DAYS * 86_400
}

/// Renews what ends soon, until `stop`. The file watcher loads what was written.
pub(super) async fn keep(config: Config, clock: Arc<dyn Clock>, stop: CancellationToken) {
    let mut told = None;
    loop {
        let (config, now) = (config.clone(), clock.now());
        let turn = tokio::task::spawn_blocking(move || turn(&config, now)).await;
        let failed = turn.map_err(|_| "the renewal was interrupted".to_owned()).and_then(|done| done).err();
        if failed != told {
            if let Some(error) = &failed {
                tracing::error!(error, "the development CA could not renew; the node tries again every hour");
            }
            told = failed;
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(INTERVAL) => {}
        }
    }
}

fn turn(config: &Config, now: Time) -> Result<(), String> {
    let open = match OpenCa::open(config) {
        Err(DevCaError::None(_)) => return Ok(()),
        other => other.map_err(|e| e.to_string())?,
    };
    for renewed in open.renew(config, now, false).map_err(|e| e.to_string())? {
        let Renewed { file, what, until } = renewed;
        tracing::info!(file = %file.display(), what, %until, "renewed by the development CA");
    }
    if let Some(words) = open.own_end(now).map_err(|e| e.to_string())? {
        tracing::warn!("{words}");
    }
    Ok(())
}
