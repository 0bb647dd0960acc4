//! Two processes of one organisation's node on one store. Each keeps partners, agreements, rules and people in memory of its own, and none
//! decides by what the other one has changed.

use std::{cell::Cell, path::Path, sync::Arc};

use watchfire::{
    domain::{
        approval::Matter,
        fault::{Fault, Reason},
        ids::{Role, TrustDomain},
        person::{CertificateUse, Origin},
    },
    node::{Node, people::SeenPerson},
    peer::link::Link,
    seal::subject,
    store::AgreementRecord,
};

use crate::{
    cast::{Org, Whose},
    content,
    machine::{MESSAGE, rule_files},
    plan::Draft,
    run::runtime,
    trace::Trace,
    world::{World, at_rest},
};

const DRAFT: Draft = Draft { place: "ML", tlp: "GREEN", level: 3, onward: true };

/// How often two administrators decide at once.
const ROUNDS: usize = 8;

/// Both processes, the first of which the partners can't reach.
struct Both {
    world: World,
    one: Arc<Node>,
    other: Arc<Node>,
    published: usize,
}

fn ensure(holds: bool, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

fn fault(fault: Fault) -> String {
    fault.with_reason()
}

impl Both {
    async fn begin(folder: &Path) -> Result<Self, String> {
        let world = World::begin(folder, None, Arc::<Trace>::default(), None).await;
        let one = world.node(Org::Gb);
        let other = world.machines[&Org::Gb].beside(&world.net).await.map_err(fault)?;
        at_rest().await;
        Ok(Self { world, one, other, published: 0 })
    }

    /// Publishes with one of the processes, and returns the partners that get something.
    async fn publish(&mut self, node: &Arc<Node>) -> Result<Vec<TrustDomain>, Fault> {
        let machine = &self.world.machines[&Org::Gb];
        self.published += 1;
        let name = format!("P{}", self.published);
        let author = machine.ring.pair(Whose::Analyst).key();
        let (_, submission) = content::made(Org::Gb, &author, &DRAFT, None, machine.now(), name);
        let published = node.assessments.publish(&Org::Gb.actor(Role::Analyst), submission).await?;
        Ok(published.decisions.into_iter().filter(|d| d.release).map(|d| d.partner).collect())
    }

    /// A partner follows this organisation's feed, from whichever process is reached.
    async fn followed_by(&self, partner: Org) -> Result<u64, Fault> {
        let carrier = self.world.net.connect(partner, Org::Gb, &[]);
        let mut link = Link::new(self.world.node(partner), Org::Gb.domain(), carrier, MESSAGE).without_pauses();
        link.begin().await?;
        link.follow(true).await?;
        at_rest().await;
        let disk = &self.world.machines[&partner].disk;
        let store = disk.store().map_err(Fault::from)?;
        Ok(watchfire::store::Store::inbound(&*store, &Org::Gb.domain()).await?.sequence)
    }

    async fn agreement_with(&self, partner: Org) -> Result<AgreementRecord, Fault> {
        let held = self.one.agreements.agreements().await?;
        let missing = || Fault::new(Reason::NotFound, "there is no agreement");
        held.into_iter().find(|record| record.partner == partner.domain()).ok_or_else(missing)
    }
}

/// A suspension by one process binds the other one's next decision, and its feeds.
async fn suspensions(both: &mut Both) -> Result<(), String> {
    let (one, other) = (both.one.clone(), both.other.clone());
    let (hub, admin) = (Org::Ecowas.domain(), Org::Gb.actor(Role::Admin));
    ensure(both.publish(&other).await.map_err(fault)?.contains(&hub), "an active partner gets something")?;
    ensure(both.followed_by(Org::Ecowas).await.map_err(fault)? == 1, "the partner has followed the feed")?;
    // It waits for the partner while the first process suspends it.
    ensure(both.publish(&other).await.map_err(fault)?.contains(&hub), "an active partner gets the next one")?;
    one.partnerships.suspend(&admin, &hub).await.map_err(fault)?;
    ensure(other.directory.current().active(&hub).is_ok(), "the second process was not told")?;
    let refused = both.followed_by(Org::Ecowas).await;
    // The second process learns of it before the feed, or while it decides what goes out. Then the stream ends.
    let got_nothing = matches!(&refused, Ok(1)) || refused.as_ref().is_err_and(|f| f.reason == Reason::NotAPartner);
    ensure(got_nothing, &format!("nothing goes to a suspended partner, but: {refused:?}"))?;
    // Another partner is suspended, and the second process decides before it hears of anything.
    let reader = Org::No.domain();
    one.partnerships.suspend(&admin, &reader).await.map_err(fault)?;
    ensure(other.directory.current().active(&reader).is_ok(), "the second process was not told of this one either")?;
    ensure(!both.publish(&other).await.map_err(fault)?.contains(&reader), "it decides again, without the partner")?;
    ensure(other.directory.current().active(&reader).is_err(), "it knows by now")?;
    other.partnerships.resume(&admin, &hub).await.map_err(fault)?;
    other.partnerships.resume(&admin, &reader).await.map_err(fault)?;
    ensure(both.publish(&one).await.map_err(fault)?.contains(&reader), "the first process decides by the resumption")?;
    // What waited goes on without a gap.
    let sequence = both.followed_by(Org::Ecowas).await.map_err(fault)?;
    ensure(sequence >= 3, &format!("the feed goes on after the resumption, and stands at {sequence}"))
}

/// Of two administrators who decide at once at two processes, neither undoes what the other one did.
async fn at_once(both: &mut Both) -> Result<(), String> {
    let (one, other, admin) = (both.one.clone(), both.other.clone(), Org::Gb.actor(Role::Admin));
    let agreement = both.agreement_with(Org::Bf).await.map_err(fault)?.id;
    for round in 0..ROUNDS {
        let (hub, reader) = (Org::Ecowas.domain(), Org::No.domain());
        let (suspended, stopped, also) = tokio::join!(
            one.partnerships.suspend(&admin, &hub),
            other.agreements.suspend_agreement(&admin, &agreement, "at once"),
            other.partnerships.suspend(&admin, &reader),
        );
        suspended.map_err(fault)?;
        stopped.map_err(fault)?;
        also.map_err(fault)?;
        for node in [&one, &other] {
            node.directory.catch_up().await.map_err(fault)?;
            let now = node.directory.current();
            let are_suspended = [&hub, &reader].iter().all(|name| now.active(name).is_err());
            ensure(are_suspended, &format!("round {round}: both suspensions hold at both processes"))?;
            let stands = now.get(&Org::Bf.domain()).is_some_and(|p| p.outgoing.references().any(|r| r.id == agreement));
            ensure(!stands, &format!("round {round}: the agreement is stopped at both processes"))?;
        }
        let clock = both.world.machines[&Org::Gb].now();
        let approval = Org::Gb.keys().approval(Matter::Resumption, subject::statement(&agreement), clock);
        other.agreements.resume_agreement(&admin, &agreement, &approval).await.map_err(fault)?;
        one.partnerships.resume(&admin, &reader).await.map_err(fault)?;
        other.partnerships.resume(&admin, &hub).await.map_err(fault)?;
    }
    Ok(())
}

/// Whoever changes something all the time keeps neither an author nor a feed from a decision.
async fn changed_all_the_time(both: &mut Both) -> Result<(), String> {
    let (other, admin, reader) = (both.other.clone(), Org::Gb.actor(Role::Admin), Org::No.domain());
    let (is_done, count) = (Cell::new(false), Cell::new(0));
    let changes = async {
        while !is_done.get() {
            other.partnerships.suspend(&admin, &reader).await?;
            other.partnerships.resume(&admin, &reader).await?;
            count.set(count.get() + 2);
        }
        Ok::<_, Fault>(())
    };
    let decisions = async {
        for _ in 0..ROUNDS {
            both.publish(&other).await?;
        }
        both.followed_by(Org::Ecowas).await
    };
    let (changed, followed) = tokio::join!(changes, async {
        let decided = decisions.await;
        is_done.set(true);
        decided
    });
    changed.map_err(fault)?;
    let sequence = followed.map_err(fault)?;
    ensure(sequence >= ROUNDS as u64, &format!("the feed goes on while something changes, and stands at {sequence}"))?;
    ensure(count.get() >= 2 * ROUNDS, &format!("something has changed all the time, {} times", count.get()))
}

/// Rules and people of one process count at the other one.
async fn rules_and_people(both: &mut Both) -> Result<(), String> {
    let (one, other) = (both.one.clone(), both.other.clone());
    let before = one.rules.rules(&Org::Gb.actor(Role::Admin), None).await.map_err(fault)?.in_force;
    one.rules.renew_rules(Ok(Some(rule_files(&[0, 1])))).await.map_err(fault)?;
    let published = both.publish(&other).await.map_err(fault)?;
    let after = other.rules.rules(&Org::Gb.actor(Role::Admin), None).await.map_err(fault)?.in_force;
    ensure(after == before + 1, "the second process decides by the new rules")?;
    let by_one = both.publish(&one).await.map_err(fault)?;
    ensure(published == by_one, "both decide alike")?;
    // A person who signs in at the first process is registered once.
    let chain = both.world.machines[&Org::Gb].ring.pair(Whose::Analyst).certificates().to_vec();
    let seen = || vec![SeenPerson { usage: CertificateUse::Tls, chain: chain.clone() }];
    let (first, second) =
        tokio::join!(one.people.see_people(seen(), Origin::SignIn), other.people.see_people(seen(), Origin::SignIn));
    first.map_err(fault)?;
    second.map_err(fault)?;
    for node in [&one, &other] {
        node.directory.catch_up().await.map_err(fault)?;
    }
    ensure(one.people.register() == other.people.register(), "both have the same register of people")?;
    ensure(one.people.persons_needed() == other.people.persons_needed(), "both ask for as many people")
}

/// The test.
pub fn decide_alike(folder: &Path) -> Result<String, String> {
    runtime().block_on(async {
        let mut both = Both::begin(&folder.join("two-processes")).await?;
        suspensions(&mut both).await?;
        at_once(&mut both).await?;
        changed_all_the_time(&mut both).await?;
        rules_and_people(&mut both).await?;
        Ok(format!("{} assessments published", both.published))
    })
}
