//! The register of the organisation's people: who has which role, with which certificates, since when, and whose approval counts for decisions
//! that take two.
//!
//! Nobody is ever removed from it. So it always shows whether there have been two administrators. From then on decisions take two, even if
//! people are revoked or their certificates end.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    approval::Approved,
    fault::{Fault, Reason},
    ids::{Role, Sha256, SpiffeId},
    time::Time,
    words::words,
};

words!(
    /// What a person's certificate is for.
    CertificateUse, "use of a certificate" {
        /// Speaking to the node.
        Tls = "tls",
        /// Signing statements.
        Signing = "signing",
    }
);

/// A certificate of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonCertificate {
    /// What it is for.
    pub usage: CertificateUse,
    /// SHA-256 of the certificate.
    pub sha256: Sha256,
    /// Its serial number, hexadecimal.
    pub serial: String,
    /// The key that issued it. A revocation list names a certificate by this key and the serial number.
    pub issuing_key: Sha256,
    /// When it was first registered.
    pub since: Time,
    /// Its last moment.
    pub until: Time,
}

/// A person of the organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The person's id, which includes the role.
    pub id: SpiffeId,
    /// When the register first had a certificate of this person.
    pub since: Time,
    /// Those who have confirmed the person, while they are too few.
    pub confirmed_by: Vec<Approved>,
    /// Since when this person's approval counts for decisions that take two.
    pub confirmed_at: Option<Time>,
    /// When somebody with access to the stopped node's files registered this person, because nobody was left to confirm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovered_at: Option<Time>,
    /// All certificates that were seen, the oldest first.
    pub certificates: Vec<PersonCertificate>,
}

/// How a certificate came into the register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// By a file in the node's own directory. Only administrators of the machine can write there.
    Directory,
    /// By a file in the node's own directory, before any administrator had counted here. The founder of the node puts such files there.
    Founding,
    /// By signing in from elsewhere.
    SignIn,
}

/// The register of all people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Register {
    people: BTreeMap<SpiffeId, Person>,
    /// Whether partners remember that there were two administrators, although this register does not show it.
    had_two: bool,
}

/// From this many certificates of one person on, the oldest one that has ended is removed.
const MAX_CERTIFICATES: usize = 16;

/// How many persons a decision takes once there have been two administrators.
pub const TWO: usize = 2;

impl Register {
    /// A register of these people.
    pub fn new(people: Vec<Person>) -> Self {
        Self { people: people.into_iter().map(|person| (person.id.clone(), person)).collect(), had_two: false }
    }

    /// Records that partners remember two administrators. This register is then an older one that was put in the place of a newer one.
    pub fn remember_two(&mut self) {
        self.had_two = true;
    }

    /// Whether [`Self::remember_two`] was called.
    pub fn remembers_two(&self) -> bool {
        self.had_two
    }

    /// Everybody, by id.
    pub fn people(&self) -> impl Iterator<Item = &Person> {
        self.people.values()
    }

    /// The person with that id.
    pub fn get(&self, id: &SpiffeId) -> Option<&Person> {
        self.people.get(id)
    }

    /// Replaces the entry with the same id.
    pub fn put(&mut self, person: Person) {
        self.people.insert(person.id.clone(), person);
    }

    /// How many administrators have ever counted here, apart from this one.
    fn administrators_but(&self, id: Option<&SpiffeId>) -> usize {
        let counts = |p: &&Person| p.id.role() == Role::Admin && p.confirmed_at.is_some() && Some(&p.id) != id;
        self.people.values().filter(counts).count()
    }

    /// Whether there have been two administrators, according to this register.
    pub fn has_two(&self) -> bool {
        self.administrators_but(None) >= TWO
    }

    /// How certificates count that are found in the node's directory at one time.
    pub fn of_directory(&self) -> Origin {
        if self.administrators_but(None) == 0 { Origin::Founding } else { Origin::Directory }
    }

    /// How many persons a decision takes: two, or one if exactly one administrator has ever counted here. Before there is any administrator, one
    /// person's approval is not enough.
    pub fn needed(&self) -> usize {
        if self.administrators_but(None) == 1 && !self.had_two { 1 } else { TWO }
    }

