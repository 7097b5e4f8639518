//! The lists of a network that can be emptied.

use clap::ValueEnum;

/// A list, named as the option that adds to it.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
pub(super) enum List {
    Route,
    Opt,
    Label,
    IpRange,
    Exclude,
    AuxAddress,
}
