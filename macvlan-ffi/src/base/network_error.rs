//! What C programs learn of the errors that only networks have, which the core knows nothing of.

use macvlan_network::Error;

use crate::base::error::Report;

/// An error without one of the core's below it: its kind, name and number.
pub(crate) fn report(error: &Error) -> Report {
    let kind = error.kind();
    let errno = error.errno().filter(|errno| *errno > 0).unwrap_or(kind.errno());
    let (exists, not_found) = (error.is_exists(), error.is_not_found());
    let families = [exists, not_found, error.is_permission_denied(), error.is_invalid_value()];
    Report::bare(kind as u32, families, kind.as_str(), errno)
}
