"""What somebody may have meant who named something that there is not."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["did_you_mean", "nearest"]

_MOST = 3
_LIKE = 0.6


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """Give the known names that are most like one that is not known, the most like first; three at most."""
    from difflib import get_close_matches

    by_plain = {one.lower(): one for one in known}
    return [by_plain[one] for one in get_close_matches(name.strip().lower(), by_plain, _MOST, _LIKE)]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Put what may have been meant behind a sentence about a name: `` (did you mean 'x' or 'y'?)``, or nothing."""
    names = [repr(one) for one in nearest(name, known)]
    return f" (did you mean {' or '.join(names)}?)" if names else ""
