//! Structs that a program passes, which may be of another version.

use std::mem::size_of;
use std::slice;

use crate::base::record::{LARGEST, Record, zeroed};
use crate::base::report::Failure;

/// A struct of which the library makes a value of its own.
pub(crate) trait Input: Record {
    type Value;

    /// Converts the fields; `argument` names the struct in errors.
    ///
    /// # Safety
    ///
    /// The struct's pointers are as the header requires.
    unsafe fn value(&self, argument: &str) -> Result<Self::Value, Failure>;
}

/// Reads a struct of a program that may know fewer or more fields. Fields that it does not know are
/// zero. Fields that only it knows must be zero, since the library could not do what they say.
///
/// # Safety
///
/// The pointer is null or leads to as many bytes as its size says.
unsafe fn read<R: Record>(pointer: *const R, argument: &str) -> Result<R, Failure> {
    if pointer.is_null() {
        return Err(Failure::misuse(format!("{argument} is NULL")));
    }
    if !pointer.cast::<usize>().is_aligned() {
        return Err(Failure::misuse(format!("{argument} is not a {}", R::NAME)));
    }
    // SAFETY: it is neither null nor misaligned, and the caller guarantees the rest.
    let size = unsafe { pointer.cast::<usize>().read() };
    if !(size_of::<usize>()..=LARGEST).contains(&size) {
        return Err(Failure::misuse(format!(
            "the size of {argument} is {size}; initialize it with MACVLAN_INIT({})",
            R::NAME
        )));
    }
    // SAFETY: guaranteed by the caller.
    let bytes = unsafe { slice::from_raw_parts(pointer.cast::<u8>(), size) };
    let (known, unknown) = bytes.split_at(size.min(size_of::<R>()));
    if unknown.iter().any(|byte| *byte != 0) {
        return Err(Failure::Newer(format!("{argument} has fields that this library lacks")));
    }
    let mut record = zeroed::<R>();
    // SAFETY: it has at least as many bytes, and any bytes are a value of it.
    unsafe {
        (&raw mut record).cast::<u8>().copy_from_nonoverlapping(known.as_ptr(), known.len());
    }
    Ok(record)
}

/// Reads a struct and converts it; the macro [`input!`] adds the argument's name.
///
/// # Safety
///
/// The pointer is null or leads to such a struct, whose pointers are as the header requires.
pub(crate) unsafe fn input_at<R: Input>(
    pointer: *const R,
    argument: &str,
) -> Result<R::Value, Failure> {
    // SAFETY: guaranteed by the caller.
    unsafe { read(pointer, argument)?.value(argument) }
}

/// Reads an array of pointers to structs and converts these.
///
/// # Safety
///
/// The array is null or has so many pointers, each as for [`input_at`].
#[cfg(feature = "networks")]
pub(crate) unsafe fn inputs_at<R: Input>(
    pointers: *const *const R,
    count: usize,
    argument: &str,
) -> Result<Vec<R::Value>, Failure> {
    // SAFETY: guaranteed by the caller.
    let pointers = unsafe { crate::base::object::array(pointers.cast_mut(), count, argument)? };
    let each = pointers.iter().enumerate();
    // SAFETY: guaranteed by the caller.
    each.map(|(at, one)| unsafe { input_at(*one, &format!("{argument}[{at}]")) }).collect()
}

/// Converts a struct in an argument.
macro_rules! input {
    ($argument:ident) => {
        // SAFETY: the header says which struct such a pointer leads to.
        unsafe { crate::base::input::input_at($argument, stringify!($argument)) }?
    };
}
pub(crate) use input;

/// Converts a struct in an argument; the default value for NULL.
macro_rules! input_or_default {
    ($argument:ident) => {
        if $argument.is_null() { Default::default() } else { crate::base::input::input!($argument) }
    };
}
pub(crate) use input_or_default;

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy)]
    #[repr(C)]
    struct Known {
        size: usize,
        first: u32,
        second: u32,
    }
    crate::base::record::record!(Known);

    #[repr(C)]
    struct Larger {
        known: Known,
        third: u64,
    }

    fn read_from<T>(given: &T) -> Result<(u32, u32), Failure> {
        // SAFETY: these structs are as large as their sizes say.
        let read: Known = unsafe { read(std::ptr::from_ref(given).cast(), "given")? };
        Ok((read.first, read.second))
    }

    fn misuse(result: Result<(u32, u32), Failure>) -> String {
        match result {
            Err(Failure::Misuse(why)) => why.into_owned(),
            Err(Failure::Newer(why)) => format!("newer: {why}"),
            _ => panic!("it was accepted"),
        }
    }

    #[test]
    fn sizes_are_as_of_openat2() {
        let mut known = Known { first: 1, second: 2, ..Known::new() };
        assert_eq!(read_from(&known).ok(), Some((1, 2)));
        known.size = 12; // a program that does not know the second field
        assert_eq!(read_from(&known).ok(), Some((1, 0)));

        let mut larger = Larger { known, third: 0 };
        larger.known.size = size_of::<Larger>();
        assert_eq!(read_from(&larger).ok(), Some((1, 2)));
        larger.third = 1 << 56;
        let why = misuse(read_from(&larger));
        assert_eq!(why, "newer: given has fields that this library lacks");

        for size in [0, 7, 4097, usize::MAX] {
            known.size = size;
            let why = misuse(read_from(&known));
            assert_eq!(
                why,
                format!("the size of given is {size}; initialize it with MACVLAN_INIT(Known)")
            );
        }
    }
}
