//! Notes that several endpoints may have requested a rule or route, stored in the kernel as a route
//! of type `throw` in a table that no rule selects.

use std::net::IpAddr;

use ipnet::IpNet;
use netlink_packet_core::Parseable;
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteMessage, RouteProtocol, RouteScope, RouteType,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage as Message};

use crate::netlink::Request;
use crate::rtnl::RTPROT_MACVLAN;

/// The table of the notes; its number is our protocol number.
pub(crate) const TABLE: u8 = RTPROT_MACVLAN;

/// A note about a rule or route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Note {
    /// The destination of the route, or the source of the rule.
    pub(crate) net: IpNet,
    /// The metric of the route, or the table of the rule.
    pub(crate) number: u32,
}

impl Note {
    /// Makes the request of `ip route add throw NET metric NUMBER table 109 proto 109`.
    pub(crate) fn add(self) -> Request {
        Request::create(Message::NewRoute(self.message()))
    }

    pub(crate) fn delete(self) -> Request {
        Request::new(Message::DelRoute(self.message()))
    }

    fn message(self) -> RouteMessage {
        let mut message = RouteMessage::default();
        let header = &mut message.header;
        header.address_family = match self.net {
            IpNet::V4(_) => AddressFamily::Inet,
            IpNet::V6(_) => AddressFamily::Inet6,
        };
        header.destination_prefix_length = self.net.prefix_len();
        header.table = TABLE;
        header.protocol = RouteProtocol::from(RTPROT_MACVLAN);
        header.scope = RouteScope::Universe;
        header.kind = RouteType::Throw;
        let destination = match self.net.addr() {
            IpAddr::V4(ip) => RouteAddress::Inet(ip),
            IpAddr::V6(ip) => RouteAddress::Inet6(ip),
        };
        if self.net.prefix_len() != 0 {
            message.attributes.push(RouteAttribute::Destination(destination));
        }
        message.attributes.push(RouteAttribute::Priority(self.number));
        message
    }

    /// Reads a note after its `struct rtmsg`.
    pub(crate) fn read(payload: &[u8]) -> Option<Self> {
        let RouteMessage { header, attributes, .. } = RouteMessage::parse(payload).ok()?;
        if header.kind != RouteType::Throw
            || header.table != TABLE
            || header.protocol != RouteProtocol::from(RTPROT_MACVLAN)
        {
            return None;
        }
        let mut ip = match header.address_family {
            AddressFamily::Inet => IpAddr::from([0; 4]),
            _ => IpAddr::from([0; 16]),
        };
        let mut number = 0;
        for attribute in attributes {
            match attribute {
                RouteAttribute::Destination(RouteAddress::Inet(v4)) => ip = v4.into(),
                RouteAttribute::Destination(RouteAddress::Inet6(v6)) => ip = v6.into(),
                RouteAttribute::Priority(metric) => number = metric,
                _ => {}
            }
        }
        Some(Self { net: IpNet::new(ip, header.destination_prefix_length).ok()?, number })
    }
}
