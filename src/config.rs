//! Reads `watchfire.toml` in the node's directory. Unknown keys are refused. The environment variable `WATCHFIRE_SECTION_KEY` overrides a
//! value. All faults are reported at once.

mod console;
mod error;
mod files;
mod table;

use std::path::{Path, PathBuf};

use crate::{
    domain::{
        budget::Budgets,
        ids::TrustDomain,
        partner::{Endpoint, Organisation, PartnerKind},
        place::Country,
        receipt::MOST_SECONDS_BETWEEN_READINGS,
    },
    transport::limits::Limits,
};

pub use console::ConsoleConfig;
pub use error::{ConfigError, ConfigFault};
pub use files::KeyFiles;
use table::is_loopback;

/// The file's name.
pub const FILE: &str = "watchfire.toml";

/// A node's configuration, complete and checked. Paths are absolute or relative to the working directory.
#[derive(Debug, Clone)]
pub struct Config {
    /// The node's directory.
    pub dir: PathBuf,
    /// The organisation for which the node acts.
    pub organisation: Organisation,
    /// This organisation's trust bundle (PEM).
    pub bundle: PathBuf,
    /// `host:port` of the listener for partners.
    pub peer: String,
    /// `host:port` of the listener for the organisation's own people.
    pub desk: String,
    /// `host:port` of health and metrics. `None`: they are not served.
    pub ops: Option<String>,
    /// The web console. `None`: it is not served.
    pub console: Option<ConsoleConfig>,
    /// The directory with the house rules, which are Cedar files. If it is missing, there are none.
    pub rules: PathBuf,
    /// The least number of persons who must approve a decision. `None`: as many as the register requires. That is two, once there have been two
    /// administrators.
    pub approvals: Option<u32>,
    /// `host:port` where partners reach the node, for invitations.
    pub advertise: Option<Endpoint>,
    /// The node's TLS certificate chain and key, and this organisation's revocation lists (PEM).
    pub tls: KeyFiles,
    /// This organisation's revocation lists (PEM). A missing file means none.
    pub crl: PathBuf,
    /// The node's signing certificate chain and key.
    pub signing: KeyFiles,
    /// Extended key usages (dotted) that are accepted for signing in addition to id-kp-documentSigning.
    pub signing_usages: Vec<String>,
    /// The ledger's key and intervals.
    pub ledger: LedgerConfig,
    /// The file of the embedded store.
    pub store: PathBuf,
    /// The storage key: 64 hexadecimal digits.
    pub storage_key: PathBuf,
    /// Limits of connections.
    pub limits: Limits,
    /// How much is accepted and stored from each partner.
    pub budgets: Budgets,
    /// The interval in seconds at which partners are informed about readings.
    pub readings_every_seconds: u32,
    /// Whether the store keeps an index of words.
    pub word_index: bool,
    /// The format of the log.
    pub log: Log,
}

/// The ledger's key and intervals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerConfig {
    /// PEM, PKCS#8, mode 0600. It is created if it is missing.
    pub key: PathBuf,
    /// How often a checkpoint is signed, in seconds.
    pub interval_seconds: u32,
    /// Between two checkpoints the number of entries grows by a multiple of this.
    pub quantum: u32,
}

/// The format of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// Whether the log has one JSON object per line. Otherwise it is text.
    pub json: bool,
    /// The log filter, such as `info` or `watchfire=debug`.
    pub level: String,
}

impl Config {
    /// Reads the configuration of the node in `dir`, with the overrides of the environment.
    ///
    /// # Errors
    /// All faults together.
    pub fn load(dir: &Path) -> Result<Self, ConfigError> {
        let file = dir.join(FILE);
        let text = std::fs::read_to_string(&file).map_err(|error| {
            let message = match error.kind() {
                std::io::ErrorKind::NotFound => {
                    "there is no node here; create one with `watchfire init`, or name its directory with --dir"
                        .to_owned()
                }
                _ => format!("can't be read: {error}"),
            };
            ConfigError { file: file.clone(), faults: vec![ConfigFault { line: None, key: String::new(), message }] }
        })?;
        let overrides = std::env::vars().filter(|(name, _)| name.starts_with("WATCHFIRE_")).collect();
        Self::parse(dir, &text, overrides)
    }

    /// Parses the file's text and the overrides (`WATCHFIRE_SECTION_KEY`, value).
    ///
    /// # Errors
    /// All faults together.
    pub fn parse(dir: &Path, text: &str, overrides: Vec<(String, String)>) -> Result<Self, ConfigError> {
        let mut table = table::Table::read(text, overrides);
        let config = Self::take(dir, &mut table);
        let faults = table.finish();
        match config {
            Some(config) if faults.is_empty() => Ok(config),
            _ => Err(ConfigError { file: dir.join(FILE), faults }),
        }
    }

