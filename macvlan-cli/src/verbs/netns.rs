//! `macvlan netns`.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use clap::{Args, Subcommand};
use macvlan_core::NetNs;
use serde_json::json;

use crate::container;
use crate::container::name::Names;
use crate::failure::{Done, Failure, parted};
use crate::output::table::table;
use crate::session::Session;
use crate::topology::Place;
use crate::verbs::show::describe_place;

/// Manage network namespaces.
#[derive(Args)]
pub(crate) struct Netns {
    #[command(subcommand)]
    verb: NetnsVerb,
}

#[derive(Subcommand)]
enum NetnsVerb {
    /// List all namespaces that this process can see: with a name, a process, or held open
    #[command(visible_alias = "ls")]
    List,
    /// Create a namespace with a name, as `ip netns add`
    #[command(visible_alias = "add")]
    Create {
        /// The name
        name: String,
    },
    /// Delete the names of namespaces, as `ip netns delete`
    #[command(visible_alias = "rm")]
    Delete {
        /// The names
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
    },
    /// Run a command in a container's network namespace
    Exec {
        /// The container
        container: String,
        /// The command
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<OsString>,
    },
}

impl Netns {
    pub(crate) fn run(self, session: &Session) -> Done {
        match self.verb {
            NetnsVerb::List => list(session),
            NetnsVerb::Create { name } => {
                let netns = NetNs::create(&name)?;
                session.print(String::new, || json!({ "name": name, "inode": netns.id().inode }))
            }
            NetnsVerb::Delete { names } => {
                let delete = |name: String| NetNs::delete(&name).map(|()| name);
                let results = names.into_iter().map(|name| delete(name).map_err(Failure::from));
                let (deleted, failures) = parted(results);
                session.print(String::new, || json!(deleted))?;
                Failure::all(failures)
            }
            NetnsVerb::Exec { container, command } => exec(&container, &command),
        }
    }
}

fn list(session: &Session) -> Done {
    let mut names = Names::default();
    let visible = NetNs::visible().namespaces.into_iter();
    let mut all: Vec<Place> =
        visible.map(|found| Place { container: names.container(&found), found }).collect();
    all.sort_by_key(|place| place.found.id.inode);
    let row = |place: &Place| {
        let mut pids = place.found.pids.clone();
        pids.sort_unstable();
        let shown: Vec<String> = pids.iter().take(5).map(ToString::to_string).collect();
        let more = pids.len() - shown.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        vec![
            place.found.id.inode.to_string(),
            place.found.names.join(" "),
            place.container.clone().unwrap_or_default(),
            format!("{}{more}", shown.join(" ")),
        ]
    };
    let rows = || all.iter().map(row).collect::<Vec<_>>();
    session.print(
        || table(&["INODE", "NAMES", "CONTAINER", "PIDS"], &rows()),
        || all.iter().map(describe_place).collect(),
    )
}

/// Replaces this process by the command, which runs in the namespace of the thread that starts it.
fn exec(container: &str, command: &[OsString]) -> Done {
    let netns = container::find(container)?.netns;
    let [program, arguments @ ..] = command else { return Ok(()) };
    let error = netns.run(|| Command::new(program).args(arguments).exec())?;
    let status = if error.kind() == io::ErrorKind::NotFound { 127 } else { 126 };
    let said = Failure::file(&format!("run {}", Path::new(program).display()), &error);
    Err(Failure::new(status, said.first_message()))
}
