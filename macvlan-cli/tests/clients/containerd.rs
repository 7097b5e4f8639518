//! Tasks of containerd.

use macvlan_tests::{Debian, Outcome};

use crate::common::{machine, scenes};

fn by_id(debian: Debian) -> Outcome {
    let machine = machine(debian)?;
    machine.start_containerd()?;
    machine.ok("ctr run -d --rootfs /srv/busybox web-task /bin/sleep 1000")?;

    for name in ["web-task", "web-", "containerd:web-task", "containerd:default/web-task"] {
        machine.ok(&format!("macvlan attach ens33 {name} 172.16.104.10/24@172.16.104.1"))?;
        machine.ok("ctr task exec --exec-id ping web-task /bin/ping -c 1 -W 5 172.16.104.1")?;
        let shown = machine.ok("macvlan show")?;
        assert!(shown.contains("containerd:web-task"), "{shown}");
        machine.ok(&format!("macvlan detach {name}"))?;
    }
    Ok(())
}

scenes! {
    by_id,
}
