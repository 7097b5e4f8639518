//! When the kernel refuses one of an endpoint's routes, no changes remain, and the default routes
//! to be replaced are as they were.
#![deny(dead_code)]

use macvlan_core::{Endpoint, ErrorKind, Result};
use macvlan_tests::{Outcome, Snapshot, Stage, ip_do};

/// Objects that would work alone, and so have to be undone when a later one is refused.
fn eth0() -> Result<Endpoint> {
    Ok(Endpoint::new("eth0", "ens33")?
        .address("192.168.15.10/24".parse()?)
        .address("fd15::10/64 nodad".parse()?))
}

fn a_gateway_cannot_be_reached() -> Outcome {
    let stage = Stage::set()?;
    for gateway in ["10.1.2.3", "fd99::1"] {
        let endpoint = eth0()?.gateway(gateway.parse()?);
        let words =
            format!("cannot add route default via {gateway}: the gateway is not on a subnet");
        stage.refuse(&endpoint, ErrorKind::GatewayUnreachable, &words);
    }
    Ok(())
}

fn a_default_route_exists() -> Outcome {
    let stage = Stage::with_default_routes(&["default via 192.168.15.1", "default via fd15::1"])?;
    let words = "a route with this destination and metric exists";
    for gateway in ["192.168.15.2", "fd15::2"] {
        let endpoint = eth0()?.gateway(gateway.parse()?);
        let error = stage.refuse(&endpoint, ErrorKind::RouteExists, words);
        assert_eq!(error.operation(), format!("add route default via {gateway}"));
    }
    Ok(())
}

fn a_further_route_is_refused() -> Outcome {
    let stage = Stage::set()?;
    let words = "the gateway is not on a subnet";
    let endpoint = eth0()?
        .gateway("192.168.15.2".parse()?)
        .route("10.1.0.0/16 via 192.168.15.2".parse()?)
        .route("10.2.0.0/16 via 10.3.0.1".parse()?)
        .route("10.4.0.0/16 via 192.168.15.2".parse()?);
    stage.refuse(&endpoint, ErrorKind::GatewayUnreachable, words);
    Ok(())
}

/// Blackhole routes are not deleted with the link, so they have to be undone one by one. So do
/// routes through another link.
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
    stage.refuse(&refused, ErrorKind::GatewayUnreachable, "the gateway is not on a subnet");
    let refused = endpoint()?.gateway("10.5.0.1".parse()?).replace_default_route(true);
    stage.refuse(&refused, ErrorKind::GatewayUnreachable, "the gateway is not on a subnet");
    Ok(())
}

/// An existing route that caused the refusal stays.
fn a_route_that_was_there_before_stays() -> Outcome {
    let stage = Stage::set()?;
    for route in ["blackhole 10.1.0.0/16", "blackhole fd01::/16"] {
        ip_do(&stage.inside, &format!("route add {route}"));
        let endpoint = eth0()?.route("blackhole 10.8.0.0/16".parse()?).route(route.parse()?);
        stage.refuse(&endpoint, ErrorKind::RouteExists, "a route with this destination");
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

fn a_route_source_is_not_an_address_of_the_container() -> Outcome {
    let stage = Stage::set()?;
    for route in
        ["10.1.0.0/16 via 192.168.15.2 src 192.168.15.99", "fd01::/16 via fd15::2 src fd15::99"]
    {
        let endpoint = eth0()?.route(route.parse()?);
        stage.refuse(&endpoint, ErrorKind::System, &format!("add route {route}"));
    }
    Ok(())
}

/// The default routes to be replaced are as they were, with all attributes.
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
        stage.refuse(&endpoint, ErrorKind::GatewayUnreachable, "the gateway is not on a subnet");
    }
    Ok(())
}

/// A refusal before the default routes are changed leaves them unchanged as well.
fn replacing_never_begins_when_something_else_is_refused() -> Outcome {
    let stage = Stage::with_default_routes(&["default via 192.168.15.1", "default via fd15::1"])?;
    let endpoint = eth0()?
        .gateway("192.168.15.2".parse()?)
        .replace_default_route(true)
        .route("10.1.0.0/16 via 10.2.0.1".parse()?);
    stage.refuse(&endpoint, ErrorKind::GatewayUnreachable, "cannot add route 10.1.0.0/16");
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    a_gateway_cannot_be_reached,
    a_default_route_exists,
    a_further_route_is_refused,
    routes_that_do_not_hang_on_the_link_go_too,
    a_route_that_was_there_before_stays,
    a_route_leads_through_a_link_that_does_not_exist,
    a_route_source_is_not_an_address_of_the_container,
    replacing_the_default_route_is_refused,
    replacing_never_begins_when_something_else_is_refused,
}
