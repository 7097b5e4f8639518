//! The options of a network's subnets.

use std::net::IpAddr;

use clap::Args;
use macvlan_core::parse_ip;
use macvlan_network::{AddressRange, Subnet};

use crate::failure::{Done, Failure};
use crate::value;

/// Subnets, and the parts of them, each of which belongs to the subnet that it is in.
#[derive(Args, Default)]
#[command(next_help_heading = "Subnet options")]
pub(crate) struct SubnetOptions {
    /// A subnet (repeatable) [default: one of Docker's]; the gateway is its first address, or none
    #[arg(long, value_name = "SUBNET[@GATEWAY|@none]")]
    subnet: Vec<String>,
    /// The gateway of the subnet that it is in (repeatable)
    #[arg(long, value_name = "IP", value_parser = parse_ip::<IpAddr>)]
    gateway: Vec<IpAddr>,
    /// A range to give addresses from: a subnet, or FIRST-LAST (repeatable)
    #[arg(long, value_name = "RANGE")]
    ip_range: Vec<AddressRange>,
    /// Addresses that are never given (repeatable)
    #[arg(long, value_name = "RANGE")]
    pub(crate) exclude: Vec<AddressRange>,
    /// An address that only the container of this name gets (repeatable)
    #[arg(long, value_name = "NAME=IP", value_parser = value::pair)]
    pub(crate) aux_address: Vec<(String, String)>,
    /// Allow gateways outside of their subnets, which are assumed to be on the link
    #[arg(long)]
    pub(crate) on_link_gateway: bool,
}

impl SubnetOptions {
    pub(crate) fn is_given(&self) -> bool {
        !self.subnet.is_empty()
    }

    /// Returns the subnets that are given, or else those that the network had, with these parts.
    ///
    /// A subnet that the network had keeps the parts that are not given.
    pub(crate) fn apply(&self, had: Vec<Subnet>) -> Done<Vec<Subnet>> {
        let mut subnets = if self.subnet.is_empty() { had } else { self.given(&had)? };
        for gateway in &self.gateway {
            self.agrees(*gateway)?;
            let what = format!("gateway {gateway}");
            change(&mut subnets, *gateway, *gateway, &what, |one| one.gateway(*gateway))?;
        }
        replace(&mut subnets, "range", &self.ip_range, Subnet::clear_ranges, Subnet::range)?;
        let (clear, exclude) = (Subnet::clear_excluded, Subnet::exclude);
        replace(&mut subnets, "excluded range", &self.exclude, clear, exclude)?;
        for (name, address) in &self.aux_address {
            let ip: IpAddr = parse_ip(address)?;
            let what = format!("address {ip}");
            change(&mut subnets, ip, ip, &what, |one| one.reserve(name, ip))?;
        }
        if self.on_link_gateway {
            subnets = subnets.into_iter().map(|one| one.on_link_gateway(true)).collect();
        }
        Ok(subnets)
    }

    /// Refuses a gateway for a subnet that is given with another one, or with none.
    fn agrees(&self, gateway: IpAddr) -> Done {
        for text in &self.subnet {
            let Some((net, said)) = text.split_once('@') else { continue };
            let is_in = Subnet::new(net)?.get_net().contains(&gateway);
            if is_in && parse_ip::<IpAddr>(said).ok() != Some(gateway) {
                return Err(Failure::usage(format!(
                    "cannot use gateway {gateway}: subnet {text} is given with another; leave one out"
                )));
            }
        }
        Ok(())
    }

    fn given(&self, had: &[Subnet]) -> Done<Vec<Subnet>> {
        let found = |text: &str| -> Done<Subnet> {
            let new = Subnet::new(text)?;
            let old = had.iter().find(|old| old.get_net() == new.get_net());
            Ok(old.cloned().unwrap_or(new))
        };
        let parse = |text: &String| match text.split_once('@') {
            Some((net, "none")) => Ok(found(net)?.without_gateway()),
            Some((net, gateway)) => Ok(found(net)?.gateway(parse_ip(gateway)?)),
            None => found(text),
        };
        self.subnet.iter().map(parse).collect()
    }
}

/// Replaces the ranges of the subnets that the given ones are in.
fn replace(
    subnets: &mut [Subnet],
    what: &str,
    ranges: &[AddressRange],
    clear: fn(Subnet) -> Subnet,
    add: fn(Subnet, AddressRange) -> Subnet,
) -> Done {
    let mut for_each = |work: &dyn Fn(Subnet, AddressRange) -> Subnet| {
        ranges.iter().try_for_each(|range| {
            let what = format!("{what} {range}");
            change(subnets, range.first(), range.last(), &what, |one| work(one, *range))
        })
    };
    for_each(&|one, _| clear(one))?;
    for_each(&add)
}

/// Changes the subnet that has both addresses.
fn change(
    subnets: &mut [Subnet],
    first: IpAddr,
    last: IpAddr,
    what: &str,
    change: impl FnOnce(Subnet) -> Subnet,
) -> Done {
    let has = |one: &&mut Subnet| one.get_net().contains(&first) && one.get_net().contains(&last);
    let Some(subnet) = subnets.iter_mut().find(has) else {
        return Err(Failure::usage(format!(
            "cannot use {what}: it is in none of the network's subnets; give its subnet"
        )));
    };
    *subnet = change(subnet.clone());
    Ok(())
}
