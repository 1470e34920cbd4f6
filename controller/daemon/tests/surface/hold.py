"""Holds the write lock of a database from the moment at which a condition holds:
python3 hold.py DATABASE HELD CONDITION TOO_LATE

It creates the file HELD when it has it, and keeps it until it is killed. If TOO_LATE holds and the condition
does not, it ends."""

import sqlite3
import sys
import time

database, held, condition, too_late = sys.argv[1:5]
connection = sqlite3.connect(database, timeout=0, isolation_level=None)
while True:
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        continue
    if connection.execute("SELECT " + condition).fetchone()[0]:
        break
    if connection.execute("SELECT " + too_late).fetchone()[0]:
        sys.exit()
    connection.execute("ROLLBACK")
open(held, "w").close()
time.sleep(600)
