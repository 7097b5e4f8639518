"""Attaching and detaching, one and many, checked with ip."""

from __future__ import annotations

from ipaddress import IPv4Interface, IPv4Network, IPv6Interface
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hosts import (
    eventually,
    ip,
    ip_addresses,
    ip_lines,
    ip_link,
    ip_text,
    ping,
    process,
    silent,
    surprises,
)

from macvlan import (
    AcceptRa,
    Address6,
    Attachment,
    Detached,
    DifferenceKind,
    DuplicateDetection,
    Endpoint,
    EndpointKind,
    ErrorKind,
    Handle,
    Host,
    InvalidError,
    MacAddr,
    MacvlanError,
    MacvlanOptions,
    NetNs,
    NotFoundError,
    Route,
    Rule,
)

if TYPE_CHECKING:
    from hosts import Lab


def test_four_containers_on_two_hosts(lab: Lab) -> None:
    places = [("host a", lab.a.netns, "192.168.15.1"), ("host b", lab.b.netns, "192.168.15.2")]
    for name, host, number in (("a1", lab.a, 11), ("a2", lab.a, 12), ("b1", lab.b, 21)):
        endpoint = Endpoint("eth0", parent="ens33", addresses=[f"192.168.15.{number}/24"])
        places.append((name, lab.start(host, endpoint), f"192.168.15.{number}"))
    owner = "ababa"[:2] + "aab"
    expected = [
        [owner[i] != owner[j] or (i < 2) == (j < 2) for j in range(len(places))]
        for i in range(len(places))
    ]
    assert surprises(places, expected) == []


def test_a_container_gets_its_place_by_pid(lab: Lab) -> None:
    lab.b.handle.add_address("ens33", "172.16.213.2/16")
    lab.b.handle.add_address("ens33", "10.99.0.1/32")
    with process() as pid, Host(lab.a.netns) as host:
        lab.a.handle.set_promisc("ens33", True)
        assert ip_link(lab.a.netns, "ens33")["promiscuity"] == 1
        endpoint = Endpoint(
            "eth0",
            parent="ens33",
            mac=MacAddr.from_ipv4("172.16.213.180"),
            addresses=["172.16.213.180/16"],
            gateways=["172.16.213.2"],
        )
        eth0 = host.attach(endpoint, pid)
        inside = NetNs.from_pid(pid)
        link = ip_link(inside, "eth0")
        assert link["address"] == eth0.mac == "02:42:ac:10:d5:b4"
        assert link["ifindex"] == eth0.index
        assert (link["linkinfo"]["info_kind"], eth0.kind) == ("macvlan", EndpointKind.MACVLAN)
        assert link["linkinfo"]["info_data"]["mode"] == "bridge"
        assert ip_addresses(inside, "eth0") == ["172.16.213.180/16"]
        assert eth0.addresses == (IPv4Interface("172.16.213.180/16"),)
        assert ip_lines(inside, "-4 route show") == [
            "default via 172.16.213.2 dev eth0",
            "172.16.0.0/16 dev eth0 proto kernel scope link src 172.16.213.180",
        ]
        assert eth0.routes == (Route("default", gateway="172.16.213.2"),)
        assert (eth0.name, eth0.parent) == ("eth0", "ens33")
        assert eth0.parent_index == ip_link(lab.a.netns, "ens33")["ifindex"]
        assert eth0.netns == inside
        assert eth0.mtu is None
        assert eth0.rules == ()
        assert (eth0.tap_path, ip_link(inside, "lo")["flags"]) == (
            None,
            ["LOOPBACK", "UP", "LOWER_UP"],
        )
        assert ping(inside, "172.16.213.2") == 64
        assert ping(inside, "10.99.0.1") == 64
        assert silent(inside, "192.168.15.1")
        assert repr(eth0).startswith("Attachment(name='eth0', kind=EndpointKind.MACVLAN, parent=")
        assert host.detach(eth0) is Detached.REMOVED
        assert [link["ifname"] for link in ip(inside, "link show")] == ["lo"]
        assert host.detach(eth0) is Detached.ALREADY_GONE


