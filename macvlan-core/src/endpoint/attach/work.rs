//! An attach in progress: its state, and the execution of its phases.

use netlink_packet_route::route::RouteMessage;
use nix::errno::Errno;

use crate::endpoint::attach::index::choose_index;
use crate::endpoint::attachment::Attachment;
use crate::endpoint::change::Target;
use crate::endpoint::deletion::{Deletion, delete_all};
use crate::endpoint::endpoint::{Endpoint, EndpointKind};
use crate::endpoint::find_parent::{Found, lowest_seen};
use crate::endpoint::on_demand;
use crate::endpoint::plan::Phase;
use crate::error::{Error, Result};
use crate::explain::{Attempt, Place};
use crate::lan::asked::Asked;
use crate::netlink::{Connection, Failure};
use crate::netns::NetNs;
use crate::value::mac::MacAddr;
use crate::value::name::LinkId;
use crate::value::route::Route;
use crate::value::rule::Rule;
use crate::wait::Cancel;

/// An attach in progress.
pub(in crate::endpoint) struct Work<'a> {
    pub(super) host: &'a NetNs,
    pub(super) outside: &'a Connection,
    pub(super) netns: &'a NetNs,
    pub(super) inside: &'a Connection,
    pub(super) endpoint: &'a Endpoint,
    pub(super) cancels: &'a [Cancel],
    pub(super) parent: Found,
    pub(super) index: u32,
    pub(in crate::endpoint) mac: MacAddr,
    /// True if the parent was exempted from removal with its last user.
    pub(super) kept: bool,
    /// True if the link exists or may exist.
    pub(super) created: bool,
    /// True if `lo` was down and was set up for a route, to be set down on a failure.
    pub(super) lo_set_up: bool,
    /// Default routes that were deleted, to be restored on a failure.
    pub(super) replaced: Vec<RouteMessage>,
    /// The routes that were added.
    pub(super) routes: Vec<Route>,
    pub(super) rules: Vec<Rule>,
    /// Deletions of the rules and routes that the kernel does not delete with the link: all of
    /// them, and those that this attach has added.
    pub(super) deletions: Vec<Deletion>,
    pub(super) added: Vec<Deletion>,
}

impl<'a> Work<'a> {
    /// Prepares an attach. Changes nothing, unless the parent has to be created.
    pub(super) fn begin(
        host: &'a NetNs,
        endpoint: &'a Endpoint,
        netns: &'a NetNs,
        cancels: &'a [Cancel],
    ) -> Result<Self> {
        // Everything that can fail happens before a parent is created.
        let connections = (host.connection()?, netns.connection_from(Some(host))?);
        let chosen = random_mac()?;
        let mac = endpoint.mac.filter(|_| !endpoint.kind.is_passthru()).unwrap_or(chosen);
        let index = choose_index(0)?;
        let parent = on_demand::find_or_make(host, &endpoint.parent).map_err(|error| {
            error
                .on_link(endpoint.name.as_str())
                .on_parent(endpoint.parent.to_string())
                .in_netns(netns.describe())
        })?;
        Ok(Self { cancels, ..Self::of(host, endpoint, netns, connections, parent, index, mac) })
    }

    /// Prepares changes of an existing link.
    pub(in crate::endpoint) fn with(
        host: &'a NetNs,
        endpoint: &'a Endpoint,
        netns: &'a NetNs,
        parent: Found,
        index: u32,
        mac: MacAddr,
        cancels: &'a [Cancel],
    ) -> Result<Self> {
        let connections = (host.connection()?, netns.connection()?);
        Ok(Self { cancels, ..Self::of(host, endpoint, netns, connections, parent, index, mac) })
    }

    fn of(
        host: &'a NetNs,
        endpoint: &'a Endpoint,
        netns: &'a NetNs,
        (outside, inside): (&'a Connection, &'a Connection),
        parent: Found,
        index: u32,
        mac: MacAddr,
    ) -> Self {
        Self {
            host,
            outside,
            netns,
            inside,
            endpoint,
            cancels: &[],
            parent,
            index,
            mac,
            kept: false,
            created: false,
            lo_set_up: false,
            replaced: Vec::new(),
            routes: Vec::new(),
            rules: Vec::new(),
            deletions: Vec::new(),
            added: Vec::new(),
        }
    }