    fn take(dir: &Path, table: &mut table::Table) -> Option<Self> {
        let path = |p: String| dir.join(p);
        let domain: Option<TrustDomain> = table.required("organisation.domain");
        let kind: Option<PartnerKind> = table.required("organisation.kind");
        let country: Option<Country> = table.optional("organisation.country");
        if kind == Some(PartnerKind::State) && country.is_none() {
            table.fault("organisation.country", "an organisation of the kind `state` needs its country, e.g. \"GB\"");
        }
        let mut file = |key: &str, default: &str| path(table.text(key, default));
        let bundle = file("organisation.bundle", "bundle.pem");
        let tls =
            KeyFiles { certificate: file("tls.certificate", "node/tls.pem"), key: file("tls.key", "node/tls.key") };
        let crl = file("tls.crl", "crl.pem");
        let signing = KeyFiles {
            certificate: file("signing.certificate", "node/signing.pem"),
            key: file("signing.key", "node/signing.key"),
        };
        let storage_key = file("store.key", "storage.key");
        let ledger_key = file("ledger.key", "node/ledger.key");
        let store = store_file(table).map(path);
        let console = ConsoleConfig::take(dir, table);
        let rules = path(table.text("rules.cedar", "rules"));
        let config = Self {
            dir: dir.to_owned(),
            organisation: Organisation { domain: domain?, kind: kind?, country },
            bundle,
            peer: table.address("listen.peer", "0.0.0.0:7443"),
            desk: table.address("listen.desk", "127.0.0.1:7444"),
            ops: Some(table.address("listen.ops", "127.0.0.1:7446")).filter(|a| a != table::OFF),
            advertise: table.optional("listen.advertise"),
            tls,
            crl,
            signing,
            signing_usages: table.list("signing.usages"),
            ledger: LedgerConfig {
                key: ledger_key,
                interval_seconds: table.number("ledger.interval_seconds", 1, 3600).unwrap_or(60),
                quantum: table.number("ledger.quantum", 1, 4096).unwrap_or(8),
            },
            store: store?,
            storage_key,
            limits: table.limits(),
            budgets: table.limits(),
            console,
            rules,
            approvals: table.number("agreements.approvals", 0, 9).filter(|n| *n > 0),
            readings_every_seconds: table
                .number("receipts.readings_every_seconds", 1, MOST_SECONDS_BETWEEN_READINGS)
                .unwrap_or(3600),
            word_index: table.choice("search.index", &["on", "off"]) == "on",
            log: Log {
                json: table.choice("log.format", &["text", "json"]) == "json",
                level: table.text("log.level", "info"),
            },
        };
        Some(config)
    }

    /// The address of health and metrics, if other machines can reach it. That listener asks for no certificate.
    pub fn open_ops(&self) -> Option<&str> {
        self.ops.as_deref().filter(|address| !is_loopback(address))
    }
}

/// The warning for a configuration with [`Config::open_ops`].
pub const OPEN_OPS: &str = "listen.ops is beyond loopback, and asks nobody for a certificate: anybody who reaches it can read who the partners are, \
     how much is exchanged with them, and when certificates end; block it with a firewall, or listen on 127.0.0.1";

