"""Reading a file by a path with a scheme; making files that not everybody may read."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit


class ParsedPath(NamedTuple):
    """The parts of a path; ``scheme`` is ``file`` when none was given."""

    scheme: str
    netloc: str
    path: str


def parse_path(path: str) -> ParsedPath:
    """Take a path apart. No scheme, ``local://`` and a drive letter of Windows mean a file of this machine."""
    parts = urlsplit(str(path))
    if len(parts.scheme) == 1:
        return ParsedPath("file", "", str(path))
    scheme = "file" if parts.scheme in ("", "local") else parts.scheme
    return ParsedPath(scheme, parts.netloc, parts.path)


def read_bytes_from_path(path: str) -> bytes:
    """Read what lies at a path: a file (also ``agent://``), ``http(s)://``, ``s3://``, ``gs://`` or ``gcs://``.

    Raises:
        ValueError: another scheme.
        OSError: it cannot be read.
    """
    parsed = parse_path(path)
    if parsed.scheme in ("file", "agent"):
        return Path(parsed.path).read_bytes()
    if parsed.scheme in ("http", "https"):
        return _read_http(str(path))
    if parsed.scheme == "s3":
        from prefect.utilities.aws import get_boto_client

        answer = get_boto_client("s3").get_object(Bucket=parsed.netloc, Key=parsed.path.lstrip("/"))
        return bytes(answer["Body"].read())
    if parsed.scheme in ("gs", "gcs"):
        from prefect.utilities.gcp import get_storage_client

        blob = get_storage_client().bucket(parsed.netloc).get_blob(parsed.path.lstrip("/"))
        if blob is None:
            raise FileNotFoundError(f"There is nothing at {path}")
        return bytes(blob.download_as_bytes())
    raise ValueError(f"Unsupported file scheme {path}")


def _read_http(url: str) -> bytes:
    # Late: 20 ms of import that only this branch needs.
    import urllib3

    with urllib3.PoolManager(retries=urllib3.Retry(total=3, backoff_factor=0.2)) as pool:
        answer = pool.request("GET", url, timeout=30.0)
    if answer.status != 200:
        raise OSError(f"{url} answered with status {answer.status}")
    return bytes(answer.data)


def own_file(path: str, flags: int) -> int:
    """Open a file, as an opener of ``open``; a new one can be read by its owner alone, from the first moment."""
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


def as_protected_as(source: str | Path) -> Callable[[str, int], int]:
    """Make an opener of new files that nobody may read who may not read ``source``, if that is there."""
    try:
        mode = os.stat(source).st_mode & 0o666
    except FileNotFoundError:
        mode = 0o666
    return lambda path, flags: os.open(path, flags | os.O_CLOEXEC, mode)
