"""The project's pages: their blocks of code, and hosts on which these run as they stand."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from hosts import ip_batch, sysctl, works

from macvlan import Handle, NetNs

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).parents[2]
PAGES = sorted(
    [*PROJECT.glob("*.md"), *PROJECT.glob("docs/*.md"), *PROJECT.glob("[mp]*/README.md")]
)
# A comment `<!-- HOST`, which no reader sees, prepares what the page shows.
BLOCK = re.compile(
    r"^(?:```(?P<language>\w+)(?: (?P<where>[^\n]*))?\n(?P<code>.*?)^```\n+"
    r"|<!-- (?P<hidden>lan|host-a|host-b)\n(?P<set_up>.*?)-->\n+)",
    re.DOTALL | re.MULTILINE,
)


@dataclass
class Block:
    """A block of code."""

    language: str
    # The host whose shell it is for; empty for the first.
    where: str
    text: str
    # The output that is shown below it.
    shown: str | None = None

    @property
    def first(self) -> str:
        """The first line."""
        return self.text.partition("\n")[0]


def sections(page: str) -> Iterator[tuple[str, str]]:
    """Yields the headings of a page with the text below each; first what is above them."""
    heading, within = "", False
    lines: list[str] = []
    for line in page.splitlines(keepends=True):
        within ^= line.lstrip().startswith("```")
        if not within and re.match("#{2,3} ", line):
            yield heading, "".join(lines)
            heading, lines = line.lstrip("# ").strip(), []
        else:
            lines.append(line)
    yield heading, "".join(lines)


def blocks(text: str) -> list[Block]:
    """Returns the blocks. One of the language text directly below another is its output."""
    found: list[Block] = []
    end = 0
    for match in BLOCK.finditer(f"{text}\n"):
        language, where, code, hidden, set_up = match.groups()
        if hidden:
            found.append(Block("sh", hidden, set_up))
        elif language == "text" and found and match.start() == end:
            found[-1].shown = code
        else:
            found.append(Block(language, where or "", code))
        end = match.end()
    return found


def pattern(shown: str) -> re.Pattern[str]:
    """Returns a pattern of an output: MAC addresses and times are others each time.

    An ellipsis is any text, and alone in its line any number of lines.
    """
    lines = (re.escape(line).replace("…", ".*") + "\\n" for line in steady(shown).splitlines())
    return re.compile("".join("(?:.*\\n)*" if line == ".*\\n" else line for line in lines))


def steady(output: str) -> str:
    """Replaces MAC addresses by their numbers in the order in which they appear, and so on."""
    numbers: dict[str, int] = {}
    output = re.sub(
        r"\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b",
        lambda mac: f"MAC{numbers.setdefault(mac[0], len(numbers))}",
        output,
    )
    output = re.sub(r"\b[0-9a-f]{8}(?:…|[0-9a-f]{56}\b)", "ID", output)
    output = re.sub(r"\bpid \d+", "pid N", output)
    output = re.sub(r"[\d.]+ ?(?:ms|µs)\b", "T", output)
    output = re.sub(r"\d+ frames? came", "N frames came", output)
    # The kernel says a moment later that a link is up.
    output = re.sub(r"\bUNKNOWN\b", "UP", output)
    return re.sub(r" +$", "", re.sub(" +", " ", output), flags=re.MULTILINE)


# The command, as it is built with the test programs; `tests/run` has one that starts faster.
TARGET = Path(sys.prefix).parents[1]
COMMAND = Path(os.environ.get("MACVLAN_COMMAND", TARGET / "debug" / "macvlan"))

# Directories of its own, so that nothing is found of the machine and nothing stays on it. It takes
# few processes, because a guest takes long to start one.
SET_UP = """
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/lib
mkdir -p /run/netns /run/home /run/opt
mount --bind /opt /run/opt
mount -t tmpfs tmpfs /opt
ln -s /run/opt/* /opt
mkdir -p /opt/cni/bin
mount -o remount,bind,ro /
echo {name} >/proc/sys/kernel/hostname
export HOME=/run/home LC_ALL=C.UTF-8 PATH={bin}:$PATH
unset MACVLAN_DB MACVLAN_CONFIG NO_COLOR DOCKER_HOST CONTAINER_HOST
cd
unset pid
for container in web db; do
    ip netns add $container
    ip netns exec $container sleep 100000 </dev/null >/dev/null 2>&1 &
    until [ /proc/$!/ns/net -ef /run/netns/$container ]; do :; done
    : ${{pid:=$!}}
done
trap 'echo "exit status $?"' ERR
"""


class Machine:
    """A host with a shell, and with the containers web and db."""

    def __init__(self, name: str, netns: NetNs, directory: Path) -> None:
        """Starts the shell in this namespace."""
        self.name = name
        self.directory = directory
        self.number = count()
        options = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--uts"]
        self.shell = netns.run(
            lambda: subprocess.Popen(
                ["unshare", *options, "bash", "--norc", "-s"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                cwd="/",
            )
        )
        programs = directory / f"{name}.bin"
        programs.mkdir()
        (programs / "macvlan").symlink_to(COMMAND)
        python = programs / "python"
        python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -W error "$@"\n')
        python.chmod(0o755)
        said = self.run(SET_UP.format(bin=shlex.quote(str(programs)), name=name))
        assert not said, said
        self.pid = self.run("echo $pid").strip()

    def run(self, text: str, interpreter: str = ".") -> str:
        """Returns the output of a text, with the status of each command that fails."""
        script = self.directory / f"{self.name}{next(self.number)}"
        script.write_text(f"{text}\n" if interpreter == "python" else f"{text}\n:\n")
        end = f"the end of {script}"
        assert self.shell.stdin is not None
        assert self.shell.stdout is not None
        self.shell.stdin.write(f"{interpreter} {script} </dev/null\necho; echo '{end}'\n")
        self.shell.stdin.flush()
        output = ""
        for line in self.shell.stdout:
            if line == f"{end}\n":
                return output.removesuffix("\n")
            output += line
        raise AssertionError(f"the shell has ended: {output}")

    def close(self) -> None:
        """Ends the shell, and with it all that it has started."""
        self.shell.kill()
        self.shell.communicate()


# The addresses of the router and the hosts, as the pages have them.
LAN = "172.16.104.1/24", "fd15::1/64", "172.16.213.2/16", "192.168.15.2/24"
HOSTS = ("172.16.104.2/24", "fd15::2/64"), ("172.16.104.3/24", "fd15::3/64")


@dataclass
class Network:
    """Two hosts on a LAN with a router, which is also in VLAN 10 and 20 if the kernel has them."""

    directory: Path
    vlans: bool
    running: ExitStack = field(default_factory=ExitStack)
    machines: dict[str, Machine] = field(default_factory=dict)

    def __enter__(self) -> Network:
        """Creates the hosts: host-a and host-b have .2 and .3 of 172.16.104.0/24."""
        lan, *hosts = (self.running.enter_context(NetNs.anonymous()) for _ in range(3))
        self.places = {"lan": lan, "host-a": hosts[0], "host-b": hosts[1]}
        for netns in (lan, *hosts):
            # Addresses can be used at once.
            sysctl(netns, "ipv6/conf/default/accept_dad", "0")
        sysctl(lan, "ipv4/ip_forward", "1")
        sysctl(lan, "ipv6/conf/all/forwarding", "1")
        links: list[tuple[str, str, tuple[str, ...]]] = [("lan", "type bridge", LAN)]
        if self.vlans:
            for vlan in (10, 20):
                its = f"10.0.{vlan}.1/24", f"fd00:{vlan}::1/64"
                links.append((f"lan.{vlan}", f"link lan type vlan id {vlan}", its))
        commands = ["link set lo up"]
        for name, kind, addresses in links:
            commands.append(f"link add {name} up {kind}")
            commands += [f"address add {address} dev {name}" for address in addresses]
        with Handle(lan) as router:
            for number, netns in enumerate(hosts):
                port = f"port{number}"
                router.add_link(port, kind="veth", peer="ens33", peer_netns=netns, up=True)
                commands.append(f"link set {port} master lan")
        ip_batch(lan, commands)
        for netns, addresses in zip(hosts, HOSTS, strict=True):
            ip_batch(netns, ["link set lo up", "link set ens33 up"])
            with Handle(netns) as host:
                works(host, "ens33")
            commands = [f"address add {address} dev ens33" for address in addresses]
            ip_batch(netns, [*commands, "route add default via 172.16.104.1"])
        return self

    def machine(self, name: str) -> Machine:
        """Returns a host's machine, which is started for the first block that it runs."""
        if name not in self.machines:
            self.machines[name] = Machine(name, self.places[name], self.directory)
            self.running.callback(self.machines[name].close)
        return self.machines[name]

    def __exit__(self, *_: object) -> None:
        self.running.close()

    def run(self, block: Block) -> str:
        """Returns the output of a block, in the shell of its host."""
        machine = self.machine(block.where or "host-a")
        text = block.text.replace("2084", machine.pid)
        if block.language == "rust":
            return machine.run(str(compiled(text, self.directory)))
        return machine.run(text, "python" if block.language == "python" else ".")


# The names that a fragment uses without explaining them.
FRAGMENT = """#![allow(unused)]
use macvlan_core::*;
use macvlan_network::*;
fn page(
    host: Host, endpoint: Endpoint, container: NetNs,
) -> std::result::Result<(), Box<dyn std::error::Error>> {
    {
"""
FRAGMENT_END = """
    }
    Ok(())
}
fn main() {}
"""


def compiled(text: str, directory: Path) -> Path:
    """Compiles a program, or a fragment of one, with the libraries of the Rust tests."""
    source, program = directory / "page.rs", directory / "page"
    source.write_text(text if "fn main()" in text else FRAGMENT + text + FRAGMENT_END)
    options = ["--edition=2024", "-L", f"dependency={TARGET}/debug/deps"]
    for crate in ("macvlan_core", "macvlan_network"):
        options += ["--extern", f"{crate}={TARGET}/debug/lib{crate}.rlib"]
    subprocess.run(["rustc", *options, "-o", program, source], check=True)
    return program
