//! Finds and removes a host's link that was kept, whichever process has created it.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use ipnet::IpNet;

use crate::endpoint::{self, IntoParent};
use crate::error::{Error, Result};
use crate::host::Host;
use crate::host::access::shim::Shim;
use crate::host::access::state::State;
use crate::host::access::{Access, HostAccess};
use crate::owner::Owner;
use crate::value::name::LinkName;

impl Host {
    /// Returns the name of the host's link on a parent; `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ParentNotFound`](crate::ErrorKind::ParentNotFound) if the parent does not
    /// exist.
    #[doc(hidden)] // for the command
    pub fn find_access(&self, parent: impl IntoParent) -> Result<Option<LinkName>> {
        Ok(self.find_shim(parent)?.map(|shim| shim.name()))
    }

    /// Deletes the host's link on a parent, by its mark, with all routes through it; false if there
    /// is none.
    ///
    /// Moves addresses back first.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if another session uses the
    /// link; otherwise as for [`HostAccess::close`] and [`Host::find_access`].
    #[doc(hidden)] // for the command
    pub fn remove_access(&self, parent: impl IntoParent) -> Result<bool> {
        let parent = parent.try_into().map_err(Into::into)?;
        let Some(shim) = self.find_shim(&parent)? else { return Ok(false) };
        if shim.has_company()? {
            return Err(Error::invalid("remove the host's link", "another process uses it")
                .on_link(shim.name().as_str())
                .on_parent(parent.to_string())
                .with_hint("end that process first"));
        }
        let mut state = State::default();
        state.shim = Some(shim);
        let (host, access, owner) = (self.clone(), Access::on(&parent)?, Owner::here());
        let (state, moved) = (Mutex::new(state), Arc::default());
        HostAccess { host, access, state, moved, owner }.close()?;
        Ok(true)
    }

    /// Deletes the host's routes to addresses through its link on a parent, and with the last route
    /// a [transient](Access::transient) link that no other session uses.
    ///
    /// A parent that does not exist has no such link.
    ///
    /// # Errors
    ///
    /// As for [`HostAccess::remove`].
    #[doc(hidden)] // for the command
    pub fn remove_access_to(&self, parent: impl IntoParent, addresses: &[IpAddr]) -> Result<()> {
        let netns = self.netns();
        let _alone = netns.lock()?;
        let parent = parent.try_into().map_err(Into::into)?;
        let Some(found) = endpoint::find_parent(netns, &parent)? else { return Ok(()) };
        let Some(shim) = Shim::find(netns, found.index)? else { return Ok(()) };
        let routes: Vec<IpNet> = addresses.iter().copied().map(IpNet::from).collect();
        shim.delete_routes(&routes)?;
        let mark = shim.mark()?;
        let may_go = mark.transient && mark.moved.is_none();
        if may_go && !shim.has_company()? && !shim.is_routed_through()? {
            shim.delete()?;
        }
        Ok(())
    }

    /// Returns the addresses that the host reaches through its link on a parent, if the link is
    /// [transient](Access::transient).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::System`](crate::ErrorKind::System) and
    /// [`ErrorKind::Protocol`](crate::ErrorKind::Protocol) if the kernel refuses.
    #[doc(hidden)] // for the command
    pub fn transient_access(&self, parent: impl IntoParent) -> Result<Vec<IpAddr>> {
        let netns = self.netns();
        let parent = parent.try_into().map_err(Into::into)?;
        let Some(found) = endpoint::find_parent(netns, &parent)? else { return Ok(Vec::new()) };
        let Some(shim) = Shim::find(netns, found.index)? else { return Ok(Vec::new()) };
        if shim.mark()?.transient { shim.reached() } else { Ok(Vec::new()) }
    }

    fn find_shim(&self, parent: impl IntoParent) -> Result<Option<Shim>> {
        let netns = self.netns();
        let parent = parent.try_into().map_err(Into::into)?;
        let _alone = netns.lock()?;
        match endpoint::find_parent(netns, &parent)? {
            Some(found) => Shim::find(netns, found.index),
            None if parent.on_demand().is_some() => Ok(None),
            None => Err(endpoint::missing_parent(netns, &parent)),
        }
    }
}
