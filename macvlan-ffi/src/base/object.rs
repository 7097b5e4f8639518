//! What is behind the pointers that C programs hold, and how far a wrong pointer is noticed.
//!
//! Each object begins with a tag, made of its type's name. It is looked at before anything else, so
//! an object of another type, and mostly one that was freed, is refused instead of used. Memory that
//! was never one of our objects, and freed memory that has found another use, cannot be told: that
//! is as undefined as everywhere in C.

use std::ptr;

use crate::base::misuse::Misuse;

/// A type of the header, and the Rust value that its pointers lead to.
pub(crate) trait Object {
    /// What is behind the pointer. The header says that objects can be handed from thread to thread,
    /// and that any number may look at one at once.
    type Inner: Send + Sync;
    /// The type's name in C.
    const NAME: &'static str;
    /// How its objects begin.
    const TAG: u64 = hash(Self::NAME);
}

/// Says what is behind the pointers to a type of the header.
macro_rules! object {
    ($type:ident, $inner:ty) => {
        impl crate::base::object::Object for $type {
            type Inner = $inner;
            const NAME: &'static str = stringify!($type);
        }
    };
}
pub(crate) use object;

/// How every object lies in memory.
#[repr(C)]
pub(crate) struct Tagged<T> {
    tag: u64,
    inner: T,
}

const FREED: u64 = hash("an object that was freed");

/// FNV-1a: different for every name, and unlikely to be found in memory by chance.
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

/// A part of another object, which C programs may look at but not change or free.
pub(crate) fn part<O: Object>(inner: O::Inner) -> Tagged<O::Inner> {
    Tagged { tag: !O::TAG, inner }
}

impl<T> Tagged<T> {
    pub(crate) fn pointer<O: Object<Inner = T>>(&self) -> *const O {
        ptr::from_ref(self).cast()
    }
}

/// The parts of a list.
pub(crate) fn parts<O: Object>(inner: impl IntoIterator<Item = O::Inner>) -> Vec<Tagged<O::Inner>> {
    inner.into_iter().map(part::<O>).collect()
}

/// One part of a list; null past the end.
pub(crate) fn nth<O: Object>(parts: &[Tagged<O::Inner>], index: usize) -> *const O {
    parts.get(index).map_or(ptr::null(), Tagged::pointer)
}

/// An object for the C program, which it has to free.
pub(crate) fn give<O: Object>(to: &mut *mut O, inner: O::Inner) {
    *to = Box::into_raw(Box::new(Tagged { tag: O::TAG, inner })).cast();
}

/// Whether an object may be changed and freed.
#[derive(PartialEq)]
enum Ownership {
    Whole,
    Part,
}

/// Looks at the tag.
///
/// # Safety
///
/// The pointer is null or leads to eight bytes that can be read.
unsafe fn look<O: Object>(pointer: *const O, argument: &str) -> Result<Ownership, Misuse> {
    let tag: *const u64 = pointer.cast();
    if tag.is_null() {
        return Err(Misuse::new(format!("{argument} is NULL")));
    }
    let wrong = || Misuse::new(format!("{argument} is no {}", O::NAME));
    if !tag.is_aligned() {
        return Err(wrong());
    }
    // Volatile, so that what `free` wrote there last counts.
    // SAFETY: it is neither null nor misaligned, and the caller vouches for the rest.
    match unsafe { tag.read_volatile() } {
        tag if tag == O::TAG => Ok(Ownership::Whole),
        tag if tag == !O::TAG => Ok(Ownership::Part),
        FREED => Err(Misuse::new(format!("{argument} has been freed"))),
        _ => Err(wrong()),
    }
}

/// What a pointer from C leads to; a macro, [`shared!`], says the argument's name.
///
/// # Safety
///
/// The pointer is null or leads to an object of ours that nobody changes or frees meanwhile.
pub(crate) unsafe fn shared_at<'a, O: Object>(
    pointer: *const O,
    argument: &str,
) -> Result<&'a O::Inner, Misuse> {
    // SAFETY: as the caller vouches.
    unsafe { look(pointer, argument)? };
    // SAFETY: the tag says that such an object is there, and the caller that it stays.
    Ok(unsafe { &(*pointer.cast::<Tagged<O::Inner>>()).inner })
}

