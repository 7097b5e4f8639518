//! Carrying out a plan: all of it, or nothing.

mod create;
mod steps;
mod undo;
mod warm;
mod work;

use crate::endpoint::attach::work::Work;
use crate::endpoint::attachment::Attachment;
use crate::endpoint::endpoint::Endpoint;
use crate::error::Result;
use crate::netns::NetNs;

pub(crate) use warm::{Warm, attach_warm, warm};

/// Makes an endpoint exist inside a namespace, on a parent in the host's.
///
/// With `tolerant`, rules and routes that stand there already, from an attachment that ended halfway,
/// are no failure.
pub(crate) fn attach(
    host: &NetNs,
    endpoint: &Endpoint,
    netns: &NetNs,
    tolerant: bool,
) -> Result<Attachment> {
    let plan = endpoint.plan()?;
    Work { tolerant, ..Work::begin(host, endpoint, netns)? }.carry_out(plan.phases)
}
