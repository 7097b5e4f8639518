//! The parent of an endpoint: an existing link, or a VLAN that is created on demand.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::value::link::{IntoLinkName, VlanOptions, VlanProtocol};
use crate::value::name::{LinkId, LinkName, check_alternative_name};
use crate::value::net::parse_number;

/// The link on the host that an endpoint is on.
///
/// A name such as `"ens33"` is the link with this name or, above 15 bytes, alternative name. A name
/// in VLAN notation, `"ens33.100"`, is the link with this name if it exists; otherwise it is VLAN
/// 100 of `ens33`, which is created with this name for the first endpoint and removed with the last
/// one. `"eth0.20.200"` is QinQ: VLAN 200 of VLAN 20 of `eth0`. [`Parent::vlan`] describes a VLAN
/// with another name or protocol; an existing link with the name then has to be this VLAN:
///
/// ```
/// use macvlan_core::{Endpoint, Parent, VlanProtocol};
/// let service = Parent::vlan("eth0", 20)?.protocol(VlanProtocol::Dot1ad)?;
/// let endpoint = Endpoint::new("eth0", Parent::vlan(service, 200)?.name("customer")?)?;
/// # let _ = endpoint;
/// # Ok::<(), macvlan_core::Error>(())
/// ```
///
/// A VLAN that was created on demand is marked by the link group [`Parent::ON_DEMAND_GROUP`]. It is
/// not removed if it was taken out of the group, has an address other than those that the kernel
/// adds for IPv6, is a port of a bridge or bond, or has another link on it in any namespace. A VLAN
/// on it in another namespace is only found if that namespace has a name in `/run/netns` or a
/// process. A dummy link that is put into the group is removed with its last endpoint as well.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[must_use]
pub struct Parent {
    link: Named,
    vlan: Option<(Box<Parent>, VlanTag)>,
}

/// The tag that identifies a VLAN on its base.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct VlanTag {
    pub(crate) id: u16,
    pub(crate) protocol: VlanProtocol,
}

