//! Containers by their names.

use macvlan_core::NetNs;
use macvlan_tests::{Container, Lab, Outcome, Stage, ip_link};

use crate::common::{fails, ok};

/// A name that exists as long as this.
struct Named(String);

impl Named {
    fn new(name: &str) -> Outcome<Self> {
        NetNs::create(name)?;
        Ok(Self(name.to_owned()))
    }
}

impl Drop for Named {
    fn drop(&mut self) {
        // The test may have deleted it.
        let _ = NetNs::delete(&self.0);
    }
}

fn by_pid_name_and_path() -> Outcome {
    let Stage { lab, inside, container } = Stage::set()?;
    let (host, pid) = (&lab.a.netns, container.pid());
    let named = Named::new(&format!("macvlan-names-{pid}"))?;
    let name = &named.0;
    for (at, way) in [
        format!("{pid}"),
        format!("pid:{pid}"),
        format!("/proc/{pid}/ns/net"),
        format!("path:/proc/{pid}/ns/net"),
    ]
    .iter()
    .enumerate()
    {
        ok(host, &format!("attach ens33 {way} -i eth{at}"))?;
        assert_eq!(ip_link(&inside, &format!("eth{at}"))["mtu"], 1500);
    }
    for (at, way) in
        [name.clone(), format!("netns:{name}"), format!("/run/netns/{name}")].iter().enumerate()
    {
        ok(host, &format!("attach ens33 {way} -i eth{at}"))?;
        assert_eq!(ip_link(&NetNs::from_name(name)?, &format!("eth{at}"))["mtu"], 1500);
    }
    // Also as the namespace of the host.
    let here = Container::start_in(host)?;
    ok(&lab.b.netns, &format!("attach --host {} ens33 {pid} -i last", here.pid()))?;
    assert_eq!(ip_link(&inside, "last")["mtu"], 1500);
    Ok(())
}

fn what_is_not_found() -> Outcome {
    let lab = Lab::new()?;
    let host = &lab.a.netns;
    for (container, status, words) in [
        ("no-such-name", 3, "cannot find container \"no-such-name\": no namespace of `ip netns`"),
        ("netns:no-such-name", 3, "no-such-name"),
        ("docker:no-such-name", 3, "no-such-name"),
        ("podman:no-such-name", 3, "no-such-name"),
        ("containerd:default/no-such-name", 3, "no-such-name"),
        ("machine:no-such-name", 3, "no-such-name"),
        ("lxc:no-such-name", 3, "no-such-name"),
        ("4194305", 3, "the process does not exist"),
        ("pid:x", 2, "not a pid"),
        ("/dev/null", 1, "not a network namespace"),
        ("/no/such/path", 3, "the file does not exist"),
        ("''", 2, "a name must be a single path component"),
    ] {
        let said = fails(host, status, &format!("attach ens33 {container}"))?;
        assert!(said.contains(words), "{said}");
    }
    Ok(())
}

macvlan_tests::tests! {
    same_on_every_kernel:
    by_pid_name_and_path,
    what_is_not_found,
}
