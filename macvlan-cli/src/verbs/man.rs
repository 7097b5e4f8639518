//! `macvlan man`.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Command};
use clap_mangen::Man as Page;

use crate::failure::{Done, Failure};
use crate::output;

/// At the foot of each page.
const SOURCE: &str = concat!("macvlan ", env!("CARGO_PKG_VERSION"));

/// Print the manual page of a verb, or write all pages into a directory.
#[derive(Args)]
pub(crate) struct Man {
    /// The verb, such as `network create` [default: the command itself]
    verb: Vec<String>,
    /// Write all pages into this directory, as macvlan-network-create.1
    #[arg(long, value_name = "PATH", conflicts_with = "verb")]
    directory: Option<PathBuf>,
}

impl Man {
    pub(crate) fn run(self, mut command: Command) -> Done {
        command.build();
        if let Some(directory) = &self.directory {
            return write_all(&command, "macvlan", directory);
        }
        let (mut found, mut name) = (&command, "macvlan".to_owned());
        for verb in &self.verb {
            name = format!("{name}-{verb}");
            found = found.find_subcommand(verb).ok_or_else(|| {
                Failure::usage(format!(
                    "cannot print manual page {name}: {verb:?} is not a verb; `macvlan --help` lists them"
                ))
            })?;
        }
        output::print(&page(found, &name)?)
    }
}

fn write_all(command: &Command, name: &str, directory: &Path) -> Done {
    let path = directory.join(format!("{name}.1"));
    fs::write(&path, page(command, name)?)
        .map_err(|error| Failure::file(&format!("write {}", path.display()), &error))?;
    for verb in command.get_subcommands() {
        write_all(verb, &format!("{name}-{}", verb.get_name()), directory)?;
    }
    Ok(())
}

/// Returns a page in roff.
fn page(command: &Command, name: &str) -> Done<String> {
    let command = command.clone().display_name(name);
    let mut page = Vec::new();
    Page::new(command).source(SOURCE).render(&mut page).map_err(|error| Failure::output(&error))?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}
