//! The addresses that a network gives to containers, and conflicts between networks.

use std::net::IpAddr;

use ipnet::IpNet;
use macvlan_core::Route;

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

    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        overlap(self.net, other.net)
    }
}

/// A subnet, and what else decides which of its addresses are given.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Given<'a> {
    pub(crate) subnet: &'a Subnet,
    /// The routes of the network, whose gateways are other hosts.
    pub(crate) routes: &'a [Route],
}

impl Given<'_> {
    pub(crate) fn gives(&self, address: IpAddr) -> bool {
        let (subnet, at) = (self.subnet, pool::number(address));
        (subnet.ranges.is_empty() || subnet.ranges.iter().any(|range| range.gap().holds(at)))
            && subnet.net.contains(&address)
            && subnet.can_be_host(address)
            && !subnet.excludes(address)
            && !self.kept_back().any(|kept| kept == address)
    }

    /// Returns the single addresses in the subnet that are not given: the gateways and the reserved
    /// ones.
    fn kept_back(&self) -> impl Iterator<Item = IpAddr> {
        let gateways = self.routes.iter().filter_map(Route::get_gateway);
        let its = gateways.filter(|gateway| self.subnet.net.contains(gateway));
        let reserved = self.subnet.reserved.values().copied();
        self.subnet.get_gateway().into_iter().chain(reserved).chain(its)
    }

    /// Returns the free addresses of a subnet without leases.
    pub(crate) fn gaps(&self) -> Vec<Gap> {
        let hosts = self.subnet.hosts();
        let ranges = match self.subnet.ranges.as_slice() {
            [] => vec![hosts],
            ranges => ranges.iter().filter_map(|range| range.gap().common(hosts)).collect(),
        };
        let excluded = self.subnet.excluded.iter().map(|range| range.gap());
        let kept_back = self.kept_back().map(pool::number).map(Gap::of);
        pool::without(pool::joined(ranges), excluded.chain(kept_back))
    }

    /// Returns the address from which the search for a free one starts.
    pub(crate) fn start(&self, order: Order, given_last: Option<u128>) -> u128 {
        let ranges = self.subnet.ranges.iter().map(|range| range.gap());
        let around = |one: Gap, other: Gap| Gap {
            first: one.first.min(other.first),
            last: one.last.max(other.last),
        };
        let range = ranges.reduce(around).unwrap_or(self.subnet.hosts());
        order.start(range, || self.gaps(), given_last)
    }

    /// Returns an address that both would give.
    pub(crate) fn clash(&self, other: &Self) -> Option<IpAddr> {
        if !self.subnet.overlaps(other.subnet) {
            return None;
        }
        pool::common(&self.gaps(), &other.gaps()).map(pool::address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::NetworkConfig;

    fn given(subnet: &Subnet) -> Given<'_> {
        Given { subnet, routes: &[] }
    }

    fn gaps(subnet: &Subnet) -> Vec<(String, String)> {
        let text = |number| pool::address(number).to_string();
        given(subnet).gaps().into_iter().map(|gap| (text(gap.first), text(gap.last))).collect()
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
            let free = given(&parts).gaps().iter().any(|gap| gap.holds(pool::number(address)));
            assert_eq!(given(&parts).gives(address), free, "{address}");
        }
        let all = parts.clone().clear_ranges();
        assert_eq!(gaps(&all)[0], pair("10.0.10.2", "10.0.10.8"));
        assert_eq!(given(&parts).start(Order::First, None), pool::number([10, 0, 10, 8].into()));
    }

    #[test]
    fn subnets_clash_as_far_as_what_they_give() {
        let net = |text: &str| Subnet::new("10.0.10.0/24").unwrap().range(text.parse().unwrap());
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let clash = |one: &Subnet, other: &Subnet| {
            let config = |subnet: &Subnet| NetworkConfig::new("net").subnet(subnet.clone());
            let kept = || config(one).kept_clash(&config(other));
            given(one).clash(&given(other)).or_else(kept)
        };
        let low = || net("10.0.10.0/25");
        assert_eq!(clash(&low(), &net("10.0.10.128/25")), None);
        assert_eq!(clash(&low(), &net("10.0.10.127-10.0.10.130")), Some(ip("10.0.10.127")));
        assert_eq!(clash(&low(), &Subnet::new("10.0.11.0/24").unwrap()), None);
        let wide = Subnet::new("10.0.0.0/16").unwrap();
        assert_eq!(clash(&wide, &low()), Some(ip("10.0.10.2")));
        let excluded = wide.clone().exclude("10.0.10.0/25".parse().unwrap());
        assert_eq!(clash(&excluded, &low()), None, "it is excluded there, gateway and all");
        // The gateway of another network, and an address that another one has reserved.
        let high = || net("10.0.10.128/25").without_gateway();
        assert_eq!(clash(&high(), &low().gateway(ip("10.0.10.254"))), Some(ip("10.0.10.254")));
        assert_eq!(clash(&low().reserve("x", ip("10.0.10.200")), &high()), Some(ip("10.0.10.200")));
        // Both may have one gateway, and have reserved one address.
        let kept = |subnet: Subnet| subnet.gateway(ip("10.0.10.1")).reserve("x", ip("10.0.10.9"));
        let one = net("10.0.10.64/26").gateway(ip("10.0.10.1"));
        assert_eq!(clash(&one, &high().gateway(ip("10.0.10.1"))), None);
        assert_eq!(clash(&kept(one), &kept(high())), None);
        // A gateway outside of its subnet.
        let beyond = Subnet::new("203.0.113.16/28").unwrap().gateway(ip("10.0.10.1"));
        let there = net("10.0.10.0/25").gateway(ip("10.0.10.254"));
        assert_eq!(clash(&beyond.on_link_gateway(true), &there), Some(ip("10.0.10.1")));
    }

    #[test]
    fn gateways_of_routes_are_not_given() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let net = |text: &str| Subnet::new(text).unwrap().range("10.0.10.0/25".parse().unwrap());
        let subnets = || {
            let v6 = Subnet::new("fd00:10::/64").unwrap();
            NetworkConfig::new("net").subnet(net("10.0.10.0/24")).subnet(v6)
        };
        let routes = ["10.9.0.0/16 via 10.0.10.3", "10.8.0.0/16 via 10.0.10.3 metric 5"];
        let routes = routes.into_iter().chain([
            "fd00:9::/64 via fd00:10::3",
            "fd00:8::/64 via fe80::1",
            "10.7.0.0/16 via 10.0.9.1 onlink",
        ]);
        let with = routes.fold(subnets(), |config, route| config.route(route.parse().unwrap()));
        let text = |number| pool::address(number).to_string();
        let gaps = with.given().flat_map(|given| given.gaps());
        let gaps: Vec<_> = gaps.map(|gap| (text(gap.first), text(gap.last))).collect();
        assert_eq!(
            gaps,
            [
                pair("10.0.10.2", "10.0.10.2"),
                pair("10.0.10.4", "10.0.10.127"),
                pair("fd00:10::2", "fd00:10::2"),
                pair("fd00:10::4", "fd00:10::ffff:ffff:ffff:ffff"),
            ]
        );
        for (address, gives) in [("10.0.10.2", true), ("10.0.10.3", false), ("fd00:10::3", false)] {
            assert_eq!(with.gives(ip(address)), gives, "{address}");
            assert!(subnets().gives(ip(address)));
        }
        assert!(with.gives_as(&with) && !with.gives_as(&subnets()));
        let outside = subnets().route("10.7.0.0/16 via 10.0.9.1 onlink".parse().unwrap());
        assert!(outside.gives_as(&subnets()), "no address of the network is its gateway");
        // The gateway of another network's route is given by none on the same parent.
        let high = Subnet::new("10.0.10.0/24").unwrap().range("10.0.10.128/25".parse().unwrap());
        let high = NetworkConfig::new("high").subnet(high.without_gateway());
        let clash = |config: &NetworkConfig| config.kept_clash(&high);
        assert_eq!(clash(&with), None);
        let there = with.route("10.6.0.0/16 via 10.0.10.200".parse().unwrap());
        assert_eq!(clash(&there), Some(ip("10.0.10.200")));
    }
}
