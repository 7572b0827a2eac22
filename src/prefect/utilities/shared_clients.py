"""Clients of vendors' services that are kept for whoever asks for the same next.

Making one takes from tens to hundreds of milliseconds, and its first call opens a connection; a mapped task that writes
each of its values would otherwise do that for every child.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any


class SharedClients:
    """The clients used last.

    Args:
        variables: beginnings of the names of environment variables that such a client reads: when they change, another
            client is made.
        most: how many are kept.
    """

    def __init__(self, *variables: str, most: int = 8) -> None:
        self._variables = variables
        self._most = most
        self._clients: OrderedDict[Hashable, tuple[Any, Callable[[], Any]]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Give the client of this key, made now if need be; never one of another process, whose sockets it shares."""
        around = tuple(sorted(item for item in os.environ.items() if item[0].startswith(self._variables)))
        key = (os.getpid(), around, key)
        with self._lock:
            found = self._clients.get(key)
            if found is None:
                # ``make`` is kept along: a key may name an object by its address, which is its own as long as it lives.
                found = self._clients[key] = (make(), make)
                while len(self._clients) > self._most:
                    self._clients.popitem(last=False)
            else:
                self._clients.move_to_end(key)
            return found[0]
