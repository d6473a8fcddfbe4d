"""Times the contenders in turns, so that a disturbance of the machine affects them all."""

import json
import os
import statistics
import subprocess
import sys
import threading
from pathlib import Path

import contenders
from memory import peak_until_readable
from place import Place, same_contents

CHILD = Path(__file__).with_name("child.py")
SECOND_PLACE_SIZES = (20, 200)
LIMIT = 900
"""Seconds after which a measurement that does not end is killed."""


def summary(values):
    """Median, quartiles and extremes."""
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
    return {"median": middle, "low": low, "high": high, "least": min(values), "most": max(values), "runs": len(values)}


def present(operation):
    """The contenders that can run here, and why the others cannot."""
    wanted = contenders.MEASURED[operation]
    return [c for c in wanted if not contenders.missing(c)], {
        c.key: contenders.missing(c) for c in wanted if contenders.missing(c)
    }


def compare(folder, operation, size, repetitions):
    """Seconds of each contender. The first round is a warm-up, whose results are checked."""
    place = Place(folder, size).serve(operation)
    place.build()
    running, _ = present(operation)
    seconds = {contender.key: [] for contender in running}
    for turn in range(repetitions + 1):
        start = turn % len(running)
        for contender in running[start:] + running[:start]:
            place.reset(live_too=operation in contenders.RESTORES)
            took = run(folder, place, operation, contender)["seconds"]
            if turn == 0:
                check(place, operation, contender)
            else:
                seconds[contender.key].append(took)
    place.remove()
    result = {key: summary(values) for key, values in seconds.items()}
    for contender in running:
        figures = result[contender.key]
        print(
            f"{operation} {size!s:>10} MB  {contender.label:34} {figures['median'] * 1000:10.1f} ms"
            f"  ({figures['least'] * 1000:.1f} to {figures['most'] * 1000:.1f})",
            flush=True,
        )
    return result


def run(folder, place, operation, contender, watch_memory=False):
    """One measurement, in a fresh process: its caches are as cold as for an application's first backup."""
    command = [sys.executable, "-B", CHILD, folder, str(place.size), operation, contender.key]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        limit = threading.Timer(LIMIT, process.kill)
        limit.start()
        try:
            if process.stdout.readline() != "ready\n":
                sys.exit(f"{operation} by {contender.label} could not be prepared; see above")
            process.stdin.write("go\n")
            process.stdin.flush()
            peak, samples = peak_until_readable(process.pid, process.stdout) if watch_memory else (None, 0)
            answer, _ = process.communicate()
        finally:
            limit.cancel()
            process.kill()
    if not answer:
        sys.exit(f"{operation} by {contender.label} failed (see above), or did not end within {LIMIT} s")
    return json.loads(answer) | {"peak_kib": peak, "samples": samples}


def check(place, operation, contender):
    """Ends the run when a contender did not do the work."""
    if operation in contenders.RESTORES:
        made, expected = [place.database], place.yesterday
    else:
        made, expected = [path for path in place.backups.iterdir() if path.suffix == ".db"], place.database
    if len(made) != 1 or not same_contents(made[0], expected):
        sys.exit(f"{operation} by {contender.label} did not make what it should have: {made}")
    copies = list(place.second.glob("backup_*.db"))
    if contender.key == contenders.OURS_SECOND and not (len(copies) == 1 and same_contents(copies[0], expected)):
        sys.exit(f"{operation} by {contender.label} did not make the copy in the second place: {copies}")


def processors(folder, size, repetitions):
    """Seconds of a create with one processor and with all of them, in turns.

    A child keeps to its parent's processors.
    """
    place = Place(folder, size).serve("create")
    place.build()
    every = sorted(os.sched_getaffinity(0))
    ours = contenders.find("create", contenders.OURS)
    python = contenders.find("create", contenders.PYTHON)
    result = {}
    try:
        for turn in range(repetitions + 1):
            for count in dict.fromkeys((1, len(every))):
                for contender in (ours, python):
                    place.reset(live_too=False)
                    os.sched_setaffinity(0, every[:count])
                    took = run(folder, place, "create", contender)["seconds"]
                    os.sched_setaffinity(0, every)
                    if turn:
                        result.setdefault(str(count), {}).setdefault(contender.key, []).append(took)
    finally:
        os.sched_setaffinity(0, every)
    place.remove()
    result = {count: {key: summary(took) for key, took in found.items()} for count, found in result.items()}
    for count, found in result.items():
        times = found[ours.key]["median"] / found[python.key]["median"]
        print(
            f"create {size!s:>10} MB  {count} processor(s)  {found[ours.key]['median'] * 1000:10.1f} ms"
            f"  ({times:.2f} times Python's, {found[python.key]['median'] * 1000:.1f} ms)",
            flush=True,
        )
    return result


def memory(folder, size, repetitions):
    """Private memory of each operation in KiB: before it, and at the worst of several runs."""
    place = Place(folder, size)
    place.build()
    result = {}
    for operation in contenders.ALL:
        place.serve(operation)
        for contender in present(operation)[0]:
            if not contender.in_process:
                continue
            runs = []
            for _ in range(repetitions):
                place.reset(live_too=operation in contenders.RESTORES)
                runs.append(run(folder, place, operation, contender, watch_memory=True))
            added = max(max(0, run["peak_kib"] - run["before_kib"]) for run in runs)
            result[f"{operation} {contender.key}"] = {
                "before_kib": min(run["before_kib"] for run in runs),
                "peak_kib": max(run["peak_kib"] for run in runs),
                "added_kib": added,
                "samples": min(run["samples"] for run in runs),
            }
            print(f"memory {operation} {size:>6} MB  {contender.label:34} {added / 1024:6.1f} MiB added", flush=True)
    place.remove()
    return result
