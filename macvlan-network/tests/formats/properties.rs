//! Round trips of arbitrary values: each is read as it was written.

use std::fmt::{self, Debug};
use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use macvlan_core::{
    AcceptRa, Access, AddrGenMode, Address, Announce, DuplicateDetection, Endpoint, Link, LinkName,
    MacAddr, MacvlanOptions, Mode, Parent, Probe, Rate, Route, VlanOptions, VlanProtocol,
};
use macvlan_network::{
    AddressRange, Allocation, ConnectOptions, MacFrom, NetworkConfig, Order, Subnet,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A call of a setter.
struct Set<T>(Box<dyn Fn(T) -> T>);

impl<T> Debug for Set<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a setter")
    }
}

/// Calls of a setter with arbitrary values.
fn set<T: 'static, V: Clone + Debug + 'static>(
    values: impl Strategy<Value = V> + 'static,
    setter: impl Fn(T, V) -> T + Clone + 'static,
) -> BoxedStrategy<Set<T>> {
    let call = move |value: V| {
        let setter = setter.clone();
        Set(Box::new(move |made| setter(made, value.clone())))
    };
    values.prop_map(call).boxed()
}

/// Values after some calls of some of the setters.
fn changed<T: Debug + 'static>(
    values: impl Strategy<Value = T>,
    setters: Vec<BoxedStrategy<Set<T>>>,
) -> impl Strategy<Value = T> {
    let calls = vec(Union::new(setters), 0..12);
    (values, calls).prop_map(|(value, calls)| calls.iter().fold(value, |made, call| call.0(made)))
}

fn mac() -> impl Strategy<Value = MacAddr> {
    any::<[u8; 6]>().prop_filter_map("no link's", |bytes| MacAddr::new(bytes).ok())
}

fn name() -> impl Strategy<Value = LinkName> {
    "[!-~]{1,15}".prop_filter_map("no link's", |text| LinkName::new(&text).ok())
}

fn text() -> impl Strategy<Value = String> {
    "\\PC{0,12}"
}

/// A name without a dot at its end, which a connect removes.
fn dns_name() -> impl Strategy<Value = String> {
    "[A-Za-z0-9.-]{0,8}[A-Za-z0-9]"
}

fn ip() -> impl Strategy<Value = IpAddr> {
    prop_oneof![any::<[u8; 4]>().prop_map(IpAddr::from), any::<[u8; 16]>().prop_map(IpAddr::from)]
}

fn net() -> impl Strategy<Value = IpNet> {
    (ip(), 0_u8..=128).prop_filter_map("no subnet", |(ip, length)| IpNet::new(ip, length).ok())
}

fn address() -> impl Strategy<Value = Address> {
    let hows =
        [DuplicateDetection::Kernel, DuplicateDetection::Skip, DuplicateDetection::Optimistic];
    (net(), select(hows.to_vec())).prop_filter_map("no link's", |(net, how)| {
        Address::new(net).ok()?.with_duplicate_detection(how).ok()
    })
}

fn route() -> impl Strategy<Value = Route> {
    let made = (net(), ip(), any::<bool>(), name(), any::<(u32, u8)>());
    made.prop_filter_map("no route", |(net, ip, via, device, (number, protocol))| {
        let route = Route::new(net.trunc()).ok()?.metric(number).table(number).protocol(protocol);
        let route = if via { route.gateway(ip) } else { route.source(ip) };
        // `#7` is an index where a link's name may be either.
        let is_index = device.as_str().starts_with('#');
        let route = if is_index { route } else { route.device(device) };
        route.check().is_ok().then_some(route)
    })
}

/// Whole seconds of any number, and nanoseconds for twelve days, in which a number is exact.
fn time() -> impl Strategy<Value = Duration> {
    let exact = (0_u64..1 << 20, 0_u32..1_000_000_000);
    prop_oneof![
        any::<u64>().prop_map(Duration::from_secs),
        exact.prop_map(|(seconds, rest)| Duration::new(seconds, rest)),
    ]
}

fn mode() -> impl Strategy<Value = Mode> {
    select(&[Mode::Private, Mode::Vepa, Mode::Bridge, Mode::Passthru, Mode::Source][..])
}

