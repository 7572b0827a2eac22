"""What PostgreSQL has and SQLite lacks, as functions of a connection: patterns, jsonb, intervals, statistics.

Each gives NULL for NULL, as PostgreSQL's do.
"""

from __future__ import annotations

import json
import math
import re
import sqlite3
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from .dialect import dump_json, load_json
from .patterns import SearchTooLarge, like, matcher

#: SQLite's own LIKE takes time with the length of text and pattern; up to here it is quick whatever they are.
LONGEST_PLAIN = 100
#: The most comparisons of values within one test of whether JSON holds JSON.
MOST_COMPARISONS = 1_000_000


class _Reading(threading.local):
    """What the read of this thread is held to, and why a function of it gave up."""

    #: Until when it may go on, by the monotonic clock.
    deadline = math.inf
    refusal = ""


reading = _Reading()


def is_plain(pattern: str | None) -> bool:
    """Tell whether SQLite's own LIKE can search for it: ASCII, not long, and too few wildcards to take long."""
    if pattern is None or len(pattern) > LONGEST_PLAIN or not pattern.isascii():
        return False
    return pattern.count("%") <= 2 and not pattern.endswith("\\") and "\0" not in pattern


def _like(value: str | None, pattern: str | None) -> bool | None:
    return None if value is None or pattern is None else like(pattern, ignore_case=False).matches(value)


def _ilike(value: str | None, pattern: str | None) -> bool | None:
    return None if value is None or pattern is None else like(pattern, ignore_case=True).matches(value)


def _similar(value: str | None, pattern: str | None) -> bool | None:
    return None if value is None or pattern is None else matcher("similar", pattern).matches(value)


def _matches(value: str | None, pattern: str | None) -> bool | None:
    return None if value is None or pattern is None else matcher("regex", pattern).matches(value)


def _imatches(value: str | None, pattern: str | None) -> bool | None:
    return None if value is None or pattern is None else matcher("iregex", pattern).matches(value)


def _load(text: str) -> Any:
    """Read a stored JSON text; one that somebody spoiled is taken for a string, and ends no statement with an error."""
    try:
        return load_json(text)
    except (TypeError, ValueError):
        return str(text)


_RANK = {type(None): 0, str: 1, int: 2, float: 2, bool: 3, list: 4, dict: 5}


def _object_pairs(value: dict[str, Any]) -> list[tuple[str, Any]]:
    return sorted(value.items(), key=lambda pair: _key_order(pair[0]))


def _key_order(key: str) -> tuple[int, bytes]:
    """jsonb keeps keys by length, then by bytes."""
    written = key.encode()
    return len(written), written


def _compare(left: Any, right: Any) -> int:
    """Order two JSON values as jsonb does inside others: object > array > boolean > number > string > null."""
    rank_left, rank_right = _RANK[type(left)], _RANK[type(right)]
    if rank_left != rank_right:
        return -1 if rank_left < rank_right else 1
    if left is None:
        return 0
    if isinstance(left, list):
        return _compare_all(left, right)
    if isinstance(left, dict):
        pairs_left, pairs_right = _object_pairs(left), _object_pairs(right)
        flat_left = [part for pair in pairs_left for part in pair]
        flat_right = [part for pair in pairs_right for part in pair]
        return _compare_all(flat_left, flat_right)
    return int(left > right) - int(left < right)


def _compare_all(left: list[Any], right: list[Any]) -> int:
    if len(left) != len(right):
        return -1 if len(left) < len(right) else 1
    return next((order for a, b in zip(left, right, strict=True) if (order := _compare(a, b))), 0)


def _compare_whole(left: Any, right: Any) -> int:
    """Order two whole JSON values: there an empty array sorts below everything, a quirk that PostgreSQL documents."""
    if (left == []) != (right == []):
        return -1 if left == [] else 1
    return _compare(left, right)


def _collate(left: str, right: str) -> int:
    return 0 if left == right else _compare_whole(_load(left), _load(right))