def test_pipeworks_default_route(lab: Lab) -> None:
    inside = lab.start(lab.a, Endpoint("eth0", parent="ens33", addresses=["10.0.0.2/8@10.0.0.1"]))
    pipework = Endpoint(
        "eth1",
        parent="ens33",
        addresses=["172.16.104.10/24@172.16.104.1"],
        replace_default_route=True,
    )
    with pytest.raises(FileExistsError):
        lab.a.host.attach(pipework.replace(replace_default_route=False), inside)
    eth1 = lab.a.host.attach(pipework, inside)
    assert ip_lines(inside, "route show default") == ["default via 172.16.104.1 dev eth1"]
    assert eth1.routes == (Route("default", gateway="172.16.104.1"),)


def test_everything_that_an_endpoint_can_say(lab: Lab) -> None:
    endpoint = Endpoint(
        "eth0",
        parent="ens33",
        options=MacvlanOptions("private", bc_queue_len=1234),
        mtu=1400,
        addresses=["10.0.0.2/24", "fd00::2/64 nodad"],
        gateways=["10.0.0.1", "fd01::1"],
        on_link_gateways=True,
        routes=[
            Route("10.1.0.0/16", gateway="10.0.0.3", metric=7, mtu=1300),
            "blackhole 10.9.0.0/16",
            Route("10.2.0.0/16", gateway="fe80::1"),
        ],
        promisc=True,
        lo_up=False,
        alias="of the test",
        alternative_names=["a-name-that-is-longer-than-fifteen"],
        group=7,
        tx_queue_len=77,
        queues=(2, 3),
        addr_gen_mode="none",
        accept_ra="never",
        autoconf=False,
    )
    inside = lab.container()
    made = lab.a.host.attach(endpoint, inside)
    link = ip_link(inside, "eth0")
    assert link["mtu"] == made.mtu == 1400
    assert link["linkinfo"]["info_data"]["mode"] == "private"
    assert link["linkinfo"]["info_data"]["bcqueuelen"] == 1234
    assert "PROMISC" in link["flags"]
    assert (link["ifalias"], link["group"], link["txqlen"]) == ("of the test", "7", 77)
    assert link["altnames"] == ["a-name-that-is-longer-than-fifteen"]
    # Kernels for one processor do not report the others.
    assert (link["num_tx_queues"], link.get("num_rx_queues", 3)) == (2, 3)
    assert link["inet6_addr_gen_mode"] == "none"
    with Handle(inside) as handle:
        info = handle.link("eth0")
    assert (info.accept_ra, info.autoconf, info.disable_ipv6) == (AcceptRa.NEVER, False, False)
    assert link["address"] == made.mac
    assert "UP" not in ip_link(inside, "lo")["flags"]
    assert ip_addresses(inside, "eth0") == ["10.0.0.2/24", "fd00::2/64"]
    assert sorted(ip_lines(inside, "-4 route show")) == [
        "10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.2",
        "10.1.0.0/16 via 10.0.0.3 dev eth0 metric 7 mtu 1300",
        "10.2.0.0/16 via inet6 fe80::1 dev eth0",
        "blackhole 10.9.0.0/16 proto 109",
        "default via 10.0.0.1 dev eth0",
    ]
    assert ip_lines(inside, "-6 route show default") == [
        "default via fd01::1 dev eth0 metric 1024 onlink pref medium"
    ]
    assert lab.a.host.check(endpoint, inside) == []
    made.refresh()
    assert made.mtu == 1400
    assert set(made.addresses) == {IPv4Interface("10.0.0.2/24"), IPv6Interface("fd00::2/64")}
    v6 = next(a for a in made.addresses if isinstance(a, Address6))
    assert v6.duplicate_detection is DuplicateDetection.SKIP


def test_source_routing_answers_on_the_interface_that_was_asked(lab: Lab) -> None:
    lab.cable("ens34")
    for host, number in ((lab.a, 1), (lab.b, 2)):
        host.handle.add_address("ens34", f"192.168.16.{number}/24")
    lab.b.handle.add_address("ens34", "10.99.0.1/32")
    first = Endpoint("eth0", parent="ens33", addresses=["192.168.15.9/24@192.168.15.2"])
    second = Endpoint(
        "eth1", parent="ens34", addresses=["192.168.16.9/24@192.168.16.2"], source_routing=100
    )
    inside = lab.container()
    lab.a.host.attach(first, inside)
    eth1 = lab.a.host.attach(second, inside)
    assert eth1.rules == (Rule(100, from_="192.168.16.9/32", priority=30000),)
    assert [r.destination for r in eth1.routes] == [
        IPv4Network("192.168.16.0/24"),
        IPv4Network("0.0.0.0/0"),
    ]
    assert "from 192.168.16.9 lookup 100" in ip_text(inside, "rule show")
    assert ping(inside, "10.99.0.1", source="192.168.16.9") == 64
    lab.a.host.detach(eth1)
    assert "lookup 100" not in ip_text(inside, "rule show")


