//! Everything that ends, in one list, and the log's word of it 30, 7 and 1 days before and at the end.

use std::collections::BTreeSet;

use super::Node;
use crate::{
    domain::{
        agreement::AgreementState,
        ending::{Ending, EndingKind},
        fault::Fault,
        ids::{SpiffeId, TrustDomain},
        partner::PartnerState,
        request::RequestState,
        statement::StatementKind,
        time::Time,
        timer::{Timer, TimerKind},
    },
    identity::validity::Validity,
    seal::hash::sha256,
    store::PartnerRecord,
    wire,
};

/// How often the list is gone through for the log, where nothing is due earlier; seconds.
const INTERVAL: i64 = 600;
/// For how long it is remembered what the log has told; seconds. Longer than from one stage to the next.
pub(super) const REMEMBERED: i64 = 60 * 86_400;
/// The newest requests among which exceptions in force are looked for.
const REQUESTS: u32 = 100;

/// A person's certificate chain, DER, leaf first.
#[derive(Debug, Clone)]
pub struct PersonChain {
    /// Whose.
    pub id: SpiffeId,
    /// `tls` or `signing`.
    pub usage: &'static str,
    /// The chain.
    pub chain: Vec<Vec<u8>>,
}

/// Certificates that are kept or seen outside of the node's use cases. Chains in DER, leaf first.
#[derive(Debug, Clone, Default)]
pub struct Certificates {
    /// What this node shows on connections.
    pub tls: Vec<Vec<u8>>,
    /// The people's, as the node's directory has them.
    pub persons: Vec<PersonChain>,
    /// What partners' nodes have shown last.
    pub partners: Vec<(TrustDomain, Vec<u8>)>,
}

/// Reads them at the moment of asking.
pub type ReadCertificates = Box<dyn Fn() -> Certificates + Send + Sync>;

impl Node {
    /// Everything that ends and is known here, the first end first.
    ///
    /// # Errors
    /// Store faults.
    pub async fn endings(&self) -> Result<Vec<Ending>, Fault> {
        let own = self.own.load();
        let (domain, elsewhere) = (self.domain(), (self.certificates)());
        let mut all = of_node(domain, "tls", &elsewhere.tls);
        all.extend(of_node(domain, "signing", self.key.load().chain()));
        all.extend(of_roots(domain, true, own.bundle.roots().iter().map(AsRef::as_ref)));
        all.extend(own.crls.iter().filter_map(|crl| of_list(domain, true, crl.der())));
        all.extend(elsewhere.persons.iter().filter_map(of_person));
        for partner in self.directory().all() {
            if partner.record.state != PartnerState::Forgotten {
                all.extend(of_partner(&partner.record));
                let domain = &partner.record.organisation.domain;
                all.extend(self.lists.of(domain).iter().filter_map(|crl| of_list(domain, false, crl.der())));
            }
        }
        all.extend(elsewhere.partners.iter().filter_map(|(domain, leaf)| of_seen(domain, "tls", leaf)));
        all.extend(self.partners_signing().await?);
        all.extend(self.agreements_that_end().await?);
        all.extend(self.exceptions_that_end().await?);
        Ok(sorted(all))
    }

    /// What partners' nodes sign with, as their newest releases have it. One that has ended tells nothing: the partner may have
    /// another one by now, and has only had nothing to say.
    async fn partners_signing(&self) -> Result<Vec<Ending>, Fault> {
        let (now, directory) = (self.now(), self.directory());
        let mut all = vec![];
        for (partner, release) in self.store.newest_releases().await? {
            if directory.active(&partner).is_err() {
                continue;
            }
            let signatures = wire::envelope::decode(&release)?.signatures;
            let leaves = signatures.iter().filter_map(|s| s.certificates.first());
            all.extend(leaves.filter_map(|leaf| of_seen(&partner, "signing", leaf)).filter(|e| !e.has_ended(now)));
        }
        Ok(all)
    }

    async fn agreements_that_end(&self) -> Result<Vec<Ending>, Fault> {
        let now = self.now();
        let is_live = |r: &crate::store::AgreementRecord| {
            matches!(r.state(now), AgreementState::InForce | AgreementState::Suspended)
        };
        let held = self.store.agreements().await?;
        let of = |r: crate::store::AgreementRecord| {
            let (id, ends_at) = (r.id.to_string(), r.agreement.until.end());
            let short = id.get(..8).unwrap_or_default().to_owned();
            Ending {
                kind: EndingKind::Agreement,
                name: format!("agreement {short} with {}", r.partner),
                domain: r.partner,
                usage: "",
                ends_at,
                act_from: ends_at.plus_seconds(-i64::from(r.agreement.notice_days) * 86_400),
                fix: format!(
                    "`watchfire agreement draft --amends {short} --out FILE`, then `watchfire agreement propose FILE --amends {short}`"
                ),
                subject: id,
            }
        };
        Ok(held.into_iter().filter(is_live).map(of).collect())
    }

