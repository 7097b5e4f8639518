//! What a test needs of the kernel and of its user: found out by trying, once a process.

use std::sync::OnceLock;

use macvlan_core::NetNs;

use crate::harness::{Outcome, Stop};
use crate::ip::ip_try;

/// Something that not every kernel, or every user, has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// The right to make network namespaces and to change them.
    Root,
    /// `CONFIG_MACVLAN`.
    Macvlan,
    /// `CONFIG_MACVTAP`.
    Macvtap,
    /// 802.1Q: `CONFIG_VLAN_8021Q`.
    Vlan,
    /// `CONFIG_DUMMY`.
    Dummy,
    /// `CONFIG_BRIDGE`.
    Bridge,
    /// `CONFIG_IPVLAN`.
    Ipvlan,
    /// `CONFIG_IPV6`, and not switched off at boot.
    Ipv6,
}

/// What was found out: all is there, or this is why not. An error is neither.
type Finding = Result<Option<String>, String>;

/// Goes on where the need is met; elsewhere the test is ignored, and the reason told.
#[track_caller]
pub fn need(need: Need) -> Outcome {
    static FINDINGS: [OnceLock<Finding>; 8] = [const { OnceLock::new() }; 8];
    match FINDINGS[need as usize].get_or_init(|| need.find_out()) {
        Ok(None) => Ok(()),
        Ok(Some(reason)) => Err(Stop::Ignored(reason.clone())),
        Err(error) => Err(error.into()),
    }
}

impl Need {
    fn find_out(self) -> Finding {
        let netns = match NetNs::anonymous() {
            Ok(netns) => netns,
            Err(error) if error.is_permission_denied() => {
                let reason = "it takes root (CAP_SYS_ADMIN and CAP_NET_ADMIN)";
                return Ok(Some(reason.to_owned()));
            }
            Err(error) => return Err(error.to_string()),
        };
        let cable = "link add cable type veth peer name other";
        let on_cable = |what: &str| -> Finding {
            ip_try(&netns, cable)?;
            lacks(&netns, &format!("link add link cable name tried type {what}"), what)
        };
        match self {
            Self::Root => lacks(&netns, "link set lo up", "link"),
            Self::Macvlan => on_cable("macvlan mode bridge"),
            Self::Macvtap => on_cable("macvtap mode bridge"),
            Self::Vlan => on_cable("vlan id 100"),
            Self::Ipvlan => on_cable("ipvlan mode l2"),
            Self::Dummy => lacks(&netns, "link add tried type dummy", "dummy"),
            Self::Bridge => lacks(&netns, "link add tried type bridge", "bridge"),
            Self::Ipv6 => Ok(ip_try(&netns, "address add fd00::1/64 dev lo")
                .err()
                .map(|why| format!("the kernel has no IPv6 ({why})"))),
        }
    }
}

/// Tries a command: none if it works, the reason if the kernel knows no such thing.
fn lacks(netns: &NetNs, command: &str, what: &str) -> Finding {
    match ip_try(netns, command) {
        Ok(_) => Ok(None),
        Err(why) if ["Unknown device type", "not supported"].iter().any(|no| why.contains(no)) => {
            let kind = match what.split_whitespace().next() {
                Some("vlan") => "8021q (VLAN)",
                kind => kind.unwrap_or(what),
            };
            Ok(Some(format!("the kernel has no {kind}")))
        }
        Err(why) if why.contains("Operation not permitted") => {
            Ok(Some("it takes root (CAP_NET_ADMIN)".to_owned()))
        }
        Err(why) => Err(why),
    }
}
