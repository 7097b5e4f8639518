//! A test's requirements of the kernel and of its user, tested once per process.

use std::cell::Cell;
use std::sync::OnceLock;

use macvlan_core::{ErrorKind, Handle, Link, MacvlanOptions, Mode, NetNs, VlanOptions};

use crate::harness::{Outcome, Stop, only_with_long};
use crate::ip::ip_try;

/// A feature or privilege that some kernels or users lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// The right to create and change network namespaces.
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
    /// `CONFIG_IPV6`, not disabled at boot.
    Ipv6,
    /// The program `etcd`.
    Etcd,
}

const ROOT: &str = "it takes root (CAP_SYS_ADMIN and CAP_NET_ADMIN)";
/// The message of `ip` if the kernel does not know a kind of link.
const NO_SUCH_KIND: [&str; 2] = ["Unknown device type", "not supported"];

/// The result: available, or the reason why not. An error is neither.
type Finding = Result<Option<String>, String>;

thread_local! {
    /// Whether this thread's test runs only if it needs a kind of link that a kernel may lack.
    static ONLY_OPTIONAL: Cell<bool> = const { Cell::new(false) };
}

/// Begins a test on this thread, which runs only if its first need is a kind of link that a kernel
/// may lack, or in any case.
pub(crate) fn begin_test(only_optional: bool) {
    ONLY_OPTIONAL.set(only_optional);
}

/// Lets this test run in the guest, too: one of a file whose results are the same on every kernel,
/// which shows that this is so.
pub fn on_each_kernel() {
    ONLY_OPTIONAL.set(false);
}

/// Continues if the need is met; otherwise the test is ignored, with the reason.
#[track_caller]
pub fn need(need: Need) -> Outcome {
    static FINDINGS: [OnceLock<Finding>; 9] = [const { OnceLock::new() }; 9];
    if matches!(need, Need::Vlan | Need::Dummy | Need::Ipvlan) {
        ONLY_OPTIONAL.set(false);
    } else if need != Need::Ipv6 && ONLY_OPTIONAL.get() {
        return Err(only_with_long());
    }
    match FINDINGS[need as usize].get_or_init(|| need.find_out()) {
        Ok(None) => Ok(()),
        Ok(Some(reason)) => Err(Stop::Ignored(reason.clone())),
        Err(error) => Err(error.into()),
    }
}

/// Continues if the kernel has this version or a later one.
pub fn need_kernel(major: u32, minor: u32) -> Outcome {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let mut numbers = release.split(['.', '-']).map_while(|number| number.parse::<u32>().ok());
    if (numbers.next(), numbers.next()) < (Some(major), Some(minor)) {
        let reason = format!("it takes Linux {major}.{minor}, and this is {}", release.trim());
        return Err(Stop::Ignored(reason));
    }
    Ok(())
}

impl Need {
    fn find_out(self) -> Finding {
        if self == Self::Etcd {
            let told = std::process::Command::new("etcd").arg("--version").output();
            return Ok(told.err().map(|error| format!("etcd does not run: {error}")));
        }
        let netns = match NetNs::anonymous() {
            Ok(netns) => netns,
            Err(error) if error.is_permission_denied() => return Ok(Some(ROOT.to_owned())),
            Err(error) => return Err(error.to_string()),
        };
        let try_out = || -> macvlan_core::Result<Result<(), String>> {
            let handle = Handle::in_netns(&netns)?;
            handle.add_link(&Link::veth("cable", "other", None)?)?;
            match self {
                Self::Root | Self::Etcd => handle.set_up("lo")?,
                Self::Macvlan => {
                    let options = MacvlanOptions::new(Mode::Bridge);
                    handle.add_link(&Link::macvlan("tried", "cable", options)?)?;
                }
                Self::Dummy => handle.add_link(&Link::dummy("tried")?)?,
                Self::Bridge => handle.add_link(&Link::bridge("tried")?)?,
                Self::Ipv6 => handle.add_address("lo", &"fd00::1/64".parse()?)?,
                Self::Macvtap => {
                    let options = MacvlanOptions::new(Mode::Bridge);
                    handle.add_link(&Link::macvtap("tried", "cable", options)?)?;
                }
                Self::Vlan => {
                    handle.add_link(&Link::vlan("tried", "cable", VlanOptions::new(100)?)?)?;
                }
                Self::Ipvlan => {
                    let command = "link add link cable name tried type ipvlan mode l2";
                    return Ok(ip_try(&netns, command).map(drop));
                }
            }
            Ok(Ok(()))
        };
        match try_out() {
            Ok(Ok(())) => Ok(None),
            Ok(Err(why)) if NO_SUCH_KIND.iter().any(|no| why.contains(no)) => {
                Ok(Some(format!("the kernel has no {}", self.module())))
            }
            Ok(Err(why)) => Err(why),
            Err(error) => match error.kind() {
                ErrorKind::Unsupported | ErrorKind::Ipv6Disabled => {
                    Ok(Some(format!("the kernel has no {}", self.module())))
                }
                ErrorKind::PermissionDenied => Ok(Some(ROOT.to_owned())),
                _ => Err(error.to_string()),
            },
        }
    }

    fn module(self) -> &'static str {
        match self {
            Self::Root => "veth",
            Self::Macvlan => "macvlan",
            Self::Macvtap => "macvtap",
            Self::Vlan => "8021q",
            Self::Dummy => "dummy",
            Self::Bridge => "bridge",
            Self::Ipvlan => "ipvlan",
            Self::Ipv6 => "IPv6",
            Self::Etcd => "etcd",
        }
    }
}
