//! The development CA in a node's directory: opened by one process at a time, and what it issued is renewed before it ends.

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
/// The CA's own copy of its revocation list, in the node's directory. With it a revocation survives the loss of the node's file.
const LIST: &str = "ca/crl.pem";
/// How long certificates are valid, days.
pub const LEAF_DAYS: u32 = 365;
/// How long a revocation list is good for, days.
pub const CRL_DAYS: u32 = 365;
/// Whatever ends within this many days is renewed.
const AHEAD_DAYS: i64 = 30;
/// The CA's own end is announced this many days ahead.
const CA_END_DAYS: i64 = 365;
/// How often a running node looks.
const INTERVAL: Duration = Duration::from_secs(3600);

/// Why the development CA does nothing.
#[derive(Debug, thiserror::Error)]
pub enum DevCaError {
    /// There is none.
    #[error(
        "this node has no development CA (`{0}` is missing), so your own PKI issues its certificates and lists; put new \
         ones in the places of the old ones, as certs/README.md tells"
    )]
    None(PathBuf),
    /// The configuration is that of a person's own machine.
    #[error("{0} is a person's own machine, where no CA is: give this command on the node's machine")]
    Elsewhere(PathBuf),
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The persons' files.
    #[error(transparent)]
    Persons(#[from] NodeFilesError),
    /// The CA.
    #[error(transparent)]
    Ca(#[from] CaError),
    /// A certificate or list that it should renew.
    #[error("{0}: {1}")]
    Malformed(PathBuf, Fault),
}

/// The name of the development CA in a node's directory, as certificates that it issued name it; `None` where there is none.
pub fn name(dir: &Path) -> Option<String> {
    dir.join(KEY).exists().then_some(())?;
    let chain = read_chain(&dir.join(CERTIFICATE)).ok()?;
    Validity::of_certificate(chain.first()?).ok().map(|ca| ca.name)
}

/// The development CA, for as long as no other process uses it.
pub struct OpenCa {
    /// The CA.
    pub ca: DevCa,
    /// The CA's own copy of its list.
    copy: PathBuf,
    _lock: File,
}

/// Something that was renewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewed {
    /// Its file.
    pub file: PathBuf,
    /// Whose certificate it is, or that it is the revocation list.
    pub what: String,
    /// Until when the new one is good.
    pub until: Time,
}

impl OpenCa {
    /// Waits for other processes that use the CA, then reads it.
    ///
    /// # Errors
    /// [`DevCaError::None`] where there is none.
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
        let key = std::str::from_utf8(&key).map_err(|_| FileError::Content(file, "holds no key in PEM".to_owned()))?;
        let ca = DevCa::load(&config.organisation.domain, &text, key)?;
        Ok(Self { ca, copy: config.dir.join(LIST), _lock: lock })
    }

    /// Renews what this CA has issued and what ends soon; `all`: whatever it has issued. The keys stay.
    ///
    /// # Errors
    /// [`DevCaError`]; what was renewed before it stays renewed.
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

    /// The key stays, so that certificate and key go together at every moment.
    fn renew_certificate(&self, file: &Path, now: Time, all: bool) -> Result<Option<Renewed>, DevCaError> {
        let malformed = |fault| DevCaError::Malformed(file.to_owned(), fault);
        let chain = read_chain(file)?;
        let Some(der) = chain.first().filter(|der| self.ca.has_issued(der)) else { return Ok(None) };
        let leaf = Leaf::parse(der).map_err(malformed)?;
        if !all && !is_soon(leaf.not_after, now) {
            return Ok(None);
        }
        if holds_key(file)? {
            let what = "holds a private key too, which would be lost; put the key into a file of its own first";
            return Err(FileError::Content(file.to_owned(), what.to_owned()).into());
        }
        let until = self.end(now, LEAF_DAYS)?;
        write_over(file, self.ca.reissue(der, now, until)?.as_bytes())?;
        Ok(Some(Renewed { file: file.to_owned(), what: leaf.id.to_string(), until }))
    }

    /// The list of this CA. Lists of other CAs in the same file stay as they are.
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

    /// Revokes certificates of these serial numbers: they come to those that are on the list.
    ///
    /// # Errors
    /// [`DevCaError`]
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
        // Both files hold most of the entries. The first date counts.
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
    /// [`DevCaError::Malformed`]
    pub fn not_after(&self) -> Result<Time, DevCaError> {
        let end = window(self.ca.certificate()).map(|(_, end)| end);
        end.map_err(|fault| DevCaError::Malformed(PathBuf::from(CERTIFICATE), fault))
    }

    /// Words for the CA's own end, where it is near: nothing renews a root.
    ///
    /// # Errors
    /// [`DevCaError::Malformed`]
    pub fn own_end(&self, now: Time) -> Result<Option<String>, DevCaError> {
        let end = self.not_after()?;
        let words = || {
            format!(
                "the development CA itself ends on {end}, and everything that it issued with it; before that, have an own \
                 PKI issue the certificates (certs/README.md), with both roots in bundle.pem meanwhile"
            )
        };
        Ok((end.seconds_since(now) < CA_END_DAYS * 86_400).then(words))
    }
}

/// None where the file is missing or empty.
fn lists_in(file: &Path) -> Result<Vec<Vec<u8>>, FileError> {
    match fs::metadata(file) {
        Ok(meta) if meta.len() > 0 => read_crls(file),
        _ => Ok(vec![]),
    }
}

fn is_soon(end: Time, now: Time) -> bool {
    end.seconds_since(now) < AHEAD_DAYS * 86_400
}

/// Renews what ends soon, until `stop`. The watch over the files takes up what is written.
pub(super) async fn keep(config: Config, clock: Arc<dyn Clock>, stop: CancellationToken) {
    let mut told = None;
    loop {
        let (config, now) = (config.clone(), clock.now());
        let turn = tokio::task::spawn_blocking(move || turn(&config, now)).await;
        let failed = turn.map_err(|_| "the renewal was cut off".to_owned()).and_then(|done| done).err();
        if failed != told {
            if let Some(error) = &failed {
                tracing::error!(error, "the development CA could not renew; it is tried again every hour");
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