fn macvlan() -> impl Strategy<Value = MacvlanOptions> {
    let setters = vec![
        set(any::<bool>(), MacvlanOptions::nopromisc),
        set(any::<bool>(), MacvlanOptions::nodst),
        set(mac(), MacvlanOptions::source_mac),
        set(any::<u32>(), MacvlanOptions::bc_queue_len),
        set(any::<i32>(), MacvlanOptions::bc_cutoff),
    ];
    changed(mode().prop_map(MacvlanOptions::new), setters)
}

fn protocol() -> impl Strategy<Value = VlanProtocol> {
    select(&[VlanProtocol::Dot1q, VlanProtocol::Dot1ad][..])
}

fn vlan() -> impl Strategy<Value = VlanOptions> {
    let id = (0..=VlanOptions::MAX_ID)
        .prop_map(|id| VlanOptions::new(id).unwrap_or_else(|_| VlanOptions::priority_tags()));
    let map = || (0_u8..8, any::<u32>());
    let setters = vec![
        set(protocol(), VlanOptions::protocol),
        set(any::<bool>(), VlanOptions::reorder_hdr),
        set(any::<bool>(), VlanOptions::gvrp),
        set(any::<bool>(), VlanOptions::mvrp),
        set(any::<bool>(), VlanOptions::loose_binding),
        set(any::<bool>(), VlanOptions::bridge_binding),
        set(map(), |vlan: VlanOptions, (tag, inside)| vlan.ingress_qos(tag, inside).unwrap()),
        set(map(), |vlan: VlanOptions, (tag, inside)| vlan.egress_qos(inside, tag).unwrap()),
    ];
    changed(id, setters)
}

fn parent() -> impl Strategy<Value = Parent> {
    let link = prop_oneof![
        name().prop_map(Parent::link),
        any::<u32>().prop_map(Parent::link),
        "[!-~]{16,127}".prop_filter_map("no name", |name| Parent::alternative_name(&name).ok()),
        "[a-z]{1,5}(\\.[1-9]{1,3}){0,2}".prop_map(|name| name.parse().unwrap()),
    ];
    let vlan = |(base, id, protocol, named): (Parent, _, _, Option<LinkName>)| {
        let vlan = Parent::vlan(base, id).unwrap().protocol(protocol).unwrap();
        named.map_or(vlan.clone(), |name| vlan.name(name).unwrap())
    };
    link.prop_recursive(2, 3, 1, move |base| {
        let named = proptest::option::of(name());
        (base, 1..=VlanOptions::MAX_ID, protocol(), named).prop_map(vlan)
    })
}

fn probe() -> impl Strategy<Value = Probe> {
    let setters = vec![
        set(1..u32::MAX, |probe: Probe, count| probe.count(count).unwrap()),
        set(time(), Probe::start),
        set(time(), Probe::interval),
        set(time(), Probe::jitter),
        set(time(), Probe::wait),
        set(time(), Probe::deadline),
    ];
    changed(select(vec![Probe::rfc(), Probe::quick()]), setters)
}

fn announce() -> impl Strategy<Value = Announce> {
    let setters = vec![
        set(1..u32::MAX, |announce: Announce, count| announce.count(count).unwrap()),
        set(time(), Announce::interval),
        set(any::<bool>(), Announce::blocking),
    ];
    changed(select(vec![Announce::once(), Announce::rfc()]), setters)
}

fn accept_ra() -> impl Strategy<Value = AcceptRa> {
    select(&[AcceptRa::Never, AcceptRa::UnlessForwarding, AcceptRa::Always][..])
}

