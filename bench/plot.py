"""The figures as one drawing: time against size, and how many times Python's at the largest size."""

import math
from xml.sax.saxutils import escape

import contenders
from tables import duration

WIDTH, ROW = 1250, 380
CHART = (70, 46, 370, 280)  # left, top, width, height
BARS_LEFT, BARS_WIDTH, LONGEST_BAR, BAR_STEP = 690, 290, 160, 35
LABEL_GAP = 14

STYLE = """
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600; font-size: 14px }
.quiet { fill: #57606a }
.grid { stroke: #d0d7de; stroke-width: 1 }
.one { stroke: #57606a; stroke-dasharray: 3 3 }
.line { fill: none; stroke-width: 1.5; stroke: #8c959f }
.dot { fill: #8c959f } .bar { fill: #afb8c1 }
.ours .line { stroke: #0969da; stroke-width: 3 }
.ours .dot, .ours .bar { fill: #0969da } .ours text { font-weight: 600 }
.quick .line { stroke: #54aeff; stroke-width: 2 } .quick .dot, .quick .bar { fill: #54aeff }
.python .line { stroke: #bc4c00; stroke-width: 2 } .python .dot, .python .bar { fill: #bc4c00 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .quiet { fill: #9198a1 } .grid { stroke: #3d444d } .one { stroke: #9198a1 }
  .ours .line { stroke: #4493f8 } .ours .dot, .ours .bar { fill: #4493f8 }
  .quick .line { stroke: #a5d6ff } .quick .dot, .quick .bar { fill: #a5d6ff }
  .python .line { stroke: #f0883e } .python .dot, .python .bar { fill: #f0883e }
  .bar { fill: #656c76 } .line { stroke: #656c76 } .dot { fill: #656c76 }
}
"""

CLASSES = {contenders.OURS: "ours", contenders.OURS_QUICK: "quick", contenders.PYTHON: "python"}


def svg(results):
    operations = [operation for operation in contenders.ALL if operation in results]
    height = ROW * len(operations)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<style>{STYLE}</style>",
    ]
    for row, operation in enumerate(operations):
        parts.append(f'<g transform="translate(0 {row * ROW})">')
        parts += _lines(operation, results[operation])
        parts += _bars(operation, results[operation], results[f"{operation}_scans"])
        parts.append("</g>")
    return "\n".join([*parts, "</svg>"]) + "\n"


def text(x, y, text, anchor="start", kind=""):
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" class="{kind}">{escape(text)}</text>'


def _scale(low, high, start, length):
    """Logarithmic: where a value lies between start and start + length."""
    low, high = math.log10(low), math.log10(high)
    span = (high - low) or 1
    return lambda value: start + length * (math.log10(value) - low) / span


def _lines(operation, by_size):
    """Both axes logarithmic: what costs ten times as much for ten times the size rises by one in one."""
    left, top, width, height = CHART
    sizes = [float(size) for size in by_size]
    medians = [figures["median"] for of_size in by_size.values() for figures in of_size.values()]
    low, high = 10 ** math.floor(math.log10(min(medians))), 10 ** math.ceil(math.log10(max(medians)))
    x, y = _scale(min(sizes), max(sizes), left, width), _scale(low, high, top + height, -height)
    parts = [text(left, 24, f"{operation}: time against the size of the database (medians)", kind="title")]
    for power in range(round(math.log10(low)), round(math.log10(high)) + 1):
        parts.append(f'<path class="grid" d="M{left} {y(10**power):.0f}h{width}"/>')
        parts.append(
            text(
                left - 8,
                y(10**power) + 4,
                f"{10**power:g} s" if power >= 0 else f"{10**power * 1000:g} ms",
                "end",
                "quiet",
            )
        )
    for size in sizes:
        parts.append(f'<path class="grid" d="M{x(size):.0f} {top}v{height}"/>')
        parts.append(text(x(size), top + height + 20, f"{size:,g} MB", "middle", "quiet"))
    ends = []
    for contender in reversed(contenders.ALL[operation]):
        points = [
            (x(float(size)), y(figures[contender.key]["median"]))
            for size, figures in by_size.items()
            if contender.key in figures
        ]
        if not points:
            continue
        line = " L".join(f"{a:.1f} {b:.1f}" for a, b in points)
        parts.append(f'<g class="{CLASSES.get(contender.key, "other")}"><path class="line" d="M{line}"/>')
        parts += [f'<circle class="dot" cx="{a:.1f}" cy="{b:.1f}" r="3"/>' for a, b in points]
        parts.append("</g>")
        ends.append((points[-1][1], contender))
    parts.append(_in_proportion(by_size, low, x, y))
    return parts + _end_labels(left + width + 10, ends)


def _in_proportion(by_size, low, x, y):
    """Where respaldo's line would lie if its cost were the largest database's for every megabyte, and nothing else."""
    size, figures = list(by_size.items())[-1]
    median = figures[contenders.OURS]["median"]
    smallest = max(float(next(iter(by_size))), float(size) * low / median)
    there = median * smallest / float(size)
    return f'<path class="one" d="M{x(smallest):.1f} {y(there):.1f} L{x(float(size)):.1f} {y(median):.1f}"/>'


def _end_labels(x, ends):
    """A name beside the end of each line, moved down where two would lie on each other."""
    parts, free_from = [], 0
    for y, contender in sorted(ends, key=lambda end: end[0]):
        y = max(y, free_from)
        free_from = y + LABEL_GAP
        parts.append(f'<g class="{CLASSES.get(contender.key, "other")}">{text(x, y + 4, contender.label)}</g>')
    return parts


def _bars(operation, rows_only, with_scans):
    """The largest size of either kind, in one scale."""
    kinds = [
        (kind, *list(by_size.items())[-1]) for kind, by_size in (("of rows", rows_only), ("with scans", with_scans))
    ]
    most = max(
        figures[c.key]["median"] / _pythons(figures)
        for _, _, figures in kinds
        for c in contenders.ALL[operation]
        if c.key in figures
    )
    parts = []
    for column, (kind, size, figures) in enumerate(kinds):
        left = BARS_LEFT + column * BARS_WIDTH
        parts.append(text(left, 24, f"× Python's, {float(size):,g} MB {kind}", kind="title"))
        parts += _column(left, LONGEST_BAR / most, operation, figures)
    return parts


def _pythons(figures):
    return figures[contenders.PYTHON]["median"]


def _column(left, unit, operation, figures):
    """A bar for each contender, and on it where Python's ends, which is ``unit`` long."""
    parts = []
    for row, contender in enumerate(c for c in contenders.ALL[operation] if c.key in figures):
        median = figures[contender.key]["median"]
        ratio = median / _pythons(figures)
        y = CHART[1] + row * BAR_STEP
        parts.append(f'<g class="{CLASSES.get(contender.key, "other")}">{text(left, y + 10, contender.label)}')
        parts.append(f'<rect class="bar" x="{left}" y="{y + 14}" width="{max(1, unit * ratio):.1f}" height="10"/>')
        parts.append(f'<path class="one" d="M{left + unit:.1f} {y + 13}v12"/>')
        parts.append(text(left + max(ratio, 1) * unit + 6, y + 23, f"{ratio:.2f}  ({duration(median)})") + "</g>")
    return parts
