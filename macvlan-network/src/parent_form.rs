//! The comparison of parents, and their form in stores.

use macvlan_core::{LinkName, Parent, VlanProtocol};
use serde::{Deserialize, Serialize};

/// Returns whether two parents are the same link, judged by their descriptions.
///
/// VLANs are compared by base, id and protocol, other links by name.
pub(crate) fn is_same(one: &Parent, other: &Parent) -> bool {
    let tag = |parent: &Parent| (parent.get_vlan_id(), parent.get_protocol());
    match (one.get_base(), other.get_base()) {
        (Some(base), Some(others)) => tag(one) == tag(other) && is_same(base, others),
        _ => one.to_string() == other.to_string(),
    }
}

/// A parent: as text if possible, which is all that version 1 has.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum StoredParent {
    Text(String),
    Link { link: String },
    Vlan { base: Box<Self>, id: u16, protocol: VlanProtocol, name: Option<LinkName> },
}

impl From<&Parent> for StoredParent {
    fn from(parent: &Parent) -> Self {
        let text = parent.to_string();
        let vlan = || parent.get_base().zip(parent.get_vlan_id()).zip(parent.get_protocol());
        match vlan() {
            _ if text.parse().is_ok_and(|parsed: Parent| parsed == *parent) => Self::Text(text),
            Some(((base, id), protocol)) => {
                let (base, name) = (Box::new(Self::from(base)), parent.get_name());
                Self::Vlan { base, id, protocol, name }
            }
            None => Self::Link { link: text },
        }
    }
}

/// Writes a parent as text, which is enough to compare it.
pub(crate) fn write_parent(parent: &Parent) -> String {
    let written = serde_json::to_string(&StoredParent::from(parent));
    written.unwrap_or_else(|_| parent.to_string())
}

/// Reads a parent that was written as text, unless a later version has written it.
pub(crate) fn read_parent(text: &str) -> Option<Parent> {
    serde_json::from_str::<StoredParent>(text).ok()?.read().ok()
}

impl StoredParent {
    pub(crate) fn read(self) -> macvlan_core::Result<Parent> {
        match self {
            Self::Text(text) => text.parse(),
            Self::Link { link } => Parent::alternative_name(&link),
            Self::Vlan { base, id, protocol, name } => {
                let vlan = Parent::vlan(base.read()?, id)?.protocol(protocol)?;
                name.map_or(Ok(vlan.clone()), |name| vlan.name(name))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vlan_is_the_same_under_any_name() {
        let vlan = || Parent::vlan("eth0", 20).unwrap();
        let parse = |text: &str| text.parse::<Parent>().unwrap();
        let service = || vlan().protocol(VlanProtocol::Dot1ad).unwrap();
        assert!(is_same(&vlan().name("lan").unwrap(), &parse("eth0.20")));
        assert!(is_same(&vlan().name("lan").unwrap(), &parse("lan")));
        assert!(!is_same(&service(), &vlan()) && !is_same(&vlan(), &parse("eth0.21")));
        assert!(!is_same(&vlan(), &parse("eth0")) && !is_same(&vlan(), &parse("eth1.20")));
        let inner = |base: Parent| Parent::vlan(base, 5).unwrap();
        assert!(is_same(&inner(vlan()), &parse("eth0.20.5")));
        assert!(!is_same(&inner(service()), &parse("eth0.20.5")));
    }
}
