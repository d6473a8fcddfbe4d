"""Puts the figures of a run into docs/performance.md, between its two marks, and draws them."""

import os
import platform
import sqlite3
from pathlib import Path

import plot
import tables

BEGIN, END = "<!-- figures: written by bench/run -->", "<!-- end of the figures -->"


def machine(folder):
    """What the figures depend on, for a comparison with another machine."""
    import respaldo

    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return [
        f"{platform.system()} {platform.release()} ({platform.machine()})",
        f"{os.cpu_count()} cores" + (f" ({model})" if (model := _processor()) else ""),
        f"{memory:.0f} GiB of memory",
        f"{_file_system(folder)} for the files",
        f"Python {platform.python_version()} with SQLite {sqlite3.sqlite_version}",
        f"respaldo {respaldo.version()}",
        f"load average {os.getloadavg()[0]:.1f} at the start",
    ]


def _processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return None


def _file_system(folder):
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    _, kind, device = max(
        (len(mount[1]), mount[2], mount[0]) for mount in mounts if Path(folder).is_relative_to(mount[1])
    )
    return f"{kind} on {device}"


def write(results, template, document, drawing):
    """The document is the template with the figures in it; they may be the same file."""
    before, rest = template.read_text().split(BEGIN)
    after = rest.split(END)[1]
    figures = f"{BEGIN}\n\n![Time against size, and ratios]({drawing.name})\n\n{tables.markdown(results)}\n{END}"
    document.write_text(before + figures + after)
    drawing.write_text(plot.svg(results))
