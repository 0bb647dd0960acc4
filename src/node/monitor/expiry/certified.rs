//! The certificates and revocation lists that end, with what to do about each.

use crate::{
    domain::{
        ending::{Ending, EndingKind},
        ids::TrustDomain,
    },
    identity::validity::Validity,
    node::certificates::PersonChain,
};

/// What renews everything that a development CA has issued.
const RENEW: &str = "`watchfire ca renew`";

const OWN_FIX: &str = "put the renewed certificate and key in their files, which a running node takes up by itself";

/// An ending, and the name of the CA that issued what ends.
fn certificate(kind: EndingKind, usage: &'static str, domain: &TrustDomain, der: &[u8]) -> Option<(Ending, String)> {
    let Validity { name, issuer, mark, from, until } = Validity::of_certificate(der).ok()?;
    let ending = Ending {
        kind,
        domain: domain.clone(),
        name,
        usage,
        subject: mark,
        starts_at: from,
        ends_at: until,
        act_from: Ending::third_of_life(from, until),
        fix: String::new(),
        is_revoked: false,
    };
    Some((ending, issuer))
}

/// The one instruction that applies: the development CA's command if that CA has issued it, otherwise what to do by hand.
fn renewal(issuer: &str, ca: Option<&str>, by_hand: impl Into<String>) -> String {
    if ca == Some(issuer) { RENEW.to_owned() } else { by_hand.into() }
}

fn words(usage: &str) -> &str {
    if usage == "tls" { "TLS" } else { usage }
}

/// The node's own chain: its certificate, and those of the CAs between it and the root. `ca` names the development CA in its directory.
pub fn of_node(domain: &TrustDomain, usage: &'static str, chain: &[Vec<u8>], ca: Option<&str>) -> Vec<Ending> {
    let leaf = chain.first().and_then(|der| certificate(EndingKind::Certificate, usage, domain, der));
    let leaf = leaf.map(|(e, issuer)| Ending {
        name: format!("{} certificate of this node", words(usage)),
        fix: renewal(&issuer, ca, OWN_FIX),
        ..e
    });
    let cas = chain.iter().skip(1).filter_map(|der| certificate(EndingKind::Certificate, "ca", domain, der));
    let cas = cas.map(|(e, _)| Ending {
        name: format!("certificate of the issuing CA `{}`", e.name),
        fix: "have the CA renewed, then put certificates that it issues in place; partners need nothing where the root stays".to_owned(),
        ..e
    });
    leaf.into_iter().chain(cas).collect()
}

/// The people's certificates. A revoked certificate needs no renewal. A person's files may go once nothing else is in them.
pub fn of_people(all: &[PersonChain], ca: Option<&str>, is_revoked: impl Fn(&[Vec<u8>]) -> bool) -> Vec<Ending> {
    let revoked: Vec<bool> = all.iter().map(|person| is_revoked(&person.chain)).collect();
    let each = || all.iter().zip(&revoked);
    let of = |(person, revoked): (&PersonChain, &bool)| {
        let ending = of_person(person, ca)?;
        if !revoked {
            return Some(ending);
        }
        let is_gone = each().all(|(other, revoked)| other.id != person.id || *revoked);
        let fix = match (is_gone, directory(person)) {
            (true, directory) => format!("the directory {directory} may be removed"),
            (false, directory) => format!("put another certificate and key in {directory}, or remove that directory"),
        };
        Some(Ending { fix, is_revoked: true, ..ending })
    };
    each().filter_map(of).collect()
}

fn of_person(person: &PersonChain, ca: Option<&str>) -> Option<Ending> {
    let PersonChain { id, usage, chain } = person;
    let (ending, issuer) = certificate(EndingKind::Person, usage, id.domain(), chain.first()?)?;
    let by_hand = format!("put the renewed certificate and key in {}", directory(person));
    Some(Ending {
        name: format!("person {}: {} certificate", id.name(), words(usage)),
        subject: format!("{id} {}", ending.subject),
        fix: renewal(&issuer, ca, by_hand),
        ..ending
    })
}

fn directory(person: &PersonChain) -> String {
    format!("persons/{}-{}", person.id.role(), person.id.name())
}

