"""Tasks for files, archives and SQLite databases."""

from __future__ import annotations

import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import pytest

from prefect.tasks.database import SQLiteQuery, SQLiteScript
from prefect.tasks.files import Copy, Glob, Move, Remove, Unzip, Zip


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("A")
    (tmp_path / "full" / "deep").mkdir(parents=True)
    (tmp_path / "full" / "b.txt").write_text("B")
    (tmp_path / "full" / "deep" / "c.txt").write_text("C")
    (tmp_path / "empty").mkdir()
    return tmp_path


def test_files_and_folders_are_copied() -> None:
    assert Copy(source_path="a.txt", target_path="copy.txt").run() == Path("copy.txt")
    assert Copy(source_path="a.txt").run(target_path="empty") == Path("empty/a.txt")
    assert Copy().run(source_path="full", target_path="full2") == Path("full2")
    assert Path("full2/deep/c.txt").read_text() == "C"
    with pytest.raises(FileExistsError):
        Copy().run(source_path="full", target_path="empty")


def test_files_and_folders_are_moved() -> None:
    assert Move().run(source_path="a.txt", target_path="b.txt") == Path("b.txt")
    assert Move().run(source_path=Path("b.txt"), target_path="empty") == Path("empty/b.txt")
    assert Move().run(source_path="full", target_path="empty") == Path("empty/full")
    assert not Path("a.txt").exists()


def test_files_and_empty_folders_are_removed() -> None:
    Remove(path="a.txt").run()
    Remove().run(path="empty")
    assert not Path("a.txt").exists()
    assert not Path("empty").exists()
    with pytest.raises(OSError, match="not empty"):
        Remove().run(path="full")
    with pytest.raises(ValueError, match=r"Path \(a.txt\) not found"):
        Remove().run(path="a.txt")


def test_paths_are_found_by_pattern() -> None:
    assert set(Glob(path="full").run()) == {Path("full/b.txt"), Path("full/deep")}
    assert set(Glob(path="full", pattern="**/*.txt").run()) == {Path("full/b.txt"), Path("full/deep/c.txt")}


@pytest.mark.parametrize("make", [Copy, Move], ids=["copy", "move"])
def test_missing_paths_are_refused_by_name(make: Any) -> None:
    with pytest.raises(ValueError, match="No `source_path` provided"):
        make().run()
    with pytest.raises(ValueError, match="No `target_path` provided"):
        make(source_path="a.txt").run()


@pytest.mark.parametrize("make", [Move, Copy])
def test_a_source_that_is_not_there_is_named(make: Any) -> None:
    with pytest.raises(ValueError, match=r"Source path \(nowhere\) not found"):
        make().run(source_path="nowhere", target_path="b.txt")


def test_nothing_is_found_without_a_folder() -> None:
    with pytest.raises(ValueError, match="No `path` provided"):
        Glob().run()


def test_archive_is_packed_and_unpacked() -> None:
    Zip(source_path=["a.txt", "full"], zip_path="z.zip").run()

    assert sorted(zipfile.ZipFile("z.zip").namelist()) == ["a.txt", "full/b.txt", "full/deep/c.txt"]
    assert Unzip(zip_path="z.zip", extract_dir="out").run() == Path("out")
    assert Path("out/full/deep/c.txt").read_text() == "C"


def test_archive_is_unpacked_into_the_current_folder_unless_told_otherwise() -> None:
    Zip(source_path=["a.txt"], zip_path="z.zip").run()
    Path("a.txt").unlink()

    assert Unzip().run(zip_path="z.zip") == Path.cwd()
    assert Path("a.txt").read_text() == "A"


@pytest.mark.parametrize(
    ("method", "number"),
    [
        ("store", zipfile.ZIP_STORED),
        ("deflate", zipfile.ZIP_DEFLATED),
        ("bzip2", zipfile.ZIP_BZIP2),
        ("lzma", zipfile.ZIP_LZMA),
    ],
)
def test_compression_method_is_chosen(method: str, number: int) -> None:
    Zip(compression_method=method, compression_level=5).run(source_path="a.txt", zip_path="z.zip")

    assert zipfile.ZipFile("z.zip").infolist()[0].compress_type == number


