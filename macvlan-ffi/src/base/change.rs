//! Changes of values that C programs read as structs.

use crate::base::report::Failure;
use crate::base::view::{Output, View};

/// Changes a value. The old struct is dropped afterwards: the arguments of a change may be parts of
/// it, and a failed change leaves both.
pub(crate) fn change<T: Output + Clone>(
    view: &mut View<T>,
    change: impl FnOnce(T) -> Result<T, Failure>,
) -> Result<(), Failure> {
    *view = change(view.value.clone())?.into();
    Ok(())
}
