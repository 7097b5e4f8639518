//! Each request that reads equals that of `ip`.
//!
//! Where ours differs, the test changes the request of `ip` into ours and says why.

use std::os::fd::{AsFd, AsRawFd};

use nix::libc::{IFLA_EXT_MASK, IFLA_IFNAME};

use super::Captured;
use super::message::{Message, sent};
use crate::netlink::Request;
use crate::netns::NetNs;
use crate::rtnl::encode;
use crate::value::filter::{Family, RouteFilter};
use crate::value::route::RouteKind;

/// The link of `scenarios.py`.
const ENS33: u32 = 2;

const NETNSA_FD: u16 = 3;
/// The first byte of every header.
const FAMILY: usize = 0;
const AF_UNSPEC: u8 = 0;
const IFI_INDEX: usize = 4;

fn dump(request: Request) -> Message {
    sent(request.dump())
}

#[test]
fn show() {
    let mut captured = Captured::read(include_str!("shows.txt"));
    let mut ip = |command: &str| Message::parse(&captured.take(&format!("ip {command}")));

    // `ip` requests virtual functions, which we do not read, and the family AF_PACKET, which has no
    // links of its own, so that the kernel replies as for none.
    let links = |ip: Message| ip.without(&[IFLA_EXT_MASK]).header(FAMILY, &[AF_UNSPEC]);
    assert_eq!(dump(encode::get_links(None, None)), links(ip("link show")));
    assert_eq!(dump(encode::get_links(Some("macvlan"), None)), links(ip("link show type macvlan")));
    assert_eq!(dump(encode::get_links(None, Some(ENS33))), links(ip("link show master ens33")));
    // Ours has the index.
    assert_eq!(
        sent(encode::get_link(ENS33.into())),
        links(ip("link show dev ens33"))
            .without(&[IFLA_IFNAME])
            .header(IFI_INDEX, &ENS33.to_le_bytes())
    );

    assert_eq!(dump(encode::get_addresses(None, None)), ip("address show"));
    assert_eq!(dump(encode::get_addresses(Some(Family::V4), None)), ip("-4 address show"));
    assert_eq!(dump(encode::get_addresses(None, Some(ENS33))), ip("address show dev ens33"));

    assert_eq!(dump(encode::get_neighbours(None, None)), ip("neighbour show"));
    assert_eq!(
        dump(encode::get_neighbours(Some(Family::V6), Some(ENS33))),
        ip("-6 neighbour show dev ens33")
    );

    let routes = RouteFilter::new;
    assert_eq!(dump(encode::get_routes(&routes(), None)), ip("route show table all"));
    assert_eq!(
        dump(encode::get_routes(&routes().family(Family::V4).table(100), None)),
        ip("-4 route show table 100")
    );
    assert_eq!(
        dump(encode::get_routes(&routes().family(Family::V6).table(1000), Some(ENS33))),
        ip("-6 route show table 1000 dev ens33")
    );
    // `ip` filters the types itself; the kernel can do it.
    assert_eq!(
        dump(encode::get_routes(
            &routes().family(Family::V4).kind(RouteKind::Blackhole).protocol(3),
            None
        )),
        ip("-4 route show table all type blackhole proto boot").header(7, &[6])
    );

    // Both families, of which `ip` shows one at a time.
    assert_eq!(dump(encode::get_rules(None)), ip("rule show").header(FAMILY, &[AF_UNSPEC]));
    assert_eq!(dump(encode::get_rules(Some(Family::V6))), ip("-6 rule show"));

    let netns = NetNs::current().unwrap();
    assert_eq!(
        sent(encode::get_netns_id(&netns)),
        ip("netns list").with(&[NETNSA_FD], &netns.as_fd().as_raw_fd().to_le_bytes())
    );
    captured.nothing_is_left();
}
