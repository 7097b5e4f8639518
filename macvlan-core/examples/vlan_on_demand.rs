//! Connects two containers to a VLAN, whose link on the host exists as long as one of them needs it:
//! `vlan_on_demand PARENT VLAN PID ADDRESS/LENGTH PID2 ADDRESS2/LENGTH`

use std::error::Error;

use macvlan_core::{Endpoint, Host, NetNs, Parent};

fn main() {
    if let Err(error) = run() {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [parent, vlan, pid, address, pid2, address2] = &arguments[..] else {
        return Err(
            "usage: vlan_on_demand PARENT VLAN PID ADDRESS/LENGTH PID2 ADDRESS2/LENGTH".into()
        );
    };
    let host = Host::open()?;
    let vlan = Parent::vlan(parent, vlan.parse()?)?; // or simply the text "ens33.100"
    let show = |when| -> macvlan_core::Result<()> {
        let links = host.handle()?.links()?;
        let names: Vec<&str> = links.iter().map(|link| link.name.as_str()).collect();
        println!("{when}: {}", names.join(" "));
        Ok(())
    };
    show("before")?;
    let mut attached = Vec::new();
    for (pid, address) in [(pid, address), (pid2, address2)] {
        let endpoint = Endpoint::new("eth0", &vlan)?.address(address.parse()?);
        attached.push(host.attach(&endpoint, &NetNs::from_pid(pid.parse()?)?)?);
    }
    show("with both")?;
    host.detach(&attached[0])?;
    show("with one")?;
    host.detach(&attached[1])?;
    show("with none")?;
    Ok(())
}
