//! Rust values as structs of the header, which belong to the object that has the value.

use std::any::Any;
use std::ffi::{CString, c_char};
use std::fmt::Display;
use std::path::Path;
use std::ptr::{NonNull, null};
use std::sync::OnceLock;

use crate::base::object::{Object, part};
use crate::base::record::Record;
use crate::base::text::{c_path, c_string};

/// A value that C programs read as a struct.
pub(crate) trait Output {
    type Record: Record;

    /// Makes the struct; what its pointers lead to is kept in the arena.
    fn record(&self, arena: &mut Arena) -> Self::Record;
}

/// The zeroes after each struct that the library returns: a field that only a later header has is
/// then zero, which means that it is not set.
#[repr(C)]
struct Padded<R> {
    record: R,
    zeroes: [u64; 32],
}

/// The parts of a struct: texts, arrays, other structs. They are freed with it.
#[derive(Default)]
pub(crate) struct Arena(Vec<NonNull<dyn Any>>);

impl Arena {
    fn keep<T: Any>(&mut self, value: T) -> *const T {
        let kept = NonNull::from(Box::leak(Box::new(value)));
        self.0.push(kept);
        kept.as_ptr()
    }

    fn c_text(&mut self, text: CString) -> *const c_char {
        // Its bytes stay where they are when it is moved.
        let bytes = text.as_ptr();
        self.keep(text);
        bytes
    }

    pub(crate) fn text(&mut self, value: impl Display) -> *const c_char {
        self.c_text(c_string(value))
    }

    /// Keeps a text; NULL for `None`.
    pub(crate) fn text_of(&mut self, value: Option<impl Display>) -> *const c_char {
        value.map_or(null(), |value| self.text(value))
    }

    pub(crate) fn array<T: Any>(&mut self, values: Vec<T>) -> (*const T, usize) {
        if values.is_empty() {
            return (null(), 0);
        }
        let array = (values.as_ptr(), values.len());
        self.keep(values);
        array
    }

    pub(crate) fn texts(
        &mut self,
        values: impl IntoIterator<Item = impl Display>,
    ) -> (*const *const c_char, usize) {
        let texts = values.into_iter().map(|value| self.text(value)).collect();
        self.array(texts)
    }

    /// Keeps paths, which need not be UTF-8.
    pub(crate) fn paths(
        &mut self,
        paths: impl IntoIterator<Item = impl AsRef<Path>>,
    ) -> (*const *const c_char, usize) {
        let paths = paths.into_iter().map(|path| self.c_text(c_path(path.as_ref()))).collect();
        self.array(paths)
    }

    /// Keeps an object; NULL for `None`.
    pub(crate) fn object_of<O: Object<Inner: 'static> + 'static>(
        &mut self,
        inner: Option<O::Inner>,
    ) -> *const O {
        inner.map_or(null(), |inner| self.keep(part::<O>(inner)).cast())
    }

    /// Keeps the objects of a list.
    #[cfg(feature = "networks")]
    pub(crate) fn objects<O: Object<Inner: 'static> + 'static>(
        &mut self,
        inner: impl IntoIterator<Item = O::Inner>,
    ) -> (*const *const O, usize) {
        let objects = inner.into_iter().map(|inner| self.object_of(Some(inner))).collect();
        self.array(objects)
    }

    fn padded<R: Record>(&mut self, record: R) -> *const R {
        self.keep(Padded { record, zeroes: [0; 32] }).cast()
    }

    /// Keeps another value's struct.
    pub(crate) fn part<T: Output>(&mut self, value: &T) -> *const T::Record {
        let record = value.record(self);
        self.padded(record)
    }

    /// Keeps another value's struct; NULL for `None`.
    pub(crate) fn part_of<T: Output>(&mut self, value: Option<&T>) -> *const T::Record {
        value.map_or(null(), |value| self.part(value))
    }

    pub(crate) fn parts<'a, T: Output + 'a>(
        &mut self,
        values: impl IntoIterator<Item = &'a T>,
    ) -> (*const *const T::Record, usize) {
        let records = values.into_iter().map(|value| self.part(value)).collect();
        self.array(records)
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        for kept in self.0.drain(..) {
            // SAFETY: `keep` made it from a box, and it is not used after its arena.
            drop(unsafe { Box::from_raw(kept.as_ptr()) });
        }
    }
}

/// A value and its struct, which is made at the first request: most are never requested, and an
/// attach should not pay for them.
pub(crate) struct View<T: Output> {
    pub(crate) value: T,
    made: OnceLock<(*const T::Record, Arena)>,
}

// SAFETY: the struct and its parts are written once, before any thread can read them.
unsafe impl<T: Output + Send> Send for View<T> {}
// SAFETY: likewise.
unsafe impl<T: Output + Sync> Sync for View<T> {}

impl<T: Output> From<T> for View<T> {
    fn from(value: T) -> Self {
        Self { value, made: OnceLock::new() }
    }
}

impl<T: Output> View<T> {
    /// Returns the struct, which stays until the view is changed or dropped.
    pub(crate) fn record(&self) -> *const T::Record {
        let make = || {
            let mut arena = Arena::default();
            (arena.part(&self.value), arena)
        };
        self.made.get_or_init(make).0
    }
}

pub(crate) fn views<T: Output>(values: impl IntoIterator<Item = T>) -> Vec<View<T>> {
    values.into_iter().map(View::from).collect()
}

/// Returns one struct of a list; NULL past the end.
pub(crate) fn nth_record<T: Output>(views: &[View<T>], index: usize) -> *const T::Record {
    views.get(index).map_or(null(), View::record)
}
