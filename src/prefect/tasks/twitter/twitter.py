"""Replies to tweets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from prefect._lazy import lazy
from prefect.tasks.authoring.declared import DeclaredTask

CREDENTIALS = ("api_key", "api_secret", "access_token", "access_token_secret")
MOST_TWEETS = 100


class LoadTweetReplies(DeclaredTask, args="user tweet_id", run="+ credentials"):
    """Gives the replies to a tweet among the latest that were written to its author.

    Args:
        user: who wrote it.
        credentials: ``api_key``, ``api_secret``, ``access_token``, ``access_token_secret``: give them from a secret.
    """

    known_as: ClassVar[dict[str, str]] = {"tweepy": "tweepy"}
    packages: ClassVar[tuple[str, ...]] = ("tweepy",)
    needs: ClassVar[dict[str, str]] = {
        "credentials": "Credentials dictionary wasn't provided.",
        "user": "A user must be provided.",
        "tweet_id": "A tweet id must be provided.",
    }
    user: str | None = None
    tweet_id: str | None = None
    credentials: dict[str, str] | None = None

    def work(self) -> list[Any]:
        """Find the replies.

        Raises:
            ValueError: the credentials are not whole.
        """
        known = self.credentials or {}
        missing = [name for name in CREDENTIALS if not known.get(name)]
        if missing:
            raise ValueError(self.complaint(f"The credentials have no {', '.join(missing)}.", "credentials"))
        tweepy = self.module("tweepy")
        auth = tweepy.OAuthHandler(known["api_key"], known["api_secret"])
        auth.set_access_token(known["access_token"], known["access_token_secret"])
        api = tweepy.API(auth)
        search = getattr(api, "search_tweets", None) or api.search
        written = tweepy.Cursor(search, q=f"to:{self.user}", result_type="recent").items(MOST_TWEETS)
        return [tweet for tweet in written if str(tweet.in_reply_to_status_id) == str(self.tweet_id)]


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "tweepy": "tweepy:",
        },
    )
