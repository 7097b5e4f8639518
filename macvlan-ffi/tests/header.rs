//! The header is what the sources say: made by cbindgen, committed, and no other.
//!
//! `UPDATE_HEADER=1 cargo test -p macvlan-ffi --test header` writes it anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// The sources of the header, in its order.
const IN_ORDER: [&str; 51] = [
    "base/version",
    "base/error",
    "base/holder",
    "base/mac",
    "handle/netns",
    "value/parent",
    "value/options",
    "value/vlan",
    "endpoint/mod",
    "endpoint/setters",
    "endpoint/getters",
    "endpoint/probe",
    "endpoint/announce",
    "endpoint/plan",
    "host/mod",
    "host/crowd",
    "host/ensure",
    "host/pool",
    "endpoint/attachment",
    "endpoint/announcement",
    "host/access_options",
    "host/access",
    "host/moving",
    "host/keeper",
    "host/keep_event",
    "host/diagnosis",
    "handle/link",
    "value/change",
    "value/link_info",
    "value/address",
    "value/route",
    "value/rule",
    "value/neighbour",
    "handle/mod",
    "handle/links",
    "handle/addresses",
    "handle/routes",
    "handle/promisc",
    "handle/watch",
    "network/subnet",
    "network/config",
    "network/config_getters",
    "network/member",
    "network/etcd_options",
    "network/networks",
    "network/mod",
    "network/connection",
    "network/lease",
    "network/names",
    "network/foreign",
    "network/reconciled",
];
/// Those that are about networks, from there on, and errors.
const OF_NETWORKS: &str = "network/subnet";
/// What the header knows nothing of.
const WITHIN: [&str; 7] = [
    "lib",
    "base/mod",
    "value/mod",
    "base/boundary",
    "base/kernel",
    "base/object",
    "base/text",
];

fn root() -> PathBuf {
    // At run time: the programs are also run where the sources lie elsewhere.
    let here = std::env::var_os("CARGO_MANIFEST_DIR");
    here.map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from)
}

fn read(path: &str) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn header() -> String {
    let root = root();
    let mut config = cbindgen::Config::from_file(root.join("cbindgen.toml")).unwrap();
    let version = env!("CARGO_PKG_VERSION");
    let [major, minor, patch] = [
        env!("CARGO_PKG_VERSION_MAJOR"),
        env!("CARGO_PKG_VERSION_MINOR"),
        env!("CARGO_PKG_VERSION_PATCH"),
    ];
    config.after_includes = Some(format!(
        r#"
/** The version that this header belongs to; macvlan_version() tells the library's. */
#define MACVLAN_VERSION "{version}"
#define MACVLAN_VERSION_MAJOR {major}
#define MACVLAN_VERSION_MINOR {minor}
#define MACVLAN_VERSION_PATCH {patch}

/** Whether this header belongs to this version or a later one, for #if. */
#define MACVLAN_VERSION_AT_LEAST(major, minor, patch) \
    (MACVLAN_VERSION_MAJOR > (major) || \
     (MACVLAN_VERSION_MAJOR == (major) && \
      (MACVLAN_VERSION_MINOR > (minor) || \
       (MACVLAN_VERSION_MINOR == (minor) && MACVLAN_VERSION_PATCH >= (patch)))))"#
    ));
    let mut builder = cbindgen::Builder::new().with_config(config);
    for name in IN_ORDER {
        builder = builder.with_src(root.join("src").join(name).with_extension("rs"));
    }
    let mut header = Vec::new();
    builder.generate().unwrap().write(&mut header);
    String::from_utf8(header).unwrap()
}

/// The functions that a header declares.
fn functions(header: &str) -> BTreeSet<&str> {
    let (_, code) = header.rsplit_once("extern \"C\" {").unwrap();
    code.lines()
        .filter(|line| !line.starts_with([' ', '/', '#', '}']))
        .filter_map(|line| line.split_once('(')?.0.split([' ', '*']).next_back())
        .collect()
}

/// The header as the sources say it; written, with the list of symbols, if that is asked for.
fn made() -> &'static str {
    static MADE: LazyLock<String> = LazyLock::new(|| {
        let made = header();
        if std::env::var_os("UPDATE_HEADER").is_some() {
            fs::write(root().join("../include/macvlan.h"), &made).unwrap();
            fs::write(root().join("symbols.txt"), list(&made)).unwrap();
        }
        made
    });
    &MADE
}

/// The functions of a header, one a line.
fn list(header: &str) -> String {
    functions(header).into_iter().flat_map(|name| [name, "\n"]).collect()
}