def test_refresh_reads_changes(lab: Lab) -> None:
    inside = lab.container()
    eth0 = lab.a.host.attach(Endpoint("eth0", parent="ens33"), inside)
    ip_text(inside, "address add 10.7.0.1/24 dev eth0")
    ip_text(inside, "link set eth0 mtu 1300")
    ip_text(inside, "link set eth0 address 02:00:00:00:00:09")
    assert eth0.addresses == ()
    eth0.refresh()
    assert (eth0.mtu, eth0.mac) == (1300, "02:00:00:00:00:09")
    assert IPv4Interface("10.7.0.1/24") in eth0.addresses
    ip_text(inside, "link delete eth0")
    with pytest.raises(NotFoundError):
        eth0.refresh()


def test_attached_detaches_on_the_way_out(lab: Lab) -> None:
    inside = lab.container()
    endpoint = Endpoint("eth0", parent="ens33", addresses=["10.0.0.2/24"])
    with lab.a.host.attached(endpoint, inside) as eth0:
        assert isinstance(eth0, Attachment)
        assert ip_addresses(inside, "eth0") == ["10.0.0.2/24"]
    assert [link["ifname"] for link in ip(inside, "link show")] == ["lo"]
    with pytest.raises(LookupError, match="within"), lab.a.host.attached(endpoint, inside):
        raise LookupError("within")
    assert [link["ifname"] for link in ip(inside, "link show")] == ["lo"]
    again = lab.a.host.attached(endpoint, inside)
    for _ in range(2):
        with again as eth0:
            lab.a.host.detach(eth0)  # earlier than needed, which is no failure
    with pytest.raises(NotFoundError), lab.a.host.attached(endpoint.replace(parent="nope"), inside):
        pytest.fail("it was entered")


def test_attachments_are_found(lab: Lab) -> None:
    inside = lab.container()
    assert lab.a.host.attachments(inside) == []
    endpoints = [
        Endpoint("eth0", parent="ens33", addresses=["10.0.0.2/24@10.0.0.1"]),
        Endpoint("eth1", parent="ens33", mode="bridge", mtu=1400),
    ]
    for endpoint in endpoints:
        lab.a.host.attach(endpoint, inside)
    lab.b.host.attach(Endpoint("other", parent="ens33"), inside)
    eth0, eth1 = sorted(lab.a.host.attachments(inside), key=lambda found: found.name)
    assert (eth0.name, eth0.parent, eth1.mtu) == ("eth0", "ens33", 1400)
    assert IPv4Interface("10.0.0.2/24") in eth0.addresses
    for found in (eth0, eth1):
        lab.a.host.detach(found)
    assert [link["ifname"] for link in ip(inside, "link show")] == ["lo", "other"]


def test_many_at_once_lose_no_result(lab: Lab) -> None:
    host = lab.a.host
    namespaces = [NetNs.anonymous() for _ in range(20)]
    pairs = [
        (Endpoint("eth0", parent="nope" if at % 5 == 0 else "ens33"), netns)
        for at, netns in enumerate(namespaces)
    ]
    results = host.attach_all(pairs)
    assert len(results) == len(pairs)
    for at, result in enumerate(results):
        if at % 5 == 0:
            assert isinstance(result, NotFoundError)
            assert result.kind is ErrorKind.PARENT_NOT_FOUND
        else:
            assert isinstance(result, Attachment)
            assert ip_link(namespaces[at], "eth0")["address"] == result.mac
    made = [result for result in results if isinstance(result, Attachment)]
    host.detach(made[3])
    gone = host.detach_all(made)
    assert gone == [Detached.REMOVED] * 3 + [Detached.ALREADY_GONE] + [Detached.REMOVED] * 12
    for netns in namespaces:
        assert [link["ifname"] for link in ip(netns, "link show")] == ["lo"]
    assert host.attach_all([]) == host.detach_all(()) == []


