"""Commands for Redis."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, ClassVar

from prefect._lazy import lazy
from prefect.tasks.authoring.declared import DeclaredTask

#: For connecting, and for an answer.
TIMEOUT_SECONDS = 30.0
# Commands whose answer comes when another client does something.
WAITING = ("BL", "BR", "BZ", "XREAD", "WAIT", "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE")


class RedisTask(DeclaredTask):
    """A command for one database.

    Args:
        password_secret: name of the secret with the password; None: no password.
        redis_connection_params: further arguments of ``redis.Redis``; ``socket_timeout`` is 30 seconds otherwise.
    """

    empties: ClassVar[dict[str, type]] = {"redis_connection_params": dict}
    known_as: ClassVar[dict[str, str]] = {"redis": "redis"}
    packages: ClassVar[tuple[str, ...]] = ("redis",)
    host: str = "localhost"
    port: int = 6379
    db: int = 0
    password_secret: str | None = "REDIS_PASSWORD"  # noqa: S105 - the name of a secret
    redis_connection_params: dict[str, Any] | None = None

    def redis(self) -> Any:
        """Give a client; it connects with its first command."""
        module = self.module("redis")
        password = self.secret_value(self.password_secret, "password_secret") if self.password_secret else None
        return module.Redis(
            host=self.host,
            port=self.port,
            db=self.db,
            password=None if password is None else str(password),
            **{
                "socket_connect_timeout": TIMEOUT_SECONDS,
                "socket_timeout": self.answer_seconds(),
                **(self.redis_connection_params or {}),
            },
        )

    def answer_seconds(self) -> float | None:
        """Give how long an answer may take; None: as long as it takes."""
        return TIMEOUT_SECONDS


class RedisSet(
    RedisTask,
    init="host port db password_secret redis_key redis_val redis_connection_params ex px nx xx",
    run="redis_key redis_val ex px nx xx",
):
    """Sets a key.

    Args:
        ex: seconds until it expires; px: milliseconds.
        nx: only if it is not there; xx: only if it is.
    """

    needs: ClassVar[dict[str, str]] = dict.fromkeys(
        ("redis_key", "redis_val"), "redis_key and redis_val must be provided"
    )
    redis_key: str | None = None
    redis_val: Any = None
    ex: int | None = None
    px: int | None = None
    nx: bool = False
    xx: bool = False

    def work(self) -> bool | None:
        """Set the key; give None when ``nx`` or ``xx`` kept it from being set."""
        with closing(self.redis()) as client:
            done: bool | None = client.set(
                name=self.redis_key, value=self.redis_val, ex=self.ex, px=self.px, nx=self.nx, xx=self.xx
            )
            return done


class RedisGet(RedisTask, init="host port db password_secret redis_connection_params redis_key", run="redis_key"):
    """Gives the value of a key as bytes; None when there is none."""

    needs: ClassVar[dict[str, str]] = {"redis_key": "redis_key must be provided"}
    redis_key: str | None = None

    def work(self) -> Any:
        """Read the key."""
        with closing(self.redis()) as client:
            return client.get(name=self.redis_key)


class RedisExecute(RedisTask, init="host port db password_secret redis_connection_params redis_cmd", run="redis_cmd"):
    """Sends any command, as one text such as ``HSET key field value``; one that waits, as ``BLPOP``, has no limit."""

    needs: ClassVar[dict[str, str]] = {"redis_cmd": "A redis command must be specified"}
    redis_cmd: str | None = None

    def answer_seconds(self) -> float | None:
        return None if str(self.redis_cmd).lstrip().upper().startswith(WAITING) else TIMEOUT_SECONDS

    def work(self) -> Any:
        """Send the command and give the answer."""
        with closing(self.redis()) as client:
            return client.execute_command(self.redis_cmd)


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "Secret": "prefect.client.secrets",
            "redis": "redis:",
        },
    )
