//! Which side refuses whose certificate on a connection, why, and what each side can do. All these texts are in this file.

use super::fault::{Fault, Reason};

/// Why the other side refuses this side's certificate, as far as its TLS alert says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It is on a revocation list.
    Revoked,
    /// It has expired, or is not valid yet by the other side's clock.
    Expired,
    /// It does not lead to the roots that the other side holds.
    UnknownRoot,
    /// It is refused for another reason: this organisation is not a partner there, its roots are unknown there, or the role is wrong. A node
    /// does not say which.
    NotTaken,
}

impl Refusal {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::Revoked, Self::Expired, Self::UnknownRoot, Self::NotTaken];

    /// Translates the name of a TLS alert (RFC 8446, 6.2) as rustls writes it. `None` for alerts that are not about a certificate.
    pub fn of_alert(name: &str) -> Option<Self> {
        match name {
            "CertificateRevoked" => Some(Self::Revoked),
            "CertificateExpired" => Some(Self::Expired),
            "UnknownCA" => Some(Self::UnknownRoot),
            "CertificateUnknown"
            | "BadCertificate"
            | "UnsupportedCertificate"
            | "AccessDenied"
            | "CertificateRequired" => Some(Self::NotTaken),
            _ => None,
        }
    }

    /// The stable reason.
    pub fn reason(self) -> Reason {
        match self {
            Self::Revoked => Reason::CertificateRevoked,
            Self::Expired | Self::UnknownRoot => Reason::ChainInvalid,
            Self::NotTaken => Reason::NotAPartner,
        }
    }

    /// Between nodes: why the partner's node refuses this node, and what each side can do.
    pub fn between_nodes(self) -> &'static str {
        match self {
            Self::Revoked => {
                "the partner's node refuses this node's TLS certificate: it is on a revocation list of this organisation. \
                 Here: put a new certificate in place (`watchfire ca renew`, or ask your CA). There: nothing"
            }
            Self::Expired => {
                "the partner's node refuses this node's TLS certificate: it has expired, or is not valid yet by the clock there. \
                 Here: `watchfire expiry list --within 30` shows what to renew, and have this clock checked. There: have the clock checked"
            }
            Self::UnknownRoot => {
                "the partner's node refuses this node's TLS certificate: it does not lead to the roots that the partner holds. \
                 Here: give the partner a new invitation, `watchfire partner invite --out FILE`. There: `watchfire partner accept FILE`"
            }
            Self::NotTaken => {
                "the partner's node refuses this node: it is not an active partner there, or its certificate does not lead to the roots that \
                 are held there. A node does not say which. Here: `watchfire doctor` checks this node's certificate; if the roots \
                 have changed, give the partner a new invitation, `watchfire partner invite --out FILE`. There: `watchfire partner \
                 list` shows whether this organisation is an active partner, and the log there says why"
            }
        }
    }

    /// At the desk: why the organisation's own node refuses a person.
    pub fn at_desk(self) -> &'static str {
        match self {
            Self::Revoked => {
                "the node refuses you: your TLS certificate was revoked; if that is a mistake, an administrator adds you again with \
                 `watchfire person add NAME --role ROLE`"
            }
            Self::Expired => {
                "the node refuses you: your TLS certificate has ended, or is not valid yet by the node's clock; renew it with \
                 `watchfire ca renew`, or put the renewed one in your directory under persons/"
            }
            Self::UnknownRoot => {
                "the node refuses you: your TLS certificate was not issued under the roots that the node holds of this organisation; \
                 `watchfire doctor` compares it with the bundle"
            }
            Self::NotTaken => {
                "the node refuses your TLS certificate: it is not of the right kind, or the organisation's revocation list has lapsed; \
                 `watchfire doctor` says what has ended, and the node's log says why"
            }
        }
    }
}

/// The fault for a partner's certificate that this side refuses, with what each side can do. The reason stays the same.
pub fn by_this_side(fault: &Fault) -> Fault {
    let what_to_do = match fault.reason {
        Reason::CertificateRevoked => "Here: nothing. There: put a new certificate in place",
        Reason::NotAPartner => {
            "Here: `watchfire partner resume DOMAIN`, or accept its invitation, if it should be a partner. There: nothing"
        }
        Reason::WrongDomain => {
            "Here: compare the endpoint that `watchfire partner list` shows with the partner's. There: look at the node's certificate"
        }
        // There is no reason for each case, so the texts of `identity`'s faults tell the cases apart.
        _ if fault.message.contains("ended on") => {
            "Here: nothing, if this clock is right. There: renew the certificate (`watchfire ca renew`, or your own CA); the node loads it by \
             itself"
        }
        _ if fault.message.contains("trust bundle") => {
            "Here: take its new roots with `watchfire partner accept FILE --fingerprint \"WORDS\"`. There: give this organisation a new \
             invitation, `watchfire partner invite --out FILE`, or append the issuing CA's certificate to the node's chain"
        }
        _ if fault.message.contains("clock") => "Here and there: have the clocks checked (NTP)",
        _ => {
            "Here: nothing, unless what is held of the partner is out of date (`watchfire partner list`). There: have the node's certificate \
             checked: `watchfire doctor`"
        }
    };
    let message = format!("this node refuses the certificate of the partner's node: {}. {what_to_do}", fault.message);
    Fault { message, ..fault.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_names_a_side_and_a_command() {
        for refusal in Refusal::ALL {
            let (nodes, desk) = (refusal.between_nodes(), refusal.at_desk());
            assert!(
                nodes.contains("partner's node refuses") && nodes.contains("Here: ") && nodes.contains("There: "),
                "{nodes}"
            );
            assert!(nodes.contains("`watchfire ") && desk.contains("`watchfire "), "{nodes} {desk}");
        }
        assert_eq!(Refusal::of_alert("ProtocolVersion"), None);
    }

    #[test]
    fn a_refusal_by_this_side_keeps_its_reason_and_says_so() {
        let fault = Fault::new(Reason::ChainInvalid, "a certificate of the chain ended on 2026-05-01T00:00:00Z");
        let told = by_this_side(&fault);
        assert_eq!(told.reason, Reason::ChainInvalid);
        assert!(
            told.message.starts_with("this node refuses") && told.message.contains("There: renew the certificate"),
            "{told}"
        );
    }
}
