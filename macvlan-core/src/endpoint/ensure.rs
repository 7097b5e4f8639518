//! Ensures that an endpoint exists as requested, whatever its state.

use crate::endpoint::attach::{Work, attach_instead};
use crate::endpoint::attachment::Attachment;
use crate::endpoint::change::Change;
use crate::endpoint::check::{Findings, check, left_rules};
use crate::endpoint::deletion::Deletion;
use crate::endpoint::difference::Difference;
use crate::endpoint::endpoint::Endpoint;
use crate::endpoint::find_parent::{self, Found};
use crate::endpoint::plan::{Phase, Plan, Repairs};
use crate::endpoint::replace::replace_link;
use crate::error::{Error, ErrorKind, Result};
use crate::lan::ask::ask;
use crate::lan::carrier::Carrier;
use crate::lan::probe::in_use;
use crate::netlink::Failure;
use crate::netns::NetNs;
use crate::rtnl::{decode, encode};
use crate::value::address::AddressInfo;
use crate::value::link::LinkInfo;
use crate::value::name::ShellWord;
use crate::wait::Cancel;

/// The result of [`Host::ensure`](crate::Host::ensure).
///
/// ```no_run
/// # use macvlan_core::{Endpoint, Host, NetNs};
/// # let host = Host::open()?;
/// # let endpoint = Endpoint::new("eth0", "ens33")?.address("192.168.15.5/24".parse()?);
/// let ensured = host.ensure(&endpoint, &NetNs::from_pid(2084)?)?;
/// for difference in &ensured.repaired {
///     println!("repaired: {difference}");
/// }
/// # Ok::<(), macvlan_core::Error>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Ensured {
    /// The endpoint in its current state.
    pub attachment: Attachment,
    /// The differences that were resolved; empty if there were none.
    pub repaired: Vec<Difference>,
}

/// The maximum number of passes: a repair may delete what the next pass adds again, such as the
/// routes of an address with another prefix length.
const PASSES: usize = 4;

/// Attaches a missing endpoint and repairs differences.
pub(crate) fn ensure(
    host: &NetNs,
    endpoint: &Endpoint,
    netns: &NetNs,
    replace: bool,
    cancels: &[Cancel],
) -> Result<Ensured> {
    let _alone = netns.lock_unless(cancels)?;
    let mut repaired: Vec<Difference> = Vec::new();
    let mut passes = 0;
    loop {
        let Findings { plan, link, parent, differences } = check(host, endpoint, netns)?;
        let Some(link) = link else {
            repaired.extend(differences);
            // The kernel refuses a second link with a MAC address that was set.
            if let Some(parent) = parent.filter(|_| endpoint.mac.is_none()) {
                refuse_twin(host, endpoint, netns, parent)?;
            }
            // A list that is refused leaves no link behind.
            let left = left_rules(endpoint, netns)?;
            let deletion = |difference: &Difference| match difference {
                Difference::Change { change: Change::DeleteRule(rule), .. } => {
                    Some(Deletion::Rule(*rule))
                }
                _ => None,
            };
            let deletions: Vec<Deletion> = left.iter().filter_map(deletion).collect();
            let attachment = attach_instead(host, endpoint, netns, cancels, &deletions)?;
            repaired.extend(left);
            return Ok(Ensured { attachment, repaired });
        };
        let parent = parent.filter(|_| !differences.iter().any(Difference::needs_replacement));
        let Some(parent) = parent else {
            if !replace {
                return Err(needs_replacement(endpoint, netns, &differences));
            }
            let attachment = replace_link(host, endpoint, netns, &link, cancels)?;
            repaired.extend(differences);
            return Ok(Ensured { attachment, repaired });
        };
        let attachment = attachment(endpoint, netns, &plan, &link, parent)?;
        if differences.is_empty() {
            return Ok(Ensured { attachment, repaired });
        }
        if passes == PASSES {
            return Err(still_differs(endpoint, netns, &differences));
        }
        passes += 1;
        let work =
            || Work::with(host, endpoint, netns, parent, link.index, attachment.mac, cancels);
        let differences = ask_for_missing(endpoint, &work()?, differences)?;
        let mut refused = Vec::new();
        for difference in differences {
            let work = work()?;
            let done = match &difference {
                Difference::LinkMissing | Difference::Immutable(_) | Difference::Parent => continue,
                Difference::Sysctl { sysctl, .. } => work.set_sysctls(&[*sysctl]),
                Difference::Duplicate(address) | Difference::Tentative(address) => {
                    work.add_if_free(address, true)
                }
                Difference::Expiring(address) => work.keep_for_ever(address),
                Difference::Change { change: Change::AddAddress(address), found: None }
                    if endpoint.probe.is_some() && address.is_checked_by_kernel() =>
                {
                    work.add_if_free(address, false)
                }
                Difference::Change { change, found } => work.repair(&plan, change, found.as_ref()),
            };
            match done {
                Ok(()) if repaired.contains(&difference) => {}
                Ok(()) => repaired.push(difference),
                Err(error) => refused.push(error),
            }
        }
        if let Some(error) = refused.into_iter().reduce(Error::leaves_too) {
            return Err(error);
        }
    }
}