fn endpoint() -> impl Strategy<Value = Endpoint> {
    let made = prop_oneof![
        (name(), parent(), macvlan())
            .prop_map(|(name, parent, o)| Endpoint::new(name, parent).unwrap().options(o).unwrap()),
        (name(), parent(), macvlan()).prop_map(|(name, parent, options)| {
            Endpoint::macvtap(name, parent).unwrap().options(options).unwrap()
        }),
        (name(), parent(), vlan())
            .prop_map(|(name, parent, vlan)| Endpoint::vlan(name, parent, vlan).unwrap()),
    ];
    let gen_modes =
        [AddrGenMode::Eui64, AddrGenMode::None, AddrGenMode::StableSecret, AddrGenMode::Random];
    let rate = (8..u64::MAX).prop_map(|bits| Rate::bits_per_second(bits).unwrap());
    let setters = vec![
        set(mac(), Endpoint::mac),
        set(time(), Endpoint::mac_conflict_timeout),
        set(any::<u32>(), Endpoint::mtu),
        set(address(), Endpoint::address),
        set(ip(), Endpoint::gateway),
        set(any::<bool>(), Endpoint::on_link_gateways),
        set(any::<u32>(), Endpoint::gateway_metric),
        set(route(), Endpoint::route),
        set(any::<u32>(), Endpoint::source_routing),
        set(any::<bool>(), Endpoint::replace_default_route),
        set(any::<bool>(), Endpoint::promisc),
        set(any::<bool>(), Endpoint::allmulticast),
        set(any::<bool>(), Endpoint::lo_up),
        set(text(), Endpoint::alias),
        set(text(), Endpoint::alternative_name),
        set(any::<u32>(), Endpoint::group),
        set(any::<u32>(), Endpoint::tx_queue_len),
        set(any::<(u32, u32)>(), |endpoint: Endpoint, (tx, rx)| endpoint.queues(tx, rx)),
        set(select(gen_modes.to_vec()), Endpoint::addr_gen_mode),
        set(accept_ra(), Endpoint::accept_ra),
        set(any::<bool>(), Endpoint::autoconf),
        set(any::<bool>(), Endpoint::disable_ipv6),
        set(probe(), Endpoint::probe),
        set(announce(), Endpoint::announce),
        set(rate, Endpoint::rate),
    ];
    changed(made, setters)
}

fn link() -> impl Strategy<Value = Link> {
    let parent = || any::<u32>();
    let made = prop_oneof![
        (name(), parent(), macvlan())
            .prop_map(|(name, parent, options)| Link::macvlan(name, parent, options).unwrap()),
        (name(), parent(), macvlan())
            .prop_map(|(name, parent, options)| Link::macvtap(name, parent, options).unwrap()),
        (name(), parent(), vlan())
            .prop_map(|(name, parent, vlan)| Link::vlan(name, parent, vlan).unwrap()),
        (name(), name()).prop_map(|(name, peer)| Link::veth(name, peer, None).unwrap()),
        name().prop_map(|name| Link::dummy(name).unwrap()),
        name().prop_map(|name| Link::bridge(name).unwrap()),
    ];
    let setters = vec![
        set(any::<u32>(), Link::index),
        set(mac(), Link::mac),
        set(any::<u32>(), Link::mtu),
        set(any::<bool>(), Link::up),
        set(any::<bool>(), Link::promisc),
        set(any::<u32>(), Link::group),
        set(any::<u32>(), Link::tx_queue_len),
        set(any::<(u32, u32)>(), |link: Link, (tx, rx)| link.queues(tx, rx)),
    ];
    changed(made, setters)
}

fn access() -> impl Strategy<Value = Access> {
    let setters = vec![
        set(name(), Access::name),
        set(ip(), Access::address),
        set(net(), Access::route),
        set(any::<bool>(), Access::keep),
    ];
    changed(parent().prop_map(|parent| Access::on(parent).unwrap()), setters)
}

fn range() -> impl Strategy<Value = AddressRange> {
    let pair = (ip(), ip()).prop_filter_map("no range", |(a, b)| AddressRange::new(a, b).ok());
    prop_oneof![pair, net().prop_map(AddressRange::from)]
}

fn subnet() -> impl Strategy<Value = Subnet> {
    let made = net().prop_filter_map("no LAN's", |net| Subnet::new(&net.trunc().to_string()).ok());
    let setters = vec![
        set(ip(), Subnet::gateway),
        set(Just(()), |subnet: Subnet, ()| subnet.without_gateway()),
        set(any::<bool>(), Subnet::on_link_gateway),
        set(range(), Subnet::range),
        set(range(), Subnet::exclude),
        set((text(), ip()), |subnet: Subnet, (name, address)| subnet.reserve(name, address)),
    ];
    changed(made, setters)
}

