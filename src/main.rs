//! The `watchfire` program: parse, run, exit code. See `watchfire --help`.

fn main() -> std::process::ExitCode {
    watchfire::cli::run()
}
