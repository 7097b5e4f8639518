//! `macvlan access`.

use std::io::{self, IsTerminal as _};
use std::net::IpAddr;
use std::os::fd::AsFd as _;
use std::time::Duration;

use clap::{Args, Subcommand};
use ipnet::IpNet;
use macvlan_core::{
    Access as Options, Attachment, ErrorKind, Handle, Host, LinkName, Mode, Parent, PendingMove,
    RouteFilter, RouteInfo, parse_ip, parse_net,
};
use nix::libc::RTPROT_KERNEL;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use serde_json::json;

use crate::container::{self, Container};
use crate::failure::{Done, Failure, interrupted, status, warn};
use crate::output::texts;
use crate::session::Session;
use crate::signal::Signals;
use crate::value::{self, is_link_local};
use crate::verbs::select;

/// Let the host reach its containers on a parent, and these reach the host.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Access {
    #[command(subcommand)]
    verb: Option<AccessVerb>,
    /// A link of the host
    #[arg(required = true)]
    parent: Option<Parent>,
    /// Containers that the host gets routes to
    #[arg(value_name = "CONTAINER")]
    containers: Vec<String>,
    /// The name of the host's macvlan [default: PARENT-host]
    #[arg(long)]
    name: Option<LinkName>,
    /// An own address of the host's macvlan, in place of the parent's (repeatable)
    #[arg(long, value_name = "IP", value_parser = parse_ip::<IpAddr>)]
    address: Vec<IpAddr>,
    /// A subnet that contains only containers (repeatable)
    #[arg(long, value_name = "SUBNET", value_parser = parse_net)]
    route: Vec<IpNet>,
    /// Short for `macvlan access remove`
    #[arg(long, conflicts_with_all = ["containers", "name", "address", "route"])]
    remove: bool,
}

#[derive(Subcommand)]
enum AccessVerb {
    /// Move the parent's addresses to the host's macvlan; moved back unless confirmed
    Move {
        /// A link of the host
        parent: Parent,
        /// The time in which the move has to be confirmed
        #[arg(long, value_name = "TIME", default_value = "30s", value_parser = value::duration)]
        deadline: Duration,
        /// Confirm at once
        #[arg(short, long, conflicts_with = "deadline")]
        yes: bool,
    },
    /// Move the addresses back to the parent
    Back {
        /// A link of the host
        parent: Parent,
    },
    /// Remove the host's macvlan with its routes; moves addresses back first
    Remove {
        /// A link of the host
        parent: Parent,
    },
}

impl Access {
    pub(crate) fn run(self, session: &Session) -> Done {
        let host = session.host()?;
        let found = self.containers.iter().map(|container| container::find(container));
        let containers = found.collect::<Done<Vec<_>>>()?;
        // Each of the changes is completed; a pending move is undone.
        let signals = Signals::catch()?;
        match (self.verb, self.parent) {
            (Some(AccessVerb::Move { parent, deadline, yes }), _) => {
                let deadline = if yes { Duration::MAX } else { deadline };
                move_addresses(session, &host, &parent, deadline, &signals)
            }
            (Some(AccessVerb::Back { parent }), _) => {
                let name = existing(&host, &parent)?;
                host.access_by(Options::on(&parent)?.keep(true))?.move_back()?;
                session.print(String::new, || json!({ "name": name.as_str() }))
            }
            (Some(AccessVerb::Remove { parent }), _) => remove(session, &host, &parent),
            (None, Some(parent)) if self.remove => remove(session, &host, &parent),
            (None, Some(parent)) => {
                let mut options = Options::on(&parent)?.keep(true);
                options = self.route.into_iter().fold(options, Options::route);
                if let Some(name) = self.name {
                    options = options.name(name);
                }
                give(session, &host, &parent, (options, self.address), &containers)
            }
            // The parser requires a parent without a verb.
            (None, None) => Err(Failure::usage("the parent is missing")),
        }
    }
}

