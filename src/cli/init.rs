//! `watchfire init`: creates a node in one directory.

use std::{os::unix::fs::DirBuilderExt, path::Path};

use clap::Args;
use serde::Serialize;

use super::{CliError, Global, output};
use crate::{
    app::devca::{CRL_DAYS, LEAF_DAYS},
    config::FILE,
    domain::{
        ids::{Role, SpiffeId, TrustDomain},
        partner::{Endpoint, PartnerKind},
        place::Country,
        time::{Clock, Time},
    },
    identity::{
        bundle::TrustBundle,
        devca::{CaError, DevCa, Purpose},
        files::{Existing, private_directory, to_pem, write_public, write_secret},
    },
    seal::{at_rest::RestKey, raw::RawKey},
    store::sqlite::SqliteStore,
    telemetry::SystemClock,
};

/// Creates a development CA, TLS and signing keys with certificates, a storage key, the configuration and the store.
/// To use the organisation's own PKI, see certs/README.md.
#[derive(Args)]
pub struct Init {
    /// The organisation's trust domain, e.g. gb.example
    #[arg(long, value_name = "DOMAIN")]
    org: TrustDomain,
    /// The organisation's country in ISO 3166-1, e.g. GB; required for a state
    #[arg(long, value_name = "CC")]
    country: Option<Country>,
    /// The kind of organisation: state, regional, international or ngo
    #[arg(long, value_name = "KIND")]
    kind: PartnerKind,
    /// The address on which the node listens for partners
    #[arg(long, value_name = "HOST:PORT", default_value = "0.0.0.0:7443")]
    peer: String,
    /// The address on which the node listens for the organisation's own people
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:7444")]
    desk: String,
    /// The address on which the node serves health and metrics, or `off`
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:7446")]
    ops: String,
    /// The address by which partners reach the node; it is written into invitations
    #[arg(long, value_name = "HOST:PORT")]
    advertise: Option<Endpoint>,
    /// The name of the node in its certificates
    #[arg(long, value_name = "NAME", default_value = "n1")]
    node: String,
}

#[derive(Serialize)]
struct Made {
    org: String,
    dir: String,
    node_id: String,
    bundle_fingerprint: String,
}

impl Init {
    /// Creates the node, or changes nothing.
    pub fn run(&self, global: &Global) -> Result<(), CliError> {
        let dir = &global.dir;
        if self.kind == PartnerKind::State && self.country.is_none() {
            return Err(CliError::usage("a state needs its country; write e.g. --country GB"));
        }
        if dir.join(FILE).exists() {
            return Err(CliError::files(format!("there is already a node in {}; choose another --dir", dir.display())));
        }
        let now = SystemClock.now();
        let id = SpiffeId::new(self.org.clone(), Role::Node, &self.node).map_err(CliError::usage)?;
        if let Some(parent) = dir.parent() {
            // Whoever can write to the parent could replace the node's directory, so its mode does not depend on the umask.
            let made = std::fs::DirBuilder::new().recursive(true).mode(0o755).create(parent);
            made.map_err(|e| CliError::files(format!("`{}` can't be created: {e}", parent.display())))?;
        }
        private_directory(dir)?;
        let ca = DevCa::create(&self.org, now).map_err(ca_error)?;
        write_ca(dir, &ca, now).map_err(|error| cut_off(dir, error))?;
        issue(&ca, &id, &dir.join("node"), Purpose::NodeTls, "tls", now)?;
        issue(&ca, &id, &dir.join("node"), Purpose::Signing, "signing", now)?;
        let key = RestKey::generate().map_err(|e| CliError::files(e.to_string()))?;
        let ledger = RawKey::generate().map_err(|e| CliError::files(e.to_string()))?;
        write_secret(&dir.join("node/ledger.key"), to_pem("PRIVATE KEY", &ledger).as_bytes(), Existing::Keep)?;
        write_secret(&dir.join("storage.key"), format!("{}\n", hex::encode(*key)).as_bytes(), Existing::Keep)?;
        drop(SqliteStore::open_or_create(&dir.join("store.db"), &key).map_err(|e| CliError::files(e.to_string()))?);
        // The configuration is written last: it makes the directory a node.
        write_public(&dir.join(FILE), self.config().as_bytes(), Existing::Keep)?;
        let bundle = TrustBundle::new(self.org.clone(), vec![ca.certificate().clone()])?;
        let made = Made {
            org: self.org.to_string(),
            dir: dir.display().to_string(),
            node_id: id.to_string(),
            bundle_fingerprint: bundle.fingerprint().to_string(),
        };
        output::result(global, &made, || self.words(dir));
        Ok(())
    }