def test_archive_does_not_pack_itself() -> None:
    Zip().run(source_path="full", zip_path="full/z.zip")

    assert sorted(zipfile.ZipFile("full/z.zip").namelist()) == ["full/b.txt", "full/deep/c.txt"]


def test_archive_misuse_is_refused() -> None:
    with pytest.raises(ValueError, match="Compression method rar is not supported!"):
        Zip(compression_method="rar")
    with pytest.raises(ValueError, match="No `zip_path` provided"):
        Zip(source_path="a.txt").run()
    with pytest.raises(ValueError, match=r"Path \(nowhere\) not found"):
        Zip().run(source_path="nowhere", zip_path="z.zip")
    with pytest.raises(ValueError, match=r"'nowhere' not found"):
        Unzip().run(zip_path="nowhere")
    with pytest.raises(TypeError, match=r"'a\.txt' is not a zip file"):
        Unzip().run(zip_path="a.txt")
    with pytest.raises(ValueError, match="No `zip_path` provided"):
        Unzip().run()


def test_members_cannot_leave_the_folder() -> None:
    with zipfile.ZipFile("evil.zip", "w") as archive:
        archive.writestr("../outside.txt", "x")

    Unzip().run(zip_path="evil.zip", extract_dir="out")

    assert not Path("outside.txt").exists()
    assert Path("out/outside.txt").exists()


def test_sqlite_script_and_query() -> None:
    SQLiteScript(db="t.db", script="CREATE TABLE t (a); INSERT INTO t VALUES (1), (2);").run()

    assert SQLiteQuery(db="t.db", query="SELECT a FROM t WHERE a > ?", data=(1,)).run() == [(2,)]
    assert SQLiteQuery(db="t.db").run(query="INSERT INTO t VALUES (9)") == []
    assert SQLiteQuery(db="t.db").run(query="SELECT count(*) FROM t") == [(3,)]


@pytest.mark.parametrize(
    ("task", "text"),
    [
        (lambda: SQLiteQuery(query="SELECT 1"), "The db must be specified"),
        (lambda: SQLiteQuery(db="t.db"), "The query string must be specified"),
        (lambda: SQLiteScript(script="SELECT 1"), "The db must be specified"),
        (lambda: SQLiteScript(db="t.db"), "The query script string must be specified"),
    ],
)
def test_sqlite_misuse_is_refused(task: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        task().run()


def test_failed_query_changes_nothing() -> None:
    SQLiteScript(db="t.db", script="CREATE TABLE t (a UNIQUE);").run()

    with pytest.raises(sqlite3.IntegrityError):
        SQLiteQuery(db="t.db").run(query="INSERT INTO t VALUES (1), (1)")

    assert SQLiteQuery(db="t.db").run(query="SELECT * FROM t") == []


def test_a_link_in_an_archive_becomes_a_file() -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile("z.zip", "w") as archive:
        archive.writestr(link, "/etc")
        archive.writestr("link.d/passwd", "x")

    Unzip().run(zip_path="z.zip", extract_dir="out")

    assert not Path("out/link").is_symlink()
    assert Path("out/link").read_text() == "/etc"


def test_an_archive_that_would_fill_the_disk_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prefect.tasks.files.compression.MOST_BYTES", 1000)
    with zipfile.ZipFile("z.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(200_000))

    with pytest.raises(ValueError, match="unpacks to 200000 bytes, more than the"):
        Unzip().run(zip_path="z.zip", extract_dir="out")
    with pytest.raises(ValueError, match="more than the 199999 that are allowed"):
        Unzip().run(zip_path="z.zip", extract_dir="out", max_bytes=199_999)
    assert not Path("out").exists()
    Unzip().run(zip_path="z.zip", extract_dir="out", max_bytes=200_000)
    assert Path("out/zeros").stat().st_size == 200_000
