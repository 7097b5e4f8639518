//! Samples of each document, which every later version has to read and to write the same way.

use std::fmt::Debug;
use std::fs;
use std::path::Path;
use std::time::Duration;

use macvlan_core::{
    AcceptRa, Access, AddrGenMode, AddressInfo, Announce, Diagnosis, Endpoint, Event, Holder, Link,
    LinkInfo, MacvlanOptions, Mode, NeighbourInfo, Parent, Probe, RouteInfo, VlanOptions,
    VlanProtocol,
};
use macvlan_network::{Allocation, ConnectOptions, Lease, MacFrom, NetworkConfig, Order, Subnet};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Returns a sample as text and as the value that it is read as.
fn read<T: DeserializeOwned>(name: &str) -> (String, T) {
    let file = format!("tests/formats/samples/{name}.json");
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&file)).unwrap();
    let value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
    (text, value)
}

fn written<T: Serialize>(value: &T) -> String {
    serde_json::to_string_pretty(value).unwrap() + "\n"
}

/// Checks that a sample is read as the value, and that the value is written as the sample.
fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(name: &str, value: &T) {
    let (text, sample) = read::<T>(name);
    assert_eq!(written(value), text, "{name}");
    assert_eq!(sample, *value, "{name}");
}

/// As [`check`], for a type that programs cannot make.
fn check_info<T: Serialize + DeserializeOwned + PartialEq + Debug>(name: &str) {
    let (_, sample) = read::<T>(name);
    check(name, &sample);
}

#[test]
fn the_smallest_endpoint() {
    let endpoint = Endpoint::new("eth0", "ens33").unwrap();
    check("endpoint", &endpoint.address("10.0.0.2/24".parse().unwrap()));
}

#[test]
fn endpoints_with_all_fields() {
    let options = MacvlanOptions::new(Mode::Source)
        .nodst(true)
        .source_mac("02:00:00:00:00:01".parse().unwrap())
        .bc_queue_len(2000)
        .bc_cutoff(-1);
    let probe = Probe::quick().count(2).unwrap().deadline(Duration::from_secs(3));
    let endpoint = Endpoint::macvtap("eth0", "ens33.100")
        .unwrap()
        .options(options)
        .unwrap()
        .mac("02:42:0a:00:00:02".parse().unwrap())
        .mac_conflict_timeout(Duration::from_millis(1500))
        .mtu(1400)
        .address("10.0.0.2/24".parse().unwrap())
        .address("fd00::2/64 nodad".parse().unwrap())
        .gateway("10.0.0.1".parse().unwrap())
        .gateway("fd00::1".parse().unwrap())
        .on_link_gateways(true)
        .gateway_metric(50)
        .route("10.9.0.0/16 via 10.0.0.254 metric 100".parse().unwrap())
        .source_routing(100)
        .replace_default_route(true)
        .promisc(true)
        .allmulticast(false)
        .lo_up(false)
        .alias("web")
        .alternative_name("web-frontend")
        .group(7)
        .tx_queue_len(500)
        .queues(4, 2)
        .addr_gen_mode(AddrGenMode::None)
        .accept_ra(AcceptRa::Never)
        .autoconf(false)
        .disable_ipv6(false)
        .probe(probe)
        .announce(Announce::rfc().blocking(true))
        .rate("10mbit".parse().unwrap());
    check("endpoint-all", &endpoint);

    let vlan = VlanOptions::new(100)
        .unwrap()
        .protocol(VlanProtocol::Dot1ad)
        .reorder_hdr(true)
        .gvrp(true)
        .mvrp(false)
        .loose_binding(true)
        .bridge_binding(false)
        .ingress_qos(1, 10)
        .unwrap()
        .egress_qos(10, 1)
        .unwrap();
    check("endpoint-vlan", &Endpoint::vlan("eth0", "ens33", vlan).unwrap());
}

#[test]
fn parents() {
    let service = Parent::vlan("eth0", 20).unwrap().protocol(VlanProtocol::Dot1ad).unwrap();
    let parents = vec![
        "ens33".parse().unwrap(),
        "ens33.100".parse().unwrap(),
        Parent::link(7),
        Parent::alternative_name("ens33.100").unwrap(),
        Parent::vlan(service, 200).unwrap().name("customer").unwrap(),
    ];
    check("parents", &parents);
}

#[test]
fn probes_and_announcements() {
    let probe = Probe::rfc().interval(Duration::from_millis(250)).jitter(Duration::ZERO);
    check("probes", &vec![Probe::rfc(), Probe::quick(), probe]);
    let announce = Announce::once().count(3).unwrap().interval(Duration::from_secs(1));
    check("announces", &vec![Announce::once(), Announce::rfc(), announce.blocking(true)]);
}

