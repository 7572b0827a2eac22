"""A Docker engine of the tests' own, and an image in which this interpreter runs; no registry is asked for anything.

The engine is a real dockerd with its own folders and socket, without bridge and firewall rules, so that it leaves the
machine as it was. Where there is none, ``NoEngine`` says what is missing.
"""

from __future__ import annotations

import io
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
START_SECONDS = 20.0
SYMLINKS = ("bin", "sbin", "lib", "lib32", "lib64")


class NoEngine(Exception):
    """No engine can be started here."""


class Engine:
    """A running engine and a client of it."""

    def __init__(self, url: str, client: Any) -> None:
        self.url = url
        self.client = client

    def remove_containers(self) -> None:
        """Remove all containers; one that an agent is just removing goes by itself."""
        import docker

        for container in self.client.containers(all=True):
            try:
                self.client.remove_container(container["Id"], force=True)
            except docker.errors.NotFound:
                continue
            except docker.errors.APIError as error:
                if error.response.status_code != 409:
                    raise

    def make_image(self, name: str, files: dict[str, str] | None = None) -> str:
        """Make an image that borrows everything but ``files`` (path -> text of a program) from this machine."""
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w") as tar:
            for folder in ("usr", "tmp", "etc", "proc", "sys", "dev", "opt", "opt/bin"):
                entry = tarfile.TarInfo(folder)
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                tar.addfile(entry)
            for link in SYMLINKS:
                entry = tarfile.TarInfo(link)
                entry.type, entry.linkname = tarfile.SYMTYPE, f"usr/{link}"
                tar.addfile(entry)
            for path, text in (files or {}).items():
                data = text.encode()
                entry = tarfile.TarInfo(path)
                entry.size, entry.mode = len(data), 0o755
                tar.addfile(entry, io.BytesIO(data))
        self.client.import_image_from_data(
            stream.getvalue(), repository=name, changes=[f"ENV PATH=/opt/bin:{Path(sys.prefix) / 'bin'}:/usr/bin:/bin"]
        )
        return name


def borrowed_volumes() -> list[str]:
    """Give what has to be mounted into such an image for this interpreter and this package to be there."""
    paths = [Path("/usr"), Path(sys.base_prefix), Path(sys.prefix), ROOT]
    outer = [path for path in dict.fromkeys(paths) if not any(other in path.parents for other in paths)]
    return [f"{path}:{path}:ro" for path in outer]


@contextmanager
def docker_engine() -> Iterator[Engine]:
    """Run an engine for the length of a ``with`` block."""
    if find_spec("docker") is None:
        raise NoEngine("the package docker is not installed: install the extra docker")
    if shutil.which("dockerd") is None:
        raise NoEngine("there is no Docker engine here: apt-get install docker.io")
    if os.geteuid() != 0:
        raise NoEngine("only root can start a Docker engine")
    import docker

    # A short path: the names of sockets are limited to 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="engine"))
    url = f"unix://{folder}/d.sock"
    command = ["dockerd", "--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec", "-H", url]
    command += ["-p", f"{folder}/d.pid", "--bridge=none", "--iptables=false", "--ip6tables=false"]
    with (folder / "log").open("wb") as sink:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink)
    client = None
    try:
        client = _client_of(docker, url, process, folder / "log")
        engine = Engine(url, client)
        _run_something(docker, engine)
        yield engine
    finally:
        if client is not None:
            engine.remove_containers()
            client.close()
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        namespace = folder / "exec/netns/default"
        if namespace.exists():
            subprocess.run(["umount", str(namespace)], check=False)
        shutil.rmtree(folder, ignore_errors=True)


def _run_something(docker: Any, engine: Engine) -> None:
    """Run a container that does nothing: some machines let an engine start, and no container."""
    client = engine.client
    try:
        host = client.create_host_config(binds=borrowed_volumes(), network_mode="host")
        made = client.create_container(engine.make_image("probe"), ["/usr/bin/true"], host_config=host)
        client.start(made["Id"])
        code = client.wait(made["Id"], timeout=60)["StatusCode"]
        client.remove_container(made["Id"], force=True)
    except (docker.errors.DockerException, OSError) as error:
        raise NoEngine(f"the Docker engine runs no container here: {error}") from error
    if code:
        raise NoEngine(f"the Docker engine runs no container here: /usr/bin/true ended with {code}")


def _client_of(docker: Any, url: str, process: subprocess.Popen[bytes], log: Path) -> Any:
    end = time.monotonic() + START_SECONDS
    while not _listens(url.removeprefix("unix://")):
        if process.poll() is not None:
            raise NoEngine(f"dockerd ended with {process.returncode}: {log.read_text()[-500:]}")
        if time.monotonic() > end:
            raise NoEngine(f"dockerd does not listen:\n{log.read_text()[-500:]}")
        # Another process gives no event to wait for.
        time.sleep(0.05)
    return docker.APIClient(base_url=url, version="auto", timeout=30)


def _listens(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(path) == 0
