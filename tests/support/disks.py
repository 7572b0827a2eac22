"""Disks that are full, or lose their power. Both need root, and a kernel that allows them."""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

#: EXT4_IOC_SHUTDOWN, and to shut down as if the power were cut: what is not on the disk is lost.
SHUTDOWN, WITHOUT_FLUSH = 0x8004587D, 2


def _mount(*arguments: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("mounting a disk needs root")
    done = subprocess.run(["mount", *arguments], check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """Mount a disk of so little room at ``folder``."""
    folder.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


class CutDisk:
    """An ext4 disk in a file, mounted at ``folder``, whose power can be cut."""

    def __init__(self, folder: Path, image: Path, megabytes: int) -> None:
        self.folder = folder
        self.image = image
        if shutil.which("mkfs.ext4") is None:
            pytest.skip("no mkfs.ext4 here")
        folder.mkdir()
        with image.open("wb") as file:
            file.truncate(megabytes * 1024 * 1024)
        subprocess.run(["mkfs.ext4", "-q", str(image)], check=True)

    def __enter__(self) -> CutDisk:
        _mount("-o", "loop", str(self.image), str(self.folder))
        return self

    def cut(self) -> None:
        """From now on nothing reaches the disk, and what had not reached it is gone."""
        opened = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(opened, SHUTDOWN, struct.pack("I", WITHOUT_FLUSH))
        except OSError as error:
            pytest.skip(f"the power of a disk cannot be cut here: {error}")
        finally:
            os.close(opened)

    def power_on(self) -> None:
        """Mount it again, as after a start of the machine."""
        subprocess.run(["umount", str(self.folder)], check=True)
        subprocess.run(["mount", "-o", "loop", str(self.image), str(self.folder)], check=True)

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", str(self.folder)], check=True)