#[test]
fn options_of_links() {
    check(
        "macvlan-options",
        &vec![MacvlanOptions::default(), MacvlanOptions::new(Mode::Passthru).nopromisc(true)],
    );
    check("vlan-options", &vec![VlanOptions::new(100).unwrap(), VlanOptions::priority_tags()]);
}

#[test]
fn links() {
    let links = vec![
        Link::macvlan("mv0", "ens33", MacvlanOptions::new(Mode::Private).bc_queue_len(10))
            .unwrap()
            .index(7)
            .mac("02:00:00:00:00:01".parse().unwrap())
            .mtu(1400)
            .up(true)
            .promisc(true)
            .group(1)
            .tx_queue_len(10)
            .queues(1, 1),
        Link::macvtap("tap0", 3, MacvlanOptions::default()).unwrap(),
        Link::vlan("ens33.100", "ens33", VlanOptions::new(100).unwrap()).unwrap(),
        Link::veth("v0", "v1", None).unwrap(),
        Link::dummy("d0").unwrap(),
        Link::bridge("br0").unwrap(),
    ];
    let (text, sample) = read::<Vec<Link>>("links");
    assert_eq!(written(&links), text);
    assert_eq!(format!("{sample:?}"), format!("{links:?}"));
}

#[test]
fn options_of_a_host_access() {
    check("access", &Access::on("ens33").unwrap());
    let access = Access::on("ens33")
        .unwrap()
        .name("shim0".parse().unwrap())
        .address("192.168.15.250".parse().unwrap())
        .route("192.168.15.64/26".parse().unwrap())
        .keep(true);
    check("access-all", &access);
}

#[test]
fn networks() {
    check("network", &NetworkConfig::new("lan"));
    let subnet = Subnet::new("10.0.10.0/24")
        .unwrap()
        .gateway("10.0.10.254".parse().unwrap())
        .on_link_gateway(true)
        .range("10.0.10.64/26".parse().unwrap())
        .range("10.0.10.200-10.0.10.220".parse().unwrap())
        .exclude("10.0.10.96/28".parse().unwrap())
        .reserve("printer", "10.0.10.70".parse().unwrap());
    let config = NetworkConfig::new("lan")
        .parent("ens33.10")
        .mode(Mode::Private)
        .subnet(subnet)
        .subnet(Subnet::new("10.0.11.0/24").unwrap().without_gateway())
        .subnet(Subnet::new("fd00:10::/64").unwrap())
        .ipv6(true)
        .internal(true)
        .mtu(1400)
        .route("10.9.0.0/16 via 10.0.10.253 metric 50".parse().unwrap())
        .metric(100)
        .disable_ipv6(false)
        .accept_ra(AcceptRa::Always)
        .leave_ipv6(true)
        .allmulticast(true)
        .order(Order::Random)
        .mac_from(MacFrom::Container)
        .probe(true)
        .duplicate_detection(true)
        .block_size(16)
        .reservation_ttl(Duration::from_secs(86400))
        .option("key", "value")
        .label("team", "web");
    check("network-all", &config);
    check("network-without-addresses", &NetworkConfig::new("lan").without_addresses());
}

#[test]
fn connects_and_allocations() {
    check("connect", &ConnectOptions::new("4f1c9a"));
    let member = ConnectOptions::new("4f1c9a")
        .name("test101")
        .alias("web")
        .address("10.0.10.7".parse().unwrap())
        .take("0a1b2c")
        .link_local_address("169.254.7.7".parse().unwrap())
        .interface("eth1")
        .mac("02:42:0a:00:0a:07".parse().unwrap())
        .default_route(true)
        .gw_priority(-1)
        .replace_default_route(true);
    check("connect-all", &member);
    check("allocation", &Allocation::new());
    let allocation = Allocation::new()
        .address("10.0.10.7".parse().unwrap())
        .ipv4(false)
        .ipv6(false)
        .mac("02:42:0a:00:0a:07".parse().unwrap());
    check("allocation-all", &allocation);
}

#[test]
fn information() {
    check_info::<LinkInfo>("link-info");
    check_info::<Vec<AddressInfo>>("address-info");
    check_info::<Vec<RouteInfo>>("route-info");
    check_info::<Vec<NeighbourInfo>>("neighbour-info");
    check_info::<Vec<Event>>("events");
    check_info::<Vec<Holder>>("holders");
    check_info::<Diagnosis>("diagnosis");
    check_info::<Vec<Lease>>("leases");
}
