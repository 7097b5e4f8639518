//! The examples of docs/formats.md.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use macvlan_core::{
    Access, Announce, Endpoint, Link, LinkInfo, MacvlanOptions, Parent, Probe, VlanOptions,
};
use macvlan_network::{Allocation, ConnectOptions, Lease, NetworkConfig, Subnet};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Returns the example as it is written again.
fn again<T: Serialize + DeserializeOwned>(example: &str) -> serde_json::Result<Value> {
    serde_json::to_value(serde_json::from_str::<T>(example)?)
}

/// Reads an example and returns it as it is written again.
type Again = fn(&str) -> serde_json::Result<Value>;

/// The documents of the page, by the word after `json` at the beginning of an example.
const DOCUMENTS: [(&str, Again); 14] = [
    ("endpoint", again::<Endpoint>),
    ("parent", again::<Parent>),
    ("macvlan", again::<MacvlanOptions>),
    ("vlan", again::<VlanOptions>),
    ("probe", again::<Probe>),
    ("announce", again::<Announce>),
    ("link", again::<Link>),
    ("access", again::<Access>),
    ("network", again::<NetworkConfig>),
    ("subnet", again::<Subnet>),
    ("connect", again::<ConnectOptions>),
    ("allocation", again::<Allocation>),
    ("link-info", again::<LinkInfo>),
    ("lease", again::<Lease>),
];

/// Each example is read, and each input is written exactly as it stands there.
#[test]
fn examples() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/formats.md");
    let page = fs::read_to_string(page).unwrap();
    let mut seen = BTreeSet::new();
    for block in page.split("```json ").skip(1) {
        let (name, example) = block.split_once('\n').unwrap();
        let (example, _) = example.split_once("```").unwrap();
        let document = DOCUMENTS.iter().find(|(document, _)| *document == name);
        let (_, again) = document.unwrap_or_else(|| panic!("{name:?} is not a document"));
        let written = again(example).unwrap_or_else(|error| panic!("{error}: {example}"));
        let value: Value = serde_json::from_str(example).unwrap();
        // Information is written with all fields.
        if !["link-info", "lease"].contains(&name) {
            assert_eq!(written, value, "{example}");
        }
        seen.insert(name);
    }
    assert_eq!(seen, DOCUMENTS.iter().map(|(name, _)| *name).collect());
}

/// Returns the names of the fields that a document has, as the error about an unknown one lists
/// them.
fn fields<T: DeserializeOwned>() -> Vec<String> {
    let Err(error) = serde_json::from_str::<T>(r#"{"?": 0}"#) else {
        panic!("an unknown field was accepted");
    };
    error.to_string().split('`').skip(3).step_by(2).map(str::to_owned).collect()
}

/// Each field of the inputs has a row on the page.
#[test]
fn all_fields() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/formats.md");
    let page = fs::read_to_string(page).unwrap();
    for (heading, fields) in [
        ("## Endpoint", fields::<Endpoint>()),
        ("## Parent", fields::<Parent>()),
        ("## Options of a link", fields::<MacvlanOptions>()),
        ("## Probe", fields::<Probe>()),
        ("## Announce", fields::<Announce>()),
        ("## Link", fields::<Link>()),
        ("## Host access", fields::<Access>()),
        ("## Network", fields::<NetworkConfig>()),
        ("## Subnet", fields::<Subnet>()),
        ("## Connect", fields::<ConnectOptions>()),
        ("## Allocation", fields::<Allocation>()),
    ] {
        let (_, section) = page.split_once(&format!("{heading}\n")).expect(heading);
        let (section, _) = section.split_once("\n## ").unwrap_or((section, ""));
        let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
        let rows: Vec<&str> = rows.map(|(name, _)| name).collect();
        assert_eq!(rows, fields, "{heading}");
        assert!(!rows.is_empty(), "{heading}");
    }
}
