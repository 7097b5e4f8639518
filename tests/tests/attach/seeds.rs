//! The three scenarios from which this library started.
#![deny(dead_code)]

pub(crate) mod stories;

use stories::{
    a_container_gets_its_place_by_pid, four_containers_on_two_hosts,
    pipework_moves_the_default_route,
};

macvlan_tests::tests! {
    same_on_every_kernel:
    four_containers_on_two_hosts,
    a_container_gets_its_place_by_pid,
    pipework_moves_the_default_route,
}
