//! Every operation of a handle, checked with `ip`.
#![deny(dead_code)]

use macvlan_core::{
    AddressFilter, Error, ErrorKind, Handle, Link, LinkFilter, LinkId, LinkName, MacvlanOptions,
    Mode, NeighbourFilter, NetNs, Route, RouteFilter, Rule,
};
use macvlan_tests::{
    Need, Outcome, at_rest, eventually, ip, ip_addresses, ip_do, ip_lines, ip_link, ip_try, need,
};

/// Creates a namespace with a cable, both ends here, called `cable` and `other`.
fn with_a_cable() -> Outcome<(NetNs, Handle)> {
    need(Need::Root)?;
    let netns = NetNs::anonymous()?;
    let handle = Handle::in_netns(&netns)?;
    handle.add_link(&Link::veth("cable", "other", None)?.up(true))?;
    handle.set_up("other")?;
    Ok((netns, handle))
}

fn flags(netns: &NetNs, link: &str) -> String {
    ip_link(netns, link)["flags"].to_string()
}

fn kind_of(result: Result<impl std::fmt::Debug, Error>) -> ErrorKind {
    result.unwrap_err().kind()
}

fn links_are_added_read_and_deleted() -> Outcome {
    let (netns, handle) = with_a_cable()?;
    need(Need::Macvlan)?;
    let mac = "02:00:00:00:00:07".parse()?;
    let mv0 = Link::macvlan("mv0", "cable", MacvlanOptions::new(Mode::Vepa))?;
    handle.add_link(&mv0.index(700).mac(mac).mtu(1400).up(true))?;
    let seen = ip_link(&netns, "mv0");
    assert_eq!(seen["ifindex"], 700);
    assert_eq!(seen["address"], "02:00:00:00:00:07");
    assert_eq!(seen["mtu"], 1400);
    assert_eq!(seen["link"], "cable");
    assert_eq!(seen["linkinfo"]["info_data"]["mode"], "vepa");
    assert!(flags(&netns, "mv0").contains("\"UP\""));

    // By name, by index, and in the list.
    let read = handle.link("mv0")?;
    assert_eq!((read.index, read.mac, read.mtu), (700, Some(mac), 1400));
    assert_eq!(
        read.macvlan,
        Some(MacvlanOptions::new(Mode::Vepa).bc_queue_len(1000)).map(|wanted| {
            // Newer kernels also report the cutoff.
            let told = read.macvlan.as_ref().and_then(MacvlanOptions::get_bc_cutoff);
            told.map_or(wanted.clone(), |siblings| wanted.bc_cutoff(siblings))
        })
    );
    assert_eq!(at_rest(handle.link(700)?), at_rest(read.clone()));
    assert_eq!(handle.link(LinkName::new("mv0")?)?.index, 700);
    assert_eq!(read.parent, Some(handle.link("cable")?.index));
    let mut links = handle.links()?;
    links.sort_by_key(|link| link.index);
    let names: Vec<_> = links.into_iter().map(|link| link.name).collect();
    let listed = ip(&netns, "link show");
    let listed = listed.as_array().into_iter().flatten();
    let by_ip: Vec<_> = listed.map(|link| link["ifname"].as_str().unwrap_or_default()).collect();
    assert_eq!(names, by_ip);

    handle.delete_link("mv0")?;
    assert!(ip_try(&netns, "link show dev mv0").is_err());
    for gone in [LinkId::Name("mv0".parse()?), LinkId::Index(700)] {
        assert_eq!(kind_of(handle.link(gone)), ErrorKind::NotFound);
        assert_eq!(kind_of(handle.delete_link(gone)), ErrorKind::NotFound);
    }
    assert_eq!(
        kind_of(handle.add_link(&Link::veth("cable", "third", None)?)),
        ErrorKind::NameTaken
    );
    let orphan = Link::macvlan("mv1", "nobody", MacvlanOptions::default())?;
    assert_eq!(kind_of(handle.add_link(&orphan)), ErrorKind::ParentNotFound);
    Ok(())
}

fn links_are_set() -> Outcome {
    let (netns, handle) = with_a_cable()?;
    handle.set_down("cable")?;
    assert!(!flags(&netns, "cable").contains("\"UP\""));
    handle.set_up("cable")?;
    assert!(flags(&netns, "cable").contains("\"UP\""));
    for (on, word) in [(true, 1), (false, 0)] {
        handle.set_promisc("cable", on)?;
        assert_eq!(flags(&netns, "cable").contains("PROMISC"), on);
        assert_eq!(ip_link(&netns, "cable")["promiscuity"], word);
        handle.set_allmulticast("cable", on)?;
        assert_eq!(flags(&netns, "cable").contains("ALLMULTI"), on);
        assert_eq!(handle.link("cable")?.is_allmulticast(), on);
    }
    handle.set_mac("cable", "02:00:00:00:00:09".parse()?)?;
    assert_eq!(ip_link(&netns, "cable")["address"], "02:00:00:00:00:09");
    handle.set_mtu("cable", 1300)?;
    assert_eq!(ip_link(&netns, "cable")["mtu"], 1300);
    handle.set_down("cable")?;
    let index = handle.link("cable")?.index;
    handle.rename("cable", "wire".parse()?)?;
    assert_eq!(ip_link(&netns, "wire")["ifindex"], index);
    assert_eq!(kind_of(handle.rename("wire", "other".parse()?)), ErrorKind::NameTaken);
    assert_eq!(kind_of(handle.set_up("cable")), ErrorKind::NotFound);
    Ok(())
}

