//! Runs tests in parallel. A test can report at run time that it cannot run.
//!
//! The standard harness knows only tests that are ignored at compile time. Whether a kernel has
//! 802.1Q shows only when a test runs. So the test binaries have their own `main`.

use std::fmt;
use std::panic::Location;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Completion, Failed, Trial};

use crate::actor::{Part, play};
use crate::need::begin_test;

/// The result of a test; `?` on any error ends it.
pub type Outcome<T = ()> = Result<T, Stop>;

/// A test and its name.
pub type Test = (&'static str, fn() -> Outcome);

/// The reason why a test stopped before its end.
pub enum Stop {
    /// A failure.
    Failed(String),
    /// A missing requirement of the test.
    Ignored(String),
}

/// Prints plain text, because the result of `main` is shown by `Debug`.
impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(why) => f.write_str(why),
            Self::Ignored(reason) => write!(f, "cannot be done here: {reason}"),
        }
    }
}

/// Any error that can be displayed stops a test as a failure. (`Stop` itself has no `Display`,
/// because this would conflict with the conversion of a type into itself.)
impl<E: fmt::Display> From<E> for Stop {
    #[track_caller]
    fn from(error: E) -> Self {
        Self::Failed(format!("{}: {error}", Location::caller()))
    }
}

/// Returns true if tests run in their long form, by `tests/run --long`.
pub fn is_long() -> bool {
    std::env::var_os("MACVLAN_LONG").is_some_and(|value| value == "1")
}

/// Continues unless it would take minutes: on this kernel, and in the guest with `--long`. For
/// tests whose result is the same on every kernel. If that holds for a whole file, its
/// [`tests!`](crate::tests) says so.
pub fn takes_long_in_the_guest() -> Outcome {
    if is_guest()? && !is_long() {
        return Err(only_with_long());
    }
    Ok(())
}

pub(crate) fn only_with_long() -> Stop {
    Stop::Ignored("in the guest only with --long".to_owned())
}

/// Returns true if the kernel is a user-mode Linux.
pub fn is_guest() -> Outcome<bool> {
    Ok(std::fs::read_to_string("/proc/cpuinfo")?.contains("User Mode Linux"))
}

/// A file's tests, and the parts that [`Actor`](crate::Actor)s play in them. Created by the macro
/// [`tests!`](crate::tests).
pub struct Tests {
    /// The tests, by their names in the file.
    pub tests: &'static [Test],
    /// Further tests, which there are only with `--long`.
    pub long: &'static [Test],
    /// The parts.
    pub parts: &'static [Part],
    /// True if the results are the same on every kernel.
    pub same_on_every_kernel: bool,
}

impl Tests {
    /// No tests.
    pub const NONE: Self = Self { tests: &[], long: &[], parts: &[], same_on_every_kernel: false };
}

/// Runs the tests of a program's files according to the command line (the standard harness's
/// options), or plays the part that this process was started for. With several files, the name of
/// each test begins with its file's.
pub fn run_tests(files: &[(&str, Tests)]) -> ExitCode {
    let parts: Vec<Part> = files.iter().flat_map(|(_, file)| file.parts).copied().collect();
    if let Some(played) = play(&parts) {
        return played;
    }
    let mut trials = Vec::new();
    let times = Arc::new(Mutex::new(Vec::new()));
    for (file, Tests { tests, long, same_on_every_kernel, .. }) in files {
        let long = if is_long() { *long } else { &[] };
        for (name, test) in tests.iter().chain(long) {
            let is_same = *same_on_every_kernel;
            let name = if file.is_empty() { (*name).to_owned() } else { format!("{file}::{name}") };
            let (named, times) = (name.clone(), Arc::clone(&times));
            trials.push(Trial::ignorable_test(name, move || {
                let started = Instant::now();
                let came_to = is_guest().and_then(|is_guest| {
                    begin_test(is_same && is_guest && !is_long());
                    test()
                });
                lock(&times).push((started.elapsed(), named));
                match came_to {
                    Ok(()) => Ok(Completion::Completed),
                    Err(Stop::Ignored(reason)) => Ok(Completion::ignored_with(reason)),
                    Err(Stop::Failed(why)) => Err(Failed::from(why)),
                }
            }));
        }
    }
    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials);
    print_slowest(&mut lock(&times));
    conclusion.exit_code()
}

/// The times of tests, whether or not one of those that ran has panicked.
fn lock<T>(times: &Mutex<T>) -> MutexGuard<'_, T> {
    times.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Prints the tests that took longest, where a run can be made shorter.
fn print_slowest(times: &mut Vec<(Duration, String)>) {
    times.sort_by(|one, other| other.cmp(one));
    times.truncate(10);
    let slowest = times.iter().map(|(time, name)| format!("{name} {:.1} s", time.as_secs_f64()));
    let slowest: Vec<String> = slowest.collect();
    if !slowest.is_empty() {
        println!("slowest: {}", slowest.join(", "));
    }
}

/// Lists a file's tests. A test that is not listed is dead code, which each file denies.
///
/// The parts that [`Actor`](crate::Actor)s play follow after a semicolon. If the results of a file
/// are the same on every kernel, its list begins with `same_on_every_kernel:`. The guest, which is
/// slow, then runs only tests that begin with a [`need`](crate::need()) of 802.1Q, dummy or ipvlan,
/// which another kernel may not have, and the others with `--long`. If it begins with
/// `only_with_long:`, its tests exist only with `--long`, like those that follow after `long:`.
#[macro_export]
macro_rules! tests {
    (only_with_long: $($test:ident),+ $(,)?) => {
        pub(crate) const TESTS: $crate::Tests = $crate::Tests {
            long: &[$((stringify!($test), $test)),+],
            ..$crate::Tests::NONE
        };
    };
    (same_on_every_kernel: $($rest:tt)+) => { $crate::tests! { @ true $($rest)+ } };
    (@ $same:literal $($test:ident),+ $(,)? $(; long: $($long:ident),+ $(,)?)?
        $(; parts: $($part:ident),+ $(,)?)?) => {
        pub(crate) const TESTS: $crate::Tests = $crate::Tests {
            tests: &[$((stringify!($test), $test)),+],
            long: &[$($((stringify!($long), $long)),+)?],
            parts: &[$($((stringify!($part), $part)),+)?],
            same_on_every_kernel: $same,
        };
    };
    ($($rest:tt)+) => { $crate::tests! { @ false $($rest)+ } };
}

/// Defines `main` for a program's files, each a module with [`tests!`](crate::tests) at its end.
/// Without modules, runs the tests in the same file.
#[macro_export]
macro_rules! main {
    () => {
        fn main() -> std::process::ExitCode {
            $crate::run_tests(&[("", TESTS)])
        }
    };
    ($($(#[$attribute:meta])* $module:ident),+ $(,)?) => {
        fn main() -> std::process::ExitCode {
            $crate::run_tests(&[$($(#[$attribute])* (stringify!($module), $module::TESTS)),+])
        }
    };
}
