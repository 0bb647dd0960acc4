//! What all pages share: the head, the navigation, and who is signed in.

use super::{
    session::{Reader, Visitor},
    texts::Texts,
};
use crate::domain::ids::Role;

/// A link of the navigation.
pub struct Link {
    /// Where it leads.
    pub path: &'static str,
    /// What it is called.
    pub text: String,
    /// Whether the page is below it.
    pub is_here: bool,
}

/// The person who is signed in.
pub struct Person {
    /// The name in the id.
    pub name: String,
    /// The role, in words.
    pub role: String,
    /// The value for forms.
    pub form_token: String,
}

/// What all pages share.
pub struct Frame<'a> {
    /// The texts in the reader's language.
    pub t: &'a Texts,
    /// The address of the style sheet.
    pub style: String,
    /// The address of the icon.
    pub icon: String,
    /// The organisation's name.
    pub organisation: String,
    /// The navigation; empty without a person.
    pub links: Vec<Link>,
    /// Who is signed in.
    pub person: Option<Person>,
}

impl<'a> Frame<'a> {
    /// The frame of a page for somebody who is not signed in.
    pub fn of_reader(reader: &'a Reader) -> Self {
        let console = &reader.console;
        Self {
            t: reader.texts(),
            style: console.assets.style(),
            icon: console.assets.icon(),
            organisation: console.node.domain().to_string(),
            links: vec![],
            person: None,
        }
    }

    /// The frame of a page. `here` is the path of the navigation's link that the page belongs to.
    pub fn of(visitor: &'a Visitor, here: &str) -> Self {
        let frame = Self::of_reader(&visitor.reader);
        let (t, role) = (frame.t, visitor.actor.role());
        let link = |path: &'static str, text: String| Link { path, text, is_here: path == here };
        let mut links = vec![link("/", t.say("nav-today"))];
        if matches!(role, Role::Analyst | Role::Officer) {
            links.push(link("/assessments", t.say("nav-assessments")));
        }
        links.push(link("/sessions", t.say("nav-sessions")));
        let role = match role {
            Role::Analyst => t.say("role-analyst"),
            Role::Officer => t.say("role-officer"),
            Role::Admin => t.say("role-admin"),
            Role::Node | Role::Service => t.say("role-other"),
        };
        let person = Person { name: visitor.actor.id().name().to_owned(), role, form_token: visitor.form_token() };
        Self { links, person: Some(person), ..frame }
    }
}
