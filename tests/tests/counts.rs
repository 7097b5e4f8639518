//! The cost of an attach in exact numbers: system calls, requests, instructions. They do not grow
//! with the number of links. (Allocations are counted in a separate program.)
#![deny(dead_code)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use macvlan_tests::{Need, Outcome, Stop, is_guest, need};

/// Attaches to the given number of containers.
const ATTACHER: &str = env!("CARGO_BIN_EXE_attacher");
/// The number of attaches examined.
const TIMES: usize = 10;

/// An output file, deleted when dropped.
struct Report(PathBuf);

impl Report {
    fn new(name: &str) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("macvlan-{name}-{}-{number}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn need_native_kernel() -> Outcome {
    if is_guest()? {
        let why = "neither strace nor valgrind is at home on a kernel that is itself a process";
        return Err(Stop::Ignored(why.to_owned()));
    }
    Ok(())
}

/// Runs the attacher under a tool, which writes to the report.
fn under(tool: &mut Command, report: &Path, siblings: usize, times: usize) -> Outcome<String> {
    let program = tool.get_program().to_string_lossy().into_owned();
    let output = match tool.arg(ATTACHER).args([siblings, times].map(|n| n.to_string())).output() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Stop::Ignored(format!("there is no {program}")));
        }
        other => other?,
    };
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {complaint}");
    Ok(fs::read_to_string(report)?)
}

/// Returns the attacher's system calls during the attaches, one per line.
fn traced(siblings: usize) -> Outcome<Vec<String>> {
    need(Need::Ipv6)?;
    need_native_kernel()?;
    let report = Report::new("trace");
    // Between the marks only one thread runs, so calls of other threads do not interrupt the lines.
    let mut strace = Command::new("strace");
    strace.args(["-f", "-s", "4096", "-o"]).arg(&report.0);
    let trace = under(&mut strace, &report.0, siblings, TIMES)?;
    let begin = trace.lines().position(|line| line.contains("/macvlan-counts-begin"));
    let end = trace.lines().position(|line| line.contains("/macvlan-counts-end"));
    let (Some(begin), Some(end)) = (begin, end) else { return Err("no marks in the trace".into()) };
    let calls = trace.lines().take(end).skip(begin + 1);
    let calls = calls.filter_map(|line| line.split_once(' ').map(|(_, call)| call.trim_start()));
    // The allocator occasionally requests more memory.
    let of_the_allocator = ["brk(", "mmap(", "munmap(", "madvise("];
    let ours = |call: &&str| !of_the_allocator.iter().any(|other| call.starts_with(other));
    Ok(calls.filter(ours).map(str::to_owned).collect())
}

fn counted(calls: &[String]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for call in calls {
        *counts.entry(call.split('(').next().unwrap_or_default()).or_default() += 1;
    }
    counts
}

/// Lock and unlock the namespace; enter it, open a socket, and return; one request on the host's
/// socket, one send inside, one for `lo`.
fn system_calls() -> Outcome {
    let calls = traced(0)?;
    let each = BTreeMap::from([
        ("getpid", 5),
        ("flock", 2),
        ("readlink", 1),
        ("setns", 3),
        ("socket", 1),
        ("setsockopt", 2),
        ("getrandom", 1),
        ("ioctl", 1),
        ("sendto", 3),
        ("recvmsg", 3),
    ]);
    let expected = each.into_iter().map(|(call, count)| (call, count * TIMES)).collect();
    assert_eq!(counted(&calls), expected, "{calls:#?}");
    let siblings = traced(60)?;
    assert_eq!(counted(&siblings), expected, "with siblings on the parent: {siblings:#?}");
    Ok(())
}

/// The link; two addresses and two routes; `lo`.
fn requests() -> Outcome {
    let calls = traced(0)?;
    let sends = calls.iter().filter(|call| call.starts_with("sendto("));
    let requests: Vec<usize> =
        sends.map(|send| send.matches("nlmsg_flags=NLM_F_REQUEST").count()).collect();
    assert_eq!(requests, [1, 4, 1].repeat(TIMES), "{calls:#?}");
    Ok(())
}

/// Returns the instructions of this many attaches, of the library and the C library.
fn instructions(siblings: usize, times: usize) -> Outcome<u64> {
    let report = Report::new("callgrind");
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["--tool=callgrind", "--toggle-collect=macvlan_core::endpoint::attach::attach"])
        .arg(format!("--callgrind-out-file={}", report.0.display()));
    let told = under(&mut valgrind, &report.0, siblings, times)?;
    let summary = told.lines().find_map(|line| line.strip_prefix("totals:"));
    Ok(summary.ok_or("callgrind tells no totals")?.trim().parse()?)
}

/// The limit leaves room for another compiler; the number of links must not matter.
fn instructions_of_an_attach() -> Outcome {
    need(Need::Ipv6)?;
    need_native_kernel()?;
    let at_most = if cfg!(debug_assertions) { 250_000 } else { 20_000 };
    // The attacher also attaches siblings beforehand, and once more, which is subtracted.
    let of_one = |siblings: usize| -> Outcome<u64> {
        let times = u64::try_from(TIMES)?;
        Ok((instructions(siblings, TIMES)? - instructions(siblings, 0)?) / times)
    };
    let alone = of_one(0)?;
    assert!(alone > 1000, "callgrind counted nothing: {alone}");
    assert!(alone < at_most, "{alone} instructions");
    let with_siblings = of_one(60)?;
    let more = with_siblings.abs_diff(alone);
    assert!(more * 50 < alone, "{alone} instructions, with 60 siblings {with_siblings}");
    Ok(())
}

macvlan_tests::tests! { same_on_every_kernel: system_calls, requests, instructions_of_an_attach }
macvlan_tests::main! {}
