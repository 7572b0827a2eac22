"""Volume specifications of the Docker agent: what is mounted where, and what has to exist first."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from typing import NamedTuple

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")
MODES = ("ro", "rw")


class Volume(NamedTuple):
    """One mount: ``source`` is an absolute path of the host or the name of a volume that Docker keeps."""

    source: str
    target: str
    mode: str

    @property
    def is_named(self) -> bool:
        return not posixpath.isabs(self.source)


def parse_volume(spec: str) -> Volume:
    """Read ``host:container[:ro|rw]``, ``name:container[:rw]`` or one path, which is the same on both sides.

    Raises:
        ValueError: anything else; quotes the specification and says what was expected.
    """

    def wrong(why: str) -> ValueError:
        return ValueError(f"Invalid volume {spec!r}: {why}; expected host:container[:ro|rw], or one path")

    parts = spec.split(":")
    mode = "rw"
    if len(parts) > 1 and parts[-1] in MODES:
        mode = parts.pop()
    if not all(parts) or len(parts) not in (1, 2):
        raise wrong("it has too many or empty parts")
    source, target = parts[0], parts[-1]
    if len(parts) == 1 and not posixpath.isabs(source):
        raise wrong("a single path must be absolute")
    if not posixpath.isabs(target):
        raise wrong("the path in the container must be absolute")
    volume = Volume(source, target, mode)
    if volume.is_named:
        if not _NAME.fullmatch(source):
            raise wrong("the left side is neither an absolute path nor a name of a volume")
        if mode != "rw":
            raise wrong("a named volume can only be mounted rw")
    return volume


def parse_volumes(specs: Iterable[str] | None) -> list[Volume]:
    """Read several specifications."""
    return [parse_volume(spec) for spec in specs or ()]


def binds(volumes: Iterable[Volume]) -> list[str]:
    """Give the mounts in the form of the engine's host configuration."""
    return [":".join(volume) for volume in volumes]
