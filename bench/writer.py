"""A busy application: fifty small commits a second until it is told to stop; then says how long each took.

writer.py DATABASE
"""

import json
import random
import select
import sqlite3
import sys
import time

A_SECOND = 50
TIMEOUT = 5


def main():
    connection = sqlite3.connect(sys.argv[1], timeout=TIMEOUT, isolation_level=None)
    clients = connection.execute("SELECT max(id) FROM clients").fetchone()[0]
    pick = random.Random(7)
    commits = []  # when it began, how many seconds it took, what went wrong
    print("ready", flush=True)
    due = time.perf_counter()
    while not select.select([sys.stdin], [], [], max(0, due - time.perf_counter()))[0]:
        began, failure = time.perf_counter(), None
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(
                "UPDATE clients SET notes = ? WHERE id = ?", (f"vino a las {began}", pick.randint(1, clients))
            )
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            failure = str(error)
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        ended = time.perf_counter()
        commits.append((began, ended - began, failure))
        # A commit that waited counts as one slow commit: those that it delayed do not follow in a burst.
        due = max(due + 1 / A_SECOND, ended)
    json.dump(commits, sys.stdout)


if __name__ == "__main__":
    main()
