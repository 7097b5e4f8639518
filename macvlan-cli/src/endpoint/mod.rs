//! The options that describe an endpoint.

mod address;
pub(crate) mod kind;
mod link;
pub(crate) mod on_demand;

use clap::Args;
use macvlan_core::{Assignment, Endpoint, EndpointType, LinkName, Parent};

use crate::endpoint::address::AddressOptions;
use crate::endpoint::kind::{MacvlanArgs, VlanArgs};
use crate::endpoint::link::LinkOptions;
use crate::endpoint::on_demand::OnDemandOptions;
use crate::failure::{Done, Failure};

/// A parent, a container, and the description of its interface.
#[derive(Args)]
pub(crate) struct EndpointOptions {
    /// A link of the host; ens33.100 is VLAN 100 of ens33, created on demand
    parent: Parent,
    /// The container
    pub(crate) container: String,
    /// Such as 172.16.104.10/24@172.16.104.1; the gateway gets the default route
    #[arg(value_name = "ADDRESS/LENGTH[@GATEWAY]")]
    addresses: Vec<Assignment>,
    /// The interface's name in the container
    #[arg(short = 'i', long, alias = "interface", default_value = "eth0")]
    name: LinkName,
    #[command(flatten)]
    link: LinkOptions,
    #[command(flatten)]
    on_demand: OnDemandOptions,
    #[command(flatten)]
    layer3: AddressOptions,
    #[command(flatten)]
    macvlan: MacvlanArgs,
    #[command(flatten)]
    vlan: VlanArgs,
}

impl EndpointOptions {
    /// Returns the endpoint.
    pub(crate) fn endpoint(&self) -> Done<Endpoint> {
        let parent = self.on_demand.apply(self.parent.clone())?;
        let mut endpoint = match (self.link.kind, self.vlan.options()?) {
            (Some(EndpointType::Vlan), None) => {
                return Err(Failure::usage(
                    "cannot use kind vlan: the id is missing; give --vlan-id",
                ));
            }
            (Some(EndpointType::Vlan), Some(vlan)) => Endpoint::vlan(self.name, parent, vlan)?,
            (_, Some(_)) => {
                return Err(Failure::usage(
                    "cannot use options of a VLAN: the interface is a macvlan; give --kind vlan",
                ));
            }
            (Some(EndpointType::Macvtap), None) => Endpoint::macvtap(self.name, parent)?,
            (_, None) => Endpoint::new(self.name, parent)?,
        };
        if let Some(mode) = self.macvlan.mode {
            endpoint = endpoint.mode(mode)?;
        }
        if self.macvlan.is_set() {
            endpoint = endpoint.change_options(|options| self.macvlan.apply(options))?;
        }
        Ok(self.layer3.apply(self.addresses.iter().copied(), self.link.apply(endpoint)))
    }
}
