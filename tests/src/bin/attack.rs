//! `tests/attack [NUMBER…]`: every numbered attack, a table for people, then one JSON object as the
//! last line. Fails if an attack was not stopped or none was tried.

use std::process::ExitCode;

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    match cotmoc_tests::attack::run(&wanted) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            cotmoc_tests::attack::complain(&format!("attack: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