    /// The entry to store when a certificate of a person is seen. `None` if it is known already.
    ///
    /// Persons found in the node's directory count at once. Administrators and officers are an exception once there have been two
    /// administrators, because one administrator alone must not create a second person, nor an officer who could confirm one. Persons from
    /// elsewhere wait for a confirmation.
    #[must_use]
    pub fn see(&self, id: &SpiffeId, certificate: PersonCertificate, origin: Origin) -> Option<Person> {
        let now = certificate.since;
        let mut person = match self.people.get(id) {
            Some(person) => person.clone(),
            None => Person {
                id: id.clone(),
                since: now,
                confirmed_by: vec![],
                confirmed_at: None,
                recovered_at: None,
                certificates: vec![],
            },
        };
        if !person.certificates.iter().any(|c| c.sha256 == certificate.sha256) {
            person.certificates.push(certificate);
            // A certificate that is still valid must stay, so that it can be revoked with its person.
            let has_ended = |c: &PersonCertificate| c.until < now;
            if person.certificates.len() > MAX_CERTIFICATES
                && let Some(oldest) = person.certificates.iter().position(has_ended)
            {
                person.certificates.remove(oldest);
            }
        }
        let counts = match origin {
            Origin::Founding => true,
            Origin::Directory => self.counts_at_once(id),
            Origin::SignIn => false,
        };
        if person.confirmed_at.is_none() && counts {
            person.confirmed_at = Some(now);
        }
        (self.people.get(id) != Some(&person)).then_some(person)
    }

    fn counts_at_once(&self, id: &SpiffeId) -> bool {
        let had_two = self.had_two || self.administrators_but(Some(id)) >= TWO;
        !matches!(id.role(), Role::Admin | Role::Officer) || !had_two
    }

    /// Checks that this person's approval counts for decisions that take two.
    ///
    /// # Errors
    /// `SECOND_PERSON_REQUIRED`, if the person waits for a confirmation.
    pub fn require_confirmed(&self, id: &SpiffeId) -> Result<(), Fault> {
        if self.people.get(id).is_some_and(|person| person.confirmed_at.is_some()) {
            return Ok(());
        }
        let what = format!(
            "`{id}` is not confirmed here yet, and does not count for decisions that take two; an administrator must run \
             `watchfire person confirm {}/{}`",
            id.role(),
            id.name()
        );
        Err(Fault::new(Reason::SecondPersonRequired, what))
    }

    /// The entry to store when somebody confirms `id`. `works` says whether a person has certificates that are neither revoked nor ended.
    /// `counts` says whether an earlier approval is still valid.
    ///
    /// One administrator is enough for an analyst or a program, and for everybody until there have been two administrators. Each further
    /// administrator or officer takes two administrators, or the only one left and an officer. If no administrator has ever counted, an
    /// administrator may confirm themself.
    ///
    /// # Errors
    /// `NOT_FOUND`; `CONFLICT`, if the person is confirmed already; `ROLE_REQUIRED`; `SECOND_PERSON_REQUIRED`.
    pub fn confirm(
        &self,
        id: &SpiffeId,
        approved: Approved,
        now: Time,
        works: impl Fn(&Person) -> bool,
        counts: impl Fn(&Approved) -> bool,
    ) -> Result<Person, Fault> {
        let mut person = self.registered(id)?.clone();
        if person.confirmed_at.is_some() {
            return Err(Fault::new(Reason::Conflict, format!("`{id}` is already confirmed")));
        }
        self.require_may_confirm(id, &approved.by, &works)?;
        person.confirmed_by.retain(|other| self.people.get(&other.by).is_some_and(&works) && counts(other));
        if person.confirmed_by.iter().all(|other| other.by != approved.by) {
            person.confirmed_by.push(approved);
        }
        let needed = if self.counts_at_once(id) { 1 } else { TWO };
        let has_administrator = person.confirmed_by.iter().any(|p| p.by.role() == Role::Admin);
        if has_administrator && person.confirmed_by.len() >= needed {
            person.confirmed_at = Some(now);
        }
        Ok(person)
    }

