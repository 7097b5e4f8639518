//! The document of the options of a host access.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::document::{Form, in_field, required};
use crate::endpoint::Parent;
use crate::host::access::options::Access;
use crate::value::name::LinkName;
use crate::{document, serde_as};

document!(AccessForm, "the options of a host access", {
    parent: Option<Parent>,
    name: Option<LinkName>,
    addresses: Vec<IpAddr>,
    routes: Vec<IpNet>,
    keep: bool,
});

serde_as!(Access, AccessForm);

impl Form<Access> for AccessForm {
    fn of(access: &Access) -> Result<Self, String> {
        let Access { parent, name, addresses, prefixes, keep } = access.clone();
        Ok(Self { parent: Some(parent), name, addresses, routes: prefixes, keep })
    }

    fn read(self) -> Result<Access, String> {
        let access = in_field("parent", Access::on(required("parent", self.parent)?))?;
        let access = Access { name: self.name, addresses: self.addresses, ..access };
        Ok(self.routes.into_iter().fold(access.keep(self.keep), Access::route))
    }
}
