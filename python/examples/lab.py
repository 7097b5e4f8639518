"""Two hosts, a trunk between them, six containers in two VLANs, and a test of their connectivity.

Needs root, 802.1Q and ping. Everything is in namespaces that end with the program.
"""

import subprocess

from macvlan import Endpoint, Handle, Host, NetNs


def reaches(netns: NetNs, address: str) -> bool:
    """Returns True if the address answers."""
    command = ["ping", "-c1", "-W1", address]
    return netns.run(lambda: subprocess.run(command, stdout=subprocess.DEVNULL)).returncode == 0


with NetNs.anonymous() as a, NetNs.anonymous() as b, Host(a) as host_a, Host(b) as host_b:
    with Handle(a) as handle_a, Handle(b) as handle_b:
        handle_a.add_link("ens33", kind="veth", peer="ens33", peer_netns=b, up=True)
        handle_b.set_up("ens33")

    containers = {}
    for number in range(6):
        vlan = 10 if number < 3 else 20
        address = f"10.{vlan}.0.{number + 1}"
        endpoint = Endpoint("eth0", parent=f"ens33.{vlan}", addresses=[f"{address}/24"])
        netns = NetNs.anonymous()
        attachment = (host_a, host_b)[number % 2].attach(endpoint, netns)
        containers[f"container{number}"] = vlan, address, netns, attachment

    for name, (vlan, _, netns, attachment) in containers.items():
        others = {o: (v, address) for o, (v, address, *_) in containers.items() if o != name}
        met = {other for other, (_, address) in others.items() if reaches(netns, address)}
        print(f"{name} {attachment.mac} in VLAN {vlan} reaches {', '.join(sorted(met))}")
        assert met == {other for other, (its_vlan, _) in others.items() if its_vlan == vlan}

    attachments = [attachment for *_, attachment in containers.values()]
    print(*host_a.detach_all(attachments[::2]), *host_b.detach_all(attachments[1::2]))
    assert {link.name for link in host_a.handle().links()} == {"lo", "ens33"}
