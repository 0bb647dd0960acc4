//! This organisation's people: the register. It is filled from the node's directory and from those who sign in.

pub mod approvals;
pub mod register_in_force;

use std::sync::Arc;

use crate::{
    domain::{
        actor::{Actor, Audit, Authorized},
        approval::Matter,
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::{Role, Sha256, SpiffeId},
        person::{CertificateUse, Origin, Person, PersonCertificate, Register},
        statement::Envelope,
        time::{Clock, Time},
    },
    identity::{certificate::Leaf, trust::Trust},
    node::{
        catalogue::{CatalogueInForce, TURNS, has_moved},
        certificates::ReadCertificates,
        own_identity::OwnIdentity,
        people::register_in_force::RegisterInForce,
        trust_in_force::TrustInForce,
    },
    seal::{hash::sha256, subject},
    store::{Store, catalogue::CatalogueChange, damage::Damage},
};

/// A certificate of a person, with its chain (DER).
pub struct SeenPerson {
    /// What it is for.
    pub usage: CertificateUse,
    /// The chain, with the end certificate first.
    pub chain: Vec<Vec<u8>>,
}

/// A person, and the standing of their certificates.
pub struct PersonView {
    /// The person.
    pub person: Person,
    /// The serial numbers of the revoked certificates.
    pub revoked: Vec<String>,
    /// Whether a TLS certificate is neither revoked nor expired.
    pub works: bool,
}

/// This organisation's people, and what they have approved.
pub struct People {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) trust: Arc<TrustInForce>,
    pub(crate) identity: Arc<OwnIdentity>,
    pub(crate) certificates: ReadCertificates,
    /// How many people the house requires where a decision takes several.
    pub(crate) approvals: Option<u32>,
    /// The register in force.
    pub(crate) register: Arc<RegisterInForce>,
    /// Which version of the catalogue is in memory.
    pub(crate) catalogue: Arc<CatalogueInForce>,
}

impl People {
    /// Reads the register at the start.
    pub(crate) async fn begin_people(&self) -> Result<(), Fault> {
        self.register.reload().await
    }

    /// The register, by id.
    pub fn register(&self) -> Arc<Register> {
        self.register.current.load_full()
    }

    /// Everybody, with the standing of their certificates.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`.
    pub fn list_people(&self, _actor: &Authorized<Audit>) -> Result<Vec<PersonView>, Fault> {
        Ok(self.register().people().map(|person| self.view_of(person.clone())).collect())
    }

    fn view_of(&self, person: Person) -> PersonView {
        let revoked =
            person.certificates.iter().filter(|c| self.has_ended_by_list(c)).map(|c| c.serial.clone()).collect();
        PersonView { revoked, works: self.works(&person), person }
    }

    fn has_ended_by_list(&self, certificate: &PersonCertificate) -> bool {
        let serial = hex::decode(&certificate.serial).unwrap_or_default();
        self.trust.current.load().has_revoked(&certificate.issuing_key, &serial)
    }

    /// Whether this person can still use the node: with a TLS certificate that is neither revoked nor expired.
    fn works(&self, person: &Person) -> bool {
        let now = self.clock.now();
        let tls = person.certificates.iter().filter(|c| c.usage == CertificateUse::Tls);
        tls.filter(|c| now <= c.until).any(|c| !self.has_ended_by_list(c))
    }

    /// Whether this is a TLS certificate of that person that is registered and neither expired nor revoked. `false` if the register's entry of
    /// the person can't be read.
    pub(in crate::node) fn has_valid_certificate(&self, who: &SpiffeId, certificate: &Sha256) -> bool {
        let now = self.clock.now();
        let is_it = |c: &&PersonCertificate| c.usage == CertificateUse::Tls && c.sha256 == *certificate;
        let found = self.register().get(who).and_then(|person| person.certificates.iter().find(is_it).cloned());
        found.is_some_and(|c| now <= c.until && !self.has_ended_by_list(&c)) && !self.has_lost_entry(who)
    }

    /// Whether this person was revoked, so that their approvals no longer count. That is so if a certificate is revoked and no other one
    /// works. Approvals of a person whose certificates have only expired still count.
    pub(in crate::node) fn is_gone(&self, id: &SpiffeId) -> bool {
        let register = self.register();
        register.get(id).is_some_and(|p| !self.works(p) && p.certificates.iter().any(|c| self.has_ended_by_list(c)))
    }

    /// How many people a decision takes: as many as the house requires, and two once there have been two administrators.
    pub fn persons_needed(&self) -> usize {
        let house = self.approvals.and_then(|n| usize::try_from(n).ok());
        let register = self.register().needed();
        house.map_or(register, |house| if register == 1 { house.max(1) } else { house.max(register) })
    }