    /// Those that were given here or by partners, as far as the newest requests tell.
    async fn exceptions_that_end(&self) -> Result<Vec<Ending>, Fault> {
        let now = self.now();
        let mut all = vec![];
        for request in self.store.requests(false, REQUESTS).await? {
            if request.state != RequestState::Released {
                continue;
            }
            let Some(held) = self.store.by_manifest(&request.manifest_id, false).await? else { continue };
            let exceptions = held.beside.iter().filter_map(|statement| {
                let envelope = wire::envelope::decode(&statement.envelope).ok()?;
                (envelope.kind == StatementKind::Exception).then_some(())?;
                wire::request::decode_exception(&envelope.payload).ok()
            });
            let in_force = exceptions.filter(|e| e.request == request.id && e.until > now);
            all.extend(in_force.map(|exception| {
                let id = request.id.to_string();
                let short = id.get(..8).unwrap_or_default();
                let (direction, fix) = if request.outgoing {
                    ("by", "read what it gives before; `watchfire assess request` asks for more")
                } else {
                    ("for", "nothing, unless it is to be given for longer: then the partner asks again")
                };
                Ending {
                    kind: EndingKind::Exception,
                    domain: request.partner.clone(),
                    name: format!("exception {direction} {} on request {short}", request.partner),
                    usage: "",
                    ends_at: exception.until,
                    act_from: exception.until,
                    fix: fix.to_owned(),
                    subject: id.clone(),
                }
            }));
        }
        Ok(all)
    }

    /// Logs what has come a stage nearer to its end, each stage once, over restarts too. Says when to look again.
    ///
    /// # Errors
    /// Store faults.
    pub(super) async fn tell_of_endings(&self) -> Result<Option<Time>, Fault> {
        let now = self.now();
        let told = self.store.timers(TimerKind::EndingTold).await?;
        let known: BTreeSet<&[u8]> = told.iter().map(|t| t.subject.as_slice()).collect();
        let (mut present, mut set) = (BTreeSet::new(), vec![]);
        let mut again = now.plus_seconds(INTERVAL);
        for ending in self.endings().await? {
            again = ending.next_stage_at(now).map_or(again, |at| again.min(at));
            let Some(stage) = ending.stage(now) else { continue };
            let subject = mark(&ending, stage);
            if !known.contains(subject.as_slice()) {
                let (kind, whose, ends_at, days_left) =
                    (ending.kind, &ending.domain, ending.ends_at, ending.days_left(now));
                tracing::warn!(%kind, %whose, %ends_at, days_left, "{}: {}", ending.words(now), ending.fix);
                set.push(Timer::new(TimerKind::EndingTold, subject.clone(), now.plus_seconds(REMEMBERED)));
            }
            present.insert(subject);
        }
        // What is still there is remembered for longer.
        let soon = now.plus_seconds(REMEMBERED / 2);
        let forgotten_soon = told.into_iter().filter(|t| t.due < soon && present.contains(&t.subject));
        set.extend(forgotten_soon.map(|t| Timer { due: now.plus_seconds(REMEMBERED), ..t }));
        if !set.is_empty() {
            self.store.set_timers(set).await?;
        }
        Ok(Some(again))
    }
}

/// What names a stage of an ending: another certificate in its place has another.
fn mark(ending: &Ending, stage: i64) -> Vec<u8> {
    let ends_at = ending.ends_at.parts().0.to_be_bytes();
    let fields = [ending.kind.as_str(), ending.domain.as_str(), ending.usage, &ending.name, &ending.subject];
    let mut parts: Vec<&[u8]> = fields.iter().flat_map(|f| [f.as_bytes(), b"\0"]).collect();
    let stage = stage.to_be_bytes();
    parts.extend([&ends_at[..], &stage[..]]);
    sha256(&parts).to_vec()
}

/// By when they end; what is the same in two places stands there once.
pub fn sorted(mut all: Vec<Ending>) -> Vec<Ending> {
    all.sort_by(|a, b| (a.ends_at, &a.name, &a.subject).cmp(&(b.ends_at, &b.name, &b.subject)));
    all.dedup_by(|a, b| (&a.name, &a.subject, a.kind) == (&b.name, &b.subject, b.kind));
    all
}

