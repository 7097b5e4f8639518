//! probe, announce and diagnose, and addresses that others have.

use macvlan_tests::{Container, Lab, Outcome, Snapshot, Stage, Wire, ip_do, ip_link};
use serde_json::json;

use crate::common::{command, ends, fails, json as run_json, ok, output};

fn addresses_in_use() -> Outcome {
    let lab = Lab::new()?;
    let host = &lab.a.netns;
    let mac = ip_link(&lab.b.netns, "ens33")["address"].as_str().unwrap_or_default().to_owned();
    assert_eq!(ok(host, "probe ens33 192.168.15.77")?, "");
    assert_eq!(
        ends(host, 6, "probe ens33 192.168.15.77 192.168.15.2")?,
        format!("{mac} has 192.168.15.2\n")
    );
    let output = output(host, command("probe ens33 192.168.15.2 --probe quick,count=1 --json"))?;
    let found: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    assert_eq!(
        (output.status.code(), found),
        (Some(6), json!([{ "address": "192.168.15.2", "mac": mac }]))
    );
    assert!(fails(host, 3, "probe nope 10.0.0.1")?.contains("the parent does not exist"));
    assert!(fails(host, 2, "probe ens33")?.contains("required arguments"));
    fails(host, 2, "probe ens33 192.168.15.2 --rfc --probe quick")?;
    Ok(())
}

fn an_address_that_is_in_use_is_not_attached() -> Outcome {
    let Stage { lab, inside, container } = Stage::set()?;
    let (host, pid) = (&lab.a.netns, container.pid());
    let before = Snapshot::of(&inside);
    let said = fails(host, 6, &format!("attach ens33 {pid} 192.168.15.2/24 --probe quick"))?;
    assert!(said.contains("192.168.15.2"), "{said}");
    before.assert_same(&inside);
    // The conflict without a probe: both have the address, and the diagnosis says so.
    ok(host, &format!("attach ens33 {pid} 192.168.15.2/24 192.168.15.9/24"))?;
    ok(host, &format!("detach {pid}"))?;
    ok(host, &format!("attach ens33 {pid} 192.168.15.9/24 --probe quick --announce once"))?;
    Ok(())
}

fn a_diagnosis() -> Outcome {
    let Stage { lab, inside, container } = Stage::set()?;
    let (host, pid) = (&lab.a.netns, container.pid());
    ok(host, &format!("attach ens33 {pid} 192.168.15.9/24"))?;
    assert!(ok(host, &format!("diagnose {pid} 192.168.15.2"))?.starts_with("no problems found\n"));
    assert_eq!(run_json(host, &format!("diagnose {pid} 192.168.15.2"))?["answered"], true);
    ip_do(&inside, "link set eth0 down");
    assert!(
        fails(host, 2, &format!("diagnose {pid} 192.168.15.9"))?
            .contains("192.168.15.9 is the container's own address")
    );
    let said = ends(host, 6, &format!("diagnose {pid} 192.168.15.2 -i eth0"))?;
    assert!(said.starts_with("link-down: "), "{said}");
    assert!(fails(host, 3, &format!("diagnose {pid} 192.168.15.2 -i eth9"))?.contains("eth9"));
    ok(host, &format!("attach ens33 {pid} -i eth1"))?;
    assert!(fails(host, 2, &format!("diagnose {pid} 192.168.15.2"))?.contains("eth0, eth1"));
    Ok(())
}

fn announcements_are_sent() -> Outcome {
    let (lab, container) = (Lab::new()?, Container::start()?);
    let (host, pid) = (&lab.a.netns, container.pid());
    ok(host, &format!("attach ens33 {pid} 192.168.15.9/24"))?;
    let wire = Wire::listen(&lab.b.netns, "ens33")?;
    // One of IPv4, and one of the link-local address as soon as that can be used.
    assert!(ok(host, &format!("announce {pid}"))?.starts_with("eth0 "));
    // ARP to all hosts, with the address as the sender's and the target's.
    let is_announcement = |frame: &[u8]| {
        let ours = [192, 168, 15, 9];
        frame.starts_with(&[0xff; 6])
            && frame[12..14] == [8, 6]
            && frame[28..32] == ours
            && frame[38..42] == ours
    };
    assert!(wire.find(is_announcement)?.is_some());
    let told =
        run_json(host, &format!("announce {pid} eth0 --announce rfc,count=2,interval=10ms"))?;
    assert!(told[0]["name"] == "eth0" && told[0]["sent"].as_u64() >= Some(2), "{told}");
    assert!(fails(host, 3, &format!("announce {pid} eth7"))?.contains("eth7"));
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    addresses_in_use,
    an_address_that_is_in_use_is_not_attached,
    a_diagnosis,
    announcements_are_sent,
}
