"""Names that modules of tasks had in 1.x because they imported them: tests of users put their own there."""

from __future__ import annotations

from importlib import import_module
from typing import Any
from unittest.mock import MagicMock

import pytest

from prefect.tasks import aws, gcp, kubernetes, mysql, postgres, rss, snowflake

CASES: list[tuple[str, Any, Any]] = [
    ("aws.s3.get_boto_client", lambda: aws.S3Upload("b").run("x", key="k"), "k"),
    ("aws.batch.get_boto_client", lambda: aws.BatchSubmit("n", "d", "q").run(), None),
    ("aws.lambda_function.get_boto_client", lambda: aws.LambdaDelete("f").run(), None),
    ("gcp.storage.get_storage_client", lambda: gcp.GCSCopy("a", "b", "c", "d").run(), "d"),
    ("kubernetes.job.get_kubernetes_client", lambda: kubernetes.DeleteNamespacedJob("j").run(), None),
    ("kubernetes.pod.get_kubernetes_client", lambda: kubernetes.ReadNamespacedPod("p").run(), None),
    ("mysql.mysql.pymysql", lambda: mysql.MySQLFetch(query="q").run(), None),
    ("postgres.postgres.pg", lambda: postgres.PostgresFetch(query="q").run(), None),
    ("rss.feed.feedparser", lambda: rss.ParseRSSFeed("u").run(), None),
    (
        "snowflake.snowflake.sf",
        lambda: snowflake.SnowflakeQuery("a", "u", token="t", query="q", cursor_type=1).run(),
        None,
    ),
]


@pytest.mark.parametrize(("name", "call", "result"), CASES, ids=[case[0] for case in CASES])
def test_what_is_put_under_a_name_of_1_x_is_used(
    name: str, call: Any, result: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = MagicMock()
    module = import_module(f"prefect.tasks.{name.rpartition('.')[0]}")
    monkeypatch.setitem(vars(module), name.rpartition(".")[2], own)

    if name.startswith("gcp"):
        monkeypatch.setitem(vars(module), "storage", MagicMock())

    found = call()

    assert own.mock_calls
    assert result is None or found == result


def test_the_names_are_there_as_in_1_x() -> None:
    from prefect.tasks.aws import s3
    from prefect.tasks.kubernetes import pod
    from prefect.utilities.aws import get_boto_client
    from prefect.utilities.kubernetes import get_kubernetes_client

    assert s3.get_boto_client is get_boto_client
    assert pod.get_kubernetes_client is get_kubernetes_client
