//! The options of a parent that is a VLAN on demand.

use clap::Args;
use macvlan_core::{LinkName, Parent, VlanProtocol};

use crate::failure::{Done, Failure};
use crate::value;

/// A parent's protocol and name.
#[derive(Args)]
pub(crate) struct OnDemandOptions {
    /// The protocol of the parent's tag, if the parent is a VLAN on demand [default: 802.1Q]
    #[arg(long, value_name = "PROTOCOL", value_parser = value::words::<VlanProtocol>(&["802.1Q", "802.1ad"]))]
    parent_protocol: Option<VlanProtocol>,
    /// The name of the parent, if it is a VLAN on demand [default: as BASE.ID]
    #[arg(long, value_name = "NAME")]
    parent_name: Option<LinkName>,
}

impl OnDemandOptions {
    /// Returns whether one of them is given.
    pub(crate) fn is_given(&self) -> bool {
        self.parent_protocol.is_some() || self.parent_name.is_some()
    }

    /// Returns the parent with the options.
    pub(crate) fn apply(&self, mut parent: Parent) -> Done<Parent> {
        if let Some(protocol) = self.parent_protocol {
            parent = parent.protocol(protocol)?;
        }
        match self.parent_name {
            Some(_) if parent.get_base().is_none() => Err(Failure::usage(
                "cannot use --parent-name: the parent is not a VLAN such as ens33.100",
            )),
            Some(name) => Ok(parent.name(name)?),
            None => Ok(parent),
        }
    }
}
