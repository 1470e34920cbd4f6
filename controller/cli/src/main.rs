//! `cotmoc`, the program.

fn main() -> std::process::ExitCode {
    cotmoc_cli::run()
}
