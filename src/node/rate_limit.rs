//! Rate limits: how fast a partner may hand over what is stored for good. They are counted in memory. A second process would have its own,
//! so that a partner could hand over as much to each.

pub mod buckets;
pub mod window;
