//! Compares the committed header with one that cbindgen generates from the sources, in sections.
//!
//! `UPDATE_HEADER=1 cargo test -p macvlan-ffi --test header` updates it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use macvlan_core::{DifferenceKind, EventKind, FindingKind, KeepEventKind};
use macvlan_network::{MacFrom, Order, ReconciledKind};

/// The sections of the header, in its order, and the sources of each: a source uses only types of
/// earlier ones, as C requires.
const SECTIONS: &[(&str, &[&str])] = &[
    ("Version of the library", &["base/version"]),
    ("Optional values and texts", &["base/optional", "base/string"]),
    ("Errors", &["base/holder", "base/report", "base/error"]),
    ("Cancellation", &["base/cancellation"]),
    ("MAC addresses", &["base/mac"]),
    ("Options of macvlan and VLAN links", &["value/options", "value/vlan", "value/change"]),
    ("Parents", &["value/parent"]),
    (
        "Links, addresses, routes, rules and neighbours as the kernel describes them",
        &["value/link_info", "value/address", "value/route", "value/rule", "value/neighbour"],
    ),
    ("Network namespaces", &["handle/netns", "handle/visible"]),
    ("Events in a namespace", &["handle/watch"]),
    (
        "Handles: the commands of ip in one namespace",
        &[
            "handle/link",
            "handle/promisc",
            "handle/mod",
            "handle/links",
            "handle/addresses",
            "handle/routes",
        ],
    ),
    ("Probing and announcing addresses", &["endpoint/probe", "endpoint/announce"]),
    (
        "Endpoints: descriptions of container interfaces",
        &["endpoint/plan", "endpoint/mod", "endpoint/setters", "endpoint/info"],
    ),
    ("Attachments: attached endpoints", &["endpoint/attachment", "endpoint/announcement"]),
    ("Hosts: attaching and detaching", &["host/mod", "host/crowd", "host/pool"]),
    ("Checking and repairing", &["host/ensure"]),
    ("Keeping endpoints attached", &["host/keep_event", "host/keeper"]),
    ("Finding the holders of addresses", &["host/probe"]),
    ("Diagnosis of a container that does not reach a peer", &["host/diagnosis"]),
    (
        "Access from the host to its own containers",
        &["host/access_options", "host/pending_move", "host/access"],
    ),
    ("Networks: configuration", &["network/subnet", "network/config"]),
    (
        "Networks and their containers",
        &[
            "network/connect_options",
            "network/lease",
            "network/connection",
            "network/mod",
            "network/allocation",
            "network/host_link",
            "network/updated",
            "network/retained",
            "network/names",
            "network/conflicting_address",
        ],
    ),
    (
        "Sessions: creating and finding networks",
        &["network/etcd_options", "network/reconciled", "network/networks", "network/host_status"],
    ),
];

fn root() -> PathBuf {
    // At run time: the programs are also run where the sources are elsewhere.
    let here = std::env::var_os("CARGO_MANIFEST_DIR");
    here.map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from)
}

