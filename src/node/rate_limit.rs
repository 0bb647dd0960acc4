//! How fast a partner may hand over what is stored for good.

pub mod buckets;
pub mod window;
