//! For each request of a plan: when the kernel refuses it, nothing remains, on the host or inside,
//! and the error says what was refused and why.
#![deny(dead_code)]

use macvlan_core::{Endpoint, Error, ErrorKind, Link, Macvlan, Mode, NetNs, Result};
use macvlan_tests::{
    Container, Lab, Need, Outcome, Snapshot, ip, ip_do, ip_lines, ip_link, need, sysctl,
};

/// A lab, and a container whose `lo` is down.
struct Stage {
    lab: Lab,
    inside: NetNs,
    _container: Container,
}

impl Stage {
    fn set() -> Outcome<Self> {
        let container = Container::start()?;
        Ok(Self { lab: Lab::new()?, inside: container.netns()?, _container: container })
    }

    /// A container that has an interface, `net0`, on the other host, with the default routes that
    /// these words add.
    fn with_default_routes(routes: &[&str]) -> Outcome<Self> {
        let stage = Self::set()?;
        let first = Endpoint::new("net0", "ens33")?
            .address("192.168.15.20/24".parse()?)
            .address("fd15::20/64 nodad".parse()?)
            .lo_up(false);
        stage.lab.b.host.attach(&first, &stage.inside)?;
        for route in routes {
            ip_do(&stage.inside, &format!("route add {route}"));
        }
        Ok(stage)
    }

    /// Attaches what is to be refused, and looks for traces.
    #[track_caller]
    fn refuse(&self, endpoint: &Endpoint, kind: ErrorKind, words: &str) -> Error {
        let outside = Snapshot::of(&self.lab.a.netns);
        let inside = Snapshot::of(&self.inside);
        let error = self.lab.a.host.attach(endpoint, &self.inside).expect_err("it was not refused");
        outside.assert_same(&self.lab.a.netns);
        inside.assert_same(&self.inside);

        let message = error.to_string();
        assert_eq!(error.kind(), kind, "{message}");
        let name = endpoint.name().to_string();
        for part in [&name, &endpoint.parent().to_string(), &self.inside.to_string(), words] {
            assert!(message.contains(part), "no {part:?} in: {message}");
        }
        assert_eq!(error.link(), Some(name.as_str()), "{message}");
        assert_eq!(error.parent(), Some(endpoint.parent().to_string().as_str()), "{message}");
        assert!(error.leftovers().is_empty(), "{message}");
        error
    }
}

/// What would work alone, and so has to be undone when something after it is refused.
fn eth0() -> Result<Endpoint> {
    Ok(Endpoint::new("eth0", "ens33")?
        .address("192.168.15.10/24".parse()?)
        .address("fd15::10/64 nodad".parse()?))
}

fn the_parent_does_not_exist() -> Outcome {
    let stage = Stage::set()?;
    for parent in ["ens99", "#4711"] {
        let endpoint = Endpoint::new("eth0", parent)?.address("192.168.15.10/24".parse()?);
        stage.refuse(&endpoint, ErrorKind::ParentNotFound, "the parent does not exist");
    }
    Ok(())
}

fn the_name_is_taken() -> Outcome {
    let stage = Stage::set()?;
    stage.lab.b.host.attach(&Endpoint::new("eth0", "ens33")?.lo_up(false), &stage.inside)?;
    let error = stage.refuse(&eth0()?, ErrorKind::NameTaken, "a link of that name exists there");
    assert!(error.is_exists());
    ip_do(&stage.inside, "link property add dev eth0 altname wan");
    let endpoint = Endpoint::new("wan", "ens33")?;
    stage.refuse(&endpoint, ErrorKind::NameTaken, "a link of that name exists there");
    Ok(())
}

fn the_mtu_is_above_the_parents() -> Outcome {
    let stage = Stage::set()?;
    stage.lab.a.handle.set_mtu("ens33", 1450)?;
    let words = "MTU 1500 is above the parent's 1450";
    stage.refuse(&eth0()?.mtu(1500), ErrorKind::MtuTooLarge, words);
    Ok(())
}

fn the_mac_address_is_the_parents() -> Outcome {
    let stage = Stage::set()?;
    let parents = stage.lab.a.handle.link("ens33")?.mac.ok_or("ens33 has no MAC address")?;
    let words = format!("the parent itself has the MAC address {parents}");
    stage.refuse(&eth0()?.mac(parents), ErrorKind::MacInUse, &words);
    Ok(())
}

