"""Feeds of RSS and Atom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from prefect._lazy import lazy
from prefect.tasks.authoring.declared import DeclaredTask


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
        """Read the feed; one that is not well-formed has ``bozo`` set."""
        return self.module("feedparser").parse(self.feed_url)


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "feedparser": "feedparser:",
        },
    )
