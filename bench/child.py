"""One measured operation in a process of its own: says "ready", does the work, and says how long it took.

child.py FOLDER SIZE OPERATION CONTENDER
"""

import json
import sys
import time

import contenders
import databases
from memory import private_kib
from place import Place


def main():
    folder, size, operation, key = sys.argv[1:]
    if databases.SCANS not in size and size != databases.TABLES:
        size = float(size) if "." in size else int(size)
    work = contenders.find(operation, key).prepare(Place(folder, size).serve(operation))
    before = private_kib()
    print("ready", flush=True)
    sys.stdin.readline()
    started = time.perf_counter()
    work()
    ended = time.perf_counter()
    print(
        json.dumps({"seconds": ended - started, "started": started, "ended": ended, "before_kib": before}), flush=True
    )


if __name__ == "__main__":
    main()
