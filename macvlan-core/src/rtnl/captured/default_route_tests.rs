//! A deleted default route is restored by the message that reported it.

use netlink_packet_route::RouteNetlinkMessage;
use nix::libc::{RTA_CACHEINFO, RTA_GATEWAY, RTA_MULTIPATH, RTA_OIF};

use super::Captured;
use super::message::{Message, sent};
use crate::netlink::{Request, ack};
use crate::rtnl::decode;

/// `rta_expires` in `struct rta_cacheinfo`.
const RTA_CACHEINFO_EXPIRES: std::ops::Range<usize> = 8..12;
const RTA_EXPIRES: u16 = 23;
const RTA_NH_ID: u16 = 30;
const RTM_FLAGS: usize = 8;
const ONLINK: u8 = 0x4;
const LINKDOWN: u8 = 0x10;

#[test]
fn default_routes_round_trip() {
    let mut found = 0;
    for (file, v4) in
        [(include_str!("routes-v4.txt"), true), (include_str!("routes-v6.txt"), false)]
    {
        for (_, bytes) in Captured::read(file).take_all() {
            for reply in ack::replies(&bytes) {
                assert!(decode::default_route(reply.payload, &[!v4]).is_none());
                let Some(again) = decode::default_route(reply.payload, &[v4]) else { continue };
                found += 1;
                assert_eq!(
                    sent(Request::create(RouteNetlinkMessage::NewRoute(again))),
                    as_request(reply.payload)
                );
            }
        }
    }
    assert_eq!(found, 7 + 5);
}

/// Converts a reported route into a request: without what the kernel refuses in requests, and with
/// the expiry in the other attribute.
fn as_request(payload: &[u8]) -> Message {
    let (route, created) = (24_u16, 0x601_u16);
    let length = u32::try_from(16 + payload.len()).unwrap();
    let header =
        [&length.to_le_bytes()[..], &route.to_le_bytes(), &created.to_le_bytes(), &[0; 8]].concat();
    let mut told = Message::parse(&[&header, payload].concat());
    // Of the flags, those of the state of its links are removed.
    let flags = told.header[RTM_FLAGS] & ONLINK;
    told = told.header(RTM_FLAGS, &[flags]);
    if let Some(hops) = told.get(&[RTA_MULTIPATH]) {
        // The flags of the second hop are after the first hop and the second's length.
        let second = usize::from(hops[0]);
        let mut hops = hops.to_vec();
        hops[second + 2] &= !LINKDOWN;
        told = told.with(&[RTA_MULTIPATH], &hops);
    }
    if told.get(&[RTA_NH_ID]).is_some() {
        // The details of a next hop object, which the request names by its id.
        told = told.without(&[RTA_GATEWAY]).without(&[RTA_OIF]);
    }
    // The expiry, in hundredths of a second, becomes an attribute of its own, in seconds.
    let expires = told
        .get(&[RTA_CACHEINFO])
        .map_or(0, |info| u32::from_le_bytes(info[RTA_CACHEINFO_EXPIRES].try_into().unwrap()));
    if expires > 0 {
        told = told.with(&[RTA_EXPIRES], &expires.div_ceil(100).to_le_bytes());
    }
    told
}