/// Refuses a link that is missing by its name, if another one on the parent has its address: the
/// endpoint's own, renamed inside, or another endpoint's.
fn refuse_twin(host: &NetNs, endpoint: &Endpoint, netns: &NetNs, parent: Found) -> Result<()> {
    let fails =
        |failure: Failure| failure.into_error("look for the addresses").in_netns(netns.describe());
    let inside = netns.connection()?;
    let is_ours = |info: &AddressInfo| {
        endpoint.addresses.iter().any(|address| address.ip() == info.address.ip())
    };
    let all = encode::get_addresses(None, None);
    let found = inside.dump(&all, |payload| decode::address(payload).filter(is_ours));
    for AddressInfo { address, link, .. } in found.map_err(fails)? {
        let Some(link) = inside.find_link(link).map_err(fails)? else { continue };
        let is_kind = link.kind.as_deref() == Some(endpoint.kind.as_str());
        if is_kind && find_parent::is_on(host, netns, &link, (parent.index, &endpoint.kind))? {
            let why = format!("{:?} on this parent has the address {}", link.name, address.ip());
            return Err(Error::new(ErrorKind::AddressTaken, "ensure the endpoint", why)
                .on_link(endpoint.name.as_str())
                .on_parent(endpoint.parent.to_string())
                .in_netns(netns.describe())
                .with_hint("rename that link back, or detach it"));
        }
    }
    Ok(())
}

/// Returns what [`ensure`] would do as commands of iproute2, and changes nothing.
pub(crate) fn plan_ensure(
    host: &NetNs,
    endpoint: &Endpoint,
    netns: &NetNs,
    replace: bool,
) -> Result<String> {
    let Findings { plan, link, differences, .. } = check(host, endpoint, netns)?;
    if link.is_none() {
        return Ok(plan.to_string());
    }
    if differences.iter().any(Difference::needs_replacement) {
        if !replace {
            return Err(needs_replacement(endpoint, netns, &differences));
        }
        let name = ShellWord(endpoint.name.as_str());
        return Ok(format!("inside: ip link delete dev {name}\n{plan}"));
    }
    Ok(Repairs { endpoint, plan: &plan, differences: &differences }.to_string())
}

/// Makes the error for differences that remain although no repair was refused.
fn still_differs(endpoint: &Endpoint, netns: &NetNs, differences: &[Difference]) -> Error {
    let what: Vec<String> = differences.iter().map(ToString::to_string).collect();
    let cause = format!("after {PASSES} successful repairs, {}", what.join(", "));
    Error::new(ErrorKind::System, "ensure the endpoint", cause)
        .on_link(endpoint.name.as_str())
        .in_netns(netns.describe())
}

/// Probes missing addresses before they are added, since another host may have them by now. Returns
/// the differences to repair now: a link that is down cannot probe, so it is set up first, and the
/// rest is left to the next pass.
fn ask_for_missing(
    endpoint: &Endpoint,
    work: &Work<'_>,
    mut differences: Vec<Difference>,
) -> Result<Vec<Difference>> {
    let Some(probe) = endpoint.probe else { return Ok(differences) };
    let missing = differences.iter().filter_map(|difference| match difference {
        Difference::Change { change: Change::AddAddress(address), .. } => Some(address.ip()),
        _ => None,
    });
    let missing: Vec<_> = missing.filter(std::net::IpAddr::is_ipv4).collect();
    if missing.is_empty() {
        return Ok(differences);
    }
    let down = Difference::missing(Change::SetUp);
    if differences.contains(&down) {
        differences.retain(|difference| *difference == down);
        return Ok(differences);
    }
    let asked = work.asked(work.mac)?;
    let mut held = asked.held_by_parent(&missing)?;
    if held.is_empty() {
        held = ask(&mut Carrier::watch(&asked)?, &missing, &probe, true)?;
    }
    match held.first() {
        Some(holder) => Err(asked.here(in_use(*holder))),
        None => Ok(differences),
    }
}

fn needs_replacement(endpoint: &Endpoint, netns: &NetNs, differences: &[Difference]) -> Error {
    let why: Vec<String> = differences
        .iter()
        .filter(|difference| difference.needs_replacement())
        .map(ToString::to_string)
        .collect();
    Error::new(
        ErrorKind::NeedsReplacement,
        "ensure the endpoint",
        format!("{}, which cannot be changed", why.join(", ")),
    )
    .on_link(endpoint.name.as_str())
    .on_parent(endpoint.parent.to_string())
    .in_netns(netns.describe())
    .with_hint("delete the link, or allow its replacement")
}

/// Makes the attachment from the requested and the actual state.
fn attachment(
    endpoint: &Endpoint,
    netns: &NetNs,
    plan: &Plan,
    link: &LinkInfo,
    parent: Found,
) -> Result<Attachment> {
    let (mut routes, mut rules, mut deletions) = (Vec::new(), Vec::new(), Vec::new());
    for change in plan.changes() {
        match change {
            Change::AddRoute(route) => routes.push(route),
            Change::AddRule(rule) => rules.push(rule),
            _ => {}
        }
    }
    let target = endpoint.target(netns, netns.connection()?, link.index);
    for phase in plan.phases() {
        let Phase::OneByOne(changes) = phase else { continue };
        for change in changes {
            deletions.extend(Deletion::of(change, &target)?);
        }
    }
    Ok(Attachment {
        name: endpoint.name,
        kind: endpoint.kind.as_str(),
        index: link.index,
        mac: link.mac.ok_or_else(|| {
            Error::new(ErrorKind::Protocol, "read the link", "the link has no MAC address")
        })?,
        mtu: Some(link.mtu),
        parent: parent.id(&endpoint.parent),
        parent_index: parent.index,
        addresses: endpoint.addresses.clone(),
        routes,
        rules,
        deletions,
        netns: netns.downgrade(),
    })
}