fn network() -> impl Strategy<Value = NetworkConfig> {
    let setters = vec![
        set(parent(), NetworkConfig::parent),
        set(mode(), NetworkConfig::mode),
        set(subnet(), NetworkConfig::subnet),
        set(Just(()), |config: NetworkConfig, ()| config.without_addresses()),
        set(any::<bool>(), NetworkConfig::ipv6),
        set(any::<bool>(), NetworkConfig::internal),
        set(any::<u32>(), NetworkConfig::mtu),
        set(route(), NetworkConfig::route),
        set(any::<u32>(), NetworkConfig::metric),
        set(any::<bool>(), NetworkConfig::disable_ipv6),
        set(accept_ra(), NetworkConfig::accept_ra),
        set(any::<bool>(), NetworkConfig::leave_ipv6),
        set(any::<bool>(), NetworkConfig::allmulticast),
        set(select(Order::ALL), NetworkConfig::order),
        set(select(MacFrom::ALL), NetworkConfig::mac_from),
        set(any::<bool>(), NetworkConfig::probe),
        set(any::<bool>(), NetworkConfig::duplicate_detection),
        set(any::<u32>(), NetworkConfig::block_size),
        set(time(), NetworkConfig::reservation_ttl),
        set((text(), text()), |config: NetworkConfig, (key, value)| config.option(key, value)),
        set((text(), text()), |config: NetworkConfig, (key, value)| config.label(key, value)),
    ];
    changed(text().prop_map(NetworkConfig::new), setters)
}

fn member() -> impl Strategy<Value = ConnectOptions> {
    let setters = vec![
        set(dns_name(), ConnectOptions::name),
        set(dns_name(), ConnectOptions::alias),
        set(ip(), ConnectOptions::address),
        set(text(), ConnectOptions::take),
        set(ip(), ConnectOptions::link_local_address),
        set(text(), ConnectOptions::interface),
        set(mac(), ConnectOptions::mac),
        set(any::<bool>(), ConnectOptions::default_route),
        set(any::<i32>(), ConnectOptions::gw_priority),
        set(any::<bool>(), ConnectOptions::replace_default_route),
    ];
    changed(text().prop_map(ConnectOptions::new), setters)
}

fn allocation() -> impl Strategy<Value = Allocation> {
    let setters = vec![
        set(ip(), Allocation::address),
        set(any::<bool>(), Allocation::ipv4),
        set(any::<bool>(), Allocation::ipv6),
        set(mac(), Allocation::mac),
    ];
    changed(Just(Allocation::new()), setters)
}

fn round_trip<T: Serialize + DeserializeOwned + Debug>(value: &T) {
    let text = serde_json::to_string(value).unwrap();
    let read: T = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
    // `Link` cannot be compared.
    assert_eq!(format!("{read:?}"), format!("{value:?}"), "{text}");
    assert_eq!(serde_json::to_string(&read).unwrap(), text);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn endpoints(value in endpoint()) {
        round_trip(&value);
    }

    #[test]
    fn parts_of_endpoints(
        parent in parent(), macvlan in macvlan(), vlan in vlan(), probe in probe(),
        announce in announce(),
    ) {
        round_trip(&parent);
        round_trip(&macvlan);
        round_trip(&vlan);
        round_trip(&probe);
        round_trip(&announce);
    }

    #[test]
    fn links_and_host_accesses(link in link(), access in access()) {
        round_trip(&link);
        round_trip(&access);
    }

    #[test]
    fn networks(value in network()) {
        round_trip(&value);
    }

    #[test]
    fn connects_and_allocations(member in member(), allocation in allocation()) {
        round_trip(&member);
        round_trip(&allocation);
    }

    /// Any JSON is either a value or refused, without a panic.
    #[test]
    fn any_document(text in r#"(\{|\}|\[|\]|"|:|,|name|parent|options|id|subnet|-?[0-9]{1,20}|null| ){0,20}"#) {
        let _ = serde_json::from_str::<Endpoint>(&text);
        let _ = serde_json::from_str::<NetworkConfig>(&text);
    }
}
