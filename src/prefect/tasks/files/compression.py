"""Zip archives."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from prefect.core.authoring import defaults_from_attrs
from prefect.core.task import Task
from prefect.tasks.files.operations import given_path

METHODS = {
    "store": zipfile.ZIP_STORED,
    "deflate": zipfile.ZIP_DEFLATED,
    "bzip2": zipfile.ZIP_BZIP2,
    "lzma": zipfile.ZIP_LZMA,
}


#: An archive that unpacks to more than both is taken for one that was made to fill a disk.
MOST_BYTES, MOST_RATIO = 1 << 30, 200


class Unzip(Task):
    """Unpacks an archive; without a folder, into the current one.

    Members stay in the folder, whatever their names say. An archive that unpacks to more than 1 GiB and 200 times its
    own size is refused, unless ``max_bytes`` allows that much.
    """

    def __init__(self, zip_path: str | Path = "", extract_dir: str | Path = "", **kwargs: Any) -> None:
        self.zip_path = zip_path
        self.extract_dir = extract_dir
        super().__init__(**kwargs)

    @defaults_from_attrs("zip_path", "extract_dir")
    def run(
        self,
        zip_path: str | Path = "",
        extract_dir: str | Path = "",
        password: bytes | str | None = None,
        max_bytes: int | None = None,
    ) -> Path:
        """Unpack it and give the folder.

        Args:
            max_bytes: how much it may unpack to.

        Raises:
            ValueError: no archive was named, it is not there, or it unpacks to too much.
            TypeError: the file is no archive.
        """
        if not zip_path:
            raise ValueError("No `zip_path` provided")
        if not Path(zip_path).exists():
            raise ValueError(f"`zip_path` {str(zip_path)!r} not found")
        if not zipfile.is_zipfile(zip_path):
            raise TypeError(f"`zip_path` {str(zip_path)!r} is not a zip file")
        folder = Path(extract_dir) if extract_dir else Path.cwd()
        self.logger.info("Extracting %r to %r", str(zip_path), str(folder))
        with zipfile.ZipFile(zip_path) as archive:
            _refuse_bomb(archive, Path(zip_path).stat().st_size, max_bytes)
            # extractall takes ".." and absolute paths out of the names, writes links as files, and no more of a
            # member than it says it has.
            archive.extractall(folder, pwd=password.encode() if isinstance(password, str) else password)
        return folder


def _refuse_bomb(archive: zipfile.ZipFile, packed_bytes: int, max_bytes: int | None) -> None:
    total = sum(member.file_size for member in archive.infolist())
    allowed = max(MOST_BYTES, MOST_RATIO * packed_bytes) if max_bytes is None else max_bytes
    if total > allowed:
        raise ValueError(
            f"The archive unpacks to {total} bytes, more than the {allowed} that are allowed; `max_bytes` can allow "
            "more. Nothing was unpacked."
        )


class Zip(Task):
    """Packs files and folders into a new archive.

    Args:
        source_path: a path, or a list of paths; a folder is packed with its name.
        compression_method: ``store``, ``deflate``, ``bzip2`` or ``lzma``.
        compression_level: as in ``zipfile``.

    Raises:
        ValueError: an unknown method.
    """

    def __init__(
        self,
        source_path: Any = "",
        zip_path: str | Path = "",
        compression_method: str = "deflate",
        compression_level: int | None = None,
        **kwargs: Any,
    ) -> None:
        if compression_method not in METHODS:
            raise ValueError(f"Compression method {compression_method} is not supported!")
        self.source_path = source_path
        self.zip_path = zip_path
        self.compression = METHODS[compression_method]
        self.compression_level = compression_level
        super().__init__(**kwargs)

    @defaults_from_attrs("source_path", "zip_path")
    def run(self, source_path: Any = "", zip_path: str | Path = "") -> None:
        """Pack them.

        Raises:
            ValueError: no source or target was named, or a source is not there.
        """
        sources = source_path if isinstance(source_path, list | tuple) else [source_path]
        if not sources:
            raise ValueError("No `source_path` provided.")
        paths = [given_path("source_path", source) for source in sources]
        target = given_path("zip_path", zip_path)
        missing = [str(path) for path in paths if not path.exists()]
        if missing:
            raise ValueError(f"Path ({', '.join(missing)}) not found")
        self.logger.info("Creating zip archive %s", target)
        with zipfile.ZipFile(target, "w", self.compression, compresslevel=self.compression_level) as archive:
            for path in paths:
                self.logger.info("Adding %s to archive", path.name)
                for file in _files(path):
                    if not file.samefile(target):
                        archive.write(file, file.relative_to(path.parent))


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from (file for file in sorted(path.rglob("*")) if file.is_file())
    else:
        yield path
