"""What a writer of fifty commits a second sees of a backup or a restore beside it."""

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import contenders
import timing
from place import AFTER_A_DAY, Place

WRITER = Path(__file__).with_name("writer.py")
LEAD = 1.0
"""Seconds for which the writer works alone at first."""
IDLE = 5.0
SIDE_BY_SIDE = (
    ("create", contenders.OURS),
    ("create", contenders.OURS_QUICK),
    ("create", contenders.PYTHON),
    ("restore", contenders.OURS),
    ("restore", contenders.PYTHON),
    (AFTER_A_DAY, contenders.OURS),
    (AFTER_A_DAY, contenders.PYTHON),
)
MODES = {"rollback": "delete", "WAL": "wal"}


def beside_a_writer(folder, size, repetitions):
    """Seconds: the slowest commit while each ran, and how long it took in company."""
    result = {}
    for mode, journal_mode in MODES.items():
        place = Place(folder, size, journal_mode)
        place.build()
        runs = {"idle": [], **{f"{operation} {key}": [] for operation, key in SIDE_BY_SIDE}}
        for _ in range(repetitions):
            runs["idle"].append(_one(folder, place, None))
            for operation, key in SIDE_BY_SIDE:
                runs[f"{operation} {key}"].append(_one(folder, place, (operation, contenders.find(operation, key))))
        place.remove()
        result[mode] = {name: _summary(found) for name, found in runs.items()}
        for name, found in result[mode].items():
            print(
                f"writer, {mode} mode, {size} MB, {name}: slowest commit {found['slowest'] * 1000:.0f} ms, usual "
                f"{found['usual'] * 1000:.1f} ms, {found['refused']} refused, {found['seconds']:.1f} s",
                flush=True,
            )
    return result


def _one(folder, place, work):
    """The commits that were under way while the work was."""
    place.serve(work and work[0]).reset(live_too=True)
    command = [sys.executable, "-B", WRITER, place.database]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        try:
            if writer.stdout.readline() != "ready\n":
                sys.exit("the writer could not begin; see above")
            time.sleep(LEAD)
            if work is None:
                started = time.perf_counter()
                time.sleep(IDLE)
                ended = time.perf_counter()
            else:
                # perf_counter is one clock for all processes of a Linux system.
                took = timing.run(folder, place, *work)
                started, ended = took["started"], took["ended"]
            output, _ = writer.communicate("stop\n", timeout=60)
        finally:
            writer.kill()
    commits = [commit for commit in json.loads(output) if commit[0] < ended and commit[0] + commit[1] > started]
    seconds = [took for _, took, _ in commits]
    return {
        "slowest": max(seconds, default=0.0),
        "usual": statistics.median(seconds) if seconds else 0.0,
        "refused": sum(failure is not None for _, _, failure in commits),
        "commits": len(commits),
        "seconds": ended - started,
    }


def _summary(runs):
    return {
        "slowest": max(run["slowest"] for run in runs),
        "usual": statistics.median(run["usual"] for run in runs),
        "refused": sum(run["refused"] for run in runs),
        "commits": sum(run["commits"] for run in runs),
        "seconds": statistics.median(run["seconds"] for run in runs),
        "runs": len(runs),
    }
