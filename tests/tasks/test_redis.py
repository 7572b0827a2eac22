"""Commands of Redis against a Redis."""

from __future__ import annotations

from typing import Any

import pytest

from prefect import context
from prefect.tasks.redis import RedisExecute, RedisGet, RedisSet
from support.road import free_port
from support.systems import REDIS_PASSWORD

redis = pytest.importorskip("redis")


def where(port: int, **further: Any) -> dict[str, Any]:
    # The package would try again for seconds, also after a log-in that was refused.
    once = redis.retry.Retry(redis.backoff.NoBackoff(), 0)
    return {"host": "127.0.0.1", "port": port, "redis_connection_params": {"retry": once}, **further}


def test_keys(redis_port: int) -> None:
    how = where(redis_port)
    with context(secrets={"REDIS_PASSWORD": REDIS_PASSWORD}):
        assert RedisSet(**how).run("k\r\nDEL x", "v\r\n") is True
        assert RedisSet(**how).run("k\r\nDEL x", "w", nx=True) is None
        assert RedisGet(**how).run("k\r\nDEL x") == b"v\r\n"
        assert RedisGet(**how, db=1).run("k\r\nDEL x") is None
        assert RedisSet(**how).run("fades", 0, ex=500) is True
        assert 0 < RedisExecute(**how).run("TTL fades") <= 500
        assert RedisExecute(**how).run("HSET h field value") == 1
        assert RedisExecute(**how).run("HGETALL h") == {b"field": b"value"}
        assert RedisExecute(**how).run("RPUSH list one") == 1
        assert RedisExecute(**how).run("blpop list 0") in ([b"list", b"one"], (b"list", b"one"))


def test_a_log_in_that_fails_shows_no_password(redis_port: int) -> None:
    with (
        context(secrets={"WRONG": "wr0ng-pass"}),
        pytest.raises(redis.AuthenticationError, match="invalid username-password pair") as caught,
    ):
        RedisGet(**where(redis_port), password_secret="WRONG").run("k")
    assert "wr0ng" not in str(caught.value)
    with pytest.raises(redis.RedisError, match=r"Authentication required|already authenticated"):
        RedisGet(**where(redis_port), password_secret=None).run("k")
    with pytest.raises(redis.ResponseError, match="unknown command"), context(secrets={"OWN": REDIS_PASSWORD}):
        RedisExecute(**where(redis_port), password_secret="OWN").run("NOSUCH k")


def test_a_server_that_is_away_is_told() -> None:
    with pytest.raises(redis.ConnectionError, match=r"127\.0\.0\.1"):
        RedisGet(**where(free_port()), password_secret=None).run("k")