fn the_mac_address_is_a_siblings() -> Outcome {
    let stage = Stage::set()?;
    let mac = "02:42:c0:a8:0f:14".parse()?;
    let sibling = Endpoint::new("net0", "ens33")?.mac(mac).lo_up(false);
    let elsewhere = Container::start()?;
    let attachment = stage.lab.a.host.attach(&sibling, &elsewhere.netns()?)?;
    let words =
        "a link in another namespace on the same parent has the MAC address 02:42:c0:a8:0f:14";
    stage.refuse(&eth0()?.mac(mac), ErrorKind::MacInUse, words);
    stage.lab.a.host.detach(attachment)?;

    stage.lab.a.host.attach(&sibling, &stage.inside)?;
    let words = "\"net0\" on the same parent has the MAC address 02:42:c0:a8:0f:14";
    stage.refuse(&eth0()?.mac(mac), ErrorKind::MacInUse, words);
    Ok(())
}

fn passthru_needs_the_parent_for_itself() -> Outcome {
    let stage = Stage::set()?;
    let sibling = Link::macvlan("mv0", "ens33", Macvlan::new(Mode::Bridge))?.up(true);
    stage.lab.a.handle.add_link(&sibling)?;
    let passthru = eth0()?.mode(Mode::Passthru);
    let words = "passthru needs the parent for itself, and \"mv0\" is on it";
    stage.refuse(&passthru, ErrorKind::PassthruConflict, words);
    stage.lab.a.handle.delete_link("mv0")?;

    let owner = Link::macvlan("mv7", "ens33", Macvlan::new(Mode::Passthru))?.up(true);
    stage.lab.a.handle.add_link(&owner)?;
    let words = "the parent belongs to \"mv7\" in passthru mode";
    stage.refuse(&eth0()?, ErrorKind::PassthruConflict, words);
    Ok(())
}

fn the_parent_is_a_port_of_a_bridge() -> Outcome {
    need(Need::Bridge)?;
    let stage = Stage::set()?;
    stage.lab.a.handle.add_link(&Link::bridge("br0")?)?;
    ip_do(&stage.lab.a.netns, "link set dev ens33 master br0");
    let words = "the parent is a port of the bridge \"br0\"";
    stage.refuse(&eth0()?, ErrorKind::ParentBusy, words);
    Ok(())
}

fn the_parent_carries_ipvlan() -> Outcome {
    need(Need::Ipvlan)?;
    let stage = Stage::set()?;
    ip_do(&stage.lab.a.netns, "link add link ens33 name ipv0 type ipvlan mode l2");
    let words = "the parent carries ipvlan links such as \"ipv0\"";
    stage.refuse(&eth0()?, ErrorKind::ParentBusy, words);
    Ok(())
}

fn the_parent_is_no_ethernet() -> Outcome {
    let stage = Stage::set()?;
    let endpoint = Endpoint::new("eth0", "lo")?;
    stage.refuse(&endpoint, ErrorKind::Unsupported, "the parent is no Ethernet link");
    Ok(())
}

/// IPv4 takes one address with two prefixes, IPv6 does not.
fn an_address_is_given_in_two_subnets() -> Outcome {
    need(Need::Ipv6)?;
    let stage = Stage::set()?;
    let endpoint = eth0()?.address("fd15::10/48".parse()?);
    let words = "cannot add address fd15::10/48: the link already has this address";
    stage.refuse(&endpoint, ErrorKind::AddressTaken, words);
    Ok(())
}

fn ipv6_is_switched_off_in_the_container() -> Outcome {
    need(Need::Ipv6)?;
    let stage = Stage::set()?;
    sysctl(&stage.inside, "ipv6/conf/default/disable_ipv6", "1");
    let words = "cannot add address fd15::10/64 nodad: IPv6 is switched off on the link";
    stage.refuse(&eth0()?, ErrorKind::Ipv6Disabled, words);
    Ok(())
}

fn a_gateway_cannot_be_reached() -> Outcome {
    let stage = Stage::set()?;
    for gateway in ["10.1.2.3", "fd99::1"] {
        let endpoint = eth0()?.gateway(gateway.parse()?);
        let words = format!("cannot add route default via {gateway}: the gateway is on no subnet");
        stage.refuse(&endpoint, ErrorKind::GatewayUnreachable, &words);
    }
    Ok(())
}

