//! Certificates and revocation lists by when they end, with what to do about each.

use super::PersonChain;
use crate::{
    domain::{
        ending::{Ending, EndingKind},
        ids::TrustDomain,
    },
    identity::validity::Validity,
};

/// What renews all that a development CA has issued.
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

/// The one thing to do that applies: the development CA's command where that CA has issued it, else by hand.
fn renewal(issuer: &str, ca: Option<&str>, by_hand: impl Into<String>) -> String {
    if ca == Some(issuer) { RENEW.to_owned() } else { by_hand.into() }
}

fn words(usage: &str) -> &str {
    if usage == "tls" { "TLS" } else { usage }
}

/// The node's own chain: its certificate, and the CAs' between it and the root. `ca` names the development CA in its directory.
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

/// The people's certificates. What was revoked is nothing to renew, and a person's files go once nothing else is in them.
pub fn of_persons(all: &[PersonChain], ca: Option<&str>, is_revoked: impl Fn(&[Vec<u8>]) -> bool) -> Vec<Ending> {
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

/// The roots of a bundle. One that ends beside another that goes on needs nobody's hurry.
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
                "ask {domain} for an invitation with its new root, then `watchfire partner accept FILE --fingerprint WORDS`"
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
pub(super) fn of_seen(domain: &TrustDomain, usage: &'static str, leaf: &[u8]) -> Option<Ending> {
    let (ending, _) = certificate(EndingKind::Certificate, usage, domain, leaf)?;
    Some(for_partner(domain, Ending { name: format!("{} certificate of {domain}'s node", words(usage)), ..ending }))
}

/// What a partner's node has signed with: its certificate, and the CAs' up to one of `roots`, which are told of by themselves.
pub(super) fn of_seen_chain(domain: &TrustDomain, chain: &[Vec<u8>], roots: &[Vec<u8>]) -> Vec<Ending> {
    let leaf = chain.first().and_then(|der| of_seen(domain, "signing", der));
    let above = chain.iter().skip(1).filter(|der| !roots.contains(der));
    let cas = above.filter_map(|der| certificate(EndingKind::Certificate, "ca", domain, der)).map(|(e, _)| {
        let name = format!("certificate of the issuing CA `{}` of {domain}", e.name);
        for_partner(domain, Ending { name, ..e })
    });
    leaf.into_iter().chain(cas).collect()
}

/// Partners renew theirs late without harm: from a week before the end on it is worth a question.
fn for_partner(domain: &TrustDomain, ending: Ending) -> Ending {
    let act_from = ending.act_from.max(ending.ends_at.plus_seconds(-7 * 86_400));
    Ending { act_from, fix: format!("ask {domain} to renew it; nothing is to be done here"), ..ending }
}
