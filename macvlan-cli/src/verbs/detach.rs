//! `macvlan detach`.

use clap::Args;
use macvlan_core::{Attachment, Detached, Host, LinkId, LinkName, ShellWord};
use serde_json::json;

use crate::container;
use crate::failure::{Done, Failure, parted};
use crate::output::{counted, lines};
use crate::progress::Progress;
use crate::session::Session;
use crate::signal::Signals;
use crate::verbs::attach::print_plan;
use crate::verbs::parents::on_demand;
use crate::verbs::select;

/// Detach interfaces from containers.
#[derive(Args)]
pub(crate) struct Detach {
    /// The container
    container: String,
    /// The interfaces; not needed if there is only one
    #[arg(value_name = "INTERFACE", conflicts_with = "all")]
    names: Vec<LinkName>,
    /// Detach all of the container's interfaces on the host's links
    #[arg(long)]
    all: bool,
    /// A further container, of which all interfaces are detached too (repeatable)
    #[arg(long, value_name = "CONTAINER", requires = "all")]
    also: Vec<String>,
    /// Print the steps as commands of `ip`, and do nothing
    #[arg(short = 'n', long)]
    plan: bool,
}

impl Detach {
    pub(crate) fn run(self, session: &Session) -> Done {
        let host = session.host()?;
        let mut found = Vec::new();
        for container in std::iter::once(&self.container).chain(&self.also) {
            let container = container::find(container)?;
            let selected = if self.all {
                select::all(&host, &container)
            } else {
                select::named(&host, &container, &self.names)
            };
            found.extend(match selected {
                // Links that are gone may have left rules and routes.
                Err(failure)
                    if failure.is_not_found() && !self.plan && host.sweep(&container.netns)? =>
                {
                    Vec::new()
                }
                selected => selected?,
            });
        }
        if self.plan {
            let steps = found.iter().flat_map(steps).chain(parents(&host, &found)?);
            return print_plan(session, &lines(steps));
        }
        // A deletion that has begun is completed.
        let _signals = Signals::catch()?;
        let interfaces = counted(found.len(), "interface", "interfaces");
        let progress = Progress::start(format!("detaching {interfaces}"));
        let results = host.detach_all(&found);
        drop(progress);
        let named = found.iter().zip(results).map(|(attachment, result)| {
            result.map(|how| (attachment.name(), how)).map_err(Failure::from)
        });
        let (done, failures) = parted(named);
        let describe = |(name, how): &(LinkName, Detached)| json!({ "name": name.as_str(), "outcome": how.to_string() });
        session.print(String::new, || done.iter().map(describe).collect())?;
        Failure::all(failures)
    }
}

/// Returns the steps that delete the VLANs on demand below the attachments, and their bases.
fn parents(host: &Host, found: &[Attachment]) -> Done<Vec<String>> {
    let on_demand = on_demand(host)?;
    let (mut indexes, mut steps): (Vec<u32>, _) = (Vec::new(), Vec::new());
    for attachment in found {
        let mut next = Some(attachment.parent_index());
        while let Some(vlan) = on_demand.iter().find(|one| Some(one.index) == next) {
            if !indexes.contains(&vlan.index) {
                indexes.push(vlan.index);
                steps.push(format!(
                    "host:   ip link delete dev {}  # if nothing is on it",
                    ShellWord(&vlan.name)
                ));
            }
            next = vlan.parent;
        }
    }
    Ok(steps)
}

/// Returns the steps of a detach. The kernel deletes all else with the link.
fn steps(attachment: &Attachment) -> Vec<String> {
    let name = attachment.name();
    let rules = attachment.rules().iter().map(|rule| {
        let family = if rule.get_ipv6() { " -6" } else { "" };
        format!("inside: ip{family} rule delete {rule}")
    });
    let through = Some(LinkId::Name(name));
    let elsewhere = attachment.routes().iter().filter(|route| route.get_device() != through);
    let routes = elsewhere.map(|route| format!("inside: ip route delete {route}"));
    let link = format!("inside: ip link delete dev {}", ShellWord(name.as_str()));
    rules.chain(routes).chain([link]).collect()
}
