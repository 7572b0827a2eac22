"""Feeds of RSS and Atom."""

from __future__ import annotations

from typing import Any, ClassVar

from prefect.tasks.authoring.declared import DeclaredTask


class ParseRSSFeed(DeclaredTask, args="feed_url"):
    """Gives a feed as the package feedparser reads it.

    Args:
        feed_url: its address, a path, or the feed itself.
    """

    packages: ClassVar[tuple[str, ...]] = ("feedparser",)
    needs: ClassVar[dict[str, str]] = {"feed_url": "The feed_url must be provided."}
    feed_url: str | None = None

    def work(self) -> Any:
        """Read the feed; one that is not well-formed has ``bozo`` set."""
        return self.module("feedparser").parse(self.feed_url)
