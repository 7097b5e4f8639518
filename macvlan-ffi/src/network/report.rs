//! Errors of the networks, as errors for C.

use crate::base::report::{Failure, Report};
use crate::base::text::c_string;

impl From<macvlan_network::Error> for Failure {
    fn from(error: macvlan_network::Error) -> Self {
        Self::Told(Box::new(Report::of_network(&error)))
    }
}

impl Report {
    /// Converts an error of the networks. An error of the core below it keeps its contents, with
    /// the operation of the network.
    pub(crate) fn of_network(error: &macvlan_network::Error) -> Self {
        let mut report = match error.core() {
            Some(core) => Self::of_core(core),
            None => Self::of_network_alone(error),
        };
        report.message = c_string(error);
        report.operation = c_string(error.operation());
        report.cause = c_string(error.cause());
        report.network = error.network().map(c_string);
        report.hint = error.hint().map(c_string);
        report.leftovers = error.leftovers().map(c_string).collect();
        report
    }

    /// Converts an error without one of the core below it: its kind, name and number.
    fn of_network_alone(error: &macvlan_network::Error) -> Self {
        let kind = error.kind();
        let errno = error.errno().unwrap_or(kind.errno());
        let is = [
            error.is_exists(),
            error.is_not_found(),
            error.is_permission_denied(),
            error.is_invalid_value(),
        ];
        Self::bare(kind as u32, is, kind.as_str(), errno)
    }
}
