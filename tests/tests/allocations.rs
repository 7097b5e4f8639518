//! The allocations of an attach, which do not grow with the number of links. Alone in its process,
//! so that only these allocations are counted.
#![deny(dead_code)]

use macvlan_core::{Endpoint, NetNs};
use macvlan_tests::{Lab, Outcome};

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

/// More than the actual number, and less than a mistake would cause.
const AT_MOST: u64 = 120;

/// Returns the number of blocks and bytes of an attach, from opening the namespace on.
fn of_an_attach(lab: &Lab, netns: &NetNs) -> Outcome<(u64, u64)> {
    let endpoint = Endpoint::new("eth0", "ens33")?
        .address("192.168.15.10/24".parse()?)
        .gateway("192.168.15.1".parse()?);
    let before = dhat::HeapStats::get();
    let attachment = lab.a.host.attach(&endpoint, &NetNs::from_fd(netns)?)?;
    let after = dhat::HeapStats::get();
    drop(attachment);
    Ok((after.total_blocks - before.total_blocks, after.total_bytes - before.total_bytes))
}

fn an_attach_allocates_the_same_however_many_links_there_are() -> Outcome {
    let lab = Lab::new()?;
    let _profiler = dhat::Profiler::builder().testing().build();
    of_an_attach(&lab, &NetNs::anonymous()?)?;
    let alone = of_an_attach(&lab, &NetNs::anonymous()?)?;
    assert!(alone.0 > 0 && alone.0 <= AT_MOST, "{alone:?}");

    let (crowd, full) = (NetNs::anonymous()?, NetNs::anonymous()?);
    for number in 0..200 {
        let link = Endpoint::new(format!("mv{number}"), "ens33")?.lo_up(false);
        lab.a.host.attach(&link, &crowd)?;
        if number < 50 {
            lab.a.host.attach(&link, &full)?;
        }
    }
    assert_eq!(of_an_attach(&lab, &NetNs::anonymous()?)?, alone, "with siblings on the parent");
    assert_eq!(of_an_attach(&lab, &full)?, alone, "with other links in the container");
    Ok(())
}

macvlan_tests::tests! { same_on_every_kernel: an_attach_allocates_the_same_however_many_links_there_are }
macvlan_tests::main! {}
