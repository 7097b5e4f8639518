//! How tests are run: in parallel, and able to say while running why they cannot.
//!
//! The standard harness knows tests that are ignored only when they are compiled; whether a kernel
//! has 802.1Q shows when a test runs. So the test binaries bring their own `main`.

use std::fmt;
use std::panic::Location;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Completion, Failed, Trial};

use crate::actor::{Part, play};

/// What a test comes to; `?` on any error ends it.
pub type Outcome<T = ()> = Result<T, Stop>;

/// A test and its name.
pub type Test = (&'static str, fn() -> Outcome);

/// Why a test stopped before its end.
pub enum Stop {
    /// Something went wrong.
    Failed(String),
    /// Something is missing here that the test needs.
    Ignored(String),
}

/// In plain words, as what `main` returns is shown this way.
impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(why) => f.write_str(why),
            Self::Ignored(reason) => write!(f, "cannot be done here: {reason}"),
        }
    }
}

/// Whatever can be displayed stops a test as a failure. (`Stop` itself has no `Display`, or this
/// would collide with the conversion of everything into itself.)
impl<E: fmt::Display> From<E> for Stop {
    #[track_caller]
    fn from(error: E) -> Self {
        Self::Failed(format!("{}: {error}", Location::caller()))
    }
}

/// Whether tests are to take their long form, by `tests/run --long`.
pub fn is_long() -> bool {
    std::env::var_os("MACVLAN_LONG").is_some_and(|value| value == "1")
}

/// Goes on where it does not take minutes: on this kernel, and in the guest with `--long`. For a test
/// whose subject is the same on every kernel; where that is so of a whole file, its
/// [`tests!`](crate::tests) says so.
pub fn takes_long_in_the_guest() -> Outcome {
    if is_guest()? && !is_long() {
        return Err(Stop::Ignored("in the guest only with --long".to_owned()));
    }
    Ok(())
}

/// Whether the kernel is a user-mode Linux.
pub fn is_guest() -> Outcome<bool> {
    Ok(std::fs::read_to_string("/proc/cpuinfo")?.contains("User Mode Linux"))
}

/// What a file lists: its tests, and the parts that [`Actor`](crate::Actor)s play in them; the macro
/// [`tests!`](crate::tests) makes it.
pub struct Tests {
    /// The tests, by their names in the file.
    pub tests: &'static [Test],
    /// The parts.
    pub parts: &'static [Part],
    /// Whether another kernel would change nothing.
    pub same_on_every_kernel: bool,
}

/// Runs the tests of a program's files as the command line says (the standard harness's options), or
/// plays the part that this process was started for. Where there is more than one file, the name of
/// each test begins with its file's.
pub fn run_tests(files: &[(&str, Tests)]) -> ExitCode {
    let parts: Vec<Part> = files.iter().flat_map(|(_, file)| file.parts).copied().collect();
    if let Some(played) = play(&parts) {
        return played;
    }
    let mut trials = Vec::new();
    let times = Arc::new(Mutex::new(Vec::new()));
    for (file, Tests { tests, same_on_every_kernel, .. }) in files {
        for (name, test) in *tests {
            let asked = if *same_on_every_kernel { takes_long_in_the_guest } else { || Ok(()) };
            let name = if file.is_empty() { (*name).to_owned() } else { format!("{file}::{name}") };
            let (named, times) = (name.clone(), Arc::clone(&times));
            trials.push(Trial::ignorable_test(name, move || {
                let started = Instant::now();
                let came_to = asked().and_then(|()| test());
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
/// After a semicolon come the parts that [`Actor`](crate::Actor)s play. A file whose subject is the same
/// on every kernel begins its list with `same_on_every_kernel:`, and the guest, which takes its time, runs
/// it only with `--long`.
#[macro_export]
macro_rules! tests {
    (same_on_every_kernel: $($rest:tt)+) => { $crate::tests! { @ true $($rest)+ } };
    (@ $same:literal $($test:ident),+ $(,)? $(; parts: $($part:ident),+ $(,)?)?) => {
        pub(crate) const TESTS: $crate::Tests = $crate::Tests {
            tests: &[$((stringify!($test), $test)),+],
            parts: &[$($((stringify!($part), $part)),+)?],
            same_on_every_kernel: $same,
        };
    };
    ($($rest:tt)+) => { $crate::tests! { @ false $($rest)+ } };
}

/// Makes `main` of a program's files, each a module with [`tests!`](crate::tests) at its end; without
/// modules, of the tests in the same file.
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
