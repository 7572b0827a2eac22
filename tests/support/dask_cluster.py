"""A Dask cluster as somebody would run it: a scheduler and workers, each a process started by the command ``dask``."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from support.road import free_port, wait_until

DASK = [sys.executable, "-m", "dask"]


class DaskProcesses:
    """A scheduler and its workers; use as a context manager.

    Args:
        folder: for logs and what the workers put aside.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = f"tcp://127.0.0.1:{free_port()}"
        self.workers: dict[str, subprocess.Popen[bytes]] = {}
        self._all: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> DaskProcesses:
        port = self.address.rpartition(":")[2]
        self._start("scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard", "--no-show")
        return self

    def __exit__(self, *error: object) -> None:
        # Not asked to end: a worker whose scheduler goes first would try for seconds to find it again.
        for process in self._all:
            process.kill()
        for process in self._all:
            process.wait()

    def add_worker(self, name: str, resources: str = "") -> None:
        """Start a worker with one thread, without waiting for it."""
        more = ["--resources", resources] if resources else []
        where = ["--host", "127.0.0.1", "--local-directory", str(self.folder)]
        kind = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--name", name]
        self.workers[name] = self._start("worker", self.address, *where, *kind, *more)

    def end_worker(self, name: str) -> None:
        """End a worker that was added."""
        self.workers[name].kill()
        self.workers[name].wait()

    def wait_for_workers(self, *names: str) -> None:
        with self.client() as client:
            wait_until(f"workers {names}", lambda: set(names) <= self.known(client), 30)

    @staticmethod
    def known(client: Any) -> set[str]:
        return {str(worker["name"]) for worker in client.scheduler_info(n_workers=-1)["workers"].values()}

    @contextmanager
    def client(self) -> Iterator[Any]:
        from distributed import Client

        with Client(self.address, set_as_default=False, timeout=30) as client:
            yield client

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        log = self.folder / f"{arguments[0]}-{len(self._all)}.log"
        with log.open("wb") as sink:
            process = subprocess.Popen([*DASK, *arguments], stdout=sink, stderr=sink, stdin=subprocess.DEVNULL)
        self._all.append(process)
        return process


def small_cluster(**options: Any) -> Any:
    """Make a cluster in the threads of this process; to be named as ``cluster_class``."""
    from distributed import LocalCluster

    return LocalCluster(processes=False, dashboard_address=None, **options)
