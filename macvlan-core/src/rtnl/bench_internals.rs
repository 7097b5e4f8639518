//! Exposes the encoder and the decoder to the benchmarks, with the feature `bench-internals`.

use nix::libc::RTPROT_BOOT;

use crate::error::Result;
use crate::netlink::{Batch, ack};
use crate::rtnl::decode;
use crate::rtnl::encode::{self, LinkChange};
use crate::value::address::Address;
use crate::value::link::Link;
use crate::value::route::Route;

/// Encodes the three batches of an attach (the link, its addresses and routes, `lo`); returns their
/// length in bytes.
///
/// # Errors
///
/// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if an IPv6 route has an IPv4
/// gateway.
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

/// Decodes bytes received from a netlink socket as a list of links; returns their number.
pub fn decode_links(bytes: &[u8]) -> usize {
    ack::replies(bytes).filter_map(|reply| decode::link(reply.payload)).count()
}
