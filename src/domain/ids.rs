//! Names and identifiers. Each has a type of its own that can contain only a well-formed value.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::harmless::one_line;

/// An organisation's name: a SPIFFE trust domain, a lower-case DNS-like name of at most 255 characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct TrustDomain(std::sync::Arc<str>);

impl TrustDomain {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TrustDomain {
    type Err = String;

    /// SPIFFE allows `[a-z0-9._-]`, 1 to 255 characters. We also require each label to begin and end with a letter or digit.
    fn from_str(text: &str) -> Result<Self, String> {
        let label_ok = |label: &str| {
            let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
            edge(label.chars().next())
                && edge(label.chars().last())
                && label.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_')
        };
        if text.len() <= 255 && text.split('.').all(label_ok) {
            Ok(Self(text.into()))
        } else {
            Err(format!("`{}` is not a trust domain; write a lower-case name such as gb.example", shorten(text)))
        }
    }
}

/// The role in the path of a SPIFFE id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A Watchfire node: speaks TLS to partners, signs releases and receipts.
    Node,
    /// Writes and signs assessments.
    Analyst,
    /// A releasing officer: may do everything that an analyst may, and recall assessments.
    Officer,
    /// Configures partners and agreements.
    Admin,
    /// A program of the organisation's own.
    Service,
}

impl Role {
    /// The word in the path.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Analyst => "analyst",
            Self::Officer => "officer",
            Self::Admin => "admin",
            Self::Service => "service",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Node, Self::Analyst, Self::Officer, Self::Admin, Self::Service]
            .into_iter()
            .find(|r| r.as_str() == text)
            .ok_or_else(|| {
                format!("`{}` is not a role; the roles are node, analyst, officer, admin and service", shorten(text))
            })
    }
}

/// `spiffe://<trust-domain>/<role>/<name>`: who somebody is, and in which role.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct SpiffeId {
    domain: TrustDomain,
    role: Role,
    name: String,
}

impl SpiffeId {
    /// Makes an id from its parts. The name is 1 to 64 characters of `[a-z0-9._-]`.
    pub fn new(domain: TrustDomain, role: Role, name: &str) -> Result<Self, String> {
        let ok = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-');
        // SPIFFE forbids the segments `.` and `..`.
        if name.is_empty() || name.len() > 64 || !name.chars().all(ok) || name == "." || name == ".." {
            return Err(format!("`{}` is not a name; write 1 to 64 of a-z, 0-9, `.`, `_` and `-`", shorten(name)));
        }
        Ok(Self { domain, role, name: name.to_owned() })
    }

    /// The organisation.
    pub fn domain(&self) -> &TrustDomain {
        &self.domain
    }

    /// The role.
    pub fn role(&self) -> Role {
        self.role
    }

    /// The last segment.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether `word` refers to this id: it is the name, `role/name` or the whole id.
    pub fn is_called(&self, word: &str) -> bool {
        word == self.name
            || word.split_once('/').is_some_and(|(role, name)| role == self.role.as_str() && name == self.name)
            || word == self.to_string()
    }
}

impl fmt::Display for SpiffeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "spiffe://{}/{}/{}", self.domain, self.role, self.name)
    }
}

impl FromStr for SpiffeId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            let text = shorten(text);
            format!("`{text}` is not an identity; write e.g. spiffe://gb.example/analyst/alice")
        };
        let mut parts = text.strip_prefix("spiffe://").ok_or_else(wrong)?.split('/');
        let (Some(domain), Some(role), Some(name), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong());
        };
        Self::new(domain.parse()?, role.parse()?, name)
    }
}

macro_rules! text_type {
    ($($name:ident),*) => {$(
        impl TryFrom<String> for $name {
            type Error = String;
            fn try_from(text: String) -> Result<Self, String> { text.parse() }
        }
        impl From<$name> for String {
            fn from(value: $name) -> String { value.to_string() }
        }
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { fmt::Display::fmt(self, f) }
        }
    )*};
}
text_type!(TrustDomain, SpiffeId);

impl fmt::Display for TrustDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! byte_id {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// Length in bytes.
            pub const LEN: usize = $len;

            /// The bytes.
            pub fn as_bytes(&self) -> &[u8] {
                &self.0
            }
        }

        impl TryFrom<&[u8]> for $name {
            type Error = String;
            fn try_from(bytes: &[u8]) -> Result<Self, String> {
                bytes.try_into().map(Self).map_err(|_| format!("{} bytes instead of {}", bytes.len(), $len))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                // On the stack, because every entry of the ledger names some.
                let mut digits = [0; 2 * $len];
                hex::encode_to_slice(self.0, &mut digits).map_err(|_| fmt::Error)?;
                f.write_str(std::str::from_utf8(&digits).map_err(|_| fmt::Error)?)
            }
        }

        impl FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                let mut bytes = [0; $len];
                hex::decode_to_slice(text, &mut bytes)
                    .map_err(|_| format!("`{}` is not an id of {} hexadecimal digits", shorten(text), 2 * $len))?;
                Ok(Self(bytes))
            }
        }

        text_type!($name);
    };
}