    /// The entry to store when somebody with access to the stopped node's files makes `id` count. This is the way out if nobody is left who
    /// could confirm. Partners are informed about it.
    ///
    /// # Errors
    /// `NOT_FOUND`; `CONFLICT`, if the person counts already.
    pub fn recover(&self, id: &SpiffeId, now: Time) -> Result<Person, Fault> {
        let mut person = self.registered(id)?.clone();
        if person.confirmed_at.is_some() {
            return Err(Fault::new(Reason::Conflict, format!("`{id}` already counts for decisions that take two")));
        }
        (person.confirmed_at, person.recovered_at) = (Some(now), Some(now));
        Ok(person)
    }

    /// When a person was last made to count in that way.
    pub fn recovered_at(&self) -> Option<Time> {
        self.people.values().filter_map(|person| person.recovered_at).max()
    }

    fn registered(&self, id: &SpiffeId) -> Result<&Person, Fault> {
        let unknown = || format!("nobody is registered as `{id}`; see `watchfire person list`");
        self.people.get(id).ok_or_else(|| Fault::new(Reason::NotFound, unknown()))
    }

    fn require_may_confirm(&self, id: &SpiffeId, by: &SpiffeId, works: impl Fn(&Person) -> bool) -> Result<(), Fault> {
        let is_left = |p: &&Person| p.id.role() == Role::Admin && p.confirmed_at.is_some() && works(p);
        match by.role() {
            Role::Admin if by == id && self.administrators_but(None) == 0 => Ok(()),
            _ if by == id => {
                let what = "somebody else must confirm you; an administrator must run `watchfire person confirm`";
                Err(Fault::new(Reason::SecondPersonRequired, what))
            }
            Role::Admin => self.require_confirmed(by),
            Role::Officer if !self.counts_at_once(id) && self.people.values().filter(is_left).count() < TWO => {
                self.require_confirmed(by)
            }
            _ => Err(Fault::new(Reason::RoleRequired, "confirming somebody takes the role admin")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time::from_unix_nanos(0).plus_seconds(seconds)
    }

    fn id(path: &str) -> SpiffeId {
        format!("spiffe://gb.example/{path}").parse().unwrap()
    }

    fn certificate(n: u8) -> PersonCertificate {
        PersonCertificate {
            usage: CertificateUse::Tls,
            sha256: Sha256([n; 32]),
            serial: hex::encode([n]),
            issuing_key: Sha256([0; 32]),
            since: at(n.into()),
            until: at(i64::from(n) + 1),
        }
    }

    fn seen(register: &mut Register, path: &str, n: u8, origin: Origin) {
        if let Some(person) = register.see(&id(path), certificate(n), origin) {
            register.put(person);
        }
    }

    fn register(people: &[(&str, Origin)]) -> Register {
        let mut register = Register::default();
        for (n, (path, origin)) in (1..).zip(people) {
            seen(&mut register, path, n, *origin);
        }
        register
    }

    fn counts(register: &Register, path: &str) -> bool {
        register.require_confirmed(&id(path)).is_ok()
    }

    fn confirm(register: &mut Register, path: &str, by: &str, gone: &[&str]) -> Result<(), Reason> {
        let works = |p: &Person| !gone.iter().any(|g| id(g) == p.id);
        let person = register
            .confirm(&id(path), Approved::unproved(&id(by), at(500)), at(500), works, |_| true)
            .map_err(|fault| fault.reason)?;
        register.put(person);
        Ok(())
    }

    #[test]
    fn two_administrators_make_it_two_for_good() {
        let mut register = register(&[("admin/a", Origin::Directory)]);
        assert_eq!((Register::default().needed(), register.needed()), (2, 1));
        seen(&mut register, "officer/o", 7, Origin::Directory);
        assert_eq!(register.needed(), 1);
        seen(&mut register, "admin/b", 8, Origin::SignIn);
        assert_eq!(register.needed(), 1, "a person who is not confirmed does not count");
        confirm(&mut register, "admin/b", "admin/a", &[]).unwrap();
        assert_eq!(register.needed(), 2);
        // There is no way to remove somebody.
        assert_eq!(Register::new(register.people().cloned().collect()).needed(), 2);
    }

    #[test]
    fn what_lies_in_the_directory_counts_but_for_a_third_administrator() {
        use Origin::{Directory, SignIn};
        let register = register(&[
            ("officer/o", Directory),
            ("admin/a", Directory),
            ("admin/b", Directory),
            ("admin/c", Directory),
            ("analyst/x", SignIn),
        ]);
        let counting = ["admin/a", "admin/b", "admin/c", "officer/o", "analyst/x"].map(|path| counts(&register, path));
        assert_eq!(counting, [true, true, false, true, false]);
    }

    #[test]
    fn all_count_who_found_the_node_together() {
        let mut register = Register::default();
        let origin = register.of_directory();
        for (n, path) in (1..).zip(["admin/a", "admin/b", "admin/c"]) {
            seen(&mut register, path, n, origin);
        }
        assert!(["admin/a", "admin/b", "admin/c"].iter().all(|path| counts(&register, path)));
        let later = register.of_directory();
        seen(&mut register, "admin/d", 4, later);
        assert!(!counts(&register, "admin/d"));
    }

    #[test]
    fn a_certificate_that_is_known_changes_nothing_and_a_new_one_is_added() {
        let mut register = register(&[("analyst/x", Origin::SignIn)]);
        assert!(register.see(&id("analyst/x"), certificate(1), Origin::SignIn).is_none());
        // The same certificate is in the directory, so the person counts from then on.
        seen(&mut register, "analyst/x", 1, Origin::Directory);
        assert!(counts(&register, "analyst/x"));
        for n in 2..40 {
            seen(&mut register, "analyst/x", n, Origin::SignIn);
        }
        let person = register.get(&id("analyst/x")).unwrap();
        assert_eq!((person.since, person.certificates.len()), (at(1), MAX_CERTIFICATES));
        assert_eq!(person.certificates.last().unwrap().since, at(39));
    }

    #[test]
    fn whoever_is_recovered_counts_and_it_stays_on_record() {
        let mut register = register(&[("admin/a", Origin::Directory), ("admin/b", Origin::Directory)]);
        seen(&mut register, "admin/c", 3, Origin::Directory);
        assert!(!counts(&register, "admin/c") && register.recovered_at().is_none());
        let recovered = register.recover(&id("admin/c"), at(900)).unwrap();
        register.put(recovered);
        assert!(counts(&register, "admin/c"));
        assert_eq!((register.recovered_at(), register.needed()), (Some(at(900)), 2));
        assert_eq!(register.recover(&id("admin/a"), at(901)).unwrap_err().reason, Reason::Conflict);
        assert_eq!(register.recover(&id("admin/x"), at(901)).unwrap_err().reason, Reason::NotFound);
    }

    #[test]
    fn a_third_administrator_takes_two() {
        use Origin::Directory;
        let mut register = register(&[
            ("officer/o", Directory),
            ("admin/a", Directory),
            ("admin/b", Directory),
            ("admin/c", Directory),
        ]);
        assert_eq!(confirm(&mut register, "admin/c", "admin/c", &[]), Err(Reason::SecondPersonRequired));
        assert_eq!(confirm(&mut register, "admin/c", "officer/o", &[]), Err(Reason::RoleRequired));
        for _ in 0..2 {
            confirm(&mut register, "admin/c", "admin/a", &[]).unwrap();
            assert!(!counts(&register, "admin/c"), "one administrator confirms twice");
        }
        confirm(&mut register, "admin/c", "admin/b", &[]).unwrap();
        assert!(counts(&register, "admin/c"));
        assert_eq!(confirm(&mut register, "admin/c", "admin/a", &[]), Err(Reason::Conflict));
    }

    #[test]
    fn after_one_of_two_is_gone_the_other_and_an_officer_take_in_a_third() {
        use Origin::Directory;
        let mut register = register(&[("officer/o", Directory), ("admin/a", Directory), ("admin/b", Directory)]);
        seen(&mut register, "admin/c", 9, Directory);
        let gone = ["admin/b"];
        confirm(&mut register, "admin/c", "admin/a", &gone).unwrap();
        assert!(!counts(&register, "admin/c"), "the only one left acts alone");
        confirm(&mut register, "admin/c", "officer/o", &gone).unwrap();
        assert!(counts(&register, "admin/c"));
    }

    #[test]
    fn officers_alone_take_in_no_administrator_and_who_is_gone_does_not_count() {
        use Origin::Directory;
        let mut register = register(&[
            ("officer/o", Directory),
            ("officer/p", Directory),
            ("admin/a", Directory),
            ("admin/b", Directory),
            ("admin/c", Directory),
        ]);
        let gone = ["admin/a", "admin/b"];
        confirm(&mut register, "admin/c", "officer/o", &gone).unwrap();
        confirm(&mut register, "admin/c", "officer/p", &gone).unwrap();
        assert!(!counts(&register, "admin/c"));
        // Somebody who confirmed and was revoked since then.
        confirm(&mut register, "admin/c", "admin/b", &["admin/a"]).unwrap();
        assert!(counts(&register, "admin/c"), "an officer and the only administrator left");
        seen(&mut register, "admin/d", 30, Directory);
        confirm(&mut register, "admin/d", "admin/a", &[]).unwrap();
        confirm(&mut register, "admin/d", "admin/c", &["admin/a"]).unwrap();
        assert!(!counts(&register, "admin/d"));
    }

    #[test]
    fn an_administrator_who_is_left_makes_no_officer_to_take_in_a_second_one() {
        use Origin::Directory;
        let mut register = register(&[("officer/o", Directory), ("admin/a", Directory), ("admin/b", Directory)]);
        seen(&mut register, "officer/new", 8, Directory);
        seen(&mut register, "admin/new", 9, Directory);
        let gone = ["admin/b"];
        confirm(&mut register, "officer/new", "admin/a", &gone).unwrap();
        assert!(!counts(&register, "officer/new"));
        assert!(confirm(&mut register, "admin/new", "officer/new", &gone).is_err());
        confirm(&mut register, "officer/new", "officer/o", &gone).unwrap();
        assert!(counts(&register, "officer/new"));
    }

    #[test]
    fn with_an_own_pki_the_first_administrator_confirms_everybody() {
        use Origin::SignIn;
        let mut register = register(&[("admin/a", SignIn)]);
        seen(&mut register, "analyst/x", 2, SignIn);
        assert_eq!(confirm(&mut register, "analyst/x", "admin/a", &[]), Err(Reason::SecondPersonRequired));
        seen(&mut register, "admin/b", 3, SignIn);
        confirm(&mut register, "admin/a", "admin/a", &[]).unwrap();
        assert!(counts(&register, "admin/a"));
        assert_eq!(confirm(&mut register, "admin/b", "admin/b", &[]), Err(Reason::SecondPersonRequired));
        confirm(&mut register, "admin/b", "admin/a", &[]).unwrap();
        assert_eq!(register.needed(), 2);
        confirm(&mut register, "analyst/x", "admin/a", &[]).unwrap();
        assert!(counts(&register, "analyst/x"));
        assert_eq!(confirm(&mut register, "admin/nobody", "admin/a", &[]), Err(Reason::NotFound));
    }

    proptest::proptest! {
        /// Whatever one administrator does alone after there have been two, nobody else comes to count as an administrator.
        #[test]
        fn one_person_alone_makes_no_second_one(steps in proptest::collection::vec((0_u8..6, proptest::bool::ANY), 0..40)) {
            let mut register = register(&[("admin/a", Origin::Directory), ("admin/b", Origin::Directory)]);
            for (n, is_file) in steps {
                let path = format!("admin/new-{n}");
                let origin = if is_file { Origin::Directory } else { Origin::SignIn };
                seen(&mut register, &path, 50 + n, origin);
                _ = confirm(&mut register, &path, "admin/a", &["admin/b"]);
                _ = confirm(&mut register, &path, &path, &["admin/b"]);
                proptest::prop_assert!(!counts(&register, &path));
            }
            proptest::prop_assert_eq!(register.needed(), TWO);
        }
    }
}
