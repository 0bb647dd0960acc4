//! The file with which a person is set up on another machine. `person pack` writes it and `person unpack` reads it. It is TOML.

use std::path::Path;

use rustls_pki_types::CertificateDer;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{
    cli::CliError,
    config::{Config, FILE},
    domain::{
        ids::{Role, SpiffeId, TrustDomain},
        partner::{Endpoint, Organisation, PartnerKind},
        place::Country,
    },
    identity::{
        bundle::TrustBundle,
        certificate::Leaf,
        files::{certificates, read_secret, to_pem},
    },
};

/// The name of the format, with its version.
const FORM: &str = "watchfire-person/1";

/// The file contains the keys in the clear, so only its owner may read it.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
pub struct Packed {
    form: String,
    domain: String,
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<String>,
    /// The address by which this person reaches the node's desk, `host:port`.
    pub desk: String,
    role: String,
    name: String,
    /// The organisation's roots, PEM.
    pub bundle: String,
    /// Certificate chains, PEM.
    pub tls: String,
    pub signing: String,
    /// The keys; none if they are already on the person's machine.
    #[serde(flatten)]
    pub keys: Option<Keys>,
}

/// A person's two keys, PKCS#8, PEM.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct Keys {
    pub tls_key: String,
    pub signing_key: String,
}

/// The four PEM texts of the file.
pub struct Contents {
    pub bundle: String,
    pub tls: String,
    pub signing: String,
    pub keys: Option<Keys>,
}

impl Packed {
    pub fn new(organisation: &Organisation, desk: &str, person: &SpiffeId, contents: Contents) -> Self {
        Self {
            form: FORM.to_owned(),
            domain: organisation.domain.to_string(),
            kind: organisation.kind.to_string(),
            country: organisation.country.map(|c| c.to_string()),
            desk: desk.to_owned(),
            role: person.role().to_string(),
            name: person.name().to_owned(),
            bundle: contents.bundle,
            tls: contents.tls,
            signing: contents.signing,
            keys: contents.keys,
        }
    }

    /// Reads a file that only its owner can read, and checks that all of it belongs to one person of one organisation.
    pub fn read(file: &Path) -> Result<Self, CliError> {
        if !file.exists() {
            return Err(CliError::files(format!(
                "there is no {}; create it with `watchfire person pack`",
                file.display()
            )));
        }
        let bytes = read_secret(file)?;
        let wrong = |why: &str| CliError::files(format!("{} {why}", file.display()));
        // The parser's message is not shown, because it quotes the faulty line, which may be a key.
        let not_one = || wrong("is not a complete file of `watchfire person pack`; have it packed again");
        let text = std::str::from_utf8(&bytes).map_err(|_| not_one())?;
        let packed: Self = toml::from_str(text).map_err(|_| not_one())?;
        if packed.form != FORM {
            return Err(wrong(
                "was written by another version of this program; pack and unpack it with the same version",
            ));
        }
        packed.check(&wrong)?;
        Ok(packed)
    }

    fn check(&self, wrong: &dyn Fn(&str) -> CliError) -> Result<(), CliError> {
        self.config(Path::new("."))?;
        let (id, bundle) = (self.id()?, self.roots()?);
        for (what, pem) in [("TLS", &self.tls), ("signing", &self.signing)] {
            let chain = certificates(pem.as_bytes()).ok_or_else(|| wrong(&format!("has no {what} certificate")))?;
            let leaf = chain.first().map(|der| Leaf::parse(der)).transpose()?;
            if leaf.is_none_or(|leaf| leaf.id != id) {
                return Err(wrong(&format!("has a {what} certificate that is not of `{id}`")));
            }
            let chain: Vec<Vec<u8>> = chain.iter().map(|der| der.to_vec()).collect();
            if !bundle.stands_behind(&chain) {
                return Err(wrong(&format!("has a {what} certificate that none of its roots proves")));
            }
        }
        Ok(())
    }

    /// The person.
    pub fn id(&self) -> Result<SpiffeId, CliError> {
        let role: Role = self.role.parse().map_err(CliError::usage)?;
        SpiffeId::new(self.domain()?, role, &self.name).map_err(CliError::usage)
    }

    /// The organisation.
    pub fn domain(&self) -> Result<TrustDomain, CliError> {
        self.domain.parse().map_err(CliError::usage)
    }

    /// The text as a file.
    pub fn text(&self) -> Result<Zeroizing<String>, CliError> {
        let secret = match &self.keys {
            Some(_) => "Anybody who has this file can act and sign as this person. Remove it after unpacking",
            None => "It contains no keys: they are on the person's machine",
        };
        let body = Zeroizing::new(toml::to_string_pretty(self).map_err(|e| CliError::files(e.to_string()))?);
        Ok(Zeroizing::new(format!(
            "# {}/{} of {}, for `watchfire person unpack`. {secret}.\n\n{}",
            self.role, self.name, self.domain, *body
        )))
    }

    /// The configuration of the person's machine. Each value is parsed by its type, so the author of the file can't set any other option.
    pub fn config_text(&self) -> Result<String, CliError> {
        let kind: PartnerKind = self.kind.parse().map_err(CliError::usage)?;
        let country: Option<Country> = self.country.as_ref().map(|c| c.parse()).transpose().map_err(CliError::usage)?;
        let desk: Endpoint = self.desk.parse().map_err(CliError::usage)?;
        let country = country.map(|c| format!("country = \"{c}\"\n")).unwrap_or_default();
        Ok(format!(
            "# The machine of one person, without a node. `watchfire person unpack` wrote it.\n\n\
             [organisation]\ndomain = \"{}\"\n{country}kind = \"{kind}\"\n\n\
             # The address by which this machine reaches the desk of the organisation's node.\n[listen]\ndesk = \"{desk}\"\n",
            self.domain()?
        ))
    }

    /// The configuration, checked.
    pub fn config(&self, dir: &Path) -> Result<Config, CliError> {
        Config::parse(dir, &self.config_text()?, vec![]).map_err(|error| {
            CliError::usage(error.to_string().replace(&dir.join(FILE).display().to_string(), "the pack"))
        })
    }

    /// The organisation's roots.
    pub fn roots(&self) -> Result<TrustBundle, CliError> {
        Ok(TrustBundle::from_pem(self.domain()?, self.bundle.as_bytes())?)
    }
}

/// The certificates as text, without other text around them.
pub fn pem(chain: &[CertificateDer<'_>]) -> String {
    chain.iter().map(|der| to_pem("CERTIFICATE", der).to_string()).collect()
}

/// The chain in a text.
pub fn chain_in(text: &str) -> Vec<CertificateDer<'static>> {
    certificates(text.as_bytes()).unwrap_or_default()
}