/// The same, to be changed. Parts of other objects are refused.
///
/// # Safety
///
/// The pointer is null or leads to an object of ours that nobody else uses meanwhile.
pub(crate) unsafe fn exclusive_at<'a, O: Object>(
    pointer: *mut O,
    argument: &str,
) -> Result<&'a mut O::Inner, Misuse> {
    // SAFETY: as the caller vouches.
    if unsafe { look(pointer.cast_const(), argument)? } == Ownership::Part {
        return Err(Misuse::new(format!("{argument} is a part of another object")));
    }
    // SAFETY: the tag says that such an object is there, and the caller that it is theirs alone.
    Ok(unsafe { &mut (*pointer.cast::<Tagged<O::Inner>>()).inner })
}

/// Takes an object back from C and drops it; leaves a part where it is.
///
/// # Safety
///
/// The pointer is null or leads to an object of ours that nobody else uses.
pub(crate) unsafe fn take<O: Object>(pointer: *mut O) -> Result<(), Misuse> {
    // SAFETY: as the caller vouches.
    if unsafe { look(pointer.cast_const(), "")? } == Ownership::Part {
        return Ok(());
    }
    let tagged = pointer.cast::<Tagged<O::Inner>>();
    // Volatile, or it would be left out, as nobody may read it any more.
    // SAFETY: the tag says that such an object is there.
    unsafe { (&raw mut (*tagged).tag).write_volatile(FREED) };
    // SAFETY: `give` made it of a box, and the tag says that it has not been freed since.
    drop(unsafe { Box::from_raw(tagged) });
    Ok(())
}

/// What an array of pointers from C leads to.
///
/// # Safety
///
/// The array is null or has so many pointers, each null or leading to an object of ours that nobody
/// changes or frees meanwhile.
pub(crate) unsafe fn many<'a, O: Object>(
    pointers: *const *const O,
    count: usize,
    argument: &str,
) -> Result<Vec<&'a O::Inner>, Misuse> {
    // SAFETY: as the caller vouches.
    let pointers = unsafe { array(pointers.cast_mut(), count, argument)? };
    let each = pointers.iter().enumerate();
    // SAFETY: as the caller vouches.
    each.map(|(at, object)| unsafe { shared_at(*object, &format!("{argument}[{at}]")) }).collect()
}

/// An array of pointers from C; empty if it is null and none are wanted.
///
/// # Safety
///
/// The array is null or has so many pointers, which nobody else uses meanwhile.
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
        return Err(Misuse::new(format!("{count} is more {argument} than there can be")));
    }
    // SAFETY: it is not null and not too long, and the caller vouches for the rest.
    Ok(unsafe { std::slice::from_raw_parts_mut(pointers, count) })
}

/// What a pointer argument leads to.
macro_rules! shared {
    ($argument:ident) => {
        // SAFETY: the header says what such a pointer leads to, and for how long.
        unsafe { crate::base::object::shared_at($argument, stringify!($argument)) }?
    };
}
pub(crate) use shared;

/// What a pointer argument leads to, if it is not NULL.
macro_rules! optional {
    ($argument:ident) => {
        if $argument.is_null() { None } else { Some(crate::base::object::shared!($argument)) }
    };
}
pub(crate) use optional;

/// What a pointer argument leads to, to be changed.
macro_rules! exclusive {
    ($argument:ident) => {
        // SAFETY: the header says what such a pointer leads to, and that changing takes it alone.
        unsafe { crate::base::object::exclusive_at($argument, stringify!($argument)) }?
    };
}
pub(crate) use exclusive;

/// Where a result is to be put; it is set to what is given at once, so that it is never left as it
/// was.
macro_rules! out {
    ($argument:ident = $nothing:expr) => {{
        if $argument.is_null() {
            let why = concat!(stringify!($argument), " is NULL");
            return Err(crate::base::misuse::Misuse::new(why).into());
        }
        // SAFETY: it is not null, and the header says that a result can be put there.
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
    fn what_is_no_such_object_is_refused() {
        let mut apple: *mut Apple = null_mut();
        give(&mut apple, "boskoop".into());
        // SAFETY: all of these pointers are null or lead to a living object, or besides.
        unsafe {
            assert_eq!(shared_at(apple, "fruit").ok().map(String::as_str), Some("boskoop"));
            exclusive_at(apple, "fruit").ok().unwrap().push('!');
            assert_eq!(shared_at(apple, "fruit").ok().map(String::as_str), Some("boskoop!"));
            assert_eq!(misuse(shared_at(apple.cast::<Pear>(), "fruit")), "fruit is no Pear");
            assert_eq!(misuse(shared_at(null_mut::<Pear>(), "fruit")), "fruit is NULL");
            let besides = apple.cast::<u8>().add(1).cast::<Apple>();
            assert_eq!(misuse(shared_at(besides, "fruit")), "fruit is no Apple");
            // Neither of these frees it.
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
