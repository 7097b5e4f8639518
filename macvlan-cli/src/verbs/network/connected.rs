//! The container that a text denotes among those connected to a network.
//!
//! A text that is the id of one container may be the name of another. So an id comes first, then the
//! container that a runtime has by that name, as `connect` looks it up; and a text that was an id is
//! never taken for a name.

use macvlan_network::{Lease, Network};

use crate::container;
use crate::failure::{Done, Failure};

/// The prefix of a text that is an id and nothing else.
const ID: &str = "id:";
/// The beginning of an id is accepted from this length, as Docker prints them.
const SHORTEST: usize = 4;

/// Returns the id in a text with the prefix of an id.
pub(super) fn given_id(text: &str) -> Option<&str> {
    text.strip_prefix(ID)
}

/// Returns the id of the container that a text denotes. It may have ended, so that no runtime knows
/// it.
///
/// If none is connected, this is the id that it would have; the library's error says that it is not
/// connected.
pub(super) fn id_of(network: &Network, text: &str) -> Done<String> {
    if let Some(id) = given_id(text) {
        return Ok(id.to_owned());
    }
    let has_lease = |id: &str| -> Done<bool> { Ok(network.lease((id, None))?.is_some()) };
    if has_lease(text)? {
        return Ok(text.to_owned());
    }
    let by_name = Names { leases: network.leases()? };
    if let Some((id, said)) = container::find_id(text)? {
        if !has_lease(&id)? {
            by_name.refuse(text, &format!("{said}, which is not connected, has the id {id:?}"))?;
        }
        return Ok(id);
    }
    if network.remembers(text)? {
        by_name.refuse(text, "the container with this id is already disconnected")?;
        return Ok(text.to_owned());
    }
    match &by_name.of(text)[..] {
        [] => Ok(text.to_owned()),
        [id] => Ok(id.clone()),
        several => Err(Failure::usage(format!(
            "cannot find container {text:?}: several ids begin with it: {}",
            several.join(", ")
        ))),
    }
}

/// The names of the containers in a network.
struct Names {
    leases: Vec<Lease>,
}

impl Names {
    fn ids(&self, means: impl Fn(&Lease) -> bool) -> Vec<String> {
        let found = self.leases.iter().filter(|lease| means(lease));
        let mut ids: Vec<String> = found.map(|lease| lease.container.clone()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    fn named(&self, name: &str) -> Vec<String> {
        let is_it = |known: &String| known.eq_ignore_ascii_case(name);
        self.ids(|lease| lease.name.as_ref().is_some_and(is_it))
    }

    /// Returns the ids of the containers with a name, or else with the beginning of an id.
    fn of(&self, text: &str) -> Vec<String> {
        match self.named(text) {
            named if named.is_empty() && text.len() >= SHORTEST => {
                self.ids(|lease| lease.container.starts_with(text))
            }
            named => named,
        }
    }

    /// Refuses a text that denotes a container that is not connected, if it is the name of another.
    fn refuse(&self, text: &str, why: &str) -> Done {
        let Some(id) = self.named(text).into_iter().next() else { return Ok(()) };
        Err(Failure::not_found(format!(
            "cannot find container {text:?}: {why}, and container {id:?} is called {text:?} in the \
             network; use id:{id} for that one"
        )))
    }
}
