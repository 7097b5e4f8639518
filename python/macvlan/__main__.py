"""A small command: python -m macvlan attach, show, detach, probe, access, diagnose, network."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import TYPE_CHECKING, NoReturn

from macvlan import (
    Announce,
    Endpoint,
    EndpointKind,
    ErrorKind,
    ExistsError,
    Host,
    InvalidError,
    MacvlanError,
    Mode,
    NetNs,
    NotFoundError,
    PermissionDenied,
    VlanOptions,
    __version__,
    _network_command,
)
from macvlan._tree import tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from macvlan import Attachment

_NAME = "python -m macvlan"

_EPILOG = """\
A NETNS is a pid, a name of `ip netns`, or a path.

exit status:
  0  done
  1  the kernel refused, for another reason than those below
  2  a wrong argument or value
  3  something that is needed is not there
  4  something that was to be made is there already
  5  a capability is missing
  6  somebody has the address that was asked for; something is amiss on the container's network
"""

_NOT_AS_WISHED = 6

# The command ends after the attach, so it has to send all announcements before.
_ANNOUNCES = {"once": Announce.once(), "rfc": Announce(2, blocking=True)}

_STATUS: tuple[tuple[type[MacvlanError], int], ...] = (
    (InvalidError, 2),
    (NotFoundError, 3),
    (ExistsError, 4),
    (PermissionDenied, 5),
)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Prints a message of one line only."""
        self.exit(2, f"{self.prog}: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog=_NAME,
        description="Gives containers their place on the real network.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"macvlan {__version__}")
    parser.add_argument(
        "--host", metavar="NETNS", help="where parents are; the namespace that this runs in"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    attach = commands.add_parser(
        "attach",
        help="give a container an interface",
        description="Gives a container an interface, all of it or nothing.",
    )
    attach.set_defaults(run=_attach)
    attach.add_argument("parent", help="a link of the host; ens33.100 is VLAN 100 of ens33")
    attach.add_argument("container", metavar="NETNS", help="a pid, a name or a path")
    attach.add_argument(
        "addresses",
        nargs="*",
        metavar="ADDRESS/LENGTH[@GATEWAY]",
        help="as 172.16.104.10/24@172.16.104.1; with a gateway it gets the default route",
    )
    add = attach.add_argument
    add("-i", "--name", default="eth0", help="the interface's name inside (%(default)s)")
    add("-k", "--kind", choices=[k.value for k in EndpointKind], help="macvlan")
    add("-m", "--mode", choices=[m.value for m in Mode], help="bridge")
    add("--mac", help="its MAC address; a random one")
    add("--mtu", type=int, metavar="BYTES", help="at most the parent's, which is what it gets")
    add("--gateway", action="append", default=[], metavar="IP", help="of the default route")
    add("--route", action="append", default=[], help="one more, as `ip route` has it")
    add("--vlan-id", type=int, metavar="ID", help="of a VLAN, which --kind vlan needs")
    add("--on-link-gateways", action="store_true", help="gateways may lie outside every subnet")
    add("-r", "--replace-default-route", action="store_true", help="the one that is there goes")
    add("--source-routing", type=int, metavar="TABLE", help="answer by it what comes by it")
    add("--promisc", action="store_true")
    add("--probe", choices=["quick", "rfc"], help="ask before whether the addresses are free")
    add("--announce", choices=list(_ANNOUNCES), help="tell the neighbours of the addresses")
    add("--rate", help="how fast it may send, as `tc` has it: 10mbit")
    add("-n", "--plan", action="store_true", help="show what would be done, and do nothing")
    add("--json", action="store_true", help="tell what was made as JSON")

    show = commands.add_parser(
        "show",
        help="show the host's links and what hangs on them",
        description="Shows the host's links, and the VLANs, macvlans and macvtaps that hang on "
        "them in all namespaces that have a name, a process inside, or something that holds them.",
    )
    show.set_defaults(run=_show)
    show.add_argument("parents", nargs="*", metavar="PARENT", help="these alone")
    show.add_argument("--json", action="store_true")

    detach = commands.add_parser(
        "detach",
        help="take interfaces away",
        description="Takes a container's interfaces away that hang on the host's links.",
    )
    detach.set_defaults(run=_detach)
    detach.add_argument("container", metavar="NETNS", help="a pid, a name or a path")
    detach.add_argument("names", nargs="*", metavar="NAME", help="which; not needed if it has one")
    detach.add_argument("--all", action="store_true", help="all that it has")
    _add_lan(commands)
    _network_command.add(commands)
    return parser


def _add_lan(commands: argparse._SubParsersAction[_Parser]) -> None:
    """Adds the commands that use the network."""
    probe = commands.add_parser(
        "probe",
        help="ask on a network whether addresses are free",
        description="Asks on a parent's network who has these addresses; nobody notices. "
        "Exit status 6 if somebody has one.",
    )
    probe.set_defaults(run=_probe)
    probe.add_argument("parent", help="a link of the host; ens33.100 is VLAN 100 of ens33")
    probe.add_argument("addresses", nargs="+", metavar="IP")
    probe.add_argument("--rfc", action="store_true", help="take the 4 to 7 seconds of RFC 5227")
    probe.add_argument("--json", action="store_true")

    access = commands.add_parser(
        "access",
        help="give the host access to its containers",
        description="Lets the host reach the containers on a parent, and them it, by a macvlan of "
        "its own beside them, which stays until --remove.",
    )
    access.set_defaults(run=_access)
    access.add_argument("parent", help="a link of the host")
    access.add_argument("containers", nargs="*", metavar="NETNS", help="that it gets routes to")
    add = access.add_argument
    add("--name", help="of the host's macvlan; the parent's and -host")
    add("--address", action="append", default=[], metavar="IP", help="its own; the parent's")
    add("--route", action="append", default=[], metavar="SUBNET", help="of containers alone")
    add("--remove", action="store_true", help="take the macvlan away, and all routes by it")

    diagnose = commands.add_parser(
        "diagnose",
        help="find out why a container does not reach somebody",
        description="Finds out why a container does not reach a peer on its network. "
        "Exit status 6 if something is amiss.",
    )
    diagnose.set_defaults(run=_diagnose)
    diagnose.add_argument("container", metavar="NETNS", help="a pid, a name or a path")
    diagnose.add_argument("peer", metavar="IP")
    diagnose.add_argument("-i", "--name", help="its interface; not needed if it has one")
    diagnose.add_argument("--json", action="store_true")


def _netns(text: str) -> int | str:
    return int(text) if text.isdecimal() else text


def _attach(host: Host, arguments: argparse.Namespace) -> int:
    if arguments.kind == EndpointKind.VLAN and arguments.vlan_id is None:
        _complain("--kind vlan needs --vlan-id")
        return 2
    endpoint = Endpoint(
        arguments.name,
        parent=arguments.parent,
        kind=arguments.kind,
        mode=arguments.mode,
        options=None if arguments.vlan_id is None else VlanOptions(arguments.vlan_id),
        mac=arguments.mac,
        mtu=arguments.mtu,
        addresses=arguments.addresses,
        gateways=arguments.gateway,
        routes=arguments.route,
        on_link_gateways=arguments.on_link_gateways,
        replace_default_route=arguments.replace_default_route,
        source_routing=arguments.source_routing,
        promisc=arguments.promisc,
        probe=arguments.probe,
        announce=_ANNOUNCES.get(arguments.announce),
        rate=arguments.rate,
    )
    if arguments.plan:
        print(endpoint.plan(), end="")
        return 0
    made = host.attach(endpoint, _netns(arguments.container))
    if arguments.json:
        print(json.dumps(_told(made), indent=2))
    else:
        print(made.name, made.mac, *made.addresses)
    return 0


def _told(made: Attachment) -> dict[str, object]:
    return {
        "name": made.name,
        "index": made.index,
        "kind": made.kind,
        "mac": made.mac,
        "mtu": made.mtu,
        "parent": made.parent,
        "addresses": [str(address) for address in made.addresses],
        "routes": [str(route) for route in made.routes],
    }


def _show(host: Host, arguments: argparse.Namespace) -> int:
    with host.handle() as handle:
        wanted = [handle.link(parent).index for parent in arguments.parents]
    visible = NetNs.visible()
    nodes, complaints = tree(host, visible.namespaces, wanted)
    if arguments.json:
        print(json.dumps([node.as_json() for node in nodes], indent=2))
    else:
        for node in nodes:
            print(*node.lines(), sep="\n")
    for complaint in complaints:
        _complain(complaint)
    if visible.unseen:
        also = f" and {len(visible.unseen) - 1} others" if visible.unseen[1:] else ""
        _complain(f"not shown is what only {visible.unseen[0]}{also} would tell")
    return 1 if complaints else 0


def _detach(host: Host, arguments: argparse.Namespace) -> int:
    found = host.attachments(_netns(arguments.container))
    names = [attachment.name for attachment in found]
    if arguments.all == bool(arguments.names) and (arguments.all or len(found) > 1):
        _complain(f"which one? say --all, or some of {' '.join(names)}")
        return 2
    missing = [name for name in arguments.names if name not in names]
    if missing or not found:
        hangs = "hangs on the host's links there"
        _complain(f"no {missing[0]!r} {hangs}" if missing else f"nothing {hangs}")
        return 3
    for attachment in found:
        if not arguments.names or attachment.name in arguments.names:
            host.detach(attachment)
    return 0


def _probe(host: Host, arguments: argparse.Namespace) -> int:
    probe = "rfc" if arguments.rfc else "quick"
    held = host.probe_addresses(arguments.parent, arguments.addresses, probe=probe)
    if arguments.json:
        told = [{"address": str(one.address), "mac": one.mac} for one in held]
        print(json.dumps(told, indent=2))
    else:
        for one in held:
            print(one)
    return _NOT_AS_WISHED if held else 0


def _access(host: Host, arguments: argparse.Namespace) -> int:
    if arguments.remove and arguments.containers:
        _complain("--remove takes it away from all containers; name none")
        return 2
    # Checked before any object is created.
    found = []
    if arguments.containers:
        with host.handle() as handle:
            parent = handle.link(arguments.parent).index
        for container in arguments.containers:
            hang = [a for a in host.attachments(_netns(container)) if a.parent_index == parent]
            if not hang:
                _complain(f"nothing hangs on {arguments.parent} in {container}")
                return 3
            found += hang
    with host.access(
        arguments.parent,
        name=arguments.name,
        addresses=arguments.address,
        routes=arguments.route,
        keep=not arguments.remove,
    ) as access:
        for attachment in found:
            access.add(attachment)
        if not arguments.remove:
            print(access.name, *access.routes)
    return 0


def _diagnose(host: Host, arguments: argparse.Namespace) -> int:
    found = host.attachments(_netns(arguments.container))
    if arguments.name is not None:
        found = [one for one in found if one.name == arguments.name]
    if not found:
        what = "nothing" if arguments.name is None else f"no {arguments.name!r}"
        _complain(f"{what} hangs on the host's links there")
        return 3
    if len(found) > 1:
        _complain(f"which one? say --name, and one of {' '.join(one.name for one in found)}")
        return 2
    told = host.diagnose(found[0], arguments.peer)
    if arguments.json:
        findings = [
            {"kind": one.kind, "text": one.text, "remedy": one.remedy} for one in told.findings
        ]
        as_json = {"answered": told.answered, "findings": findings, "facts": told.facts}
        print(json.dumps(as_json, indent=2))
    else:
        print(told, end="")
    return _NOT_AS_WISHED if told.findings else 0


def _complain(message: object) -> None:
    print(f"{_NAME}: {message}", file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit status."""
    try:
        try:
            return _run(_parser().parse_args(arguments))
        finally:
            # Also the output of --help, which ends with an exception.
            sys.stdout.flush()
    except MacvlanError as error:
        _complain(error)
        if error.kind is ErrorKind.ADDRESS_IN_USE:
            return _NOT_AS_WISHED
        return next((status for kind, status in _STATUS if isinstance(error, kind)), 1)
    except BrokenPipeError:
        # The reader has closed the pipe. Python must not write to it again when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130


def _run(parsed: argparse.Namespace) -> int:
    with Host(None if parsed.host is None else _netns(parsed.host)) as host:
        status: int = parsed.run(host, parsed)
    return status


if __name__ == "__main__":
    sys.exit(main())