impl VlanTag {
    pub(crate) fn is_of(self, vlan: &VlanOptions) -> bool {
        (vlan.get_id(), vlan.get_protocol()) == (self.id, self.protocol)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Named {
    Link(LinkId),
    /// An alternative name that is longer than a link's name can be.
    Alternative(Box<str>),
    /// The name that results from the base and the id.
    AfterBase,
}

impl Parent {
    /// The link group of VLANs that were created on demand (`ip link show group 1835098998`).
    #[doc(alias = "IFLA_GROUP")]
    pub const ON_DEMAND_GROUP: u32 = u32::from_be_bytes(*b"macv");

    /// Makes a parent that is an existing link.
    pub fn link(link: impl Into<LinkId>) -> Self {
        Self { link: Named::Link(link.into()), vlan: None }
    }

    /// Makes a parent that is an existing link, by an alternative name of up to 127 bytes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if the name is invalid.
    pub fn alternative_name(name: &str) -> Result<Self> {
        if name.len() <= LinkName::MAX_LEN {
            return LinkName::new(name).map(Self::link);
        }
        check_alternative_name(name)?;
        Ok(Self { link: Named::Alternative(name.into()), vlan: None })
    }

    /// Makes a parent that is VLAN `id` of a base, with the protocol 802.1Q and the name `BASE.ID`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if the id or the base is
    /// invalid.
    #[doc(alias = "IFLA_VLAN_ID")]
    pub fn vlan(base: impl IntoParent, id: u16) -> Result<Self> {
        let tag = VlanTag { id: VlanOptions::new(id)?.get_id(), protocol: VlanProtocol::Dot1q };
        let base = base.try_into().map_err(Into::into)?;
        Ok(Self { link: Named::AfterBase, vlan: Some((Box::new(base), tag)) })
    }

    /// Sets the protocol of the VLAN's tag. Defaults to 802.1Q.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if the parent is not a VLAN that
    /// is created on demand.
    #[doc(alias = "IFLA_VLAN_PROTOCOL")]
    pub fn protocol(mut self, protocol: VlanProtocol) -> Result<Self> {
        let Some((_, tag)) = &mut self.vlan else {
            return Err(Error::invalid(
                format!("set the VLAN protocol {protocol}"),
                format!("the parent {self} is not described as a VLAN"),
            )
            .with_hint("describe it by its base and id"));
        };
        tag.protocol = protocol;
        Ok(self)
    }

    /// Sets the name of the link.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if the name is invalid.
    pub fn name(mut self, name: impl IntoLinkName) -> Result<Self> {
        self.link = Named::Link(LinkId::Name(name.try_into().map_err(Into::into)?));
        Ok(self)
    }

    /// Returns the link's name or index.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if the name `BASE.ID` would be
    /// too long, and for an alternative name of more than 15 bytes
    /// ([`Parent::get_alternative_name`]).
    pub fn id(&self) -> Result<LinkId> {
        match (&self.link, &self.vlan) {
            (Named::Link(link), _) => Ok(*link),
            (Named::Alternative(name), _) => Err(Error::invalid(
                format!("use {name:?} as a link name"),
                "the name is an alternative name, longer than a link's name can be",
            )),
            (Named::AfterBase, Some((base, tag))) => match (base.get_alternative_name(), base.id())
            {
                (Some(name), _) => name_after(name, tag.id).map(LinkId::Name),
                (None, Ok(LinkId::Name(base))) => {
                    name_after(base.as_str(), tag.id).map(LinkId::Name)
                }
                (None, Ok(LinkId::Index(index))) => Err(Error::invalid(
                    format!("name VLAN {} of link #{index}", tag.id),
                    "the base is given without a name",
                )
                .with_hint("set a name for the VLAN")),
                (None, Err(error)) => Err(error),
            },
            (Named::AfterBase, None) => {
                Err(Error::invalid("name the parent", "the parent has no name"))
            }
        }
    }

    /// Returns the alternative name of more than 15 bytes, if the link is given by one.
    pub fn get_alternative_name(&self) -> Option<&str> {
        match &self.link {
            Named::Alternative(name) => Some(name),
            Named::Link(_) | Named::AfterBase => None,
        }
    }

    /// Returns the base of a VLAN that is created on demand; `None` for an existing link.
    pub fn get_base(&self) -> Option<&Parent> {
        self.on_demand().map(|(base, _)| base)
    }

    /// Returns the id of a VLAN that is created on demand.
    pub fn get_vlan_id(&self) -> Option<u16> {
        self.on_demand().map(|(_, tag)| tag.id)
    }

    /// Returns the protocol of a VLAN that is created on demand.
    pub fn get_protocol(&self) -> Option<VlanProtocol> {
        self.on_demand().map(|(_, tag)| tag.protocol)
    }

    /// Returns the name that was set for a VLAN that is created on demand; `None` for `BASE.ID`.
    pub fn get_name(&self) -> Option<LinkName> {
        match (&self.link, &self.vlan) {
            (Named::Link(LinkId::Name(name)), Some(_)) => Some(*name),
            _ => None,
        }
    }

    /// Returns the lowest link of the description: the link itself, or the base of its VLANs.
    pub(crate) fn bottom(&self) -> &Parent {
        self.get_base().map_or(self, Parent::bottom)
    }

    /// Returns the same parent on another lowest link, and its name: VLANs without a name of their
    /// own are named after their bases.
    pub(crate) fn on_bottom(&self, index: u32, name: &str) -> (Self, String) {
        let Some((base, tag)) = &self.vlan else { return (Self::link(index), name.to_owned()) };
        let (base, base_name) = base.on_bottom(index, name);
        let own = match &self.link {
            Named::Link(LinkId::Name(name)) => Ok(*name),
            _ => name_after(&base_name, tag.id),
        };
        match own.map(LinkId::Name).or_else(|_| self.id()) {
            Ok(own) => {
                let vlan = Some((Box::new(base), *tag));
                (Self { link: Named::Link(own), vlan }, own.to_string())
            }
            // A name that is too long, so the VLAN never existed.
            Err(_) => (self.clone(), self.to_string()),
        }
    }

    /// Returns the base and the tag if they say more than the name. An existing link with the name
    /// has to be this VLAN, or a container would be connected to the wrong network.
    pub(crate) fn described(&self) -> Option<(&Parent, VlanTag)> {
        let named = matches!(self.link, Named::Link(_));
        self.on_demand().filter(|(base, tag)| {
            named || tag.protocol != VlanProtocol::Dot1q || base.described().is_some()
        })
    }

    /// Returns the base and the tag, if the link can be created on demand.
    pub(crate) fn on_demand(&self) -> Option<(&Parent, VlanTag)> {
        self.vlan.as_ref().map(|(base, tag)| (&**base, *tag))
    }
}

/// A type that converts to a parent: `"ens33"`, `"ens33.100"`, an index or a [`Parent`].
pub trait IntoParent: TryInto<Parent, Error: Into<Error>> {}
impl<T: TryInto<Parent, Error: Into<Error>>> IntoParent for T {}

fn name_after(base: &str, id: u16) -> Result<LinkName> {
    let name = format!("{base}.{id}");
    LinkName::new(&name)
        .map_err(|error| error.with_hint(format!("set a shorter name for VLAN {id} of {base}")))
}

/// Splits `BASE.ID`, if it can be a VLAN of a base.
fn split_notation(text: &str) -> Option<(&str, u16)> {
    let (base, id) = text.rsplit_once('.')?;
    let id = parse_number(id).filter(|id| (1..=VlanOptions::MAX_ID).contains(id))?;
    (!base.is_empty()).then_some((base, id))
}

impl FromStr for Parent {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        if let Some((base, id)) = split_notation(text) {
            if let Ok(base) = base.parse::<Parent>() {
                let named = Self::vlan(base, id)?;
                return named.id().map(|_| named);
            }
        }
        if text.len() > LinkName::MAX_LEN {
            return Self::alternative_name(text);
        }
        text.parse().map(|link: LinkId| Self::link(link))
    }
}

impl fmt::Display for Parent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.link, &self.vlan) {
            (Named::Link(link), _) => link.fmt(f),
            (Named::Alternative(name), _) => f.pad(name),
            (Named::AfterBase, Some((base, tag))) => write!(f, "{base}.{}", tag.id),
            (Named::AfterBase, None) => Ok(()),
        }
    }
}

