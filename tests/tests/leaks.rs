//! No resource leaks. Alone in its process, so that only its own file descriptors are counted.
#![deny(dead_code)]

use macvlan_core::{Endpoint, Error, NetNs};
use macvlan_tests::{Container, Lab, Outcome, eventually};

/// Returns the number of file descriptors and threads of this process.
fn census() -> std::io::Result<(usize, usize)> {
    let count = |path| std::fs::read_dir(path).map(Iterator::count);
    Ok((count("/proc/self/fd")?, count("/proc/self/task")?))
}

/// Attached and detached 200 times, with a new handle each time, and refused 20 times.
fn neither_descriptors_nor_threads_pile_up() -> Outcome {
    let lab = Lab::new()?;
    let container = Container::start()?;
    let good = Endpoint::new("eth0", "ens33")?.assignment("192.168.15.10/24@192.168.15.2".parse()?);
    let bad = good.clone().route("10.1.0.0/16 via 10.2.0.1".parse()?);
    let cycle = |number: usize| -> Outcome {
        let inside = NetNs::from_pid(container.pid())?;
        let attachment = lab.a.host.attach(&good, &inside)?;
        lab.a.host.detach(&attachment)?;
        if number % 10 == 0 {
            let refused: Error = lab.a.host.attach(&bad, &inside).unwrap_err();
            assert!(refused.leftovers().is_empty(), "{refused}");
        }
        assert!(NetNs::from_path("/dev/null").is_err());
        Ok(())
    };
    cycle(0)?;
    let before = census()?;
    for number in 0..200 {
        cycle(number)?;
    }
    // The kernel lists a joined thread for a moment longer.
    eventually("something piles up", || Ok(census()? == before))
}

macvlan_tests::tests! { neither_descriptors_nor_threads_pile_up }
macvlan_tests::main! {}
