//! Random bytes from the operating system.

use ring::rand::{SecureRandom, SystemRandom};

/// The operating system gave no random bytes. Without them nothing can be signed or encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no random bytes")]
pub struct NoRandomness;

/// `N` fresh random bytes.
///
/// # Errors
/// [`NoRandomness`], if the operating system has none.
pub fn bytes<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut out = [0; N];
    SystemRandom::new().fill(&mut out).map_err(|_| NoRandomness)?;
    Ok(out)
}
