//! Netlink messages encoded by hand, so that the floor does not depend on the library.

use std::net::IpAddr;

use nix::libc;

/// Netlink's message types and flags are `u16` on the wire and `c_int` in libc.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
const fn short(number: libc::c_int) -> u16 {
    number as u16
}

/// Creates an object that must not exist yet.
pub const CREATE: u16 = short(libc::NLM_F_CREATE | libc::NLM_F_EXCL);

const REQUEST: u16 = short(libc::NLM_F_REQUEST);
const ACK: u16 = short(libc::NLM_F_ACK);
const DUMP: u16 = short(libc::NLM_F_DUMP);
const NLMSG_DONE: u16 = short(libc::NLMSG_DONE);
const NLMSG_ERROR: u16 = short(libc::NLMSG_ERROR);
const HEADER: usize = 16;

const AF_UNSPEC: u8 = 0;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
const IFF_UP: u32 = 1;
const IFA_F_NODAD: u8 = 2;
const RTPROT_BOOT: u8 = 3;
const RT_TABLE_MAIN: u8 = 254;
const RTN_UNICAST: u8 = 1;
const MACVLAN_MODE_BRIDGE: u32 = 4;
const IN6_ADDR_GEN_MODE_NONE: u8 = 1;
const NETNSA_NSID: u16 = 1;
const NETNSA_FD: u16 = 3;
const IFLA_INET6_ADDR_GEN_MODE: u16 = 8;
const IFLA_LINK_NETNSID: u16 = 37;
const IFLA_NET_NS_PID: u16 = 19;
const IFLA_NET_NS_FD: u16 = 28;
const IFLA_NUM_TX_QUEUES: u16 = 31;
const IFLA_NUM_RX_QUEUES: u16 = 32;
const IFLA_MACVLAN_MODE: u16 = 1;

/// Messages one after the other, for one send; the last requests an acknowledgement.
#[derive(Debug, Clone, Default)]
pub struct Messages {
    bytes: Vec<u8>,
    last: usize,
}

/// The position of bytes that are filled in later.
#[derive(Debug, Clone, Copy)]
pub struct Slot(usize);

/// The properties of a new macvlan.
#[derive(Debug, Clone, Copy)]
pub struct NewLink {
    /// Up at creation, or set up later.
    pub up: bool,
    /// The index, if the caller chooses it.
    pub index: Option<u32>,
    /// True if the caller chooses the MAC address.
    pub mac: bool,
    /// True if the number of queues is given (1 and 1), which is also the kernel's default.
    pub queues: bool,
    /// In the namespace of the sending socket, with the parent's namespace given by this number;
    /// otherwise in one given by descriptor.
    pub parent_nsid: Option<u32>,
    /// In the namespace of this process, not in one given by descriptor.
    pub of_process: Option<u32>,
}

/// The positions of a new link's namespace and MAC address.
#[derive(Debug, Clone, Copy)]
pub struct LinkSlots {
    /// The namespace's descriptor.
    pub netns: Option<Slot>,
    /// The MAC address.
    pub mac: Option<Slot>,
}

impl Messages {
    /// The bytes to send.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Makes the kernel answer only if it refuses a request.
    pub fn without_ack(&mut self) {
        self.set_flags(|flags| flags & !ACK);
    }

    /// True if the kernel answers in any case.
    pub fn ask_for_an_ack(&self) -> bool {
        let flags = &self.bytes[self.last..][6..8];
        u16::from_ne_bytes([flags[0], flags[1]]) & ACK != 0
    }

    /// Fills in the values.
    pub fn fill(&mut self, slot: Slot, value: &[u8]) {
        self.bytes[slot.0..slot.0 + value.len()].copy_from_slice(value);
    }

    /// `ip link add link … type macvlan mode bridge`.
    pub fn new_link(&mut self, name: &str, parent: u32, link: NewLink) -> LinkSlots {
        let flags = if link.up { IFF_UP } else { 0 };
        self.begin(libc::RTM_NEWLINK, CREATE, &ifinfo(link.index.unwrap_or(0), flags));
        self.attribute(libc::IFLA_IFNAME, &[name.as_bytes(), b"\0"].concat());
        self.attribute(libc::IFLA_LINK, &parent.to_ne_bytes());
        let mac = link.mac.then(|| self.attribute(libc::IFLA_ADDRESS, &[0; 6]));
        if link.queues {
            self.attribute(IFLA_NUM_TX_QUEUES, &1u32.to_ne_bytes());
            self.attribute(IFLA_NUM_RX_QUEUES, &1u32.to_ne_bytes());
        }
        let netns = match (link.parent_nsid, link.of_process) {
            (Some(number), _) => {
                self.attribute(IFLA_LINK_NETNSID, &number.to_ne_bytes());
                None
            }
            (None, Some(pid)) => {
                self.attribute(IFLA_NET_NS_PID, &pid.to_ne_bytes());
                None
            }
            (None, None) => Some(self.attribute(IFLA_NET_NS_FD, &[0; 4])),
        };
        let mode = attribute(IFLA_MACVLAN_MODE, &MACVLAN_MODE_BRIDGE.to_ne_bytes());
        let info =
            [attribute(libc::IFLA_INFO_KIND, b"macvlan"), attribute(libc::IFLA_INFO_DATA, &mode)];
        self.attribute(libc::IFLA_LINKINFO, &info.concat());
        LinkSlots { netns, mac }
    }

    /// `ip link set dev … up`.
    pub fn set_up(&mut self, index: u32) {
        self.begin(libc::RTM_NEWLINK, 0, &ifinfo(index, IFF_UP));
    }

