#!/usr/bin/env python3
"""Draws docs/picture.svg: a host whose containers have their places on the LAN."""

from pathlib import Path

WIDTH, HEIGHT = 860, 400
PARENT, VLAN, CONTAINER, LAN = "#2a6f97", "#468faf", "#e8f1f5", "#f1efe7"
# Containers from left to right: name, interface and address, and their parent's place.
CONTAINERS = [
    ("proxy", "172.16.104.10", 250),
    ("web", "10.0.10.7", 250 + 190),
    ("db", "10.0.20.8", 250 + 380),
]
PARENTS = [("ens33.10", "VLAN 10", 440), ("ens33.20", "VLAN 20", 630)]
OTHERS = [("router", ".1 of each subnet", 120), ("another host", "172.16.104.3", 540), ("printer", "172.16.104.200", 740)]


def box(x, y, width, height, fill, dash=""):
    """A box around the point at the middle of its upper edge."""
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<rect x="{x - width / 2:g}" y="{y}" width="{width}" height="{height}" rx="6" fill="{fill}" stroke="#345"{dashed}/>'


def text(x, y, words, colour="#123", size=13, bold=False):
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:g}" y="{y}" fill="{colour}" font-size="{size}"{weight} text-anchor="middle">{words}</text>'


def line(*points):
    path = "L".join(f"{x:g} {y}" for x, y in points)
    return f'<path d="M{path}" fill="none" stroke="#345" stroke-width="2"/>'


def picture():
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">',
        "<title>Containers of a host, each with its own place on the LAN</title>",
        '<rect width="100%" height="100%" fill="white"/>',
        box(440, 16, 660, 226, "#fafafa", "6 4"),
        text(150, 38, "host", bold=True),
    ]
    for name, address, x in CONTAINERS:
        parts += [
            line((x, 96), (x, 186 if x == 250 else 130)),
            box(x, 34, 150, 64, CONTAINER),
            text(x, 53, name, bold=True),
            text(x, 71, "eth0, a macvlan"),
            text(x, 88, address),
        ]
    for name, kind, x in PARENTS:
        parts += [
            line((x, 150), (x, 186)),
            box(x, 126, 150, 28, VLAN),
            text(x, 145, f"{name}: {kind}", "white"),
        ]
    parts += [
        box(440, 182, 530, 36, PARENT),
        text(440, 205, "ens33: the network card", "white", bold=True),
        line((340, 218), (340, 280)),
        text(420, 264, "one cable, a trunk", "#567", 12),
        box(430, 276, 780, 30, LAN),
        text(430, 296, "switch: the LAN, VLAN 10 and VLAN 20"),
    ]
    for name, address, x in OTHERS:
        parts += [
            line((x, 306), (x, 336)),
            box(x, 334, 150, 46, "white"),
            text(x, 353, name, bold=True),
            text(x, 371, address),
        ]
    return "\n".join([*parts, "</svg>"]) + "\n"


def draw(file):
    file.write_text(picture())


if __name__ == "__main__":
    draw(Path(__file__).with_suffix(".svg"))
