//! Containers of Docker.

use macvlan_tests::Outcome;

use crate::common::machine;

fn by_name_and_id() -> Outcome {
    let machine = machine()?;
    machine.start_docker()?;
    let id = machine.ok("docker run -d --network none --name web busybox sleep 1000")?;

    machine.ok("macvlan attach ens33 web 172.16.104.10/24@172.16.104.1")?;
    machine.ok("docker exec web ping -c 1 -W 5 172.16.104.1")?;
    let shown = machine.ok("macvlan show")?;
    assert!(shown.contains("docker:web"), "{shown}");
    machine.ok("macvlan detach web")?;
    let links = machine.ok("docker exec web ip link")?;
    assert!(!links.contains("eth0"), "{links}");

    for name in ["docker:web", &id, &id[..12], &id[..5], &format!("docker:{}", &id[..12])] {
        machine.ok(&format!("macvlan attach ens33 {name} 172.16.104.10/24@172.16.104.1"))?;
        machine.ok("docker exec web ping -c 1 -W 5 172.16.104.1")?;
        machine.ok(&format!("macvlan detach {name}"))?;
    }
    Ok(())
}

macvlan_tests::tests! {
    by_name_and_id,
}
