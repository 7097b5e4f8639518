//! What is asked of the kernel in more than one place: a link, or its index alone.

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
    /// The index of a link by its name or alternative name; `ENODEV` if there is none. Where one exists
    /// for sure, [`Connection::index_of_existing`] is faster.
    pub(crate) fn index_of(&self, name: &LinkName) -> nix::Result<u32> {
        self.index_of_any(name.as_str())
    }

    /// As [`Connection::index_of`], for an alternative name, which may be longer.
    pub(crate) fn index_of_any(&self, name: &str) -> nix::Result<u32> {
        self.get(encode::get_link_index(name), decode::link_index).map_err(
            |failure| match failure {
                Failure::Refused { errno, .. }
                | Failure::NotSent(errno)
                | Failure::NoAnswer(errno) => errno,
            },
        )
    }

    /// A link, by its index or by a name of it.
    pub(crate) fn link(&self, link: impl Into<LinkId>) -> std::result::Result<LinkInfo, Failure> {
        self.get(encode::get_link(link.into()), decode::link)
    }

    /// As [`Connection::link`]; none if there is none.
    pub(crate) fn find_link(
        &self,
        link: impl Into<LinkId>,
    ) -> std::result::Result<Option<LinkInfo>, Failure> {
        match self.link(link) {
            Err(Failure::Refused { errno: Errno::ENODEV, .. }) => Ok(None),
            link => link.map(Some),
        }
    }

    /// Returns the number that this connection's namespace has for another. Where it has none, the kernel
    /// gives it one, as it does by itself when it first has to tell of that namespace.
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

    /// Lists the routes that carry our protocol number.
    pub(crate) fn marked_routes(&self) -> std::result::Result<Vec<RouteInfo>, Failure> {
        let marked = RouteFilter::new().protocol(RTPROT_MACVLAN);
        let mut marked = self.dump(&encode::get_routes(&marked, None), decode::route)?;
        marked.retain(|info| info.protocol == RTPROT_MACVLAN);
        Ok(marked)
    }

    /// Returns how much a link may send; none if its queueing discipline is not a token bucket filter.
    pub(crate) fn rate_of(&self, link: &LinkInfo) -> std::result::Result<Option<Rate>, Failure> {
        if link.qdisc.as_deref() != Some("tbf") {
            return Ok(None);
        }
        let all = self.dump(&encode::get_qdiscs(), decode::rate)?;
        Ok(all.into_iter().find(|(index, _)| *index == link.index).map(|(_, rate)| rate))
    }

    /// Returns the index of the link that a route goes through, if it goes through one: that which it
    /// names, otherwise `own`, the link that it is added for.
    pub(crate) fn device_of(
        &self,
        route: &Route,
        own: Option<(LinkName, u32)>,
    ) -> std::result::Result<Option<u32>, Failure> {
        Ok(match (route.get_device(), own) {
            (Some(LinkId::Index(index)), _) => Some(index),
            (Some(LinkId::Name(name)), Some((own, index))) if own == name => Some(index),
            (Some(LinkId::Name(name)), _) => Some(self.index_of(&name).map_err(Failure::refused)?),
            (None, own) => own.filter(|_| route.needs_device()).map(|(_, index)| index),
        })
    }
}
