//! The document of the options of a host access.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::document::{Form, Text, document, in_field, required, serde_as, texts};
use crate::endpoint::Parent;
use crate::host::access::options::Access;
use crate::value::name::LinkName;

document!(AccessForm, "the options of a host access", {
    parent: Option<Parent>,
    name: Option<LinkName>,
    addresses: Vec<Text<IpAddr>>,
    routes: Vec<Text<IpNet>>,
    keep: bool,
});

serde_as!(Access, AccessForm);

impl Form<Access> for AccessForm {
    fn of(access: &Access) -> Result<Self, String> {
        let Access { parent, name, addresses, prefixes, keep, transient: _ } = access.clone();
        let (addresses, routes) = (texts(addresses), texts(prefixes));
        Ok(Self { parent: Some(parent), name, addresses, routes, keep })
    }

    fn read(self) -> Result<Access, String> {
        let access = in_field("parent", Access::on(required("parent", self.parent)?))?;
        let access = Access { name: self.name, keep: self.keep, ..access };
        let addresses = self.addresses.into_iter().map(|Text(ip)| ip);
        let access = addresses.fold(access, Access::address);
        Ok(self.routes.into_iter().map(|Text(net)| net).fold(access, Access::route))
    }
}
