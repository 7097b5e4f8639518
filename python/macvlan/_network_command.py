"""python -m macvlan network: networks in a file, and their containers."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, TypeVar

from macvlan._enums import Mode
from macvlan._macvlan import Networks, Subnet

if TYPE_CHECKING:
    from macvlan._macvlan import Host

_Parser = TypeVar("_Parser", bound="argparse.ArgumentParser")


def add(commands: argparse._SubParsersAction[_Parser]) -> None:
    """Adds the command."""
    network = commands.add_parser(
        "network",
        help="keep networks, and connect containers to them",
        description="Keeps networks with their subnets in a file, and connects containers to them, "
        "as `docker network` does.",
    )
    network.add_argument(
        "--db", required=True, metavar="PATH", help="the file, which the first network makes"
    )
    network.add_argument(
        "--moved",
        action="store_true",
        help="take over a file that another machine wrote last, as it was moved here",
    )
    network.set_defaults(run=run)
    verbs = network.add_subparsers(dest="verb", required=True, metavar="VERB")

    create = verbs.add_parser("create", help="create a network")
    create.set_defaults(do=_create)
    create.add_argument("network", metavar="NAME")
    create.add_argument("--parent", help="a link of the host; without one it is isolated")
    create.add_argument(
        "--subnet",
        action="append",
        default=[],
        metavar="SUBNET[@GATEWAY]",
        help="one of Docker's default subnets when none is given; its first address is the gateway",
    )
    create.add_argument("--mode", default="bridge", choices=[m.value for m in Mode])
    create.add_argument("--internal", action="store_true", help="no default route through it")
    create.add_argument("--mtu", type=int, metavar="BYTES")
    create.add_argument("--probe", action="store_true", help="skip addresses that somebody has")

    ls = verbs.add_parser("ls", help="list the networks: names, parents, subnets, ids, drivers")
    ls.set_defaults(do=_ls)

    inspect = verbs.add_parser("inspect", help="tell of networks as `docker network inspect` does")
    inspect.set_defaults(do=_inspect)
    inspect.add_argument("networks", nargs="+", metavar="NAME")

    connect = verbs.add_parser("connect", help="connect a container")
    connect.set_defaults(do=_connect)
    connect.add_argument("network", metavar="NAME")
    connect.add_argument("container", metavar="ID", help="which stays the same when it returns")
    connect.add_argument("netns", metavar="NETNS", help="a pid, a name or a path")
    connect.add_argument("--name", help="by which others find it")
    connect.add_argument("--ip", action="append", default=[], help="that it has to have")
    connect.add_argument("-i", "--interface", help="its name inside; the first free ethN")
    connect.add_argument("--mac", help="the interface's MAC address")
    connect.add_argument(
        "--alias", action="append", default=[], help="a further name, which others may have too"
    )
    connect.add_argument(
        "--link-local-ip", action="append", default=[], help="a link-local address besides"
    )
    connect.add_argument(
        "--default-route",
        action=argparse.BooleanOptionalAction,
        help="lead default routes here in front of other networks, or never",
    )
    connect.add_argument(
        "--gw-priority", type=int, metavar="N", help="the highest gets the default routes"
    )
    connect.add_argument(
        "--replace-default-route",
        action="store_true",
        help="delete default routes that somebody else has added",
    )

    disconnect = verbs.add_parser("disconnect", help="take a container out of a network")
    disconnect.set_defaults(do=_disconnect)
    disconnect.add_argument("network", metavar="NAME")
    disconnect.add_argument("container", metavar="ID")

    rm = verbs.add_parser("rm", help="remove networks that nobody is connected to")
    rm.set_defaults(do=_rm)
    rm.add_argument("networks", nargs="+", metavar="NAME")

    prune = verbs.add_parser("prune", help="remove all networks that nobody is connected to")
    prune.set_defaults(do=_prune)

    reconcile = verbs.add_parser(
        "reconcile", help="bring the kernel and the file together, and say what was done"
    )
    reconcile.set_defaults(do=_reconcile)


def run(host: Host, arguments: argparse.Namespace) -> int:
    """Runs the subcommand and returns its exit status."""
    with Networks(host, arguments.db, moved=arguments.moved) as networks:
        arguments.do(networks, arguments)
    return 0


def _create(networks: Networks, arguments: argparse.Namespace) -> None:
    subnets = []
    for text in arguments.subnet:
        subnet, _, gateway = text.partition("@")
        subnets.append(Subnet(subnet, gateway=gateway or "first"))
    made = networks.create(
        arguments.network,
        parent=arguments.parent,
        subnets=subnets,
        mode=arguments.mode,
        internal=arguments.internal,
        mtu=arguments.mtu,
        probe=arguments.probe,
    )
    print(made.id)
    for warning in made.warnings:
        print("warning:", warning, file=sys.stderr)


def _ls(networks: Networks, _: argparse.Namespace) -> None:
    for one in networks.summary():
        containers = f"containers={one['Containers']}"
        print(
            one["Name"], one["Parent"], *one["Subnets"], one["Id"][:12], one["Driver"], containers
        )
    for error in networks.unreadable():
        print(error, file=sys.stderr)


def _inspect(networks: Networks, arguments: argparse.Namespace) -> None:
    told = [networks.network(name).inspect() for name in arguments.networks]
    print(json.dumps(told, indent=2))


def _connect(networks: Networks, arguments: argparse.Namespace) -> None:
    made = networks.network(arguments.network).connect(
        arguments.container,
        int(arguments.netns) if arguments.netns.isdecimal() else arguments.netns,
        name=arguments.name,
        addresses=arguments.ip,
        interface=arguments.interface,
        mac=arguments.mac,
        aliases=arguments.alias,
        link_local_addresses=arguments.link_local_ip,
        default_route=arguments.default_route,
        gw_priority=arguments.gw_priority,
        replace_default_route=arguments.replace_default_route,
    )
    print(made.interface, made.mac, *made.lease.addresses)


def _disconnect(networks: Networks, arguments: argparse.Namespace) -> None:
    networks.network(arguments.network).disconnect(arguments.container)


def _rm(networks: Networks, arguments: argparse.Namespace) -> None:
    for name in arguments.networks:
        networks.network(name).remove()


def _prune(networks: Networks, _: argparse.Namespace) -> None:
    for name in networks.prune():
        print(name)


def _reconcile(networks: Networks, _: argparse.Namespace) -> None:
    for done in networks.reconcile():
        print(done)
