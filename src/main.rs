//! The `watchfire` program: parse, run, exit code. See `watchfire --help`.

fn main() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
