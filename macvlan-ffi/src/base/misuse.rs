//! Arguments that are not as the header requires.

use std::borrow::Cow;

/// The reason why an argument is refused: it is NULL, freed, of another type or not UTF-8.
pub(crate) struct Misuse(pub(crate) Cow<'static, str>);

impl Misuse {
    pub(crate) fn new(why: impl Into<Cow<'static, str>>) -> Self {
        Self(why.into())
    }
}