#[test]
fn the_committed_header_is_what_the_sources_say() {
    let made = made();
    let committed = read("../include/macvlan.h");
    let differs = made.lines().zip(committed.lines()).enumerate().find(|(_, (a, b))| a != b);
    assert!(
        made == committed,
        "include/macvlan.h differs{}; UPDATE_HEADER=1 cargo test -p macvlan-ffi --test header \
         writes it anew",
        differs
            .map(|(line, (made, _))| format!(", first in line {}: {made}", line + 1))
            .unwrap_or_default()
    );
}

#[test]
fn the_exported_symbols_are_the_functions_of_the_header() {
    assert_eq!(list(made()), read("symbols.txt"), "symbols.txt differs from include/macvlan.h");
}

/// `camelCase` words apart: `MtuTooLarge` is `MTU_TOO_LARGE`.
fn screaming(name: &str) -> String {
    let mut words = String::new();
    for character in name.chars() {
        if character.is_uppercase() && !words.is_empty() {
            words.push('_');
        }
        words.extend(character.to_uppercase());
    }
    words
}

/// Lines `NAME = NUMBER,` between two texts.
fn numbers(text: &str, from: &str, to: &str) -> BTreeSet<(String, u32)> {
    let (_, rest) = text.split_once(from).unwrap_or_else(|| panic!("there is no {from:?}"));
    let (lines, _) = rest.split_once(to).unwrap();
    lines
        .lines()
        .filter_map(|line| line.trim().strip_suffix(',')?.split_once(" = "))
        .map(|(name, number)| (name.to_owned(), number.parse().unwrap()))
        .collect()
}

/// A Rust crate's kinds of errors, as C calls them. Its enumeration can be extended, so no `match` here
/// could tell that it was: its source can.
fn kinds_of_errors(of: &str) -> BTreeSet<(String, u32)> {
    let source = read(&format!("../{of}/src/error.rs"));
    let kinds = numbers(&source, "pub enum ErrorKind {", "\n}").into_iter();
    kinds.map(|(name, number)| (screaming(&name), number)).collect()
}

#[test]
fn the_kinds_of_errors_are_those_of_core_and_networks() {
    let core = kinds_of_errors("macvlan-core");
    assert!(core.len() >= 22, "{core:?}");
    let networks = kinds_of_errors("macvlan-network");
    assert!(networks.len() >= 19, "{networks:?}");
    let networks = networks.into_iter().filter_map(|(name, number)| match name.as_str() {
        // The core's.
        "INVALID_VALUE" => None,
        name if name.starts_with("NETWORK_") => Some((name.to_owned(), number + 100)),
        name => Some((format!("NETWORK_{name}"), number + 100)),
    });
    let all = core.into_iter().chain(networks);
    let all: BTreeSet<_> =
        all.map(|(name, number)| (format!("MACVLAN_ERROR_{name}"), number)).collect();
    let mut header =
        numbers(made(), "typedef enum macvlan_error_kinds {", "} macvlan_error_kinds;");
    assert!(header.remove(&("MACVLAN_ERROR_NONE".to_owned(), 0)), "{header:?}");
    assert_eq!(all, header);
}

#[test]
fn the_kinds_of_findings_are_those_of_the_core() {
    let source = read("../macvlan-core/src/host/diagnose/mod.rs");
    let core: BTreeSet<_> = numbers(&source, "pub enum FindingKind {", "\n}")
        .into_iter()
        .map(|(name, number)| (format!("MACVLAN_FINDING_{}", screaming(&name)), number))
        .collect();
    assert!(core.len() >= 20, "{core:?}");
    let mut header =
        numbers(made(), "typedef enum macvlan_finding_kinds {", "} macvlan_finding_kinds;");
    assert!(header.remove(&("MACVLAN_FINDING_NONE".to_owned(), 0)), "{header:?}");
    assert_eq!(core, header);
}

/// The variants carry what they are about, so they have no numbers of their own.
#[test]
fn the_kinds_of_reconciled_are_those_of_networks() {
    let source = read("../macvlan-network/src/reconcile.rs");
    let (_, rest) = source.split_once("pub enum Reconciled {").unwrap();
    let (body, _) = rest.split_once("\n}").unwrap();
    let variants = body.lines().filter_map(|line| line.strip_prefix("    "));
    let variants = variants.filter(|line| line.starts_with(char::is_uppercase));
    let names = variants.filter_map(|line| line.split(|end: char| !end.is_alphanumeric()).next());
    let theirs: BTreeSet<_> =
        names.map(|name| format!("MACVLAN_RECONCILED_{}", screaming(name))).collect();
    assert!(theirs.len() >= 6, "{theirs:?}");
    let header =
        numbers(made(), "typedef enum macvlan_reconciled_kinds {", "} macvlan_reconciled_kinds;");
    let header: BTreeSet<_> = header.into_iter().map(|(name, _)| name).collect();
    let other = BTreeSet::from(["MACVLAN_RECONCILED_OTHER".to_owned()]);
    assert_eq!(header.difference(&theirs).cloned().collect::<BTreeSet<_>>(), other);
    assert!(theirs.is_subset(&header), "{theirs:?}");
}

