//! Who acts through this node: a person or program of its organisation, how it signed in, and what its role allows.
//!
//! A use case takes an [`Authorized`] value. Only [`Actor::authorize`] makes one, so a use case can't be called without the check of
//! the role.

use std::{marker::PhantomData, ops::Deref};

use serde::{Deserialize, Serialize};

use super::{
    fault::{Fault, Reason},
    ids::{Role, SessionId, SpiffeId, TrustDomain},
};

/// How an actor proved who it is. The ledger records it with everything that the actor does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignIn {
    /// By the TLS certificate of the connection.
    Certificate,
    /// By a session that was opened in a browser.
    Session(SessionId),
    /// By access to the node's own files, while the node is stopped.
    Local,
}

/// A person or program of the organisation that acts through its node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    id: SpiffeId,
    signed_in: SignIn,
}

impl Actor {
    /// The actor with this id, if the id is one of the node's organisation.
    ///
    /// # Errors
    /// `ROLE_REQUIRED` for an id of another organisation.
    pub fn new(id: SpiffeId, signed_in: SignIn, organisation: &TrustDomain) -> Result<Self, Fault> {
        if id.domain() == organisation {
            return Ok(Self { id, signed_in });
        }
        let what = format!("`{id}` may not do this; it takes somebody of {organisation}");
        Err(Fault::new(Reason::RoleRequired, what))
    }

    /// Its id.
    pub fn id(&self) -> &SpiffeId {
        &self.id
    }

    /// The role in its id.
    pub fn role(&self) -> Role {
        self.id.role()
    }

    /// How it signed in.
    pub fn signed_in(&self) -> SignIn {
        self.signed_in
    }

    /// Checks that the actor's role has this permission. The result proves it.
    ///
    /// # Errors
    /// `ROLE_REQUIRED` if the role does not have it.
    pub fn authorize<P: Permission>(&self) -> Result<Authorized<P>, Fault> {
        if P::ROLES.contains(&self.role()) {
            return Ok(Authorized { actor: self.clone(), permission: PhantomData });
        }
        let names: Vec<&str> = P::ROLES.iter().map(|r| r.as_str()).collect();
        let what = format!("`{}` may not do this; it takes the role {}", self.id, names.join(" or "));
        Err(Fault::new(Reason::RoleRequired, what))
    }
}

/// An actor whose role has the permission `P`.
#[derive(Debug, Clone)]
pub struct Authorized<P> {
    actor: Actor,
    permission: PhantomData<P>,
}

impl<P> Authorized<P> {
    /// The actor alone.
    pub fn as_actor(&self) -> &Actor {
        &self.actor
    }
}

impl<P> Deref for Authorized<P> {
    type Target = Actor;

    fn deref(&self) -> &Actor {
        &self.actor
    }
}

/// A permission, as the set of roles that have it.
pub trait Permission {
    /// The roles that have it.
    const ROLES: &'static [Role];
}

/// Declares permissions, each with its roles.
macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident: $($role:ident),+;)+) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy)]
            pub struct $name;

            impl Permission for $name {
                const ROLES: &'static [Role] = &[$(Role::$role),+];
            }
        )+
    };
}

permissions! {
    /// Configures partners, agreements, roots and lists.
    Administer: Admin;
    /// Writes, reads and endorses assessments, and asks for more of them.
    Write: Analyst, Officer, Service;
    /// Answers senders with what the organisation does about their assessment.
    Acknowledge: Analyst, Officer;
    /// Recalls and purges, answers requests, and reads what is in quarantine.
    Officiate: Officer;
    /// Reads the ledger, the register of people, and evidence.
    Audit: Officer, Admin;
    /// Reads why something was released or withheld, and reads the house rules.
    Explain: Analyst, Officer, Admin;
    /// Looks up what says nothing of an assessment's content.
    LookUp: Analyst, Officer, Admin, Service;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actor(id: &str) -> Result<Actor, Fault> {
        Actor::new(id.parse().unwrap(), SignIn::Certificate, &"gb.example".parse().unwrap())
    }

    #[test]
    fn a_role_has_the_permissions_that_name_it_and_no_other() {
        let analyst = actor("spiffe://gb.example/analyst/alice").unwrap();
        assert!(analyst.authorize::<Write>().is_ok() && analyst.authorize::<Acknowledge>().is_ok());
        let refused = analyst.authorize::<Administer>().unwrap_err();
        assert_eq!(refused.reason, Reason::RoleRequired);
        assert_eq!(refused.to_string(), "`spiffe://gb.example/analyst/alice` may not do this; it takes the role admin");
        assert!(analyst.authorize::<Officiate>().is_err() && analyst.authorize::<Audit>().is_err());
    }

    #[test]
    fn a_node_has_no_permission_at_all() {
        let node = actor("spiffe://gb.example/node/n1").unwrap();
        assert!(node.authorize::<LookUp>().is_err() && node.authorize::<Write>().is_err());
    }

    #[test]
    fn nobody_of_another_organisation_is_an_actor() {
        assert_eq!(actor("spiffe://fr.example/admin/a").unwrap_err().reason, Reason::RoleRequired);
    }

    #[test]
    fn the_ledger_names_the_way_of_signing_in() {
        let text = |way: SignIn| serde_json::to_string(&way).unwrap();
        assert_eq!(text(SignIn::Certificate), r#""certificate""#);
        assert_eq!(text(SignIn::Local), r#""local""#);
        let session = SignIn::Session(SessionId([7; 16]));
        assert_eq!(text(session), format!(r#"{{"session":"{}"}}"#, "07".repeat(16)));
        assert_eq!(serde_json::from_str::<SignIn>(&text(session)).unwrap(), session);
    }
}