def test_many_in_one_namespace(lab: Lab) -> None:
    inside = lab.container()
    endpoints = [Endpoint(f"eth{at}", parent="ens33") for at in range(50)]
    made = [
        result
        for result in lab.a.host.attach_all((endpoint, inside) for endpoint in endpoints)
        if isinstance(result, Attachment)
    ]
    assert [attachment.name for attachment in made] == [endpoint.name for endpoint in endpoints]
    assert lab.a.host.detach_all(iter(made)) == [Detached.REMOVED] * 50
    assert [link["ifname"] for link in ip(inside, "link show")] == ["lo"]


def test_detaching_without_waiting(lab: Lab) -> None:
    inside = lab.container()
    endpoint = Endpoint("eth0", parent="ens33")
    detaching = lab.a.host.detach_later(lab.a.host.attach(endpoint, inside))
    assert detaching.wait() is Detached.REMOVED
    assert detaching.is_finished
    assert detaching.wait() is Detached.REMOVED
    assert [link["ifname"] for link in ip(inside, "link show")] == ["lo"]
    eth0 = lab.a.host.attach(endpoint, inside)
    lab.a.host.detach(eth0)
    detaching = lab.a.host.detach_later(eth0)
    eventually(lambda: detaching.is_finished)
    assert detaching.wait() is Detached.ALREADY_GONE


def test_ensure_repairs_differences(lab: Lab) -> None:
    host, inside = lab.a.host, lab.container()
    endpoint = Endpoint(
        "eth0", parent="ens33", mtu=1400, addresses=["10.0.0.2/24@10.0.0.1", "10.0.0.3/24"]
    )
    (missing,) = host.check(endpoint, inside)
    assert (missing.kind, str(missing)) == (DifferenceKind.LINK_MISSING, "the link does not exist")
    attachment, repaired = host.ensure(endpoint, inside)
    assert [difference.kind for difference in repaired] == ["link-missing"]
    assert ip_link(inside, "eth0")["address"] == attachment.mac
    assert host.check(endpoint, inside) == []
    assert host.ensure(endpoint, inside).repaired == ()

    ip_text(inside, "link set eth0 mtu 1300")
    ip_text(inside, "address delete 10.0.0.3/24 dev eth0")
    ip_text(inside, "route delete default")
    found = {difference.kind: difference for difference in host.check(endpoint, inside)}
    assert set(found) == {"mtu", "address-missing", "route-missing"}
    mtu = found[DifferenceKind.MTU]
    assert (mtu.found, mtu.wanted, mtu.needs_replacement) == (1300, 1400, False)
    assert str(mtu) == "the MTU is 1300 and should be 1400"
    assert found[DifferenceKind.ADDRESS_MISSING].wanted == IPv4Interface("10.0.0.3/24")
    assert found[DifferenceKind.ROUTE_MISSING].wanted == Route("default", gateway="10.0.0.1")
    ensured = host.ensure(endpoint, inside)
    assert {difference.kind for difference in ensured.repaired} == set(found)
    assert ensured.attachment.index == attachment.index
    assert host.check(endpoint, inside) == []
    assert ip_addresses(inside, "eth0") == ["10.0.0.2/24", "10.0.0.3/24"]


def test_ensure_replaces_only_when_asked(lab: Lab) -> None:
    host, inside = lab.a.host, lab.container()
    before = host.attach(Endpoint("eth0", parent="ens33", queues=(1, 1)), inside)
    wanted = Endpoint("eth0", parent="ens33", queues=(2, 2))
    (difference,) = host.check(wanted, inside)
    assert (difference.kind, difference.needs_replacement) == (DifferenceKind.IMMUTABLE, True)
    with pytest.raises(MacvlanError) as caught:
        host.ensure(wanted, inside)
    assert caught.value.kind is ErrorKind.NEEDS_REPLACEMENT
    assert ip_link(inside, "eth0")["ifindex"] == before.index
    after = host.ensure(wanted, inside, replace=True).attachment
    assert after.index != before.index
    assert ip_link(inside, "eth0")["num_tx_queues"] == 2