fn a_default_route_exists() -> Outcome {
    let stage = Stage::with_default_routes(&["default via 192.168.15.1", "default via fd15::1"])?;
    let words = "a route to that destination with that metric exists";
    for gateway in ["192.168.15.2", "fd15::2"] {
        let endpoint = eth0()?.gateway(gateway.parse()?);
        let error = stage.refuse(&endpoint, ErrorKind::RouteExists, words);
        assert_eq!(error.operation(), format!("add route default via {gateway}"));
    }
    Ok(())
}

fn a_further_route_is_refused() -> Outcome {
    let stage = Stage::set()?;
    let words = "the gateway is on no subnet";
    let endpoint = eth0()?
        .gateway("192.168.15.2".parse()?)
        .route("10.1.0.0/16 via 192.168.15.2".parse()?)
        .route("10.2.0.0/16 via 10.3.0.1".parse()?)
        .route("10.4.0.0/16 via 192.168.15.2".parse()?);
    stage.refuse(&endpoint, ErrorKind::GatewayUnreachable, words);
    Ok(())
}

/// Routes that lead nowhere do not go with the link: they have to be taken back one by one. So do
/// those through another link.
fn routes_that_do_not_hang_on_the_link_go_too() -> Outcome {
    let stage = Stage::with_default_routes(&[])?;
    let endpoint = || -> Result<Endpoint> {
        Ok(eth0()?
            .route("blackhole 10.1.0.0/16".parse()?)
            .route("unreachable 10.2.0.0/16 metric 7 table 77".parse()?)
            .route("prohibit fd01::/16".parse()?)
            .route("10.3.0.0/16 via 192.168.15.2 dev net0".parse()?)
            .route("fd03::/16 via fd15::2 dev net0".parse()?))
    };
    let refused = endpoint()?.route("10.4.0.0/16 via 10.5.0.1".parse()?);
    stage.refuse(&refused, ErrorKind::GatewayUnreachable, "the gateway is on no subnet");
    let refused = endpoint()?.gateway("10.5.0.1".parse()?).replace_default_route(true);
    stage.refuse(&refused, ErrorKind::GatewayUnreachable, "the gateway is on no subnet");
    Ok(())
}

/// And a route that was there already, which is why it was refused, stays.
fn a_route_that_was_there_before_stays() -> Outcome {
    let stage = Stage::set()?;
    for route in ["blackhole 10.1.0.0/16", "blackhole fd01::/16"] {
        ip_do(&stage.inside, &format!("route add {route}"));
        let endpoint = eth0()?.route("blackhole 10.8.0.0/16".parse()?).route(route.parse()?);
        stage.refuse(&endpoint, ErrorKind::RouteExists, "a route to that destination");
    }
    Ok(())
}

fn a_route_leads_through_a_link_that_does_not_exist() -> Outcome {
    let stage = Stage::set()?;
    let endpoint = eth0()?.route("10.1.0.0/16 dev eth7".parse()?);
    let before = Snapshot::of(&stage.inside);
    let error = stage.lab.a.host.attach(&endpoint, &stage.inside).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("eth7"), "{error}");
    before.assert_same(&stage.inside);
    Ok(())
}

fn a_routes_source_is_no_address_of_the_container() -> Outcome {
    let stage = Stage::set()?;
    for route in
        ["10.1.0.0/16 via 192.168.15.2 src 192.168.15.99", "fd01::/16 via fd15::2 src fd15::99"]
    {
        let endpoint = eth0()?.route(route.parse()?);
        stage.refuse(&endpoint, ErrorKind::System, &format!("add route {route}"));
    }
    Ok(())
}

/// The default routes that should have gone are as they were, with everything that they had.
fn replacing_the_default_route_is_refused() -> Outcome {
    let stage = Stage::with_default_routes(&[
        "default via 192.168.15.2 metric 5 mtu lock 1400 advmss 1300 src 192.168.15.20",
        "default via 192.168.15.1 metric 7",
        "default via 10.99.0.1 dev net0 onlink metric 9",
        "default metric 11 nexthop via 192.168.15.1 weight 2 nexthop via 192.168.15.2 weight 3",
        "default via 192.168.15.1 table 77",
        "unreachable default metric 4000",
        "default via fd15::1 metric 5 mtu 1300",
        "default via fd15::2 metric 7 pref high",
        "default metric 9 nexthop via fd15::1 weight 2 nexthop via fd15::2",
        "default via fd15::1 metric 11 expires 1000",
    ])?;
    for (number, gateway) in [(1, "192.168.15.1"), (2, "fd15::1")] {
        ip_do(&stage.inside, &format!("nexthop add id {number} via {gateway} dev net0"));
        let family = if gateway.contains(':') { "-6" } else { "-4" };
        ip_do(&stage.inside, &format!("{family} route add default nhid {number} metric 13"));
    }
    for gateways in [&["10.1.2.3"][..], &["fd99::1"], &["192.168.15.2", "fd99::1"]] {
        let mut endpoint = eth0()?.replace_default_route(true);
        for gateway in gateways {
            endpoint = endpoint.gateway(gateway.parse()?);
        }
        stage.refuse(&endpoint, ErrorKind::GatewayUnreachable, "the gateway is on no subnet");
    }
    Ok(())
}

