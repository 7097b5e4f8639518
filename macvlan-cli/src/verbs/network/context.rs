//! The objects that the verbs of networks use.

use macvlan_network::Networks;

use crate::session::Session;

/// The session, and the networks of the store.
pub(super) struct Context<'a> {
    pub(super) session: &'a Session,
    pub(super) networks: Networks,
}
