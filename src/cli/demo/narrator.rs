//! Prints what the demo does, step by step.

use crate::cli::{CliError, Exit, Global, output};

/// Prints each step with the time since the start.
pub struct Narrator<'a> {
    global: &'a Global,
    started: std::time::Instant,
}

impl<'a> Narrator<'a> {
    /// Starts the clock.
    pub fn new(global: &'a Global) -> Self {
        Self { global, started: std::time::Instant::now() }
    }

    /// The options of the command.
    pub fn global(&self) -> &'a Global {
        self.global
    }

    /// Prints one step, as a line of text or of JSON.
    pub fn step(&self, step: &str, words: &str, facts: serde_json::Value) {
        let seconds = self.started.elapsed().as_secs_f64();
        if self.global.json {
            let mut line =
                serde_json::json!({ "step": step, "seconds": (seconds * 10.0).round() / 10.0, "what": words });
            if let (Some(line), Some(facts)) = (line.as_object_mut(), facts.as_object()) {
                line.extend(facts.clone());
            }
            output::print_json(&line);
        } else {
            output::print(&format!("[{seconds:5.1} s] {words}"));
        }
    }

    /// Prints text that is left out of the JSON output.
    pub fn words(&self, words: &str) {
        if !self.global.json {
            output::print(words);
        }
    }
}

/// The error of a demo that failed.
pub fn failed(what: impl Into<String>) -> CliError {
    CliError::new(Exit::Failed, "DEMO_FAILED", format!("the demo failed: {}", what.into()))
}
