//! The public formats of docs/formats.md: frozen samples, the page's examples, what is refused, and
//! round trips of arbitrary values.

mod page;
mod properties;
mod refused;
mod samples;
mod text;
