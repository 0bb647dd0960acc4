//! Colours, if the terminal has them.

use crate::domain::marking::Tlp;

/// Colours, or none.
#[derive(Clone, Copy)]
pub(super) struct Style {
    pub color: bool,
}

impl Style {
    fn paint(self, codes: &str, text: &str) -> String {
        if self.color { format!("\u{1b}[{codes}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    pub fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub fn faint(self, text: &str) -> String {
        self.paint("2", text)
    }

    /// Text that must not be overlooked.
    pub fn alarm(self, text: &str) -> String {
        self.paint("1;37;41", text)
    }

    /// A TLP level in its colour on black, as TLP 2.0 requires.
    pub fn tlp(self, tlp: Tlp, text: &str) -> String {
        let codes = match tlp {
            Tlp::Clear => "1;37;40",
            Tlp::Green => "1;32;40",
            Tlp::Amber | Tlp::AmberStrict => "1;33;40",
            Tlp::Red => "1;31;40",
        };
        self.paint(codes, text)
    }
}
