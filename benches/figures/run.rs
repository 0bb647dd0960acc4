//! The options of a run.

/// The options of a run.
pub struct Run {
    quick: bool,
    filters: Vec<String>,
}

impl Run {
    /// From the command line: `--quick`, and parts of the names of the figures to measure.
    pub fn new(arguments: Vec<String>) -> Self {
        Self {
            quick: arguments.iter().any(|a| a == "--quick"),
            filters: arguments.into_iter().filter(|a| !a.starts_with("--")).collect(),
        }
    }

    /// The number of repetitions: `quick` with `--quick`, else `full`.
    pub fn count(&self, full: usize, quick: usize) -> usize {
        if self.quick { quick } else { full }
    }

    /// A directory on a disk. It is in target/, because /tmp may be in memory.
    pub fn directory(&self) -> tempfile::TempDir {
        tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
    }

    /// Whether this figure is to be measured.
    pub fn wants(&self, figure: &str) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|f| figure.contains(f.as_str()))
    }
}
