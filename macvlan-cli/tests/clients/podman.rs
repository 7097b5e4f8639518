//! Containers of Podman, which has no daemon; with its socket and without.

use macvlan_tests::{Debian, Outcome};

use crate::common::{beginning, machine, scenes};

fn by_name_and_id(debian: Debian) -> Outcome {
    let machine = machine(debian)?;
    machine.set_up_podman()?;
    let id = machine
        .ok("podman run -d --network none --cap-add NET_RAW --name web busybox sleep 1000")?;

    machine.ok("macvlan attach ens33 web 172.16.104.10/24@172.16.104.1")?;
    machine.ok("podman exec web ping -c 1 -W 5 172.16.104.1")?;
    let shown = machine.ok("macvlan show")?;
    assert!(shown.contains("podman:web"), "{shown}");
    machine.ok("macvlan detach web")?;

    let service = "podman system service --time 0 unix:///run/podman/podman.sock";
    machine.ok("mkdir -p /run/podman")?;
    for with_socket in [false, true] {
        if with_socket {
            machine.daemon(service, "podman --remote version")?;
        }
        for name in [
            "podman:web",
            &id,
            beginning(&id, 12),
            beginning(&id, 5),
            &format!("podman:{}", &id[..12]),
        ] {
            machine.ok(&format!("macvlan attach ens33 {name} 172.16.104.10/24@172.16.104.1"))?;
            machine.ok("podman exec web ping -c 1 -W 5 172.16.104.1")?;
            machine.ok(&format!("macvlan detach {name}"))?;
        }
    }
    Ok(())
}

scenes! {
    by_name_and_id,
}