const OWN_FIX: &str = "`watchfire ca renew` where this node has a development CA; else put the renewed certificate and key in their files, \
                       which a running node takes up by itself";

fn certificate(kind: EndingKind, usage: &'static str, domain: &TrustDomain, der: &[u8]) -> Option<Ending> {
    let Validity { name, mark, from, until } = Validity::of_certificate(der).ok()?;
    Some(Ending {
        kind,
        domain: domain.clone(),
        name,
        usage,
        subject: mark,
        ends_at: until,
        act_from: Ending::third_of_life(from, until),
        fix: OWN_FIX.to_owned(),
    })
}

/// The node's own chain: its certificate, and the CAs' between it and the root.
pub fn of_node(domain: &TrustDomain, usage: &'static str, chain: &[Vec<u8>]) -> Vec<Ending> {
    let words = if usage == "tls" { "TLS" } else { usage };
    let leaf = chain.first().and_then(|der| certificate(EndingKind::Certificate, usage, domain, der));
    let leaf = leaf.map(|e| Ending { name: format!("{words} certificate of this node"), ..e });
    let cas = chain.iter().skip(1).filter_map(|der| certificate(EndingKind::Certificate, "ca", domain, der));
    let cas = cas.map(|e| Ending {
        name: format!("certificate of the issuing CA `{}`", e.name),
        fix: "have the CA renewed, then put certificates that it issues in place; partners need nothing where the root stays".to_owned(),
        ..e
    });
    leaf.into_iter().chain(cas).collect()
}

/// A person's certificate.
pub fn of_person(person: &PersonChain) -> Option<Ending> {
    let PersonChain { id, usage, chain } = person;
    let ending = certificate(EndingKind::Person, usage, id.domain(), chain.first()?)?;
    let words = if *usage == "tls" { "TLS" } else { usage };
    let fix = format!(
        "`watchfire ca renew` where this node has a development CA; else put the renewed certificate and key in persons/{}-{}/",
        id.role(),
        id.name()
    );
    Some(Ending {
        name: format!("person {}: {words} certificate", id.name()),
        subject: format!("{id} {}", ending.subject),
        fix,
        ..ending
    })
}

/// The roots of a bundle. One that ends beside another that goes on needs nobody's hurry.
pub fn of_roots<'a>(domain: &TrustDomain, is_own: bool, roots: impl Iterator<Item = &'a [u8]>) -> Vec<Ending> {
    let mut all: Vec<Ending> = roots.filter_map(|der| certificate(EndingKind::Root, "", domain, der)).collect();
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

/// A revocation list.
pub fn of_list(domain: &TrustDomain, is_own: bool, der: &[u8]) -> Option<Ending> {
    let Validity { name, mark, from, until } = Validity::of_list(der).ok()?;
    let (name, fix) = match is_own {
        true => (
            format!("revocation list of `{name}`"),
            "`watchfire ca renew` where this node has a development CA; else put the CA's next list in the file that `crl` names".to_owned(),
        ),
        false => (
            format!("revocation list of `{name}` of {domain}"),
            format!("ask {domain} for its next list: its node hands it over by itself, and `watchfire partner crl FILE` takes it by hand"),
        ),
    };
    Some(Ending {
        kind: EndingKind::RevocationList,
        domain: domain.clone(),
        name,
        usage: "",
        subject: mark,
        ends_at: until,
        act_from: Ending::third_of_life(from, until),
        fix,
    })
}

fn of_partner(record: &PartnerRecord) -> Vec<Ending> {
    let domain = &record.organisation.domain;
    of_roots(domain, false, record.roots.iter().map(Vec::as_slice))
}

/// A certificate that a partner's node has shown or signed with.
fn of_seen(domain: &TrustDomain, usage: &'static str, leaf: &[u8]) -> Option<Ending> {
    let ending = certificate(EndingKind::Certificate, usage, domain, leaf)?;
    let words = if usage == "tls" { "TLS" } else { usage };
    let fix = format!("ask {domain} to renew it; nothing is to be done here");
    // Partners renew theirs late without harm: from a week before the end on it is worth a question.
    let act_from = ending.act_from.max(ending.ends_at.plus_seconds(-7 * 86_400));
    Some(Ending { name: format!("{words} certificate of {domain}'s node"), act_from, fix, ..ending })
}
