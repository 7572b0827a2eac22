"""Moving, copying, removing and finding files."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from prefect.core.authoring import defaults_from_attrs
from prefect.core.task import Task


def source_path_of(value: str | Path) -> Path:
    """Give the path of what is to be moved or copied.

    Raises:
        ValueError: none is given, or nothing is there.
    """
    source = given_path("source_path", value)
    if not source.exists() and not source.is_symlink():
        raise ValueError(f"Source path ({source}) not found")
    return source


def given_path(name: str, value: str | Path) -> Path:
    """Give an argument as a path.

    Raises:
        ValueError: it is empty; names the argument.
    """
    if not value:
        raise ValueError(f"No `{name}` provided.")
    return Path(value)


class Move(Task):
    """Moves a file or folder; into the target when that is a folder."""

    def __init__(self, source_path: str | Path = "", target_path: str | Path = "", **kwargs: Any) -> None:
        self.source_path = source_path
        self.target_path = target_path
        super().__init__(**kwargs)

    @defaults_from_attrs("source_path", "target_path")
    def run(self, source_path: str | Path = "", target_path: str | Path = "") -> Path:
        """Move it and give the new path."""
        source = source_path_of(source_path)
        target = given_path("target_path", target_path)
        self.logger.info("Moving %s to %s...", source, target)
        return Path(shutil.move(str(source), str(target)))


class Copy(Task):
    """Copies a file, into the target when that is a folder; or a folder, to a target that is not there yet."""

    def __init__(self, source_path: str | Path = "", target_path: str | Path = "", **kwargs: Any) -> None:
        self.source_path = source_path
        self.target_path = target_path
        super().__init__(**kwargs)

    @defaults_from_attrs("source_path", "target_path")
    def run(self, source_path: str | Path = "", target_path: str | Path = "") -> Path:
        """Copy it and give the path of the copy."""
        source = source_path_of(source_path)
        target = given_path("target_path", target_path)
        self.logger.info("Copying %s to %s...", source, target)
        copy = shutil.copytree if source.is_dir() else shutil.copy
        return Path(copy(str(source), str(target)))


class Remove(Task):
    """Removes a file, or an empty folder."""

    def __init__(self, path: str | Path = "", **kwargs: Any) -> None:
        self.path = path
        super().__init__(**kwargs)

    @defaults_from_attrs("path")
    def run(self, path: str | Path = "") -> None:
        """Remove it.

        Raises:
            ValueError: it is not there.
            OSError: the folder is not empty.
        """
        unwanted = given_path("path", path)
        self.logger.info("Removing %s...", unwanted)
        if unwanted.is_dir() and not unwanted.is_symlink():
            unwanted.rmdir()
        elif unwanted.exists() or unwanted.is_symlink():
            unwanted.unlink()
        else:
            raise ValueError(f"Path ({path}) not found")


class Glob(Task):
    """Finds paths below a folder by a pattern; ``**`` goes through all folders."""

    def __init__(self, path: str | Path = "", pattern: str = "*", **kwargs: Any) -> None:
        self.path = path
        self.pattern = pattern
        super().__init__(**kwargs)

    @defaults_from_attrs("path", "pattern")
    def run(self, path: str | Path = "", pattern: str = "*") -> list[Path]:
        """Give the paths that fit, in no particular order.

        Raises:
            ValueError: no folder is given.
        """
        return list(given_path("path", path).glob(pattern))
