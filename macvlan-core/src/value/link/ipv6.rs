//! The kernel's automatic IPv6 configuration of a link, and its sysctls.

use std::fmt;

use crate::value::text::named;

/// The acceptance of router advertisements (RFC 4861).
///
/// They configure default routes, prefixes and addresses.
///
/// The numbers are the kernel's (`accept_ra` in its `Documentation/networking/ip-sysctl.rst`).
#[doc(alias = "DEVCONF_ACCEPT_RA")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum AcceptRa {
    /// Never accepted.
    Never = 0,
    /// Accepted unless the link forwards IPv6, the kernel's default.
    UnlessForwarding = 1,
    /// Accepted even if the link forwards IPv6.
    Always = 2,
}

named!(
    AcceptRa,
    "acceptance of router advertisements",
    [Never = "never", UnlessForwarding = "unless-forwarding", Always = "always",]
);

impl AcceptRa {
    /// Returns the variant for one of the kernel's numbers.
    pub fn from_kernel(number: u8) -> Option<Self> {
        [Self::Never, Self::UnlessForwarding, Self::Always]
            .into_iter()
            .find(|accept| *accept as u8 == number)
    }
}

/// An IPv6 sysctl of a link with its value, `net.ipv6.conf.LINK.NAME`.
///
/// Displayed as `sysctl` takes it, without the link: `accept_ra=0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ipv6Sysctl {
    /// `accept_ra`: the acceptance of router advertisements.
    AcceptRa(AcceptRa),
    /// `autoconf`: whether addresses are configured from advertised prefixes (RFC 4862).
    Autoconf(bool),
    /// `disable_ipv6`: whether IPv6 is disabled on the link.
    DisableIpv6(bool),
    /// `ndisc_notify`: whether the kernel announces addresses when the MAC address changes.
    NdiscNotify(bool),
}

impl Ipv6Sysctl {
    /// Returns the name of the sysctl, such as `"accept_ra"`.
    pub fn name(self) -> &'static str {
        match self {
            Self::AcceptRa(_) => "accept_ra",
            Self::Autoconf(_) => "autoconf",
            Self::DisableIpv6(_) => "disable_ipv6",
            Self::NdiscNotify(_) => "ndisc_notify",
        }
    }

    /// Returns the value as the kernel's number.
    pub fn value(self) -> u8 {
        match self {
            Self::AcceptRa(accept) => accept as u8,
            Self::Autoconf(on) | Self::DisableIpv6(on) | Self::NdiscNotify(on) => u8::from(on),
        }
    }
}

impl fmt::Display for Ipv6Sysctl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name(), self.value())
    }
}
