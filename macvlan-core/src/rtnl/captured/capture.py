#!/usr/bin/env python3
"""Writes the .txt files beside this script: what `ip` sends, and what the kernel answers.

Run as root, with the names of the files to write, or none for those that any kernel can give. It
needs Debian's iproute2, strace and linux-libc-dev. `scenarios.py` has the commands. A line that
begins with "$" is recorded, others prepare for it. Where the kernel lacks a driver, `ip` sends its
request all the same, and that is what is recorded.

The bytes are as they were on the machine, little-endian; the comments are made here.
"""

import os
import re
import shlex
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

from scenarios import NEEDS_MODULES, SCENARIOS

HERE = Path(__file__).parent
DONE, ERROR, GETLINK, GETNSID = 3, 2, 18, 90
ACK, DUMP = 4, 0x300
# What `ip` asks for when it only wants to know the index of a name.
LOOK_UP_MASK = struct.pack("<HHI", 8, 29, 9)


def main():
    wanted = sys.argv[1:] or SCENARIOS.keys() - NEEDS_MODULES
    for name, (script, record) in SCENARIOS.items():
        if name not in wanted:
            continue
        if os.environ.get("CAPTURE_IN") == name:
            prepare()
            write(name, script, RECORDERS[record])
        else:
            # Each in a namespace of its own.
            subprocess.run(["unshare", "-n", "-m", sys.executable, __file__, name],
                           env={**os.environ, "CAPTURE_IN": name}, check=True)


def prepare():
    subprocess.run("mount -t tmpfs tmpfs /run && ip netns add blue"
                   " && ip link add ens33 index 2 address 02:00:00:00:00:02 type veth"
                   " peer name cable index 3 address 02:00:00:00:00:03",
                   shell=True, check=True)


def write(name, script, record):
    kernel = ".".join(os.uname().release.split(".")[:2])
    lines = [f"# {name}: written by capture.py with iproute2 {version()}, Linux {kernel}.\n"]
    for line in script.strip().splitlines():
        line = line.strip()
        if not line.startswith("$"):
            subprocess.run(line, shell=True, check=False, stderr=subprocess.DEVNULL)
            continue
        lines.append(f"\n{line}\n")
        for message in record(line[1:].strip()):
            lines.extend(annotated(message))
    (HERE / f"{name}.txt").write_text("".join(lines))


def version():
    return re.search(r"iproute2-([\d.]+)", subprocess.check_output(["ip", "-V"], text=True))[1]


# Recording

def traced(command):
    """The messages that a command sent and received, each a list of sockets and netlink messages."""
    result = subprocess.run(
        ["strace", "-e", "trace=sendmsg,sendto,recvmsg", "-e", "write=all", "-e", "read=all",
         "-s", "0", *shlex.split(command)],
        capture_output=True, text=True, check=False)
    calls = []
    for line in result.stderr.splitlines():
        if row := re.match(r" \| [0-9a-f]+  ((?:[0-9a-f]{2} ? ?){1,16})", line):
            calls[-1][2].extend(bytes.fromhex(row[1]))
        elif call := re.match(r"(send|recv)(?:msg|to)\((\d+)", line):
            calls.append((call[1], call[2], bytearray()))
    return ([(socket, message) for call, socket, data in calls if call == direction
             for message in messages(data)] for direction in ("send", "recv"))


