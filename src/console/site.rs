//! What all pages share.

use std::sync::Arc;

use super::{
    assets::Assets,
    hosts::Hosts,
    texts::{Catalogue, Texts},
};
use crate::node::Node;

/// The console of a node.
pub struct Console {
    /// The node.
    pub node: Arc<Node>,
    /// Under which names it is reached.
    pub hosts: Hosts,
    /// The name of the session's cookie.
    pub cookie: String,
    /// The files that pages load.
    pub assets: Assets,
    /// The texts of all languages.
    pub catalogue: Catalogue,
}

impl Console {
    /// The texts in the language that fits an `Accept-Language` header best.
    pub fn texts(&self, accepted: &str) -> &Texts {
        self.catalogue.best(accepted)
    }
}
