"""A small program that backs up and restores a database; frozen and run by test_frozen.py."""

import sqlite3
import sys
from contextlib import closing

import respaldo

database = sys.argv[1]
with closing(sqlite3.connect(database)) as connection, connection:
    connection.execute("CREATE TABLE clients (name TEXT)")
    connection.execute("INSERT INTO clients VALUES ('Ana')")

with respaldo.Store(database, language="en") as store:
    backup = store.create().backup
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("DELETE FROM clients")
    store.restore(backup)
with closing(sqlite3.connect(database)) as connection:
    print(connection.execute("SELECT name FROM clients").fetchall(), respaldo.__version__ == respaldo.version())