/// Gives access to containers, or changes nothing.
fn give(
    session: &Session,
    host: &Host,
    parent: &Parent,
    (options, own): (Options, Vec<IpAddr>),
    containers: &[Container],
) -> Done {
    let mut attachments = Vec::new();
    for container in containers {
        attachments.extend(select::all(host, container)?);
    }
    let index = host.handle()?.link(parent.id()?).map(|link| link.index).ok();
    attachments.retain(|one| Some(one.parent_index()) == index);
    if attachments.is_empty() && !containers.is_empty() {
        return Err(Failure::not_found(format!(
            "cannot give access on {parent}: the containers have no interface on it"
        )));
    }
    for attachment in &attachments {
        let link = Handle::in_netns(&attachment.netns()?)?.link(attachment.index())?;
        let Some(macvlan) = link.macvlan else {
            return Err(Failure::usage(format!(
                "cannot give access on {parent}: {} is not a macvlan; only macvlans reach the host's",
                attachment.name()
            )));
        };
        let mode = macvlan.get_mode();
        if mode != Mode::Bridge {
            warn(&format!(
                "{} is in mode {mode}; only macvlans in mode bridge reach the host's",
                attachment.name()
            ));
        }
    }
    let before = before(host, parent)?;
    let with_own = own.iter().copied().fold(options.clone(), Options::address);
    // A link that exists gets its own addresses last, since they cannot be taken back; a new one is
    // deleted after a failure.
    let last = before.is_some() && !own.is_empty() && !containers.is_empty();
    let access = host.access_by(if last { options } else { with_own.clone() })?;
    let added = attachments.iter().try_for_each(|attachment| access.add(attachment));
    let name = access.name().map(|name| name.to_string()).unwrap_or_default();
    let routes = access.routes();
    let without: Vec<String> = attachments
        .iter()
        .flat_map(Attachment::addresses)
        .filter(|address| !is_link_local(address.ip()))
        .filter(|address| !routes.iter().any(|route| route.contains(&address.ip())))
        .map(|address| address.ip().to_string())
        .collect();
    // The session ends before the link can be removed.
    drop(access);
    let added = added.and_then(|()| if last { host.access_by(with_own).map(drop) } else { Ok(()) });
    added.map_err(|error| {
        let hint = error.hint().filter(|hint| hint.ends_with("route to its subnet"));
        let hint = hint.map(str::to_owned);
        let failure = Failure::from(error);
        let failure = match &hint {
            Some(hint) => failure.by(Some(hint), "`--route`"),
            None => failure,
        };
        undo(host, parent, (&before, &routes), failure)
    })?;
    if !without.is_empty() {
        warn(&format!(
            "{} can be another machine's, and has no route; `--route` adds that of a subnet",
            without.join(", ")
        ));
    }
    let routes = texts(routes);
    session.print(
        || format!("{name} {}", routes.join(" ")).trim_end().to_owned(),
        || json!({ "name": name, "routes": routes }),
    )
}

/// The routes through the host's link before a change; `None` if there was no link.
type Before = Option<Vec<RouteInfo>>;

fn before(host: &Host, parent: &Parent) -> Done<Before> {
    let link = host.find_access(parent)?;
    link.map(|link| routes_through(&host.handle()?, link)).transpose()
}

fn routes_through(handle: &Handle, link: LinkName) -> Done<Vec<RouteInfo>> {
    Ok(handle.find_routes(&RouteFilter::new().link(link))?)
}

