//! Options that are described only when they are needed.

use clap::{ArgMatches, Args, Command, Error, FromArgMatches, Id};

/// The arguments of a verb. They are described when the verb is parsed or its help is printed: to
/// describe those of all verbs takes longer than many a verb.
pub(crate) struct Deferred<T>(pub(crate) T);

/// Describes the arguments, but leaves the line about the verb, which its enum gives.
fn describe<T: Args>(verb: Command) -> Command {
    let about = verb.get_about().cloned().unwrap_or_default();
    let common: Vec<Id> = verb.get_arguments().map(|one| one.get_id().clone()).collect();
    let verb = T::augment_args(verb).about(about).long_about(None);
    // Those of all verbs come last in the help. An argument that is changed moves there.
    common.into_iter().fold(verb, |verb, id| verb.mut_arg(id, |one| one))
}

impl<T: Args> Args for Deferred<T> {
    fn augment_args(verb: Command) -> Command {
        verb.defer(describe::<T>)
    }

    fn augment_args_for_update(verb: Command) -> Command {
        T::augment_args_for_update(verb)
    }
}

impl<T: FromArgMatches> FromArgMatches for Deferred<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches(matches).map(Self)
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches_mut(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }
}