    /// Requires that a person is confirmed. Only confirmed people count where a decision takes two. How many it takes depends on the
    /// directory as it is now, so the directory is read first.
    pub(in crate::node) async fn require_confirmed(&self, actor: &Actor) -> Result<(), Fault> {
        self.look_for_people().await?;
        self.register().require_confirmed(actor.id())
    }

    /// Registers people who are new in the node's directory.
    ///
    /// # Errors
    /// Store faults.
    pub async fn look_for_people(&self) -> Result<(), Fault> {
        let register = self.register();
        let found = (self.certificates)().people;
        // Somebody who waits for a confirmation may count at once now, because the directory names them.
        let is_settled = |chain: &[Vec<u8>]| registered(&register, chain).is_some_and(|p| p.confirmed_at.is_some());
        let seen = found.into_iter().filter(|found| !is_settled(&found.chain)).map(|found| {
            let usage = if found.usage == "tls" { CertificateUse::Tls } else { CertificateUse::Signing };
            SeenPerson { usage, chain: found.chain }
        });
        let seen: Vec<SeenPerson> = seen.collect();
        if seen.is_empty() { Ok(()) } else { self.see_people(seen, register.of_directory()).await }
    }

    /// Registers certificates that were seen. Those that do not lead to this organisation's roots are ignored.
    ///
    /// # Errors
    /// Store faults.
    pub async fn see_people(&self, seen: Vec<SeenPerson>, origin: Origin) -> Result<(), Fault> {
        if !self.would_change(&self.register(), &seen, origin) {
            return Ok(());
        }
        let _changing = self.register.changing.lock().await;
        for _ in 1..TURNS {
            match self.register_seen(&seen, origin).await {
                Err(fault) if has_moved(&fault) => {}
                registered => return registered,
            }
        }
        self.register_seen(&seen, origin).await
    }

    /// Registers certificates in the turn to change the register.
    async fn register_seen(&self, seen: &[SeenPerson], origin: Origin) -> Result<(), Fault> {
        let read = self.decide_in_turn().await?;
        let mut after = Register::clone(&self.register());
        let (mut changed, mut events) = (vec![], vec![]);
        for (id, certificate) in seen.iter().filter_map(|seen| self.certificate_of(seen)) {
            if self.has_lost_entry(&id) {
                continue;
            }
            let Some(person) = after.see(&id, certificate.clone(), origin) else { continue };
            let is_new = !after.get(&id).is_some_and(|p| p.certificates.iter().any(|c| c.sha256 == certificate.sha256));
            if is_new {
                let PersonCertificate { sha256, serial, .. } = certificate;
                let deed = Deed::PersonRegistered { person: id.clone(), certificate: sha256, serial };
                events.push(Event::of_node(self.clock.now(), deed));
            }
            after.put(person.clone());
            changed.retain(|other: &Person| other.id != person.id);
            changed.push(person);
        }
        self.save(read, after, changed, events).await
    }

    /// Makes sure that the register is as the store has it, and returns the version of the catalogue that this is decided on. The caller has
    /// the turn to change the register.
    async fn decide_in_turn(&self) -> Result<u64, Fault> {
        let read = self.store.catalogue().await?;
        if read != self.catalogue.version() {
            self.register.reload_in_turn().await?;
        }
        Ok(read)
    }

    /// Stores a change of the register that was decided on version `read` of the catalogue, and puts it in force.
    async fn save(&self, read: u64, register: Register, people: Vec<Person>, events: Vec<Event>) -> Result<(), Fault> {
        let moved = self.store.change_catalogue(Some(read), CatalogueChange::People { people, events }).await?;
        self.register.current.store(Arc::new(register));
        self.catalogue.follow(&moved);
        Ok(())
    }

    /// Remembers that there were two administrators.
    pub(in crate::node) async fn remember_two(&self) {
        let _changing = self.register.changing.lock().await;
        let mut register = Register::clone(&self.register());
        register.remember_two();
        self.register.current.store(Arc::new(register));
    }

    /// Has other processes read anew what is known of the people: an alarm says that there were two administrators.
    pub(in crate::node) async fn move_catalogue(&self) -> Result<(), Fault> {
        let _changing = self.register.changing.lock().await;
        let change = CatalogueChange::People { people: vec![], events: vec![] };
        let moved = self.store.change_catalogue(None, change).await?;
        self.catalogue.follow(&moved);
        Ok(())
    }

    /// Whether the register's entry of this person can't be read any more. Nobody can tell then whether they were revoked or ever
    /// counted, so they may do nothing.
    pub fn has_lost_entry(&self, id: &SpiffeId) -> bool {
        let entry = Damage::Person(Sha256(sha256(&[id.to_string().as_bytes()])));
        self.store.damages().contains(&entry)
    }

