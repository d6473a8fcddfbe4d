"""The room that a year of daily backups takes, as a drawing."""

from plot import STYLE, text

WIDTH, HEIGHT = 760, 360
LEFT, TOP, CHART_WIDTH, CHART_HEIGHT = 80, 46, 430, 260
LINES = (("other", "plain copies"), ("ours", "respaldo's archive"), ("python", "restic backup"))
LABEL_GAP = 30
MONTH = 365 / 12


def svg(taken):
    """``taken``: for each day the bytes of plain copies, of the archive and of restic's repository."""
    most = max(max(day) for day in taken)
    step = _step(most)
    high = -(-most // step) * step
    x, y = (lambda day: LEFT + CHART_WIDTH * day / len(taken)), (lambda size: TOP + CHART_HEIGHT * (1 - size / high))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<style>{STYLE}</style>",
        text(LEFT, 24, "A backup a day for a year, all of them kept: the room they take", kind="title"),
    ]
    for count in range(high // step + 1):
        height = y(count * step)
        parts.append(f'<path class="grid" d="M{LEFT} {height:.0f}h{CHART_WIDTH}"/>')
        parts.append(text(LEFT - 8, height + 4, _size(count * step), "end", "quiet"))
    for month in range(0, 13, 3):
        parts.append(text(x(month * MONTH), TOP + CHART_HEIGHT + 20, f"month {month}", "middle", "quiet"))
    free_to = HEIGHT
    for (kind, label), sizes in sorted(zip(LINES, zip(*taken, strict=True), strict=True), key=lambda line: line[1][-1]):
        points = " L".join(f"{x(day + 1):.1f} {y(size):.1f}" for day, size in enumerate(sizes))
        height = min(y(sizes[-1]), free_to)
        free_to = height - LABEL_GAP
        parts.append(f'<g class="{kind}"><path class="line" d="M{points}"/>')
        parts.append(text(LEFT + CHART_WIDTH + 10, height + 4, f"{label}: {_size(sizes[-1])}") + "</g>")
    return "\n".join([*parts, "</svg>"]) + "\n"


def _step(most):
    """From one line across the chart to the next: a round number, for five to eight lines."""
    base = 10 ** (len(str(most)) - 1)
    return next(step for step in (base // 5, base // 2, base, base * 2) if most / step <= 8)


def _size(size):
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
