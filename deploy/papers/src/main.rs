//! `cotmoc-papers FOLDER`: the manual pages and the shell completions of every program, written from
//! the very command lines that the programs read. For packages; it is never installed.

use anyhow::Context as _;
use clap::{Command, CommandFactory as _};
use clap_complete::Shell;
use std::fs;
use std::path::Path;

/// How the shells want their files called, and where.
const SHELLS: [(Shell, &str); 3] = [
    (Shell::Bash, "completions/bash"),
    (Shell::Zsh, "completions/zsh"),
    (Shell::Fish, "completions/fish"),
];

fn main() -> anyhow::Result<()> {
    let folder = std::env::args_os()
        .nth(1)
        .context("usage: cotmoc-papers FOLDER")?;
    let folder = Path::new(&folder);
    let programs = [
        cotmoc_agent::arguments::Arguments::command(),
        cotmoc_wall::arguments::Arguments::command(),
        cotmoc_kiosk::arguments::Arguments::command(),
        cotmoc_glass::arguments::Arguments::command(),
        cotmoc_controller::arguments::Arguments::command(),
        cotmoc_cli::command(),
    ];
    for program in programs {
        let name = program.get_name().to_owned();
        write(folder, &name, without_help(program)).with_context(|| name)?;
    }
    Ok(())
}

/// Without the command `help`, whose pages would only repeat those of the others.
fn without_help(program: Command) -> Command {
    program
        .disable_help_subcommand(true)
        .mut_subcommands(without_help)
}

fn write(folder: &Path, name: &str, mut program: Command) -> anyhow::Result<()> {
    for (shell, below) in SHELLS {
        let into = folder.join(below);
        fs::create_dir_all(&into)?;
        clap_complete::generate_to(shell, &mut program, name, into)?;
    }
    let pages = folder.join("man").join(name);
    fs::create_dir_all(&pages)?;
    clap_mangen::generate_to(program, pages)?;
    Ok(())
}