class _Containment:
    """Tells whether jsonb ``whole @> part`` holds, within ``MOST_COMPARISONS``."""

    def __init__(self) -> None:
        self._left = MOST_COMPARISONS

    def holds(self, whole: Any, part: Any) -> bool:
        # At the top an array also contains a bare scalar.
        if isinstance(whole, list) and not isinstance(part, dict | list):
            return _scalar_key(part) in self._scalars(whole)
        return self._inside(whole, part)

    def _inside(self, whole: Any, part: Any) -> bool:
        self._count(1)
        if isinstance(part, dict):
            return isinstance(whole, dict) and all(
                key in whole and self._inside(whole[key], wanted) for key, wanted in part.items()
            )
        if isinstance(part, list):
            return isinstance(whole, list) and self._all_inside(whole, part)
        return not isinstance(whole, dict | list) and _scalar_key(whole) == _scalar_key(part)

    def _all_inside(self, whole: list[Any], part: list[Any]) -> bool:
        scalars = self._scalars(whole)
        inner = [item for item in whole if isinstance(item, dict | list)]
        for wanted in part:
            if not isinstance(wanted, dict | list):
                if _scalar_key(wanted) not in scalars:
                    return False
            elif not any(self._inside(item, wanted) for item in inner):
                return False
        return True

    def _scalars(self, whole: list[Any]) -> set[tuple[int, Any]]:
        self._count(len(whole))
        return {_scalar_key(item) for item in whole if not isinstance(item, dict | list)}

    def _count(self, number: int) -> None:
        self._left -= number
        if self._left < 0:
            raise SearchTooLarge("A JSON value is too large for a row that it is compared with; use a smaller one.")


def _scalar_key(value: Any) -> tuple[int, Any]:
    return _RANK[type(value)], value


def _json_contains(whole: str | None, part: str | None) -> bool | None:
    if whole is None or part is None:
        return None
    return _Containment().holds(_load(whole), _load(part))


def _has_key(value: Any, key: str) -> bool:
    if isinstance(value, dict | list):
        return any(isinstance(item, str) and item == key for item in value)
    return isinstance(value, str) and value == key


def _json_has_key(whole: str | None, key: str | None) -> bool | None:
    if whole is None or key is None:
        return None
    return _has_key(_load(whole), key)


def _json_has_any(whole: str | None, keys: str | None) -> bool | None:
    if whole is None or keys is None:
        return None
    value = _load(whole)
    return any(_has_key(value, key) for key in _load(keys))


def _json_has_all(whole: str | None, keys: str | None) -> bool | None:
    if whole is None or keys is None:
        return None
    value = _load(whole)
    return all(_has_key(value, key) for key in _load(keys))


def _json_path(whole: str | None, path: str) -> str | None:
    """Give the JSON text of what lies at the path (a JSON list of keys and indexes), or NULL."""
    if whole is None:
        return None
    value = _load(whole)
    for step in load_json(path):
        if isinstance(value, dict):
            if step not in value:
                return None
            value = value[step]
        elif isinstance(value, list):
            if not re.fullmatch(r"-?\d{1,9}", step) or not -len(value) <= int(step) < len(value):
                return None
            value = value[int(step)]
        else:
            return None
    return dump_json(value)


def _sorted_deep(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted_deep(item) for key, item in _object_pairs(value)}
    if isinstance(value, list):
        return [_sorted_deep(item) for item in value]
    return value


def _jsonb_text(whole: str | None) -> str | None:
    """Write a JSON value as PostgreSQL writes jsonb: for comparing it as a text."""
    return None if whole is None else json.dumps(_sorted_deep(_load(whole)), ensure_ascii=False)


def interval_text(seconds: float | None) -> str | None:
    """Write a duration as PostgreSQL does: ``00:00:30``, ``1 day 02:00:00``."""
    if not isinstance(seconds, int | float):
        return None
    whole = round(abs(seconds) * 1_000_000)
    sign = "-" if seconds < 0 else ""
    total, micro = divmod(whole, 1_000_000)
    days, rest = divmod(total, 86_400)
    clock = f"{sign}{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    if micro:
        clock += f".{micro:06}".rstrip("0")
    if not days:
        return clock
    day = f"{sign}{days} day{'' if days == 1 and not sign else 's'}"
    return day if not rest and not micro else f"{day} {clock}"


def _float_text(value: float | None) -> str | None:
    """Write a number with all of its digits; SQLite writes 15."""
    if not isinstance(value, int | float):
        return None
    return str(int(value)) if value == int(value) else repr(value)


class _Variance:
    """Variance of a sample by Welford's method; the subclasses say what becomes of it."""

    def __init__(self) -> None:
        self.count = 0
        self.mean = 0.0
        self.squares = 0.0

    def step(self, value: float | None) -> None:
        if value is None:
            return
        self.count += 1
        change = value - self.mean
        self.mean += change / self.count
        self.squares += change * (value - self.mean)

    def _of(self, spare: int) -> float | None:
        return self.squares / (self.count - spare) if self.count > spare else None


