//! The addresses that a subnet gives to containers, and conflicts between subnets.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::net::overlap;
use crate::pool::{self, Gap, Order};
use crate::range::AddressRange;
use crate::subnet::Subnet;

impl Subnet {
    /// Returns the addresses that a host can have.
    ///
    /// These exclude the network address, which is the subnet-router anycast address in IPv6, and
    /// the broadcast address.
    fn hosts(&self) -> Gap {
        let Gap { first, last } = AddressRange::from(self.net).gap();
        match (self.net, self.host_bits()) {
            (_, 0 | 1) => Gap { first, last },
            (IpNet::V4(_), _) => Gap { first: first + 1, last: last - 1 },
            (IpNet::V6(_), _) => Gap { first: first + 1, last },
        }
    }

    pub(crate) fn can_be_host(&self, address: IpAddr) -> bool {
        self.hosts().holds(pool::number(address))
    }

    pub(crate) fn excludes(&self, address: IpAddr) -> bool {
        let at = pool::number(address);
        self.excluded.iter().any(|range| range.gap().holds(at))
    }

    /// Returns whether a container can get this address without requesting it.
    ///
    /// It is in the ranges, and it is neither excluded, reserved nor the gateway.
    pub fn gives(&self, address: IpAddr) -> bool {
        let at = pool::number(address);
        (self.ranges.is_empty() || self.ranges.iter().any(|range| range.gap().holds(at)))
            && self.net.contains(&address)
            && self.can_be_host(address)
            && !self.excludes(address)
            && !self.kept_back().any(|kept| kept == address)
    }

    /// Returns the single addresses that are not given: the gateway and the reserved ones.
    fn kept_back(&self) -> impl Iterator<Item = IpAddr> {
        self.get_gateway().into_iter().chain(self.reserved.values().copied())
    }

    /// Returns the free addresses of a subnet without leases.
    pub(crate) fn gaps(&self) -> Vec<Gap> {
        let hosts = self.hosts();
        let ranges = match self.ranges.as_slice() {
            [] => vec![hosts],
            ranges => ranges.iter().filter_map(|range| range.gap().common(hosts)).collect(),
        };
        let excluded = self.excluded.iter().map(|range| range.gap());
        let kept_back = self.kept_back().map(pool::number).map(Gap::of);
        pool::without(pool::joined(ranges), excluded.chain(kept_back))
    }

    /// Returns the address from which the search for a free one starts.
    pub(crate) fn start(&self, order: Order, given_last: Option<u128>) -> u128 {
        let ranges = self.ranges.iter().map(|range| range.gap());
        let around = |one: Gap, other: Gap| Gap {
            first: one.first.min(other.first),
            last: one.last.max(other.last),
        };
        order.start(ranges.reduce(around).unwrap_or(self.hosts()), || self.gaps(), given_last)
    }

    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        overlap(self.net, other.net)
    }

    /// Returns an address that both subnets would give, or that one gives and the other keeps back.
    pub(crate) fn clash(&self, other: &Self) -> Option<IpAddr> {
        if !self.overlaps(other) {
            return None;
        }
        let kept = |one: &Self, by: &Self| one.kept_back().find(|kept| by.gives(*kept));
        let both = pool::common(&self.gaps(), &other.gaps()).map(pool::address);
        both.or_else(|| kept(self, other)).or_else(|| kept(other, self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gaps(subnet: &Subnet) -> Vec<(String, String)> {
        let text = |number| pool::address(number).to_string();
        subnet.gaps().into_iter().map(|gap| (text(gap.first), text(gap.last))).collect()
    }

    fn pair(first: &str, last: &str) -> (String, String) {
        (first.to_owned(), last.to_owned())
    }

    #[test]
    fn what_is_given() {
        let net = |text: &str| Subnet::new(text).unwrap();
        assert_eq!(gaps(&net("10.0.10.0/24")), [pair("10.0.10.2", "10.0.10.254")]);
        assert_eq!(
            gaps(&net("10.0.10.0/24").without_gateway()),
            [pair("10.0.10.1", "10.0.10.254")]
        );
        assert_eq!(gaps(&net("10.0.10.0/31")), [pair("10.0.10.0", "10.0.10.1")]);
        assert_eq!(gaps(&net("10.0.10.7/32")), [pair("10.0.10.7", "10.0.10.7")]);
        assert_eq!(
            gaps(&net("fd00:10::/64")),
            [pair("fd00:10::2", "fd00:10::ffff:ffff:ffff:ffff")]
        );
        let shared = net("10.0.10.0/24")
            .range("10.0.10.64/26".parse().unwrap())
            .gateway("10.0.10.127".parse().unwrap())
            .reserve("printer", "10.0.10.70".parse().unwrap());
        assert_eq!(
            gaps(&shared),
            [pair("10.0.10.64", "10.0.10.69"), pair("10.0.10.71", "10.0.10.126")]
        );
        shared.check().unwrap();
        let parts = net("10.0.10.0/24")
            .range("10.0.10.200-10.0.10.205".parse().unwrap())
            .range("10.0.10.8/30".parse().unwrap())
            .range("10.0.10.10-10.0.10.20".parse().unwrap())
            .exclude("10.0.10.9".parse().unwrap())
            .exclude("10.0.10.18-10.0.10.202".parse().unwrap());
        assert_eq!(
            gaps(&parts),
            [
                pair("10.0.10.8", "10.0.10.8"),
                pair("10.0.10.10", "10.0.10.17"),
                pair("10.0.10.203", "10.0.10.205")
            ]
        );
        for number in 0..=255_u8 {
            let address = IpAddr::from([10, 0, 10, number]);
            let free = parts.gaps().iter().any(|gap| gap.holds(pool::number(address)));
            assert_eq!(parts.gives(address), free, "{address}");
        }
        let all = parts.clone().clear_ranges();
        assert_eq!(gaps(&all)[0], pair("10.0.10.2", "10.0.10.8"));
        assert_eq!(parts.start(Order::First, None), pool::number([10, 0, 10, 8].into()));
    }

    #[test]
    fn subnets_clash_as_far_as_what_they_give() {
        let net = |text: &str| Subnet::new("10.0.10.0/24").unwrap().range(text.parse().unwrap());
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let low = || net("10.0.10.0/25");
        assert_eq!(low().clash(&net("10.0.10.128/25")), None);
        assert_eq!(low().clash(&net("10.0.10.127-10.0.10.130")), Some(ip("10.0.10.127")));
        assert_eq!(low().clash(&Subnet::new("10.0.11.0/24").unwrap()), None);
        let wide = Subnet::new("10.0.0.0/16").unwrap();
        assert_eq!(wide.clash(&low()), Some(ip("10.0.10.2")));
        let excluded = wide.clone().exclude("10.0.10.0/25".parse().unwrap());
        assert_eq!(excluded.clash(&low()), None, "it is excluded there, gateway and all");
        // The gateway of another network, and an address that another one has reserved.
        let high = || net("10.0.10.128/25").without_gateway();
        assert_eq!(high().clash(&low().gateway(ip("10.0.10.254"))), Some(ip("10.0.10.254")));
        assert_eq!(low().reserve("x", ip("10.0.10.200")).clash(&high()), Some(ip("10.0.10.200")));
    }
}
