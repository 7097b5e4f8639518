"""Draws the table that `run` printed: chart.py TABLE SVG."""

import sys

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402

matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "peers"})

table, target = sys.argv[1:]
rows = []
with open(table) as lines:
    for line in lines:
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) > 3 and cells[0] and cells[1].replace(".", "").isdigit():
            rows.append((cells[0], float(cells[1])))
rows.sort(key=lambda row: -row[1])

figure, axes = pyplot.subplots(figsize=(9, 0.45 * len(rows) + 1.2))
names = [name for name, _ in rows]
ours = [name.startswith(("Rust", "the floor")) for name in names]
bars = axes.barh(names, [time for _, time in rows], color=["#2a6f97" if o else "#b0b7bd" for o in ours])
axes.set_xscale("log")
axes.set_xlabel("one container's attach, median in microseconds (logarithmic)")
axes.bar_label(bars, labels=[f" {time:,.0f}" for _, time in rows])
axes.set_xlim(100, max(time for _, time in rows) * 5)
axes.spines[["top", "right"]].set_visible(False)
figure.tight_layout()
figure.savefig(target, metadata={"Date": None})
