//! `tests/bench NAME`: one measurement, a table for people, then one JSON object as the last line.

use std::process::ExitCode;

fn main() -> ExitCode {
    let name = std::env::args().nth(1).unwrap_or_default();
    match cotmoc_tests::bench::run(&name) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            cotmoc_tests::bench::complain(&format!("bench {name}: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
