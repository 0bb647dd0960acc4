//! No core dumps: the memory of a node, and of a command that reads or writes, holds content and keys.

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// Has the system write none of this process: neither to a file (the limit) nor to a program that collects them, nor to whoever would read
/// its memory with the same user's rights (not dumpable). Where the system refuses, the program goes on: a warning must get through.
pub(super) fn forbid() {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let _ = setrlimit(Resource::Core, none);
    #[cfg(target_os = "linux")]
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}
