"""The frames on a cable, with their tags."""

from __future__ import annotations

import socket
import struct
import time
from typing import TYPE_CHECKING

from hosts import PATIENCE

from macvlan import Handle, NetNs

if TYPE_CHECKING:
    from collections.abc import Callable

SOL_PACKET, PACKET_AUXDATA, PACKET_OUTGOING = 263, 8, 4
ETH_P_ALL = 3
# The frame's own tag is in the tpacket_auxdata, and so is its EtherType (linux/if_packet.h).
TAG_IS_TOLD = 1 << 4 | 1 << 6


class Wire:
    """A packet socket that receives the frames arriving at a link."""

    def __init__(self, netns: NetNs, link: str) -> None:
        with Handle(netns) as handle:
            handle.link(link)
        self.socket = netns.run(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
        self.socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.socket.bind((link, ETH_P_ALL))

    def find(self, wanted: Callable[[bytes], bool], patience: float = PATIENCE) -> bytes | None:
        """Waits for a frame, as it was on the wire."""
        until = time.monotonic() + patience
        while (left := until - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                frame, control, _, sender = self.socket.recvmsg(2000, 64)
            except TimeoutError:
                return None
            if sender[2] == PACKET_OUTGOING:
                continue
            for _, kind, data in control:
                if kind == PACKET_AUXDATA:
                    status, *_, tci, tpid = struct.unpack("@IIIHHHH", data[:20])
                    if status & TAG_IS_TOLD == TAG_IS_TOLD:
                        frame = frame[:12] + struct.pack("!HH", tpid, tci) + frame[12:]
            if wanted(frame):
                return frame
        return None

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()


def tags(frame: bytes) -> list[tuple[int, int, int]]:
    """Returns the tags of a frame, outermost first, as EtherType, priority and id."""
    found = []
    for at in range(12, len(frame), 4):
        kind, control = struct.unpack("!HH", frame[at : at + 4])
        if kind not in (0x8100, 0x88A8):
            break
        found.append((kind, control >> 13, control & 0xFFF))
    return found
