"""A resource manager: something that is set up before some tasks, and cleaned up after them whatever happens."""

from __future__ import annotations

import sqlite3
import tempfile
from pathlib import Path

from prefect import Flow, resource_manager, task


@resource_manager
class ScratchDatabase:
    """A database file that lives as long as the tasks of the block."""

    def __init__(self, rows: int) -> None:
        self.rows = rows

    def setup(self) -> str:
        folder = tempfile.mkdtemp()
        path = f"{folder}/scratch.db"
        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE number (n INTEGER)")
            database.executemany("INSERT INTO number VALUES (?)", [(n,) for n in range(self.rows)])
        return path

    def cleanup(self, path: str) -> None:
        Path(path).unlink()
        Path(path).parent.rmdir()


@task
def total(path: str) -> int:
    with sqlite3.connect(path) as database:
        return int(database.execute("SELECT sum(n) FROM number").fetchone()[0])


@task
def fail(path: str) -> None:
    raise RuntimeError("the database is cleaned up all the same")


with Flow("resources") as flow, ScratchDatabase(rows=101) as path:
    summed = total(path)
    failed = fail(path)

# The outcome of the flow shall not depend on the cleaning up, nor on the task that is meant to fail.
flow.set_reference_tasks([summed])

if __name__ == "__main__":
    state = flow.run()
    print(f"total {state.result[summed].result}, the other task: {state.result[failed]}")
    print(f"the file is gone: {not Path(state.result[path].result).exists()}; the run ended in {state}")
