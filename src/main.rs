//! The `watchfire` program. It parses the arguments, runs the command and returns its exit code. See `watchfire --help`.

fn main() -> std::process::ExitCode {
    watchfire::cli::run()
}