    fn words(&self, dir: &Path) -> String {
        let at = if dir == Path::new(".") { String::new() } else { format!(" --dir {}", dir.display()) };
        format!(
            "{} has a node in {}.\n\n\
             The CA is for development; certs/README.md explains how to use your own.\nNext:\n  \
             watchfire{at} person add alice --role analyst\n  watchfire{at} person add root --role admin\n  watchfire{at} serve",
            self.org,
            dir.display(),
        )
    }

    fn config(&self) -> String {
        let country = self.country.map(|c| format!("country = \"{c}\"\n")).unwrap_or_default();
        let advertise = match &self.advertise {
            Some(endpoint) => format!("advertise = \"{endpoint}\""),
            None => {
                "# advertise = \"node.example.org:7443\"    # where partners reach this node; written into invitations"
                    .to_owned()
            }
        };
        format!(
            "# A Watchfire node. Every value may be overridden by WATCHFIRE_SECTION_KEY; deploy/watchfire.toml explains all of them.\n\n\
             [organisation]\ndomain = \"{}\"\n{country}kind = \"{}\"\n\n\
             [listen]\npeer = \"{}\"\ndesk = \"{}\"\nops = \"{}\"\n{advertise}\n\n\
             [store]\nurl = \"sqlite:store.db\"\nkey = \"storage.key\"\n\n[log]\nformat = \"text\"\nlevel = \"info\"\n",
            self.org, self.kind, self.peer, self.desk, self.ops
        )
    }
}

/// The error if there are keys but no configuration. Most likely an earlier `init` was interrupted, so the keys have signed nothing. But they
/// may be somebody's own, so nothing is overwritten.
fn cut_off(dir: &Path, error: CliError) -> CliError {
    if !dir.join("ca").exists() && !dir.join("bundle.pem").exists() {
        return error;
    }
    let what = "if an earlier `init` was interrupted, remove that directory and run `init` again";
    CliError::files(format!("{}; there is no {FILE} in {}: {what}", error.message, dir.display()))
}

/// The error of the CA.
pub fn ca_error(error: CaError) -> CliError {
    CliError::files(error.to_string())
}

fn write_ca(dir: &Path, ca: &DevCa, now: Time) -> Result<(), CliError> {
    private_directory(&dir.join("ca"))?;
    write_secret(&dir.join("ca/ca.key"), ca.key_pem().as_bytes(), Existing::Keep)?;
    write_public(&dir.join("ca/ca.pem"), ca.certificate_pem().as_bytes(), Existing::Keep)?;
    write_public(&dir.join("bundle.pem"), ca.certificate_pem().as_bytes(), Existing::Keep)?;
    let list = ca.revocation_list(1, &[], now, CRL_DAYS).map_err(ca_error)?;
    write_public(&dir.join("crl.pem"), to_pem("X509 CRL", &list).as_bytes(), Existing::Keep)?;
    Ok(())
}

/// Issues a certificate for a new key, and writes `dir/<stem>.pem` and `.key`.
pub fn issue(ca: &DevCa, id: &SpiffeId, dir: &Path, purpose: Purpose, stem: &str, now: Time) -> Result<(), CliError> {
    private_directory(dir)?;
    let issued = ca.issue(id, purpose, now, LEAF_DAYS).map_err(ca_error)?;
    write_secret(&dir.join(format!("{stem}.key")), issued.key_pem.as_bytes(), Existing::Keep)?;
    write_public(&dir.join(format!("{stem}.pem")), issued.certificate_pem.as_bytes(), Existing::Keep)?;
    Ok(())
}
