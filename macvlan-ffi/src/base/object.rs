//! Objects behind the pointers that C programs hold, and the detection of wrong pointers.
//!
//! Each object begins with a tag, which is made of its type's name and checked first, so an object
//! of another type, and usually a freed one, is refused instead of used. Memory that was never one
//! of our objects, and freed memory that was reused, cannot be detected: that is undefined
//! behaviour, as everywhere in C.

use std::ptr;

use crate::base::misuse::Misuse;

/// A type of the header, and the Rust value of its pointers.
pub(crate) trait Object {
    /// The Rust value. The header says that objects can be passed between threads, and that any
    /// number of threads may read one at once.
    type Inner: Send + Sync;
    /// The type's name in C.
    const NAME: &'static str;
    /// The tag at the beginning of its objects.
    const TAG: u64 = hash(Self::NAME);
}

/// Declares the Rust value of a type of the header.
macro_rules! object {
    ($type:ident, $inner:ty) => {
        impl crate::base::object::Object for $type {
            type Inner = $inner;
            const NAME: &'static str = stringify!($type);
        }
    };
}
pub(crate) use object;

/// The memory layout of every object.
#[repr(C)]
pub(crate) struct Tagged<T> {
    tag: u64,
    inner: T,
}

const FREED: u64 = hash("an object that was freed");

/// Hashes a name with FNV-1a: different for every name, and unlikely to occur in memory by chance.
const fn hash(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let mut hash = 0xcbf2_9ce4_8422_2325;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        at += 1;
    }
    hash
}

/// Makes a part of another object, which C programs may read but not change or free.
pub(crate) fn part<O: Object>(inner: O::Inner) -> Tagged<O::Inner> {
    Tagged { tag: !O::TAG, inner }
}

impl<T> Tagged<T> {
    pub(crate) fn pointer<O: Object<Inner = T>>(&self) -> *const O {
        ptr::from_ref(self).cast()
    }
}

/// Makes the parts of a list.
pub(crate) fn parts<O: Object>(inner: impl IntoIterator<Item = O::Inner>) -> Vec<Tagged<O::Inner>> {
    inner.into_iter().map(part::<O>).collect()
}

/// Returns one part of a list; null past the end.
pub(crate) fn nth<O: Object>(parts: &[Tagged<O::Inner>], index: usize) -> *const O {
    parts.get(index).map_or(ptr::null(), Tagged::pointer)
}

/// Makes an object for the C program, which has to free it.
pub(crate) fn give<O: Object>(to: &mut *mut O, inner: O::Inner) {
    *to = Box::into_raw(Box::new(Tagged { tag: O::TAG, inner })).cast();
}

/// Ownership: an object may be changed and freed, a part may not.
#[derive(PartialEq)]
enum Ownership {
    Whole,
    Part,
}

/// Checks the tag.
///
/// # Safety
///
/// The pointer is null or leads to eight bytes that can be read.
unsafe fn look<O: Object>(pointer: *const O, argument: &str) -> Result<Ownership, Misuse> {
    let tag: *const u64 = pointer.cast();
    if tag.is_null() {
        return Err(Misuse::new(format!("{argument} is NULL")));
    }
    let wrong = || Misuse::new(format!("{argument} is not a {}", O::NAME));
    if !tag.is_aligned() {
        return Err(wrong());
    }
    // Volatile, so that the last write of `free` is seen. SAFETY: it is neither null nor
    // misaligned, and the caller guarantees the rest.
    match unsafe { tag.read_volatile() } {
        tag if tag == O::TAG => Ok(Ownership::Whole),
        tag if tag == !O::TAG => Ok(Ownership::Part),
        FREED => Err(Misuse::new(format!("{argument} has been freed"))),
        _ => Err(wrong()),
    }
}

/// Borrows the object of a pointer from C; the macro [`shared!`] adds the argument's name.
///
/// # Safety
///
/// The pointer is null or leads to an object of ours that is not changed or freed during the call.
pub(crate) unsafe fn shared_at<'a, O: Object>(
    pointer: *const O,
    argument: &str,
) -> Result<&'a O::Inner, Misuse> {
    // SAFETY: guaranteed by the caller.
    unsafe { look(pointer, argument)? };
    // SAFETY: the tag says that such an object is there, and the caller guarantees that it stays.
    Ok(unsafe { &(*pointer.cast::<Tagged<O::Inner>>()).inner })
}

/// Borrows an object mutably. Parts of other objects are refused.
///
/// # Safety
///
/// The pointer is null or leads to an object of ours that is not used by others during the call.
pub(crate) unsafe fn exclusive_at<'a, O: Object>(
    pointer: *mut O,
    argument: &str,
) -> Result<&'a mut O::Inner, Misuse> {
    // SAFETY: guaranteed by the caller.
    if unsafe { look(pointer.cast_const(), argument)? } == Ownership::Part {
        return Err(Misuse::new(format!("{argument} is a part of another object")));
    }
    // SAFETY: the tag says that such an object is there, and the caller guarantees exclusive
    // access.
    Ok(unsafe { &mut (*pointer.cast::<Tagged<O::Inner>>()).inner })
}

/// Takes an object back from C and drops it; ignores a part.
///
/// # Safety
///
/// The pointer is null or leads to an object of ours that is not used by others.
pub(crate) unsafe fn take<O: Object>(pointer: *mut O) -> Result<(), Misuse> {
    // SAFETY: guaranteed by the caller.
    if unsafe { look(pointer.cast_const(), "")? } == Ownership::Part {
        return Ok(());
    }
    let tagged = pointer.cast::<Tagged<O::Inner>>();
    // Volatile, or it would be optimized away, since no code reads it afterwards. SAFETY: the tag
    // says that such an object is there.
    unsafe { (&raw mut (*tagged).tag).write_volatile(FREED) };
    // SAFETY: `give` made it from a box, and the tag says that it has not been freed since.
    drop(unsafe { Box::from_raw(tagged) });
    Ok(())
}

