//! Documents that are refused, with the field and the message of its setter.

use macvlan_core::{Access, Endpoint, Link, MacvlanOptions, NetNs, Parent, Probe, VlanOptions};
use macvlan_network::{Allocation, ConnectOptions, NetworkConfig, Subnet};
use serde::de::DeserializeOwned;

/// Returns the message for a document that is refused, without the place in the text.
fn refusal<T: DeserializeOwned>(document: &str) -> String {
    let Err(error) = serde_json::from_str::<T>(document) else {
        panic!("{document} was accepted");
    };
    let error = error.to_string();
    error.split(" at line ").next().unwrap_or_default().to_owned()
}

/// Returns the message for an endpoint with these further fields.
fn endpoint(fields: &str) -> String {
    refusal::<Endpoint>(&format!(r#"{{"name": "eth0", "parent": "ens33", {fields}}}"#))
}

#[test]
fn unknown_repeated_and_missing_fields() {
    let error = endpoint(r#""adresses": []"#);
    assert!(error.starts_with("unknown field `adresses`, expected one of `name`, "), "{error}");
    assert_eq!(endpoint(r#""mtu": 1400, "mtu": 1400"#), "duplicate field `mtu`");
    assert_eq!(refusal::<Endpoint>(r#"{"name": "eth0"}"#), "missing field `parent`");
    assert_eq!(refusal::<VlanOptions>("{}"), "missing field `id`");
    assert_eq!(refusal::<NetworkConfig>("{}"), "missing field `name`");
    assert_eq!(refusal::<ConnectOptions>("{}"), "missing field `container`");
    assert!(refusal::<Allocation>(r#"{"ip": 4}"#).starts_with("unknown field `ip`"));
}

#[test]
fn values_with_the_name_of_their_field() {
    for (fields, message) in [
        (
            r#""mac": "zz""#,
            "mac: cannot parse MAC address \"zz\": expected six groups of two hexadecimal digits \
             separated by \":\"",
        ),
        (r#""mtu": "1400""#, "mtu: invalid type: string \"1400\", expected u32"),
        (r#""mtu": -1"#, "mtu: invalid value: integer `-1`, expected u32"),
        (
            r#""gateways": ["10.0.0.300"]"#,
            "gateways: cannot parse address \"10.0.0.300\": invalid IP address syntax",
        ),
        (
            r#""mac_conflict_timeout": -1"#,
            "mac_conflict_timeout: invalid value: integer `-1`, expected a number of seconds, at \
             least 0",
        ),
        (
            r#""mac_conflict_timeout": "1s""#,
            "mac_conflict_timeout: invalid type: string \"1s\", expected a number of seconds, at \
             least 0",
        ),
        (
            r#""probe": {"count": 0}"#,
            "probe: count: cannot set the number of probes: the minimum is 1",
        ),
        (r#""probe": "fast""#, "probe: cannot parse probe \"fast\": expected quick or rfc"),
        (
            r#""options": {"bc_queue_length": 1}"#,
            "options: unknown field `bc_queue_length`, expected one of `mode`",
        ),
        (r#""options": {"id": 1}"#, "options: id: not an option of a macvlan"),
        (r#""kind": "vlan""#, "options: missing field `id`"),
        (r#""kind": "vlan", "mode": "bridge", "options": {"id": 1}"#, "mode: a VLAN has none"),
        (
            r#""kind": "vlan", "options": {"id": 1, "mode": "bridge"}"#,
            "options: mode: not an option of a VLAN",
        ),
        (
            r#""mode": "vepa", "options": {"mode": "vepa"}"#,
            "mode: it is in the options as well; leave one out",
        ),
        (r#""kind": "veth""#, "kind: cannot parse kind of endpoint \"veth\""),
        (r#""promisc": null"#, "promisc: invalid type: null, expected a boolean"),
    ] {
        let error = endpoint(fields);
        assert!(error.starts_with(message), "{error}\n{message}");
    }
}

#[test]
fn values_of_the_other_documents() {
    let long = "a-name-of-twenty-five-byt";
    for (error, message) in [
        (refusal::<Endpoint>(r#"{"name": "a/b"}"#), "name: cannot use \"a/b\" as a link name"),
        (refusal::<VlanOptions>(r#"{"id": 4095}"#), "id: cannot use 4095 as a VLAN id"),
        (
            refusal::<VlanOptions>(r#"{"id": 1, "egress_qos": [[0, 8]]}"#),
            "egress_qos: cannot use 8 as the priority of a tag",
        ),
        (refusal::<MacvlanOptions>(r#"{"mode": "bridged"}"#), "mode: cannot parse macvlan mode"),
        (
            refusal::<Parent>(r#"{"link": "ens33", "vlan_id": 7}"#),
            "link: an existing link is described by it alone",
        ),
        (
            refusal::<Parent>(&format!(r#"{{"base": "e", "vlan_id": 7, "name": "{long}"}}"#)),
            "name: cannot use \"a-name",
        ),
        (refusal::<Parent>(r#"{"base": "ens33", "vlan_id": 0}"#), "vlan_id: cannot use 0"),
        (refusal::<Probe>("7"), "invalid type: integer `7`, expected text or a map"),
        (
            refusal::<Link>(r#"{"name": "d0", "kind": "dummy", "peer": "d1"}"#),
            "peer: a link of kind",
        ),
        (refusal::<Link>(r#"{"name": "v0", "kind": "veth"}"#), "missing field `peer`"),
        (refusal::<Link>(r#"{"name": "v0", "kind": "macvlan"}"#), "missing field `parent`"),
        (
            refusal::<Access>(r#"{"parent": "ens33", "routes": ["x"]}"#),
            "routes: cannot parse subnet",
        ),
        (refusal::<Subnet>(r#""10.0.0.1/24""#), "cannot use \"10.0.0.1/24\" as a subnet"),
        (
            refusal::<NetworkConfig>(r#"{"name": "lan", "subnets": [{"subnet": "10.0.0.1/24"}]}"#),
            "subnets: subnet: cannot use \"10.0.0.1/24\" as a subnet: host bits are set; the subnet is 10.0.0.0/24",
        ),
        (
            refusal::<Subnet>(
                r#"{"subnet": "10.0.0.0/24", "gateway": "10.0.0.1", "without_gateway": true}"#,
            ),
            "gateway: without_gateway says that there is none",
        ),
        (
            refusal::<Subnet>(r#"{"subnet": "10.0.0.0/24", "ranges": ["10.0.0.9-10.0.0.1"]}"#),
            "ranges: cannot use 10.0.0.9-10.0.0.1 as a range of addresses",
        ),
        (refusal::<NetworkConfig>(r#"{"name": "lan", "order": "last"}"#), "order: unknown variant"),
    ] {
        assert!(error.starts_with(message), "{error}\n{message}");
    }
}

/// A namespace is an open file, which no document can hold.
#[test]
fn links_in_other_namespaces_are_not_written() {
    let link = Link::dummy("d0").unwrap().netns(&NetNs::current().unwrap());
    let error = serde_json::to_string(&link).unwrap_err().to_string();
    assert!(error.starts_with("netns: "), "{error}");
}

#[test]
fn an_invalid_parent_is_not_written() {
    let config = NetworkConfig::new("lan").parent("a/b");
    let error = serde_json::to_string(&config).unwrap_err().to_string();
    assert!(error.starts_with("parent: cannot use \"a/b\""), "{error}");
}

/// A gateway may stand behind an address; it is written on its own.
#[test]
fn addresses_with_gateways() {
    let document = r#"{"name": "eth0", "parent": "ens33", "addresses": ["10.0.0.2/24@10.0.0.1"]}"#;
    let endpoint: Endpoint = serde_json::from_str(document).unwrap();
    assert_eq!(endpoint.get_gateways(), ["10.0.0.1".parse::<std::net::IpAddr>().unwrap()]);
    let written = serde_json::to_value(&endpoint).unwrap();
    assert_eq!(written["gateways"], serde_json::json!(["10.0.0.1"]));
}
