"""Private memory: what a process has for itself, without the files that it maps (RssAnon)."""

import re
import select
from pathlib import Path


def private_kib(process="self"):
    status = Path(f"/proc/{process}/status").read_text()
    return int(re.search(r"^RssAnon:\s+(\d+) kB$", status, re.MULTILINE)[1])


def peak_until_readable(process, stream):
    """The largest private memory seen in a process until it wrote something, and the number of samples."""
    peak, samples = 0, 0
    poll = select.poll()
    poll.register(stream, select.POLLIN | select.POLLHUP)
    while True:
        peak, samples = max(peak, private_kib(process)), samples + 1
        if poll.poll(1):
            return peak, samples
