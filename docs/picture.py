#!/usr/bin/env python3
"""Draws docs/picture.svg: a host whose containers have their places on the LAN."""

from __future__ import annotations

from pathlib import Path

WIDTH, HEIGHT = 860, 400
# The colours of the card, VLANs, containers and the switch.
CARD, VLAN, CONTAINER, SWITCH = "#2a6f97", "#468faf", "#e8f1f5", "#f1efe7"
# From left to right: the name, the address, and the place of the middle.
CONTAINERS = [("proxy", "172.16.104.10", 250), ("web", "10.0.10.7", 440), ("db", "10.0.20.8", 630)]
VLANS = [("ens33.10: VLAN 10", 440), ("ens33.20: VLAN 20", 630)]
OTHERS = [
    ("router", ".1 of each subnet", 120),
    ("another host", "172.16.104.3", 540),
    ("printer", "172.16.104.200", 740),
]


def box(x: int, y: int, size: tuple[int, int], fill: str, more: str = "") -> str:
    """Returns a box of this width and height around the middle x, with its upper edge at y."""
    width, height = size
    place = f'x="{x - width // 2}" y="{y}" width="{width}" height="{height}"'
    return f'<rect {place} rx="6" fill="{fill}" stroke="#345"{more}/>'


def text(x: int, y: int, words: str, more: str = "") -> str:
    """Returns words around the middle x."""
    return f'<text x="{x}" y="{y}" text-anchor="middle"{more}>{words}</text>'


def line(x: int, top: int, bottom: int) -> str:
    """Returns a cable."""
    return f'<path d="M{x} {top}V{bottom}" stroke="#345" stroke-width="2"/>'


def picture() -> str:
    """Returns the picture."""
    bold, white = ' font-weight="bold"', ' style="fill: white"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">',
        '<g font-family="sans-serif" font-size="13" fill="#123">',
        "<title>Containers of a host, each with its own place on the LAN</title>",
        '<rect width="100%" height="100%" fill="white"/>',
        box(440, 16, (660, 226), "#fafafa", ' stroke-dasharray="6 4"'),
        text(142, 38, "host", bold),
    ]
    vlans = dict(VLANS).values()
    for name, address, x in CONTAINERS:
        parts += [
            line(x, 98, 126 if x in vlans else 182),
            box(x, 34, (150, 64), CONTAINER),
            text(x, 53, name, bold),
            text(x, 71, "eth0, a macvlan"),
            text(x, 88, address),
        ]
    for name, x in VLANS:
        parts += [line(x, 154, 182), box(x, 126, (150, 28), VLAN), text(x, 145, name, white)]
    parts += [
        box(440, 182, (530, 36), CARD),
        text(440, 205, "ens33: the network card", bold + white),
        line(340, 218, 276),
        text(410, 262, "one cable, a trunk"),
        box(430, 276, (780, 30), SWITCH),
        text(430, 296, "switch: the LAN, VLAN 10 and VLAN 20"),
    ]
    for name, address, x in OTHERS:
        parts += [
            line(x, 306, 334),
            box(x, 334, (150, 46), "white"),
            text(x, 353, name, bold),
            text(x, 371, address),
        ]
    return "\n".join([*parts, "</g>", "</svg>"]) + "\n"


def draw(file: Path) -> None:
    """Writes the picture."""
    file.write_text(picture())


if __name__ == "__main__":
    draw(Path(__file__).with_suffix(".svg"))