/// Deletes what a failed change has added: the routes to these destinations that are new, and the
/// host's link if it is new and nobody else has routes through it since.
fn undo(
    host: &Host,
    parent: &Parent,
    (before, added): (&Before, &[IpNet]),
    failure: Failure,
) -> Failure {
    let undone = || -> Done {
        let Some(link) = host.find_access(parent)? else { return Ok(()) };
        let handle = host.handle()?;
        let had = |info: &RouteInfo| before.iter().flatten().any(|one| one.route == info.route);
        let (own, others): (Vec<_>, Vec<_>) = routes_through(&handle, link)?
            .into_iter()
            .partition(|info| !had(info) && added.contains(&info.route.get_destination()));
        for info in own {
            handle.delete_route(&info.route)?;
        }
        if before.is_none() && others.iter().all(|info| info.protocol == RTPROT_KERNEL) {
            host.remove_access(parent)?;
        }
        Ok(())
    };
    match undone() {
        Ok(()) => failure,
        Err(other) => failure.and(other),
    }
}

fn existing(host: &Host, parent: &Parent) -> Done<LinkName> {
    host.find_access(parent)?.ok_or_else(|| {
        Failure::not_found(format!("cannot find the host's macvlan on {parent}: it does not exist; `macvlan access {parent}` creates it"))
    })
}

fn remove(session: &Session, host: &Host, parent: &Parent) -> Done {
    let name = existing(host, parent)?;
    host.remove_access(parent).map_err(|error| match error.kind() {
        ErrorKind::InvalidValue => {
            let hint = error.hint().map(str::to_owned);
            let agent = "perhaps `macvlan agent`, by `access` in its configuration";
            Failure::from(error).by(hint.as_deref(), agent)
        }
        _ => error.into(),
    })?;
    session.print(String::new, || json!({ "name": name.as_str() }))
}

fn move_addresses(
    session: &Session,
    host: &Host,
    parent: &Parent,
    deadline: Duration,
    signals: &Signals,
) -> Done {
    let before = before(host, parent)?;
    let access = host.access_by(Options::on(parent)?.keep(true))?;
    let moved = access.move_addresses(deadline).map_err(|error| match error.kind() {
        // The only invalid value that is left here: they are moved already.
        ErrorKind::InvalidValue => {
            let hint = error.hint().map(str::to_owned);
            Failure::from(error).by(hint.as_deref(), &format!("`macvlan access back {parent}`"))
        }
        _ => error.into(),
    });
    let moved = moved.and_then(|moving| {
        if deadline != Duration::MAX {
            wait_for_confirmation(&moving, deadline, signals)?;
        }
        Ok(moving.confirm()?)
    });
    let name = access.name();
    // The access ends first: it moves back what is not confirmed.
    drop(access);
    moved.map_err(|failure| undo(host, parent, (&before, &[]), failure))?;
    let name = name.map(|name| name.to_string()).unwrap_or_default();
    session.print(|| name.clone(), || json!({ "name": name }))
}

/// Waits for a line on standard input; fails at the deadline and at a signal.
fn wait_for_confirmation(moving: &PendingMove, deadline: Duration, signals: &Signals) -> Done {
    let input = io::stdin();
    if io::stderr().is_terminal() {
        warn(&format!(
            "the addresses were moved; press Enter within {deadline:?} to confirm, or they are moved back"
        ));
    }
    while moving.is_pending() && !signals.cancel().is_cancelled() {
        let mut polled = [PollFd::new(input.as_fd(), PollFlags::POLLIN)];
        if poll(&mut polled, PollTimeout::from(100_u8)) == Ok(1) {
            let mut line = String::new();
            return match input.read_line(&mut line) {
                Ok(read) if read > 0 && is_yes(&line) => Ok(()),
                _ => Err(not_confirmed()),
            };
        }
    }
    if signals.cancel().is_cancelled() {
        Err(Failure::status(interrupted()))
    } else {
        Err(not_confirmed())
    }
}

/// Returns whether a line confirms: an empty one, or a yes.
fn is_yes(line: &str) -> bool {
    ["", "y", "yes"].contains(&line.trim().to_ascii_lowercase().as_str())
}

fn not_confirmed() -> Failure {
    Failure::new(
        status::OTHER,
        "cannot move the addresses: the move was not confirmed; they were moved back",
    )
}
