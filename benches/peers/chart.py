#!/usr/bin/env python3
"""Renders the results of the program `peers`: chart.py RESULTS CHART [MISSING]...

Prints a table, and draws the medians into CHART, an SVG. Tools that are missing are named below the table.
"""

import html
import json
import math
import sys

OURS = "Rust"


def number(value, digits=0):
    return "–" if value is None else f"{value:,.{digits}f}"


def table(results, missing):
    rows = results["rows"]
    ours = next(row["median"] for row in rows if row["name"] == OURS)
    lines = [
        "| | median µs | times ours | p99 µs | of | requests | processes | teardown, median µs "
        f"| {results['row']:,} in a row, s |",
        "|---" + "|---:" * 8 + "|",
    ]
    for row in sorted(rows, key=lambda row: row["median"]):
        name = "**this library**, from Rust" if row["name"] == OURS else row["name"]
        cells = [
            name,
            number(row["median"]),
            number(row["median"] / ours, 2 if row["median"] < 10 * ours else 0),
            number(row["p99"]),
            number(row["count"]),
            number(row["requests"]),
            number(row["processes"]),
            number(row["detach"]),
            number(row["row"], 2),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    if missing:
        lines += ["", f"Missing on this machine: {', '.join(missing)}."]
    return "\n".join(lines)


def chart(results):
    """Bars on a logarithmic scale, the shortest on top."""
    rows = sorted(results["rows"], key=lambda row: row["median"])
    left, right, top, step = 290, 900, 16, 30
    low, high = 2, math.log10(max(row["median"] for row in rows)) + 0.6

    def x(microseconds):
        return left + (math.log10(microseconds) - low) / (high - low) * (right - left)

    bottom = top + step * len(rows)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {right + 20} {bottom + 48}" '
        'font-family="sans-serif" font-size="13">',
        "<title>One container's attach: medians</title>",
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for power in range(low, math.floor(high) + 1):
        at = x(10**power)
        unit = f"{10**power} µs" if power < 3 else f"{10 ** (power - 3)} ms" if power < 6 else "1 s"
        parts.append(f'<path d="M{at:.1f} {top}V{bottom}" stroke="#ddd"/>')
        parts.append(f'<text x="{at:.1f}" y="{bottom + 16}" fill="#666" text-anchor="middle">{unit}</text>')
    for at, row in enumerate(rows):
        y = top + step * at
        colour = "#2a6f97" if row["name"] in (OURS, "the floor") else "#b0b7bd"
        name = "this library, from Rust" if row["name"] == OURS else row["name"].replace("`", "")
        end = x(row["median"])
        parts.append(f'<text x="{left - 8}" y="{y + 19}" text-anchor="end">{html.escape(name)}</text>')
        parts.append(f'<rect x="{left}" y="{y + 5}" width="{end - left:.1f}" height="20" fill="{colour}"/>')
        parts.append(f'<text x="{end + 6:.1f}" y="{y + 19}">{row["median"]:,.0f}</text>')
    middle = (left + right) // 2
    parts.append(
        f'<text x="{middle}" y="{bottom + 38}" fill="#666" text-anchor="middle">'
        "one container's attach, median in µs, logarithmic</text>"
    )
    return "\n".join([*parts, "</svg>"]) + "\n"


def main():
    source, picture, *missing = sys.argv[1:]
    with open(source) as file:
        results = json.load(file)
    print(table(results, missing))
    with open(picture, "w") as file:
        file.write(chart(results))


if __name__ == "__main__":
    main()
