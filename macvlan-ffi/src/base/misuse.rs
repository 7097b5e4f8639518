//! Arguments that are not what the header asks for.

use std::borrow::Cow;

/// Why an argument is refused: it is NULL, freed, of another type, not UTF-8.
pub(crate) struct Misuse(pub(crate) Cow<'static, str>);

impl Misuse {
    pub(crate) fn new(why: impl Into<Cow<'static, str>>) -> Self {
        Self(why.into())
    }
}