byte_id!(
    /// The id of an assessment, the same for all its versions: 16 random bytes.
    AssessmentId, 16
);
byte_id!(
    /// The id of a draft that the node keeps: 16 random bytes. The assessment that is published from the draft has the same bytes as its id.
    DraftId, 16
);
byte_id!(
    /// The id of a statement: the SHA-256 of its DSSE pre-authentication encoding. It does not depend on who has signed yet.
    StatementId, 32
);
byte_id!(
    /// The id of a session that somebody opened in a browser: 16 random bytes. It is not the secret that the browser presents.
    SessionId, 16
);
byte_id!(
    /// A portion's digest, as listed in the manifest.
    Digest, 32
);
byte_id!(
    /// The handle by which the portions of one version refer to each other: 8 random bytes.
    Handle, 8
);
byte_id!(
    /// The random bytes that make a withheld portion unguessable.
    Salt, 32
);
byte_id!(
    /// The random bytes that distinguish requests which ask the same.
    Nonce, 16
);
byte_id!(
    /// Marks a portion as seen, in a way that only those who have the portion can recognise.
    Seen, 16
);
byte_id!(
    /// The plain SHA-256 of bytes that travel separately: an attachment, or an original that stays with its holder.
    Sha256, 32
);

impl DraftId {
    /// The id of the assessment that is published from the draft.
    pub fn assessment(&self) -> AssessmentId {
        AssessmentId(self.0)
    }
}

/// The first 60 characters, for quoting input in an error: in one line, and with nothing that changes how the error reads.
pub fn shorten(text: &str) -> String {
    let first: String = text.chars().filter(|c| !c.is_control()).take(60).collect();
    let mut short = one_line(&first);
    if first.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_called_by_name_role_and_name_or_the_whole_id() {
        let id: SpiffeId = "spiffe://gb.example/admin/root".parse().unwrap();
        assert!(["root", "admin/root", "spiffe://gb.example/admin/root"].iter().all(|word| id.is_called(word)));
        assert!(
            ["", "roo", "/root", "admin/", "analyst/root", "gb.example/admin/root"]
                .iter()
                .all(|word| !id.is_called(word))
        );
    }

    #[test]
    fn trust_domains_have_one_spelling() {
        for right in ["gb.example", "ecowas.example", "a", "x-1.y_2"] {
            assert_eq!(right.parse::<TrustDomain>().unwrap().to_string(), right);
        }
        for wrong in ["", "GB.example", "gb..example", ".gb", "gb.", "-a.b", "a/b", "gb.example\n", "ä.example", "a b"]
        {
            assert!(wrong.parse::<TrustDomain>().is_err(), "{wrong}");
        }
        assert!("a".repeat(256).parse::<TrustDomain>().is_err());
    }

    #[test]
    fn spiffe_ids_are_strict() {
        let id: SpiffeId = "spiffe://gb.example/analyst/alice".parse().unwrap();
        assert_eq!((id.domain().as_str(), id.role(), id.name()), ("gb.example", Role::Analyst, "alice"));
        for wrong in [
            "spiffe://gb.example/analyst",
            "spiffe://gb.example/analyst/alice/x",
            "spiffe://gb.example/analyst/",
            "spiffe://gb.example/king/alice",
            "spiffe://gb.example/analyst/..",
            "SPIFFE://gb.example/analyst/alice",
            "https://gb.example/analyst/alice",
            "spiffe://gb.example:1/analyst/alice",
            "spiffe://gb.example/analyst/Alice",
        ] {
            assert!(wrong.parse::<SpiffeId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_an_error_quotes_is_one_short_line_that_reads_as_it_was_written() {
        assert_eq!(shorten("gb.example"), "gb.example");
        assert_eq!(shorten("gb\u{202e}elpmaxe\u{2028}x"), "gb<U+202E>elpmaxe x");
        assert_eq!(shorten("a\u{1b}[2J"), "a[2J…");
        assert_eq!(shorten(&"é".repeat(61)), format!("{}…", "é".repeat(60)));
    }

    #[test]
    fn ids_read_back_and_refuse_other_lengths() {
        let id = Handle([1; 8]);
        assert_eq!(id.to_string().parse::<Handle>().unwrap(), id);
        assert!("01".parse::<Handle>().is_err());
        assert!(Digest::try_from(&[0u8; 31][..]).is_err());
    }
}