/// A refusal before the default routes are touched leaves them alone as well.
fn replacing_never_begins_when_something_else_is_refused() -> Outcome {
    let stage = Stage::with_default_routes(&["default via 192.168.15.1", "default via fd15::1"])?;
    let endpoint = eth0()?
        .gateway("192.168.15.2".parse()?)
        .replace_default_route(true)
        .route("10.1.0.0/16 via 10.2.0.1".parse()?);
    stage.refuse(&endpoint, ErrorKind::GatewayUnreachable, "cannot add route 10.1.0.0/16");
    Ok(())
}

/// A passthru link gives its parent its MAC address, and takes it back when it goes.
fn the_parent_has_its_own_mac_address_again() -> Outcome {
    let stage = Stage::set()?;
    let before = ip_link(&stage.lab.a.netns, "ens33")["address"].clone();
    let endpoint =
        eth0()?.mode(Mode::Passthru).mac("02:42:c0:a8:0f:0a".parse()?).gateway("10.1.2.3".parse()?);
    stage.refuse(&endpoint, ErrorKind::GatewayUnreachable, "the gateway is on no subnet");
    assert_eq!(ip_link(&stage.lab.a.netns, "ens33")["address"], before);
    Ok(())
}

fn the_parent_is_not_promiscuous_any_more() -> Outcome {
    let stage = Stage::set()?;
    let endpoint = eth0()?.promisc(true).gateway("10.1.2.3".parse()?);
    stage.refuse(&endpoint, ErrorKind::GatewayUnreachable, "the gateway is on no subnet");
    assert_eq!(ip_link(&stage.lab.a.netns, "ens33")["promiscuity"], 0);
    Ok(())
}

/// After each refusal the same endpoint, put right, can be attached.
fn what_is_put_right_works() -> Outcome {
    let stage = Stage::set()?;
    let mac = "02:42:c0:a8:0f:0a".parse()?;
    let endpoint = eth0()?.mac(mac).gateway("192.168.15.2".parse()?);
    let wrong = endpoint.clone().route("10.1.0.0/16 via 10.2.0.1".parse()?);
    for _ in 0..5 {
        stage.refuse(&wrong, ErrorKind::GatewayUnreachable, "the gateway is on no subnet");
        let attachment = stage.lab.a.host.attach(&endpoint, &stage.inside)?;
        assert_eq!(ip_link(&stage.inside, "eth0")["address"], mac.to_string());
        assert_eq!(
            ip_lines(&stage.inside, "route show default"),
            ["default via 192.168.15.2 dev eth0"]
        );
        stage.lab.a.host.detach(attachment)?;
        assert_eq!(ip(&stage.inside, "link show").as_array().map(Vec::len), Some(1));
        ip_do(&stage.inside, "link set lo down");
    }
    Ok(())
}

macvlan_tests::tests! {
    the_parent_does_not_exist,
    the_name_is_taken,
    the_mtu_is_above_the_parents,
    the_mac_address_is_the_parents,
    the_mac_address_is_a_siblings,
    passthru_needs_the_parent_for_itself,
    the_parent_is_a_port_of_a_bridge,
    the_parent_carries_ipvlan,
    the_parent_is_no_ethernet,
    an_address_is_given_in_two_subnets,
    ipv6_is_switched_off_in_the_container,
    a_gateway_cannot_be_reached,
    a_default_route_exists,
    a_further_route_is_refused,
    routes_that_do_not_hang_on_the_link_go_too,
    a_route_that_was_there_before_stays,
    a_route_leads_through_a_link_that_does_not_exist,
    a_routes_source_is_no_address_of_the_container,
    replacing_the_default_route_is_refused,
    replacing_never_begins_when_something_else_is_refused,
    the_parent_has_its_own_mac_address_again,
    the_parent_is_not_promiscuous_any_more,
    what_is_put_right_works,
}