    fn would_change(&self, register: &Register, seen: &[SeenPerson], origin: Origin) -> bool {
        let mut found = seen.iter().filter_map(|seen| self.certificate_of(seen));
        found.any(|(id, certificate)| register.see(&id, certificate, origin).is_some())
    }

    fn certificate_of(&self, seen: &SeenPerson) -> Option<(SpiffeId, PersonCertificate)> {
        certificate_of(&self.trust.current.load(), seen, self.clock.now())
    }

    /// Registers a person who signs in over a connection with this chain. Reading goes on if nothing can be written.
    pub async fn saw_person(&self, chain: &[Vec<u8>]) {
        // Signing in confirms nobody, so there is nothing to learn from a certificate that is registered.
        if registered(&self.register(), chain).is_some() {
            return;
        }
        let seen = SeenPerson { usage: CertificateUse::Tls, chain: chain.to_vec() };
        if let Err(fault) = self.see_people(vec![seen], Origin::SignIn).await {
            tracing::error!(reason = %fault.reason, "a person could not be registered");
        }
    }

    /// Confirms that this is a person of the organisation.
    ///
    /// # Errors
    /// Those of [`Register::confirm`]; store faults.
    pub async fn confirm_person(
        &self,
        actor: &Authorized<Audit>,
        id: &SpiffeId,
        approval: &Envelope,
    ) -> Result<PersonView, Fault> {
        let _changing = self.register.changing.lock().await;
        for _ in 1..TURNS {
            match self.confirm_in_turn(actor, id, approval).await {
                Err(fault) if has_moved(&fault) => {}
                confirmed => return confirmed,
            }
        }
        self.confirm_in_turn(actor, id, approval).await
    }

    async fn confirm_in_turn(
        &self,
        actor: &Authorized<Audit>,
        id: &SpiffeId,
        approval: &Envelope,
    ) -> Result<PersonView, Fault> {
        let read = self.decide_in_turn().await?;
        let mut register = Register::clone(&self.register());
        let now = self.clock.now();
        let (matter, subject) = (Matter::Person, subject::person(id));
        let approved = self.approved(actor, approval, matter, &subject)?;
        let approval = approved.id;
        let person = register.confirm(id, approved, now, |p| self.works(p), |a| self.counts(a, matter, &subject))?;
        let deed = Deed::PersonConfirmed { person: id.clone(), is_enough: person.confirmed_at.is_some(), approval };
        register.put(person.clone());
        self.save(read, register, vec![person.clone()], vec![Event::by(actor, now, deed)]).await?;
        Ok(self.view_of(person))
    }

    /// The person that a name stands for: the whole id, `role/name`, or the name alone if only one person has it.
    ///
    /// # Errors
    /// `NOT_FOUND`; `INVALID_ARGUMENT` where several people have the name.
    pub fn person_called(&self, name: &str) -> Result<SpiffeId, Fault> {
        let register = self.register();
        let found: Vec<&SpiffeId> = register.people().map(|p| &p.id).filter(|id| id.is_called(name)).collect();
        match found.as_slice() {
            [one] => Ok((*one).clone()),
            [] => {
                let what = format!(
                    "nobody is registered as `{}`; see `watchfire person list`",
                    crate::domain::ids::shorten(name)
                );
                Err(Fault::new(Reason::NotFound, what))
            }
            _ => Err(Fault::at(Reason::InvalidArgument, "person", "several people are called so; write ROLE/NAME")),
        }
    }
}

/// What the register keeps of a certificate of a person of this organisation.
pub fn certificate_of(trust: &Trust, seen: &SeenPerson, now: Time) -> Option<(SpiffeId, PersonCertificate)> {
    let der = seen.chain.first()?;
    let leaf = Leaf::parse(der).ok()?;
    let is_person = leaf.id.domain() == trust.own() && !matches!(leaf.id.role(), Role::Node);
    let (issuing_key, serial) = trust.own_certificate(&seen.chain).filter(|_| is_person)?;
    let certificate = PersonCertificate {
        usage: seen.usage,
        sha256: Sha256(sha256(&[der])),
        serial: hex::encode(serial),
        issuing_key,
        since: now,
        until: leaf.not_after,
    };
    Some((leaf.id, certificate))
}

/// The person whose certificate this chain begins with, if it is registered.
fn registered<'a>(register: &'a Register, chain: &[Vec<u8>]) -> Option<&'a Person> {
    let sha256 = Sha256(sha256(&[chain.first()?]));
    register.people().find(|person| person.certificates.iter().any(|certificate| certificate.sha256 == sha256))
}