def test_an_attachment_does_not_hold_its_namespace(lab: Lab) -> None:
    endpoint = Endpoint("eth0", parent="ens33", addresses=["192.168.15.9/24"])
    with process() as pid:
        made = lab.a.host.attach(endpoint, pid)
        assert made.netns_id == NetNs.from_pid(pid).id
    eventually(lambda: silent(lab.b.netns, "192.168.15.9"))
    with pytest.raises(MacvlanError) as raised:
        _ = made.netns
    assert raised.value.kind is ErrorKind.NAMESPACE_GONE
    assert lab.a.host.detach(made) is Detached.ALREADY_GONE
    # A caller with only a descriptor passes it.
    inside, other = NetNs.anonymous(), NetNs.anonymous()
    with NetNs.from_fd(inside) as lent:
        made = lab.a.host.attach(endpoint, lent)
    with pytest.raises(InvalidError):
        _ = made.netns
    with pytest.raises(InvalidError, match="another network namespace"):
        made.set_netns(other)
    made.set_netns(inside)
    assert made.netns == inside
    assert lab.a.host.detach(made) is Detached.REMOVED
    assert lab.a.host.detach(made) is Detached.ALREADY_GONE


def test_a_pool_gives_namespaces_with_their_link_inside(lab: Lab) -> None:
    endpoint = Endpoint("eth0", parent="ens33", addresses=["192.168.15.9/24"])
    with lab.a.host.pool("ens33", 3) as pool:
        assert len(pool) == 3
        ready = pool.namespaces()
        inside, made = pool.attach(endpoint)
        assert inside == made.netns == ready[0]
        assert ip_addresses(inside, "eth0") == ["192.168.15.9/24"]
        assert ping(inside, "192.168.15.2") == 64
        assert len(pool) == 2
        assert pool.fill() == 1
        with pytest.raises(InvalidError, match="pool"):
            pool.attach(endpoint.replace(mtu=1400))
    assert pool.closed
    with pytest.raises(ValueError, match="the Pool is closed"):
        pool.fill()
    with lab.a.host.pool_of(Endpoint("x", parent="ens33", mtu=1400), 1) as pool:
        netns, _ = pool.attach(endpoint.replace(mtu=1400, addresses=["192.168.15.10/24"]))
        assert ip_link(netns, "eth0")["mtu"] == 1400


@pytest.mark.needs("macvtap")
def test_a_macvtap_is_opened_for_a_vm_monitor(lab: Lab) -> None:
    inside = lab.container()
    tap = lab.a.host.attach(Endpoint("tap0", parent="ens33", kind="macvtap"), inside)
    assert tap.kind is EndpointKind.MACVTAP
    assert tap.tap_path == Path(f"/dev/tap{tap.index}")
    assert ip_link(inside, "tap0")["linkinfo"]["info_kind"] == "macvtap"
    if not tap.tap_path.exists():
        with pytest.raises(NotFoundError, match="devtmpfs"):
            tap.open_tap()
        pytest.skip("there is no devtmpfs on /dev")
    with tap.open_tap() as opened:
        assert opened.readable()
        assert opened.writable()
        opened.write(bytes(10) + bytes.fromhex("ffffffffffff") + bytes(50))
    assert opened.closed


def test_hosts_close(lab: Lab) -> None:
    host = Host(lab.a.netns)
    with host as entered:
        assert entered is host
        assert host.netns == lab.a.netns
        with host.handle() as handle:
            assert handle.netns == lab.a.netns
    assert host.closed
    host.close()
    with pytest.raises(ValueError, match="the Host is closed"):
        host.attachments(lab.a.netns)
    # Attachments stay, and do not depend on the one host.
    inside = lab.container()
    with Host(lab.a.netns) as host:
        eth0 = host.attach(Endpoint("eth0", parent="ens33"), inside)
    assert ip_link(inside, "eth0")
    assert lab.a.host.detach(eth0) is Detached.REMOVED


def test_the_host_is_where_the_caller_is(lab: Lab) -> None:
    inside = lab.container()

    def attach() -> Attachment:
        with Host() as host:
            assert host.netns == lab.a.netns
            return host.attach(Endpoint("eth0", parent="ens33"), inside)

    assert lab.a.netns.run(attach).parent == "ens33"
    assert ip_link(inside, "eth0")
