"""A real nginx with the example of ``deploy/nginx`` before a server."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.processes import end

EXAMPLE = Path(__file__).parents[2] / "deploy" / "nginx" / "proctor.conf"
START_SECONDS = 30.0
MAIN = """
{user}
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
events {{ worker_connections 256; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/proctor.conf;
}}
"""


# A worker of another account could not keep large bodies in the folder, which is for us alone.
USER = "user root;" if os.geteuid() == 0 else ""


class NoNginx(Exception):
    """There is none on this machine."""


def example(port: int, server_port: int) -> str:
    """Give the example for a server and a port of this machine, without TLS; nothing else is changed."""
    text, count = re.subn(r"listen 443 ssl;", f"listen 127.0.0.1:{port};", EXAMPLE.read_text())
    assert count == 1
    text, count = re.subn(r"server 127\.0\.0\.1:4200;", f"server 127.0.0.1:{server_port};", text)
    assert count == 1
    text, count = re.subn(r"\n *ssl_certificate(_key)? .*;", "", text)
    assert count == 2
    return text


@contextmanager
def running_nginx(folder: Path, port: int, server_port: int) -> Iterator[str]:
    """Run nginx with the example before the server at ``server_port``; gives its address.

    Raises:
        NoNginx: there is none.
    """
    program = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin") or shutil.which("nginx")
    if program is None:
        raise NoNginx("no nginx is installed")
    folder.mkdir(exist_ok=True)
    (folder / "proctor.conf").write_text(example(port, server_port))
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder, user=USER))
    with (folder / "output.log").open("wb") as sink:
        process = subprocess.Popen(
            [program, "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "error.log"],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
        )
    try:
        give_up = time.monotonic() + START_SECONDS
        while not _listens(port):
            assert process.poll() is None, (folder / "output.log").read_text()
            assert time.monotonic() < give_up, "nginx does not listen"
            time.sleep(0.02)  # another process gives no event to wait for
        yield f"http://127.0.0.1:{port}"
    finally:
        end(process)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
