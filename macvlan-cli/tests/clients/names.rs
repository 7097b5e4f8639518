//! One name for containers of several engines.

use macvlan_tests::{Debian, Outcome};

use crate::common::{machine, scenes};

fn an_ambiguous_name_is_refused(debian: Debian) -> Outcome {
    let machine = machine(debian)?;
    machine.start_docker()?;
    machine.set_up_podman()?;
    machine.ok("docker run -d --network none --name web busybox sleep 1000")?;
    machine.ok("podman run -d --network none --name web busybox sleep 1000")?;
    machine.ok("ip netns add web")?;

    let (status, message) = machine.fails("macvlan attach ens33 web 172.16.104.10/24")?;
    assert_eq!(status, Some(2));
    assert_eq!(
        message,
        "macvlan: cannot find container \"web\": several have that name; use one of netns:web, \
         docker:web, podman:web"
    );
    for (at, name) in ["netns:web", "docker:web", "podman:web"].iter().enumerate() {
        machine.ok(&format!("macvlan attach ens33 {name} 172.16.104.{}/24", 10 + at))?;
    }
    for (at, enter) in
        ["ip netns exec web", "docker exec web", "podman exec web"].iter().enumerate()
    {
        let addresses = machine.ok(&format!("{enter} ip address show dev eth0"))?;
        assert!(addresses.contains(&format!("inet 172.16.104.{}/24", 10 + at)), "{addresses}");
    }

    // The only one that is left.
    machine.ok("ip netns delete web && podman rm -f -t 0 web")?;
    machine.ok("macvlan check ens33 web 172.16.104.11/24")?;
    Ok(())
}

scenes! {
    an_ambiguous_name_is_refused,
}