fn links_are_moved() -> Outcome {
    let (netns, handle) = with_a_cable()?;
    let there = NetNs::anonymous()?;
    handle.move_link("cable", &there, Some("eth0".parse()?))?;
    assert!(ip_try(&netns, "link show dev cable").is_err());
    assert_eq!(ip_link(&there, "eth0")["linkinfo"]["info_kind"], "veth");
    Handle::in_netns(&there)?.move_link("eth0", &netns, None)?;
    assert_eq!(ip_link(&netns, "eth0")["link"], "other");
    // The name is in use there.
    ip_do(&there, "link add eth0 type veth peer name eth1");
    assert_eq!(kind_of(handle.move_link("eth0", &there, None)), ErrorKind::NameTaken);
    assert_eq!(ip_link(&netns, "eth0")["ifname"], "eth0");
    Ok(())
}

fn addresses_are_added_replaced_and_deleted() -> Outcome {
    let (netns, handle) = with_a_cable()?;
    handle.add_address("cable", &"10.0.0.2/24".parse()?)?;
    assert_eq!(ip_addresses(&netns, "cable"), ["10.0.0.2/24"]);
    assert_eq!(
        ip(&netns, "-4 address show dev cable")[0]["addr_info"][0]["broadcast"],
        "10.0.0.255"
    );
    assert_eq!(
        kind_of(handle.add_address("cable", &"10.0.0.2/24".parse()?)),
        ErrorKind::AddressTaken
    );
    handle.replace_address("cable", &"10.0.0.2/24".parse()?)?;
    handle.replace_address("cable", &"10.0.1.3/24".parse()?)?;
    assert_eq!(ip_addresses(&netns, "cable"), ["10.0.0.2/24", "10.0.1.3/24"]);
    let read = handle.addresses()?;
    let read = read.iter().find(|info| info.address.to_string() == "10.0.0.2/24");
    let read = read.ok_or("the address is not listed")?;
    assert_eq!(read.label.as_deref(), Some("cable"));
    assert_eq!(read.broadcast, Some([10, 0, 0, 255].into()));
    handle.delete_address("cable", &"10.0.0.2/24".parse()?)?;
    assert_eq!(ip_addresses(&netns, "cable"), ["10.0.1.3/24"]);
    assert_eq!(
        kind_of(handle.delete_address("cable", &"10.0.0.2/24".parse()?)),
        ErrorKind::NotFound
    );
    assert_eq!(kind_of(handle.add_address("nobody", &"10.0.0.2/24".parse()?)), ErrorKind::NotFound);
    need(Need::Ipv6)?;
    handle.add_address("cable", &"fd00::2/64 nodad".parse()?)?;
    assert!(ip_addresses(&netns, "cable").contains(&"fd00::2/64".to_owned()));
    // The kernel adds the local route of an IPv6 address a moment later.
    eventually("fd00::2 is local", || Ok(handle.is_local("fd00::2".parse()?)?))?;
    for (address, is_local) in
        [("10.0.1.3", true), ("10.0.1.4", false), ("192.0.2.1", false), ("fd01::1", false)]
    {
        assert_eq!(handle.is_local(address.parse()?)?, is_local, "{address}");
    }
    handle.delete_address("cable", &"fd00::2/64".parse()?)?;
    assert!(!ip_addresses(&netns, "cable").contains(&"fd00::2/64".to_owned()));
    Ok(())
}

