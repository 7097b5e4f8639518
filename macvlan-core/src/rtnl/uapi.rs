//! Kernel constants that `libc` lacks, or lacks for some C libraries, by header.

#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // the constants below fit

use nix::libc;

// linux/if_link.h
pub(super) const IFLA_PROTO_DOWN: u16 = 39;
pub(super) const IFLA_XDP: u16 = 43;
pub(super) const IFLA_XDP_ATTACHED: u16 = 2;
pub(super) const IFLA_PROTO_DOWN_REASON: u16 = 55;
pub(super) const IFLA_PROTO_DOWN_REASON_VALUE: u16 = 2;
pub(super) const IFLA_TARGET_NETNSID: u16 = 46;
pub(super) const IFLA_CARRIER_DOWN_COUNT: u16 = 48;
pub(super) const IFLA_GSO_IPV4_MAX_SIZE: u16 = 63;
pub(super) const IFLA_GRO_IPV4_MAX_SIZE: u16 = 64;
pub(super) const IFLA_INET_CONF: u16 = 1;
pub(super) const IFLA_INET6_CONF: u16 = 2;
pub(super) const IFLA_INET6_TOKEN: u16 = 7;
pub(super) const IFLA_INET6_ADDR_GEN_MODE: u16 = 8;
// linux/ipv6.h
pub(super) const DEVCONF_ACCEPT_RA: usize = 3;
pub(super) const DEVCONF_AUTOCONF: usize = 5;
pub(super) const DEVCONF_DISABLE_IPV6: usize = 26;
pub(super) const DEVCONF_NDISC_NOTIFY: usize = 29;
pub(super) const IFLA_MACVLAN_MODE: u16 = 1;
pub(super) const IFLA_MACVLAN_FLAGS: u16 = 2;
pub(super) const IFLA_MACVLAN_MACADDR_MODE: u16 = 3;
pub(super) const IFLA_MACVLAN_MACADDR: u16 = 4;
pub(super) const IFLA_MACVLAN_MACADDR_DATA: u16 = 5;
pub(super) const IFLA_MACVLAN_BC_QUEUE_LEN: u16 = 7;
pub(super) const IFLA_MACVLAN_BC_CUTOFF: u16 = 9;
pub(super) const MACVLAN_MACADDR_ADD: u32 = 0;
pub(super) const MACVLAN_MACADDR_DEL: u32 = 1;
pub(super) const MACVLAN_MACADDR_FLUSH: u32 = 2;
pub(super) const MACVLAN_MACADDR_SET: u32 = 3;
pub(super) const IFLA_VLAN_ID: u16 = 1;
pub(super) const IFLA_VLAN_FLAGS: u16 = 2;
pub(super) const IFLA_VLAN_EGRESS_QOS: u16 = 3;
pub(super) const IFLA_VLAN_INGRESS_QOS: u16 = 4;
pub(super) const IFLA_VLAN_PROTOCOL: u16 = 5;
pub(super) const IFLA_VLAN_QOS_MAPPING: u16 = 1;
// linux/veth.h
pub(super) const VETH_INFO_PEER: u16 = 1;
// linux/ip.h
pub(super) const IPV4_DEVCONF_ARPFILTER: u16 = 13;
pub(super) const IPV4_DEVCONF_ARP_NOTIFY: u16 = 22;
// linux/if_addr.h
pub(super) const IFA_PROTO: u16 = 11;
// linux/rtnetlink.h
pub(super) const RTA_VIA: u16 = 18; // libc has it for glibc alone
pub(super) const RTAX_MTU: u16 = 2;
pub(super) const RTAX_ADVMSS: u16 = 8;
pub(super) const RTNH_F_ONLINK: u32 = 4;
pub(crate) const RTPROT_RA: u8 = 9;
/// Our protocol number, which iproute2's `rt_protos` assigns to no other program.
pub(crate) const RTPROT_MACVLAN: u8 = 109;
// linux/fib_rules.h
pub(super) const FRA_DST: u16 = 1;
pub(super) const FRA_SRC: u16 = 2;
pub(super) const FRA_PRIORITY: u16 = 6;
pub(super) const FRA_TABLE: u16 = 15;
pub(super) const FRA_PROTOCOL: u16 = 21;
pub(super) const FR_ACT_TO_TBL: u8 = 1;
// linux/pkt_sched.h
pub(super) const TC_H_ROOT: u32 = 0xffff_ffff;
pub(super) const TC_H_INGRESS: u32 = 0xffff_fff1;
pub(super) const TC_LINKLAYER_ETHERNET: u8 = 1;
pub(super) const TCA_TBF_PARMS: u16 = 1;
pub(super) const TCA_TBF_RATE64: u16 = 4;
pub(super) const TCA_TBF_BURST: u16 = 6;
// linux/net_namespace.h
pub(super) const NETNSA_NSID: u16 = 1;

// Constants that messages have in another type than libc.
pub(super) const AF_INET: u16 = libc::AF_INET as u16;
pub(super) const AF_INET6: u16 = libc::AF_INET6 as u16;
pub(super) const IFF_UP: u32 = libc::IFF_UP as u32;
pub(super) const IFF_PROMISC: u32 = libc::IFF_PROMISC as u32;
pub(super) const IFF_NOARP: u32 = libc::IFF_NOARP as u32;
pub(super) const IFF_ALLMULTI: u32 = libc::IFF_ALLMULTI as u32;
pub(super) const IFF_OTHERS: u32 =
    (libc::IFF_ALLMULTI | libc::IFF_NOARP | libc::IFF_MULTICAST | libc::IFF_DEBUG) as u32;
pub(super) const IFA_F_NODAD: u8 = libc::IFA_F_NODAD as u8;
pub(super) const IFA_F_OPTIMISTIC: u8 = libc::IFA_F_OPTIMISTIC as u8;
pub(super) const RTEXT_FILTER_SKIP_STATS: u32 = libc::RTEXT_FILTER_SKIP_STATS as u32;
