"""Every task with a system behind it, but no service on the web, when that takes the connection and says nothing.

Those of the web are in ``unit/tasks/test_web_tasks_in_bad_weather.py``.
"""

from __future__ import annotations

import importlib
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fakes.kubernetes_api import write_kubeconfig
from prefect import context
from prefect.tasks.docker import ListContainers
from prefect.tasks.kubernetes import ListNamespacedPod
from prefect.tasks.mysql import MySQLFetch
from prefect.tasks.notifications import EmailTask, PushbulletTask, SlackTask
from prefect.tasks.postgres import PostgresFetch
from prefect.tasks.prometheus import PushGaugeToGateway
from prefect.tasks.redis import RedisGet
from prefect.tasks.rss import ParseRSSFeed
from prefect.tasks.sftp import SftpDownload
from prefect.tasks.sql import SqlQuery
from prefect.tasks.ssh import SshCommand

HIDDEN = "s3cr3t-pass"
WORDS = r"(?i)did not answer|timed? ?out|time-out|timeout|no response"
DATABASE = {"db_name": "d", "user": "u", "password": HIDDEN}

# Task, the modules with its limit of time, the package that it needs.
SYSTEMS: dict[str, tuple[Callable[[int], Any], str, str | None]] = {
    "docker": (
        lambda p: ListContainers(docker_server_url=f"tcp://127.0.0.1:{p}"),
        "docker.client:TIMEOUT_SECONDS",
        "docker",
    ),
    "kubernetes": (lambda p: ListNamespacedPod(), "kubernetes.client:TIMEOUT_SECONDS", "kubernetes"),
    "mail": (lambda p: mail(p, "INSECURE"), "notifications.email_task:TIMEOUT_SECONDS", None),
    "mail-ssl": (lambda p: mail(p, "SSL"), "notifications.email_task:TIMEOUT_SECONDS", None),
    "mysql": (
        lambda p: MySQLFetch(**DATABASE, host="127.0.0.1", port=p, query="SELECT 1"),
        "mysql.mysql:CONNECT_SECONDS",
        "pymysql",
    ),
    "postgres": (
        lambda p: PostgresFetch("d", "u", "127.0.0.1", p, query="SELECT 1"),
        "postgres.postgres:CONNECT_SECONDS",
        None,
    ),
    "prometheus": (
        lambda p: PushGaugeToGateway(f"127.0.0.1:{p}", "a", job_name="j"),
        "prometheus.pushgateway:TIMEOUT_SECONDS",
        "prometheus_client",
    ),
    "pushbullet": (lambda p: PushbulletTask(), "notifications.posting:TIMEOUT_SECONDS", None),
    "redis": (
        lambda p: RedisGet("127.0.0.1", p, redis_key="k", redis_connection_params={"retry": once()}),
        "redis.redis_tasks:TIMEOUT_SECONDS",
        "redis",
    ),
    "rss": (lambda p: ParseRSSFeed(f"http://127.0.0.1:{p}/feed"), "rss.feed:TIMEOUT_SECONDS", "feedparser"),
    "sftp": (
        lambda p: SftpDownload("127.0.0.1", "u", HIDDEN, p, "/r", "/dev/null"),
        "sftp.sftp:TIMEOUT_SECONDS",
        "paramiko",
    ),
    "slack": (lambda p: SlackTask(), "notifications.posting:TIMEOUT_SECONDS", None),
    "sql": (
        lambda p: SqlQuery("SELECT 1", url=f"postgresql+psycopg://u:{HIDDEN}@127.0.0.1:{p}/d"),
        "sql.statements:CONNECT_SECONDS",
        None,
    ),
    "ssh": (lambda p: SshCommand("true", "127.0.0.1", "u", HIDDEN, port=p), "ssh.command:CONNECT_SECONDS", "paramiko"),
}


def once() -> Any:
    """Keeps the package from trying again, after pauses of seconds."""
    import redis

    return redis.retry.Retry(redis.backoff.NoBackoff(), 0)


def mail(port: int, kind: str) -> EmailTask:
    return EmailTask("s", "m", "a@b.example", smtp_server="127.0.0.1", smtp_port=port, smtp_type=kind)


@pytest.fixture
def silent() -> Iterator[int]:
    """Gives the port of a system that says nothing."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_system_that_says_nothing_is_told(
    name: str, silent: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    make, limit, package = SYSTEMS[name]
    if package is not None:
        pytest.importorskip(package)
    module, _, constant = limit.partition(":")
    found = importlib.import_module(f"prefect.tasks.{module}")
    # The library of PostgreSQL knows whole seconds, and no fewer than two.
    monkeypatch.setattr(found, constant, 2 if name in ("postgres", "sql") else 0.3)
    monkeypatch.setattr("prefect.tasks.notifications.pushbullet_task.URL", f"http://127.0.0.1:{silent}")
    secrets = {
        "EMAIL_USERNAME": "u", "EMAIL_PASSWORD": HIDDEN, "REDIS_PASSWORD": HIDDEN, "PUSHBULLET_TOKEN": HIDDEN,
        "SLACK_WEBHOOK_URL": f"http://127.0.0.1:{silent}/{HIDDEN}",
    }  # fmt: skip
    if name == "kubernetes":
        write_kubeconfig(type("Cluster", (), {"url": f"http://127.0.0.1:{silent}"})(), tmp_path / "config")
        monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "config"))
    given = {"prometheus": {"values": [1], "labels": [{}]}, "slack": {"message": "m"}, "pushbullet": {"msg": "m"}}

    with context(secrets=secrets), pytest.raises(Exception, match=WORDS) as caught:
        make(silent).run(**given.get(name, {}))

    assert HIDDEN not in f"{caught.value} {caught.value!r}"
