//! The header is what the sources say: made by cbindgen, committed, and no other.
//!
//! `UPDATE_HEADER=1 cargo test -p macvlan-ffi --test header` writes it anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

/// The sources of the header, in its order.
const IN_ORDER: [&str; 25] = [
    "version",
    "error",
    "mac",
    "netns",
    "parent",
    "options",
    "vlan",
    "endpoint",
    "endpoint_set",
    "plan",
    "host",
    "attachment",
    "link",
    "change",
    "link_info",
    "address",
    "route",
    "rule",
    "neighbour",
    "handle",
    "handle_links",
    "handle_addresses",
    "handle_routes",
    "promisc",
    "watch",
];
/// What the header knows nothing of.
const WITHIN: [&str; 5] = ["lib", "boundary", "kernel", "object", "text"];

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

#[test]
fn the_committed_header_is_what_the_sources_say() {
    let made = header();
    if std::env::var_os("UPDATE_HEADER").is_some() {
        fs::write(root().join("../include/macvlan.h"), &made).unwrap();
    }
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
    let committed = read("../include/macvlan.h");
    let mut list: String = functions(&committed).into_iter().collect::<Vec<_>>().join("\n");
    list.push('\n');
    if std::env::var_os("UPDATE_HEADER").is_some() {
        fs::write(root().join("symbols.txt"), &list).unwrap();
    }
    assert_eq!(list, read("symbols.txt"), "symbols.txt differs from include/macvlan.h");
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

/// The core's enumeration can be extended, so no `match` here could tell that it was: its source
/// can.
#[test]
fn the_kinds_of_errors_are_those_of_the_core() {
    let core: BTreeSet<_> =
        numbers(&read("../macvlan-core/src/error.rs"), "pub enum ErrorKind {", "\n}")
            .into_iter()
            .map(|(name, number)| (format!("MACVLAN_ERROR_{}", screaming(&name)), number))
            .collect();
    assert!(core.len() >= 22, "{core:?}");
    let mut header = numbers(
        &read("../include/macvlan.h"),
        "typedef enum macvlan_error_kinds {",
        "} macvlan_error_kinds;",
    );
    assert!(header.remove(&("MACVLAN_ERROR_NONE".to_owned(), 0)), "{header:?}");
    assert_eq!(core, header);
}

#[test]
fn no_source_is_forgotten() {
    let listed: BTreeSet<String> =
        IN_ORDER.iter().chain(&WITHIN).map(ToString::to_string).collect();
    let there: BTreeSet<String> = fs::read_dir(root().join("src"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(listed, there);
}

/// Every type says what threads may do with it.
#[test]
fn every_type_says_what_threads_may_do() {
    let committed = read("../include/macvlan.h");
    let comments: Vec<_> = committed.split("/**").skip(1).collect();
    let types: Vec<_> =
        comments.iter().filter(|comment| comment.contains("\ntypedef struct ")).collect();
    assert!(types.len() > 20);
    for comment in types {
        assert!(comment.contains(" * Threads: "), "{comment}");
    }
}
