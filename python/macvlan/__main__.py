"""A small command: python -m macvlan attach, show, detach."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import TYPE_CHECKING, NoReturn

from macvlan import (
    Endpoint,
    EndpointKind,
    ExistsError,
    Host,
    InvalidError,
    MacvlanError,
    Mode,
    NetNs,
    NotFoundError,
    PermissionDenied,
    __version__,
)
from macvlan._tree import places, tree

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
"""

_STATUS: tuple[tuple[type[MacvlanError], int], ...] = (
    (InvalidError, 2),
    (NotFoundError, 3),
    (ExistsError, 4),
    (PermissionDenied, 5),
)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Complains in one line, and nothing else."""
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
    add("-k", "--kind", default="macvlan", choices=[k.value for k in EndpointKind])
    add("-m", "--mode", default="bridge", choices=[m.value for m in Mode])
    add("--mac", help="its MAC address; a random one")
    add("--mtu", type=int, metavar="BYTES", help="at most the parent's, which is what it gets")
    add("--gateway", action="append", default=[], metavar="IP", help="of the default route")
    add("--route", action="append", default=[], help="one more, as `ip route` has it")
    add("--vlan-id", type=int, metavar="ID", help="for --kind vlan")
    add("--on-link-gateways", action="store_true", help="gateways may lie outside every subnet")
    add("-r", "--replace-default-route", action="store_true", help="the one that is there goes")
    add("--source-routing", type=int, metavar="TABLE", help="answer by it what comes by it")
    add("--promisc", action="store_true")
    add("-n", "--plan", action="store_true", help="show what would be done, and do nothing")
    add("--json", action="store_true", help="tell what was made as JSON")

    show = commands.add_parser(
        "show",
        help="show the host's links and what hangs on them",
        description="Shows the host's links, and the VLANs, macvlans and macvtaps that hang on "
        "them in all namespaces that have a name or a process inside.",
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
    return parser


def _netns(text: str) -> NetNs:
    if text.isdecimal():
        return NetNs.from_pid(int(text))
    return NetNs.from_path(text) if "/" in text else NetNs.from_name(text)


def _attach(host: Host, arguments: argparse.Namespace) -> int:
    endpoint = Endpoint(
        arguments.name,
        parent=arguments.parent,
        kind=arguments.kind,
        mode=arguments.mode,
        mac=arguments.mac,
        mtu=arguments.mtu,
        addresses=arguments.addresses,
        gateways=arguments.gateway,
        routes=arguments.route,
        vlan_id=arguments.vlan_id,
        on_link_gateways=arguments.on_link_gateways,
        replace_default_route=arguments.replace_default_route,
        source_routing=arguments.source_routing,
        promisc=arguments.promisc,
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
    elsewhere, hidden = places()
    nodes, complaints = tree(host, elsewhere, wanted)
    if arguments.json:
        print(json.dumps([node.as_json() for node in nodes], indent=2))
    else:
        for node in nodes:
            print(*node.lines(), sep="\n")
    for complaint in complaints:
        _complain(complaint)
    if hidden:
        _complain(f"not shown is what only {hidden} processes have that may not be looked at")
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


def _complain(message: object) -> None:
    print(f"{_NAME}: {message}", file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; gives its exit status."""
    try:
        try:
            return _run(_parser().parse_args(arguments))
        finally:
            # Also of what --help says, which ends by an exception.
            sys.stdout.flush()
    except MacvlanError as error:
        _complain(error)
        return next((status for kind, status in _STATUS if isinstance(error, kind)), 1)
    except BrokenPipeError:
        # Nobody reads on. Python must not find that out again when it ends.
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
