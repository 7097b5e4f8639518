//! Links that are created in advance, in namespaces of their own, and become endpoints later.

use crate::endpoint::attach::work::Work;
use crate::endpoint::attachment::Attachment;
use crate::endpoint::change::Change;
use crate::endpoint::endpoint::Endpoint;
use crate::endpoint::find_parent::Found;
use crate::endpoint::plan::{Phase, Plan};
use crate::error::Result;
use crate::netns::NetNs;
use crate::rtnl::encode;
use crate::value::link::Link;
use crate::value::mac::MacAddr;
use crate::value::name::LinkName;
use crate::wait::Cancel;

/// A link created in advance, down, in a namespace of its own whose `lo` is up.
pub(crate) struct Warm {
    pub(crate) netns: NetNs,
    name: LinkName,
    parent: Found,
    index: u32,
    mac: MacAddr,
}

impl Warm {
    /// Deletes the link and returns its parent. On a failure, it is deleted with its namespace.
    pub(crate) fn cool(self) -> u32 {
        let _gone =
            self.netns.connection().map(|inside| inside.retry(&encode::delete_link(self.index)));
        self.parent.index
    }
}

/// Creates the link of an endpoint, without settings that can be made later: the first phase of the
/// plan, and `lo`.
pub(crate) fn warm(host: &NetNs, template: &Endpoint, cancels: &[Cancel]) -> Result<Warm> {
    let phases = template.plan()?.phases.into_iter().filter_map(|phase| match phase {
        Phase::Create(link) => Some(Phase::Create(Link { up: false, ..link })),
        Phase::OneByOne(mut changes) => {
            changes.retain(|change| *change == Change::SetLoopbackUp);
            Some(Phase::OneByOne(changes))
        }
        _ => None,
    });
    let netns = NetNs::anonymous()?;
    let mut work = Work::begin(host, template, &netns, cancels)?;
    for phase in phases {
        if let Err(error) = work.run(phase) {
            return Err(work.undo(error));
        }
    }
    let Work { parent, index, mac, .. } = work;
    Ok(Warm { netns, name: template.name, parent, index, mac })
}

/// Attaches an endpoint with a warm link, by a plan that changes the link instead of creating it.
pub(crate) fn attach_warm(
    host: &NetNs,
    endpoint: &Endpoint,
    plan: Plan,
    warm: &Warm,
    cancels: &[Cancel],
) -> Result<Attachment> {
    let mut phases: Vec<Phase> = Vec::with_capacity(plan.phases.len());
    for phase in plan.phases {
        match phase {
            Phase::Create(link) => phases.push(Phase::Batch(instead_of_creating(&link, warm))),
            // In the same send, if possible.
            Phase::Batch(mut changes) => match phases.last_mut() {
                Some(Phase::Batch(before)) => before.append(&mut changes),
                _ => phases.push(Phase::Batch(changes)),
            },
            Phase::OneByOne(mut changes) => {
                changes.retain(|change| *change != Change::SetLoopbackUp);
                phases.push(Phase::OneByOne(changes));
            }
            other => phases.push(other),
        }
    }
    let work = Work::with(host, endpoint, &warm.netns, warm.parent, warm.index, warm.mac, cancels)?;
    Work { created: true, ..work }.carry_out(phases, &[])
}

fn instead_of_creating(link: &Link, warm: &Warm) -> Vec<Change> {
    let mut changes = Vec::new();
    if link.name != warm.name {
        changes.push(Change::SetName(link.name));
    }
    changes.extend(link.mac.map(Change::SetMac));
    if link.up {
        changes.push(Change::SetUp);
    }
    changes
}
