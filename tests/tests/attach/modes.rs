//! Connectivity in each mode.
#![deny(dead_code)]

use macvlan_core::{
    Endpoint, ErrorKind, Handle, MacAddr, MacvlanChange, MacvlanOptions, Mode, NetNs, SourceMacs,
};
use macvlan_tests::{Container, Lab, Outcome, ip_lines, ip_link, on_each_kernel, ping, silent};

/// Two containers on host a in one mode.
struct Siblings {
    lab: Lab,
    one: NetNs,
    other: NetNs,
    _containers: [Container; 2],
}

impl Siblings {
    fn in_mode(mode: Mode) -> Outcome<Self> {
        let lab = Lab::new()?;
        let containers = [Container::start()?, Container::start()?];
        let [one, other] = [containers[0].netns()?, containers[1].netns()?];
        for (inside, address) in [(&one, "192.168.15.11/24"), (&other, "192.168.15.12/24")] {
            let endpoint = Endpoint::new("eth0", "ens33")?.mode(mode)?.address(address.parse()?);
            lab.a.host.attach(&endpoint, inside)?;
            let told = ip_link(inside, "eth0");
            assert_eq!(told["linkinfo"]["info_kind"], "macvlan");
            assert_eq!(told["linkinfo"]["info_data"]["mode"], mode.to_string());
        }
        Ok(Self { lab, one, other, _containers: containers })
    }
}

fn bridge_siblings_reach_each_other() -> Outcome {
    on_each_kernel();
    let siblings = Siblings::in_mode(Mode::Bridge)?;
    assert!(ping(&siblings.one, "192.168.15.12").is_some());
    assert!(ping(&siblings.other, "192.168.15.2").is_some());
    assert!(silent(&siblings.other, "192.168.15.1"));
    Ok(())
}

fn private_siblings_do_not() -> Outcome {
    let siblings = Siblings::in_mode(Mode::Private)?;
    assert!(ping(&siblings.one, "192.168.15.2").is_some());
    assert!(ping(&siblings.lab.b.netns, "192.168.15.12").is_some());
    assert!(silent(&siblings.one, "192.168.15.12"));
    Ok(())
}

/// And vepa siblings only through an external switch that sends frames back, which this cable is
/// not.
fn vepa_siblings_need_a_switch() -> Outcome {
    let siblings = Siblings::in_mode(Mode::Vepa)?;
    assert!(ping(&siblings.one, "192.168.15.2").is_some());
    assert!(ping(&siblings.lab.b.netns, "192.168.15.12").is_some());
    assert!(silent(&siblings.one, "192.168.15.12"));
    Ok(())
}

/// Source links receive only from listed MAC addresses; these have an empty list.
fn source_links_receive_only_from_listed_addresses() -> Outcome {
    on_each_kernel();
    let siblings = Siblings::in_mode(Mode::Source)?;
    assert!(silent(&siblings.one, "192.168.15.2"));
    assert!(silent(&siblings.lab.b.netns, "192.168.15.12"));
    Ok(())
}

/// On the wire, a passthru link cannot be distinguished from the parent.
fn passthru_has_the_parents_mac_address() -> Outcome {
    let lab = Lab::with_addresses(&[], &["192.168.15.2/24"])?;
    let container = Container::start()?;
    let inside = container.netns()?;
    let parents = ip_link(&lab.a.netns, "ens33")["address"].clone();
    let endpoint =
        Endpoint::new("eth0", "ens33")?.mode(Mode::Passthru)?.address("192.168.15.10/24".parse()?);
    let attachment = lab.a.host.attach(&endpoint, &inside)?;
    assert_eq!(ip_link(&inside, "eth0")["linkinfo"]["info_data"]["mode"], "passthru");
    assert_eq!(ip_link(&inside, "eth0")["address"], parents);
    assert_eq!(attachment.mac().to_string(), parents);
    assert!(ping(&inside, "192.168.15.2").is_some());
    assert!(ping(&lab.b.netns, "192.168.15.10").is_some());
    Ok(())
}

