"""Private memory: what a process has for itself, without the files that it maps (RssAnon)."""

import re
import select
from pathlib import Path


def private_kib(process="self"):
    status = Path(f"/proc/{process}/status").read_text()
    return int(re.search(r"^RssAnon:\s+(\d+) kB$", status, re.MULTILINE)[1])


def peak_until_readable(process, stream):
    """The most private memory that a process was seen with until it wrote something, and how often it was looked at."""
    peak, looks = 0, 0
    poll = select.poll()
    poll.register(stream, select.POLLIN | select.POLLHUP)
    while True:
        peak, looks = max(peak, private_kib(process)), looks + 1
        if poll.poll(1):
            return peak, looks
