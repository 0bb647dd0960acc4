//! Disables core dumps. The memory of a node, and of a command that reads or writes, contains content and keys.

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// Disables core dumps of this process, both to a file (the limit) and to a program that collects them, and prevents other processes of the
/// same user from reading its memory (not dumpable). If the system refuses, the program continues, because a warning must get through.
pub(super) fn forbid() {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let _ = setrlimit(Resource::Core, none);
    #[cfg(target_os = "linux")]
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}
