//! The encoder and the decoder laid open for the benchmarks, with the feature `bench-internals`.

use nix::libc::RTPROT_BOOT;

use crate::error::Result;
use crate::netlink::{Batch, ack};
use crate::rtnl::decode;
use crate::rtnl::encode::{self, LinkChange};
use crate::value::address::Address;
use crate::value::link::Link;
use crate::value::route::Route;

/// Lays out what an attach sends, in its three batches: the link, its addresses and routes, `lo`; how
/// many bytes that is.
pub fn encode_attach(link: &Link, addresses: &[Address], routes: &[Route]) -> Result<usize> {
    let (parent, index, loopback) = (2, 0x1_0000, 1);
    let (mut outside, mut inside, mut last) = (Batch::new(), Batch::new(), Batch::new());
    outside.push(encode::create_link(link, Some(parent)));
    for address in addresses {
        inside.push(encode::add_address(index, address));
    }
    for route in routes {
        inside.push(encode::add_route(route, Some(index), RTPROT_BOOT)?);
    }
    last.push(encode::set_link(loopback, &LinkChange::Up(true)));
    Ok([outside, inside, last].iter().map(|batch| batch.bytes().len()).sum())
}

/// Reads what a netlink socket has received as a list of links; how many there are.
pub fn decode_links(bytes: &[u8]) -> usize {
    ack::replies(bytes).filter_map(|reply| decode::link(reply.payload)).count()
}