/// With its own MAC address, it changes the parent's until it is detached.
fn passthru_lends_its_mac_address_to_the_parent() -> Outcome {
    on_each_kernel();
    let lab = Lab::with_addresses(&[], &["192.168.15.2/24"])?;
    let container = Container::start()?;
    let inside = container.netns()?;
    let own = ip_link(&lab.a.netns, "ens33")["address"].clone();
    let endpoint = Endpoint::new("eth0", "ens33")?
        .mode(Mode::Passthru)?
        .mac("02:42:c0:a8:0f:0a".parse()?)
        .address("192.168.15.10/24".parse()?);
    let attachment = lab.a.host.attach(&endpoint, &inside)?;
    assert_eq!(attachment.mac().to_string(), "02:42:c0:a8:0f:0a");
    assert_eq!(ip_link(&inside, "eth0")["address"], "02:42:c0:a8:0f:0a");
    assert_eq!(ip_link(&lab.a.netns, "ens33")["address"], "02:42:c0:a8:0f:0a");
    assert!(ping(&inside, "192.168.15.2").is_some());
    lab.a.host.detach(&attachment)?;
    assert_eq!(ip_link(&lab.a.netns, "ens33")["address"], own);
    Ok(())
}

/// The maximum number in one message, at creation and afterwards. One more is refused before any
/// request is sent.
fn a_source_list_is_as_long_as_it_can_be() -> Outcome {
    const MOST: u32 = 5455;
    let lab = Lab::new()?;
    let inside = NetNs::anonymous()?;
    let macs: Vec<MacAddr> = (0..=MOST).map(|number| MacAddr::from_ipv4(number.into())).collect();
    let source = |macs: &[MacAddr]| {
        macs.iter().fold(MacvlanOptions::new(Mode::Source), |options, mac| options.source_mac(*mac))
    };
    let endpoint = |macs: &[MacAddr]| -> Outcome<Endpoint> {
        let options = source(macs).bc_queue_len(2000).nodst(true);
        Ok(Endpoint::new("eth0", "ens33")?.options(options)?)
    };
    let error = lab.a.host.attach(&endpoint(&macs)?, &inside).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidValue, "{error}");
    assert_eq!(ip_lines(&inside, "-o link show").len(), 1);

    let most = &macs[1..];
    let endpoint = endpoint(most)?;
    lab.a.host.attach(&endpoint, &inside)?;
    let listed = || -> Outcome<Vec<MacAddr>> {
        let link = Handle::in_netns(&inside)?.link("eth0")?;
        let mut macs = link.macvlan.ok_or("no macvlan")?.get_source_macs().to_vec();
        macs.sort_unstable();
        Ok(macs)
    };
    let of_ip = || {
        let data = ip_link(&inside, "eth0")["linkinfo"]["info_data"].clone();
        data["macaddr_data"].as_array().map(Vec::len)
    };
    assert_eq!(of_ip(), Some(most.len()));
    assert_eq!(listed()?, most);
    assert_eq!(lab.a.host.check(&endpoint, &inside)?, []);

    let handle = Handle::in_netns(&inside)?;
    let set = |macs: &[MacAddr]| MacvlanChange::new().source_macs(SourceMacs::Set(macs.to_vec()));
    let error = handle.set_macvlan("eth0", &set(&macs)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidValue, "{error}");
    assert_eq!(listed()?, most);
    handle.set_macvlan("eth0", &set(&macs[..most.len()]))?;
    assert_eq!(listed()?, macs[..most.len()]);
    assert_eq!(lab.a.host.ensure(&endpoint, &inside)?.repaired.len(), 1);
    assert_eq!(listed()?, most);
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    bridge_siblings_reach_each_other,
    private_siblings_do_not,
    vepa_siblings_need_a_switch,
    source_links_receive_only_from_listed_addresses,
    a_source_list_is_as_long_as_it_can_be,
    passthru_has_the_parents_mac_address,
    passthru_lends_its_mac_address_to_the_parent,
}
