//! Executes a plan, completely or not at all.

mod create;
mod index;
mod make_way;
pub(super) mod others;
mod repair;
mod steps;
mod undo;
mod warm;
mod work;

use crate::endpoint::attachment::Attachment;
use crate::endpoint::deletion::Deletion;
use crate::endpoint::endpoint::Endpoint;
use crate::error::Result;
use crate::netns::NetNs;
use crate::wait::Cancel;

pub(crate) use warm::{Warm, attach_warm, warm};
pub(super) use work::Work;

/// Creates an endpoint in a namespace, on a parent in the host's.
pub(crate) fn attach(
    host: &NetNs,
    endpoint: &Endpoint,
    netns: &NetNs,
    cancels: &[Cancel],
) -> Result<Attachment> {
    attach_instead(host, endpoint, netns, cancels, &[])
}

/// As [`attach`], and then deletes what an earlier link has left.
pub(super) fn attach_instead(
    host: &NetNs,
    endpoint: &Endpoint,
    netns: &NetNs,
    cancels: &[Cancel],
    left: &[Deletion],
) -> Result<Attachment> {
    let plan = endpoint.plan()?;
    let _alone = netns.lock_unless(cancels)?;
    Work::begin(host, endpoint, netns, cancels)?.carry_out(plan.phases, left)
}