fn routes_are_added_replaced_and_deleted() -> Outcome {
    let (netns, handle) = with_a_cable()?;
    handle.add_address("cable", &"10.0.0.2/24".parse()?)?;
    let default: Route = "default via 10.0.0.1 dev cable".parse()?;
    handle.add_route(&default)?;
    assert_eq!(ip_lines(&netns, "route show default"), ["default via 10.0.0.1 dev cable"]);
    assert_eq!(kind_of(handle.add_route(&default)), ErrorKind::RouteExists);
    handle.replace_route(&"default via 10.0.0.9 dev cable".parse()?)?;
    assert_eq!(ip_lines(&netns, "route show default"), ["default via 10.0.0.9 dev cable"]);
    // Without a link: the kernel finds it by the gateway.
    handle.add_route(&"10.7.0.0/16 via 10.0.0.7 metric 5".parse()?)?;
    assert_eq!(
        ip_lines(&netns, "route show 10.7.0.0/16"),
        ["10.7.0.0/16 via 10.0.0.7 dev cable metric 5"]
    );
    let found = handle.routes()?.into_iter().map(|info| info.route);
    let index = handle.link("cable")?.index;
    let found: Vec<_> = found.filter(|route| route.get_metric() == Some(5)).collect();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].get_device(), Some(LinkId::Index(index)));
    assert_eq!(found[0].get_gateway(), Some([10, 0, 0, 7].into()));
    // Deletion matches all given attributes.
    handle.delete_route(&"10.7.0.0/16".parse()?)?;
    assert_eq!(ip_lines(&netns, "route show 10.7.0.0/16"), [""; 0]);
    assert_eq!(kind_of(handle.delete_route(&"10.7.0.0/16".parse()?)), ErrorKind::NotFound);
    // Including the protocol.
    handle.add_route(&"10.7.0.0/16 via 10.0.0.7 proto 109".parse()?)?;
    assert_eq!(
        ip_lines(&netns, "route show 10.7.0.0/16"),
        ["10.7.0.0/16 via 10.0.0.7 dev cable proto 109"]
    );
    let other: Route = "10.7.0.0/16 via 10.0.0.7 proto 108".parse()?;
    assert_eq!(kind_of(handle.delete_route(&other)), ErrorKind::NotFound);
    handle.delete_route(&other.protocol(109))?;
    let unreachable: Route = "10.8.0.0/16 via 192.0.2.1".parse()?;
    assert_eq!(kind_of(handle.add_route(&unreachable)), ErrorKind::GatewayUnreachable);
    Ok(())
}

fn rules_are_added_and_deleted() -> Outcome {
    let (netns, handle) = with_a_cable()?;
    let rule: Rule = "from 10.0.0.2/32 to 10.9.0.0/16 table 100 priority 500".parse()?;
    handle.add_rule(&rule)?;
    assert!(
        ip_lines(&netns, "rule show")
            .contains(&"500:\tfrom 10.0.0.2 to 10.9.0.0/16 lookup 100".to_owned())
    );
    assert!(handle.rules()?.contains(&rule));
    assert_eq!(kind_of(handle.add_rule(&rule)), ErrorKind::RouteExists);
    handle.delete_rule(&rule)?;
    assert!(!handle.rules()?.contains(&rule));
    assert_eq!(kind_of(handle.delete_rule(&rule)), ErrorKind::NotFound);
    Ok(())
}

/// The kernel would look for a link by the new name, change a group of links, or list all objects.
fn no_link_has_the_index_0() -> Outcome {
    let (netns, handle) = with_a_cable()?;
    let there = NetNs::anonymous()?;
    handle.add_address("cable", &"10.0.0.1/24".parse()?)?;
    let before = ip(&netns, "link show");
    let address = "10.0.0.2/24".parse()?;
    let filters = AddressFilter::new().link(LinkId::Index(0));
    for kind in [
        kind_of(handle.link(0)),
        kind_of(handle.rename(0, "cable".parse()?)),
        kind_of(handle.set_group(0, 7)),
        kind_of(handle.set_mtu(0, 1300)),
        kind_of(handle.set_up(0)),
        kind_of(handle.move_link(0, &there, Some("cable".parse()?))),
        kind_of(handle.move_link("#0", &there, Some("cable".parse()?))),
        kind_of(handle.delete_link(0)),
        kind_of(handle.hold_promisc(0)),
        kind_of(handle.add_address(0, &address)),
        kind_of(handle.add_route(&Route::new("10.9.0.0/16".parse()?)?.device(LinkId::Index(0)))),
        kind_of(handle.find_addresses(&filters)),
        kind_of(handle.find_neighbours(&NeighbourFilter::new().link(LinkId::Index(0)))),
        kind_of(handle.find_routes(&RouteFilter::new().link(LinkId::Index(0)))),
        kind_of(handle.find_links(&LinkFilter::new().controller(LinkId::Index(0)))),
    ] {
        assert_eq!(kind, ErrorKind::NotFound);
    }
    assert_eq!(ip(&netns, "link show"), before);
    assert_eq!(ip_lines(&there, "-o link show").len(), 1);
    Ok(())
}

macvlan_tests::tests! {
    links_are_added_read_and_deleted,
    links_are_set,
    links_are_moved,
    addresses_are_added_replaced_and_deleted,
    routes_are_added_replaced_and_deleted,
    rules_are_added_and_deleted,
    no_link_has_the_index_0,
}