    /// Executes all phases, and deletes what an earlier link has left; or undoes the phases.
    pub(super) fn carry_out(mut self, phases: Vec<Phase>, left: &[Deletion]) -> Result<Attachment> {
        let done = phases.into_iter().try_for_each(|phase| self.run(phase));
        match done.and_then(|()| self.delete_left(left)) {
            Ok(()) => Ok(self.into_attachment()),
            Err(error) => Err(self.undo(error)),
        }
    }

    fn delete_left(&self, left: &[Deletion]) -> Result<()> {
        let (deleted, left) = delete_all(self.inside, left.iter());
        deleted.map_err(|failure| {
            let error = self.explain_other("delete the rules of an earlier link", failure);
            left.into_iter()
                .fold(error, |error, left| error.leaves(format!("{left} in {}", self.netns)))
        })
    }

    pub(super) fn run(&mut self, phase: Phase) -> Result<()> {
        match phase {
            Phase::Create(link) => self.create(link),
            Phase::Sysctls(sysctls) => self.set_sysctls(&sysctls),
            Phase::Batch(changes) => self.batch(&changes),
            Phase::Probe { probe, changes, addresses } => self.probe(probe, &changes, &addresses),
            Phase::Announce(announce, first) => self.announce(announce, &first),
            Phase::ReplaceDefaultRoutes(routes) => self.replace_default_routes(&routes),
            Phase::OneByOne(changes) => self.one_by_one(&changes),
        }
    }

    /// Returns the target of changes.
    pub(super) fn target(&self) -> Target<'a> {
        self.endpoint.target(self.netns, self.inside, self.index)
    }

    /// Returns the link through which addresses are probed.
    pub(in crate::endpoint) fn asked(&self, mac: MacAddr) -> Result<Asked<'a>> {
        let parent = lowest_seen(self.host, self.parent.index);
        Ok(Asked {
            host: self.host,
            parent: parent.map_err(|error| error.on_parent(self.endpoint.parent.to_string()))?,
            netns: self.netns,
            link: self.endpoint.name.as_str(),
            index: self.index,
            mac,
            cancels: self.cancels,
        })
    }

    /// Returns whether the kernel sets the parent's MAC address: for passthru in any case, for a
    /// VLAN by default.
    pub(super) fn inherits_mac(&self) -> bool {
        let kind = &self.endpoint.kind;
        kind.is_passthru() || matches!(kind, EndpointKind::Vlan(_)) && self.endpoint.mac.is_none()
    }

    /// Makes the error for a failed operation on the link.
    pub(super) fn explain_other(&self, operation: &'static str, failure: Failure) -> Error {
        let name = LinkId::from(self.endpoint.name);
        self.explain(&Attempt::Other(name, operation.into()), failure)
    }

    pub(super) fn explain(&self, attempt: &Attempt<'_>, failure: Failure) -> Error {
        let place =
            Place { host: self.host, inside: Some(self.netns), parent: Some(self.parent.index) };
        attempt.explain(failure, &place).on_parent(self.endpoint.parent.to_string())
    }

    fn into_attachment(self) -> Attachment {
        let endpoint = self.endpoint;
        Attachment {
            name: endpoint.name,
            kind: endpoint.kind.as_str(),
            index: self.index,
            mac: self.mac,
            mtu: endpoint.mtu,
            parent: self.parent.id(&endpoint.parent),
            parent_index: self.parent.index,
            addresses: endpoint.addresses.clone(),
            routes: self.routes,
            rules: self.rules,
            deletions: self.deletions,
            netns: self.netns.downgrade(),
        }
    }
}

pub(super) fn random_mac() -> Result<MacAddr> {
    let mut random = [0; 6];
    getrandom::fill(&mut random)
        .map_err(|_| Error::system("choose a MAC address at random", Errno::EIO))?;
    Ok(MacAddr::from_random(random))
}
