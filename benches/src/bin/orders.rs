//! Finds the fastest order of the same system calls, the floor: `orders [ROUNDS [NUMBER]…]`. The
//! numbers select orders; 0 is the floor itself.

use macvlan_benches::floor::{BEST, Floor, Order, SAFE};
use macvlan_benches::{Contender, Outcome, Stage, race, table};

fn main() -> Outcome {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<usize>());
    let rounds = numbers.next().unwrap_or(Ok(200))?;
    let wanted = numbers.collect::<Result<Vec<_>, _>>()?;
    let orders = [
        (
            "the floor: pidfd, socket inside first, two sends, up at creation, index and MAC address chosen, `lo` last",
            BEST,
        ),
        ("by `/proc/PID/ns/net`", Order { pidfd: false, ..BEST }),
        ("one send, on one socket inside", Order { one_send: true, ..BEST }),
        ("up after the addresses", Order { up_at_creation: false, ..BEST }),
        ("index asked for", Order { chosen_index: false, ..BEST }),
        ("MAC address left to the kernel", Order { chosen_mac: false, ..BEST }),
        ("number of queues said", Order { queues: true, ..BEST }),
        ("socket inside after the link", Order { socket_first: false, ..BEST }),
        ("`lo` first", Order { loopback_first: true, ..BEST }),
        ("`lo` in a send of its own", SAFE),
        ("IPv6 before IPv4", Order { v6_first: true, ..BEST }),
        (
            "by pidfd and pid, without a descriptor of the namespace",
            Order { by_process: true, ..BEST },
        ),
        ("nothing acknowledged", Order { silent: true, ..BEST }),
        ("no link-local address (less work)", Order { no_link_local: true, ..BEST }),
    ];
    let stage = Stage::with_siblings(0)?;
    let parent = stage.parent()?;
    let rows = stage.netns().run(|| -> Outcome<_> {
        let mut floors = orders
            .iter()
            .enumerate()
            .filter(|(number, _)| wanted.is_empty() || wanted.contains(number))
            .map(|(_, (name, order))| Floor::new(name, parent, *order))
            .collect::<Outcome<Vec<_>>>()?;
        let mut contenders: Vec<&mut dyn Contender> =
            floors.iter_mut().map(|floor| floor as &mut dyn Contender).collect();
        race(&mut contenders, rounds)
    })??;
    println!("{}", table(&rows));
    Ok(())
}
