//! The subnets to choose from if a network is given none.

use std::net::Ipv6Addr;

use ipnet::{IpNet, Ipv6Net};

/// Returns Docker's default address pools, in its order.
pub(crate) fn docker() -> impl Iterator<Item = IpNet> {
    let net = |a, b, c, length| IpNet::new([a, b, c, 0].map(u8::from).into(), length).ok();
    let large = (17..=31_u8).filter_map(move |b| net(172_u8, b, 0_u8, 16));
    large.chain((0..16_u8).filter_map(move |c| net(192, 168, c * 16, 20)))
}

/// Returns a store's unique local /48 (RFC 4193): `fd` and 40 bits of a hash of its id (FNV-1a).
pub(crate) fn unique_local(store: &str) -> Ipv6Net {
    let hash = store.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let global = u128::from((hash ^ (hash >> 29)) & 0xff_ffff_ffff);
    let address = Ipv6Addr::from_bits((0xfd << 120) | (global << 80));
    // 48 is always a valid prefix length.
    Ipv6Net::new_assert(address, 48)
}

/// Returns the /64s of a /48, in order.
pub(crate) fn networks_of(net: Ipv6Net) -> impl Iterator<Item = IpNet> {
    let first = net.network().to_bits();
    let at = move |number: u16| Ipv6Addr::from_bits(first | (u128::from(number) << 64));
    (0..=u16::MAX).map(move |number| Ipv6Net::new_assert(at(number), 64).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_dockers() {
        let all: Vec<String> = docker().map(|net| net.to_string()).collect();
        assert_eq!(all.len(), 31);
        assert_eq!((all[0].as_str(), all[14].as_str()), ("172.17.0.0/16", "172.31.0.0/16"));
        assert_eq!((all[15].as_str(), all[30].as_str()), ("192.168.0.0/20", "192.168.240.0/20"));
    }

    #[test]
    fn a_store_has_its_own_addresses() {
        let own = unique_local("70563c2c");
        assert_eq!((own, own.prefix_len()), (unique_local("70563c2c"), 48));
        assert_ne!(own, unique_local("70563c2d"));
        assert!("fd00::/8".parse::<Ipv6Net>().unwrap().contains(&own));
        let all: Vec<IpNet> = networks_of(own).collect();
        assert_eq!((all.len(), all[0].addr()), (65536, own.addr().into()));
        assert!(all.iter().all(|net| net.prefix_len() == 64 && IpNet::from(own).contains(net)));
        let different: std::collections::HashSet<_> =
            (0..20_000).map(|number| unique_local(&format!("{number:08x}"))).collect();
        assert_eq!(different.len(), 20_000);
    }
}