/// The roots of a bundle. If another root goes on, nobody has to hurry about one that ends.
pub fn of_roots<'a>(domain: &TrustDomain, is_own: bool, roots: impl Iterator<Item = &'a [u8]>) -> Vec<Ending> {
    let mut all: Vec<Ending> =
        roots.filter_map(|der| certificate(EndingKind::Root, "", domain, der)).map(|(e, _)| e).collect();
    let last = all.iter().map(|e| (e.ends_at, e.act_from)).max();
    for ending in &mut all {
        ending.name = match is_own {
            true => format!("root certificate `{}`", ending.name),
            false => format!("root certificate `{}` of {domain}", ending.name),
        };
        ending.fix = match is_own {
            true => "put a new root beside it in the bundle, then give each partner a new invitation: `watchfire partner invite --out FILE`"
                .to_owned(),
            false => format!(
                "ask {domain} for an invitation with its new root, then `watchfire partner accept FILE`"
            ),
        };
        if let Some((ends_at, act_from)) = last
            && ending.ends_at < ends_at
        {
            ending.act_from = act_from;
        }
    }
    all
}

/// A revocation list. `ca` names the development CA in the node's directory.
pub fn of_list(domain: &TrustDomain, is_own: bool, der: &[u8], ca: Option<&str>) -> Option<Ending> {
    let Validity { name, issuer, mark, from, until } = Validity::of_list(der).ok()?;
    let (name, fix) = match is_own {
        true => (
            format!("revocation list of `{name}`"),
            renewal(&issuer, ca, "put the CA's next list in the file that `crl` names"),
        ),
        false => (
            format!("revocation list of `{name}` of {domain}"),
            format!(
                "ask {domain} for its next list: its node hands it over by itself, and `watchfire partner crl FILE` takes it by hand"
            ),
        ),
    };
    Some(Ending {
        kind: EndingKind::RevocationList,
        domain: domain.clone(),
        name,
        usage: "",
        subject: mark,
        starts_at: from,
        ends_at: until,
        act_from: Ending::third_of_life(from, until),
        fix,
        is_revoked: false,
    })
}

/// A certificate that a partner's node has shown or signed with.
pub(in crate::node) fn of_seen(domain: &TrustDomain, usage: &'static str, leaf: &[u8]) -> Option<Ending> {
    let (ending, _) = certificate(EndingKind::Certificate, usage, domain, leaf)?;
    Some(for_partner(domain, Ending { name: format!("{} certificate of {domain}'s node", words(usage)), ..ending }))
}

/// What a partner's node has signed with: its certificate, and those of the CAs up to one of `roots`. The roots are listed by themselves.
pub(in crate::node) fn of_seen_chain(domain: &TrustDomain, chain: &[Vec<u8>], roots: &[Vec<u8>]) -> Vec<Ending> {
    let leaf = chain.first().and_then(|der| of_seen(domain, "signing", der));
    let above = chain.iter().skip(1).filter(|der| !roots.contains(der));
    let cas = above.filter_map(|der| certificate(EndingKind::Certificate, "ca", domain, der)).map(|(e, _)| {
        let name = format!("certificate of the issuing CA `{}` of {domain}", e.name);
        for_partner(domain, Ending { name, ..e })
    });
    leaf.into_iter().chain(cas).collect()
}