    /// `ip link show`.
    pub fn list_links(&mut self) {
        self.begin(libc::RTM_GETLINK, DUMP, &ifinfo(0, 0));
        self.without_ack();
    }

    /// `ip link delete`.
    pub fn delete_link(&mut self, index: u32) {
        self.begin(libc::RTM_DELLINK, 0, &ifinfo(index, 0));
    }

    /// `ip link set dev … addrgenmode none`: no link-local address.
    pub fn no_link_local(&mut self, index: u32) {
        self.begin(libc::RTM_NEWLINK, 0, &ifinfo(index, 0));
        let mode = attribute(IFLA_INET6_ADDR_GEN_MODE, &[IN6_ADDR_GEN_MODE_NONE]);
        self.attribute(libc::IFLA_AF_SPEC, &attribute(u16::from(AF_INET6), &mode));
    }

    /// `ip netns set`: assigns a number to the namespace of a descriptor, which is filled in later.
    pub fn new_nsid(&mut self, number: u32) -> Slot {
        self.begin(libc::RTM_NEWNSID, 0, &[AF_UNSPEC, 0, 0, 0]);
        self.attribute(NETNSA_NSID, &number.to_ne_bytes());
        self.attribute(NETNSA_FD, &[0; 4])
    }

    /// `ip address add …`, IPv4 with its broadcast address, IPv6 without duplicate detection.
    pub fn new_address(&mut self, index: u32, ip: IpAddr, prefix: u8) {
        let (family, flags) = if ip.is_ipv4() { (AF_INET, 0) } else { (AF_INET6, IFA_F_NODAD) };
        let [a, b, c, d] = index.to_ne_bytes();
        self.begin(libc::RTM_NEWADDR, CREATE, &[family, prefix, flags, 0, a, b, c, d]);
        match ip {
            IpAddr::V4(ip) => {
                self.attribute(libc::IFA_LOCAL, &ip.octets());
                self.attribute(libc::IFA_ADDRESS, &ip.octets());
                let broadcast = u32::from(ip) | u32::MAX.checked_shr(prefix.into()).unwrap_or(0);
                self.attribute(libc::IFA_BROADCAST, &broadcast.to_be_bytes());
            }
            IpAddr::V6(ip) => {
                self.attribute(libc::IFA_ADDRESS, &ip.octets());
            }
        }
    }

    /// `ip route add default via …`.
    pub fn new_default_route(&mut self, index: u32, gateway: IpAddr) {
        let family = if gateway.is_ipv4() { AF_INET } else { AF_INET6 };
        let header = [family, 0, 0, 0, RT_TABLE_MAIN, RTPROT_BOOT, 0, RTN_UNICAST, 0, 0, 0, 0];
        self.begin(libc::RTM_NEWROUTE, CREATE, &header);
        match gateway {
            IpAddr::V4(ip) => self.attribute(libc::RTA_GATEWAY, &ip.octets()),
            IpAddr::V6(ip) => self.attribute(libc::RTA_GATEWAY, &ip.octets()),
        };
        self.attribute(libc::RTA_OIF, &index.to_ne_bytes());
    }

    fn begin(&mut self, kind: u16, flags: u16, header: &[u8]) {
        if !self.bytes.is_empty() {
            self.set_flags(|flags| flags & !ACK);
        }
        self.last = self.bytes.len();
        self.bytes.extend([0; 4]);
        self.bytes.extend(kind.to_ne_bytes());
        self.bytes.extend((REQUEST | ACK | flags).to_ne_bytes());
        self.bytes.extend([0; 8]);
        self.bytes.extend(header);
        self.set_length();
    }

    fn attribute(&mut self, kind: u16, value: &[u8]) -> Slot {
        let slot = Slot(self.bytes.len() + 4);
        self.bytes.extend(attribute(kind, value));
        self.set_length();
        slot
    }

    #[allow(clippy::cast_possible_truncation)] // a few hundred bytes
    fn set_length(&mut self) {
        let length = (self.bytes.len() - self.last) as u32;
        self.bytes[self.last..][..4].copy_from_slice(&length.to_ne_bytes());
    }

    fn set_flags(&mut self, change: impl FnOnce(u16) -> u16) {
        let flags = &mut self.bytes[self.last..][6..8];
        let changed = change(u16::from_ne_bytes([flags[0], flags[1]]));
        flags.copy_from_slice(&changed.to_ne_bytes());
    }
}

/// Returns true if an answer begins with the end of a listing.
pub fn ends_a_listing(answer: &[u8]) -> bool {
    answer.get(4..6) == Some(&NLMSG_DONE.to_ne_bytes())
}

/// Returns the first error number in an answer, if any.
pub fn refusal(answer: &[u8]) -> Option<i32> {
    let word = |at: usize| answer.get(at..at + 4)?.try_into().ok().map(i32::from_ne_bytes);
    let kind = u16::from_ne_bytes(answer.get(4..6)?.try_into().ok()?);
    word(HEADER).filter(|code| kind == NLMSG_ERROR && *code != 0).map(|code| -code)
}

fn ifinfo(index: u32, flags: u32) -> Vec<u8> {
    let head = [AF_UNSPEC, 0, 0, 0];
    [&head[..], &index.to_ne_bytes(), &flags.to_ne_bytes(), &flags.to_ne_bytes()].concat()
}

#[allow(clippy::cast_possible_truncation)] // a few bytes
fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(value.len() + 7);
    bytes.extend((value.len() as u16 + 4).to_ne_bytes());
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}
