"""Values in files of this machine."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from prefect.engine.results.places import check_file, check_filled_file
from prefect.model.codec import public, register
from prefect.model.result import Result
from prefect.utilities.context import context
from prefect.utilities.ids import random_digits


@register("result")
@public("prefect.engine.results.local_result")
class LocalResult(Result):
    """A value in a file.

    Args:
        dir: folder that locations are relative to; ``results`` in the home folder when absent or inside that one.
        validate_dir: make the folder, and its path absolute.
        **kwargs: as for ``Result``.
    """

    def __init__(self, dir: str | None = None, validate_dir: bool = True, **kwargs: Any) -> None:
        home = os.path.expanduser(context.config.home_dir)
        is_at_home = dir is None or Path(os.path.abspath(dir)).is_relative_to(os.path.abspath(home))
        folder = os.path.join(home, "results") if dir is None or is_at_home else dir
        if validate_dir:
            folder = os.path.abspath(os.path.expanduser(folder))
            os.makedirs(folder, exist_ok=True)
        self.dir = folder
        super().__init__(**kwargs)

    @property
    def default_location(self) -> str:
        """A fresh file in the folder, named for this instant."""
        now = datetime.now(UTC).strftime("%Y-%m-%dt%H-%M-%S-%f-00-00")
        return os.path.join(self.dir, f"prefect-result-{now}")

    def read(self, location: str) -> Self:
        """Give a new result with the value in the file ``location``.

        Raises:
            FileNotFoundError: there is no such file.
        """
        self.logger.debug("Starting to read result from %s...", location)
        new = self.copy()
        new.value = self.serializer.deserialize(Path(self.dir, location).read_bytes())
        new.location = location
        self.logger.debug("Finished reading result from %s...", location)
        return new

    def write(self, /, value_: Any, **kwargs: Any) -> Self:
        """Write a value to this result's location, filled in with ``kwargs``; folders on the way are made.

        The file appears under its name only when it is whole: a target that exists is taken for a finished run.

        Raises:
            OSError: it cannot be written; nothing is left behind.
            ValueError: what was filled in leads out of the folder that the location names.
        """
        new = self.format(**kwargs)
        new.value = value_
        assert isinstance(new.location, str)  # noqa: S101 (``format`` always gives one)
        self.logger.debug("Starting to upload result to %s...", new.location)
        data = self.serializer.serialize(value_)
        path = os.path.join(self.dir, os.path.expanduser(new.location))
        _write_whole(path, os.path.dirname(path) or os.curdir, data)
        new.location = path
        self.logger.debug("Finished uploading result to %s...", new.location)
        return new

    def check_location(self, location: str) -> None:
        """Refuse a file that does not lie in this result's folder, or that of its location's fixed beginning.

        Raises:
            ValueError: it does not.
        """
        check_file(location, self._template, self.dir)

    def _check_filled(self, location: str, values: Mapping[str, Any]) -> None:
        check_filled_file(location, self._template, self.dir, values)

    def exists(self, /, location: str, **kwargs: Any) -> bool:
        """Say whether the file ``location``, filled in with ``kwargs``, is there."""
        filled = location.format(**kwargs)
        check_filled_file(filled, location, self.dir, kwargs)
        return os.path.exists(os.path.join(self.dir, filled))

    def _to_fields(self) -> dict[str, Any]:
        return {"dir": self.dir, "location": self.location}

    @classmethod
    def _from_fields(cls, data: Mapping[str, Any]) -> Self:
        # Not validated: the folder may be on the machine of the run, and need not be made here.
        return cls(dir=data.get("dir"), validate_dir=False, location=data.get("location"))


def _write_whole(path: str, folder: str, data: bytes) -> None:
    temporary = os.path.join(folder, f".prefect-{random_digits()}")
    try:
        handle = _new_file(temporary)
    except (FileNotFoundError, NotADirectoryError):
        # Made, or refused by an error that names the folder and not a file that nobody knows.
        os.makedirs(folder, exist_ok=True)
        handle = _new_file(temporary)
    try:
        with open(handle, "wb", buffering=0) as file:
            left = memoryview(data)
            while left:
                left = left[file.write(left) :]
        with contextlib.suppress(FileNotFoundError):
            # The file that is replaced keeps its mode; a new one has what this process gives to new ones.
            os.chmod(temporary, os.stat(path).st_mode & 0o777)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


def _new_file(path: str) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
