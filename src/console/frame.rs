//! What all pages share: the head, the navigation, and who is signed in.

use super::{reader::Reader, texts::Texts};

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
}