/// An ending for a partner to act on. Partners may renew late without harm, so it is worth a question only from a week before the end.
fn for_partner(domain: &TrustDomain, ending: Ending) -> Ending {
    let act_from = ending.act_from.max(ending.ends_at.plus_seconds(-7 * 86_400));
    Ending { act_from, fix: format!("ask {domain} to renew it; nothing is to be done here"), ..ending }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::time::Time,
        identity::{
            devca::{DevCa, Purpose},
            files::certificates,
        },
    };

    fn now() -> Time {
        "2026-05-01T12:00:00Z".parse().unwrap()
    }

    fn domain() -> TrustDomain {
        "gb.example".parse().unwrap()
    }

    fn ca() -> (DevCa, String) {
        let ca = DevCa::create(&domain(), now()).unwrap();
        let name = Validity::of_certificate(ca.certificate()).unwrap().name;
        (ca, name)
    }

    fn chain(ca: &DevCa, path: &str, purpose: Purpose) -> Vec<Vec<u8>> {
        let id = format!("spiffe://gb.example/{path}").parse().unwrap();
        let issued = ca.issue(&id, purpose, now(), 365).unwrap();
        certificates(issued.certificate_pem.as_bytes()).unwrap().iter().map(|der| der.to_vec()).collect()
    }

    fn person(ca: &DevCa, name: &str, usage: &'static str) -> PersonChain {
        let purpose = if usage == "tls" { Purpose::PersonTls } else { Purpose::Signing };
        let id = format!("spiffe://gb.example/analyst/{name}").parse().unwrap();
        PersonChain { id, usage, chain: chain(ca, &format!("analyst/{name}"), purpose) }
    }

    #[test]
    fn the_hint_is_the_one_that_applies() {
        let (ca, name) = ca();
        let list = ca.revocation_list(1, &[], now(), 30).unwrap();
        let dan = [person(&ca, "dan", "tls")];
        let hints = |ca_here: Option<&str>| {
            let mut all = of_node(&domain(), "tls", &chain(&ca, "node/n1", Purpose::NodeTls), ca_here);
            all.extend(of_list(&domain(), true, &list, ca_here));
            all.extend(of_people(&dan, ca_here, |_| false));
            all.into_iter().map(|e| e.fix).collect::<Vec<_>>()
        };
        assert_eq!(hints(Some(&name)), [RENEW; 3]);
        let by_hand = [
            OWN_FIX,
            "put the CA's next list in the file that `crl` names",
            "put the renewed certificate and key in persons/analyst-dan",
        ];
        assert_eq!(hints(None), by_hand);
        // A development CA that was left from before the organisation had its own PKI renews nothing of that PKI.
        assert_eq!(hints(Some("gb.example development CA 00000000")), by_hand);
    }

    #[test]
    fn issuing_cas_of_partners_are_told_of_but_for_the_roots() {
        let ((ca, name), (other, _)) = (ca(), self::ca());
        let mut sent = chain(&ca, "node/n1", Purpose::Signing);
        sent.truncate(1);
        sent.extend([ca.certificate().to_vec(), other.certificate().to_vec()]);
        let told = of_seen_chain(&domain(), &sent, &[other.certificate().to_vec()]);
        let names: Vec<&str> = told.iter().map(|e| e.name.as_str()).collect();
        let of_ca = format!("certificate of the issuing CA `{name}` of gb.example");
        assert_eq!(names, ["signing certificate of gb.example's node", &of_ca]);
        assert_eq!(told[1].usage, "ca");
        assert!(told.iter().all(|e| e.fix.starts_with("ask gb.example to renew it")), "{told:?}");
        assert!(told.iter().all(|e| e.act_from == e.ends_at.plus_seconds(-7 * 86_400)), "{told:?}");
    }

    #[test]
    fn a_person_s_files_may_go_once_all_in_them_is_revoked() {
        let (ca, name) = ca();
        let all = [person(&ca, "dan", "tls"), person(&ca, "dan", "signing"), person(&ca, "eve", "tls")];
        let told = |revoked: &[usize]| {
            let is_revoked = |chain: &[Vec<u8>]| revoked.iter().any(|n| all[*n].chain == chain);
            of_people(&all, Some(&name), is_revoked)
        };
        let both = told(&[0, 1]);
        assert_eq!(both.iter().map(|e| e.is_revoked).collect::<Vec<_>>(), [true, true, false]);
        assert_eq!(both[0].fix, "the directory persons/analyst-dan may be removed");
        assert_eq!(both[2].fix, RENEW);
        let one = told(&[1]);
        assert_eq!(one.iter().map(|e| e.is_revoked).collect::<Vec<_>>(), [false, true, false]);
        assert!(one[1].fix.starts_with("put another certificate and key in persons/analyst-dan"), "{}", one[1].fix);
    }

    #[test]
    fn lists_are_named_after_their_ca() {
        let ((one, name), (other, _)) = (ca(), self::ca());
        let list =
            |ca: &DevCa| of_list(&domain(), true, &ca.revocation_list(1, &[], now(), 30).unwrap(), None).unwrap();
        assert_eq!(list(&one).subject, name);
        assert_ne!(list(&one).subject, list(&other).subject, "made at the same moment");
    }
}
