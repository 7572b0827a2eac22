"""Short texts that are equal for equal values: how cached inputs are compared without keeping them."""

from __future__ import annotations

import os
from typing import Any


def tokenize(value: Any) -> str:
    """Give a deterministic token of ``value``.

    By dask's rules when dask is installed, so that tokens agree with those of 1.x and know arrays and data frames;
    else the hash of its pickle.
    """
    try:
        from dask.base import tokenize as dask_tokenize
    except ImportError:
        return _hash(value)
    try:
        token: str = dask_tokenize(value)
    except RecursionError:
        return _hash(value)
    return token


def _hash(value: Any) -> str:
    import cloudpickle

    try:
        data = cloudpickle.dumps(_ordered(value))
    except Exception:  # what cannot be pickled can still be told apart by how it shows itself
        try:
            data = repr(value).encode()
        except Exception:  # deeper than the stack, or its own repr fails: equal to nothing
            data = os.urandom(16)
    import hashlib

    return hashlib.sha256(data).hexdigest()[:32]


def _ordered(value: Any) -> Any:
    """Give sets and dictionaries an order, since equal ones may be stored in different ones."""
    if isinstance(value, dict):
        return ("dict", sorted(((repr(k), _ordered(v)) for k, v in value.items()), key=lambda item: item[0]))
    if isinstance(value, set | frozenset):
        return (type(value).__name__, sorted(map(repr, value)))
    if isinstance(value, list | tuple):
        return (type(value).__name__, [_ordered(item) for item in value])
    return value
