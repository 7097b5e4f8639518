//! Endpoints: container interfaces as they are requested, attached, checked and detached.

mod access_link;
mod attach;
mod attachment;
mod change;
mod check;
mod deletion;
mod detach;
mod difference;
#[allow(clippy::module_inception)] // the module's main type
mod endpoint;
mod ensure;
mod find_parent;
#[cfg(feature = "serde")]
mod form;
mod old_link;
mod on_demand;
mod parent;
mod plan;
mod replace;
mod shared;
mod usable;

pub use attachment::Attachment;
pub use change::Change;
pub use detach::Detached;
pub use difference::{Difference, DifferenceKind};
pub use endpoint::{Endpoint, EndpointKind};
pub use ensure::Ensured;
pub use parent::{IntoParent, Parent};
pub use plan::{Phase, Plan};

pub(crate) use access_link::{ALIAS as ACCESS_ALIAS, GROUP as ACCESS_GROUP, is_access_link};
pub(crate) use attach::{Warm, attach, attach_warm, warm};
pub(crate) use attachment::{access_link, attachments, interfaces};
pub(crate) use check::check;
pub(crate) use detach::{Visible, detach, detach_together, sweep};
pub(crate) use ensure::{ensure, plan_ensure};
pub(crate) use find_parent::{
    find as find_parent, is_macvlan, is_on, lowest, lowest_seen, missing as missing_parent, on_host,
};
pub(crate) use on_demand::{release_if_marked, remove_unused_parents};
pub(crate) use usable::unusable_addresses;