def messages(data):
    found = []
    while len(data) >= 16:
        length = int.from_bytes(data[:4], "little")
        # `ip` sends buffers larger than the message in them.
        if length < 16:
            break
        found.append(bytes(data[:length]))
        data = data[-(-length // 4) * 4:]
    return found


def sequence(message):
    return struct.unpack_from("<I", message, 8)[0]


def the_request(sent):
    """The last that neither probes the kernel (sequence number 0) nor looks up a name."""
    asked = [(socket, message) for socket, message in sent if sequence(message) != 0]
    wanted = [(socket, message) for socket, message in asked if kind_of(message) != GETNSID
              and not (kind_of(message) == GETLINK and LOOK_UP_MASK in message)]
    return (wanted or asked)[-1]


def request(command):
    sent, _ = traced(command)
    return [the_request(sent)[1]]


def answer(command):
    sent, received = traced(command)
    asking, asked = the_request(sent)
    return [message for socket, message in received
            if socket == asking and sequence(message) == sequence(asked)]


def verdict(command):
    """Commands, a ";" between them, then "|" and the options of the socket that sends their requests
    in one go, the last with NLM_F_ACK. The requests are numbered from 1."""
    commands, options = (part.strip() for part in command.split("|"))
    batch = b""
    for number, one in enumerate(commands.split(";"), 1):
        message = bytearray(request(one)[0])
        last = number == commands.count(";") + 1
        flags = struct.unpack_from("<H", message, 6)[0]
        if flags & DUMP != DUMP:
            flags = flags | ACK if last else flags & ~ACK
        struct.pack_into("<HI", message, 6, flags, number)
        batch += message
    route = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    for option in options.split():
        number = {"EXT_ACK": 11, "CAP_ACK": 10, "GET_STRICT_CHK": 12}[option.removeprefix("NETLINK_")]
        route.setsockopt(270, number, 1)
    route.send(batch)
    time.sleep(0.1)
    received = []
    try:
        while True:
            received += messages(route.recv(1 << 16, socket.MSG_DONTWAIT))
    except BlockingIOError:
        return received


RECORDERS = {"request": request, "answer": answer, "verdict": verdict}


# Comments

def enums():
    """Every enumerator in the kernel's headers, prefix by prefix: {"IFLA_": {1: "IFLA_ADDRESS"}}."""
    found = {}
    for header in ("if_link", "if_addr", "rtnetlink", "fib_rules", "neighbour", "net_namespace",
                   "netlink", "veth"):
        text = Path(f"/usr/include/linux/{header}.h").read_text()
        text = re.sub(r"/\*.*?\*/|^#.*?$", "", text, flags=re.S | re.M)
        for body in re.findall(r"enum\s*\w*\s*\{(.*?)\}", text, flags=re.S):
            number, names = -1, {}
            for item in filter(None, (item.strip() for item in body.split(","))):
                name, _, value = (part.strip() for part in item.partition("="))
                aliased = [number for number, other in names.items() if other == value]
                number = aliased[0] if aliased else int(value, 0) if value.isdigit() else number + 1
                if not name.startswith("__"):
                    names[number] = name
            found[re.sub("(UNSPEC|UNUSED|NONE)$", "", next(iter(names.values()), ""))] = names
    return found


ENUMS = enums()
TYPES = next(names for names in ENUMS.values() if "RTM_NEWLINK" in names.values())
FAMILIES = {"LINK": ("ifinfomsg", 16, "IFLA_"), "ADDR": ("ifaddrmsg", 8, "IFA_"),
            "ROUTE": ("rtmsg", 12, "RTA_"), "RULE": ("fib_rule_hdr", 12, "FRA_"),
            "NEIGH": ("ndmsg", 12, "NDA_"), "NSID": ("rtgenmsg", 4, "NETNSA_"),
            "LINKPROP": ("ifinfomsg", 16, "IFLA_")}
NESTED = {"IFLA_LINKINFO": "IFLA_INFO_", "RTA_METRICS": "RTAX_", "IFLA_PROP_LIST": "IFLA_",
          "IFLA_VLAN_EGRESS_QOS": "IFLA_VLAN_QOS_", "IFLA_VLAN_INGRESS_QOS": "IFLA_VLAN_QOS_",
          "IFLA_MACVLAN_MACADDR_DATA": "IFLA_MACVLAN_"}
ADDRESSES = ("IFA_ADDRESS", "IFA_LOCAL", "IFA_BROADCAST", "RTA_DST", "RTA_GATEWAY", "RTA_PREFSRC",
             "NDA_DST", "FRA_SRC", "FRA_DST")


def kind_of(message):
    return struct.unpack_from("<H", message, 4)[0]


def annotated(message):
    """Lines of hexadecimal, an attribute a line, with what it is behind a "#"."""
    _, kind, flags = struct.unpack_from("<IHH", message)
    name = {DONE: "NLMSG_DONE", ERROR: "NLMSG_ERROR"}.get(kind) or TYPES.get(kind, str(kind))
    yield row(message[:16], 0, f"{name}, flags {flags:#x}")
    if kind in (DONE, ERROR):
        yield from annotated_verdict(message, kind, flags)
        return
    header, size, prefix = FAMILIES[re.sub("RTM_(NEW|DEL|GET)", "", name)]
    yield row(message[16:16 + size], 0, header)
    yield from attributes(message[16 + size:], prefix, 0)


def annotated_verdict(message, kind, flags):
    code, = struct.unpack_from("<i", message, 16)
    yield row(message[16:20], 0, f"-{os.strerror(-code)}" if code else "0")
    rest = message[20:]
    if kind == ERROR:
        length, = struct.unpack_from("<I", rest)
        echoed = 16 if flags & 0x100 else -(-length // 4) * 4
        yield row(rest[:16], 0, "the request's header")
        yield from rows(rest[16:echoed], 1, "the rest of the request")
        rest = rest[echoed:]
    yield from attributes(rest, "NLMSGERR_ATTR_", 0)


def attributes(data, prefix, depth):
    names, kind_text = ENUMS.get(prefix, {}), ""
    while len(data) >= 4:
        length, kind = struct.unpack_from("<HH", data)
        value, padded = data[4:length], data[4:-(-length // 4) * 4]
        name = names.get(kind & 0x3fff, f"{prefix}{kind & 0x3fff}")
        inner = NESTED.get(name)
        if name == "IFLA_INFO_KIND":
            kind_text = value.rstrip(b"\0").decode()
        if name == "IFLA_INFO_DATA":
            # Of a kind that is not looked into, the attributes are numbered alone.
            inner = {"veth": "VETH_INFO_"}.get(kind_text, f"IFLA_{kind_text.upper()}_")
        if name == "VETH_INFO_PEER":
            yield row(data[:4] + value[:16], depth, f"{name}, with its ifinfomsg")
            yield from attributes(padded[16:], "IFLA_", depth + 1)
        elif inner:
            yield row(data[:4], depth, name)
            yield from attributes(padded, inner, depth + 1)
        else:
            yield from rows(data[:4] + padded, depth, f"{name}{words(name, value)}")
        data = data[-(-length // 4) * 4:]


def words(name, value):
    text = value.rstrip(b"\0")
    if len(text) > 1 and all(32 <= byte < 127 for byte in text) and re.search("NAME|KIND|LABEL|MSG$", name):
        return f' "{text.decode()}"'
    if len(value) in (4, 16) and name in ADDRESSES:
        return " " + socket.inet_ntop({4: socket.AF_INET, 16: socket.AF_INET6}[len(value)], value)
    if len(value) == 4:
        return f" {int.from_bytes(value, 'little')}"
    return ""


def rows(data, depth, comment):
    """Long values in rows of 24 bytes."""
    for at in range(0, len(data), 24):
        yield row(data[at:at + 24], depth + (at > 0), comment if at == 0 else "")


def row(data, depth, comment):
    text = "  " * depth + " ".join(data[at:at + 4].hex() for at in range(0, len(data), 4))
    return f"{text:<58}# {comment}\n" if comment else f"{text}\n"


main()
