//! Queries that several modules use, such as a link or its index.

use nix::errno::Errno;

use crate::netlink::{Connection, Failure};
use crate::netns::NetNs;
use crate::rtnl::{RTPROT_MACVLAN, decode, encode};
use crate::value::filter::RouteFilter;
use crate::value::link::LinkInfo;
use crate::value::name::{LinkId, LinkName};
use crate::value::rate::Rate;
use crate::value::route::{Route, RouteInfo};

impl Connection {
    /// Returns the index of a link by its name or alternative name, and `ENODEV` if it does not
    /// exist. For an existing link [`Connection::index_of_existing`] is faster.
    pub(crate) fn index_of(&self, name: &LinkName) -> nix::Result<u32> {
        self.index_of_any(name.as_str())
    }

    /// Returns the index of a link that a caller names. The kernel takes 0 for any link, or for the
    /// one that another attribute names.
    pub(crate) fn index_by(&self, link: LinkId) -> nix::Result<u32> {
        match link {
            LinkId::Index(0) => Err(Errno::ENODEV),
            LinkId::Index(index) => Ok(index),
            LinkId::Name(name) => self.index_of(&name),
        }
    }

    /// As [`Connection::index_of`], for an alternative name, which may be longer.
    pub(crate) fn index_of_any(&self, name: &str) -> nix::Result<u32> {
        self.get(encode::get_link_index(name), decode::link_index).map_err(
            |failure| match failure {
                Failure::Refused { errno, .. }
                | Failure::NotSent(errno)
                | Failure::NoAnswer(errno) => errno,
                Failure::Changing => Errno::EINTR,
            },
        )
    }

    /// As [`Connection::index_of`], but returns `None` if the link does not exist.
    pub(crate) fn find_index(&self, name: &LinkName) -> nix::Result<Option<u32>> {
        match self.index_of(name) {
            Err(Errno::ENODEV) => Ok(None),
            index => index.map(Some),
        }
    }

    /// Returns a link by its index or by one of its names.
    pub(crate) fn link(&self, link: impl Into<LinkId>) -> std::result::Result<LinkInfo, Failure> {
        match link.into() {
            LinkId::Index(0) => Err(Failure::refused(Errno::ENODEV)),
            link => self.get(encode::get_link(link), decode::link),
        }
    }

    /// As [`Connection::link`], but returns `None` if the link does not exist.
    pub(crate) fn find_link(
        &self,
        link: impl Into<LinkId>,
    ) -> std::result::Result<Option<LinkInfo>, Failure> {
        match self.link(link) {
            Err(Failure::Refused { errno: Errno::ENODEV, .. }) => Ok(None),
            link => link.map(Some),
        }
    }

    /// Returns the id of another namespace in this connection's namespace, which the kernel assigns
    /// now if there is none.
    pub(crate) fn number_of(&self, netns: &NetNs) -> std::result::Result<i32, Failure> {
        let asked = || self.get(encode::get_netns_id(netns), decode::netns_id);
        match asked()? {
            number if number >= 0 => return Ok(number),
            _ => match self.submit_one(encode::new_netns_id(netns)) {
                Ok(()) | Err(Failure::Refused { errno: Errno::EEXIST, .. }) => {}
                Err(failure) => return Err(failure),
            },
        }
        match asked()? {
            number if number >= 0 => Ok(number),
            _ => Err(Failure::NoAnswer(Errno::ENODATA)),
        }
    }

    /// Lists the routes with our protocol number.
    pub(crate) fn marked_routes(&self) -> std::result::Result<Vec<RouteInfo>, Failure> {
        let marked = RouteFilter::new().protocol(RTPROT_MACVLAN);
        let mut marked = self.dump(&encode::get_routes(&marked, None), decode::route)?;
        marked.retain(|info| info.protocol == RTPROT_MACVLAN);
        Ok(marked)
    }

    /// Returns the rate limit of a link; `None` if its queueing discipline is not a token bucket
    /// filter.
    pub(crate) fn rate_of(&self, link: &LinkInfo) -> std::result::Result<Option<Rate>, Failure> {
        if link.qdisc.as_deref() != Some("tbf") {
            return Ok(None);
        }
        let all = self.dump(&encode::get_qdiscs(), decode::rate)?;
        Ok(all.into_iter().find(|(index, _)| *index == link.index).map(|(_, rate)| rate))
    }

    /// Returns the index of the link that a route leads through, if any: the one that it names, or
    /// `own`.
    pub(crate) fn device_of(
        &self,
        route: &Route,
        own: Option<(LinkName, u32)>,
    ) -> std::result::Result<Option<u32>, Failure> {
        Ok(match (route.get_device(), own) {
            (Some(LinkId::Name(name)), Some((own, index))) if own == name => Some(index),
            (Some(link), _) => Some(self.index_by(link).map_err(Failure::refused)?),
            (None, own) => own.filter(|_| route.needs_device()).map(|(_, index)| index),
        })
    }
}
