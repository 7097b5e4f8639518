//! The structs of the header. They can grow: each begins with its size, by which a program and a
//! library of another version agree about the fields that both know.

use std::mem::{MaybeUninit, size_of};

/// A struct of the header.
///
/// # Safety
///
/// It is `repr(C)`, its first field is `size: usize`, and any bytes are a value of it: it consists
/// of numbers and pointers.
pub(crate) unsafe trait Record: Copy + 'static {
    /// The struct's name in C.
    const NAME: &'static str;
}

/// Declares a struct of the header. All its bytes are zero, except for the size, in [`Self::new`].
macro_rules! record {
    ($type:ident) => {
        const _: () = assert!(
            std::mem::offset_of!($type, size) == 0
                && size_of::<$type>() <= crate::base::record::LARGEST
        );
        // SAFETY: the types of the fields are numbers, pointers, and structs of these.
        unsafe impl crate::base::record::Record for $type {
            const NAME: &'static str = stringify!($type);
        }
        impl $type {
            #[allow(dead_code, reason = "some are only read")]
            pub(crate) fn new() -> Self {
                crate::base::record::zeroed()
            }
        }
    };
}
pub(crate) use record;

/// The largest size that a struct can have: a larger one is memory that was not initialized.
pub(crate) const LARGEST: usize = 4096;

/// Makes a struct with all fields zero, except for the size.
pub(crate) fn zeroed<R: Record>() -> R {
    let mut record = MaybeUninit::<R>::zeroed();
    // SAFETY: a record begins with its size, and any bytes are a value of it.
    unsafe {
        record.as_mut_ptr().cast::<usize>().write(size_of::<R>());
        record.assume_init()
    }
}
