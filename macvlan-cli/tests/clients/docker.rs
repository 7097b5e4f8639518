//! Containers of Docker.

use macvlan_tests::{Debian, Outcome};
use serde_json::{Value, json};

use crate::common::{beginning, block, machine, scenes};

fn by_name_and_id(debian: Debian) -> Outcome {
    let machine = machine(debian)?;
    machine.start_docker()?;
    let id = machine.ok("docker run -d --network none --name web busybox sleep 1000")?;

    machine.ok("macvlan attach ens33 web 172.16.104.10/24@172.16.104.1")?;
    machine.ok("docker exec web ping -c 1 -W 5 172.16.104.1")?;
    let shown = machine.ok("macvlan show")?;
    assert!(shown.contains("docker:web"), "{shown}");
    machine.ok("macvlan detach web")?;
    let links = machine.ok("docker exec web ip link")?;
    assert!(!links.contains("eth0"), "{links}");

    for name in
        ["docker:web", &id, beginning(&id, 12), beginning(&id, 5), &format!("docker:{}", &id[..12])]
    {
        machine.ok(&format!("macvlan attach ens33 {name} 172.16.104.10/24@172.16.104.1"))?;
        machine.ok("docker exec web ping -c 1 -W 5 172.16.104.1")?;
        machine.ok(&format!("macvlan detach {name}"))?;
    }
    Ok(())
}

/// The lease belongs to the container's id, so it has the address again when it returns.
fn a_network_of_containers(debian: Debian) -> Outcome {
    let machine = machine(debian)?;
    machine.start_docker()?;
    let id = machine.ok("docker run -d --network none --name web busybox sleep 1000")?;
    machine.ok("macvlan network create lan -o parent=ens33 --subnet 172.16.104.0/24 \
         --gateway 172.16.104.1 --ip-range 172.16.104.128/25")?;
    let connect = || -> Outcome<Value> {
        machine.ok("macvlan network connect lan web")?;
        machine.ok("docker exec web ping -c 1 -W 5 172.16.104.1")?;
        Ok(serde_json::from_str(&machine.ok("macvlan network leases --json")?)?)
    };
    let leases = connect()?;
    assert_eq!((&leases[0]["container"], &leases[0]["name"]), (&json!(id), &json!("web")));

    machine.ok("docker restart -t 0 web")?;
    assert_eq!(connect()?[0]["addresses"], leases[0]["addresses"]);

    machine.ok("macvlan network disconnect lan web")?;
    assert_eq!(machine.ok("macvlan network leases --json")?, "[]");

    machine.ok("docker stop -t 0 web")?;
    let (status, message) = machine.fails("macvlan network connect lan web")?;
    assert_eq!(status, Some(3));
    assert_eq!(
        message,
        "macvlan: cannot find the namespace of docker:web: the container does not run; start it \
         first"
    );
    Ok(())
}

/// The lines of the README, which end with the pid.
fn the_readme(debian: Debian) -> Outcome {
    let machine = machine(debian)?;
    machine.start_docker()?;
    for beginning in ["macvlan docker", "docker run"] {
        let lines = block(include_str!("../../../README.md"), beginning)?;
        // The plugin stays in the background, with this output.
        machine.ok(&format!("exec >/root/said 2>&1; set -e\n{lines}"))?;
        let output = machine.ok("cat /root/said")?;
        assert!(output.contains(" 0% packet loss"), "{output}");
    }
    Ok(())
}

scenes! {
    the_readme,
    by_name_and_id,
    a_network_of_containers,
}
