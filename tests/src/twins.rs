//! The same link twice: one created by the library, one by `ip`.

use macvlan_core::{Handle, Link, LinkInfo, MacAddr, NetNs};
use serde_json::Value;

use crate::harness::Outcome;
use crate::ip::{ip_do, ip_link};
use crate::lab::Lab;

/// The name and the MAC address of both.
const NAME: &str = "new0";
const MAC: &str = "02:00:00:00:00:0f";
/// The flags that are set by requests; others follow from the state.
const FLAGS: [(&str, u32); 4] =
    [("UP", 1), ("PROMISC", 0x100), ("ALLMULTI", 0x200), ("MULTICAST", 0x1000)];

/// A lab with a link called `new0` on both hosts: created and changed by the library on host a, by
/// `ip` on b. Neither `ip` nor the library may see a difference.
#[derive(Debug)]
pub struct Twins {
    /// The hosts.
    pub lab: Lab,
}

impl Twins {
    /// Creates two hosts without the link.
    pub fn new() -> Outcome<Self> {
        Ok(Self { lab: Lab::new()? })
    }

    /// Creates the link on host a; and on b by `ip link add link ens33 name new0 COMMON type KIND`.
    ///
    /// # Panics
    /// If `ip` fails.
    #[track_caller]
    pub fn make(&self, link: Link, common: &str, kind: &str) -> Outcome {
        self.lab.a.handle.add_link(&link.mac(MAC.parse::<MacAddr>()?))?;
        let common = format!("link ens33 name {NAME} address {MAC} {common}");
        ip_do(&self.lab.b.netns, &format!("link add {common} type {kind}"));
        Ok(())
    }

    /// Changes the link on host a; and on b by `ip WORDS`.
    ///
    /// # Panics
    /// If `ip` fails.
    #[track_caller]
    pub fn change(
        &self,
        change: impl FnOnce(&Handle) -> macvlan_core::Result<()>,
        words: &str,
    ) -> Outcome {
        change(&self.lab.a.handle)?;
        ip_do(&self.lab.b.netns, words);
        Ok(())
    }

    /// Deletes both.
    pub fn unmake(&self) -> Outcome {
        self.lab.a.handle.delete_link(NAME)?;
        Ok(self.lab.b.handle.delete_link(NAME)?)
    }

    /// Checks that `ip` sees the same link on both hosts, and that the library does. Returns the
    /// library's view.
    ///
    /// # Panics
    /// If there is a difference.
    #[track_caller]
    pub fn assert_same(&self, name: &str, said: &str) -> Outcome<LinkInfo> {
        let (a, b) = (&self.lab.a, &self.lab.b);
        assert_eq!(seen(&a.netns, name), seen(&b.netns, name), "ip, told {said:?}");
        let (ours, theirs) = (read(&a.handle, name)?, read(&b.handle, name)?);
        assert_eq!(ours, theirs, "we, told {said:?}");
        Ok(ours)
    }
}

/// Returns the output of `ip -d -j` for a link, without values that change by themselves.
#[track_caller]
fn seen(netns: &NetNs, name: &str) -> Value {
    let mut link = ip_link(netns, name);
    // A passthru link has its own parent's MAC address.
    if link["linkinfo"]["info_data"]["mode"] == "passthru" {
        link["address"].take();
    }
    link["operstate"].take();
    if let Some(flags) = link["flags"].as_array_mut() {
        flags.retain(|flag| FLAGS.iter().any(|(name, _)| flag == name));
    }
    link
}

/// Returns the library's view of it, without the same values.
fn read(handle: &Handle, name: &str) -> Outcome<LinkInfo> {
    let mut info = handle.link(name)?;
    if info
        .macvlan
        .as_ref()
        .is_some_and(|options| options.get_mode() == macvlan_core::Mode::Passthru)
    {
        info.mac = None;
    }
    Ok(at_rest(info))
}

/// Returns a description of a link, without values that change by themselves.
#[must_use]
pub fn at_rest(mut info: LinkInfo) -> LinkInfo {
    info.statistics = <_>::default();
    info.state = <_>::default();
    info.carrier = None;
    info.flags &= FLAGS.iter().fold(0, |all, (_, bit)| all | bit);
    info
}