class _VarSamp(_Variance):
    def finalize(self) -> float | None:
        return self._of(1)


class _VarPop(_Variance):
    def finalize(self) -> float | None:
        return self._of(0)


class _StddevSamp(_Variance):
    def finalize(self) -> float | None:
        variance = self._of(1)
        return None if variance is None else math.sqrt(variance)


class _StddevPop(_Variance):
    def finalize(self) -> float | None:
        variance = self._of(0)
        return None if variance is None else math.sqrt(variance)


#: A text that stands in JSON as it is, whoever has written it.
_PLAIN = re.compile(r"[A-Za-z0-9_.: +-]{1,200}")


#: A longer part is not looked into: it is rare, and whatever is looked into is remembered.
LONGEST_PART = 2_000


def _telling(part: str | None) -> str:
    """Give a text that stands in every JSON text whose value contains this part; an empty one when none is known.

    The longest text of its values, or else a key with its number, or else a key.  The JSON is one without spaces.
    """
    if part is None or len(part) > LONGEST_PART:
        return ""
    return _telling_of(part)


@lru_cache(maxsize=256)
def _telling_of(part: str) -> str:
    values: list[str] = []
    pairs: list[str] = []
    keys: list[str] = []
    waiting: list[Any] = [_load(part)]
    if not isinstance(waiting[0], dict | list):
        return ""  # a text that is no JSON counts as a string, without its quotes
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            values.append(one)
        elif isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            keys += one
            waiting += one.values()
            pairs += [
                f'"{key}":{_number(value)}' for key, value in one.items() if _PLAIN.fullmatch(key) and _number(value)
            ]
    for texts in (values, keys):
        plain = [text for text in texts if _PLAIN.fullmatch(text)]
        if texts is keys and pairs:
            return max(pairs, key=len)
        if plain:
            return f'"{max(plain, key=len)}"'
    return ""


def _number(value: Any) -> str:
    """Give the beginning of every text of an equal number, or the text of a constant; empty: there is none."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float) and not value.is_integer():
        text = repr(value)
        return "" if "e" in text or "n" in text else text
    # Zero may be -0.0, and what is larger may be written with an exponent.
    return str(int(value)) if isinstance(value, int | float) and 0 < abs(value) < 1e15 else ""


_FUNCTIONS: dict[str, tuple[int, Callable[..., Any]]] = {
    "p_like": (2, _like),
    "p_ilike": (2, _ilike),
    "p_is_plain": (1, is_plain),
    "p_similar": (2, _similar),
    "p_regex": (2, _matches),
    "p_iregex": (2, _imatches),
    "p_contains": (2, _json_contains),
    "p_telling": (1, _telling),
    "p_has_key": (2, _json_has_key),
    "p_has_any": (2, _json_has_any),
    "p_has_all": (2, _json_has_all),
    "p_json_path": (2, _json_path),
    "p_jsonb_text": (1, _jsonb_text),
    "p_interval": (1, interval_text),
    "p_float": (1, _float_text),
}
#: What takes long for long values.
_SEARCHES = frozenset({"p_like", "p_ilike", "p_similar", "p_regex", "p_iregex", "p_contains"})
_AGGREGATES: dict[str, type[_Variance]] = {
    "stddev": _StddevSamp,
    "stddev_samp": _StddevSamp,
    "stddev_pop": _StddevPop,
    "variance": _VarSamp,
    "var_samp": _VarSamp,
    "var_pop": _VarPop,
}


def register(conn: sqlite3.Connection) -> None:
    """Teach a connection all of them."""

    def bounded(function: Callable[..., Any]) -> Callable[..., Any]:
        def search(value: Any, pattern: Any) -> Any:
            # SQLite looks at the clock between its own steps, and does not know how long a step of ours takes.
            if time.monotonic() > reading.deadline:
                conn.interrupt()  # ends the statement, as a whole read that takes too long
                return None
            try:
                return function(value, pattern)
            except SearchTooLarge as error:
                reading.refusal = str(error)
                raise

        return search

    for name, (arguments, function) in _FUNCTIONS.items():
        taught = bounded(function) if name in _SEARCHES else function
        conn.create_function(name, arguments, taught, deterministic=True)
    for name, aggregate in _AGGREGATES.items():
        conn.create_aggregate(name, 1, aggregate)  # type: ignore[arg-type]
    conn.create_collation("JSONB", _collate)
