"""One JSON request to a service on the web."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TIMEOUT_SECONDS = 30.0


class DeliveryFailed(Exception):
    """A service did not take a message."""


def post_json(url: str, content: Any, headers: Mapping[str, str] | None = None) -> None:
    """Send a JSON body to a URL.

    Raises:
        ValueError: the URL or a header is none, and nothing was sent.
        DeliveryFailed: no answer in time, or one that is no success. Names the host only: such URLs hold secrets.
    """
    from urllib.parse import urlsplit

    import requests

    from prefect.utilities.hosts import check_web_address

    check_web_address(url, "the webhook's address")
    host = urlsplit(url).netloc
    for name, value in (headers or {}).items():
        if not value.isascii() or not value.isprintable():  # the library below would show the value, which is a token
            raise ValueError(f"The header {name} holds a line break or another sign that no header has.")
    further: dict[str, Any] = {"headers": dict(headers)} if headers else {}
    try:
        answer = requests.post(url, json=content, timeout=TIMEOUT_SECONDS, allow_redirects=False, **further)
    except requests.Timeout:
        raise DeliveryFailed(f"{host} did not answer within {TIMEOUT_SECONDS:g} seconds") from None
    except requests.RequestException as error:
        raise DeliveryFailed(f"{host} could not be reached: {type(error).__name__}") from None
    # A redirection says that it was not taken.
    if not answer.ok or getattr(answer, "is_redirect", False) is True:
        said = answer.content[:200].decode("utf-8", "replace")
        raise DeliveryFailed(f"{answer.status_code} {answer.reason} from {host}: {said}")
