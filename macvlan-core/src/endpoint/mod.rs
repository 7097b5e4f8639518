//! What one container interface should be, and what it became.

mod attach;
mod attachment;
mod check;
mod detach;
mod difference;
#[allow(clippy::module_inception)] // the type that all of this is about
mod endpoint;
mod ensure;
mod on_demand;
mod parent;
mod plan;
mod told;

pub use attachment::Attachment;
pub use check::Difference;
pub use detach::Detached;
pub use difference::DifferenceKind;
pub use endpoint::{Endpoint, EndpointKind};
pub use ensure::Ensured;
pub use parent::{IntoParent, Parent};
pub use plan::{Plan, Step};

pub(crate) use attach::{Warm, attach, attach_warm, warm};
pub(crate) use attachment::attachments;
pub(crate) use check::check;
pub(crate) use detach::{detach, detach_together, insist, release_parent};
pub(crate) use ensure::ensure;
pub(crate) use on_demand::remove_unused_parents;
