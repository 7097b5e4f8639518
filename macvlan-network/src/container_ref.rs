//! Refers to a container's leases in a network.

use crate::lease::Lease;

/// A reference to a container in a network, or to one of its interfaces there.
///
/// Converted from text: `"4f1c9a"` is the container, `"4f1c9a/eth1"` or `("4f1c9a", "eth1")` the
/// interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ContainerRef<'a> {
    /// The container's id, or the lease's id if the addresses were allocated without a container.
    pub container: &'a str,
    /// The interface's name inside; `None` for all interfaces.
    pub interface: Option<&'a str>,
}

impl ContainerRef<'_> {
    /// Returns whether this refers to a lease.
    pub(crate) fn means(&self, lease: &Lease) -> bool {
        let is_it = |interface: &str| lease.interface == *interface;
        lease.container == self.container && self.interface.is_none_or(is_it)
    }

    pub(crate) fn words(&self) -> String {
        match self.interface {
            Some(interface) => format!("interface {interface:?} of container {:?}", self.container),
            None => format!("container {:?}", self.container),
        }
    }
}

impl<'a> From<&'a str> for ContainerRef<'a> {
    fn from(text: &'a str) -> Self {
        match text.split_once('/') {
            Some((container, interface)) => Self { container, interface: Some(interface) },
            None => Self { container: text, interface: None },
        }
    }
}

impl<'a> From<&'a String> for ContainerRef<'a> {
    fn from(container: &'a String) -> Self {
        container.as_str().into()
    }
}

impl<'a> From<&'a &str> for ContainerRef<'a> {
    fn from(container: &'a &str) -> Self {
        (*container).into()
    }
}

impl<'a> From<(&'a str, &'a str)> for ContainerRef<'a> {
    fn from((container, interface): (&'a str, &'a str)) -> Self {
        Self { container, interface: Some(interface) }
    }
}

impl<'a> From<(&'a str, Option<&'a str>)> for ContainerRef<'a> {
    fn from((container, interface): (&'a str, Option<&'a str>)) -> Self {
        Self { container, interface }
    }
}