fn read(path: &str) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns all sources by their names, `host/access`.
fn sources() -> BTreeMap<String, String> {
    fn read_all(folder: &Path, within: &str, into: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{within}{}", path.file_stem().unwrap().to_str().unwrap());
            if path.is_dir() {
                read_all(&path, &format!("{name}/"), into);
            } else {
                into.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut sources = BTreeMap::new();
    read_all(&root().join("src"), "", &mut sources);
    sources
}

/// Generates the beginning of the header and its declarations, each with its comment, by cbindgen. It
/// has all types before all functions.
fn declarations() -> (String, Vec<String>) {
    const HERE: &str = "/* declarations */";
    let mut config = cbindgen::Config::from_file(root().join("cbindgen.toml")).unwrap();
    let contents =
        SECTIONS.iter().zip(1..).fold(String::new(), |mut contents, ((title, _), at)| {
            write!(contents, "\n * {at:3}. {title}").unwrap();
            contents
        });
    config.header = config.header.map(|header| header.replace("@CONTENTS@", &contents));
    config.after_includes = Some(HERE.to_owned());
    let mut header = Vec::new();
    let builder = cbindgen::Builder::new().with_config(config);
    builder.with_src(root().join("src/lib.rs")).generate().unwrap().write(&mut header);
    let header = String::from_utf8(header).unwrap();
    let (beginning, rest) = header.split_once(HERE).unwrap();
    let (declarations, _) = rest.rsplit_once("#endif").unwrap();
    let declarations = declarations.trim().split("\n\n").map(|one| short(one.trim())).collect();
    (beginning.trim_end().to_owned(), declarations)
}

/// Puts the comments of fields and enumerators on one line, if they fit.
fn short(declaration: &str) -> String {
    let mut lines = declaration.lines();
    let mut shortened = Vec::new();
    while let Some(line) = lines.next() {
        if line != "    /**" {
            shortened.push(line.to_owned());
            continue;
        }
        let comment: Vec<_> = lines.by_ref().take_while(|line| *line != "     */").collect();
        let one = comment.first().map(|text| format!("    /** {} */", &text[7..]));
        if let Some(one) = one.filter(|one| comment.len() == 1 && one.len() <= 100) {
            shortened.push(one);
        } else {
            shortened.push(line.to_owned());
            shortened.extend(comment.into_iter().map(str::to_owned));
            shortened.push("     */".to_owned());
        }
    }
    shortened.join("\n")
}

/// Returns the name that is declared.
fn name(declaration: &str) -> &str {
    let code = declaration.split_once("*/\n").map_or(declaration, |(_, code)| code);
    let code = match code.strip_prefix("#define ") {
        Some(definition) => definition.split(' ').next(),
        None if code.starts_with("typedef ") => code.strip_suffix(';'),
        None => code.split('(').next(),
    };
    code.and_then(|code| code.rsplit([' ', '*']).next()).unwrap()
}

/// Returns whether a source declares this name.
fn is_of(source: &str, name: &str) -> bool {
    [
        format!(" fn {name}("),
        format!(" struct {name} "),
        format!(" enum {name} "),
        format!(" const {name}:"),
    ]
    .iter()
    .any(|start| source.contains(start))
}

fn header() -> String {
    let (mut header, mut declarations) = declarations();
    let version = env!("CARGO_PKG_VERSION");
    let [major, minor, patch] = [
        env!("CARGO_PKG_VERSION_MAJOR"),
        env!("CARGO_PKG_VERSION_MINOR"),
        env!("CARGO_PKG_VERSION_PATCH"),
    ];
    let number = [major, minor, patch]
        .iter()
        .fold(0, |number, part| number << 8 | part.parse::<u32>().unwrap());
    write!(
        header,
        r#"

/** The version of this header; macvlan_version() returns the library's. */
#define MACVLAN_VERSION "{version}"
#define MACVLAN_VERSION_MAJOR {major}
#define MACVLAN_VERSION_MINOR {minor}
#define MACVLAN_VERSION_PATCH {patch}
#define MACVLAN_VERSION_NUMBER {number:#08x}

/** True if this header is of this version or a later one, for #if. */
#define MACVLAN_VERSION_AT_LEAST(major, minor, patch) \
    (MACVLAN_VERSION_MAJOR > (major) || \
     (MACVLAN_VERSION_MAJOR == (major) && \
      (MACVLAN_VERSION_MINOR > (minor) || \
       (MACVLAN_VERSION_MINOR == (minor) && MACVLAN_VERSION_PATCH >= (patch)))))

/** A struct of this type with its size, and all other fields zero. */
#ifdef __cplusplus
#define MACVLAN_INIT(type) ([] {{ type made = type(); made.size = sizeof(type); return made; }}())
#else
#define MACVLAN_INIT(type) ((type){{ .size = sizeof(type) }})
#endif

/** Sets an optional field of a struct, except for a MAC address. */
#define MACVLAN_SET(field, number) ((field).value = (number), (field).is_set = true)

#ifdef __cplusplus
extern "C" {{
#endif
"#
    )
    .unwrap();
    let sources = sources();
    let rule = "-".repeat(96);
    for ((title, names), at) in SECTIONS.iter().zip(1..) {
        write!(header, "\n/* {rule}\n * {at}. {title}\n * {rule} */\n").unwrap();
        for source in names.iter().map(|name| &sources[*name]) {
            let (its, others) = declarations.into_iter().partition(|one| is_of(source, name(one)));
            declarations = others;
            let its: Vec<String> = its;
            header.extend(its.iter().flat_map(|one| ["\n", one, "\n"]));
        }
    }
    assert!(declarations.is_empty(), "of no section: {declarations:?}");
    header + "\n#ifdef __cplusplus\n} /* extern \"C\" */\n#endif\n\n#endif /* MACVLAN_H */\n"
}

/// Returns the functions that a header declares.
fn functions(header: &str) -> BTreeSet<&str> {
    let (_, code) = header.split_once("extern \"C\" {").unwrap();
    code.lines()
        .filter(|line| !line.starts_with([' ', '/', '#', '}']) && !line.starts_with("typedef"))
        .filter_map(|line| line.split_once('(')?.0.split([' ', '*']).next_back())
        .collect()
}

/// Returns the generated header; writes it, with the list of symbols, if requested.
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

/// Returns the functions of a header, one on each line.
fn list(header: &str) -> String {
    functions(header).into_iter().flat_map(|name| [name, "\n"]).collect()
}

/// Returns the functions that a header declares, each with the words of its comment.
fn documented(header: &str) -> impl Iterator<Item = (String, &str)> {
    header.split("\n/**\n").skip(1).filter_map(|one| {
        let (comment, code) = one.split_once(" */\n")?;
        let words = comment.split_whitespace().filter(|word| *word != "*");
        let is_function = !code.starts_with(['#', ' ']) && !code.starts_with("typedef");
        is_function.then(|| (words.collect::<Vec<_>>().join(" "), code.split(';').next().unwrap()))
    })
}

#[test]
fn each_comment_begins_with_a_verb_and_names_the_owner_of_the_result() {
    let (mut number, all) = (0, functions(made()).len());
    for (comment, code) in documented(made()) {
        number += 1;
        let verb = comment.split(' ').next().unwrap();
        assert!(verb.starts_with(char::is_uppercase) && verb.ends_with('s'), "{code}: {comment}");
        let gives = code.split(',').any(|one| {
            one.contains("**") && !one.contains("const") && !one.contains("macvlan_error **")
        });
        assert!(!gives || comment.contains(" frees"), "{code}: who frees the result?");
    }
    assert_eq!(number, all);
    assert!(number <= 400, "{number} functions");
}

#[test]
fn the_header_matches_the_sources() {
    let made = made();
    let committed = read("../include/macvlan.h");
    let differs = made.lines().zip(committed.lines()).enumerate().find(|(_, (a, b))| a != b);
    assert!(
        made == committed,
        "include/macvlan.h differs{}; UPDATE_HEADER=1 cargo test -p macvlan-ffi --test header \
         writes it again",
        differs
            .map(|(line, (made, _))| format!(", first in line {}: {made}", line + 1))
            .unwrap_or_default()
    );
}

#[test]
fn the_exported_symbols_are_the_functions_of_the_header() {
    assert_eq!(list(made()), read("symbols.txt"), "symbols.txt differs from include/macvlan.h");
}

/// Converts `MtuTooLarge` to `MTU_TOO_LARGE`.
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

/// Returns the enumerators of an enumeration of the header, with their numbers.
fn enumerators(of: &str) -> BTreeMap<&'static str, u32> {
    let start = format!("typedef enum {of} {{");
    let (_, rest) = made().split_once(&start).unwrap_or_else(|| panic!("no {of}"));
    let lines = rest.lines().take_while(|line| !line.starts_with('}'));
    lines
        .filter_map(|line| line.trim().strip_suffix(',')?.split_once(" = "))
        .map(|(name, number)| (name, number.parse().unwrap()))
        .collect()
}

/// Compares an enumeration of the header with kinds in Rust, whose variants are `CamelCase` and have
/// the same numbers; `none` is an enumerator that only the header has, by number 0.
fn compare(
    of: &str,
    prefix: &str,
    none: Option<&str>,
    kinds: impl IntoIterator<Item = (String, u32)>,
) {
    let named = |name: &str| format!("{prefix}{}", screaming(name));
    let mut expected: BTreeMap<String, u32> =
        kinds.into_iter().map(|(name, number)| (named(&name), number)).collect();
    expected.extend(none.map(|none| (format!("{prefix}{none}"), 0)));
    let found: BTreeMap<String, u32> =
        enumerators(of).into_iter().map(|(name, number)| (name.to_owned(), number)).collect();
    assert_eq!(expected, found, "{of}");
}

/// Returns all variants of a kind, with their numbers.
macro_rules! all {
    ($kinds:ty) => {
        <$kinds>::ALL.iter().map(|kind| (format!("{kind:?}"), *kind as u32))
    };
}

#[test]
fn the_kinds_of_errors_are_those_of_core_and_networks() {
    let networks =
        all!(macvlan_network::ErrorKind).filter_map(|(name, number)| match name.as_str() {
            // The core's.
            "InvalidValue" => None,
            name if name.starts_with("Network") => Some((name.to_owned(), number)),
            name => Some((format!("Network{name}"), number)),
        });
    let kinds = all!(macvlan_core::ErrorKind).chain(networks);
    compare("macvlan_error_kinds", "MACVLAN_ERROR_", Some("NONE"), kinds);
}

#[test]
fn kinds_of_findings_and_events_match_the_core() {
    let compare_with_other = |of, prefix, kinds: Vec<_>| compare(of, prefix, Some("OTHER"), kinds);
    compare("macvlan_finding_kinds", "MACVLAN_FINDING_", Some("NONE"), all!(FindingKind));
    for (of, prefix, kinds) in [
        ("macvlan_difference_kinds", "MACVLAN_DIFFERENCE_", all!(DifferenceKind).collect()),
        ("macvlan_event_kinds", "MACVLAN_EVENT_", all!(EventKind).collect()),
        ("macvlan_keep_event_kinds", "MACVLAN_KEEP_EVENT_", all!(KeepEventKind).collect()),
        ("macvlan_reconciled_kinds", "MACVLAN_RECONCILED_", all!(ReconciledKind).collect()),
    ] {
        compare_with_other(of, prefix, kinds);
    }
}

#[test]
fn choices_of_a_network_match_networks() {
    compare("macvlan_order", "MACVLAN_ORDER_", None, all!(Order));
    compare("macvlan_mac_from", "MACVLAN_MAC_FROM_", None, all!(MacFrom));
}

/// An enumeration that is in the type of no function has to be listed in cbindgen.toml.
#[test]
fn enumerations_of_fields_are_declared() {
    for after in made().split("one of enum ").skip(1) {
        let end = after.find(|one: char| one != '_' && !one.is_ascii_alphanumeric());
        let name = &after[..end.unwrap_or(after.len())];
        let is_the_kernels = ["macvlan_mode", "in6_addr_gen_mode"].contains(&name);
        let declaration = format!("typedef enum {name} {{");
        assert!(is_the_kernels || made().contains(&declaration), "no {name}");
    }
}

#[test]
fn every_type_has_rules_for_threads() {
    let comments: Vec<_> = made().split("/**").skip(1).collect();
    // Structs with fields are the program's, or const.
    let opaque = |comment: &&&str| {
        comment.lines().any(|line| line.starts_with("typedef struct ") && line.ends_with(';'))
    };
    let types: Vec<_> = comments.iter().filter(opaque).collect();
    assert!(types.len() > 20);
    for comment in types {
        assert!(comment.contains(" * Threads: "), "{comment}");
    }
}

/// Functions of the core that C programs do not need: they use text, or another function.
const NOT_REACHED: [&str; 14] = [
    // Endpoint: its kind gives them; they are set together.
    "get_options",
    "change_options",
    // Rate: its text can be in bits, "9600bit".
    "bits_per_second",
    // EndpointKind and LinkKind: their names are text.
    "endpoint_type",
    "link_type",
    // Route: its destination says so.
    "default_v4",
    "default_v6",
    "default_via",
    "is_default",
    // Announce: a count of 1.
    "once",
    // Announcement: a program's own loop sends one after the other.
    "run_until",
    // Pool: its number of namespaces is 0.
    "is_empty",
    // Handle: the functions with a filter, which can be NULL.
    "neighbours",
    // Plan: its text.
    "phases",
];

/// The names of public functions in a folder of sources.
fn public_functions(folder: &Path, into: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        // The one is private, and the other for Rust's runtimes.
        if ["netlink", "rtnl", "tokio.rs", "document.rs", "internals.rs"].contains(&name) {
            continue;
        }
        if path.is_dir() {
            public_functions(&path, into);
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let mut before = "";
        for line in text.lines().map(str::trim_start) {
            // What is hidden is for the other crates of this project.
            let hidden = before.starts_with("#[doc(hidden)]");
            if let Some(rest) = line.strip_prefix("pub fn ").filter(|_| !hidden) {
                into.insert(rest.split(['(', '<']).next().unwrap().to_owned());
            }
            before = line;
        }
    }
}

/// The functions of a crate that none of the sources mentions whose names begin so.
fn missing(of: &str, beginnings: &[&str], but: &[&str]) -> Vec<String> {
    let mut theirs = BTreeSet::new();
    public_functions(&root().join("..").join(of).join("src"), &mut theirs);
    assert!(theirs.len() > 60, "{theirs:?}");
    let sources = sources();
    let ours =
        sources.iter().filter(|(name, _)| beginnings.iter().any(|one| name.starts_with(one)));
    let words: BTreeSet<&str> = ours
        .flat_map(|(_, text)| text.split(|one: char| !one.is_alphanumeric() && one != '_'))
        .collect();
    let called = |name: &String| words.contains(name.as_str()) || but.contains(&name.as_str());
    theirs.into_iter().filter(|name| !called(name)).collect()
}

/// Whatever the core gains is to have its C face in the same change.
#[test]
fn every_function_of_the_core_is_called() {
    let missing = missing("macvlan-core", &[""], &NOT_REACHED);
    assert!(missing.is_empty(), "the C library has no face for {missing:?}");
}

/// Likewise what networks gain.
#[test]
fn every_function_of_networks_is_called() {
    // The store is opened by its path, and what it does is done through networks. A session is closed
    // when the last of its networks is freed, so none is made again of its record. Opening checks options.
    // A range's text says all of it. Networks and subnets are made with all of their lists.
    // A program that prunes with a condition lists the networks and removes some. A network decides which
    // addresses it gives when it leases them.
    let other_ways = [
        "gives",
        "path",
        "prune_if",
        "store",
        "record",
        "with_record",
        "check",
        "last",
        "clear_excluded",
        "clear_labels",
        "clear_options",
        "clear_ranges",
        "clear_reserved",
        "clear_routes",
        "clear_subnets",
    ];
    let missing = missing("macvlan-network", &["network/", "base/report"], &other_ways);
    assert!(missing.is_empty(), "the C library has no face for {missing:?}");
}
