"""Systems that tasks of the library talk to, as processes of their own on this machine: Redis, MariaDB, a Pushgateway.

None of them leaves this machine or keeps anything. Where the program is missing, ``NotHere`` says what to install.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from support.postgres_binaries import account_for_server, public_folder, run_as
from support.processes import end
from support.road import free_port, wait_until

# Debian's programs of servers, where PATH is that of a person.
FURTHER_PATH = "/usr/sbin:/usr/local/sbin"
START_SECONDS = 60.0
REDIS_PASSWORD = "r3d1s-passw0rd"


class NotHere(Exception):
    """There is no such system on this machine."""


def _program(name: str, system: str, package: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:{FURTHER_PATH}")
    if found is None:
        raise NotHere(f"no {system} here: apt-get install {package}")
    return found


@contextmanager
def redis_server(folder: Path) -> Iterator[int]:
    """Give the port of a Redis that wants ``REDIS_PASSWORD``, empty at first."""
    port = free_port()
    command = [_program("redis-server", "Redis", "redis-server"), "--bind", "127.0.0.1", "--port", str(port)]
    command += ["--save", "", "--requirepass", REDIS_PASSWORD, "--dir", str(folder)]
    with _running(command, folder / "redis.log", lambda: _listens(port)):
        yield port


@contextmanager
def pushgateway(folder: Path) -> Iterator[str]:
    """Give the address of a Pushgateway of Prometheus, empty at first."""
    address = f"127.0.0.1:{free_port()}"
    program = _program("prometheus-pushgateway", "Pushgateway", "prometheus-pushgateway")
    with _running(
        [program, f"--web.listen-address={address}"], folder / "gateway.log", lambda: _answers(f"http://{address}/")
    ):
        yield address


@contextmanager
def mariadb() -> Iterator[dict[str, Any]]:
    """Give what ``MySQLFetch`` needs to reach a MariaDB with an empty database and an account with a password."""
    server = _program("mariadbd", "MariaDB", "mariadb-server")
    install = _program("mariadb-install-db", "MariaDB", "mariadb-server")
    # As PostgreSQL, it is not meant to run as root.
    account = account_for_server()
    folder = public_folder("mariadb")
    try:
        who: dict[str, Any] = {}
        if account is not None:
            os.chown(folder, account.pw_uid, account.pw_gid)
            who = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        port, data, setup = free_port(), folder / "data", folder / "setup.sql"
        setup.write_text(
            "CREATE DATABASE shop;\n"
            "CREATE USER 'me'@'127.0.0.1' IDENTIFIED BY 'maria-passw0rd';\n"
            "GRANT ALL ON shop.* TO 'me'@'127.0.0.1';\n"
        )
        setup.chmod(0o644)
        # Nothing has to survive: no byte is waited for.
        quiet = ["--no-defaults", "--innodb-log-file-size=4M", "--innodb-flush-method=nosync", "--skip-name-resolve"]
        run_as(
            account,
            [install, *quiet, f"--datadir={data}", "--skip-test-db", "--auth-root-authentication-method=normal"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        command = [server, *quiet, f"--datadir={data}", "--bind-address=127.0.0.1", f"--port={port}"]
        command += [f"--socket={folder}/s", f"--pid-file={folder}/pid", f"--init-file={setup}"]
        where = {"host": "127.0.0.1", "port": port, "db_name": "shop", "user": "me", "password": "maria-passw0rd"}
        log = folder / "log"
        with _running(command, log, lambda: b"ready for connections" in log.read_bytes(), **who):
            yield where
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


@contextmanager
def _running(command: list[str], log: Path, is_up: Callable[[], bool], **how: Any) -> Iterator[None]:
    def up() -> bool:
        if process.poll() is not None:
            raise NotHere(f"{command[0]} ended with {process.returncode}: {log.read_text(errors='replace')[-500:]}")
        return is_up()

    with log.open("wb") as sink:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, cwd="/", **how)
    try:
        wait_until(command[0], up, START_SECONDS)
        yield
    finally:
        end(process)