#[test]
fn no_source_is_forgotten() {
    let listed: BTreeSet<String> =
        IN_ORDER.iter().chain(&WITHIN).map(ToString::to_string).collect();
    let (src, mut there) = (root().join("src"), BTreeSet::new());
    for folder in [&src].into_iter().cloned().chain(folders(&src)) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let name = path.strip_prefix(&src).unwrap().with_extension("");
                there.insert(name.to_str().unwrap().to_owned());
            }
        }
    }
    assert_eq!(listed, there);
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(of).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_dir()).collect()
}

/// Every type says what threads may do with it.
#[test]
fn every_type_says_what_threads_may_do() {
    let comments: Vec<_> = made().split("/**").skip(1).collect();
    let types: Vec<_> =
        comments.iter().filter(|comment| comment.contains("\ntypedef struct ")).collect();
    assert!(types.len() > 20);
    for comment in types {
        assert!(comment.contains(" * Threads: "), "{comment}");
    }
}

/// What C programs say as text, or ask another way.
const NOT_REACHED: [&str; 33] = [
    // Endpoint: its kind gives it.
    "get_options",
    // Route, Rule and Address: their text says all of it.
    "advmss",
    "default_v4",
    "default_v6",
    "default_via",
    "destination",
    "duplicate_detection",
    "get_advmss",
    "get_device",
    "get_from",
    "get_gateway",
    "get_kind",
    "get_metric",
    "get_mtu",
    "get_priority",
    "get_scope",
    "get_source",
    "get_table",
    "get_to",
    "ipv6",
    "is_default",
    "is_ipv6",
    "is_on_link",
    "metric",
    "on_link",
    "prefix_len",
    "priority",
    "source",
    "to",
    "with_duplicate_detection",
    // Pool: its number of namespaces is 0.
    "is_empty",
    // Handle: the functions with a filter, which can be NULL.
    "neighbours",
    // Plan: its text.
    "steps",
];

/// The names of public functions in a folder of sources.
fn public_functions(folder: &Path, into: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        // The one is private, and the other for Rust's runtimes.
        if ["netlink", "rtnl", "tokio.rs"].contains(&name) {
            continue;
        }
        if path.is_dir() {
            public_functions(&path, into);
            continue;
        }
        for line in fs::read_to_string(&path).unwrap().lines() {
            if let Some(rest) = line.trim_start().strip_prefix("pub fn ") {
                into.insert(rest.split(['(', '<']).next().unwrap().to_owned());
            }
        }
    }
}

/// The functions of a crate that none of these sources mentions.
fn missing(of: &str, sources: impl IntoIterator<Item = &'static str>, but: &[&str]) -> Vec<String> {
    let mut theirs = BTreeSet::new();
    public_functions(&root().join("..").join(of).join("src"), &mut theirs);
    assert!(theirs.len() > 60, "{theirs:?}");
    let ours: String = sources.into_iter().map(|name| read(&format!("src/{name}.rs"))).collect();
    let words: BTreeSet<&str> =
        ours.split(|character: char| !character.is_alphanumeric() && character != '_').collect();
    let called = |name: &String| words.contains(name.as_str()) || but.contains(&name.as_str());
    theirs.into_iter().filter(|name| !called(name)).collect()
}

/// Whatever the core gains is to have its C face in the same change.
#[test]
fn every_function_of_the_core_is_called() {
    let missing = missing("macvlan-core", IN_ORDER.into_iter().chain(WITHIN), &NOT_REACHED);
    assert!(missing.is_empty(), "the C library has no face for {missing:?}");
}

/// Likewise what networks gain.
#[test]
fn every_function_of_networks_is_called() {
    let place = IN_ORDER.iter().position(|name| *name == OF_NETWORKS).unwrap();
    let sources = IN_ORDER.into_iter().skip(place).chain(["base/error"]);
    // The store is opened by its path, and what it does is done through networks. A session is closed
    // when the last of its networks is freed, so none is made again of its record.
    let other_ways = ["path", "store", "record", "with_record"];
    let missing = missing("macvlan-network", sources, &other_ways);
    assert!(missing.is_empty(), "the C library has no face for {missing:?}");
}
