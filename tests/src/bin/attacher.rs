//! Attaches containers, with no other work in between, for `tests/counts.rs` under `strace` and
//! `callgrind`. `attacher SIBLINGS TIMES` has that many macvlans on the parent, and attaches that
//! many times, to one container each. It looks for a file called [`BEGIN`] before, after it has
//! attached once, and for [`END`] afterwards.

use std::path::Path;

use macvlan_core::{Endpoint, NetNs};
use macvlan_tests::{Lab, Outcome};

/// This file does not exist; looking for it marks the trace.
const BEGIN: &str = "/macvlan-counts-begin";
/// The same for the end.
const END: &str = "/macvlan-counts-end";

fn main() -> Outcome {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<usize>());
    let (Some(siblings), Some(times)) = (numbers.next(), numbers.next()) else {
        return Err("attacher SIBLINGS TIMES".into());
    };
    let lab = Lab::new()?;
    let crowd = NetNs::anonymous()?;
    for number in 0..siblings? {
        let sibling = Endpoint::new(format!("mv{number}"), "ens33")?.lo_up(false);
        lab.a.host.attach(&sibling, &crowd)?;
    }
    let endpoint = Endpoint::new("eth0", "ens33")?
        .address("192.168.15.10/24".parse()?)
        .address("fd15::10/64 nodad".parse()?)
        .gateway("192.168.15.1".parse()?)
        .gateway("fd15::1".parse()?);
    let containers = (0..times?).map(|_| NetNs::anonymous()).collect::<Result<Vec<_>, _>>()?;
    // Inside the host's namespace, like a program on the host.
    let host = lab.a.netns.clone();
    host.run(|| -> Outcome {
        let host = macvlan_core::Host::open()?;
        host.attach(&endpoint, &NetNs::anonymous()?)?;
        let _ = Path::new(BEGIN).exists();
        for container in &containers {
            host.attach(&endpoint, container)?;
        }
        let _ = Path::new(END).exists();
        Ok(())
    })??;
    Ok(())
}