impl TryFrom<&str> for Parent {
    type Error = Error;
    fn try_from(text: &str) -> Result<Self> {
        text.parse()
    }
}

impl TryFrom<&String> for Parent {
    type Error = Error;
    fn try_from(text: &String) -> Result<Self> {
        text.parse()
    }
}

impl TryFrom<String> for Parent {
    type Error = Error;
    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<u32> for Parent {
    fn from(index: u32) -> Self {
        Self::link(index)
    }
}

impl From<LinkName> for Parent {
    fn from(name: LinkName) -> Self {
        Self::link(name)
    }
}

impl From<LinkId> for Parent {
    fn from(link: LinkId) -> Self {
        Self::link(link)
    }
}

impl From<&Parent> for Parent {
    fn from(parent: &Parent) -> Self {
        parent.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base_of(parent: &Parent) -> Option<(String, u16)> {
        parent.on_demand().map(|(base, tag)| (base.to_string(), tag.id))
    }

    #[test]
    fn vlan_notation() {
        let parse = |text: &str| text.parse::<Parent>().unwrap();
        assert_eq!(base_of(&parse("ens33")), None);
        assert_eq!(base_of(&parse("ens33.100")), Some(("ens33".into(), 100)));
        assert_eq!(base_of(&parse("eth0.20.200")), Some(("eth0.20".into(), 200)));
        // Names that look like VLAN notation and are not.
        for text in ["eth0.0", "eth0.007", "eth0.4095", "eth0.x", "eth0.", ".5", "eth0.+5", "#7"] {
            assert_eq!(base_of(&parse(text)), None, "{text}");
        }
        for text in ["ens33", "ens33.100", "eth0.20.200", "#7"] {
            assert_eq!(parse(text).to_string(), text);
        }
    }

    #[test]
    fn a_name_that_gets_too_long_comes_with_a_proposal() {
        for error in [
            "verylongname0.4094".parse::<Parent>().unwrap_err(),
            Parent::vlan("verylongname0", 4094).unwrap().id().unwrap_err(),
        ] {
            assert!(error.is_invalid_value());
            assert!(
                error.hint().unwrap().contains("set a shorter name for VLAN 4094 of verylongname0"),
                "{error}"
            );
        }
        let named = Parent::vlan("verylongname0", 4094).unwrap().name("lan").unwrap();
        assert_eq!(named.id().unwrap().to_string(), "lan");
        assert!(Parent::vlan(7, 100).unwrap().id().is_err());
    }

    #[test]
    fn alternative_names_may_be_long() {
        let name = "x".repeat(127);
        let parent: Parent = name.parse().unwrap();
        assert_eq!(
            (parent.to_string(), parent.get_alternative_name()),
            (name.clone(), Some(&*name))
        );
        assert!(parent.id().unwrap_err().is_invalid_value());
        let error = Parent::vlan(&parent, 100).unwrap().id().unwrap_err();
        assert!(error.hint().unwrap().contains("a shorter name"), "{error}");
        let vlan = Parent::vlan(parent, 100).unwrap().name("lan").unwrap();
        assert_eq!(vlan.get_base().unwrap().get_alternative_name(), Some(&*name));
        assert_eq!(Parent::alternative_name("lan").unwrap(), "lan".parse().unwrap());
        for wrong in ["x".repeat(128), "a name that is long".into()] {
            assert!(wrong.parse::<Parent>().unwrap_err().is_invalid_value(), "{wrong}");
        }
    }

    #[test]
    fn the_group_is_the_one_that_the_documentation_names() {
        assert_eq!(Parent::ON_DEMAND_GROUP, 1_835_098_998);
    }

    #[test]
    fn getters_return_set_values() {
        let parent = Parent::vlan("ens33.20", 100).unwrap();
        let parent = parent.protocol(VlanProtocol::Dot1ad).unwrap();
        assert_eq!(parent.get_base(), Some(&"ens33.20".parse().unwrap()));
        assert_eq!(parent.get_vlan_id(), Some(100));
        assert_eq!(parent.get_protocol(), Some(VlanProtocol::Dot1ad));
        assert_eq!(parent.get_name(), None);
        assert_eq!(parent.name("lan").unwrap().get_name().unwrap(), "lan");
        let link = Parent::link(7);
        let error = link.clone().protocol(VlanProtocol::Dot1ad).unwrap_err();
        assert!(error.is_invalid_value() && error.to_string().contains("#7"), "{error}");
        assert_eq!((link.get_base(), link.get_vlan_id(), link.get_name()), (None, None, None));
    }

    #[test]
    fn ids_are_checked() {
        assert!(Parent::vlan("eth0", 4095).is_err());
        assert!(Parent::vlan("eth0", 0).is_err());
    }
}