fn store_file(table: &mut table::Table) -> Option<String> {
    let url = table.text("store.url", "sqlite:store.db");
    match url.strip_prefix("sqlite:") {
        Some(file) if !file.is_empty() => Some(file.to_owned()),
        _ => {
            table.fault("store.url", "this version keeps its store in SQLite; write e.g. \"sqlite:store.db\"");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = "[organisation]\ndomain = \"gb.example\"\ncountry = \"GB\"\nkind = \"state\"\n";

    fn faults(text: &str, overrides: &[(&str, &str)]) -> Vec<String> {
        let overrides = overrides.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
        match Config::parse(Path::new("n"), text, overrides) {
            Ok(_) => vec![],
            Err(error) => error.to_string().lines().map(str::to_owned).collect(),
        }
    }

    #[test]
    fn the_least_is_who_one_is() {
        let config = Config::parse(Path::new("n"), LEAST, vec![]).unwrap();
        assert_eq!(config.desk, "127.0.0.1:7444");
        assert_eq!(config.store, Path::new("n/store.db"));
        assert_eq!(config.limits, Limits::default());
    }

    #[test]
    fn all_faults_come_at_once_with_their_lines() {
        let text = format!(
            "{LEAST}[listen]\npeeer = \"0.0.0.0:1\"\ndesk = \"nowhere\"\n[limits]\nstreams = 65\n[lgo]\nlevel = 1\n"
        );
        let faults = faults(&text, &[]);
        for expected in [
            "n/watchfire.toml:6: listen.peeer: unknown key; did you mean `peer`?",
            "n/watchfire.toml:7: listen.desk: `nowhere` is not an address; write host:port",
            "n/watchfire.toml:9: limits.streams: 65 is not allowed; write 1 to 64",
            "n/watchfire.toml:10: lgo: unknown section; did you mean `log`?",
        ] {
            assert!(faults.iter().any(|f| f == expected), "{expected}\nis not among\n{faults:#?}");
        }
    }

    #[test]
    fn the_environment_overrides_and_is_checked_alike() {
        let over = vec![("WATCHFIRE_LISTEN_PEER".to_owned(), "127.0.0.1:9".to_owned())];
        assert_eq!(Config::parse(Path::new("n"), LEAST, over).unwrap().peer, "127.0.0.1:9");
        let faults = faults(
            LEAST,
            &[("WATCHFIRE_LISTEN_PERE", "x"), ("WATCHFIRE_LIMITS_STREAMS", "many"), ("WATCHFIRE_DIR", "x")],
        );
        assert_eq!(faults.len(), 2, "{faults:?}");
    }

    #[test]
    fn health_and_metrics_are_for_this_machine_unless_they_are_said_to_be_open() {
        let open = |ops: &str| {
            let text = format!("{LEAST}[listen]\nops = \"{ops}\"\n");
            Config::parse(Path::new("n"), &text, vec![]).unwrap().open_ops().is_some()
        };
        for closed in ["off", "127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "localhost:1"] {
            assert!(!open(closed), "{closed}");
        }
        for reached in ["0.0.0.0:1", "[::]:1", "192.0.2.1:1", "node_1:1", "localhost.gb.example:1"] {
            assert!(open(reached), "{reached}");
        }
    }

    #[test]
    fn the_console_is_off_or_over_tls_or_on_this_machine() {
        let console = |more: &str| Config::parse(Path::new("n"), &format!("{LEAST}{more}"), vec![]).map(|c| c.console);
        assert_eq!(console(""), Ok(None));
        assert_eq!(console("[listen]\nconsole = \"off\"\n"), Ok(None));
        let plain =
            console("[listen]\nconsole = \"http://127.0.0.1:7445\"\n[console]\nidle_minutes = 5\n").unwrap().unwrap();
        assert_eq!((plain.address.as_str(), plain.tls, plain.limits.idle_seconds), ("127.0.0.1:7445", None, 300));
        let tls =
            console("[listen]\nconsole = \"0.0.0.0:7445\"\n[console]\nname = \"warn.gb.example\"\n").unwrap().unwrap();
        assert_eq!(tls.tls.unwrap().certificate, Path::new("n/console/tls.pem"));
        assert_eq!(tls.name.as_deref(), Some("warn.gb.example"));
        for (wrong, said) in [
            ("[listen]\nconsole = \"http://0.0.0.0:7445\"\n", "on a loopback address only"),
            ("[listen]\nconsole = \"somewhere\"\n", "write host:port"),
            ("[console]\nidle_minutes = 16\n", "write a number from 1 to 15"),
            ("[console]\nname = \"https://a/b\"\n", "write the host name"),
        ] {
            let faults = faults(&format!("{LEAST}{wrong}"), &[]);
            assert!(faults.iter().any(|f| f.contains(said)), "{wrong}: {faults:?}");
        }
    }

    #[test]
    fn readings_are_told_each_hour_unless_it_is_said_otherwise() {
        let every = |more: &str| {
            Config::parse(Path::new("n"), &format!("{LEAST}{more}"), vec![]).map(|config| config.readings_every_seconds)
        };
        assert_eq!(every(""), Ok(3600));
        assert_eq!(every("[receipts]\nreadings_every_seconds = 86400\n"), Ok(86_400));
        for wrong in ["0", "86401", "-1", "\"hourly\""] {
            let faults = faults(&format!("{LEAST}[receipts]\nreadings_every_seconds = {wrong}\n"), &[]);
            let expected = "n/watchfire.toml:6: receipts.readings_every_seconds: write a number from 1 to 86400";
            assert_eq!(faults, [expected], "{wrong}");
        }
    }

    #[test]
    fn a_state_names_its_country() {
        assert_eq!(faults("[organisation]\ndomain = \"gb.example\"\nkind = \"state\"\n", &[]).len(), 1);
        assert!(faults("[organisation]\ndomain = \"au.example\"\nkind = \"regional\"\n", &[]).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text: String) {
            let _ = Config::parse(Path::new("n"), &text, vec![]);
        }
    }
}
