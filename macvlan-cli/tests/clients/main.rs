//! Real container engines, each on a machine of its own: Docker, Podman and containerd.

mod cni;
mod common;
mod containerd;
mod docker;
mod docker_plugin;
mod names;
mod netavark;
mod podman;

macvlan_tests::main! {
    cni,
    containerd,
    docker,
    docker_plugin,
    names,
    netavark,
    podman,
}
