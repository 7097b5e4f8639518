//! Real container engines, each on a machine of its own: Docker, Podman and containerd.

mod common;
mod containerd;
mod docker;
mod names;
mod netavark;
mod podman;

macvlan_tests::main! {
    containerd,
    docker,
    names,
    netavark,
    podman,
}
