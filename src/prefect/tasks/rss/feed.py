"""Feeds of RSS and Atom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from prefect._lazy import lazy
from prefect.tasks.authoring.declared import DeclaredTask, in_time

TIMEOUT_SECONDS = 30.0


class ParseRSSFeed(DeclaredTask, args="feed_url"):
    """Gives a feed as the package feedparser reads it.

    Args:
        feed_url: its address, a path, or the feed itself.
    """

    known_as: ClassVar[dict[str, str]] = {"feedparser": "feedparser"}
    packages: ClassVar[tuple[str, ...]] = ("feedparser",)
    needs: ClassVar[dict[str, str]] = {"feed_url": "The feed_url must be provided."}
    feed_url: str | None = None

    def work(self) -> Any:
        """Read the feed; one that is not well-formed, or cannot be reached, has ``bozo`` set.

        Raises:
            TimeoutError: its server says nothing.
        """
        from urllib.request import BaseHandler

        class Limit(BaseHandler):
            """Sets what the package has no argument for."""

            def http_request(self, request: Any) -> Any:
                request.timeout = TIMEOUT_SECONDS
                return request

            https_request = http_request

        with in_time(self, str(self.feed_url).rpartition("@")[2], TIMEOUT_SECONDS):
            return self.module("feedparser").parse(self.feed_url, handlers=[Limit()])


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "feedparser": "feedparser:",
        },
    )
