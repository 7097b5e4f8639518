//! Real container engines, each on a machine of its own: Docker, Podman and containerd.

mod cni;
mod common;
mod containerd;
mod dhcp;
mod dns;
mod docker;
mod docker_hosts;
mod docker_plugin;
mod docker_vlan;
mod migrate;
mod names;
mod netavark;
mod podman;
mod podman_cni;
mod podman_scenes;
mod systemd;
mod versions;
mod vlan;

macvlan_tests::main! {
    cni,
    containerd,
    dhcp,
    dns,
    docker,
    docker_hosts,
    docker_plugin,
    docker_vlan,
    migrate,
    names,
    netavark,
    podman,
    podman_cni,
    systemd,
    versions,
    vlan,
}