/// Borrows the objects of an array of pointers from C.
///
/// # Safety
///
/// The array is null or has so many pointers, each null or leading to an object of ours that is not
/// changed or freed during the call.
pub(crate) unsafe fn many<'a, O: Object>(
    pointers: *const *const O,
    count: usize,
    argument: &str,
) -> Result<Vec<&'a O::Inner>, Misuse> {
    // SAFETY: guaranteed by the caller.
    let pointers = unsafe { array(pointers.cast_mut(), count, argument)? };
    let each = pointers.iter().enumerate();
    // SAFETY: guaranteed by the caller.
    each.map(|(at, object)| unsafe { shared_at(*object, &format!("{argument}[{at}]")) }).collect()
}

/// Borrows an array of pointers from C; empty if it is null and the count is 0.
///
/// # Safety
///
/// The array is null or has so many pointers, which are not used by others during the call.
pub(crate) unsafe fn array<'a, T>(
    pointers: *mut T,
    count: usize,
    argument: &str,
) -> Result<&'a mut [T], Misuse> {
    if count == 0 {
        return Ok(&mut []);
    }
    if pointers.is_null() {
        return Err(Misuse::new(format!("{argument} is NULL")));
    }
    if count > isize::MAX as usize / size_of::<T>() {
        return Err(Misuse::new(format!("{count} {argument} do not fit into memory")));
    }
    // SAFETY: it is not null and not too long, and the caller guarantees the rest.
    Ok(unsafe { std::slice::from_raw_parts_mut(pointers, count) })
}

/// Borrows the object of a pointer argument.
macro_rules! shared {
    ($argument:ident) => {
        // SAFETY: the header says which object such a pointer leads to, and for how long.
        unsafe { crate::base::object::shared_at($argument, stringify!($argument)) }?
    };
}
pub(crate) use shared;

/// Borrows the object of a pointer argument mutably.
macro_rules! exclusive {
    ($argument:ident) => {
        // SAFETY: the header says which object such a pointer leads to, and that changes need
        // exclusive access.
        unsafe { crate::base::object::exclusive_at($argument, stringify!($argument)) }?
    };
}
pub(crate) use exclusive;

/// Makes the place for a result. It is initialized at once, so that it never keeps its old value.
macro_rules! out {
    ($argument:ident = $nothing:expr) => {{
        if $argument.is_null() {
            let why = concat!(stringify!($argument), " is NULL");
            return Err(crate::base::misuse::Misuse::new(why).into());
        }
        // SAFETY: it is not null, and the header requires that a result can be put there.
        unsafe {
            $argument.write($nothing);
            &mut *$argument
        }
    }};
    ($argument:ident) => {
        crate::base::object::out!($argument = std::ptr::null_mut())
    };
}
pub(crate) use out;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::boundary::free;
    use std::ptr::null_mut;

    struct Apple;
    struct Pear;
    object!(Apple, String);
    object!(Pear, String);

    fn misuse<T>(result: Result<T, Misuse>) -> String {
        match result {
            Err(Misuse(why)) => why.into_owned(),
            _ => panic!("nothing was noticed"),
        }
    }

    #[test]
    fn objects_of_another_type_are_refused() {
        let mut apple: *mut Apple = null_mut();
        give(&mut apple, "boskoop".into());
        // SAFETY: each of these pointers is null, leads to a living object, or is refused by its
        // tag.
        unsafe {
            assert_eq!(shared_at(apple, "fruit").ok().map(String::as_str), Some("boskoop"));
            exclusive_at(apple, "fruit").ok().unwrap().push('!');
            assert_eq!(shared_at(apple, "fruit").ok().map(String::as_str), Some("boskoop!"));
            assert_eq!(misuse(shared_at(apple.cast::<Pear>(), "fruit")), "fruit is not a Pear");
            assert_eq!(misuse(shared_at(null_mut::<Pear>(), "fruit")), "fruit is NULL");
            let besides = apple.cast::<u8>().add(1).cast::<Apple>();
            assert_eq!(misuse(shared_at(besides, "fruit")), "fruit is not a Apple");
            // These do not free it.
            free(apple.cast::<Pear>());
            free(besides);
            free(null_mut::<Apple>());
            assert!(shared_at(apple, "fruit").is_ok());
            free(apple);
        }
    }

    #[test]
    fn a_freed_object_says_so_as_long_as_its_memory_has_no_other_use() {
        let mut freed = Tagged { tag: FREED, inner: String::new() };
        let pointer = (&raw mut freed).cast::<Apple>();
        // SAFETY: the pointer leads to a living object.
        unsafe {
            assert_eq!(misuse(shared_at(pointer, "fruit")), "fruit has been freed");
            free(pointer); // would free what is no box, if it did anything
        }
    }

    #[test]
    fn parts_can_only_be_looked_at() {
        let pear = part::<Pear>("conference".into());
        let pointer = pear.pointer::<Pear>();
        // SAFETY: the pointer leads to a living object.
        unsafe {
            assert_eq!(shared_at(pointer, "fruit").ok().map(String::as_str), Some("conference"));
            let why = misuse(exclusive_at(pointer.cast_mut(), "fruit"));
            assert_eq!(why, "fruit is a part of another object");
            free(pointer.cast_mut());
        }
        assert_eq!(pear.inner, "conference");
    }
}
